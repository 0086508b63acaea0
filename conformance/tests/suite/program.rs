//! The runner with a folder of ports of the test's own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A message without payloads, which is read; and one that is refused.
pub(crate) const CASES: [&str; 4] = [
    "--case",
    "w1.1-smallest",
    "--case",
    "w1.1-payload-id-missing",
];

/// A folder of ports.
pub(crate) struct Ports(TempDir);

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ports {
    /// One port, `scripted`, in this mode; `more` is added to its file.
    pub(crate) fn scripted(mode: &str, more: &str) -> Self {
        let ports = Ports(tempfile::tempdir().expect("a folder"));
        ports.add("scripted", &[mode], more);
        ports
    }

    /// A further port.
    pub(crate) fn add(&self, name: &str, arguments: &[&str], more: &str) {
        let script = script();
        let words = ["python3", script.to_str().expect("a path that is UTF-8")];
        let command: Vec<&str> = words.iter().chain(arguments).copied().collect();
        let command = serde_json::to_string(&command).expect("a list of texts");
        let text =
            format!("title = 'a script'\ncommand = {command}\nrequest_timeout_s = 1\n{more}\n");
        self.write(name, &text);
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(format!("{name}.toml")), text).expect("a file");
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// The runner with these ports.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = command(arguments);
        command.env("NATSBRIDGE_CONFORMANCE_PORTS", self.folder());
        command
    }

    /// A run of [`CASES`]; its report.
    pub(crate) fn run(&self, more: &[&str]) -> (Run, Value) {
        let arguments = ["run", "--format", "json"].iter().chain(&CASES).chain(more);
        let run = finish(&mut self.command(arguments));
        let report = serde_json::from_str(&run.out).unwrap_or_default();
        (run, report)
    }
}

/// The scripted adapter.
pub(crate) fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/scripted.py")
}

pub(crate) fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natsbridge-conformance"));
    command
        .args(arguments)
        .env_remove("CI")
        .env_remove("NATSBRIDGE_CONFORMANCE_PORTS")
        .stdin(Stdio::null());
    command
}

pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().expect("the runner starts");
    Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// The verdicts of a report: kind, case, and what was found where it failed.
pub(crate) fn failures(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().expect("a report with checks");
    let failed = checks.iter().filter_map(|check| {
        let failed = check["verdict"].get("failed")?;
        let (kind, case) = (check["kind"].as_str()?, check["case"].as_str()?);
        let found = failed["difference"]["found"].as_str()?;
        Some(format!("{kind} {case}: {found}"))
    });
    failed.collect()
}
