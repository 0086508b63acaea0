//! Against a real S3-compatible server: what goes up, what a receiver needs, and what is left behind.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{
    Bucket, Error, HandlerError, Origin, Part, SmartSend, Upload, UploadHandler, Uploaded, now,
    smartreceive, smartsend,
};

use super::gateway::{ACCESS_KEY, Gateway, SECRET_KEY};
use super::{DELAY, Store, links, sample, verdict};

/// The smallest parts there are.
const PART: u64 = 5 << 20;

/// Sends by link whatever can be, with short delays.
fn send<P: Into<Part>>(bucket: &Bucket, parts: impl IntoIterator<Item = P>) -> SmartSend {
    smartsend("a.b", parts)
        .size_threshold(1)
        .base_delay(DELAY)
        .fileserver_upload_handler(bucket.clone())
}

fn origin(gateway: &Gateway) -> Origin {
    gateway.url().parse().expect("an origin")
}

fn parts(gateway: &Gateway) -> Bucket {
    gateway.bucket().part_size(PART).expect("a part size")
}

/// Everything that can be printed of an error.
fn printed(error: &Error) -> String {
    let mut text = format!("{error}\n{error:#?}\n{}", error.report(now()).to_json());
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!("\n{error}\n{error:?}"));
        source = error.source();
    }
    text
}

fn is_clean(text: &str) {
    for secret in [
        SECRET_KEY,
        ACCESS_KEY,
        "X-Amz-Signature=",
        "X-Amz-Credential=",
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Writes a file of so many bytes.
fn file(folder: &Path, size: usize) -> std::path::PathBuf {
    let path = folder.join(format!("from-{size}"));
    std::fs::write(&path, sample(size)).expect("a file");
    path
}

/// Notes what was uploaded, so that a test can remove it.
#[derive(Clone)]
struct Noting(Bucket, Arc<Mutex<Vec<Uploaded>>>);

impl UploadHandler for Noting {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let uploaded = self.0.upload(upload).await?;
        self.1.lock().expect("a lock").push(uploaded.clone());
        Ok(uploaded)
    }
}

#[tokio::test]
async fn a_bucket_is_a_store() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    Store {
        upload: gateway.bucket().prefix("in/box").expect("a prefix"),
        download: gateway.bucket(),
        fileserver_url: "http://localhost:8080".to_owned(),
        kept: &|| gateway.objects().len(),
    }
    .passes()
    .await;
}

#[tokio::test]
async fn a_receiver_needs_no_credentials() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let (_, json) = send(&gateway.bucket(), [Part::binary("f", b"abc")])
        .await
        .expect("a message");
    let link = links(&json).remove(0);
    assert!(link.starts_with(&gateway.url()), "{link}");
    let received = smartreceive(json.clone()).allowed_origins([origin(&gateway)]);
    let received = received.await.expect("what was uploaded");
    assert_eq!(received.bytes("f").expect("bytes"), &b"abc"[..]);
    let error = smartreceive(json).await.expect_err("another origin");
    assert_eq!(error.code(), ErrorCode::UrlNotAllowed);
    let unsigned = link.split('?').next().expect("a path");
    let error = natsbridge::fetch_with_backoff(unsigned).await;
    assert!(error.is_err(), "the bucket is open to all");
}

#[test]
fn large_files_go_in_parts_and_never_are_in_memory() {
    const SIZE: usize = 40 << 20;
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let (from, into) = (file(dir.path(), SIZE), dir.path().join("into"));
    std::fs::create_dir(&into).expect("a folder");
    let bucket = parts(&gateway);
    let mut received = None;
    let memory = allocation_counter::measure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        received = runtime
            .expect("a runtime")
            .block_on(async {
                let (_, json) = send(&bucket, [Part::binary("f", from.clone())]).await?;
                let receiving = smartreceive(json).allowed_origins([origin(&gateway)]);
                receiving.into_dir(&into).await.map(Some)
            })
            .expect("a file");
    });
    let received = received.expect("a file");
    let path = received.payloads[0].data.as_file().expect("a file");
    assert!(
        std::fs::read(path).expect("a file") == std::fs::read(&from).expect("a file"),
        "other bytes"
    );
    assert_eq!(gateway.objects(), [SIZE as u64]);
    // Two parts, and what is read and written around them.
    assert!(memory.bytes_max < 3 * PART, "{} bytes", memory.bytes_max);
}

#[tokio::test]
async fn parts_of_every_remainder_come_together() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let bucket = parts(&gateway);
    let sizes = [
        PART - 1,
        PART,
        PART + 1,
        2 * PART,
        2 * PART + 1,
        3 * PART - 1,
    ];
    let sent = sizes.map(|size| Part::binary(size.to_string(), sample(size as usize)));
    let (_, json) = send(&bucket, sent).await.expect("a message");
    let received = smartreceive(json).fileserver_download_handler(bucket);
    let received = received.await.expect("all payloads");
    for size in sizes {
        let bytes = received.bytes(&size.to_string()).expect("bytes");
        assert!(*bytes == sample(size as usize), "{size}");
    }
    assert_eq!(gateway.unfinished().await, 0);
}

#[tokio::test]
async fn an_expired_link_says_so() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let second = Duration::from_secs(1);
    let bucket = gateway.bucket().lifetime(second).expect("a lifetime");
    let (_, json) = send(&bucket, [Part::binary("f", b"abc")])
        .await
        .expect("a message");
    tokio::time::sleep(2 * second).await;
    let receiving = smartreceive(json).fileserver_download_handler(bucket);
    let error = receiving.await.expect_err("expired");
    assert_eq!(
        verdict(&error),
        (ErrorCode::DownloadFailed, Phase::Fetch, Some(0)),
        "{error}"
    );
    assert!(error.message().contains("expired"), "{error}");
    assert!(!error.is_retryable());
    is_clean(&printed(&error));
}

#[tokio::test]
async fn wrong_credentials_are_not_told() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let large = file(dir.path(), 6 << 20);
    for builder in [
        gateway
            .builder()
            .with_secret_access_key("hunter2hunter2hunter2x"),
        gateway.builder().with_access_key_id("AKIATESTTESTTESTx"),
        gateway.builder().with_bucket_name("missing"),
    ] {
        let bucket = Bucket::s3(builder)
            .and_then(|bucket| bucket.part_size(PART))
            .expect("a bucket");
        is_clean(&format!("{bucket:#?}"));
        for part in [Part::binary("f", b"abc"), Part::binary("f", large.clone())] {
            let sending = send(&bucket, [part]).fallback(false);
            let error = sending.await.expect_err("refused");
            assert_eq!(
                verdict(&error),
                (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
                "{error}"
            );
            assert!(error.message().contains("the store answered 40"), "{error}");
            assert!(!error.message().contains("attempts"), "{error}");
            is_clean(&printed(&error));
        }
    }
}

#[tokio::test]
async fn the_same_bytes_are_uploaded_once() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let bucket = parts(&gateway).content_addressed();
    let bytes = sample(6 << 20);
    let mut all = Vec::new();
    for _ in 0..2 {
        let parts = ["a", "b"].map(|name| Part::binary(name, bytes.clone()));
        let (_, json) = send(&bucket, parts).await.expect("a message");
        all.extend(links(&json));
        let receiving = smartreceive(json).fileserver_download_handler(bucket.clone());
        let received = receiving.await.expect("all payloads");
        assert!(*received.bytes("b").expect("bytes") == bytes, "other bytes");
        assert_eq!(gateway.objects(), [6 << 20]);
    }
    let paths = all.iter().map(|link| link.split('?').next());
    assert_eq!(paths.collect::<std::collections::BTreeSet<_>>().len(), 1);
    // What others may link to stays, even where a message cannot be sent.
    let dir = tempfile::tempdir().expect("a folder");
    let gone = file(dir.path(), 7 << 20);
    let path = gone.clone();
    let parts = [Part::binary("a", bytes), Part::binary("gone", gone)];
    let sending = send(&bucket, parts).on_progress(move |progress| {
        if progress.dataname == "gone" && progress.transferred < progress.size {
            std::fs::write(&path, b"").expect("written");
        }
    });
    sending.await.expect_err("a file that shrinks");
    assert_eq!(gateway.objects(), [6 << 20]);
}

#[tokio::test]
async fn what_was_uploaded_can_be_removed() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let noting = Noting(
        gateway.bucket().prefix("a/b").expect("a prefix"),
        Arc::default(),
    );
    send(&noting.0, [Part::binary("f", b"abc")])
        .fileserver_upload_handler(noting.clone())
        .await
        .expect("a message");
    let uploaded = noting.1.lock().expect("a lock").remove(0);
    is_clean(&format!("{uploaded:?}"));
    let other = gateway.bucket().remove(&uploaded).await;
    other.expect_err("an object outside of what the bucket names");
    assert_eq!(gateway.objects(), [3]);
    noting.0.remove(&uploaded).await.expect("removed");
    assert_eq!(gateway.objects().len(), 0);
    noting
        .0
        .remove(&uploaded)
        .await
        .expect("it is gone already");
}

#[tokio::test]
async fn a_source_that_changes_leaves_no_part_behind() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let from = file(dir.path(), 18 << 20);
    let path = from.clone();
    let seen = Arc::new(AtomicBool::new(false));
    let shrunk = Arc::clone(&seen);
    let sending = send(&parts(&gateway), [Part::binary("f", from)]).on_progress(move |progress| {
        if progress.transferred > 12 << 20 && !shrunk.swap(true, Ordering::Relaxed) {
            std::fs::write(&path, b"").expect("written");
        }
    });
    let error = sending.await.expect_err("a file that shrinks");
    assert!(error.message().contains("changed"), "{error}");
    assert!(seen.load(Ordering::Relaxed));
    assert_eq!(gateway.unfinished().await, 0);
    assert_eq!(gateway.objects().len(), 0);
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_no_part_behind() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let from = file(dir.path(), 60 << 20);
    let (told, mut enough) = tokio::sync::mpsc::unbounded_channel();
    let sending = send(&parts(&gateway), [Part::binary("f", from)]).on_progress(move |progress| {
        if progress.transferred > 12 << 20 {
            let _ = told.send(());
        }
    });
    let sending = tokio::spawn(sending.into_bytes());
    enough.recv().await.expect("progress");
    assert_eq!(gateway.unfinished().await, 1, "it is under way");
    sending.abort();
    for _ in 0..100 {
        if gateway.unfinished().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(gateway.unfinished().await, 0);
    assert_eq!(gateway.objects().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_after_the_server_was_killed() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let gateway = Arc::new(gateway);
    let dir = tempfile::tempdir().expect("a folder");
    let from = file(dir.path(), 30 << 20);
    let killed = Arc::new(AtomicBool::new(false));
    let (once, server) = (Arc::clone(&killed), Arc::clone(&gateway));
    let sending = send(&parts(&gateway), [Part::binary("f", from.clone())])
        .base_delay(Duration::from_millis(500))
        .on_progress(move |progress| {
            if progress.transferred > 16 << 20 && !once.swap(true, Ordering::Relaxed) {
                server.kill();
                let server = Arc::clone(&server);
                std::thread::spawn(move || server.restart());
            }
        });
    let (_, json) = sending.await.expect("a message");
    assert!(killed.load(Ordering::Relaxed));
    let receiving = smartreceive(json).allowed_origins([origin(&gateway)]);
    let received = receiving.await.expect("what was uploaded");
    let bytes = received.bytes("f").expect("bytes");
    assert!(
        *bytes == std::fs::read(from).expect("a file"),
        "other bytes"
    );
    assert_eq!(gateway.unfinished().await, 0);
    assert_eq!(gateway.objects(), [30 << 20]);
}

#[tokio::test]
async fn a_server_that_stays_away_fails_the_upload() {
    let Some(gateway) = Gateway::start() else {
        return;
    };
    let gateway = Arc::new(gateway);
    let dir = tempfile::tempdir().expect("a folder");
    let server = Arc::clone(&gateway);
    let sending = send(
        &parts(&gateway),
        [Part::binary("f", file(dir.path(), 30 << 20))],
    )
    .max_retries(3)
    .on_progress(move |progress| {
        if progress.transferred > 16 << 20 {
            server.kill();
        }
    });
    let error = sending.await.expect_err("nobody is there");
    assert_eq!(error.code(), ErrorCode::UploadFailed);
    assert!(error.is_retryable());
    assert!(error.message().contains("(after 3 attempts)"), "{error}");
    is_clean(&printed(&error));
    gateway.restart();
    assert_eq!(gateway.objects().len(), 0);
}
