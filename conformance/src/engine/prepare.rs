//! What has to be done before an adapter can be started: its requirements are looked at, and it is built.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::adapter::{Breakdown, NotStarted, Tail};
use crate::child::Child;
use crate::port::Port;
use crate::repository::Repository;

/// Why an adapter cannot be started.
pub(super) enum Unprepared {
    /// Something that this machine does not have.
    Lacking(String),
    Broken(Breakdown),
}

/// What it requires is there, and it is built.
pub(super) fn prepare(port: &Port, repository: &Repository) -> Result<(), Unprepared> {
    let lacking = |NotStarted(why)| Unprepared::Lacking(why);
    for command in port.requires(repository).map_err(lacking)? {
        run(&command, port.start_patience, repository).map_err(|breakdown| {
            let last = breakdown.stderr.last().cloned();
            let last = last.unwrap_or(breakdown.what);
            let what = command.join(" ");
            Unprepared::Lacking(format!("it needs `{what}` to succeed: {last}"))
        })?;
    }
    for command in port.build(repository).map_err(lacking)? {
        run(&command, port.build_patience, repository).map_err(Unprepared::Broken)?;
    }
    Ok(())
}

/// Runs a command; it and all that it has started end with it, in time, or by a signal.
fn run(command: &[String], patience: Duration, repository: &Repository) -> Result<(), Breakdown> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let what = command.join(" ");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(repository.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = Child::start(&mut command).map_err(|error| Breakdown {
        what: format!("`{what}`: {error}"),
        stderr: vec![error.to_string()],
    })?;
    let tail = child.stderr().map(Tail::of).unwrap_or_default();
    let broken = |how: String| Breakdown {
        what: format!("`{what}` {how}"),
        stderr: tail.lines(),
    };
    match child.end(patience) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(broken(format!("ended with {status}"))),
        None => {
            child.kill();
            Err(broken(format!("has not ended within {patience:?}")))
        }
    }
}
