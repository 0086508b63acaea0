//! Payloads that are received into files: under names of the receiver's, only once all is verified, and nothing is left behind
//! otherwise (W6.9).

use std::path::{Path, PathBuf};
use std::time::Duration;

use natsbridge::wire::{Encoding, ErrorCode, Phase};
use natsbridge::{Digest, Draft, ErrorKind, Part, Value, new_id, now};
use serde_json::json;
use tempfile::TempDir;

use super::answer::{Answer, Step};
use super::server::Server;
use super::{linking, message, receive, sample, send, verdict};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn names_are_made_from_position_and_type_alone() {
    let (server, dir) = (Server::start().await, folder());
    let parts = [
        Part::text("../../name", "é"),
        Part::dictionary("/etc/passwd", &json!({"a": 1})),
        Part::jsontable("", &[json!({"a": 1})]),
        Part::image("payload-0.txt", sample(2000)),
        Part::binary("..", sample(3000)),
        Part::new("a\u{0}b", &b""[..], "audio"),
    ];
    let (_, json) = send(&server, parts)
        .size_threshold(2500)
        .await
        .expect("a message");
    let received = receive(&server, json)
        .into_dir(dir.path())
        .await
        .expect("files");
    let expected = [
        "payload-0.txt",
        "payload-1.json",
        "payload-2.json",
        "payload-3.bin",
        "payload-4.bin",
        "payload-5.bin",
    ];
    assert_eq!(names(dir.path()), expected);
    for (payload, name) in received.payloads.iter().zip(expected) {
        assert_eq!(payload.data, Value::File(dir.path().join(name)));
    }
    let content = |name| std::fs::read(dir.path().join(name)).expect("a file");
    assert_eq!(content("payload-0.txt"), "é".as_bytes());
    assert_eq!(content("payload-1.json"), b"{\"a\":1}");
    assert_eq!(content("payload-3.bin"), sample(2000));
    assert_eq!(content("payload-4.bin"), sample(3000));
    assert_eq!(content("payload-5.bin"), b"");
}

#[tokio::test]
async fn inline_json_is_written_as_a_file_too() {
    let (server, dir) = (Server::start().await, folder());
    let draft =
        Draft::new("a.b", [Part::dictionary("d", &json!({"n": [1, 2.5, "é"]}))]).inline_json(true);
    let (envelope, json) = draft
        .encode(now(), &mut new_id)
        .expect("a draft")
        .finish()
        .expect("a message");
    assert_eq!(envelope.payloads[0].encoding, Encoding::Json);
    receive(&server, json)
        .into_dir(dir.path())
        .await
        .expect("a file");
    let written = std::fs::read(dir.path().join("payload-0.json")).expect("a file");
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&written).expect("JSON"),
        json!({"n": [1, 2.5, "é"]})
    );
}

#[tokio::test]
async fn some_may_go_into_files_and_others_not() {
    let (server, dir) = (Server::start().await, folder());
    let parts = [
        Part::binary("a", b"abc"),
        Part::binary("b", b"def"),
        Part::text("c", "x"),
    ];
    let (_, json) = send(&server, parts)
        .size_threshold(3)
        .await
        .expect("a message");
    let target = dir.path().join("chosen");
    let chosen = target.clone();
    let call = receive(&server, json).into_files(move |index, payload| {
        assert_eq!(payload.dataname, ["a", "b", "c"][index]);
        (index == 1).then(|| chosen.clone())
    });
    let received = call.await.expect("all payloads");
    assert_eq!(received.bytes("a").expect("bytes"), &b"abc"[..]);
    assert_eq!(
        received.get("b").expect("it").data.as_file(),
        Some(target.as_path())
    );
    assert_eq!(received.text("c").expect("a text"), "x");
    assert_eq!(names(dir.path()), ["chosen"]);
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let (server, dir) = (Server::start().await, folder());
    server.put("/f", b"abc");
    let json = || message(&[(server.link("/f"), 3, None), (server.link("/f"), 3, None)]);
    let target = dir.path().join("payload-1.bin");
    std::fs::write(&target, b"mine").expect("a file");
    let error = receive(&server, json())
        .into_dir(dir.path())
        .await
        .expect_err("it exists");
    assert_eq!(verdict(&error).2, Some(1), "{error}");
    assert_eq!(error.kind(), ErrorKind::LocalFile);
    assert!(
        error.message().contains(&target.display().to_string()),
        "{error}"
    );
    assert_eq!(server.lines(), [""; 0], "it could have been seen before");
    assert_eq!(names(dir.path()), ["payload-1.bin"]);
    assert_eq!(std::fs::read(&target).expect("a file"), b"mine");
    #[cfg(unix)]
    {
        std::fs::remove_file(&target).expect("removed");
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &target).expect("a link");
        receive(&server, json())
            .into_dir(dir.path())
            .await
            .expect_err("a link to nowhere");
        assert_eq!(names(dir.path()), ["payload-1.bin"]);
    }
}

#[tokio::test]
async fn what_appears_meanwhile_is_not_overwritten_either() {
    let (server, dir) = (Server::start().await, folder());
    server.put("/f", b"abc");
    server.script(
        "GET /slow",
        [Answer::body(b"abc").after(Duration::from_millis(400))],
    );
    let json = message(&[
        (server.link("/f"), 3, None),
        (server.link("/slow"), 3, None),
        (server.link("/f"), 3, None),
    ]);
    let call = receive(&server, json).into_dir(dir.path());
    let target = dir.path().join("payload-1.bin");
    let (result, ()) = tokio::join!(std::future::IntoFuture::into_future(call), async {
        while server.count("GET /slow") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        std::fs::write(&target, b"mine").expect("a file");
    });
    let error = result.expect_err("it exists");
    assert_eq!(
        (verdict(&error).2, error.kind()),
        (Some(1), ErrorKind::LocalFile),
        "{error}"
    );
    assert_eq!(std::fs::read(&target).expect("a file"), b"mine");
    assert_eq!(
        names(dir.path()),
        ["payload-1.bin"],
        "the others are not there either"
    );
}

#[tokio::test]
async fn one_name_for_two_payloads_is_an_error() {
    let (server, dir) = (Server::start().await, folder());
    server.put("/f", b"abc");
    let json = message(&[(server.link("/f"), 3, None), (server.link("/f"), 3, None)]);
    let target = dir.path().join("same");
    let call = receive(&server, json).into_files(move |_, _| Some(target.clone()));
    let error = call.await.expect_err("one name");
    assert_eq!(
        (verdict(&error).2, error.kind()),
        (Some(1), ErrorKind::LocalFile),
        "{error}"
    );
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn nothing_appears_where_anything_fails() {
    let server = Server::start().await;
    server.put("/good", b"abc");
    server.put("/wrong", b"abd");
    server.put("/long", b"abcd");
    server.put("/text", b"ab\xff");
    server.put("/json", b"[1,");
    let good = linking(&server, "/good", b"abc");
    let digest = |bytes: &[u8]| Some(Digest::of(bytes));
    let two = |path: &str, bytes: &[u8]| {
        message(&[
            (server.link("/good"), 3, digest(b"abc")),
            (server.link(path), 3, digest(bytes)),
        ])
    };
    let second = |json: String, payload_type: &str| {
        let at = json
            .rfind("\"payload_type\":\"binary\"")
            .expect("the second payload");
        json[..at].to_owned() + &json[at..].replacen("binary", payload_type, 1)
    };
    let direct = |payload_type: &str, data: &str| {
        let text = good.replace("\"payloads\":[", &format!(
            "\"payloads\":[{{\"id\":\"{}\",\"dataname\":\"d\",\"payload_type\":\"{payload_type}\",\"transport\":\"direct\",\
             \"encoding\":\"base64\",\"size\":3,\"data\":\"{data}\",\"metadata\":{{}}}},",
            new_id()
        ));
        assert_ne!(text, good);
        text
    };
    for (json, code, phase, index) in [
        (
            two("/wrong", b"abc"),
            ErrorCode::ChecksumMismatch,
            Phase::Fetch,
            1,
        ),
        (
            two("/long", b"abc"),
            ErrorCode::SizeMismatch,
            Phase::Fetch,
            1,
        ),
        (
            two("/missing", b"abc"),
            ErrorCode::DownloadFailed,
            Phase::Fetch,
            1,
        ),
        (
            second(two("/text", b"ab\xff"), "text"),
            ErrorCode::DeserializationError,
            Phase::Decode,
            1,
        ),
        (
            second(two("/json", b"[1,"), "dictionary"),
            ErrorCode::DeserializationError,
            Phase::Decode,
            1,
        ),
        (
            second(two("/json", b"[1,"), "arrowtable"),
            ErrorCode::DeserializationError,
            Phase::Decode,
            1,
        ),
        (
            direct("text", "YWL/"),
            ErrorCode::DeserializationError,
            Phase::Decode,
            0,
        ),
        (
            direct("binary", "YWL"),
            ErrorCode::DeserializationError,
            Phase::Decode,
            0,
        ),
        (
            direct("jsontable", "WzFd"),
            ErrorCode::DeserializationError,
            Phase::Decode,
            0,
        ),
    ] {
        let dir = folder();
        let error = receive(&server, json)
            .into_dir(dir.path())
            .await
            .expect_err("a fault");
        assert_eq!(verdict(&error), (code, phase, Some(index)), "{error}");
        assert_eq!(names(dir.path()), [""; 0], "{error}");
    }
    let dir = folder();
    receive(&server, direct("text", "YWJj"))
        .into_dir(dir.path())
        .await
        .expect("without a fault");
    assert_eq!(names(dir.path()), ["payload-0.txt", "payload-1.bin"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let (server, dir) = (Server::start().await, folder());
    server.put("/f", b"abc");
    let missing = dir.path().join("missing");
    let error = receive(&server, linking(&server, "/f", b"abc"))
        .into_dir(&missing)
        .await
        .expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::LocalFile);
    assert!(
        error.message().contains(&missing.display().to_string()),
        "{error}"
    );
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn an_attempt_that_broke_leaves_nothing_in_the_file() {
    let (server, dir) = (Server::start().await, folder());
    let bytes = sample(300_000);
    let answers = [
        Answer::cut(&bytes, 299_999, &[Step::Reset]),
        Answer::cut(&bytes, 100_000, &[]),
        Answer::chunked(&bytes[..200_000]),
        Answer::chunked(&bytes),
    ];
    server.script("GET /f", answers);
    receive(&server, linking(&server, "/f", &bytes))
        .into_dir(dir.path())
        .await
        .expect("the fourth attempt");
    assert_eq!(names(dir.path()), ["payload-0.bin"]);
    assert_eq!(
        std::fs::read(dir.path().join("payload-0.bin")).expect("a file"),
        bytes
    );
}

#[tokio::test]
async fn until_it_is_verified_a_file_has_another_name() {
    let (server, dir) = (Server::start().await, folder());
    let bytes = sample(300_000);
    server.script("GET /f", [Answer::cut(&bytes, 200_000, &[Step::Hold])]);
    let json = linking(&server, "/f", &bytes);
    let call = tokio::spawn(std::future::IntoFuture::into_future(
        receive(&server, json).into_dir(dir.path()),
    ));
    let temporary = loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let partial = |name: &String| {
            std::fs::metadata(dir.path().join(name)).is_ok_and(|file| file.len() == 200_000)
        };
        if let Some(name) = names(dir.path()).into_iter().find(partial) {
            break name;
        }
        assert!(!call.is_finished());
    };
    assert!(
        temporary.starts_with('.') && !temporary.contains("payload"),
        "{temporary}"
    );
    assert_eq!(names(dir.path()), [temporary]);
    // Dropped in the middle.
    call.abort();
    assert!(call.await.expect_err("aborted").is_cancelled());
    assert_eq!(names(dir.path()), [""; 0]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        server.count("GET /f"),
        1,
        "attempts go on behind the caller's back"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_received_file_is_like_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let (server, dir) = (Server::start().await, folder());
    server.put("/f", b"abc");
    receive(&server, linking(&server, "/f", b"abc"))
        .into_dir(dir.path())
        .await
        .expect("a file");
    std::fs::write(dir.path().join("plain"), b"").expect("a file");
    let mode = |name: &str| {
        let path: PathBuf = dir.path().join(name);
        std::fs::metadata(path)
            .expect("a file")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("payload-0.bin"), mode("plain"));
}
