//! The implementations that take part: `conformance/ports/<name>.toml`, one for each.

mod demands;
mod known;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

pub(crate) use known::{Known, today};

use crate::adapter::{NotStarted, Program, Transport};
use crate::failure::Failure;
use crate::protocol::Capability;
use crate::repository::Repository;

/// What the documents promise, in the order of every table. One without a file is `not built yet`.
pub(crate) const NAMED: &[&str] = &[
    "rust",
    "python",
    "node",
    "browser",
    "dart",
    "julia",
    "micropython",
];

/// One implementation on one runtime.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// The name of its file.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The port of which this is the same code on another runtime.
    pub(crate) variant_of: Option<String>,
    /// What its adapter has to declare, at least.
    pub(crate) capabilities: Vec<Capability>,
    /// The profile whose payload types and transports it has to declare; the one that it names itself, if absent.
    platform: Option<String>,
    pub(crate) known: Vec<Known>,
    /// How long a request may take.
    pub(crate) patience: Duration,
    /// How long it may take from the start to `hello`.
    pub(crate) start_patience: Duration,
    /// How long a command that builds it may take.
    pub(crate) build_patience: Duration,
    file: PortFile,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PortFile {
    title: String,
    command: Vec<String>,
    /// Commands that have to succeed, or else this machine cannot run it.
    #[serde(default)]
    requires: Vec<Vec<String>>,
    #[serde(default)]
    build: Vec<Vec<String>>,
    #[serde(default)]
    transport: Transport,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    variant_of: Option<String>,
    #[serde(default)]
    capabilities: Vec<Capability>,
    platform: Option<String>,
    #[serde(default = "PortFile::request_timeout_s")]
    request_timeout_s: u64,
    #[serde(default = "PortFile::start_timeout_s")]
    start_timeout_s: u64,
    #[serde(default = "PortFile::build_timeout_s")]
    build_timeout_s: u64,
    #[serde(default)]
    known: Vec<Known>,
}

impl PortFile {
    fn request_timeout_s() -> u64 {
        30
    }

    fn start_timeout_s() -> u64 {
        60
    }

    fn build_timeout_s() -> u64 {
        900
    }
}

impl Port {
    /// All ports that there are: those that the documents name first, then by name.
    pub(crate) fn all(repository: &Repository) -> Result<Vec<Port>, Failure> {
        let paths = repository.files(&repository.ports(), ".toml")?;
        let mut ports = Vec::with_capacity(paths.len());
        for path in paths {
            ports.push(Port::read(repository, &path)?);
        }
        let rank = |port: &Port| NAMED.iter().position(|name| *name == port.name);
        ports.sort_by_key(|port| (rank(port).unwrap_or(NAMED.len()), port.name.clone()));
        Ok(ports)
    }

    /// Those with these names, all if none is given.
    pub(crate) fn select(repository: &Repository, names: &[String]) -> Result<Vec<Port>, Failure> {
        let all = Port::all(repository)?;
        for name in names {
            if !all.iter().any(|port| port.name == *name) {
                let there: Vec<&str> = all.iter().map(|port| port.name.as_str()).collect();
                let built = if NAMED.contains(&name.as_str()) {
                    "is not built yet"
                } else {
                    "is no port"
                };
                let there = there.join(", ");
                return Err(Failure::Usage(format!(
                    "{name} {built}; there are: {there}"
                )));
            }
        }
        let chosen = all
            .into_iter()
            .filter(|port| names.is_empty() || names.contains(&port.name));
        Ok(chosen.collect())
    }

    /// One that a person has started.
    pub(crate) fn unnamed(name: &str) -> Port {
        let file = PortFile {
            title: name.to_owned(),
            command: Vec::new(),
            requires: Vec::new(),
            build: Vec::new(),
            transport: Transport::Stdio,
            environment: BTreeMap::new(),
            variant_of: None,
            capabilities: Vec::new(),
            platform: None,
            request_timeout_s: PortFile::request_timeout_s(),
            start_timeout_s: PortFile::start_timeout_s(),
            build_timeout_s: PortFile::build_timeout_s(),
            known: Vec::new(),
        };
        Port::of(name.to_owned(), file)
    }

    fn read(repository: &Repository, path: &std::path::Path) -> Result<Port, Failure> {
        let short = repository.short(path);
        let text = repository.read(path)?;
        let file: PortFile = toml::from_str(&text)
            .map_err(|error| Failure::Broken(format!("{short}: {}", error.to_string().trim())))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Port::of(name.into_owned(), file))
    }

    fn of(name: String, file: PortFile) -> Port {
        Port {
            name,
            title: file.title.clone(),
            variant_of: file.variant_of.clone(),
            capabilities: file.capabilities.clone(),
            platform: file.platform.clone(),
            known: file.known.clone(),
            patience: Duration::from_secs(file.request_timeout_s),
            start_patience: Duration::from_secs(file.start_timeout_s),
            build_patience: Duration::from_secs(file.build_timeout_s),
            file,
        }
    }

    /// Commands that show whether this machine can run it.
    pub(crate) fn requires(&self, repository: &Repository) -> Result<Vec<Vec<String>>, NotStarted> {
        let lines = self.file.requires.iter();
        lines.map(|line| words::fill(line, repository)).collect()
    }

    /// The commands that build it, in order.
    pub(crate) fn build(&self, repository: &Repository) -> Result<Vec<Vec<String>>, NotStarted> {
        let lines = self.file.build.iter();
        lines.map(|line| words::fill(line, repository)).collect()
    }

    /// How its adapter is started.
    pub(crate) fn program(&self, repository: &Repository) -> Result<Program, NotStarted> {
        let mut command = words::fill(&self.file.command, repository)?;
        if let Some(program) = command.first_mut() {
            *program = words::program(program, repository)?;
        }
        let mut environment = self.file.environment.clone();
        for value in environment.values_mut() {
            *value = words::fill_one(value, repository)?;
        }
        Ok(Program {
            command,
            folder: repository.root().to_owned(),
            environment,
            transport: self.file.transport,
            patience: self.start_patience,
            shows_stderr: false,
        })
    }

    /// The file that describes it.
    pub(crate) fn path(&self, repository: &Repository) -> PathBuf {
        repository.ports().join(format!("{}.toml", self.name))
    }
}
