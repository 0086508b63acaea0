//! When a message is sent again and what an answer to it means (W8.1, W8.2). Pure: no clock and no broker.

use std::time::Duration;

use serde_json::Value as Json;

use crate::answer::ERROR;
use crate::error::Error;
use crate::generated::DELIVERY;
use crate::incoming::Incoming;
use crate::wire::{ErrorCode, ErrorReport, MsgPurpose, Transport, Uuid};

/// How long to wait for an acknowledgement before a message is sent again, and when to give up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Patience {
    pub(crate) ack_wait: Duration,
    pub(crate) max_ack_wait: Duration,
    pub(crate) deadline: Duration,
}

impl Patience {
    /// # Errors
    ///
    /// INVALID_ENVELOPE where there would be no pause between sendings.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.ack_wait.is_zero() {
            true => Err(Error::argument("ack_wait must be longer than 0")
                .expecting("more than 0 ms")
                .finding("0 ms")),
            false => Ok(()),
        }
    }

    /// The wait behind this sending, counted from 1.
    pub(crate) fn wait(&self, sending: u32) -> Duration {
        let doublings = sending.saturating_sub(1).min(31);
        let wait = self.ack_wait.saturating_mul(1 << doublings);
        wait.min(self.max_ack_wait.max(self.ack_wait))
    }
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            ack_wait: Duration::from_millis(DELIVERY.ack_wait_ms),
            max_ack_wait: Duration::from_millis(DELIVERY.max_ack_wait_ms),
            deadline: Duration::from_millis(DELIVERY.deadline_ms),
        }
    }
}

/// What a message in the inbox says about the one that it answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It was handled.
    Acknowledged,
    /// It was not, for this reason where the receiver tells one.
    Refused {
        report: Option<Box<ErrorReport>>,
        retryable: bool,
    },
    /// It is being handled.
    Running,
    /// It is about something else, or a reply of the receiver's own.
    Other,
}

impl Verdict {
    /// Reads an answer to the message `msg_id`, with nothing fetched. A refusal of a message that could not be parsed names no id.
    pub(crate) fn read(answer: &Incoming, msg_id: Uuid) -> Self {
        let named = answer.envelope().reply_to_msg_id;
        let purpose = answer.envelope().msg_purpose;
        let is_ours = match named.0 {
            Some(id) => id == msg_id,
            None => purpose == MsgPurpose::Nack,
        };
        match purpose {
            _ if !is_ours => Verdict::Other,
            MsgPurpose::Ack => Verdict::Acknowledged,
            MsgPurpose::UpdateStatus => Verdict::Running,
            MsgPurpose::Nack => {
                let report = report(answer);
                Verdict::Refused {
                    retryable: report.as_ref().is_some_and(is_retryable),
                    report: report.map(Box::new),
                }
            }
            _ => Verdict::Other,
        }
    }
}

/// The error in a NACK, where there is one that can be read.
fn report(answer: &Incoming) -> Option<ErrorReport> {
    let payloads = &answer.envelope().payloads;
    let index = payloads
        .iter()
        .position(|payload| payload.dataname == ERROR)?;
    if payloads[index].transport == Transport::Link {
        return None;
    }
    let value = answer.value(index, None).ok()?;
    serde_json::from_value(value.as_json()?.clone()).ok()
}

/// Marks a report as one that another sending may not get, where its code does not say so by itself.
pub(crate) fn mark_retryable(report: &mut ErrorReport, retryable: bool) {
    if retryable != is_retryable(report) {
        let details = &mut report.error.details;
        details.extra.insert(RETRYABLE.to_owned(), retryable.into());
    }
}

/// The member of `details` with which a receiver says so.
const RETRYABLE: &str = "retryable";

/// Whether the receiver may succeed when the message comes again: what it says, else what its code says.
fn is_retryable(report: &ErrorReport) -> bool {
    match report.error.details.extra.get(RETRYABLE) {
        Some(Json::Bool(retryable)) => *retryable,
        _ => report.error.code == ErrorCode::DownloadFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = (1..=6)
            .map(|sending| Patience::default().wait(sending).as_secs())
            .collect();
        assert_eq!(waits, [5, 10, 20, 30, 30, 30]);
        let long = Patience {
            ack_wait: Duration::from_secs(60),
            ..Patience::default()
        };
        assert_eq!(long.wait(1), Duration::from_secs(60));
        assert_eq!(long.wait(u32::MAX), Duration::from_secs(60));
    }
}
