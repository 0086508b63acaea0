//! A signal ends the command, and nothing is left behind.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Events, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::broker::Broker;
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

/// A Plik that tells of each request, and never answers those that begin with one of `stalls`.
fn plik(stalls: &'static [&'static str]) -> (String, Events<String>) {
    let (listener, url) = silent();
    let (tell, events) = channel();
    let next = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tell, next) = (tell.clone(), Arc::clone(&next));
            thread::spawn(move || serve(stream, &next, stalls, &tell));
        }
    });
    (url, events)
}

/// Answers the requests of one connection until it ends.
fn serve(
    stream: TcpStream,
    next: &AtomicUsize,
    stalls: &[&str],
    tell: &Sender<String>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut lines = reader.by_ref().lines().map_while(Result::ok);
        let request = lines.next()?;
        let headers: Vec<String> = lines
            .take_while(|line| !line.is_empty())
            .map(|line| line.to_lowercase())
            .collect();
        let length = headers
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
        reader.read_exact(&mut vec![0; length]).ok()?;
        if request.starts_with("DELETE ") {
            assert!(headers.contains(&"x-uploadtoken: hunter2".to_owned()));
        }
        let stalled = stalls.iter().any(|stall| request.starts_with(stall));
        let body = match request.starts_with("POST /upload ") {
            true => {
                let id = next.fetch_add(1, Ordering::Relaxed);
                json!({"id": format!("u{id}"), "uploadToken": "hunter2"}).to_string()
            }
            false => json!({"id": "file"}).to_string(),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if !stalled {
            if request.starts_with("DELETE ") {
                // A command that does not wait for the answer has ended before this is told.
                thread::sleep(Duration::from_millis(500));
            }
            reader.get_mut().write_all(answer.as_bytes()).ok()?;
        }
        tell.send(request).ok()?;
        if stalled {
            // Until the client goes.
            let _ = reader.read(&mut [0]);
            return None;
        }
    }
}

fn wait_for(events: &Events<String>, beginning: &str) {
    while let Ok(event) = events.recv_timeout(Duration::from_secs(20)) {
        if event.starts_with(beginning) {
            return;
        }
    }
    panic!("no request begins with {beginning}");
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

/// An `encode` of two payloads, of which one is uploaded and the other is on its way.
fn half_uploaded(url: &str, events: &Events<String>) -> Child {
    let parts = ["--part", "a=binary:x", "--part", "b=binary:y"];
    let to = ["--size-threshold", "1", "--fileserver-url", url];
    let child = start(&mut command(
        ["encode", "s"].iter().chain(&parts).chain(&to),
    ));
    wait_for(events, "POST /file/u");
    wait_for(events, "POST /file/u");
    // The answer is on its way to the command.
    thread::sleep(Duration::from_millis(300));
    child
}

#[test]
fn what_was_uploaded_is_removed() {
    let (url, events) = plik(&["POST /file/u1 "]);
    let child = half_uploaded(&url, &events);
    send("-INT", &child);
    assert_eq!(exit_code(child), Some(130));
    let mut removed: Vec<String> = events.try_iter().collect();
    removed.sort();
    assert_eq!(
        removed,
        ["DELETE /upload/u0 HTTP/1.1", "DELETE /upload/u1 HTTP/1.1"]
    );
}

#[test]
fn a_second_signal_does_not_wait_for_removals() {
    let (url, events) = plik(&["POST /file/u1 ", "DELETE "]);
    let child = half_uploaded(&url, &events);
    send("-INT", &child);
    wait_for(&events, "DELETE /upload/");
    let began = Instant::now();
    send("-INT", &child);
    assert_eq!(exit_code(child), Some(130));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn what_the_probe_was_uploading_is_removed() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let (url, events) = plik(&["POST /file/u0 "]);
    let to = ["--server", broker.url(), "--fileserver-url", &url];
    let child = start(&mut command(["probe"].iter().chain(&to)));
    wait_for(&events, "POST /file/u0 ");
    send("-INT", &child);
    exit_code(child);
    assert_eq!(
        events.try_iter().collect::<Vec<_>>(),
        ["DELETE /upload/u0 HTTP/1.1"]
    );
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
