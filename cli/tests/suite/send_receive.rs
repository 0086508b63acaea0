//! `send` and `receive`: what one process sends over a real NATS server, another one has.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::broker::Broker;
use crate::program::{Run, Server, command, finish, parse, run, run_with};
use crate::receiver::Receiver;

/// One of each type.
const PARTS: [&str; 8] = [
    "msg=text:Grüße 😀",
    "d=dictionary:{\"n\":9007199254740993,\"a\":[1,1.0,null]}",
    "t=arrowtable:a,b\n1,x\n2,y\n",
    "rows=jsontable:[{\"a\":1},{\"a\":2}]",
    "i=image:pixels",
    "s=audio:samples",
    "v=video:frames",
    "b=binary:bytes",
];

fn send(broker: &Broker, arguments: &[&str]) -> Run {
    run(["send", "--server", broker.url()].iter().chain(arguments))
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_type_arrives_as_it_was_sent() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["all.*", "--count", "1", "--json"]);
    let parts: Vec<&str> = PARTS.iter().flat_map(|part| ["--part", part]).collect();
    let mut arguments = vec![
        "all.types",
        "--header",
        "X-Trace:  a b ",
        "--header",
        "X-Trace:c",
        "--json",
    ];
    arguments.extend(&parts);
    let sent = send(&broker, &arguments).json();
    assert_eq!(sent["outcome"], "published");
    let run = receiver.finish();
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let lines = run.lines();
    let [message] = &lines[..] else {
        panic!("{}", run.out)
    };
    assert_eq!(message["number"], 1);
    assert_eq!(message["subject"], "all.types");
    assert_eq!(message["envelope"]["msg_id"], sent["msg_id"]);
    assert_eq!(message["envelope"]["broker_url"], broker.url());
    assert_eq!(message["headers"]["X-Trace"], json!(["a b", "c"]));
    assert_eq!(message["headers"]["Nats-Msg-Id"], json!([sent["msg_id"]]));
    let encoded = run_of(["encode", "all.types"].iter().chain(&parts));
    let decoded = run_with(["decode", "--json"], encoded).json();
    assert_eq!(message["payloads"], decoded["payloads"]);
}

fn run_of<'a>(arguments: impl IntoIterator<Item = &'a &'a str>) -> String {
    run(arguments).ok()
}

#[test]
fn people_see_a_listing() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["chat", "--count", "1"]);
    let sent = send(&broker, &["chat", "-p", "m=text:Hello\u{1b}[31m"]).ok();
    assert!(
        sent.starts_with("msg_id ") && sent.ends_with(" to chat: published\n"),
        "{sent}"
    );
    let run = receiver.finish();
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out
            .starts_with("message 1 on chat\nchat from \"NATSBridge\" to chat, "),
        "{}",
        run.out
    );
    assert!(
        run.out
            .ends_with("[0] m (text, direct, 10 bytes)\nHello\\u{1b}[31m\n\n"),
        "{}",
        run.out
    );
}

#[cfg(unix)]
#[test]
fn a_queue_shares_and_a_signal_drains() {
    const MESSAGES: usize = 24;
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let arguments = ["jobs", "--queue", "workers", "--json"];
    let receivers = [(); 2].map(|()| Receiver::start(broker.url(), &arguments));
    let mut sent: Vec<Json> = (0..MESSAGES)
        .map(|number| {
            let part = format!("n=text:{number}");
            send(&broker, &["jobs", "--json", "--part", &part]).json()["msg_id"].clone()
        })
        .collect();
    // The server has all of them; what is on its way comes before the end of the subscription.
    for receiver in &receivers {
        receiver.signal("-INT");
    }
    let mut received = Vec::new();
    for receiver in receivers {
        let run = receiver.finish();
        assert_eq!((run.code, run.err.as_str()), (130, ""));
        let lines = run.lines();
        assert!(!lines.is_empty(), "one has them all");
        received.extend(lines.iter().map(|line| line["envelope"]["msg_id"].clone()));
    }
    for ids in [&mut sent, &mut received] {
        ids.sort_by_key(Json::to_string);
    }
    assert_eq!(sent, received);
}

#[test]
fn payloads_go_to_numbered_folders_and_a_bad_message_to_none() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("inbox");
    fs::create_dir_all(dir.join("000041")).expect("an earlier message");
    let dir_text = dir.to_str().expect("UTF-8");
    let arguments = [
        "files",
        "--dir",
        dir_text,
        "--count",
        "4",
        "--json",
        "--fileserver-url",
        &server.url,
    ];
    let receiver = Receiver::start(broker.url(), &arguments);
    let big = folder.path().join("big.bin");
    let bytes: Vec<u8> = (0..600_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    fs::write(&big, &bytes).expect("a file");
    let part = format!("../../evil=binary@{}", big.display());
    let arguments = [
        "files",
        "-p",
        &part,
        "-p",
        "t=text:x",
        "--fileserver-url",
        &server.url,
    ];
    send(&broker, &arguments).ok();
    broker.publish("files", b"{\"no\": \"message\"}");
    send(&broker, &["files"]).ok();
    send(
        &broker,
        &[
            "files",
            "-p",
            "d=dictionary:{}",
            "-p",
            "t=arrowtable:a\n1\n",
        ],
    )
    .ok();
    let run = receiver.finish();
    assert_eq!(run.code, 1, "a message could not be read: {}", run.err);
    assert_eq!(run.err, "");
    assert_eq!(entries(&dir), ["000041", "000042", "000043", "000044"]);
    assert_eq!(
        entries(&dir.join("000042")),
        ["payload-0.bin", "payload-1.txt"]
    );
    assert_eq!(
        fs::read(dir.join("000042/payload-0.bin")).expect("a file"),
        bytes
    );
    assert_eq!(entries(&dir.join("000043")), [""; 0]);
    assert_eq!(
        entries(&dir.join("000044")),
        ["payload-0.json", "payload-1.arrows"]
    );
    let lines = run.lines();
    assert_eq!(lines[0]["number"], 42);
    assert_eq!(lines[0]["payloads"][0]["transport"], "link");
    let file = dir.join("000042").join("payload-0.bin");
    assert_eq!(
        lines[0]["payloads"][0]["file"],
        file.to_str().expect("UTF-8")
    );
    assert_eq!(lines[1]["error"]["code"], "INVALID_ENVELOPE");
    assert_eq!(lines[3]["number"], 44);
    // What `decode` makes of the same message.
    let message = run_of(&[
        "encode",
        "files",
        "-p",
        "d=dictionary:{}",
        "-p",
        "t=arrowtable:a\n1\n",
    ]);
    let decoded = folder.path().join("decoded");
    run_with(
        ["decode", "--out-dir", decoded.to_str().expect("UTF-8")],
        message,
    )
    .ok();
    assert_eq!(entries(&decoded), entries(&dir.join("000044")));
}

#[test]
fn a_bad_message_is_a_line_on_standard_error_for_people() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["chat", "--count", "3"]);
    send(&broker, &["chat", "-p", "m=text:first"]).ok();
    broker.publish("chat", b"nonsense");
    send(&broker, &["chat", "-p", "m=text:last"]).ok();
    let run = receiver.finish();
    assert_eq!(run.code, 1);
    assert_eq!(parse(&run.err)["error"]["code"], "INVALID_ENVELOPE");
    assert!(
        run.out.contains("first\n") && run.out.contains("last\n"),
        "{}",
        run.out
    );
}

#[test]
fn what_is_acknowledged_is_delivered_once() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let server = Server::start(&[]);
    let url = ["--fileserver-url", &server.url];
    let mut arguments = vec!["jobs", "--count", "2", "--ack", "--json"];
    arguments.extend(url);
    let receiver = Receiver::start(broker.url(), &arguments);
    let mut arguments = vec![
        "jobs",
        "--deliver",
        "--json",
        "--size-threshold",
        "1",
        "-p",
        "b=binary:x",
    ];
    arguments.extend(url);
    arguments.push("--remove-when-acknowledged");
    let delivered = send(&broker, &arguments).json();
    assert_eq!(delivered["outcome"], "acknowledged");
    assert_eq!(delivered["sendings"], 1);
    assert_eq!(delivered["acknowledged_by"]["sender_name"], "NATSBridge");
    let said = send(&broker, &["jobs", "--deliver", "-p", "t=text:x"]).ok();
    assert!(
        said.contains(" to jobs: sent once, acknowledged by NATSBridge "),
        "{said}"
    );
    let run = receiver.finish();
    assert_eq!((run.code, run.lines().len()), (0, 2), "{}", run.err);
    assert_eq!(run.lines()[0]["envelope"]["msg_id"], delivered["msg_id"]);
    assert_eq!(run.lines()[0]["payloads"][0]["transport"], "link");
}

#[cfg(unix)]
#[test]
fn what_is_not_acknowledged_comes_again() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["jobs", "--json"]);
    let arguments = [
        "jobs",
        "--deliver",
        "--ack-wait",
        "100ms",
        "--deadline",
        "1s",
        "-p",
        "t=text:x",
    ];
    let error = send(&broker, &arguments).error(3);
    assert_eq!(error["error"]["code"], "NOT_ACKNOWLEDGED");
    assert_eq!(error["error"]["details"]["found"], "no answer");
    receiver.signal("-TERM");
    let run = receiver.finish();
    assert_eq!(run.code, 143, "{}", run.err);
    let lines = run.lines();
    assert!(lines.len() > 1, "{}", run.out);
    assert!(
        lines
            .iter()
            .all(|line| line["envelope"]["msg_id"] == error["msg_id"])
    );
}

#[test]
fn an_answer_is_printed() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["ask", "--count", "2", "--ack"]);
    let answer = send(&broker, &["ask", "--request", "--json", "-p", "q=text:?"]).json();
    assert_eq!(answer["envelope"]["msg_purpose"], "ACK");
    assert!(answer["number"].is_null());
    let answer = send(&broker, &["ask", "--request", "-p", "q=text:?"]).ok();
    assert!(answer.starts_with("answer on _INBOX."), "{answer}");
    assert_eq!(receiver.finish().code, 0);
    for how in ["--request", "--deliver"] {
        let mut arguments = vec!["nobody", how, "-p", "q=text:?"];
        if how == "--deliver" {
            arguments.extend(["--deadline", "200ms"]);
        }
        let error = send(&broker, &arguments).error(3);
        assert_eq!(error["error"]["details"]["found"], "no responders", "{how}");
    }
}

#[test]
fn silence_ends_it_if_asked() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let run = Receiver::start(broker.url(), &["quiet", "--timeout", "50ms"]).finish();
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""));
    let run = Receiver::start(
        broker.url(),
        &["quiet", "--timeout", "50ms", "--count", "2"],
    )
    .finish();
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (3, "", "natsbridge: 0 of 2 messages came\n")
    );
}

#[test]
fn without_a_server_it_ends_with_one_line_and_no_secret() {
    for command in [&["send", "s", "-p", "t=text:x"][..], &["receive", "s"]] {
        let url = "nats://me:hunter2@127.0.0.1:1";
        let server = ["--server", url];
        let error = run(command.iter().chain(&server)).error(3);
        assert_eq!(error["error"]["code"], "NATS_CONNECTION_FAILED");
        let message = error["error"]["message"].as_str().expect("a message");
        assert!(
            message.starts_with("no connection to nats://127.0.0.1:1: "),
            "{message}"
        );
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn logins_come_from_the_url_or_the_environment_and_are_never_shown() {
    let Some(broker) = Broker::start(&["--user", "me", "--pass", "hunter2"]) else {
        return;
    };
    let parts = ["send", "s", "-p", "t=text:x"];
    let with = |url: &str, variables: &[(&str, &str)]| {
        let server = ["--server", url];
        let mut send = command(parts.iter().chain(&server));
        send.envs(variables.iter().copied());
        let run = finish(&mut send, b"");
        assert!(!format!("{run:?}").contains("hunter"), "{run:?}");
        run.code
    };
    let plain = broker.url();
    let url = plain.replace("://", "://me:hunter2@");
    assert_eq!(with(&url, &[]), 0);
    assert_eq!(
        with(&url, &[("NATS_TOKEN", "hunter3")]),
        0,
        "the URL comes first"
    );
    assert_eq!(
        with(plain, &[("NATS_USER", "me"), ("NATS_PASSWORD", "hunter2")]),
        0
    );
    assert_eq!(
        with(plain, &[("NATS_USER", "me"), ("NATS_PASSWORD", "hunter3")]),
        1
    );
    assert_eq!(with(plain, &[("NATS_TOKEN", "hunter3")]), 1);
    assert_eq!(with(plain, &[]), 1);
    assert_eq!(with(plain, &[("NATS_USER", "me")]), 2);
}

#[test]
fn wrong_usage_is_told_before_anything_is_sent() {
    for arguments in [
        &["send"][..],
        &["send", "s", "--deliver", "--request"],
        &["send", "s", "--ack-wait", "1s"],
        &["send", "s", "--timeout", "1s"],
        &["send", "s", "--header", "no colon"],
        &["send", "s", "--tls-cert", "c.pem"],
        &["send", "s", "--creds", "a", "--nkey-file", "b"],
        &["send", "s", "--nkey-file", "no such file"],
        &["receive"],
        &["receive", "s", "--count", "0"],
        &["receive", "s", "--dir", "/dev/null/x"],
    ] {
        let run = run(arguments);
        assert_eq!(
            (run.code, run.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            run.err
        );
    }
    let error = run(["send", "a b", "-p", "t=text:x"]);
    assert_eq!(
        error.code, 3,
        "the subject is judged with the message: {}",
        error.err
    );
}

#[cfg(unix)]
mod while_fetching {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// A receiver that is fetching a payload of 10 bytes, of which 5 have come.
    fn fetching(broker: &Broker, dir: &Path, more: &[&str]) -> (Receiver, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut message = parse(&run_of(&["encode", "s", "--part", "b=binary:0123456789"]));
        message["payloads"][0]["transport"] = json!("link");
        message["payloads"][0]["encoding"] = json!("none");
        message["payloads"][0]["data"] = json!(format!("{url}/x"));
        let dir = dir.to_str().expect("UTF-8");
        let arguments = ["s", "--dir", dir, "--fileserver-url", &url, "--json"];
        let receiver = Receiver::start(broker.url(), &[&arguments, more].concat());
        broker.publish("s", message.to_string().as_bytes());
        let (mut stream, _) = listener.accept().expect("a connection");
        assert!(stream.read(&mut [0; 64]).expect("a request") > 0);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
            .expect("half an answer");
        (receiver, stream)
    }

    #[test]
    fn a_signal_lets_it_finish() {
        let Some(broker) = Broker::start(&[]) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (receiver, mut stream) = fetching(&broker, folder.path(), &[]);
        receiver.signal("-INT");
        std::thread::sleep(std::time::Duration::from_millis(200));
        stream.write_all(b"56789").expect("the other half");
        let run = receiver.finish();
        assert_eq!((run.code, run.lines().len()), (130, 1), "{}", run.err);
        assert_eq!(entries(folder.path()), ["000001"]);
        let file = folder.path().join("000001/payload-0.bin");
        assert_eq!(fs::read(file).expect("a file"), b"0123456789");
    }

    #[test]
    fn the_time_without_messages_does_not_run() {
        let Some(broker) = Broker::start(&[]) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let limits = ["--count", "2", "--timeout", "500ms"];
        let (receiver, mut stream) = fetching(&broker, folder.path(), &limits);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        stream.write_all(b"56789").expect("the other half");
        let run = receiver.finish();
        assert_eq!((run.code, run.lines().len()), (3, 1), "{}", run.err);
        assert!(run.err.contains("1 of 2 messages came"), "{}", run.err);
        assert_eq!(entries(folder.path()), ["000001"]);
    }

    #[test]
    fn a_second_signal_ends_it_at_once() {
        let Some(broker) = Broker::start(&[]) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (receiver, _stream) = fetching(&broker, folder.path(), &[]);
        receiver.signal("-INT");
        std::thread::sleep(std::time::Duration::from_millis(200));
        receiver.signal("-TERM");
        let run = receiver.finish();
        assert_eq!((run.code, run.out.as_str()), (143, ""), "{}", run.err);
        assert_eq!(entries(folder.path()), [""; 0]);
    }
}

#[cfg(unix)]
#[test]
fn a_lost_connection_is_said_and_does_not_hold_up_the_end() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let receiver = Receiver::start(broker.url(), &["s"]);
    drop(broker);
    receiver.wait_for("natsbridge: the connection to the NATS server is lost");
    receiver.signal("-INT");
    let run = receiver.finish();
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    let last = run.err.lines().last().expect("a line");
    assert!(last.contains("NATS_CONNECTION_FAILED"), "{}", run.err);
}
