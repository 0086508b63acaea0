//! Large payloads go by link, through the command's own file server.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::program::{Server, command, finish, parse, run, run_with};

const BIG: usize = 1_500_000;

fn big() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("big");
    let bytes: Vec<u8> = (0..BIG).map(|index| (index % 251) as u8).collect();
    fs::write(&path, bytes).expect("written");
    let part = format!("big=binary@{}", path.display());
    (folder, part)
}

#[test]
fn a_file_goes_and_comes_once() {
    let server = Server::start(&[]);
    let (folder, part) = big();
    let encode = [
        "encode",
        "s",
        "--fileserver-url",
        &server.url,
        "--part",
        &part,
        "--part",
        "t=text:x",
    ];
    let message = run(encode).ok();
    let payload = &parse(&message)["payloads"][0];
    assert_eq!(
        (&payload["transport"], &payload["size"]),
        (&json!("link"), &json!(BIG))
    );
    assert!(
        payload["data"]
            .as_str()
            .is_some_and(|url| url.starts_with(&format!("{}/file/", server.url)))
    );

    let dir = folder.path().join("received");
    let mut decode = command(["decode", "--json", "--out-dir"]);
    let decode = decode.arg(&dir).env("FILESERVER_URL", &server.url);
    let decoded = finish(decode, message.as_bytes()).json();
    assert_eq!(decoded["payloads"][0]["transport"], "link");
    let received = fs::read(dir.join("payload-0.bin")).expect("a file");
    assert_eq!(
        received,
        fs::read(folder.path().join("big")).expect("a file")
    );

    let again = run_with(["decode", "--fileserver-url", &server.url], &message).error(1);
    assert_eq!(again["error"]["code"], "DOWNLOAD_FAILED");
    let elsewhere = run_with(["decode"], &message).error(1);
    assert_eq!(elsewhere["error"]["code"], "URL_NOT_ALLOWED");
}

#[test]
fn a_file_that_is_kept_comes_as_often_as_asked() {
    let server = Server::start(&[]);
    let (_folder, part) = big();
    let message = run([
        "encode",
        "s",
        "--fileserver-url",
        &server.url,
        "--part",
        &part,
        "--ttl",
        "60",
    ])
    .ok();
    for _ in 0..2 {
        let decoded = run_with(
            ["decode", "--json", "--allow-origin", &server.url],
            &message,
        )
        .json();
        let value = &decoded["payloads"][0]["value"];
        assert_eq!(
            (&value["type"], &value["size"]),
            (&json!("bytes"), &json!(BIG))
        );
        assert!(value.get("base64").is_none());
    }
}

#[test]
fn a_changed_digest_leaves_no_file() {
    let server = Server::start(&[]);
    let (folder, part) = big();
    let message = run([
        "encode",
        "s",
        "--fileserver-url",
        &server.url,
        "--part",
        &part,
    ])
    .ok();
    let mut changed = parse(&message);
    changed["payloads"][0]["metadata"]["sha256"] = json!("0".repeat(64));
    let dir = folder.path().join("received");
    let decode = [
        "decode",
        "--fileserver-url",
        &server.url,
        "--out-dir",
        dir.to_str().expect("UTF-8"),
    ];
    let error = run_with(decode, changed.to_string()).error(1);
    assert_eq!(
        (&error["error"]["code"], &error["error"]["details"]["phase"]),
        (&json!("CHECKSUM_MISMATCH"), &json!("fetch"))
    );
    assert!(!dir.exists());
}

#[test]
fn users_have_tokens_and_uploads_passwords() {
    let server = Server::start(&["--user-token", "hunter2-1,hunter2-2"]);
    let (_folder, part) = big();
    let encode = [
        "encode",
        "s",
        "--fileserver-url",
        &server.url,
        "--part",
        &part,
    ];
    assert_eq!(run(encode).error(1)["error"]["code"], "UPLOAD_FAILED");
    finish(command(encode).env("NATSBRIDGE_TOKEN", "hunter2-2"), b"").ok();

    let password = ["--login", "me", "--password", "hunter2"];
    let message = run(encode
        .iter()
        .chain(&["--token", "hunter2-1"])
        .chain(&password))
    .ok();
    let decode = ["decode", "--json", "--fileserver-url", &server.url];
    let error = run_with(decode, &message).error(1);
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("401")),
        "{error}"
    );
    let decoded = run_with(decode.iter().chain(&password), &message).json();
    assert_eq!(decoded["payloads"][0]["size"], BIG);
}

#[test]
fn what_cannot_be_uploaded_goes_direct_if_it_fits() {
    let nowhere = [
        "encode",
        "s",
        "--fileserver-url",
        "http://127.0.0.1:1",
        "--max-retries",
        "1",
    ];
    let small = ["--size-threshold", "3", "--part", "t=text:Hello"];
    let message = run(nowhere.iter().chain(&small)).json();
    assert_eq!(message["payloads"][0]["transport"], "direct");
    let error = run(nowhere.iter().chain(&small).chain(&["--no-fallback"])).error(3);
    assert_eq!(error["error"]["code"], "UPLOAD_FAILED");
}

#[test]
fn the_server_refuses_what_is_too_large() {
    let server = Server::start(&["--max-file-size", "1000000"]);
    let (_folder, part) = big();
    let error = run([
        "encode",
        "s",
        "--fileserver-url",
        &server.url,
        "--part",
        &part,
    ])
    .error(1);
    assert_eq!(error["error"]["code"], "UPLOAD_FAILED");
}
