//! What a server may answer with, and what of it is taken (W6.6).

use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{ErrorKind, Part};

use super::answer::{Answer, Step, chunk, head};
use super::server::{POURED, Server};
use super::{PROMPTLY, linking, message, receive, sample, send, verdict};

const SIZE: (ErrorCode, Phase, Option<usize>) = (ErrorCode::SizeMismatch, Phase::Fetch, Some(0));
const FAILED: (ErrorCode, Phase, Option<usize>) =
    (ErrorCode::DownloadFailed, Phase::Fetch, Some(0));

#[tokio::test]
async fn another_length_is_refused_before_the_body() {
    let server = Server::start().await;
    let start = Instant::now();
    for length in [0_u64, 2, 4, 1 << 40] {
        let path = format!("/f/{length}");
        // Whoever waits for the body waits in vain.
        let announced = head(200, &[("Content-Length", &length.to_string())]);
        server.script(
            &format!("GET {path}"),
            [Answer::of([Step::Send(announced), Step::Hold])],
        );
        let error = receive(&server, linking(&server, &path, b"abc"))
            .read_timeout(Duration::from_secs(3))
            .await
            .expect_err("another length");
        assert_eq!(verdict(&error), SIZE, "{error}");
        assert_eq!(error.kind(), ErrorKind::FileServer);
        assert!(!error.is_retryable());
        assert!(
            error.message().contains(&length.to_string()) && error.message().contains('3'),
            "{error}"
        );
        assert_eq!(server.count(&format!("GET {path}")), 1);
    }
    assert!(start.elapsed() < PROMPTLY);
}

#[tokio::test]
async fn more_bytes_than_announced_stop_the_transfer() {
    let server = Server::start().await;
    let endless = head(200, &[("Transfer-Encoding", "chunked")]);
    server.script(
        "GET /chunks",
        [Answer::of([
            Step::Send(endless),
            Step::Pour(chunk(&sample(10_000))),
        ])],
    );
    server.script(
        "GET /until-the-end",
        [Answer::of([
            Step::Send(head(200, &[])),
            Step::Pour(sample(10_000)),
        ])],
    );
    server.script("GET /one-more", [Answer::chunked(b"abcd")]);
    for path in ["/chunks", "/until-the-end", "/one-more"] {
        let error = receive(&server, linking(&server, path, b"abc"))
            .await
            .expect_err("more bytes");
        assert_eq!(verdict(&error), SIZE, "{error}");
        assert_eq!(server.count(&format!("GET {path}")), 1);
    }
    // What fits into the buffers of a connection is lost to the server, and no more.
    let wait = Instant::now();
    loop {
        let before: Vec<u64> = server.seen().iter().map(|seen| seen.poured).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let after: Vec<u64> = server.seen().iter().map(|seen| seen.poured).collect();
        assert!(after.iter().all(|poured| *poured < POURED / 2), "{after:?}");
        if before == after {
            break;
        }
        assert!(wait.elapsed() < PROMPTLY, "the transfer goes on");
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_taken_if_it_is_right() {
    let server = Server::start().await;
    let bytes = sample(100_000);
    server.script("GET /chunks", [Answer::chunked(&bytes)]);
    server.script(
        "GET /end",
        [Answer::of([
            Step::Send(head(200, &[])),
            Step::Send(bytes.clone()),
        ])],
    );
    for path in ["/chunks", "/end"] {
        let received = receive(&server, linking(&server, path, &bytes))
            .await
            .expect("the right bytes");
        assert_eq!(received.bytes("part 0").expect("bytes"), &bytes);
    }
}

#[tokio::test]
async fn a_flipped_bit_is_a_checksum_mismatch() {
    let server = Server::start().await;
    let bytes = sample(100_000);
    let mut flipped = bytes.clone();
    flipped[77_777] ^= 1;
    server.script("GET /f", [Answer::body(&flipped), Answer::body(&bytes)]);
    let error = receive(&server, linking(&server, "/f", &bytes))
        .await
        .expect_err("a flipped bit");
    assert_eq!(
        verdict(&error),
        (ErrorCode::ChecksumMismatch, Phase::Fetch, Some(0)),
        "{error}"
    );
    assert!(!error.is_retryable());
    assert_eq!(
        server.count("GET /f"),
        1,
        "a wrong digest is not tried again"
    );
    // Without a digest nobody can tell.
    server.script("GET /g", [Answer::body(&flipped)]);
    let json = message(&[(server.link("/g"), 100_000, None)]);
    assert_eq!(
        receive(&server, json)
            .await
            .expect("bytes")
            .bytes("part 0")
            .expect("bytes"),
        &flipped
    );
}

#[tokio::test]
async fn no_bytes_at_all_can_be_linked_to() {
    let server = Server::start().await;
    server.put("/none", b"");
    server.script("GET /one", [Answer::chunked(b"a")]);
    let received = receive(&server, linking(&server, "/none", b""))
        .await
        .expect("an empty file");
    assert_eq!(received.bytes("part 0").expect("bytes"), &b""[..]);
    let error = receive(&server, linking(&server, "/one", b""))
        .await
        .expect_err("a byte");
    assert_eq!(verdict(&error), SIZE, "{error}");
}

#[tokio::test]
async fn identity_is_asked_for_and_nothing_else_taken() {
    let server = Server::start().await;
    for coding in ["gzip", "br", "deflate", "x-unheard-of"] {
        let path = format!("/{coding}");
        let coded = Answer::with(200, &[("Content-Encoding", coding)], b"abc");
        server.script(&format!("GET {path}"), [coded, Answer::body(b"abc")]);
        let error = receive(&server, linking(&server, &path, b"abc"))
            .await
            .expect_err("a content coding");
        assert_eq!(verdict(&error), FAILED, "{error}");
        assert!(error.message().contains(coding), "{error}");
        assert_eq!(server.count(&format!("GET {path}")), 1);
    }
    send(&server, [Part::binary("f", b"abc")])
        .await
        .expect("an upload");
    for seen in server.seen() {
        assert_eq!(seen.header("accept-encoding"), Some("identity"), "{seen:?}");
    }
}

#[tokio::test]
async fn requests_show_who_asks_and_nothing_more() {
    let server = Server::start().await;
    server.put("/f", b"abc");
    receive(&server, linking(&server, "/f?x=1", b"abc"))
        .await
        .expect("a download");
    send(&server, [Part::binary("f", b"abc")])
        .await
        .expect("an upload");
    let all = server.seen();
    assert_eq!(
        server.lines(),
        ["GET /f?x=1", "POST /upload", "POST /file/U1"]
    );
    for seen in all {
        let agent = seen.header("user-agent").expect("a user agent");
        assert!(agent.starts_with("plik_client"), "{agent}");
        for name in ["authorization", "cookie", "range", "referer", "x-pliktoken"] {
            assert_eq!(seen.header(name), None, "{seen:?}");
        }
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let (server, other) = (Server::start().await, Server::start().await);
    other.put("/f", b"abc");
    for status in [301, 302, 303, 307, 308] {
        for (kind, to) in [
            ("other", other.link("/f")),
            ("same", "/elsewhere".to_owned()),
        ] {
            let path = format!("/{kind}/{status}");
            server.script(
                &format!("GET {path}"),
                [Answer::with(status, &[("Location", &to)], b"abc")],
            );
            let error = receive(&server, linking(&server, &path, b"abc"))
                .allowed_origins([server.origin(), other.origin()])
                .await
                .expect_err("a redirect");
            assert_eq!(verdict(&error), FAILED, "{error}");
            assert!(error.message().contains("redirect"), "{error}");
            assert_eq!(server.count(&format!("GET {path}")), 1);
        }
    }
    let to = other.link("/upload");
    server.script(
        "POST /upload",
        [Answer::with(307, &[("Location", &to)], b"")],
    );
    let (envelope, _) = send(&server, [Part::binary("f", b"abc")])
        .await
        .expect("a message without links");
    assert_eq!(envelope.payloads[0].transport, Transport::Direct);
    assert_eq!(server.count("POST /upload"), 1);
    assert_eq!(server.count("GET /elsewhere"), 0);
    assert_eq!(other.lines(), [""; 0]);
}
