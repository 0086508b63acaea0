//! A real file server that is down, hangs, or is killed in the middle of a transfer, while messages are sent and received over
//! NATS: each ends as W6 says, within its time-outs, and nothing stays on the disk.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::broker::Broker;
use crate::program::{Server, command, parse, run, start};
use crate::receiver::Receiver;

/// Long enough that a transfer is caught in the middle.
const SIZE: u64 = 200_000_000;

/// Longer than any of the commands may take.
const PROMPTLY: Duration = Duration::from_secs(25);

const IMPATIENT: [&str; 6] = [
    "--max-retries",
    "2",
    "--read-timeout",
    "1s",
    "--connect-timeout",
    "1s",
];

/// A file of that many bytes, none of which takes up space.
fn sparse(folder: &Path) -> String {
    let path = folder.join("large.bin");
    let file = fs::File::create(&path).expect("a file");
    file.set_len(SIZE).expect("a length");
    format!("large=binary@{}", path.display())
}

/// All bytes of the files below a folder.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        // It went away meanwhile.
        Err(_) => 0,
    });
    sizes.sum()
}

/// Waits until the files below a folder have so many bytes.
fn wait_for_bytes(folder: &Path, bytes: u64) {
    let began = Instant::now();
    while bytes_below(folder) < bytes {
        assert!(began.elapsed() < PROMPTLY, "no transfer has begun");
        sleep(Duration::from_millis(1));
    }
}

fn send(url: &str, fileserver_url: &str, part: &str) -> Vec<String> {
    let arguments = [
        "send",
        "--server",
        url,
        "--fileserver-url",
        fileserver_url,
        "s",
        "--part",
        part,
    ];
    let arguments = arguments.iter().chain(&IMPATIENT);
    arguments.map(|argument| (*argument).to_owned()).collect()
}

#[test]
fn one_that_is_down_or_hangs_fails_the_send_in_time() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let part = sparse(folder.path());
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let hanging = format!("http://{}", silent.local_addr().expect("an address"));
    let down = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    for fileserver_url in [down, hanging] {
        let began = Instant::now();
        let error = run(send(broker.url(), &fileserver_url, &part)).error(3);
        assert_eq!(error["error"]["code"], "UPLOAD_FAILED", "{error}");
        assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    }
}

#[test]
fn one_that_is_down_is_no_matter_where_the_payload_fits_into_the_message() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["s", "--count", "1", "--json"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("half.bin");
    fs::write(&path, vec![7; 600_000]).expect("a file");
    let part = format!("half=binary@{}", path.display());
    let sent = run(send(broker.url(), "http://127.0.0.1:1", &part));
    assert_eq!(sent.code, 0, "{}", sent.err);
    let received = receiver.finish();
    let payload = &received.lines()[0]["payloads"][0];
    assert_eq!(payload["transport"], "direct");
    assert_eq!(payload["size"], 600_000);
}

#[test]
fn one_that_is_killed_in_the_middle_of_an_upload_fails_the_send() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let part = sparse(folder.path());
    let store = folder.path().join("store");
    let server = Server::start(&["--dir", store.to_str().expect("UTF-8")]);
    let sending = start(&mut command(send(broker.url(), &server.url, &part)));
    wait_for_bytes(&store, SIZE / 100);
    assert!(
        bytes_below(&store) < SIZE,
        "the upload was too fast to be caught"
    );
    // SIGKILL.
    drop(server);
    let began = Instant::now();
    let output = sending.wait_with_output().expect("its end");
    assert!(began.elapsed() < PROMPTLY);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    let error = parse(text.lines().last().expect("a line"));
    assert_eq!(error["error"]["code"], "UPLOAD_FAILED", "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn one_that_is_killed_in_the_middle_of_a_download_leaves_nothing_behind() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let part = sparse(folder.path());
    let inbox = folder.path().join("inbox");
    let server = Server::start(&[]);
    let mut arguments = vec![
        "s",
        "--count",
        "1",
        "--json",
        "--dir",
        inbox.to_str().expect("UTF-8"),
    ];
    arguments.extend(["--fileserver-url", &server.url]);
    arguments.extend(IMPATIENT);
    let receiver = Receiver::start(broker.url(), &arguments);
    let sent = run(send(broker.url(), &server.url, &part));
    assert_eq!(sent.code, 0, "{}", sent.err);
    wait_for_bytes(&inbox, SIZE / 100);
    // SIGKILL.
    drop(server);
    let began = Instant::now();
    let received = receiver.finish();
    assert!(began.elapsed() < PROMPTLY);
    assert_eq!(received.code, 1, "{}", received.err);
    let error = received.lines().pop().expect("a line");
    assert_eq!(error["error"]["code"], "DOWNLOAD_FAILED", "{error}");
    let left: Vec<_> = fs::read_dir(&inbox).expect("a folder").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}
