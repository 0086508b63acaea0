//! A store of the `object_store` crate that signs nothing and is served under a URL.

use std::sync::Arc;
use std::time::Duration;

use natsbridge::object_store::local::LocalFileSystem;
use natsbridge::object_store::memory::InMemory;
use natsbridge::wire::ErrorCode;
use natsbridge::{Bucket, Digest, Part, smartreceive};

use super::{Server, Store, count, links, message, sample, send};

const FILESERVER_URL: &str = "http://localhost:8080";

/// The files below a folder.
fn files(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

#[tokio::test]
async fn a_local_store_is_a_store() {
    for prefix in ["", "in/box"] {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LocalFileSystem::new_with_prefix(dir.path()).expect("a store");
        let bucket = Bucket::served(store, "http://127.0.0.1/payloads/")
            .and_then(|bucket| bucket.prefix(prefix))
            .expect("a bucket");
        Store {
            upload: bucket.clone(),
            download: bucket,
            fileserver_url: FILESERVER_URL.to_owned(),
            kept: &|| files(dir.path()),
        }
        .passes()
        .await;
    }
}

#[tokio::test]
async fn a_local_store_takes_parts_and_leaves_none_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = LocalFileSystem::new_with_prefix(dir.path()).expect("a store");
    let bucket = Bucket::served(store, "http://127.0.0.1/payloads")
        .and_then(|bucket| bucket.part_size(5 << 20))
        .expect("a bucket");
    let server = Server::start().await;
    let bytes = sample((10 << 20) + 1);
    let (_, json) = send(&server, [Part::binary("f", bytes.clone())])
        .fileserver_upload_handler(bucket.clone())
        .await
        .expect("a message");
    let received = smartreceive(json).fileserver_download_handler(bucket.clone());
    let received = received.await.expect("it");
    assert_eq!(received.payloads[0].data.as_bytes().expect("bytes"), &bytes);
    assert_eq!(count(dir.path()), 1);
    let from = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(from.path(), &bytes).expect("written");
    let path = from.path().to_owned();
    let error = send(&server, [Part::binary("f", path.clone())])
        .fileserver_upload_handler(bucket)
        .on_progress(move |progress| {
            if progress.transferred > 6 << 20 {
                std::fs::write(&path, b"").expect("written");
            }
        })
        .await
        .expect_err("a file that shrinks");
    assert!(error.message().contains("changed"), "{error}");
    assert_eq!(count(dir.path()), 1);
}

#[tokio::test]
async fn the_same_bytes_are_one_object() {
    let store = Arc::new(InMemory::new());
    let bucket = Bucket::served(Arc::clone(&store), "http://files.example")
        .and_then(|bucket| bucket.prefix("sha256"))
        .expect("a bucket")
        .content_addressed();
    let server = Server::start().await;
    let parts = ["a", "b", "c", "d", "e"].map(|name| Part::binary(name, b"abc"));
    let parts = parts.into_iter().chain([Part::binary("f", b"def")]);
    let (_, json) = send(&server, parts)
        .fileserver_upload_handler(bucket.clone())
        .await
        .expect("a message");
    let digest = Digest::of(b"abc");
    let links = links(&json);
    for link in &links[..5] {
        assert_eq!(*link, format!("http://files.example/sha256/{digest}"));
    }
    let received = smartreceive(json)
        .fileserver_download_handler(bucket.clone())
        .await
        .expect("all payloads");
    assert_eq!(received.bytes("e").expect("bytes"), &b"abc"[..]);
    assert_eq!(received.bytes("f").expect("bytes"), &b"def"[..]);
    // A name that no digest is, and a digest outside the prefix.
    for path in ["sha256/name".to_owned(), digest.to_string()] {
        let json = message(&[(format!("http://files.example/{path}"), 3, None)]);
        let call = smartreceive(json).fileserver_download_handler(bucket.clone());
        let error = call.await.expect_err("no object of the bucket");
        assert_eq!(error.code(), ErrorCode::DownloadFailed, "{error}");
        assert!(error.message().contains("no object"), "{error}");
    }
}

#[test]
fn what_a_bucket_cannot_be_is_said_at_once() {
    let served = |url: &str| Bucket::served(InMemory::new(), url);
    for url in [
        "",
        "files.example",
        "ftp://a",
        "http://u:pw@a",
        "http://a/?x=pw",
    ] {
        let error = served(url).expect_err(url);
        assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
        assert!(error.message().contains("base_url"), "{error}");
        assert!(!format!("{error:?}").contains("pw"), "{error:?}");
    }
    let bucket = served("http://a").expect("a bucket");
    let day = Duration::from_secs(24 * 3600);
    for lifetime in [Duration::ZERO, Duration::from_millis(999), 8 * day] {
        let error = bucket
            .clone()
            .lifetime(lifetime)
            .expect_err("too short or long");
        assert!(error.message().contains("1 s to 7 days"), "{error}");
    }
    bucket.clone().lifetime(7 * day).expect("the longest");
    let error = bucket.clone().part_size(5_242_879).expect_err("too small");
    assert!(error.message().contains("at least 5 MiB"), "{error}");
    let error = bucket.prefix("a/../b").expect_err("a way out");
    assert!(error.message().contains("prefix"), "{error}");
}
