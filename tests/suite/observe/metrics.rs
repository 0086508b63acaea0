//! Counts and durations (NFR-402), by name, label, unit and value.

use std::collections::{BTreeMap, BTreeSet};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use natsbridge::{Part, describe_metrics, fetch_with_backoff, smartreceive, smartsend};

use super::DELAY;
use crate::faults::answer::{Answer, Step};
use crate::faults::server::Server;

/// Each metric as `name{label=value}`, with its count, or how many durations it has.
fn counts(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let of = |value: DebugValue| match value {
        DebugValue::Counter(count) => count,
        DebugValue::Histogram(durations) => {
            let seconds = durations.iter().map(|seconds| seconds.into_inner());
            assert!(
                seconds
                    .clone()
                    .all(|seconds| (0.0..10.0).contains(&seconds))
            );
            durations.len() as u64
        }
        DebugValue::Gauge(_) => panic!("no gauge is kept"),
    };
    let snapshot = snapshotter.snapshot().into_vec().into_iter();
    let all = snapshot.map(|(key, _, _, value)| {
        let labels: Vec<_> = key
            .key()
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let labels = match labels.as_slice() {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        (format!("{}{labels}", key.key().name()), of(value))
    });
    all.filter(|(_, count)| *count > 0).collect()
}

#[track_caller]
fn assert_counts(snapshotter: &Snapshotter, expected: &[(&str, u64)]) {
    let expected = expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count));
    assert_eq!(counts(snapshotter), expected.collect());
}

#[tokio::test]
async fn every_message_transfer_and_further_attempt_counts() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start().await;

    smartsend("a.b", [("t", "x", "text")])
        .await
        .expect("a message");
    let (_, small) = smartsend("a.b", [("t", "x", "text")])
        .into_bytes()
        .await
        .expect("a message");
    smartreceive(small).await.expect("a message");
    smartsend("a b", [("t", "x", "text")])
        .await
        .expect_err("no subject");
    smartreceive("{").await.expect_err("no JSON");
    assert_counts(
        &snapshotter,
        &[("messages_received_total", 1), ("messages_sent_total", 2)],
    );

    server.script(
        "POST /upload",
        [Answer::status(500), Answer::status(503), Answer::usual()],
    );
    let (_, json) = smartsend("a.b", [Part::binary("p", vec![1; 9])])
        .size_threshold(1)
        .fileserver_url(server.url())
        .base_delay(DELAY)
        .await
        .expect("a message");
    let receive = |json: String| {
        smartreceive(json)
            .fileserver_url(server.url())
            .base_delay(DELAY)
    };
    receive(json.clone()).await.expect("a message");
    server.script("GET /file/", [Answer::status(500)]);
    let lost = server.link("/file/lost");
    fetch_with_backoff(&lost)
        .base_delay(DELAY)
        .max_retries(3)
        .await
        .expect_err("a server that fails");
    assert_counts(
        &snapshotter,
        &[
            ("download_retry_exceeded_total", 1),
            ("file_download_duration_seconds", 1),
            ("file_upload_duration_seconds", 1),
            ("messages_received_total", 1),
            ("messages_sent_total", 1),
            ("retry_attempts_total{direction=download}", 2),
            ("retry_attempts_total{direction=upload}", 2),
        ],
    );
}

#[tokio::test]
async fn what_is_not_tried_again_is_not_exceeded() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start().await;
    server.script("GET /gone", [Answer::status(404)]);
    fetch_with_backoff(server.link("/gone"))
        .await
        .expect_err("a file that is gone");
    assert_counts(&snapshotter, &[]);
}

/// What a one-shot link does once the first attempt broke off.
#[tokio::test]
async fn a_download_that_fails_for_good_behind_a_further_attempt_is_exceeded() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start().await;
    server.script(
        "GET /oneshot",
        [Answer::cut(b"abcdef", 3, &[]), Answer::status(404)],
    );
    fetch_with_backoff(server.link("/oneshot"))
        .base_delay(DELAY)
        .await
        .expect_err("a file that is gone");
    assert_counts(
        &snapshotter,
        &[
            ("download_retry_exceeded_total", 1),
            ("retry_attempts_total{direction=download}", 1),
        ],
    );
}

#[tokio::test]
async fn a_download_that_the_deadline_ends_is_exceeded() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start().await;
    let (_, json) = smartsend("a.b", [Part::binary("p", vec![1; 9])])
        .size_threshold(1)
        .fileserver_url(server.url())
        .await
        .expect("a message");
    server.script("GET /file/", [Answer::of([Step::Hold])]);
    smartreceive(json)
        .fileserver_url(server.url())
        .deadline(DELAY)
        .await
        .expect_err("a server that is silent");
    assert_counts(
        &snapshotter,
        &[
            ("download_retry_exceeded_total", 1),
            ("file_upload_duration_seconds", 1),
            ("messages_sent_total", 1),
        ],
    );
}

#[test]
fn every_metric_has_a_unit_and_a_meaning() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        describe_metrics();
        // A metric that was described is not seen before it is used.
        for name in NAMES {
            match name.ends_with("_seconds") {
                true => metrics::histogram!(*name).record(1.0),
                false => metrics::counter!(*name).increment(1),
            }
        }
    });
    let mut names = BTreeSet::new();
    for (key, unit, meaning, _) in snapshotter.snapshot().into_vec() {
        let name = key.key().name().to_owned();
        let expected = match name.ends_with("_seconds") {
            true => metrics::Unit::Seconds,
            false => metrics::Unit::Count,
        };
        assert_eq!(unit, Some(expected), "{name}");
        assert!(meaning.is_some_and(|text| text.len() > 20), "{name}");
        names.insert(name);
    }
    assert_eq!(names.len(), NAMES.len());
}

const NAMES: &[&str] = &[
    "messages_sent_total",
    "messages_received_total",
    "file_upload_duration_seconds",
    "file_download_duration_seconds",
    "retry_attempts_total",
    "download_retry_exceeded_total",
    #[cfg(feature = "nats")]
    "slow_consumer_lost_total",
    #[cfg(feature = "nats")]
    "nats_reconnects_total",
    #[cfg(feature = "nats")]
    "redeliveries_total",
    #[cfg(feature = "nats")]
    "delivery_duration_seconds",
];
