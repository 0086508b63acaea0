//! Answers to a message, made of nothing but its envelope, so that a receiver over any NATS client can give them
//! (W8.2, W8.3, W8.6).

use crate::draft::Draft;
use crate::part::Part;
use crate::wire::{Envelope, ErrorReport, MsgPurpose, PayloadType};

/// The acknowledgement of a message whose handling has succeeded, for its `reply_to`.
///
/// Where the message came with a NATS reply subject, that counts before `reply_to`: pass it to [`Draft::send_to`].
///
/// ```
/// # fn example(received: &natsbridge::Received, timestamp: natsbridge::wire::Timestamp, new_id: &mut dyn FnMut() -> natsbridge::wire::Uuid)
/// # -> Result<(), natsbridge::Error> {
/// let (envelope, json) = natsbridge::ack(&received.envelope).sender_name("worker").encode(timestamp, new_id)?.finish()?;
/// // Publish `json` to `envelope.send_to`.
/// # Ok(())
/// # }
/// ```
pub fn ack(envelope: &Envelope) -> Draft {
    answer(envelope, Vec::new()).msg_purpose(MsgPurpose::Ack)
}

/// The refusal of a message, with the reason as its one payload, a dictionary named `error`.
pub fn nack(envelope: &Envelope, error: &ErrorReport) -> Draft {
    answer(envelope, vec![error_part(error)]).msg_purpose(MsgPurpose::Nack)
}

/// An answer with payloads of the receiver's own; its purpose is `chat` unless it is said otherwise.
pub fn reply<P: Into<Part>>(envelope: &Envelope, payloads: impl IntoIterator<Item = P>) -> Draft {
    answer(envelope, payloads.into_iter().map(Into::into).collect())
}

/// The word that a message is being handled, which makes its sender wait on.
pub fn update_status(envelope: &Envelope) -> Draft {
    answer(envelope, Vec::new()).msg_purpose(MsgPurpose::UpdateStatus)
}

/// The payload that carries the reason of a refusal.
pub(crate) fn error_part(error: &ErrorReport) -> Part {
    let text = error.to_json();
    Part::serialized(ERROR, text.into_bytes(), PayloadType::Dictionary)
}

/// The `dataname` of that payload.
pub(crate) const ERROR: &str = "error";

fn answer(envelope: &Envelope, payloads: Vec<Part>) -> Draft {
    Draft::new(envelope.reply_to.as_str(), payloads)
        .correlation_id(envelope.correlation_id)
        .receiver_name(envelope.sender_name.as_str())
        .receiver_id(envelope.sender_id)
        .reply_to_msg_id(envelope.msg_id)
        .broker_url(envelope.broker_url.as_str())
}
