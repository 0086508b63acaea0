//! What the library tells of its work: spans and events through `tracing`, counts and durations through `metrics`, and the trace
//! context of OpenTelemetry. All of it is here, so that the rest says what happened and not how it is told.
//!
//! Whoever listens gets the fields of NFR-401 and no others, and never a token, user-info, a path or a query of a URL. Nothing is
//! put together while nobody listens.

mod delivery;
mod fields;
mod message;
mod metric;
mod trace;
mod transfer;
mod warning;

#[cfg(feature = "nats")]
pub(crate) use delivery::{
    acknowledged, delivering, message_sent, messages_lost, publishing, reconnected, redelivered,
    requesting,
};
pub(crate) use fields::Fields;
pub(crate) use message::{
    made, message_made, message_received, prepared, receiving, sending, understood, unpacked,
};
#[cfg(feature = "metrics")]
pub use metric::describe_metrics;
#[cfg(feature = "nats")]
pub(crate) use trace::{Operation, continue_trace, describe_operation, trace_context};
pub(super) use transfer::{
    fell_back, given_up, one_of_several, out_of_reach, out_of_time, retried, server_down,
    server_up, transferring,
};
pub(crate) use warning::{broadcast_by_oneshot, loopback_link};
