//! What every store has to do, whichever it is: one suite over the handlers that are shipped (W6.7, W6.8).

#[cfg(feature = "s3")]
mod gateway;
#[cfg(feature = "object-store")]
mod local;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod scripted;

use std::collections::BTreeSet;
use std::path::Path;

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{
    Digest, Direction, DownloadHandler, Folder, Memory, Origin, Part, Plik, Progress, SmartReceive,
    SmartSend, UploadHandler, Value, smartreceive, smartsend,
};
use serde_json::json;

use super::progress::Watched;
use super::server::Server;
use super::{DELAY, message, sample, send, verdict};

/// A store as its two ends see it, and how many files it keeps.
struct Store<'a, U, D> {
    upload: U,
    download: D,
    fileserver_url: String,
    kept: &'a dyn Fn() -> usize,
}

impl<U: UploadHandler + Clone, D: DownloadHandler + Clone> Store<'_, U, D> {
    fn send(&self, parts: impl IntoIterator<Item = Part>) -> SmartSend {
        let call = smartsend("a.b", parts)
            .fileserver_url(&self.fileserver_url)
            .size_threshold(1)
            .base_delay(DELAY);
        call.fileserver_upload_handler(self.upload.clone())
    }

    fn receive(&self, json: String) -> SmartReceive {
        let call = smartreceive(json)
            .fileserver_url(&self.fileserver_url)
            .base_delay(DELAY);
        call.fileserver_download_handler(self.download.clone())
    }

    async fn keeps_what_it_is_given(&self) {
        let sizes = [1, 2, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, 3 << 20];
        let mut parts: Vec<Part> = sizes
            .iter()
            .map(|size| Part::binary("../\u{0}é", sample(*size)))
            .collect();
        parts.push(Part::binary("none", b""));
        parts.push(Part::text("text", "\u{feff}\u{0}😀"));
        parts.push(Part::dictionary(
            "dictionary",
            &json!({"n": 9007199254740993_u64}),
        ));
        let (envelope, json) = self.send(parts).await.expect("a message");
        assert_eq!((self.kept)(), 8);
        let links: Vec<String> = links(&json);
        assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), 8, "{links:?}");
        assert!(
            links.iter().all(|link| link.starts_with("http://")),
            "{links:?}"
        );
        assert!(
            envelope
                .payloads
                .iter()
                .all(|p| (p.transport == Transport::Link) == p.metadata.contains_key("sha256"))
        );
        let received = self.receive(json).await.expect("all payloads");
        for (payload, size) in received.payloads.iter().zip(sizes) {
            assert_eq!(payload.data.as_bytes().expect("bytes"), &sample(size));
        }
        assert_eq!(received.bytes("none").expect("bytes"), &b""[..]);
        assert_eq!(received.text("text").expect("a text"), "\u{feff}\u{0}😀");
        assert_eq!(
            received.get("dictionary").expect("it").data,
            Value::Json(json!({"n": 9007199254740993_u64}))
        );
    }

    async fn takes_and_gives_files(&self) {
        let dir = tempfile::tempdir().expect("a folder");
        let (from, into) = (dir.path().join("from"), dir.path().join("into"));
        std::fs::write(&from, sample(1 << 20)).expect("a file");
        std::fs::create_dir(&into).expect("a folder");
        let (_, json) = self
            .send([Part::binary("f", from)])
            .await
            .expect("a message");
        let received = self.receive(json).into_dir(&into).await.expect("a file");
        let path = received.payloads[0]
            .data
            .as_file()
            .expect("a file")
            .to_owned();
        assert_eq!(path, into.join("payload-0.bin"));
        assert_eq!(std::fs::read(path).expect("a file"), sample(1 << 20));
    }

    async fn tells_how_far_it_is(&self) {
        let dir = tempfile::tempdir().expect("a folder");
        let from = dir.path().join("from");
        std::fs::write(&from, sample(1_000_000)).expect("a file");
        let watched = Watched::default();
        let parts = [
            Part::binary("memory", sample(1_000_001)),
            Part::binary("file", from),
        ];
        let (_, json) = self
            .send(parts)
            .on_progress(watched.callback())
            .await
            .expect("a message");
        watched.is_complete(
            Direction::Upload,
            &[("memory", 1_000_001), ("file", 1_000_000)],
        );
        let watched = Watched::default();
        self.receive(json.clone())
            .on_progress(watched.callback())
            .await
            .expect("all payloads");
        watched.is_complete(
            Direction::Download,
            &[("memory", 1_000_001), ("file", 1_000_000)],
        );
    }

    async fn notices_what_is_not_right(&self) {
        for (size, digest, code) in [
            (4, Digest::of(b"abc"), ErrorCode::SizeMismatch),
            (2, Digest::of(b"abc"), ErrorCode::SizeMismatch),
            (3, Digest::of(b"abd"), ErrorCode::ChecksumMismatch),
        ] {
            let (_, json) = self
                .send([Part::binary("f", b"abc")])
                .await
                .expect("a message");
            let link = links(&json).remove(0);
            let error = self
                .receive(message(&[(link, size, Some(digest))]))
                .await
                .expect_err("not right");
            assert_eq!(verdict(&error), (code, Phase::Fetch, Some(0)), "{error}");
        }
        let (_, json) = self
            .send([Part::binary("f", b"abc")])
            .await
            .expect("a message");
        let link = links(&json).remove(0);
        for missing in [
            link.replace(|c: char| c.is_ascii_digit(), "1"),
            format!("{link}x"),
            link.replace("e", "%65"),
        ] {
            // Whoever serves signed URLs decodes them, and finds the same object.
            let same = link.contains('?') && missing.contains("%65");
            if missing == link || same {
                continue;
            }
            let Ok(origin) = missing.parse::<Origin>() else {
                continue;
            };
            let call = self
                .receive(message(&[(missing, 3, None)]))
                .allowed_origins([origin])
                .max_retries(1);
            let error = call.await.expect_err("not there");
            assert_eq!(
                verdict(&error),
                (ErrorCode::DownloadFailed, Phase::Fetch, Some(0)),
                "{error}"
            );
        }
    }

    async fn removes_what_will_not_be_sent(&self) {
        let before = (self.kept)();
        let dir = tempfile::tempdir().expect("a folder");
        // Given as files so that all that fails does so while it is uploaded.
        let gone = dir.path().join("gone");
        std::fs::write(&gone, sample(2 << 20)).expect("a file");
        let parts = [
            Part::binary("a", b"abc"),
            Part::binary("gone", gone.clone()),
            Part::binary("b", b"def"),
        ];
        let shrinks = move |progress: Progress<'_>| {
            if progress.dataname == "gone" && progress.transferred < progress.size {
                std::fs::write(&gone, b"").expect("written");
            }
        };
        let error = self
            .send(parts)
            .on_progress(shrinks)
            .await
            .expect_err("a file that shrinks");
        assert_eq!(
            verdict(&error),
            (ErrorCode::UploadFailed, Phase::Upload, Some(1)),
            "{error}"
        );
        assert!(error.message().contains("changed"), "{error}");
        assert_eq!((self.kept)(), before);
    }

    async fn passes(&self) {
        self.keeps_what_it_is_given().await;
        self.takes_and_gives_files().await;
        self.tells_how_far_it_is().await;
        self.notices_what_is_not_right().await;
        self.removes_what_will_not_be_sent().await;
    }
}

/// The URLs of a message's links.
pub(super) fn links(json: &str) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(json).expect("a message");
    let payloads = json["payloads"].as_array().expect("payloads");
    let links = payloads
        .iter()
        .filter(|payload| payload["transport"] == "link");
    links
        .map(|payload| payload["data"].as_str().expect("a URL").to_owned())
        .collect()
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a folder").count()
}

#[tokio::test]
async fn memory_is_a_store() {
    let memory = Memory::new();
    let kept = || memory.len();
    let fileserver_url = "http://localhost:8080".to_owned();
    Store {
        upload: memory.clone(),
        download: memory.clone(),
        fileserver_url,
        kept: &kept,
    }
    .passes()
    .await;
    let (_, json) = send(&Server::start().await, [Part::binary("f", b"abc")])
        .fileserver_upload_handler(memory.clone())
        .await
        .expect("a message");
    assert!(
        links(&json)[0].starts_with("http://memory.invalid/"),
        "{json}"
    );
    let error = smartreceive(json)
        .fileserver_download_handler(Memory::new())
        .await
        .expect_err("another memory");
    assert_eq!(error.code(), ErrorCode::DownloadFailed);
}

#[tokio::test]
async fn a_folder_is_a_store() {
    let dir = tempfile::tempdir().expect("a folder");
    let kept = || count(dir.path());
    for base_url in [
        "http://files.example/in/box",
        "http://files.example:8080/",
        "http://127.0.0.1",
    ] {
        for file in std::fs::read_dir(dir.path()).expect("a folder") {
            std::fs::remove_file(file.expect("a file").path()).expect("removed");
        }
        let folder = Folder::new(dir.path(), base_url);
        let fileserver_url = "http://localhost:8080".to_owned();
        Store {
            upload: folder.clone(),
            download: folder,
            fileserver_url,
            kept: &kept,
        }
        .passes()
        .await;
    }
}

#[tokio::test]
async fn plik_is_a_store() {
    let server = Server::start().await;
    let kept = || server.files();
    let fileserver_url = server.url();
    Store {
        upload: Plik::oneshot(),
        download: Plik::oneshot().server(server.origin()),
        fileserver_url,
        kept: &kept,
    }
    .passes()
    .await;
}
