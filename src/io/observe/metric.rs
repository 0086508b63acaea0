//! The counts and durations (NFR-402, NFR-404). None has a subject, a URL or an id as a label.

use std::time::Duration;

use crate::io::progress::Direction;

pub(super) const MESSAGES_SENT: &str = "messages_sent_total";
pub(super) const MESSAGES_RECEIVED: &str = "messages_received_total";
pub(super) const DOWNLOAD_RETRY_EXCEEDED: &str = "download_retry_exceeded_total";
#[cfg(feature = "metrics")]
const UPLOAD_DURATION: &str = "file_upload_duration_seconds";
#[cfg(feature = "metrics")]
const DOWNLOAD_DURATION: &str = "file_download_duration_seconds";
#[cfg(feature = "metrics")]
const RETRY_ATTEMPTS: &str = "retry_attempts_total";
#[cfg(feature = "nats")]
pub(super) const LOST: &str = "slow_consumer_lost_total";
#[cfg(feature = "nats")]
pub(super) const RECONNECTS: &str = "nats_reconnects_total";
#[cfg(feature = "nats")]
pub(super) const REDELIVERIES: &str = "redeliveries_total";
#[cfg(all(feature = "nats", feature = "metrics"))]
const DELIVERY_DURATION: &str = "delivery_duration_seconds";

/// Gives the recorder that is installed the unit and the meaning of every metric. To be called once it is.
#[cfg(feature = "metrics")]
pub fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_histogram};
    let counters = [
        (MESSAGES_SENT, "Messages made for sending, or published"),
        (MESSAGES_RECEIVED, "Messages received as a whole"),
        (RETRY_ATTEMPTS, "Further attempts of uploads and downloads"),
        (
            DOWNLOAD_RETRY_EXCEEDED,
            "Downloads that were given up after further attempts, or at the deadline",
        ),
        #[cfg(feature = "nats")]
        (LOST, "Messages lost since a subscriber was too slow"),
        #[cfg(feature = "nats")]
        (RECONNECTS, "Connections to a NATS server made anew"),
        #[cfg(feature = "nats")]
        (
            REDELIVERIES,
            "Messages sent again since they were not acknowledged in time",
        ),
    ];
    for (name, meaning) in counters {
        describe_counter!(name, Unit::Count, meaning);
    }
    let durations = [
        (
            UPLOAD_DURATION,
            "From the start of an upload to its success, further attempts included",
        ),
        (
            DOWNLOAD_DURATION,
            "From the start of a download to its success, further attempts included",
        ),
        #[cfg(feature = "nats")]
        (
            DELIVERY_DURATION,
            "From the first sending of a message to its acknowledgement",
        ),
    ];
    for (name, meaning) in durations {
        describe_histogram!(name, Unit::Seconds, meaning);
    }
}

#[cfg(feature = "metrics")]
pub(super) fn count(name: &'static str, by: u64) {
    metrics::counter!(name).increment(by);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn count(_: &'static str, _: u64) {}

/// One more attempt of a transfer.
#[cfg(feature = "metrics")]
pub(super) fn retry(direction: Direction) {
    let direction = match direction {
        Direction::Upload => "upload",
        Direction::Download => "download",
    };
    metrics::counter!(RETRY_ATTEMPTS, "direction" => direction).increment(1);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn retry(_: Direction) {}

/// How long a transfer took that succeeded.
#[cfg(feature = "metrics")]
pub(super) fn transferred(direction: Direction, took: Duration) {
    let name = match direction {
        Direction::Upload => UPLOAD_DURATION,
        Direction::Download => DOWNLOAD_DURATION,
    };
    metrics::histogram!(name).record(took);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn transferred(_: Direction, _: Duration) {}

/// How long a delivery took that was acknowledged.
#[cfg(all(feature = "nats", feature = "metrics"))]
pub(super) fn delivered(took: Duration) {
    metrics::histogram!(DELIVERY_DURATION).record(took);
}

#[cfg(all(feature = "nats", not(feature = "metrics")))]
pub(super) fn delivered(_: Duration) {}
