//! Uploads that fail for good: which payloads go direct instead, and what is removed where that fails (W5.1, W6.4, W6.7).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{HandlerError, Part, SmartSend, Upload, UploadHandler, Uploaded, smartsend};

use super::answer::Answer;
use super::server::Server;
use super::{PROMPTLY, promptly, receive, sample, send, verdict};

/// A store that does with each payload what its name says, and remembers what it removed.
#[derive(Clone, Default)]
struct ByName {
    uploaded: Arc<Mutex<Vec<String>>>,
    removed: Arc<Mutex<Vec<String>>>,
}

impl UploadHandler for ByName {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let (what, argument) = upload
            .dataname
            .split_once(' ')
            .unwrap_or((upload.dataname, ""));
        match what {
            "fail" => return Err(HandlerError::new("said so")),
            "status" => {
                return Ok(Uploaded::new(
                    argument.parse().expect("a status"),
                    "http://a.invalid/f",
                ));
            }
            "hang" => std::future::pending().await,
            "slow" => tokio::time::sleep(Duration::from_millis(200)).await,
            "late" => {
                tokio::time::sleep(Duration::from_millis(200)).await;
                return Err(HandlerError::new("too late"));
            }
            _ => {}
        }
        let url = match what {
            "url" => argument.to_owned(),
            "long" => format!(
                "http://a.invalid/{}",
                "x".repeat(argument.parse().expect("a length"))
            ),
            _ => format!("http://a.invalid/{}", upload.source.size()),
        };
        self.uploaded.lock().expect("a lock").push(url.clone());
        Ok(Uploaded::new(200, url))
    }

    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        self.removed
            .lock()
            .expect("a lock")
            .push(uploaded.url.clone());
        Err(HandlerError::new("best effort"))
    }
}

impl ByName {
    /// Sends payloads of these names and sizes.
    fn send(&self, parts: &[(&str, usize)]) -> SmartSend {
        let parts = parts
            .iter()
            .map(|(name, size)| Part::binary(*name, sample(*size)));
        smartsend("a.b", parts)
            .fileserver_upload_handler(self.clone())
            .size_threshold(1000)
    }

    /// Whether all that was uploaded was removed, and that was so much.
    fn has_removed(&self, count: usize) -> bool {
        let sorted = |urls: &Mutex<Vec<String>>| {
            let mut urls = urls.lock().expect("a lock").clone();
            urls.sort();
            urls
        };
        let uploaded = sorted(&self.uploaded);
        uploaded.len() == count && uploaded == sorted(&self.removed)
    }
}

fn transports(envelope: &natsbridge::wire::Envelope) -> Vec<Transport> {
    envelope
        .payloads
        .iter()
        .map(|payload| payload.transport)
        .collect()
}

#[tokio::test]
async fn without_a_file_server_all_goes_direct() {
    let server = Server::start().await;
    server.script("POST /upload", [Answer::status(500)]);
    let parts = [
        Part::text("a", "é"),
        Part::binary("b", sample(5000)),
        Part::dictionary("c", &[1, 2]),
    ];
    let (envelope, json) = send(&server, parts)
        .max_retries(2)
        .await
        .expect("a message without links");
    assert_eq!(transports(&envelope), [Transport::Direct; 3]);
    assert_eq!(server.count("POST /upload"), 6);
    let received = receive(&server, json).await.expect("all payloads");
    assert_eq!(received.text("a").expect("a text"), "é");
    assert_eq!(received.bytes("b").expect("bytes"), &sample(5000));
    assert_eq!(
        received.dictionary::<Vec<u8>>("c").expect("an array"),
        [1, 2]
    );
}

#[tokio::test]
async fn those_that_failed_go_direct_and_the_others_stay_links() {
    let store = ByName::default();
    let parts = [
        ("ok", 1001),
        ("fail 1", 1002),
        ("status 201", 1003),
        ("ok", 1004),
        ("small", 999),
        ("fail 2", 1005),
    ];
    let (envelope, json) = store.send(&parts).await.expect("a message");
    use Transport::{Direct, Link};
    assert_eq!(
        transports(&envelope),
        [Link, Direct, Direct, Link, Direct, Direct]
    );
    let sizes: Vec<u64> = envelope
        .payloads
        .iter()
        .map(|payload| payload.size.get())
        .collect();
    assert_eq!(sizes, [1001, 1002, 1003, 1004, 999, 1005]);
    assert!(
        json.contains("http://a.invalid/1001") && json.contains("http://a.invalid/1004"),
        "{json}"
    );
    assert_eq!(*store.removed.lock().expect("a lock"), [""; 0]);
}

#[tokio::test]
async fn one_that_does_not_fit_fails_the_message_and_removes_the_others() {
    let store = ByName::default();
    // 800,000 bytes are 1,066,668 in base64.
    let parts = [
        ("ok", 1001),
        ("fail small", 1002),
        ("fail large", 800_000),
        ("ok", 1003),
        ("fail larger", 900_000),
    ];
    let error = store.send(&parts).await.expect_err("it does not fit");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(2)),
        "{error}"
    );
    assert_eq!(error.dataname(), Some("fail large"));
    assert!(
        error.message().contains("said so") && error.message().contains("1048576"),
        "{error}"
    );
    assert!(store.has_removed(2));
}

#[tokio::test]
async fn they_have_to_fit_together_in_list_order() {
    let store = ByName::default();
    let parts = [
        ("fail 1", 300_000),
        ("fail 2", 300_000),
        ("ok", 1001),
        ("fail 3", 300_000),
        ("fail 4", 1002),
    ];
    let error = store
        .send(&parts)
        .await
        .expect_err("two fit and three do not");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(3)),
        "{error}"
    );
    assert!(store.has_removed(1));
    let (envelope, json) = ByName::default().send(&parts[..3]).await.expect("two fit");
    assert_eq!(
        transports(&envelope),
        [Transport::Direct, Transport::Direct, Transport::Link]
    );
    // The very limit: what is written, and one byte less.
    let exactly = |limit| ByName::default().send(&parts[..3]).max_message_bytes(limit);
    exactly(json.len() as u64).await.expect("it fits exactly");
    let error = exactly(json.len() as u64 - 1)
        .await
        .expect_err("a byte too long");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(1)),
        "{error}"
    );
}

#[tokio::test]
async fn uploads_on_the_server_are_removed_with_their_tokens() {
    let server = Server::start().await;
    server.script("POST /file/U2", [Answer::status(403)]);
    let parts = [1_000_000, 1_000_001, 1_000_002].map(|size| Part::binary("f", sample(size)));
    let error = send(&server, parts).await.expect_err("1 MB does not fit");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::UploadFailed, Phase::Upload)
    );
    let mut removed: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.line.starts_with("DELETE"))
        .map(|seen| {
            (
                seen.line.clone(),
                seen.header("x-uploadtoken").unwrap_or_default().to_owned(),
            )
        })
        .collect();
    removed.sort();
    let expected = [1, 2, 3].map(|number| {
        (
            format!("DELETE /upload/U{number}"),
            format!("hunter2-{number}"),
        )
    });
    assert_eq!(removed, expected);
    assert_eq!(server.files(), 0);
}

#[tokio::test]
async fn fallback_can_be_forbidden() {
    let store = ByName::default();
    let error = store
        .send(&[("ok", 1001), ("fail", 1002), ("ok", 1003)])
        .fallback(false)
        .await
        .expect_err("a failure");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(1)),
        "{error}"
    );
    assert!(error.message().contains("fallback"), "{error}");
    let uploaded = store.uploaded.lock().expect("a lock").len();
    assert!(
        store.has_removed(uploaded),
        "{:?} {:?}",
        store.uploaded,
        store.removed
    );
}

#[tokio::test]
async fn without_fallback_it_fails_at_once() {
    let store = ByName::default();
    let call = store
        .send(&[("slow", 1001), ("fail", 1002), ("hang", 1003)])
        .fallback(false);
    let error = promptly(call).await.expect_err("a failure");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(1)),
        "{error}"
    );
    assert_eq!(
        *store.removed.lock().expect("a lock"),
        ["http://a.invalid/1001"]
    );
}

#[tokio::test]
async fn the_first_failure_of_the_list_is_told_and_not_the_fastest() {
    let call = ByName::default()
        .send(&[("ok", 1001), ("late", 1002), ("fail", 1003)])
        .fallback(false);
    let error = call.await.expect_err("two failures");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(1))
    );
    assert!(error.message().contains("too late"), "{error}");
}

#[tokio::test]
async fn what_a_handler_returns_is_held_against_the_contract() {
    for name in [
        "status 201",
        "status 204",
        "status 302",
        "status 404",
        "status 500",
        "status 0",
        "fail",
    ] {
        let error = ByName::default()
            .send(&[(name, 1001)])
            .fallback(false)
            .await
            .expect_err(name);
        assert_eq!(
            verdict(&error),
            (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
            "{name}: {error}"
        );
        let status = name.strip_prefix("status ").unwrap_or("said so");
        assert!(error.message().contains(status), "{error}");
    }
    for name in [
        "url",
        "url ftp://a.invalid/f",
        "url /relative",
        "url http://me@a.invalid/f",
        "url http://a.invalid/f#fragment",
        "url http://a.invalid/ä",
        "url http://a.invalid/a b",
        "url http://127.1/f",
        "long 2032",
    ] {
        let error = ByName::default()
            .send(&[(name, 1001)])
            .fallback(false)
            .await
            .expect_err(name);
        assert_eq!(
            verdict(&error),
            (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_sent_removes_the_other_uploads() {
    let store = ByName::default();
    let parts = [
        ("ok", 1001),
        ("url http://a.invalid/a b", 1002),
        ("ok", 1003),
    ];
    let error = store
        .send(&parts)
        .fallback(false)
        .await
        .expect_err("no URL");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(1)),
        "{error}"
    );
    assert!(
        store.has_removed(3),
        "{:?} {:?}",
        store.uploaded,
        store.removed
    );
}

#[tokio::test]
async fn the_real_length_is_checked_at_the_end() {
    let store = ByName::default();
    // Each link counts as 512 bytes until it is known: this one makes up for the other, and a little more.
    let parts = [("long 1000", 1001), ("ok", 1002)];
    let (_, json) = store.send(&parts).await.expect("it fits");
    let length = json.len() as u64;
    ByName::default()
        .send(&parts)
        .max_message_bytes(length)
        .await
        .expect("it fits exactly");
    let store = ByName::default();
    let error = store
        .send(&parts)
        .max_message_bytes(length - 1)
        .await
        .expect_err("a byte too long");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::PayloadTooLarge, Phase::Limit),
        "{error}"
    );
    assert!(store.has_removed(2));
}

#[tokio::test]
async fn a_server_that_is_silent_about_removals_holds_nobody_up() {
    let server = Server::start().await;
    server.script("DELETE ", [Answer::silence()]);
    server.script("POST /file/U3", [Answer::status(403)]);
    let parts = [1_000_000, 1_000_001, 1_000_002].map(|size| Part::binary("f", sample(size)));
    let start = Instant::now();
    let error = send(&server, parts)
        .read_timeout(Duration::from_millis(500))
        .await
        .expect_err("1 MB does not fit");
    assert_eq!(
        (error.code(), error.phase()),
        (ErrorCode::UploadFailed, Phase::Upload)
    );
    assert!(start.elapsed() < PROMPTLY, "{:?}", start.elapsed());
}
