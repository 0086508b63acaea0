//! Uploads to Plik: what is sent, what an attempt is, and what a failed one leaves behind (W6.1).

use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{Digest, ErrorKind, Part, Plik, plik_oneshot_upload};
use serde_json::json;

use super::answer::{Answer, Step, head};
use super::server::Server;
use super::{PROMPTLY, at_least, receive, sample, send, verdict};

const FAILED: (ErrorCode, Phase, Option<usize>) = (ErrorCode::UploadFailed, Phase::Upload, Some(0));

#[tokio::test]
async fn an_upload_is_created_and_filled() {
    let server = Server::start().await;
    let bytes = sample(600_000);
    let part = Part::binary("../a name\r\nfor no URL é", bytes.clone());
    let (envelope, json) = send(&server, [part])
        .size_threshold(600_000)
        .await
        .expect("a message");
    let payload = &envelope.payloads[0];
    assert_eq!(payload.transport, Transport::Link);
    assert_eq!(
        payload.metadata.get("sha256"),
        Some(&json!(Digest::of(&bytes).to_string()))
    );
    assert!(json.contains(&server.link("/file/U1/F/payload")), "{json}");
    assert_eq!(server.lines(), ["POST /upload", "POST /file/U1"]);
    let all = server.seen();
    assert_eq!(all[0].json(), json!({"OneShot": true, "Removable": false}));
    assert_eq!(all[1].header("x-uploadtoken"), Some("hunter2-1"));
    let (headers, content) = all[1].part();
    assert!(
        headers.contains("name=\"file\"") && headers.contains("filename=\"payload\""),
        "{headers}"
    );
    assert_eq!(content, bytes);
    let received = receive(&server, json).await.expect("what was uploaded");
    assert_eq!(received.payloads[0].data.as_bytes().expect("bytes"), &bytes);
}

#[tokio::test]
async fn what_plik_is_asked_for() {
    let server = Server::start().await;
    let kept = Plik::kept(Duration::from_millis(90_500))
        .token("user-hunter2")
        .password("me", "p:hunter2");
    send(&server, [Part::binary("f", b"abc")])
        .fileserver_upload_handler(kept)
        .await
        .expect("a message");
    let all = server.seen();
    let created = all[0].json();
    assert_eq!(created["ttl"], 91);
    assert_eq!(
        (&created["Login"], &created["Password"]),
        (&json!("me"), &json!("p:hunter2"))
    );
    assert_ne!(created["OneShot"], true);
    for seen in &all {
        assert_eq!(seen.header("x-pliktoken"), Some("user-hunter2"));
        // RFC 7617: base64 of `me:p:hunter2`.
        assert_eq!(seen.header("authorization"), Some("Basic bWU6cDpodW50ZXIy"));
    }
    let short = Plik::kept(Duration::from_millis(1));
    send(&server, [Part::binary("f", b"abc")])
        .fileserver_upload_handler(short)
        .await
        .expect("a message");
    assert_eq!(server.seen()[2].json()["ttl"], 1, "0 would be for ever");
}

#[tokio::test]
async fn links_follow_the_download_domain() {
    let server = Server::start().await;
    let created = json!({"id": "U9", "uploadToken": "hunter2-9", "downloadDomain": "https://files.example:8443/"});
    server.script(
        "POST /upload",
        [Answer::body(created.to_string().as_bytes())],
    );
    let (_, json) = send(&server, [Part::binary("f", b"abc")])
        .await
        .expect("a message");
    assert!(
        json.contains("\"https://files.example:8443/file/U9/F/payload\""),
        "{json}"
    );
    let path = format!("{}/", server.url());
    let (_, json) = send(&server, [Part::binary("f", b"abc")])
        .fileserver_url(path)
        .await
        .expect("a message");
    assert!(
        json.contains("\"https://files.example:8443/file/U9/F/payload\""),
        "{json}"
    );
    assert!(
        server.lines().iter().all(|line| !line.contains("//")),
        "{:?}",
        server.lines()
    );
}

#[tokio::test]
async fn a_retry_creates_anew_and_removes_the_old_one() {
    let server = Server::start().await;
    let bytes = sample(100_000);
    let breaks = Answer::of([Step::Take(50_000), Step::Reset]);
    server.script(
        "POST /file/",
        [Answer::status(500), breaks, Answer::usual()],
    );
    let (_, json) = send(&server, [Part::binary("f", bytes.clone())])
        .await
        .expect("the third attempt");
    let expected = [
        "POST /upload",
        "POST /file/U1",
        "DELETE /upload/U1",
        "POST /upload",
        "POST /file/U2",
        "DELETE /upload/U2",
        "POST /upload",
        "POST /file/U3",
    ];
    assert_eq!(server.lines(), expected);
    for (at, seen) in server
        .seen()
        .iter()
        .enumerate()
        .filter(|(_, seen)| !seen.line.ends_with("/upload"))
    {
        assert_eq!(
            seen.header("x-uploadtoken"),
            Some(["hunter2-1", "hunter2-2", "hunter2-3"][at / 3]),
            "{seen:?}"
        );
    }
    assert!(json.contains("/file/U3/F/payload"), "{json}");
    assert_eq!(server.seen()[7].part().1, bytes);
    assert!(
        at_least(&server.gaps("POST /upload"), &[20, 40]),
        "{:?}",
        server.gaps("POST /upload")
    );
}

#[tokio::test]
async fn five_attempts_and_nothing_is_left() {
    let server = Server::start().await;
    server.script("POST /file/", [Answer::status(503)]);
    let error = send(&server, [Part::binary("f", b"abc")])
        .fallback(false)
        .await
        .expect_err("a broken server");
    assert_eq!(verdict(&error), FAILED);
    assert_eq!(error.kind(), ErrorKind::FileServer);
    assert!(error.is_retryable());
    assert_eq!(error.dataname(), Some("f"));
    assert!(
        error.message().contains("503") && error.message().contains("after 5 attempts"),
        "{error}"
    );
    assert_eq!(
        (server.count("POST /upload"), server.count("POST /file/")),
        (5, 5)
    );
    assert_eq!(server.count("DELETE /upload/"), 5);
    assert!(
        at_least(&server.gaps("POST /upload"), &[20, 40, 80, 160]),
        "{:?}",
        server.gaps("POST /upload")
    );
    let error = send(&server, [Part::binary("f", b"abc")])
        .fallback(false)
        .max_retries(2)
        .await;
    error.expect_err("a broken server");
    assert_eq!(server.count("POST /file/"), 7);
}

#[tokio::test]
async fn what_is_tried_again_and_what_not() {
    for step in ["POST /upload", "POST /file/"] {
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let server = Server::start().await;
            server.script(step, [Answer::status(status), Answer::usual()]);
            let sent = send(&server, [Part::binary("f", b"abc")])
                .fallback(false)
                .await;
            assert!(sent.is_ok(), "{step} {status}: {sent:?}");
            assert_eq!(server.count(step), 2, "{step} {status}");
        }
        for status in [201, 204, 301, 400, 401, 403, 404, 413, 418] {
            let server = Server::start().await;
            let refusal = Answer::with(
                status,
                &[],
                b"{\"id\":\"U1\",\"uploadToken\":\"hunter2-1\"}",
            );
            server.script(step, [refusal, Answer::usual()]);
            let error = send(&server, [Part::binary("f", b"abc")])
                .fallback(false)
                .await
                .expect_err("a refusal");
            assert_eq!(verdict(&error), FAILED, "{step} {status}");
            assert!(error.message().contains(&status.to_string()), "{error}");
            assert!(!error.is_retryable(), "{step} {status}");
            assert_eq!(server.count(step), 1, "{step} {status}");
            assert_eq!(
                server.count("DELETE /upload/U1"),
                usize::from(step == "POST /file/"),
                "{step} {status}"
            );
        }
    }
}

#[tokio::test]
async fn retry_after_counts_for_uploads_too() {
    let server = Server::start().await;
    let wait = Answer::with(429, &[("Retry-After", "7")], b"");
    server.script("POST /upload", [wait, Answer::usual()]);
    send(&server, [Part::binary("f", b"abc")])
        .max_delay(Duration::from_millis(250))
        .await
        .expect("an upload");
    let gaps = server.gaps("POST /upload");
    assert!(
        at_least(&gaps, &[250]) && gaps[0] < Duration::from_secs(5),
        "{gaps:?}"
    );
}

#[tokio::test]
async fn a_refusal_before_the_end_of_the_body_is_not_tried_again() {
    let server = Server::start().await;
    let too_large = head(400, &[("Content-Length", "0")]);
    server.script(
        "POST /file/",
        [Answer::of([Step::Take(1000), Step::Send(too_large)])],
    );
    let call = send(&server, [Part::binary("f", sample(8 << 20))]).fallback(false);
    let error = call.await.expect_err("a refusal");
    assert_eq!(verdict(&error), FAILED);
    assert!(error.message().contains("400"), "{error}");
    assert_eq!(server.count("POST /file/"), 1);
    assert_eq!(server.count("DELETE /upload/U1"), 1);
}

#[tokio::test]
async fn answers_that_are_not_pliks_fail_at_once() {
    let endless = [head(200, &[]), vec![b' '; 2 << 20]].concat();
    for (answer, word) in [
        (Answer::body(b"<html>"), "Plik"),
        (Answer::body(b"{}"), "id"),
        (Answer::body(b"{\"id\": 7}"), "id"),
        (
            Answer::of([Step::Take(usize::MAX), Step::Send(endless)]),
            "1 MiB",
        ),
    ] {
        let server = Server::start().await;
        server.script("POST /upload", [answer]);
        let error = send(&server, [Part::binary("f", b"abc")])
            .fallback(false)
            .await
            .expect_err("no Plik");
        assert_eq!(verdict(&error), FAILED);
        assert!(error.message().contains(word), "{error}");
        assert_eq!(server.count("POST /upload"), 1);
    }
}

#[tokio::test]
async fn at_most_four_uploads_run_at_once() {
    let server = Server::start().await;
    server.script(
        "POST /file/",
        [Answer::usual().after(Duration::from_millis(100))],
    );
    let parts: Vec<Part> = (0..11_u8).map(|at| Part::binary("f", vec![at])).collect();
    let (_, json) = send(&server, parts).await.expect("a message");
    assert_eq!(server.most_unanswered(), 4);
    let received = receive(&server, json).await.expect("all payloads");
    let values: Vec<_> = received
        .payloads
        .iter()
        .map(|payload| payload.data.as_bytes().expect("bytes")[0])
        .collect();
    assert_eq!(values, (0..11).collect::<Vec<u8>>());
}

#[tokio::test]
async fn a_message_that_cannot_fit_uploads_nothing() {
    let server = Server::start().await;
    let parts: Vec<Part> = (0..20).map(|_| Part::binary("f", sample(1000))).collect();
    let error = send(&server, parts)
        .max_message_bytes(10_000)
        .await
        .expect_err("20 links of 800 bytes");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::PayloadTooLarge, Phase::Limit)
    );
    let small: Vec<Part> = (0..20).map(|_| Part::binary("f", sample(700))).collect();
    let error = send(&server, small)
        .size_threshold(701)
        .max_message_bytes(10_000)
        .await
        .expect_err("none may move");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::PayloadTooLarge, Phase::Limit)
    );
    let error = send(
        &server,
        [
            Part::binary("f", b"abc"),
            Part::text("t", "x").metadata(reserved()),
        ],
    )
    .await;
    assert_eq!(error.expect_err("a reserved name").phase(), Phase::Validate);
    assert_eq!(server.lines(), [""; 0]);
}

#[tokio::test]
async fn plik_oneshot_upload_does_the_same_by_itself() {
    let server = Server::start().await;
    let uploaded = plik_oneshot_upload(&server.url(), "f", b"abc".to_vec())
        .await
        .expect("an upload");
    assert_eq!(
        (
            uploaded.status,
            uploaded.uploadid.as_str(),
            uploaded.fileid.as_str()
        ),
        (200, "U1", "F")
    );
    assert_eq!(uploaded.url, server.link("/file/U1/F/payload"));
    let start = Instant::now();
    server.script("POST /upload", [Answer::status(401)]);
    let error = plik_oneshot_upload(&server.url(), "f", b"abc".to_vec())
        .await
        .expect_err("a token is missing");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::UploadFailed, Phase::Upload)
    );
    assert_eq!(error.dataname(), Some("f"));
    assert!(start.elapsed() < PROMPTLY);
    let error = plik_oneshot_upload("ftp://a", "f", b"abc".to_vec())
        .await
        .expect_err("no http");
    assert_eq!(
        (error.code(), error.kind()),
        (ErrorCode::InvalidEnvelope, ErrorKind::Argument)
    );
}

fn reserved() -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([("sha256".to_owned(), json!(""))])
}

/// W9: the public function takes bytes or the path of a file.
#[tokio::test]
async fn the_plain_upload_takes_bytes_or_a_path() {
    let server = Server::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), b"from a file").expect("written");
    for size in [3, 11] {
        let uploaded = match size {
            3 => plik_oneshot_upload(&server.url(), "bytes", &b"abc"[..]).await,
            _ => plik_oneshot_upload(&server.url(), "file", file.path()).await,
        };
        let uploaded = uploaded.expect("an upload");
        assert_eq!(uploaded.status, 200);
        let fetched = natsbridge::fetch_with_backoff(&uploaded.url).size(size);
        assert_eq!(fetched.await.expect("fetched").len() as u64, size);
    }
    let missing = std::path::Path::new("no such file");
    let error = plik_oneshot_upload(&server.url(), "x", missing)
        .await
        .expect_err("no file");
    assert_eq!(error.kind(), natsbridge::ErrorKind::LocalFile, "{error}");
}
