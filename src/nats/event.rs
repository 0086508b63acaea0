//! What becomes of the connection and of slow subscribers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use crate::io::observe;

/// Something that happened to a bridge, told to the callback of [`Connect::on_event`](crate::Connect::on_event).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection stands, for the first time or again.
    Connected,
    /// The connection is lost; it is being made anew.
    Disconnected,
    /// The server is about to stop, and asks its clients to go elsewhere.
    LameDuck,
    /// The bridge was drained, or gave up reconnecting.
    Closed,
    /// A subscriber does not keep up, and messages to it were lost since the last such event.
    SlowConsumer {
        /// The subject of the subscription; empty where the loss happened before it was known which.
        subject: String,
        /// How many.
        lost: u64,
    },
    /// The server complained, about missing permissions say.
    ServerError(String),
    /// Connecting failed, or something else went wrong in the client.
    ClientError(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Connected => f.write_str("connected to the NATS server"),
            Event::Disconnected => f.write_str("the connection to the NATS server is lost"),
            Event::LameDuck => f.write_str("the NATS server is about to stop"),
            Event::Closed => f.write_str("the connection to the NATS server is closed"),
            Event::SlowConsumer { subject, lost } => {
                write!(
                    f,
                    "a subscriber to {subject:?} is too slow: {lost} messages lost"
                )
            }
            Event::ServerError(message) => write!(f, "the NATS server says: {message}"),
            Event::ClientError(message) => write!(f, "the NATS client says: {message}"),
        }
    }
}

pub(super) type Callback = Arc<dyn Fn(&Event) + Send + Sync>;

/// Hands events on, and remembers what the bridge itself has to know of them.
#[derive(Clone, Default)]
pub(super) struct Events {
    callback: Option<Callback>,
    was_connected: Arc<AtomicBool>,
    /// Is cancelled once the connection is closed for good.
    pub(super) closed: CancellationToken,
}

impl Events {
    pub(super) fn new(callback: Option<Callback>) -> Self {
        Events {
            callback,
            ..Events::default()
        }
    }

    pub(super) fn tell(&self, event: &Event) {
        match event {
            // Told once, whoever finds out first.
            Event::Closed if self.closed.is_cancelled() => return,
            Event::Closed => self.closed.cancel(),
            Event::SlowConsumer { lost, .. } => observe::messages_lost(*lost),
            Event::Connected if self.was_connected.swap(true, Ordering::Relaxed) => {
                observe::reconnected();
            }
            _ => {}
        }
        if let Some(callback) = &self.callback {
            callback(event);
        }
    }

    pub(super) fn tell_of(&self, event: async_nats::Event) {
        use async_nats::Event as Theirs;
        let event = match event {
            Theirs::Connected => Event::Connected,
            Theirs::Disconnected => Event::Disconnected,
            Theirs::LameDuckMode => Event::LameDuck,
            Theirs::Closed => Event::Closed,
            Theirs::Draining => return,
            // One for each message that found the client's own buffer full.
            Theirs::SlowConsumer(_) => Event::SlowConsumer {
                subject: String::new(),
                lost: 1,
            },
            Theirs::ServerError(error) => Event::ServerError(error.to_string()),
            Theirs::ClientError(error) => {
                let has_given_up = error == async_nats::ClientError::MaxReconnects;
                self.tell(&Event::ClientError(error.to_string()));
                match has_given_up {
                    true => Event::Closed,
                    false => return,
                }
            }
        };
        self.tell(&event);
    }
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;

    #[test]
    fn losses_and_reconnects_are_counted() {
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            let events = Events::default();
            for lost in [7, 3] {
                let subject = "slow".to_owned();
                events.tell(&Event::SlowConsumer { subject, lost });
            }
            // The first connection is none that was made again.
            for _ in 0..3 {
                events.tell(&Event::Connected);
            }
        });
        let snapshot = recorder.snapshotter().snapshot().into_vec();
        let mut counted: Vec<_> = snapshot
            .into_iter()
            .map(|(key, _, _, value)| (key.key().name().to_owned(), value))
            .collect();
        counted.sort_by(|one, other| one.0.cmp(&other.0));
        let expected = [
            ("nats_reconnects_total".to_owned(), DebugValue::Counter(2)),
            (
                "slow_consumer_lost_total".to_owned(),
                DebugValue::Counter(10),
            ),
        ];
        assert_eq!(counted, expected);
    }
}
