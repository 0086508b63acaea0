//! What the bridge sees of the NATS server and of its receivers.
#![cfg(feature = "nats")]

use std::time::Duration;

use tracing::Span;

use super::fields::{Fields, TARGET, shown, span, tell};
use super::message::payloads;
use super::metric;
use crate::wire::Envelope;

/// The span of one message from its making until it is published.
pub(crate) fn publishing() -> Span {
    span!("publish")
}

/// The span of one message from its making until it is answered.
pub(crate) fn requesting() -> Span {
    span!("request")
}

/// The span of one message from its making until it is acknowledged.
pub(crate) fn delivering() -> Span {
    span!("deliver")
}

/// A message was published, within one of these spans.
pub(crate) fn message_sent(envelope: &Envelope) {
    let span = Span::current();
    if !span.is_disabled() {
        Fields::of(envelope).record(&span);
    }
    metric::count(metric::MESSAGES_SENT, 1);
    tell!(
        INFO,
        Fields::of(envelope),
        "Published message with {} to subject: {}",
        payloads(envelope),
        shown(envelope.send_to.as_str())
    );
}

/// A subscriber was too slow, and so many messages never reached it.
pub(crate) fn messages_lost(count: u64) {
    metric::count(metric::LOST, count);
    tracing::warn!(target: TARGET, "Lost {count} messages: a subscriber was too slow");
}

/// The connection to the NATS server stands again.
pub(crate) fn reconnected() {
    metric::count(metric::RECONNECTS, 1);
    tracing::warn!(target: TARGET, "Reconnected to the NATS server");
}

/// A message is sent again, since nobody acknowledged it in time.
pub(crate) fn redelivered(envelope: &Envelope) {
    metric::count(metric::REDELIVERIES, 1);
    tell!(
        WARN,
        Fields::of(envelope),
        "Sending again, since no acknowledgement came, to subject: {}",
        shown(envelope.send_to.as_str())
    );
}

/// A delivery was acknowledged, so long after its first sending.
pub(crate) fn acknowledged(took: Duration) {
    metric::delivered(took);
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;
    use crate::{Draft, now};

    #[test]
    fn each_is_counted_under_its_name() {
        let draft = Draft::new("a.b", [("t", "x", "text")]);
        let outgoing = draft.encode(now(), &mut crate::new_id).expect("a draft");
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            message_sent(outgoing.envelope());
            messages_lost(7);
            reconnected();
            redelivered(outgoing.envelope());
            acknowledged(Duration::from_millis(1500));
        });
        let snapshot = recorder.snapshotter().snapshot().into_vec();
        let mut found: Vec<_> = snapshot
            .into_iter()
            .map(|(key, _, _, value)| (key.key().name().to_owned(), value))
            .collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let expected = [
            (
                "delivery_duration_seconds",
                DebugValue::Histogram(vec![1.5.into()]),
            ),
            ("messages_sent_total", DebugValue::Counter(1)),
            ("nats_reconnects_total", DebugValue::Counter(1)),
            ("redeliveries_total", DebugValue::Counter(1)),
            ("slow_consumer_lost_total", DebugValue::Counter(7)),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(found, expected);
    }
}
