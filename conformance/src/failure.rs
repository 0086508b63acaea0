//! Why the runner cannot go on, and its exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// At least one result was not as expected; the report has said which.
    Unexpected,
    /// An argument that cannot be.
    Usage(String),
    /// A file, a program or a server is not there or not as it should be.
    Broken(String),
    /// A signal ended it.
    Stopped,
}

impl Failure {
    /// 1 for anything that is not as expected, 2 for wrong usage, 130 after a signal.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Unexpected | Failure::Broken(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Stopped => 130,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unexpected => f.write_str("not everything is as expected"),
            Failure::Usage(message) | Failure::Broken(message) => f.write_str(message),
            Failure::Stopped => f.write_str("stopped; everything that was started has ended"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Broken(error.to_string())
    }
}
