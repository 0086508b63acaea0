//! Why a trial did not end well, and its exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::signal::Signal;

/// Why a trial did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A target was missed, or a promise broken; the report has said which.
    Missed(String),
    /// An argument that cannot be.
    Usage(String),
    /// A program or a server that the trial needs is not there, or does not do what it should.
    Unavailable(String),
    /// A signal ended it.
    Stopped(Signal),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Missed(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Unavailable(_) => 3,
            Failure::Stopped(signal) => signal.exit_code(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Missed(message) | Failure::Usage(message) => f.write_str(message),
            Failure::Unavailable(message) => write!(f, "!! not available: {message}"),
            Failure::Stopped(_) => f.write_str("stopped by a signal"),
        }
    }
}

/// What the library says where a trial cannot go on.
impl From<natsbridge::Error> for Failure {
    fn from(error: natsbridge::Error) -> Self {
        Failure::Unavailable(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Unavailable(error.to_string())
    }
}
