//! Servers that say nothing, or too little at a time (W6.2).

use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{Part, smartreceive};

use super::answer::{Answer, Step, head};
use super::server::Server;
use super::{DELAY, PROMPTLY, linking, message, promptly, receive, sample, send, verdict};

/// Short, in place of 30 s.
const READ_TIMEOUT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_silent_server_costs_an_attempt() {
    let server = Server::start().await;
    let bytes = sample(1000);
    let half_a_head = Answer::of([
        Step::Send(b"HTTP/1.1 200 OK\r\nContent-".to_vec()),
        Step::Hold,
    ]);
    let answers = [
        Answer::silence(),
        half_a_head,
        Answer::cut(&bytes, 0, &[Step::Hold]),
        Answer::cut(&bytes, 999, &[Step::Hold]),
        Answer::body(&bytes),
    ];
    server.script("GET /f", answers);
    let call = receive(&server, linking(&server, "/f", &bytes)).read_timeout(READ_TIMEOUT);
    let received = promptly(call).await;
    assert_eq!(
        received
            .expect("the fifth attempt")
            .bytes("part 0")
            .expect("bytes"),
        &bytes
    );
    let gaps = server.gaps("GET /f");
    assert_eq!(gaps.len(), 4);
    assert!(gaps.iter().all(|gap| *gap >= READ_TIMEOUT), "{gaps:?}");
    server.script("GET /g", [Answer::silence()]);
    let call = receive(&server, linking(&server, "/g", &bytes))
        .read_timeout(READ_TIMEOUT)
        .max_retries(2);
    let error = promptly(call).await.expect_err("silence");
    assert_eq!(
        verdict(&error),
        (ErrorCode::DownloadFailed, Phase::Fetch, Some(0))
    );
    assert!(
        error.is_retryable() && error.message().contains("200 ms"),
        "{error}"
    );
    assert_eq!(server.count("GET /g"), 2);
}

#[tokio::test]
async fn a_slow_body_is_no_silence() {
    let server = Server::start().await;
    let bytes = sample(60);
    let length = head(200, &[("Content-Length", "60")]);
    let drip = Step::Drip(bytes.clone(), 1, Duration::from_millis(30));
    server.script("GET /f", [Answer::of([Step::Send(length), drip])]);
    let start = Instant::now();
    let call =
        receive(&server, linking(&server, "/f", &bytes)).read_timeout(Duration::from_secs(1));
    let received = promptly(call).await.expect("60 bytes");
    assert_eq!(received.bytes("part 0").expect("bytes"), &bytes);
    assert!(
        start.elapsed() > Duration::from_millis(1500),
        "the test itself is too fast to show anything"
    );
    assert_eq!(server.count("GET /f"), 1);
}

#[tokio::test]
async fn a_server_that_takes_no_bytes_costs_an_attempt() {
    let server = Server::narrow().await;
    // More than the buffers of a connection hold.
    let bytes = sample(16 << 20);
    server.script("POST /file/", [Answer::of([Step::Hold]), Answer::usual()]);
    let part = Part::binary("f", bytes.clone());
    let call = send(&server, [part]).read_timeout(Duration::from_secs(1));
    let (envelope, _) = promptly(call).await.expect("the second attempt");
    assert_eq!(envelope.payloads[0].transport, Transport::Link);
    assert_eq!(server.count("POST /file/"), 2);
    assert!(server.gaps("POST /file/")[0] >= Duration::from_secs(1));
    assert_eq!(server.seen().last().expect("a request").part().1, bytes);
}

#[tokio::test]
async fn a_server_that_takes_all_bytes_and_does_not_answer_costs_an_attempt() {
    let server = Server::start().await;
    server.script("POST /upload", [Answer::silence(), Answer::usual()]);
    server.script("POST /file/", [Answer::silence(), Answer::usual()]);
    let call = send(&server, [Part::binary("f", sample(1000))]).read_timeout(READ_TIMEOUT);
    let (envelope, _) = promptly(call).await.expect("the third attempt");
    assert_eq!(envelope.payloads[0].transport, Transport::Link);
    assert_eq!(
        (server.count("POST /upload"), server.count("POST /file/")),
        (3, 2)
    );
    let gaps = server.gaps("POST /upload");
    assert!(gaps.iter().all(|gap| *gap >= READ_TIMEOUT), "{gaps:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_costs_an_attempt() {
    let server = Server::start().await;
    let cut = |end: &[Step]| Answer::cut(b"{\"id\": \"U1\", \"uploadToken\": \"hunter2\"}", 9, end);
    server.script(
        "POST /upload",
        [
            cut(&[]),
            cut(&[Step::Reset]),
            cut(&[Step::Hold]),
            Answer::usual(),
        ],
    );
    let call = send(&server, [Part::binary("f", b"abc")]).read_timeout(READ_TIMEOUT);
    let (envelope, _) = promptly(call).await.expect("the fourth attempt");
    assert_eq!(envelope.payloads[0].transport, Transport::Link);
    assert_eq!(server.count("POST /upload"), 4);
}

#[tokio::test]
async fn a_slow_upload_is_no_silence() {
    let server = Server::narrow().await;
    let bytes = sample(8 << 20);
    let sip = Step::Sip(64 << 10, Duration::from_millis(15));
    server.script("POST /file/", [Answer::of([sip, Step::Usual])]);
    let start = Instant::now();
    let call = send(&server, [Part::binary("f", bytes.clone())])
        .read_timeout(Duration::from_millis(1500))
        .fallback(false);
    promptly(call).await.expect("a slow upload");
    assert!(
        start.elapsed() > Duration::from_millis(1800),
        "the test itself is too fast to show anything"
    );
    assert_eq!(server.count("POST /file/"), 1);
    assert_eq!(server.seen().last().expect("a request").part().1, bytes);
}

#[tokio::test]
async fn the_deadline_ends_the_whole_call() {
    let server = Server::start().await;
    let deadline = Duration::from_millis(300);
    server.script("GET /silent", [Answer::silence()]);
    let start = Instant::now();
    let call = receive(&server, linking(&server, "/silent", b"abc")).deadline(deadline);
    let error = promptly(call).await.expect_err("silence");
    assert_eq!(
        verdict(&error),
        (ErrorCode::DownloadFailed, Phase::Fetch, Some(0))
    );
    assert!(error.message().contains("deadline"), "{error}");
    assert!(start.elapsed() >= deadline && start.elapsed() < PROMPTLY);

    server.script("GET /broken", [Answer::status(500)]);
    let call = receive(&server, linking(&server, "/broken", b"abc"))
        .deadline(deadline)
        .base_delay(deadline * 2 / 3);
    promptly(call).await.expect_err("a broken server");
    let before = server.count("GET /broken");
    assert!((1..=2).contains(&before), "{before}");
    tokio::time::sleep(deadline * 2).await;
    assert_eq!(
        server.count("GET /broken"),
        before,
        "attempts go on behind the caller's back"
    );

    server.script("POST /upload", [Answer::silence()]);
    let start = Instant::now();
    let call = send(&server, [Part::binary("f", b"abc")])
        .deadline(deadline)
        .fallback(false);
    let error = promptly(call).await.expect_err("silence");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(0))
    );
    assert!(error.message().contains("deadline"), "{error}");
    assert!(start.elapsed() >= deadline && start.elapsed() < PROMPTLY);
}

#[tokio::test]
async fn the_deadline_counts_for_all_transfers_together() {
    let server = Server::start().await;
    let pause = Duration::from_millis(150);
    server.script("GET /", [Answer::body(b"abc").after(pause)]);
    let links: Vec<_> = (0..20)
        .map(|at| (server.link(&format!("/{at}")), 3, None))
        .collect();
    let start = Instant::now();
    let call = receive(&server, message(&links)).deadline(pause * 5 / 2);
    let error = promptly(call).await.expect_err("five rounds of four");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::DownloadFailed, Phase::Fetch)
    );
    assert!(start.elapsed() < pause * 5, "{:?}", start.elapsed());
}

/// Full, a queue of connections makes Linux drop what comes, as an address does behind which nobody is.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_does_not_come_about_costs_an_attempt() {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(connected) = tokio::time::timeout(
        Duration::from_millis(200),
        tokio::net::TcpStream::connect(address),
    )
    .await
    {
        waiting.push(connected.expect("a connection"));
        assert!(waiting.len() < 64, "the queue of connections is never full");
    }
    let start = Instant::now();
    let connect_timeout = Duration::from_millis(150);
    let url = format!("http://{address}");
    let call = smartreceive(message(&[(format!("{url}/f"), 3, None)]))
        .fileserver_url(url)
        .base_delay(DELAY);
    let error = call
        .connect_timeout(connect_timeout)
        .max_retries(2)
        .await
        .expect_err("no connection");
    assert_eq!(
        verdict(&error),
        (ErrorCode::DownloadFailed, Phase::Fetch, Some(0))
    );
    assert!(
        error.is_retryable() && error.message().contains("after 2 attempts"),
        "{error}"
    );
    assert!(
        start.elapsed() >= connect_timeout * 2 && start.elapsed() < PROMPTLY,
        "{:?}",
        start.elapsed()
    );
}
