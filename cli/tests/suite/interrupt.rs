//! A signal ends the command, and nothing is left behind.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Server, command, parse, run, start};

/// A server that takes requests and never answers them in full.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// The connection that the command opens, after its request's first bytes.
fn request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a connection");
    let read = stream.read(&mut [0; 64]).expect("a request");
    assert!(read > 0);
    stream
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(status.success());
}

fn exit_code(mut child: Child) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().expect("a status") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it can be killed");
    panic!("it does not end");
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn while_uploading() {
    for (signal, code) in [("-HUP", 129), ("-INT", 130), ("-TERM", 143)] {
        let (listener, url) = silent();
        let folder = tempfile::tempdir().expect("a folder");
        let mut encode = command([
            "encode",
            "s",
            "--size-threshold",
            "1",
            "--part",
            "b=binary@-",
            "--fileserver-url",
            &url,
        ]);
        let mut child = start(encode.env("TMPDIR", folder.path()));
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(&[0; 1000])
            .expect("written");
        let _stream = request(&listener);
        assert_eq!(
            count(folder.path()),
            1,
            "what came by standard input is kept for a second attempt"
        );
        send(signal, &child);
        assert_eq!(exit_code(child), Some(code));
        assert_eq!(count(folder.path()), 0);
    }
}

#[test]
fn while_reading_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child =
        start(command(["encode", "s", "--part", "b=binary@-"]).env("TMPDIR", folder.path()));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"x").expect("written");
    let began = Instant::now();
    while count(folder.path()) == 0 && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    send("-INT", &child);
    assert_eq!(exit_code(child), Some(130));
    assert_eq!(count(folder.path()), 0);
}

#[test]
fn while_downloading() {
    let (listener, url) = silent();
    let mut message = parse(&run(["encode", "s", "--part", "b=binary:0123456789"]).ok());
    message["payloads"][0]["transport"] = json!("link");
    message["payloads"][0]["encoding"] = json!("none");
    message["payloads"][0]["data"] = json!(format!("{url}/x"));
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("received");
    let mut child = start(command(["decode", "--fileserver-url", &url, "--out-dir"]).arg(&dir));
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(message.to_string().as_bytes())
        .expect("written");
    let mut stream = request(&listener);
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        .expect("half an answer");
    assert_eq!(count(&dir), 1, "a temporary file");
    send("-INT", &child);
    assert_eq!(exit_code(child), Some(130));
    assert!(!dir.exists());
}

#[test]
fn the_file_server_ends_well_and_clears_its_folder() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("files");
        let server = Server::start(&["--dir", dir.to_str().expect("UTF-8")]);
        run([
            "encode",
            "s",
            "--size-threshold",
            "1",
            "--part",
            "b=binary:x",
            "--fileserver-url",
            &server.url,
        ])
        .ok();
        assert_eq!(count(&dir), 1);
        assert_eq!(server.stop(signal), Some(0));
        assert_eq!(count(&dir), 0);
    }
}
