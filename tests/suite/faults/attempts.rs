//! How often a download is tried, what is worth another attempt, and how long each waits (W6.1, W6.3).

use std::time::{Duration, Instant, SystemTime};

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{Digest, ErrorKind, fetch_with_backoff, smartreceive};
use tokio::net::TcpListener;

use super::answer::{Answer, Step};
use super::server::Server;
use super::{DELAY, PROMPTLY, at_least, linking, message, receive, sample, verdict};

const FAILED: (ErrorCode, Phase, Option<usize>) =
    (ErrorCode::DownloadFailed, Phase::Fetch, Some(0));

#[tokio::test]
async fn five_attempts_with_doubled_waits() {
    let server = Server::start().await;
    server.script("GET /f", [Answer::status(500)]);
    let error = receive(&server, linking(&server, "/f", b"abc"))
        .await
        .expect_err("a broken server");
    assert_eq!(verdict(&error), FAILED);
    assert_eq!(error.kind(), ErrorKind::FileServer);
    assert!(error.is_retryable());
    assert_eq!(error.dataname(), Some("part 0"));
    assert!(
        error.message().contains("500") && error.message().contains("after 5 attempts"),
        "{error}"
    );
    assert!(
        at_least(&server.gaps("GET /f"), &[20, 40, 80, 160]),
        "{:?}",
        server.gaps("GET /f")
    );
}

#[tokio::test]
async fn max_retries_counts_attempts() {
    let server = Server::start().await;
    server.script(
        "GET /f",
        [
            Answer::status(500),
            Answer::status(500),
            Answer::body(b"abc"),
        ],
    );
    let received = receive(&server, linking(&server, "/f", b"abc"))
        .max_retries(3)
        .await
        .expect("the third attempt");
    assert_eq!(received.bytes("part 0").expect("bytes"), &b"abc"[..]);
    assert_eq!(server.count("GET /f"), 3);
    server.script("GET /g", [Answer::status(500), Answer::body(b"abc")]);
    let error = receive(&server, linking(&server, "/g", b"abc"))
        .max_retries(1)
        .await
        .expect_err("one attempt");
    assert_eq!(verdict(&error), FAILED);
    assert_eq!(server.count("GET /g"), 1);
    let error = receive(&server, linking(&server, "/h", b"abc"))
        .max_retries(0)
        .await
        .expect_err("no attempt");
    assert_eq!(
        (error.code(), error.kind()),
        (ErrorCode::InvalidEnvelope, ErrorKind::Argument)
    );
    assert!(error.message().contains("max_retries"), "{error}");
    assert_eq!(server.count("GET /h"), 0);
}

#[tokio::test]
async fn some_statuses_are_tried_again_and_others_not() {
    let server = Server::start().await;
    for status in [408, 425, 429, 500, 501, 502, 503, 504, 507, 599] {
        let path = format!("/again/{status}");
        server.script(
            &format!("GET {path}"),
            [Answer::status(status), Answer::body(b"abc")],
        );
        let received = receive(&server, linking(&server, &path, b"abc")).await;
        assert!(received.is_ok(), "{status}: {received:?}");
        assert_eq!(server.count(&format!("GET {path}")), 2, "{status}");
    }
    for status in [
        201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405,
        409, 410, 413, 416, 418, 422, 451,
    ] {
        let path = format!("/once/{status}");
        // What would be right with status 200.
        server.script(
            &format!("GET {path}"),
            [Answer::with(status, &[], b"abc"), Answer::body(b"abc")],
        );
        let error = receive(&server, linking(&server, &path, b"abc"))
            .await
            .expect_err("no 200");
        assert_eq!(verdict(&error), FAILED, "{status}");
        assert!(error.message().contains(&status.to_string()), "{error}");
        assert!(!error.is_retryable(), "{status}");
        assert_eq!(server.count(&format!("GET {path}")), 1, "{status}");
    }
}

#[tokio::test]
async fn what_is_gone_or_forbidden_is_said_so() {
    let server = Server::start().await;
    for (status, word) in [
        (404, "gone"),
        (410, "gone"),
        (401, "password"),
        (403, "token"),
    ] {
        let path = format!("/f/{status}");
        server.script(&format!("GET {path}"), [Answer::status(status)]);
        let error = receive(&server, linking(&server, &path, b"abc"))
            .await
            .expect_err("not there");
        assert!(error.message().contains(word), "{error}");
        assert!(error.message().contains(&path), "{error}");
    }
}

#[tokio::test]
async fn retry_after_lengthens_the_wait_up_to_max_delay() {
    let server = Server::start().await;
    let date = |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
    let cases = [
        (
            "/capped",
            "3600".to_owned(),
            Duration::from_millis(300),
            300,
            3000,
        ),
        (
            "/seconds",
            "1".to_owned(),
            Duration::from_secs(5),
            1000,
            5000,
        ),
        ("/date", date(60), Duration::from_millis(1500), 1500, 5000),
        ("/past", date(0), Duration::from_secs(5), 20, 900),
        (
            "/unreadable",
            "soon".to_owned(),
            Duration::from_secs(5),
            20,
            900,
        ),
        (
            "/absurd",
            "99999999999999999999".to_owned(),
            Duration::from_secs(5),
            20,
            900,
        ),
    ];
    for (path, value, ..) in &cases {
        let wait = Answer::with(429, &[("Retry-After", value)], b"");
        server.script(&format!("GET {path}"), [wait, Answer::body(b"abc")]);
    }
    let calls = cases.iter().map(|(path, _, max_delay, ..)| {
        let call = receive(&server, linking(&server, path, b"abc")).max_delay(*max_delay);
        async move { call.await.expect("the second attempt") }
    });
    futures_util::future::join_all(calls).await;
    for (path, _, _, least, most) in &cases {
        let gaps = server.gaps(&format!("GET {path}"));
        assert!(
            at_least(&gaps, &[*least]) && gaps[0] < Duration::from_millis(*most),
            "{path}: {gaps:?}"
        );
    }
}

#[tokio::test]
async fn broken_connections_are_tried_again_from_the_start() {
    let server = Server::start().await;
    let bytes = sample(300_000);
    let mut answers = vec![Answer::reset()];
    for at in [0, 1, 150_000, 299_999] {
        answers.push(Answer::cut(&bytes, at, &[]));
        answers.push(Answer::cut(&bytes, at, &[Step::Reset]));
    }
    let half_a_head = Answer::of([Step::Send(b"HTTP/1.1 200 OK\r\nContent-Len".to_vec())]);
    let nothing = Answer::of([]);
    answers.extend([half_a_head, nothing, Answer::body(&bytes)]);
    let attempts = answers.len();
    server.script("GET /f", answers);
    let call = receive(&server, linking(&server, "/f", &bytes))
        .max_retries(attempts as u32)
        .max_delay(DELAY);
    let received = call.await.expect("the last attempt");
    assert_eq!(received.bytes("part 0").expect("bytes"), &bytes);
    assert_eq!(server.count("GET /f"), attempts);
}

#[tokio::test]
async fn a_body_that_is_always_cut_short_fails_in_the_end() {
    let server = Server::start().await;
    for (path, answer) in [
        ("/length", Answer::cut(b"abcdef", 3, &[])),
        ("/chunks", Answer::chunked(b"abc")),
    ] {
        server.script(&format!("GET {path}"), [answer]);
        let error = receive(&server, linking(&server, path, b"abcdef"))
            .await
            .expect_err("half a body");
        assert_eq!(verdict(&error), FAILED, "{error}");
        assert!(error.message().contains("after 5 attempts"), "{error}");
        assert_eq!(server.count(&format!("GET {path}")), 5);
    }
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let start = Instant::now();
    let json = message(&[(format!("{url}/f"), 3, None)]);
    let error = smartreceive(json)
        .fileserver_url(url)
        .base_delay(DELAY)
        .await
        .expect_err("nobody there");
    assert_eq!(verdict(&error), FAILED);
    assert!(error.is_retryable());
    assert!(error.message().contains("after 5 attempts"), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(300) && start.elapsed() < PROMPTLY);
}

#[tokio::test]
async fn the_first_failure_of_the_list_is_told_and_not_the_fastest() {
    let server = Server::start().await;
    server.put("/good", b"abc");
    server.script(
        "GET /slow",
        [Answer::status(404).after(Duration::from_millis(300))],
    );
    server.script("GET /fast", [Answer::status(403)]);
    let link = |path: &str| (server.link(path), 3, Some(Digest::of(b"abc")));
    for (paths, first) in [
        (["/good", "/slow", "/fast"], "404"),
        (["/fast", "/slow", "/good"], "403"),
    ] {
        let error = receive(&server, message(&paths.map(link)))
            .await
            .expect_err("two failures");
        let index = paths.iter().position(|path| *path != "/good");
        assert_eq!(
            verdict(&error),
            (ErrorCode::DownloadFailed, Phase::Fetch, index)
        );
        assert!(error.message().contains(first), "{error}");
    }
}

#[tokio::test]
async fn at_most_four_downloads_run_at_once() {
    let server = Server::start().await;
    let paths: Vec<String> = (0..11).map(|at| format!("/{at:02}")).collect();
    for (at, path) in paths.iter().enumerate() {
        server.put(path, &[at as u8]);
        // The earlier, the slower, so that order by time would show.
        let pause = Duration::from_millis(120 - 10 * at as u64);
        server.script(&format!("GET {path}"), [Answer::usual().after(pause)]);
    }
    let links: Vec<_> = paths
        .iter()
        .map(|path| (server.link(path), 1, None))
        .collect();
    let received = receive(&server, message(&links))
        .await
        .expect("all payloads");
    let values: Vec<_> = received
        .payloads
        .iter()
        .map(|payload| payload.data.as_bytes().expect("bytes")[0])
        .collect();
    assert_eq!(values, (0..11).collect::<Vec<u8>>());
    assert_eq!(server.most_unanswered(), 4);
}

#[tokio::test]
async fn fetch_with_backoff_does_the_same_by_itself() {
    let server = Server::start().await;
    server.script("GET /f", [Answer::status(503), Answer::body(b"abc")]);
    let bytes = fetch_with_backoff(server.link("/f"))
        .base_delay(DELAY)
        .await
        .expect("the second attempt");
    assert_eq!(bytes, &b"abc"[..]);
    server.script("GET /g", [Answer::status(503)]);
    let id = "5e9ba7d6-5a3b-4a4e-9b3e-0d2a4f4f4b11";
    let call = fetch_with_backoff(server.link("/g?hunter2"))
        .base_delay(DELAY)
        .max_retries(4)
        .correlation_id(id);
    let error = call
        .max_delay(Duration::from_millis(30))
        .await
        .expect_err("a broken server");
    assert_eq!(
        verdict(&error),
        (ErrorCode::DownloadFailed, Phase::Fetch, None)
    );
    assert_eq!(error.correlation_id(), id);
    assert!(!error.message().contains("hunter2"), "{error}");
    assert!(
        at_least(&server.gaps("GET /g"), &[20, 30, 30]),
        "{:?}",
        server.gaps("GET /g")
    );
    let error = fetch_with_backoff(server.link("/f"))
        .size(4)
        .await
        .expect_err("3 bytes");
    assert_eq!(error.code(), ErrorCode::SizeMismatch);
    let error = fetch_with_backoff("file:///etc/passwd")
        .await
        .expect_err("no http");
    assert_eq!(
        (error.code(), error.kind()),
        (ErrorCode::InvalidEnvelope, ErrorKind::Argument)
    );
    let error = fetch_with_backoff(server.link("/f"))
        .max_retries(0)
        .await
        .expect_err("no attempt");
    assert!(error.message().contains("max_retries"), "{error}");
}
