//! A folder as a store: what others see of it, and what it gives away (W6.8).

use std::path::Path;

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{Folder, Part, smartreceive};

use super::server::Server;
use super::stores::links;
use super::{message, receive, send, verdict};

#[tokio::test]
async fn a_served_folder_is_read_by_http() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(dir.path(), server.link("/inbox"));
    let (_, json) = send(&server, [Part::binary("f", b"abc")])
        .fileserver_upload_handler(folder)
        .await
        .expect("a message");
    let entry = std::fs::read_dir(dir.path())
        .expect("a folder")
        .next()
        .expect("a file")
        .expect("a file");
    let name = entry.file_name().into_string().expect("a name");
    assert_eq!(links(&json), [server.link(&format!("/inbox/{name}"))]);
    server.put(
        &format!("/inbox/{name}"),
        &std::fs::read(entry.path()).expect("a file"),
    );
    let received = receive(&server, json)
        .await
        .expect("what the server serves");
    assert_eq!(received.bytes("f").expect("bytes"), &b"abc"[..]);
    // Whoever serves the folder is another user, as a rule.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| {
            std::fs::metadata(path)
                .expect("a file")
                .permissions()
                .mode()
                & 0o777
        };
        let plain = dir.path().join("plain");
        std::fs::write(&plain, b"").expect("a file");
        assert_eq!(
            mode(&entry.path()),
            mode(&plain),
            "a file like any other that this process writes"
        );
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
        let error = smartreceive(json)
            .fileserver_download_handler(folder.clone())
            .await
            .expect_err(&path);
        assert_eq!(
            verdict(&error),
            (ErrorCode::DownloadFailed, Phase::Fetch, Some(0)),
            "{path}: {error}"
        );
    }
}
