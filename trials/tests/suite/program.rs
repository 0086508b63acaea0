//! The program under test, run as a process of its own.

use std::env;
use std::io::{self, Write as _};
#[cfg(unix)]
use std::process::Stdio;
use std::process::{Command, Output};
use std::sync::Once;

use serde_json::Value as Json;

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Run {
    let output = command(arguments).output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("the program starts");
    Run {
        code: status.code(),
        out: String::from_utf8(stdout).expect("UTF-8 on standard output"),
        err: String::from_utf8(stderr).expect("UTF-8 on standard error"),
    }
}

/// As [`run`] for what needs a nats-server; `None`, said loudly, where there is none.
///
/// # Panics
/// In CI, if it is missing.
pub(crate) fn run_with_server(arguments: &[&str]) -> Option<Run> {
    let run = run(arguments);
    let is_missing = run.code == Some(3) && run.err.contains("brings a nats-server");
    if !is_missing {
        return Some(run);
    }
    static ONCE: Once = Once::new();
    // Past the test harness, which keeps back what passing tests print.
    ONCE.call_once(|| {
        let _ = writeln!(
            io::stderr(),
            "!! not available: nats-server (NATSBRIDGE_TEST_NATS_SERVER is not set): no trial was run"
        );
    });
    let is_ci = env::var("CI").is_ok_and(|ci| ci.eq_ignore_ascii_case("true"));
    assert!(!is_ci, "CI must have a nats-server: {}", run.err);
    None
}

/// Starts the program, and lets it talk to nobody.
#[cfg(unix)]
pub(crate) fn start(arguments: &[&str]) -> std::process::Child {
    let mut command = command(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natsbridge-trial"));
    command.env_remove("FILESERVER_URL").args(arguments);
    command
}

impl Run {
    /// The figures, by name.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let report: Json = serde_json::from_str(&self.out).unwrap_or_else(|error| {
            panic!("no report ({error}): {}\n{}", self.out, self.err);
        });
        let figures = report["figures"].as_array().expect("figures");
        let figure = figures.iter().find(|figure| figure["name"] == name);
        let figure = figure.unwrap_or_else(|| panic!("no figure {name:?} in {}", self.out));
        figure["value"].as_f64().expect("a number")
    }

    /// That all targets were met.
    pub(crate) fn assert_met(&self) {
        assert_eq!(self.code, Some(0), "{}\n{}", self.err, self.out);
    }
}
