//! One message, on its way out or in.

use tracing::Span;

use super::fields::{Fields, listed, shown, span, tell};
use super::metric;
use crate::draft::Draft;
use crate::wire::{Envelope, Timestamp, Transport};

/// The span of one `smartsend`, which has begun. Ids that the caller left open are chosen by now.
pub(crate) fn sending(draft: &Draft, timestamp: &Timestamp) -> Span {
    let span = span!("smartsend");
    let arguments = &draft.arguments;
    let fields = || Fields {
        correlation_id: arguments.correlation_id.clone(),
        msg_id: arguments.msg_id.clone(),
        timestamp: Some(timestamp.to_string()),
        sender_name: Some(arguments.sender_name().to_owned()),
        receiver_name: Some(arguments.receiver_name.clone()),
        payload_type: Some(listed(
            draft.parts.iter().map(|it| it.payload_type.as_str()),
        )),
        transport: None,
    };
    if !span.is_disabled() {
        fields().record(&span);
    }
    span.in_scope(|| {
        let subject = shown(&draft.subject);
        tell!(INFO, fields(), "Starting smartsend for subject: {subject}");
    });
    span
}

/// Everything is serialized, and each payload's transport is chosen.
pub(crate) fn prepared(envelope: &Envelope) {
    for payload in &envelope.payloads {
        let (payload_type, size) = (payload.payload_type, payload.size.get());
        tell!(
            DEBUG,
            Fields::of_payload(envelope, payload),
            "Serialized payload '{}' (type: {payload_type}) size: {size} bytes",
            shown(&payload.dataname)
        );
        tell!(
            DEBUG,
            Fields::of_payload(envelope, payload),
            "Using {} transport for {size} bytes",
            payload.transport
        );
    }
}

/// The text of a message is written, with so many bytes. Only now the span is told of transports: a payload may have fallen back,
/// and many subscribers show a field twice that is recorded twice.
pub(crate) fn made(span: &Span, envelope: &Envelope, bytes: usize) {
    if !span.is_disabled() {
        let transports = envelope.payloads.iter().map(|it| it.transport.as_str());
        span.record("transport", listed(transports).as_str());
    }
    tell!(
        INFO,
        Fields::of(envelope),
        "Made message of {bytes} bytes with {} for subject: {}",
        payloads(envelope),
        shown(envelope.send_to.as_str())
    );
}

/// `smartsend` hands a message to its caller, who sends it.
pub(crate) fn message_made() {
    metric::count(metric::MESSAGES_SENT, 1);
}

/// The span of one `smartreceive`, of whose message nothing is known yet.
pub(crate) fn receiving() -> Span {
    span!("smartreceive")
}

/// A message is parsed and valid, and what it links to is to be fetched.
pub(crate) fn understood(span: &Span, envelope: &Envelope) {
    if !span.is_disabled() {
        Fields::of(envelope).record(span);
    }
    tell!(
        INFO,
        Fields::of(envelope),
        "Starting smartreceive for subject: {}",
        shown(envelope.send_to.as_str())
    );
}

/// Every payload of a message is decoded.
pub(crate) fn unpacked(envelope: &Envelope) {
    for payload in &envelope.payloads {
        let way = match payload.transport {
            Transport::Direct => "direct",
            Transport::Link => "by link",
        };
        tell!(
            DEBUG,
            Fields::of_payload(envelope, payload),
            "Deserialized payload '{}' (type: {}, {way}) size: {} bytes",
            shown(&payload.dataname),
            payload.payload_type,
            payload.size.get()
        );
    }
}

/// A whole message is here.
pub(crate) fn message_received(envelope: &Envelope) {
    metric::count(metric::MESSAGES_RECEIVED, 1);
    tell!(
        INFO,
        Fields::of(envelope),
        "Received message with {} on subject: {}",
        payloads(envelope),
        shown(envelope.send_to.as_str())
    );
}

pub(super) fn payloads(envelope: &Envelope) -> String {
    match envelope.payloads.len() {
        1 => "1 payload".to_owned(),
        count => format!("{count} payloads"),
    }
}
