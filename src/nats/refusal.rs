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

    /// The error as the NACK carries it, about the message with this envelope, each text of at most so many bytes.
    pub(super) fn into_report(self, envelope: &Envelope, room: usize) -> ErrorReport {
        let mut report = self.into_unread_report(room);
        report.correlation_id = envelope.correlation_id.to_string();
        report.msg_id = envelope.msg_id.to_string();
        report.send_to = envelope.send_to.to_string();
        report
    }

    /// As [`Refusal::into_report`], about a message of which no more is known than the error says.
    pub(super) fn into_unread_report(self, room: usize) -> ErrorReport {
        let mut report = *self.report;
        shorten(&mut report.error.message, room);
        let details = &mut report.error.details;
        let texts = [
            &mut details.pointer,
            &mut details.dataname,
            &mut details.expected,
            &mut details.found,
        ];
        for text in texts.into_iter().flatten() {
            shorten(text, room);
        }
        mark_retryable(&mut report, self.retryable);
        report
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        let mut report = error.report(now());
        if error.kind() == ErrorKind::LocalFile {
            // The sender has no business with the paths of this machine.
            report.error.message = "the receiver could not keep the payload".to_owned();
            report.error.details.found = None;
        }
        Refusal {
            report: Box::new(report),
            // What is wrong with this receiver may be right with the next one, or later.
            retryable: error.is_retryable()
                || error.code() == ErrorCode::DownloadFailed
                || matches!(error.kind(), ErrorKind::Argument | ErrorKind::LocalFile),
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

/// Cuts a text to at most `room` bytes, at a character.
fn shorten(text: &mut String, room: usize) {
    const MARK: &str = "…";
    if text.len() > room {
        let most = room.saturating_sub(MARK.len());
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push_str(MARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let mut text = "aä😀b".repeat(10);
        shorten(&mut text, 16);
        assert_eq!(text, "aä😀baä…");
        shorten(&mut text, 16);
        assert_eq!(text, "aä😀baä…");
    }
}
