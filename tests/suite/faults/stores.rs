//! What every store has to do, whichever it is: one suite over the handlers that are shipped (W6.7, W6.8), and what a download
//! handler of one's own is held against.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{
    Digest, Direction, Download, DownloadHandler, Folder, HandlerError, Memory, Origin, Part, Plik, Progress, Sink,
    SmartReceive, SmartSend, UploadHandler, Value, smartreceive, smartsend,
};
use serde_json::json;

use super::answer::{Answer, Step};
use super::server::Server;
use super::{DELAY, message, receive, sample, send, verdict};

/// A store as its two ends see it, and how many files it keeps.
struct Store<'a, U, D> {
    upload: U,
    download: D,
    fileserver_url: String,
    kept: &'a dyn Fn() -> usize,
}

impl<U: UploadHandler + Clone, D: DownloadHandler + Clone> Store<'_, U, D> {
    fn send(&self, parts: impl IntoIterator<Item = Part>) -> SmartSend {
        let call = smartsend("a.b", parts).fileserver_url(&self.fileserver_url).size_threshold(1).base_delay(DELAY);
        call.fileserver_upload_handler(self.upload.clone())
    }

    fn receive(&self, json: String) -> SmartReceive {
        let call = smartreceive(json).fileserver_url(&self.fileserver_url).base_delay(DELAY);
        call.fileserver_download_handler(self.download.clone())
    }

    async fn keeps_what_it_is_given(&self) {
        let sizes = [1, 2, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, 3 << 20];
        let mut parts: Vec<Part> = sizes.iter().map(|size| Part::binary("../\u{0}é", sample(*size))).collect();
        parts.push(Part::binary("none", b""));
        parts.push(Part::text("text", "\u{feff}\u{0}😀"));
        parts.push(Part::dictionary("dictionary", &json!({"n": 9007199254740993_u64})));
        let (envelope, json) = self.send(parts).await.expect("a message");
        assert_eq!((self.kept)(), 8);
        let links: Vec<String> = links(&json);
        assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), 8, "{links:?}");
        assert!(links.iter().all(|link| link.starts_with("http://")), "{links:?}");
        assert!(envelope.payloads.iter().all(|p| (p.transport == Transport::Link) == p.metadata.contains_key("sha256")));
        let received = self.receive(json).await.expect("all payloads");
        for (payload, size) in received.payloads.iter().zip(sizes) {
            assert_eq!(payload.data.as_bytes().expect("bytes"), &sample(size));
        }
        assert_eq!(received.bytes("none").expect("bytes"), &b""[..]);
        assert_eq!(received.text("text").expect("a text"), "\u{feff}\u{0}😀");
        assert_eq!(received.get("dictionary").expect("it").data, Value::Json(json!({"n": 9007199254740993_u64})));
    }

    async fn takes_and_gives_files(&self) {
        let dir = tempfile::tempdir().expect("a folder");
        let (from, into) = (dir.path().join("from"), dir.path().join("into"));
        std::fs::write(&from, sample(1 << 20)).expect("a file");
        std::fs::create_dir(&into).expect("a folder");
        let (_, json) = self.send([Part::binary("f", from)]).await.expect("a message");
        let received = self.receive(json).into_dir(&into).await.expect("a file");
        let path = received.payloads[0].data.as_file().expect("a file").to_owned();
        assert_eq!(path, into.join("payload-0.bin"));
        assert_eq!(std::fs::read(path).expect("a file"), sample(1 << 20));
    }

    async fn tells_how_far_it_is(&self) {
        let dir = tempfile::tempdir().expect("a folder");
        let from = dir.path().join("from");
        std::fs::write(&from, sample(1_000_000)).expect("a file");
        let watched = Watched::default();
        let parts = [Part::binary("memory", sample(1_000_001)), Part::binary("file", from)];
        let (_, json) = self.send(parts).on_progress(watched.callback()).await.expect("a message");
        watched.is_complete(Direction::Upload, &[("memory", 1_000_001), ("file", 1_000_000)]);
        let watched = Watched::default();
        self.receive(json.clone()).on_progress(watched.callback()).await.expect("all payloads");
        watched.is_complete(Direction::Download, &[("memory", 1_000_001), ("file", 1_000_000)]);
        // What has been fetched once may be gone.
    }

    async fn notices_what_is_not_right(&self) {
        for (size, digest, code) in [
            (4, Digest::of(b"abc"), ErrorCode::SizeMismatch),
            (2, Digest::of(b"abc"), ErrorCode::SizeMismatch),
            (3, Digest::of(b"abd"), ErrorCode::ChecksumMismatch),
        ] {
            let (_, json) = self.send([Part::binary("f", b"abc")]).await.expect("a message");
            let link = links(&json).remove(0);
            let error = self.receive(message(&[(link, size, Some(digest))])).await.expect_err("not right");
            assert_eq!(verdict(&error), (code, Phase::Fetch, Some(0)), "{error}");
        }
        let (_, json) = self.send([Part::binary("f", b"abc")]).await.expect("a message");
        let link = links(&json).remove(0);
        for missing in [link.replace(|c: char| c.is_ascii_digit(), "1"), format!("{link}x"), link.replace("e", "%65")] {
            if missing == link {
                continue;
            }
            let Ok(origin) = missing.parse::<Origin>() else { continue };
            let call = self.receive(message(&[(missing, 3, None)])).allowed_origins([origin]).max_retries(1);
            let error = call.await.expect_err("not there");
            assert_eq!(verdict(&error), (ErrorCode::DownloadFailed, Phase::Fetch, Some(0)), "{error}");
        }
    }

    async fn removes_what_will_not_be_sent(&self) {
        let before = (self.kept)();
        let dir = tempfile::tempdir().expect("a folder");
        // Given as files so that all that fails does so while it is uploaded.
        let gone = dir.path().join("gone");
        std::fs::write(&gone, sample(2 << 20)).expect("a file");
        let parts = [Part::binary("a", b"abc"), Part::binary("gone", gone.clone()), Part::binary("b", b"def")];
        let shrinks = move |progress: Progress<'_>| {
            if progress.dataname == "gone" && progress.transferred < progress.size {
                std::fs::write(&gone, b"").expect("written");
            }
        };
        let error = self.send(parts).on_progress(shrinks).await.expect_err("a file that shrinks");
        assert_eq!(verdict(&error), (ErrorCode::UploadFailed, Phase::Upload, Some(1)), "{error}");
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

/// The progress that was told, in order.
#[derive(Clone, Default)]
struct Watched(Arc<Mutex<Vec<(Direction, usize, String, u64, u64)>>>);

impl Watched {
    fn callback(&self) -> impl Fn(Progress<'_>) + Send + Sync + 'static {
        let Watched(told) = self.clone();
        move |p| {
            let told_now = (p.direction, p.index, p.dataname.to_owned(), p.transferred, p.size);
            told.lock().expect("a lock").push(told_now);
        }
    }

    fn of(&self, wanted: usize) -> Vec<u64> {
        let told = self.0.lock().expect("a lock");
        told.iter().filter(|(_, index, ..)| *index == wanted).map(|(.., transferred, _)| *transferred).collect()
    }

    #[track_caller]
    fn is_complete(&self, wanted: Direction, payloads: &[(&str, u64)]) {
        for (at, (name, bytes)) in payloads.iter().enumerate() {
            let steps = self.of(at);
            assert!(steps.is_sorted_by(|one, next| one < next), "{name}: {steps:?}");
            assert_eq!(steps.last(), Some(bytes), "{name}: {steps:?}");
        }
        for (direction, index, name, transferred, size) in self.0.lock().expect("a lock").iter() {
            assert_eq!((*direction, name.as_str(), *size), (wanted, payloads[*index].0, payloads[*index].1));
            assert!(transferred <= size);
        }
    }
}

/// The URLs of a message's links.
fn links(json: &str) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(json).expect("a message");
    let payloads = json["payloads"].as_array().expect("payloads");
    let links = payloads.iter().filter(|payload| payload["transport"] == "link");
    links.map(|payload| payload["data"].as_str().expect("a URL").to_owned()).collect()
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a folder").count()
}

#[tokio::test]
async fn memory_is_a_store() {
    let memory = Memory::new();
    let kept = || memory.len();
    let fileserver_url = "http://localhost:8080".to_owned();
    Store { upload: memory.clone(), download: memory.clone(), fileserver_url, kept: &kept }.passes().await;
    let (_, json) = send(&Server::start().await, [Part::binary("f", b"abc")])
        .fileserver_upload_handler(memory.clone())
        .await
        .expect("a message");
    assert!(links(&json)[0].starts_with("http://memory.invalid/"), "{json}");
    let error = smartreceive(json).fileserver_download_handler(Memory::new()).await.expect_err("another memory");
    assert_eq!(error.code(), ErrorCode::DownloadFailed);
}

#[tokio::test]
async fn a_folder_is_a_store() {
    let dir = tempfile::tempdir().expect("a folder");
    let kept = || count(dir.path());
    for base_url in ["http://files.example/in/box", "http://files.example:8080/", "http://127.0.0.1"] {
        for file in std::fs::read_dir(dir.path()).expect("a folder") {
            std::fs::remove_file(file.expect("a file").path()).expect("removed");
        }
        let folder = Folder::new(dir.path(), base_url);
        let fileserver_url = "http://localhost:8080".to_owned();
        Store { upload: folder.clone(), download: folder, fileserver_url, kept: &kept }.passes().await;
    }
}

#[tokio::test]
async fn plik_is_a_store() {
    let server = Server::start().await;
    let kept = || server.files();
    let fileserver_url = server.url();
    Store { upload: Plik::oneshot(), download: Plik::oneshot().server(server.origin()), fileserver_url, kept: &kept }
        .passes()
        .await;
}

#[tokio::test]
async fn a_served_folder_is_read_by_http() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(dir.path(), server.link("/inbox"));
    let (_, json) = send(&server, [Part::binary("f", b"abc")]).fileserver_upload_handler(folder).await.expect("a message");
    let entry = std::fs::read_dir(dir.path()).expect("a folder").next().expect("a file").expect("a file");
    let name = entry.file_name().into_string().expect("a name");
    assert_eq!(links(&json), [server.link(&format!("/inbox/{name}"))]);
    server.put(&format!("/inbox/{name}"), &std::fs::read(entry.path()).expect("a file"));
    let received = receive(&server, json).await.expect("what the server serves");
    assert_eq!(received.bytes("f").expect("bytes"), &b"abc"[..]);
    // Whoever serves the folder is another user, as a rule.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        let plain = dir.path().join("plain");
        std::fs::write(&plain, b"").expect("a file");
        assert_eq!(mode(&entry.path()), mode(&plain), "a file like any other that this process writes");
    }
}

#[tokio::test]
async fn a_folder_gives_nothing_from_outside() {
    let dir = tempfile::tempdir().expect("a folder");
    let inside = dir.path().join("inbox");
    std::fs::create_dir(&inside).expect("a folder");
    let id = "0b0f6b2e-5a0c-4c3e-9d57-5b1f5f6a7c11";
    std::fs::write(dir.path().join(id), b"abc").expect("a file");
    std::fs::write(inside.join("name"), b"abc").expect("a file");
    std::fs::create_dir(inside.join("sub")).expect("a folder");
    std::fs::write(inside.join("sub").join(id), b"abc").expect("a file");
    let folder = Folder::new(&inside, "http://files.example/inbox");
    for path in [
        format!("inbox/../{id}"),
        format!("inbox/%2e%2e/{id}"),
        format!("inbox/sub/{id}"),
        format!("inbox//{id}"),
        format!("inbox{id}"),
        format!("outbox/{id}"),
        "inbox/name".to_owned(),
        "inbox/".to_owned(),
        "inbox".to_owned(),
        "inbox/.".to_owned(),
        format!("inbox/{id}"),
    ] {
        let json = message(&[(format!("http://files.example/{path}"), 3, None)]);
        let error = smartreceive(json).fileserver_download_handler(folder.clone()).await.expect_err(&path);
        assert_eq!(verdict(&error), (ErrorCode::DownloadFailed, Phase::Fetch, Some(0)), "{path}: {error}");
    }
}

#[tokio::test]
async fn progress_starts_again_with_each_attempt() {
    let server = Server::start().await;
    let bytes = sample(1_000_000);
    server.script("POST /file/", [Answer::status(500), Answer::usual()]);
    let watched = Watched::default();
    let part = Part::binary("f", bytes.clone());
    let (_, json) = send(&server, [part]).on_progress(watched.callback()).await.expect("the second attempt");
    let runs = |steps: &[u64]| steps.windows(2).filter(|pair| pair[1] <= pair[0]).count() + 1;
    let steps = watched.of(0);
    assert_eq!((runs(&steps), steps.last()), (2, Some(&1_000_000)), "{steps:?}");
    server.script("GET ", [Answer::cut(&bytes, 500_000, &[Step::Reset]), Answer::usual()]);
    let watched = Watched::default();
    receive(&server, json).on_progress(watched.callback()).await.expect("the second attempt");
    let steps = watched.of(0);
    assert_eq!((runs(&steps), steps.last()), (2, Some(&1_000_000)), "{steps:?}");
}

/// A handler that writes what it was made with, in two pieces.
#[derive(Clone)]
struct Writing {
    bytes: &'static [u8],
    announced: Option<u64>,
    starts: bool,
    heeds: bool,
}

impl DownloadHandler for Writing {
    fn origins(&self) -> Vec<Origin> {
        "http://files.example".parse().into_iter().collect()
    }

    async fn download(&self, _: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        if self.starts {
            let _ = sink.write(b"of an earlier attempt");
            sink.start(self.announced)?;
        }
        let (one, other) = self.bytes.split_at(self.bytes.len() / 2);
        for piece in [one, other] {
            let written = sink.write(piece);
            if self.heeds {
                written?;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn bytes_of_a_handler_of_ones_own_are_held_against_the_message() {
    let right = Writing { bytes: b"abc", announced: None, starts: true, heeds: true };
    let dir = tempfile::tempdir().expect("a folder");
    let receive = |handler: Writing| {
        let json = message(&[("http://files.example/f".to_owned(), 3, Some(Digest::of(b"abc")))]);
        smartreceive(json).fileserver_download_handler(handler)
    };
    for starts in [true, false] {
        for heeds in [true, false] {
            let right = Writing { starts, heeds, ..right };
            receive(right.clone()).await.expect("the right bytes");
            for (bytes, code) in [
                (&b"ab"[..], ErrorCode::SizeMismatch),
                (b"", ErrorCode::SizeMismatch),
                (b"abcd", ErrorCode::SizeMismatch),
                (b"abcdefghijk", ErrorCode::SizeMismatch),
                (b"abd", ErrorCode::ChecksumMismatch),
            ] {
                let wrong = Writing { bytes, ..right.clone() };
                let error = receive(wrong.clone()).await.expect_err("wrong bytes");
                assert_eq!(verdict(&error), (code, Phase::Fetch, Some(0)), "{bytes:?}: {error}");
                let error = receive(wrong).into_dir(dir.path()).await.expect_err("wrong bytes");
                assert_eq!(verdict(&error), (code, Phase::Fetch, Some(0)), "{bytes:?}: {error}");
                assert_eq!(count(dir.path()), 0);
            }
        }
    }
    let announced = Writing { announced: Some(4), ..right.clone() };
    assert_eq!(receive(announced).await.expect_err("another length").code(), ErrorCode::SizeMismatch);
    receive(Writing { announced: Some(3), ..right }).await.expect("the right length");
}
