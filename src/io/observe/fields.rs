//! The fields that every span and event has (NFR-401).

use tracing::Span;

use crate::wire::{Envelope, Payload};

/// What all spans and events of this crate are filed under.
pub(super) const TARGET: &str = "natsbridge";

/// The seven fields of NFR-401, each as far as it is known: `payload_type` and `transport` are those of one payload, or the
/// different ones of a message, separated by commas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(super) correlation_id: Option<String>,
    pub(super) msg_id: Option<String>,
    pub(super) timestamp: Option<String>,
    pub(super) sender_name: Option<String>,
    pub(super) receiver_name: Option<String>,
    pub(super) payload_type: Option<String>,
    pub(super) transport: Option<String>,
}

impl Fields {
    /// Those of a message as a whole.
    pub(crate) fn of(envelope: &Envelope) -> Self {
        let payloads = &envelope.payloads;
        Fields {
            payload_type: Some(listed(payloads.iter().map(|it| it.payload_type.as_str()))),
            transport: Some(listed(payloads.iter().map(|it| it.transport.as_str()))),
            ..Fields::of_header(envelope)
        }
    }

    /// Those of one payload of a message.
    pub(crate) fn of_payload(envelope: &Envelope, payload: &Payload) -> Self {
        Fields {
            payload_type: Some(payload.payload_type.to_string()),
            transport: Some(payload.transport.to_string()),
            ..Fields::of_header(envelope)
        }
    }

    /// Those of a transfer that belongs to no message.
    pub(crate) fn of_exchange(correlation_id: &str) -> Self {
        Fields {
            correlation_id: (!correlation_id.is_empty()).then(|| correlation_id.to_owned()),
            ..Fields::default()
        }
    }

    fn of_header(envelope: &Envelope) -> Self {
        Fields {
            correlation_id: Some(envelope.correlation_id.to_string()),
            msg_id: Some(envelope.msg_id.to_string()),
            timestamp: Some(envelope.timestamp.to_string()),
            sender_name: Some(envelope.sender_name.clone()),
            receiver_name: Some(envelope.receiver_name.clone()),
            ..Fields::default()
        }
    }

    /// Gives a span what is known by now.
    pub(super) fn record(&self, span: &Span) {
        let fields = [
            ("correlation_id", &self.correlation_id),
            ("msg_id", &self.msg_id),
            ("timestamp", &self.timestamp),
            ("sender_name", &self.sender_name),
            ("receiver_name", &self.receiver_name),
            ("payload_type", &self.payload_type),
            ("transport", &self.transport),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                span.record(name, value.as_str());
            }
        }
    }
}

/// A span of that name with the seven fields, none of them known yet.
macro_rules! span {
    ($name:literal) => {
        tracing::info_span!(
            target: $crate::io::observe::fields::TARGET,
            $name,
            correlation_id = tracing::field::Empty,
            msg_id = tracing::field::Empty,
            timestamp = tracing::field::Empty,
            sender_name = tracing::field::Empty,
            receiver_name = tracing::field::Empty,
            payload_type = tracing::field::Empty,
            transport = tracing::field::Empty,
        )
    };
}
pub(super) use span;

/// An event with the seven fields and a sentence. Neither is made while nobody listens.
macro_rules! tell {
    ($level:ident, $fields:expr, $($sentence:tt)+) => {
        if tracing::enabled!(target: $crate::io::observe::fields::TARGET, tracing::Level::$level) {
            let fields: &$crate::io::observe::fields::Fields = &$fields;
            tracing::event!(
                target: $crate::io::observe::fields::TARGET,
                tracing::Level::$level,
                correlation_id = fields.correlation_id.as_deref(),
                msg_id = fields.msg_id.as_deref(),
                timestamp = fields.timestamp.as_deref(),
                sender_name = fields.sender_name.as_deref(),
                receiver_name = fields.receiver_name.as_deref(),
                payload_type = fields.payload_type.as_deref(),
                transport = fields.transport.as_deref(),
                $($sentence)+
            );
        }
    };
}
pub(super) use tell;

/// The different ones among these, in their order, separated by commas.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut different: Vec<&str> = Vec::new();
    for name in names {
        if !different.contains(&name) {
            different.push(name);
        }
    }
    different.join(",")
}

/// Text of others within a sentence: it begins no line and no escape sequence of its own.
pub(super) fn shown(text: &str) -> impl std::fmt::Display + '_ {
    text.escape_debug()
}
