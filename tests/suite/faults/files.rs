//! Payloads that are given as files: read in pieces, again where an attempt failed, and never sent half (W6.9).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{Digest, Error, ErrorKind, Part, Value, smartsend};
use serde_json::json;
use tempfile::TempDir;

use super::answer::{Answer, Step};
use super::server::Server;
use super::{receive, sample, send, verdict};

/// A folder and a file in it.
fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    std::fs::write(&path, bytes).expect("a file");
    (dir, path)
}

fn refused(error: &Error, kind: ErrorKind) {
    assert_eq!(
        verdict(error),
        (ErrorCode::SerializationError, Phase::Serialize, Some(0)),
        "{error}"
    );
    assert_eq!(error.kind(), kind, "{error}");
}

#[tokio::test]
async fn large_files_are_linked_and_small_ones_ride() {
    let server = Server::start().await;
    let large = sample(5 << 20);
    let (dir, path) = file(&large);
    for (name, bytes) in [
        ("small", &b"abc"[..]),
        ("none", b""),
        ("text", "é😀".as_bytes()),
        ("json", b" [1, 2.0] "),
    ] {
        std::fs::write(dir.path().join(name), bytes).expect("a file");
    }
    let at = |name| dir.path().join(name);
    let parts = [
        Part::binary("large", path),
        Part::binary("small", at("small")),
        Part::binary("none", at("none")),
        Part::new("text", at("text"), "text"),
        Part::new("json", at("json"), "dictionary"),
    ];
    let (envelope, json) = send(&server, parts)
        .size_threshold(1000)
        .await
        .expect("a message");
    let transports: Vec<_> = envelope
        .payloads
        .iter()
        .map(|payload| payload.transport)
        .collect();
    use Transport::{Direct, Link};
    assert_eq!(transports, [Link, Direct, Direct, Direct, Direct]);
    let payload = &envelope.payloads[0];
    assert_eq!(payload.size.get(), large.len() as u64);
    assert_eq!(
        payload.metadata["sha256"],
        json!(Digest::of(&large).to_string())
    );
    assert_eq!(server.seen()[1].part().1, large);
    let received = receive(&server, json).await.expect("all payloads");
    assert_eq!(received.bytes("large").expect("bytes"), &large);
    assert_eq!(received.bytes("none").expect("bytes"), &b""[..]);
    assert_eq!(received.text("text").expect("a text"), "é😀");
    assert_eq!(
        received.get("json").expect("it").data,
        Value::Json(json!([1, 2.0]))
    );
}

#[tokio::test]
async fn the_size_of_a_file_decides_like_any_other() {
    let server = Server::start().await;
    let (_dir, path) = file(&sample(1000));
    for (threshold, transport) in [(1000, Transport::Link), (1001, Transport::Direct)] {
        let part = Part::binary("f", path.clone());
        let (envelope, _) = send(&server, [part])
            .size_threshold(threshold)
            .await
            .expect("a message");
        assert_eq!(envelope.payloads[0].transport, transport);
    }
}

#[tokio::test]
async fn a_text_that_is_no_utf_8_is_refused_before_any_upload() {
    let server = Server::start().await;
    // Behind the first piece, and across the end of one.
    for at in [0, 10, (256 << 10) - 1, 256 << 10, 999_999] {
        let mut bytes = vec![b'a'; 1_000_000];
        bytes[at] = 0xC3;
        let (_dir, path) = file(&bytes);
        for threshold in [1000, 2_000_000] {
            let parts = [
                Part::new("t", path.clone(), "text"),
                Part::binary("b", sample(1000)),
            ];
            let error = send(&server, parts)
                .size_threshold(threshold)
                .await
                .expect_err("no UTF-8");
            assert_eq!(
                verdict(&error),
                (ErrorCode::SerializationError, Phase::Serialize, Some(0)),
                "{error}"
            );
            assert!(error.message().contains(&format!("byte {at}")), "{error}");
            assert_eq!(error.expected(), Some("UTF-8"));
        }
    }
    assert_eq!(server.lines(), [""; 0]);
}

#[tokio::test]
async fn what_a_file_holds_is_checked_before_any_upload() {
    let server = Server::start().await;
    let twice = format!("{{\"a\": \"{}\", \"a\": 1}}", "x".repeat(2000));
    for (payload_type, bytes) in [
        ("dictionary", twice.as_bytes()),
        ("dictionary", b"[1,]"),
        ("dictionary", b"\"a string\""),
        ("dictionary", b"\xEF\xBB\xBF{}"),
        ("dictionary", b""),
        ("jsontable", b"{}"),
        ("jsontable", b"[1]"),
        ("arrowtable", b"ARROW1"),
        ("arrowtable", b""),
    ] {
        let (_dir, path) = file(bytes);
        let error = send(&server, [Part::new("f", path, payload_type)])
            .await
            .expect_err("another content");
        assert_eq!(
            verdict(&error),
            (ErrorCode::SerializationError, Phase::Serialize, Some(0)),
            "{error}"
        );
    }
    assert_eq!(server.lines(), [""; 0]);
    let rows = format!("[{{\"a\": \"{}\"}}]", "x".repeat(2000));
    let (_dir, path) = file(rows.as_bytes());
    let (envelope, json) = send(&server, [Part::new("f", path, "jsontable")])
        .await
        .expect("a message");
    assert_eq!(envelope.payloads[0].transport, Transport::Link);
    assert_eq!(
        receive(&server, json)
            .await
            .expect("rows")
            .jsontable::<serde_json::Value>("f")
            .expect("rows")
            .len(),
        1
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    for path in [
        dir.path().join("missing"),
        dir.path().to_owned(),
        dir.path().join("missing/file"),
    ] {
        let error = send(&server, [Part::binary("f", path.clone())])
            .await
            .expect_err("no file");
        refused(&error, ErrorKind::LocalFile);
        assert!(
            error.message().contains(&path.display().to_string()),
            "{error}"
        );
        assert_eq!(error.dataname(), Some("f"));
    }
    // Arguments count before files, and files in their order among the rest.
    let missing = || Part::binary("f", dir.path().join("missing"));
    let error = smartsend("a..b", [missing()])
        .fileserver_url(server.url())
        .await
        .expect_err("no subject");
    assert_eq!(
        (error.code(), error.pointer()),
        (ErrorCode::InvalidEnvelope, Some("/send_to"))
    );
    let error = send(
        &server,
        [Part::new("d", "a string", "dictionary"), missing()],
    )
    .await
    .expect_err("two faults");
    refused(&error, ErrorKind::Argument);
    assert_eq!(server.lines(), [""; 0]);
}

#[tokio::test]
async fn an_upload_that_broke_reads_the_file_again() {
    let server = Server::start().await;
    let bytes = sample(3 << 20);
    let (_dir, path) = file(&bytes);
    let breaks = Answer::of([Step::Take(1 << 20), Step::Reset]);
    server.script(
        "POST /file/",
        [breaks, Answer::status(502), Answer::usual()],
    );
    let (envelope, json) = send(&server, [Part::binary("f", path)])
        .await
        .expect("the third attempt");
    assert_eq!(
        envelope.payloads[0].metadata["sha256"],
        json!(Digest::of(&bytes).to_string())
    );
    assert_eq!(
        receive(&server, json)
            .await
            .expect("a file")
            .bytes("f")
            .expect("bytes"),
        &bytes
    );
}

#[tokio::test]
async fn a_file_that_changes_between_attempts_is_not_sent() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("changed", |path| {
            std::fs::write(path, vec![7; 2 << 20]).expect("written")
        }),
        ("changed", |path| {
            std::fs::write(path, sample(1 << 20)).expect("written")
        }),
        ("changed", |path| {
            std::fs::write(path, sample(3 << 20)).expect("written")
        }),
        ("No such file", |path| {
            std::fs::remove_file(path).expect("removed")
        }),
    ];
    for (at, (word, change)) in changes.into_iter().enumerate() {
        let server = Arc::new(Server::start().await);
        let (_dir, path) = file(&sample(2 << 20));
        server.script("POST /file/", [Answer::status(500), Answer::usual()]);
        let changing = tokio::spawn({
            let (server, path) = (Arc::clone(&server), path.clone());
            async move {
                while server.count("DELETE ") == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                change(&path);
            }
        });
        let call = send(&server, [Part::binary("f", path)])
            .base_delay(Duration::from_millis(400))
            .fallback(false);
        let error = call.await.expect_err("another file");
        changing.await.expect("changed");
        assert_eq!(
            verdict(&error),
            (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
            "{at}: {error}"
        );
        assert_eq!(error.kind(), ErrorKind::LocalFile, "{at}: {error}");
        assert!(
            error.message().contains(word) && !error.is_retryable(),
            "{at}: {error}"
        );
        assert_eq!(
            server.count("POST /upload"),
            2,
            "{at}: it is no better the third time"
        );
        assert_eq!(server.files(), 0, "{at}");
    }
}

#[tokio::test]
async fn a_file_falls_back_as_bytes_do() {
    let server = Server::start().await;
    server.script("POST /upload", [Answer::status(403)]);
    let (_dir, path) = file(&sample(700_000));
    let (envelope, json) = send(&server, [Part::binary("f", path)])
        .await
        .expect("it fits");
    assert_eq!(envelope.payloads[0].transport, Transport::Direct);
    assert_eq!(
        receive(&server, json)
            .await
            .expect("bytes")
            .bytes("f")
            .expect("bytes"),
        &sample(700_000)
    );
    let (_dir, path) = file(&sample(800_000));
    let error = send(&server, [Part::binary("f", path)])
        .await
        .expect_err("it does not fit");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
        "{error}"
    );
    assert!(
        error.message().contains("403") && error.message().contains("1048576"),
        "{error}"
    );
}

#[tokio::test]
async fn dropped_uploads_stop() {
    let server = Server::start().await;
    server.script("POST /upload", [Answer::status(500)]);
    let (_dir, path) = file(&sample(1000));
    let call = send(&server, [Part::binary("f", path)])
        .max_retries(1000)
        .max_delay(Duration::from_millis(20));
    let dropped = tokio::time::timeout(Duration::from_millis(300), call).await;
    assert!(dropped.is_err(), "{dropped:?}");
    let before = server.count("POST /upload");
    assert!(before > 1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        server.count("POST /upload") <= before + 1,
        "attempts go on behind the caller's back"
    );
}
