//! Several file servers at once: who gets what, and what becomes of one that is down (NFR-108).

use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{
    DownloadHandler, FileServers, Part, Plik, SmartSend, UploadHandler, smartreceive, smartsend,
};

use super::answer::{Answer, Step};
use super::server::Server;
use super::stores::links;
use super::{DELAY, at_least, promptly, verdict};

/// How long a server is passed over after its first failure.
const PAUSE: Duration = Duration::from_secs(1);

/// A URL where nothing listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.and_then(|listener| listener.local_addr());
    format!("http://{}", address.expect("a free port"))
}

fn servers(urls: impl IntoIterator<Item = String>) -> FileServers<Plik> {
    let servers = FileServers::new(Plik::oneshot(), urls).expect("file servers");
    servers.pauses(PAUSE, 4 * PAUSE)
}

fn send(servers: &FileServers<Plik>, byte: u8) -> SmartSend {
    smartsend("a.b", [Part::binary("f", &[byte; 3])])
        .size_threshold(1)
        .base_delay(DELAY)
        .fallback(false)
        .fileserver_upload_handler(servers.clone())
}

async fn sent(servers: &FileServers<Plik>, byte: u8) -> String {
    promptly(send(servers, byte)).await.expect("a message").1
}

fn uploads(server: &Server) -> usize {
    server.count("POST /upload")
}

#[tokio::test]
async fn uploads_are_spread_and_fetched_from_where_they_are() {
    let all = [
        Server::start().await,
        Server::start().await,
        Server::start().await,
    ];
    let servers = servers(all.iter().map(Server::url));
    let expected: Vec<_> = all.iter().map(Server::origin).collect();
    assert_eq!(
        DownloadHandler::origins(&servers, "http://other.example"),
        expected
    );
    assert!(UploadHandler::is_oneshot(&servers));
    for byte in 0..9 {
        let json = sent(&servers, byte).await;
        let receiving = smartreceive(json).fileserver_download_handler(servers.clone());
        let received = promptly(receiving).await.expect("what was uploaded");
        assert_eq!(received.bytes("f").expect("bytes"), &[byte; 3][..]);
    }
    assert_eq!(all.each_ref().map(uploads), [3, 3, 3]);
    assert_eq!(servers.down(), Vec::<String>::new());
}

#[tokio::test]
async fn the_payloads_of_one_message_are_spread_as_well() {
    let all = [Server::start().await, Server::start().await];
    let servers = servers(all.iter().map(Server::url));
    let parts = ["a", "b", "c", "d"].map(|name| Part::binary(name, name.as_bytes()));
    let call = smartsend("a.b", parts).size_threshold(1);
    let (_, json) = promptly(call.fileserver_upload_handler(servers.clone()))
        .await
        .expect("a message");
    assert_eq!(all.each_ref().map(uploads), [2, 2]);
    let receiving = smartreceive(json).fileserver_download_handler(servers);
    let received = promptly(receiving).await.expect("all payloads");
    assert_eq!(received.bytes("d").expect("bytes"), &b"d"[..]);
}

#[tokio::test]
async fn one_that_is_dead_from_the_start_is_passed_over() {
    let (one, other) = (Server::start().await, Server::start().await);
    let dead = nowhere().await;
    let servers = servers([dead.clone(), one.url(), other.url()]);
    let began = Instant::now();
    for byte in 0..10 {
        sent(&servers, byte).await;
    }
    assert!(began.elapsed() < PAUSE, "{:?}", began.elapsed());
    assert_eq!(uploads(&one) + uploads(&other), 10);
    assert!(
        uploads(&one).abs_diff(uploads(&other)) <= 1,
        "{} {}",
        uploads(&one),
        uploads(&other)
    );
    assert_eq!(servers.down(), [dead]);
}

#[tokio::test]
async fn one_that_fails_is_left_alone_and_then_tried_again() {
    let all = [
        Server::start().await,
        Server::start().await,
        Server::start().await,
    ];
    let servers = servers(all.iter().map(Server::url));
    // Well, then twice not, then well again.
    let ill = || Answer::status(503);
    all[1].script(
        "POST /upload",
        [Answer::usual(), ill(), ill(), Answer::usual()],
    );
    let mut byte = 0;
    let mut send_some = async |number: usize| {
        for _ in 0..number {
            sent(&servers, byte).await;
            byte += 1;
        }
    };
    send_some(3).await;
    assert_eq!(all.each_ref().map(uploads), [1, 1, 1]);
    // It fails, the upload goes on elsewhere at once, and nobody asks it during its pause.
    send_some(9).await;
    assert_eq!(uploads(&all[1]), 2);
    assert_eq!(uploads(&all[0]) + uploads(&all[2]), 2 + 9);
    assert_eq!(servers.down(), [all[1].url()]);
    // One upload finds out that it still fails, and the next pause is twice as long.
    tokio::time::sleep(PAUSE).await;
    send_some(6).await;
    assert_eq!(uploads(&all[1]), 3);
    tokio::time::sleep(PAUSE + PAUSE / 10).await;
    send_some(3).await;
    assert_eq!(uploads(&all[1]), 3, "its pause has doubled");
    tokio::time::sleep(PAUSE).await;
    send_some(6).await;
    assert_eq!(uploads(&all[1]), 5, "it takes its turns again");
    assert_eq!(servers.down(), Vec::<String>::new());
    assert_eq!(all.iter().map(Server::files).sum::<usize>(), 27);
}

#[tokio::test]
async fn one_that_dies_in_the_middle_loses_nothing() {
    let mut all = vec![
        Server::start().await,
        Server::start().await,
        Server::start().await,
    ];
    let servers = servers(all.iter().map(Server::url));
    for byte in 0..3 {
        sent(&servers, byte).await;
    }
    let dying = all.remove(0);
    let url = dying.url();
    drop(dying);
    for byte in 0..6 {
        let json = sent(&servers, byte).await;
        assert!(!links(&json)[0].starts_with(&url), "{json}");
    }
    assert_eq!(all.iter().map(uploads).collect::<Vec<_>>(), [4, 4]);
    assert_eq!(servers.down(), [url]);
}

#[tokio::test]
async fn all_of_them_are_tried_although_they_are_down() {
    let all = [Server::start().await, Server::start().await];
    for server in &all {
        server.script("POST /upload", [Answer::status(500)]);
    }
    let servers = servers(all.iter().map(Server::url));
    let error = promptly(send(&servers, 0))
        .await
        .expect_err("nobody takes it");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
        "{error}"
    );
    assert!(error.message().contains("(after 5 attempts)"), "{error}");
    assert!(error.is_retryable());
    // Five attempts in all, with a delay after each second one.
    assert_eq!(all.each_ref().map(uploads), [3, 2]);
    assert!(
        at_least(&all[0].gaps("POST /upload"), &[20, 40]),
        "{:?}",
        all[0].gaps("POST ")
    );
    assert_eq!(servers.down().len(), 2);
    promptly(send(&servers, 0))
        .await
        .expect_err("nobody takes it");
    assert_eq!(all.each_ref().map(uploads).iter().sum::<usize>(), 10);
}

#[tokio::test]
async fn one_server_is_tried_as_ever() {
    let server = Server::start().await;
    let failure = Answer::status(503);
    let answers = [
        failure.clone(),
        failure.clone(),
        failure.clone(),
        failure,
        Answer::usual(),
    ];
    server.script("POST /upload", answers);
    sent(&servers([server.url()]), 0).await;
    assert!(
        at_least(&server.gaps("POST /upload"), &[20, 40, 80, 160]),
        "{:?}",
        server.gaps("POST ")
    );
}

#[tokio::test]
async fn a_refusal_for_good_is_not_the_last_word() {
    let all = [Server::start().await, Server::start().await];
    all[0].script("POST /upload", [Answer::status(400)]);
    let servers = servers(all.iter().map(Server::url));
    let json = sent(&servers, 0).await;
    assert!(links(&json)[0].starts_with(&all[1].url()), "{json}");
    assert_eq!(all.each_ref().map(uploads), [1, 1]);
    assert_eq!(servers.down(), Vec::<String>::new(), "it is nobody's fault");
    // One attempt is one server, whatever it says.
    let all = [Server::start().await, Server::start().await];
    all[0].script("POST /upload", [Answer::status(400)]);
    let servers = self::servers(all.iter().map(Server::url));
    promptly(send(&servers, 0).max_retries(1))
        .await
        .expect_err("a refusal");
    assert_eq!(all.each_ref().map(uploads), [1, 0]);
}

#[tokio::test]
async fn behind_a_refusal_for_good_the_others_are_asked_once() {
    for (others, is_retryable) in [([400, 413], false), ([503, 400], true), ([400, 503], true)] {
        let all = [
            Server::start().await,
            Server::start().await,
            Server::start().await,
        ];
        for (server, status) in all.iter().zip([401, others[0], others[1]]) {
            server.script("POST /upload", [Answer::status(status)]);
        }
        let servers = servers(all.iter().map(Server::url));
        let error = promptly(send(&servers, 0))
            .await
            .expect_err("nobody takes it");
        assert_eq!(all.each_ref().map(uploads), [1, 1, 1], "{others:?}");
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
        for server in &all {
            assert!(error.message().contains(&server.url()), "{error}");
        }
    }
}

/// Longer than [`IMPATIENT`], and shorter than any time-out for reading.
const SHORT: Duration = Duration::from_millis(600);

/// How long a server is silent until a dropped upload counts against it.
const IMPATIENT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn one_that_hangs_is_passed_over_although_nobody_waits_for_its_time_out() {
    for silence in ["POST /upload", "POST /file/"] {
        let (silent, other) = (Server::start().await, Server::start().await);
        silent.script(silence, [Answer::silence()]);
        let servers = servers([silent.url(), other.url()]);
        let hurried = |byte| {
            let call = send(&servers, byte).connect_timeout(IMPATIENT);
            promptly(call.deadline(SHORT))
        };
        let error = hurried(0).await.expect_err("silence");
        assert!(error.message().contains("deadline"), "{error}");
        assert_eq!(servers.down(), [silent.url()]);
        for byte in 1..5 {
            hurried(byte).await.expect("a message");
        }
        assert_eq!(uploads(&silent), 1, "{silence}");
        assert_eq!(uploads(&other), 4, "{silence}");
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_early_says_nothing_of_its_server() {
    let silent = Server::start().await;
    silent.script("POST /upload", [Answer::silence()]);
    let servers = servers([silent.url()]);
    let early = send(&servers, 0).deadline(SHORT);
    promptly(early).await.expect_err("silence");
    assert_eq!(uploads(&silent), 1);
    assert_eq!(servers.down(), Vec::<String>::new());
}

#[tokio::test]
async fn one_that_is_slow_does_not_hang() {
    let slow = Server::narrow().await;
    let sips = Step::Sip(256 << 10, Duration::from_millis(10));
    slow.script("POST /file/", [Answer::of([sips, Step::Usual])]);
    let servers = servers([slow.url()]);
    let call = smartsend("a.b", [Part::binary("f", vec![0; 64 << 20])])
        .fallback(false)
        .fileserver_upload_handler(servers.clone())
        .connect_timeout(2 * IMPATIENT)
        .deadline(3 * IMPATIENT);
    promptly(call).await.expect_err("too slow for the deadline");
    assert_eq!(slow.count("POST /file/"), 1);
    assert_eq!(servers.down(), Vec::<String>::new());
}

#[tokio::test]
async fn those_that_are_down_are_told_without_their_secrets() {
    let dead = nowhere().await;
    let servers = servers([format!("{dead}/?token=hunter2")]);
    promptly(send(&servers, 0).max_retries(1))
        .await
        .expect_err("nobody is there");
    assert_eq!(servers.down(), [format!("{dead}/?…")]);
}

#[tokio::test]
async fn what_will_not_be_sent_is_removed_where_it_is() {
    let all = [Server::start().await, Server::start().await];
    let servers = servers(all.iter().map(Server::url));
    let dir = tempfile::tempdir().expect("a folder");
    let gone = dir.path().join("gone");
    std::fs::write(&gone, vec![0; 2 << 20]).expect("a file");
    let parts = [
        Part::binary("a", b"abc"),
        Part::binary("gone", gone.clone()),
        Part::binary("b", b"def"),
    ];
    let call = smartsend("a.b", parts)
        .size_threshold(1)
        .on_progress(move |progress| {
            if progress.dataname == "gone" && progress.transferred < progress.size {
                std::fs::write(&gone, b"").expect("written");
            }
        });
    let call = call.fileserver_upload_handler(servers);
    promptly(call).await.expect_err("a file that shrinks");
    assert_eq!(all.each_ref().map(Server::files), [0, 0]);
    assert!(all.iter().all(|server| server.count("DELETE /upload") >= 1));
}

#[test]
fn servers_are_urls_and_at_least_one() {
    let error = FileServers::new(Plik::oneshot(), Vec::<String>::new()).expect_err("none");
    assert!(error.message().contains("at least one"), "{error}");
    for url in ["", "files.example", "http://u:hunter2@a", "ftp://a"] {
        let error = FileServers::new(Plik::oneshot(), ["http://a", url]).expect_err(url);
        assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let servers = FileServers::new(Plik::oneshot(), ["http://a/?token=hunter2"]).expect("servers");
    assert!(!format!("{servers:?}").contains("hunter2"), "{servers:?}");
}
