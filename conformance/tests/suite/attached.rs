//! Adapters that a person has started.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tungstenite::{Message, stream::MaybeTlsStream};

use crate::program::{CASES, command, finish, script};

#[test]
fn what_is_said_is_shown() {
    let script = script();
    let mut command = command(["attach"].iter().chain(&CASES));
    let run = finish(
        command
            .arg("--stdio")
            .arg("python3")
            .arg(&script)
            .arg("good"),
    );
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for line in [
        r#"--> {"id":0,"op":"hello","protocol":1}"#,
        r#"--> {"id":1,"op":"decode","text":"#,
        r#"<-- {"id": 1, "decoded": "#,
        "ok     w1.1-smallest",
        "ok     w1.1-payload-id-missing",
    ] {
        assert!(run.out.contains(line), "{line}: {}", run.out);
    }
}

#[test]
fn an_adapter_connects_over_tcp() {
    let (runner, address) = listening("--tcp");
    let port = address.rsplit(':').next().expect("a port").to_owned();
    let adapter = Command::new("python3")
        .arg(script())
        .args(["tcp", &port])
        .status();
    assert!(adapter.expect("python3 starts").success());
    assert_green(runner);
}

#[test]
fn an_adapter_connects_over_a_websocket() {
    let (runner, address) = listening("--websocket");
    let (mut socket, _) = tungstenite::client(
        address.as_str(),
        MaybeTlsStream::Plain(
            TcpStream::connect(address.trim_start_matches("ws://")).expect("a connection"),
        ),
    )
    .expect("a handshake");
    loop {
        let line = socket
            .read()
            .expect("a request")
            .into_text()
            .expect("a text");
        let request: Value = serde_json::from_str(&line).expect("a request in JSON");
        let id = &request["id"];
        let reply = match request["op"].as_str().expect("an operation") {
            "hello" => {
                json!({"id": id, "hello": {"protocol": 1, "implementation": "socket", "version": "0", "runtime": "test",
                "platform": "browser", "payload_types": ["text"], "transports": ["direct"], "capabilities": []}})
            }
            "stop" => json!({"id": id, "stopped": true}),
            _ if message(&request).contains("\"payloads\":[]") => {
                json!({"id": id, "decoded": {"envelope": {}, "payloads": []}})
            }
            _ => {
                json!({"id": id, "error": {"report": {"correlation_id": "", "msg_id": "", "send_to": "",
                "timestamp": "2026-11-22T05:00:00.000Z", "error": {"code": "INVALID_ENVELOPE", "message": "no",
                "details": {"phase": "validate", "pointer": "/payloads/0/id"}}}}})
            }
        };
        socket
            .send(Message::text(reply.to_string()))
            .expect("it is sent");
        if request["op"] == "stop" {
            break;
        }
    }
    assert_green(runner);
}

/// A request's message, which comes as text and as bytes.
fn message(request: &Value) -> String {
    match request["base64"].as_str() {
        Some(bytes) => {
            let bytes = base64_simd::STANDARD.decode_to_vec(bytes);
            String::from_utf8(bytes.expect("base64")).expect("text")
        }
        None => request["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// The runner, waiting, and where.
fn listening(option: &str) -> (Child, String) {
    let mut command = command(["attach", option, "127.0.0.1:0"].iter().chain(&CASES));
    let mut runner = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the runner starts");
    let mut line = String::new();
    let mut stderr = BufReader::new(runner.stderr.take().expect("a pipe"));
    stderr.read_line(&mut line).expect("a line");
    let address = line.trim().rsplit(' ').next().expect("an address");
    (runner, address.to_owned())
}

fn assert_green(runner: Child) {
    let output = runner.wait_with_output().expect("it ends");
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}");
    assert!(out.contains("ok     w1.1-payload-id-missing"), "{out}");
}
