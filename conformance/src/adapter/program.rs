//! How an adapter is started.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Adapter, Check, Lines, Tail, WebSocket};
use crate::child::Child;

/// Variables that would change what an implementation does, and are not meant for it.
const REMOVED: &[&str] = &[
    "NATS_URL",
    "FILESERVER_URL",
    "SIZE_THRESHOLD",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// How lines come and go.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// Over the adapter's standard input and output.
    #[default]
    Stdio,
    /// The command starts something that opens a WebSocket to `${url}`.
    WebSocket,
}

/// The command line of an adapter, with nothing left to be filled in but `${url}`.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) command: Vec<String>,
    pub(crate) folder: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) transport: Transport,
    /// How long it may take until it listens.
    pub(crate) patience: Duration,
    /// Whether a person sees at once what it writes to standard error; else the last of it is kept.
    pub(crate) shows_stderr: bool,
}

/// Why an adapter does not run.
#[derive(Clone, Debug)]
pub(crate) struct NotStarted(pub(crate) String);

impl Program {
    /// Starts it; `more` are further variables of its environment.
    pub(crate) fn start(
        &self,
        check: &Arc<Check>,
        more: &BTreeMap<String, String>,
    ) -> Result<Adapter, NotStarted> {
        match self.transport {
            Transport::Stdio => {
                let mut child = self.spawn(&self.command, more, Stdio::piped(), Stdio::piped())?;
                let (stdin, stdout) = (child.stdin(), child.stdout());
                let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
                    return Err(NotStarted("its pipes are not there".to_owned()));
                };
                let tail = child.stderr().map(Tail::of).unwrap_or_default();
                let lines = Lines::new(stdin, stdout);
                Ok(Adapter::new(
                    Box::new(lines),
                    Some(child),
                    tail,
                    Arc::clone(check),
                ))
            }
            Transport::WebSocket => self.start_and_listen(check, more),
        }
    }

    fn start_and_listen(
        &self,
        check: &Arc<Check>,
        more: &BTreeMap<String, String>,
    ) -> Result<Adapter, NotStarted> {
        let why = |error: std::io::Error| NotStarted(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(why)?;
        let url = format!("ws://{}", listener.local_addr().map_err(why)?);
        let words = self.command.iter();
        let command: Vec<String> = words.map(|word| word.replace("${url}", &url)).collect();
        let mut child = self.spawn(&command, more, Stdio::null(), Stdio::null())?;
        let tail = child.stderr().map(Tail::of).unwrap_or_default();
        let socket = WebSocket::accept(&listener, Some(Instant::now() + self.patience)).map_err(
            |error| {
                let said = tail.lines().join("\n");
                NotStarted(format!("nobody came to {url}: {error}\n{said}"))
            },
        )?;
        Ok(Adapter::new(
            Box::new(socket),
            Some(child),
            tail,
            Arc::clone(check),
        ))
    }

    fn spawn(
        &self,
        command: &[String],
        more: &BTreeMap<String, String>,
        stdin: Stdio,
        stdout: Stdio,
    ) -> Result<Child, NotStarted> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(NotStarted("its command is empty".to_owned()));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(stdin)
            .stdout(stdout)
            .stderr(if self.shows_stderr {
                Stdio::inherit()
            } else {
                Stdio::piped()
            });
        for name in REMOVED {
            command.env_remove(name);
        }
        command.envs(&self.environment).envs(more);
        Child::start(&mut command).map_err(|error| NotStarted(format!("{program}: {error}")))
    }
}
