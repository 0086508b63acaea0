//! Why a receiver did not take a message.

use crate::delivery::mark_retryable;
use crate::error::{Error, ErrorKind};
use crate::io::now;
use crate::wire::{Envelope, ErrorCode, ErrorReport, Phase};

/// The reason that goes into a NACK: one of the library's errors, or a sentence of the receiver's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    report: Box<ErrorReport>,
    retryable: bool,
}

impl Refusal {
    /// A refusal for good, in a sentence without secrets; its code is NOT_ACKNOWLEDGED.
    pub fn new(message: impl Into<String>) -> Self {
        let error = Error::new(
            ErrorKind::Receiver,
            ErrorCode::NotAcknowledged,
            Phase::Deliver,
            message,
        );
        Refusal::from(&error)
    }

    /// Whether the message may be sent again; it will be, as long as its sender's deadline lasts.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    pub(super) fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// The error as the NACK carries it, about the message with this envelope.
    pub(super) fn into_report(self, envelope: &Envelope) -> ErrorReport {
        let mut report = *self.report;
        report.correlation_id = envelope.correlation_id.to_string();
        report.msg_id = envelope.msg_id.to_string();
        report.send_to = envelope.send_to.to_string();
        mark_retryable(&mut report, self.retryable);
        report
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        Refusal {
            report: Box::new(error.report(now())),
            retryable: error.is_retryable() || error.code() == ErrorCode::DownloadFailed,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::from(&error)
    }
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Self {
        Refusal::new(message)
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Refusal::new(message)
    }
}
