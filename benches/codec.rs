//! Encoding and decoding one payload beside `serde_json` and `base64` used plainly, measured in turns within one run.
//!
//! `cargo bench --bench codec` prints the median time of each and the ratio; on a shared machine only the ratio means much.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use natsbridge::wire::{Timestamp, Uuid};
use natsbridge::{Decoder, Draft, Part};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The envelope as a program would declare it that knows nothing of this crate.
#[derive(Deserialize, Serialize)]
struct PlainEnvelope {
    correlation_id: String,
    msg_id: String,
    timestamp: String,
    send_to: String,
    msg_purpose: String,
    sender_name: String,
    sender_id: String,
    receiver_name: String,
    receiver_id: String,
    reply_to: String,
    reply_to_msg_id: String,
    broker_url: String,
    metadata: Map<String, Value>,
    payloads: Vec<PlainPayload>,
}

#[derive(Deserialize, Serialize)]
struct PlainPayload {
    id: String,
    dataname: String,
    payload_type: String,
    transport: String,
    encoding: String,
    size: u64,
    data: String,
    metadata: Map<String, Value>,
}

fn main() {
    println!(
        "{:>9}  {:>8}  {:>12}  {:>12}  {:>7}",
        "payload", "", "natsbridge", "plain", "ratio"
    );
    for size in [11, 10_000, 500_000] {
        let bytes: bytes::Bytes = (0..size)
            .map(|index: usize| (index * 7919 % 251) as u8)
            .collect();
        let text = encode(&bytes);
        assert_eq!(
            text.len(),
            encode_plainly(&bytes).len(),
            "both write the same message"
        );
        assert_eq!(decode(&text), bytes);
        assert_eq!(decode_plainly(&text), bytes);
        compare(
            size,
            "encode",
            || encode(&bytes).len(),
            || encode_plainly(&bytes).len(),
        );
        compare(
            size,
            "decode",
            || decode(&text).len(),
            || decode_plainly(&text).len(),
        );
    }
}

fn encode(bytes: &bytes::Bytes) -> Vec<u8> {
    let mut new_id = || Uuid::from_bytes([0x42; 16]);
    let part = Part::binary("file", bytes.clone());
    let draft = Draft::new("bench.codec", [part]).size_threshold(u64::MAX);
    let timestamp: Timestamp = "2026-03-13T07:02:50.443Z".parse().expect("a timestamp");
    draft
        .encode(timestamp, &mut new_id)
        .and_then(natsbridge::Outgoing::finish_bytes)
        .expect("a message")
        .1
}

fn encode_plainly(bytes: &[u8]) -> Vec<u8> {
    let id = || "42424242-4242-4242-4242-424242424242".to_owned();
    let mut metadata = Map::new();
    metadata.insert("payload_bytes".to_owned(), bytes.len().into());
    let payload = PlainPayload {
        id: id(),
        dataname: "file".to_owned(),
        payload_type: "binary".to_owned(),
        transport: "direct".to_owned(),
        encoding: "base64".to_owned(),
        size: bytes.len() as u64,
        data: STANDARD.encode(bytes),
        metadata,
    };
    let envelope = PlainEnvelope {
        correlation_id: id(),
        msg_id: id(),
        timestamp: "2026-03-13T07:02:50.443Z".to_owned(),
        send_to: "bench.codec".to_owned(),
        msg_purpose: "chat".to_owned(),
        sender_name: "NATSBridge".to_owned(),
        sender_id: id(),
        receiver_name: String::new(),
        receiver_id: String::new(),
        reply_to: String::new(),
        reply_to_msg_id: String::new(),
        broker_url: "nats://localhost:4222".to_owned(),
        metadata: Map::new(),
        payloads: vec![payload],
    };
    serde_json::to_vec(&envelope).expect("JSON")
}

fn decode(text: &[u8]) -> Vec<u8> {
    let received = Decoder::new()
        .decode(text)
        .and_then(|incoming| incoming.finish([]))
        .expect("a message");
    let bytes = received
        .payloads
        .into_iter()
        .next()
        .and_then(|payload| payload.data.as_bytes().cloned());
    drop(received.envelope);
    bytes.expect("bytes").into()
}

fn decode_plainly(text: &[u8]) -> Vec<u8> {
    let envelope: PlainEnvelope = serde_json::from_slice(text).expect("JSON");
    STANDARD.decode(&envelope.payloads[0].data).expect("base64")
}

/// Prints the medians of two ways that take turns, so that both see the same noise.
fn compare(size: usize, what: &str, ours: impl Fn() -> usize, plain: impl Fn() -> usize) {
    const ROUNDS: usize = 101;
    let repeats = (2_000_000 / (size + 10_000)).max(4);
    let (mut our_times, mut plain_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(time(repeats, &ours));
        plain_times.push(time(repeats, &plain));
    }
    let (ours, plain) = (median(our_times), median(plain_times));
    let ratio = plain.as_secs_f64() / ours.as_secs_f64();
    println!("{size:>7} B  {what:>8}  {ours:>12.2?}  {plain:>12.2?}  {ratio:>6.1}x");
}

fn time(repeats: usize, call: &impl Fn() -> usize) -> Duration {
    let start = Instant::now();
    for _ in 0..repeats {
        black_box(call());
    }
    start.elapsed() / repeats as u32
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
