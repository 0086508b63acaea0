//! What may be a secret is printed by no command (W6.10), however much its log says.

use crate::broker::Broker;
use crate::program::{Server, command, finish, run};
use crate::receiver::Receiver;

#[test]
fn a_wrong_argument_that_may_hold_a_secret_is_not_quoted() {
    for (arguments, option) in [
        (
            ["receive", "s", "--allow-origin", "https://me:hunter2@host"],
            "--allow-origin <URL>",
        ),
        (
            ["send", "s", "--header", "Authorization Bearer hunter2"],
            "--header <HEADER>",
        ),
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
        assert!(run.err.contains(option), "{}", run.err);
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
}

/// Names and passwords as they are, and as HTTP has them.
fn has_no_secret(text: &str) {
    for secret in ["hunter2", "bWU6aHVudGVyMg"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_log_of_everything_has_no_secret_in_it() {
    let Some(broker) = Broker::start(&["--user", "me", "--pass", "hunter2"]) else {
        return;
    };
    let server = Server::start(&["--user-token", "hunter2-token"]);
    let url = broker.url().replace("://", "://me:hunter2@");
    let log = ["--log", "json", "--log-level", "trace"];
    let transfer = ["--fileserver-url", &server.url];
    let password = [
        ("NATSBRIDGE_LOGIN", "me"),
        ("NATSBRIDGE_PASSWORD", "hunter2"),
    ];
    let mut receive = command(["receive", "s", "--server", &url, "--count", "1"]);
    receive.args(log).args(transfer).envs(password);
    let receiver = Receiver::watch(crate::program::start(&mut receive));
    let subscribed = receiver.wait_for("natsbridge: subscribed to ");
    has_no_secret(&subscribed);
    let mut send = command(["send", "s", "--server", &url, "--no-fallback"]);
    send.args(["--size-threshold", "1", "-p", "b=binary:0123456789"]);
    send.args(log).args(transfer).envs(password);
    let sent = finish(send.env("NATSBRIDGE_TOKEN", "hunter2-token"), b"");
    let received = receiver.finish();
    for run in [&sent, &received] {
        assert_eq!(run.code, 0, "{run:?}");
        has_no_secret(&run.out);
        has_no_secret(&run.err);
    }
    assert!(sent.err.contains("\"transport\":\"link\""), "{}", sent.err);
}

#[test]
fn no_more_where_it_fails() {
    let log = ["--log", "json", "--log-level", "trace"];
    let encode = ["encode", "s", "--size-threshold", "1", "-p", "t=text:x"];
    for url in [
        "http://me:hunter2@127.0.0.1:1",
        "http://127.0.0.1:1/?token=hunter2",
        "ftp://me:hunter2@127.0.0.1",
    ] {
        let more = [
            "--no-fallback",
            "--max-retries",
            "1",
            "--token",
            "hunter2",
            "--fileserver-url",
            url,
        ];
        let run = run(encode.iter().chain(&more).chain(&log));
        assert_ne!(run.code, 0, "{run:?}");
        has_no_secret(&run.out);
        has_no_secret(&run.err);
    }
}
