//! Why a command failed, what it says then, and its exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use natsbridge::wire::{ErrorBody, ErrorCode, ErrorDetails, ErrorReport, Phase};
use natsbridge::{Error, ErrorKind, now};

use crate::signal::Signal;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library refused a message or an argument, or a transfer failed.
    Rejected(Box<Error>),
    /// The command itself refused what would have become part of a message.
    Refused(Box<ErrorReport>),
    /// Some of what was looked at is not right; the command has said what.
    Found,
    /// What the user asked for makes no sense, or names what is not there.
    Usage(String),
    /// This machine failed: no space, no port, no permission.
    Local(String),
    /// The reader of standard output went away.
    NobodyReads,
    /// A signal ended it.
    Stopped(Signal),
    /// What was waited for did not come.
    NothingCame(String),
}

impl Failure {
    /// Stands before what is said in words.
    pub(crate) const PREFIX: &str = "natsbridge: ";

    /// What data, `dataname` at position `index`, could not be made into a payload.
    pub(crate) fn of_part(index: usize, dataname: &str, message: String) -> Self {
        let mut details = details(Phase::Serialize);
        details.pointer = Some(format!("/payloads/{index}/data"));
        details.dataname = Some(dataname.to_owned());
        Failure::refused(ErrorCode::SerializationError, message, details)
    }

    /// An argument that is no part of a payload, such as the metadata.
    pub(crate) fn of_argument(pointer: &str, expected: String, found: String) -> Self {
        let message = format!("{pointer}: expected {expected}, found {found}");
        let mut details = details(Phase::Validate);
        details.pointer = Some(pointer.to_owned());
        details.expected = Some(expected);
        details.found = Some(found);
        Failure::refused(ErrorCode::InvalidEnvelope, message, details)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::NobodyReads => 0,
            Failure::Rejected(error) if is_unreachable(error) => 3,
            Failure::Rejected(_) | Failure::Refused(_) | Failure::Found | Failure::Local(_) => 1,
            Failure::Usage(_) => 2,
            Failure::NothingCame(_) => 3,
            Failure::Stopped(signal) => signal.exit_code(),
        })
    }

    /// Says on standard error what went wrong: one line, of JSON where a program would read it.
    pub(crate) fn print(&self) {
        let line = match self {
            Failure::Rejected(error) => error.report(now()).to_json(),
            Failure::Refused(report) => report.to_json(),
            Failure::Usage(message) | Failure::Local(message) | Failure::NothingCame(message) => {
                format!("{}{message}", Failure::PREFIX)
            }
            Failure::Found | Failure::NobodyReads | Failure::Stopped(_) => return,
        };
        // There is nobody left to tell that this could not be written.
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn refused(code: ErrorCode, message: String, details: ErrorDetails) -> Self {
        let empty = String::new;
        Failure::Refused(Box::new(ErrorReport {
            correlation_id: empty(),
            msg_id: empty(),
            timestamp: now(),
            send_to: empty(),
            error: ErrorBody {
                code,
                message,
                details,
                extra: Default::default(),
            },
            extra: Default::default(),
        }))
    }

    /// The same error, about a message whose ids and subject the user has given.
    pub(crate) fn about(mut self, correlation_id: &str, msg_id: &str, send_to: &str) -> Self {
        if let Failure::Refused(report) = &mut self {
            report.correlation_id = correlation_id.to_owned();
            report.msg_id = msg_id.to_owned();
            report.send_to = send_to.to_owned();
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Rejected(Box::new(error))
    }
}

/// Whether another try may succeed where this one found no server, or no answer, or none in time.
fn is_unreachable(error: &Error) -> bool {
    // A receiver that refused was reached.
    error.is_retryable() && matches!(error.kind(), ErrorKind::FileServer | ErrorKind::Broker)
}

fn details(phase: Phase) -> ErrorDetails {
    ErrorDetails {
        phase: Some(phase),
        ..ErrorDetails::default()
    }
}
