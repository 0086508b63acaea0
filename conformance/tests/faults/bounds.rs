//! What strangers can do to the server, and its end.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use natsbridge_conformance::faults::Faults;

use super::client::{End, connect, get, read};

#[test]
fn what_is_no_http_ends_the_connection_and_nothing_else() {
    let faults = Faults::start(0).expect("a server");
    for bytes in [
        &b"\r\n\r\n\r\n\r\n \x00\xff"[..],
        b"GET\r\n\r\n",
        &[b'x'; 100_000],
        &[&b"GET / HTTP/1.1\r\n"[..], &b"A: b\r\n".repeat(10_000)].concat(),
    ] {
        let mut stream = connect(&faults.url());
        let _ = stream.write_all(bytes);
        let answer = read(stream);
        assert_ne!(answer.end, End::Silent, "{:?}", &bytes[..8]);
        assert_eq!(answer.bytes, b"");
    }
    let mut stream = connect(&faults.url());
    stream
        .write_all(b"POST /t/plik/upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        .expect("a request");
    assert_eq!(read(stream).bytes, b"");
    assert_eq!(get(&format!("{}/t/get/ok/1", faults.url())).body(), [0]);
}

#[test]
fn connections_beyond_the_most_are_closed_and_those_before_live_on() {
    let faults = Faults::start(0).expect("a server");
    let mut waiting: Vec<_> = (0..256).map(|_| connect(&faults.url())).collect();
    // One that was served shows that all before it were admitted.
    let first = waiting.last_mut().expect("connections");
    first
        .write_all(b"GET /t/get/hang@1/2 HTTP/1.1\r\n\r\n")
        .expect("a request");
    first.read_exact(&mut [0; 10]).expect("an answer");
    assert_ne!(read(connect(&faults.url())).end, End::Silent);
    drop(waiting);
    let until = Instant::now() + Duration::from_secs(10);
    let url = format!("{}/t/get/ok/2", faults.url());
    loop {
        let mut stream = connect(&faults.url());
        let sent = stream
            .write_all(format!("GET {} HTTP/1.1\r\n\r\n", &url[faults.url().len()..]).as_bytes());
        if sent.is_ok() && read(stream).status() == 200 {
            break;
        }
        assert!(Instant::now() < until, "there is no room again");
    }
}

#[test]
fn it_ends_at_once_with_all_that_waits() {
    let faults = Faults::start(0).expect("a server");
    let mut stream = connect(&faults.url());
    stream
        .write_all(b"GET /t/get/drip=10s/100 HTTP/1.1\r\n\r\n")
        .expect("a request");
    stream.read_exact(&mut [0; 10]).expect("a head");
    let (start, url) = (Instant::now(), faults.url());
    drop(faults);
    assert_ne!(read(stream).end, End::Silent);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(std::net::TcpStream::connect(&url[7..]).is_err());
}

#[test]
fn the_command_tells_its_url_and_its_steps() {
    let program = env!("CARGO_BIN_EXE_natsbridge-faults");
    let mut command = Command::new(program);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let mut url = String::new();
    let mut output = child.stdout.take().expect("its output");
    while !url.ends_with('\n') {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("a line");
        url.push(char::from(byte[0]));
    }
    let answer = get(&format!("{}/t/get/ok/3", url.trim()));
    child.kill().expect("its end");
    child.wait().expect("its end");
    assert_eq!(answer.body(), [0, 1, 2]);
    let help = Command::new(program)
        .arg("--help")
        .output()
        .expect("a process");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for word in ["--port", "retry-after", "short@K", "/log"] {
        assert!(help.contains(word), "{help}");
    }
}
