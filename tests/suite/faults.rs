//! Transfers against file servers that fail in every way (W5 to W7): how often something is tried, what is tried at
//! all, what comes of it, and what is left behind.

pub(crate) mod answer;
mod attempts;
mod bodies;
mod environment;
mod fallback;
mod file_servers;
mod files;
mod folder;
mod handlers;
mod outputs;
mod policy;
mod progress;
mod secrets;
pub(crate) mod server;
mod silence;
mod stores;
mod uploads;

use std::future::IntoFuture;
use std::time::Duration;

use natsbridge::wire::{Checksum, ErrorCode, Phase};
use natsbridge::{
    Digest, Draft, Error, Part, SmartReceive, SmartSend, new_id, now, smartreceive, smartsend,
};

use server::Server;

/// The first delay between attempts, in place of 100 ms.
const DELAY: Duration = Duration::from_millis(20);

/// Longer than anything here takes, and shorter than any time-out that nobody has shortened.
const PROMPTLY: Duration = Duration::from_secs(20);

/// Awaits a call that would go on for ever, or nearly so, if it went wrong.
async fn promptly<T>(call: impl IntoFuture<Output = T>) -> T {
    let call = tokio::time::timeout(PROMPTLY, call.into_future());
    call.await.expect("the call takes too long")
}

/// Bytes of which no two neighbourhoods are the same.
fn sample(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8)
        .collect()
}

/// A message of linked payloads, each with its URL, size, and digest; either all have one or none.
fn message(links: &[(String, u64, Option<Digest>)]) -> String {
    // A sender makes no link of 0 bytes, so that one is written over another size.
    let parts = links
        .iter()
        .enumerate()
        .map(|(at, link)| Part::external(format!("part {at}"), link.1.max(1), "binary"));
    let checksum = if links.iter().all(|link| link.2.is_some()) {
        Checksum::Link
    } else {
        Checksum::None
    };
    let draft = Draft::new("a.b", parts).checksum(checksum);
    let mut outgoing = draft.encode(now(), &mut new_id).expect("a draft");
    for (at, (url, _, digest)) in links.iter().enumerate() {
        outgoing.link(at, url, *digest).expect("a link");
    }
    let text = outgoing.finish().expect("a message").1;
    match links {
        [(_, 0, _)] => text
            .replace("\"size\":1,", "\"size\":0,")
            .replace("\"payload_bytes\":1,", "\"payload_bytes\":0,"),
        _ => text,
    }
}

/// A message that links to `path`, where these bytes are said to be.
fn linking(server: &Server, path: &str, bytes: &[u8]) -> String {
    message(&[(
        server.link(path),
        bytes.len() as u64,
        Some(Digest::of(bytes)),
    )])
}

/// Reads a message with short delays.
fn receive(server: &Server, json: String) -> SmartReceive {
    smartreceive(json)
        .fileserver_url(server.url())
        .base_delay(DELAY)
}

/// Sends by link whatever can be, with short delays.
fn send<P: Into<Part>>(server: &Server, parts: impl IntoIterator<Item = P>) -> SmartSend {
    smartsend("a.b", parts)
        .fileserver_url(server.url())
        .base_delay(DELAY)
        .size_threshold(1)
}

/// What the wire says of an error: its code, its phase, and the payload that it is about.
fn verdict(error: &Error) -> (ErrorCode, Phase, Option<usize>) {
    let payload = error
        .pointer()
        .and_then(|pointer| pointer.strip_prefix("/payloads/"));
    let index = payload.and_then(|rest| rest.split('/').next()?.parse().ok());
    (error.code(), error.phase(), index)
}

/// Whether each wait was at least as long as it should be.
fn at_least(found: &[Duration], expected_ms: &[u64]) -> bool {
    let expected = expected_ms.iter().copied().map(Duration::from_millis);
    found.len() == expected_ms.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found, expected)| *found >= expected)
}
