//! `probe` measures what it sends itself, and says whether that is good enough.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::broker::Broker;
use crate::program::{Run, Server, command, run, start};
use crate::receiver::Receiver;

fn outcomes(line: &Json) -> Vec<(&str, &str)> {
    let messages = line["messages"].as_array().expect("messages");
    messages
        .iter()
        .map(|message| {
            (
                message["kind"].as_str().expect("a kind"),
                message["outcome"].as_str().expect("an outcome"),
            )
        })
        .collect()
}

fn probe(broker: &Broker, fileserver: &str, arguments: &[&str]) -> Run {
    let fixed = [
        "probe",
        "--server",
        broker.url(),
        "--fileserver-url",
        fileserver,
        "--interval",
        "20ms",
        "--max-retries",
        "1",
    ];
    run(fixed.iter().chain(arguments))
}

#[test]
fn each_kind_arrives_in_every_round() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let server = Server::start(&[]);
    let run = probe(
        &broker,
        &server.url,
        &["--count", "2", "--target-ms", "10000", "--json"],
    );
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    let lines = run.lines();
    let [first, second, summary] = &lines[..] else {
        panic!("{}", run.out)
    };
    for (number, line) in [(1, first), (2, second)] {
        assert_eq!(line["round"], number);
        assert_eq!(
            outcomes(line),
            [("small", "ok"), ("10kb", "ok"), ("link", "ok")]
        );
    }
    let summary = &summary["summary"];
    assert_eq!(summary["messages"], 6);
    assert_eq!(summary["within_target_ratio"], 1.0);
    assert_eq!(summary["kinds"]["link"]["ok"], 2);
    assert!(
        summary["total"]["mean_ms"]
            .as_f64()
            .is_some_and(|mean| mean > 0.0),
        "{summary}"
    );
    let run = probe(
        &broker,
        &server.url,
        &["--count", "1", "--target-ms", "10000"],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out
            .ends_with("100.0 % of 3 messages within 10000 ms; the target is 95.0 %\n"),
        "{}",
        run.out
    );
}

#[test]
fn what_is_late_or_fails_misses_the_target() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let server = Server::start(&[]);
    let late = probe(
        &broker,
        &server.url,
        &["--count", "1", "--target-ms", "0", "--json"],
    );
    assert_eq!(late.code, 1, "{}", late.out);
    assert_eq!(
        outcomes(&late.lines()[0]),
        [("small", "late"), ("10kb", "late"), ("link", "late")]
    );
    let arguments = ["--count", "1", "--target-ms", "10000", "--json"];
    let failed = probe(&broker, "http://127.0.0.1:1", &arguments);
    assert_eq!(failed.code, 1, "{}", failed.out);
    let lines = failed.lines();
    assert_eq!(
        outcomes(&lines[0]),
        [("small", "ok"), ("10kb", "ok"), ("link", "failed")]
    );
    assert_eq!(
        lines[0]["messages"][2]["error"]["error"]["code"],
        "UPLOAD_FAILED"
    );
    let arguments = [
        "--count",
        "1",
        "--target-ms",
        "10000",
        "--target-ratio",
        "0.6",
    ];
    assert_eq!(probe(&broker, "http://127.0.0.1:1", &arguments).code, 0);
}

#[test]
fn without_nats_it_says_so() {
    let error = run(["probe", "--server", "nats://127.0.0.1:1", "--count", "1"]).error(3);
    assert_eq!(error["error"]["code"], "NATS_CONNECTION_FAILED");
    for wrong in [
        ["--target-ratio", "2"],
        ["--count", "0"],
        ["--interval", "soon"],
    ] {
        assert_eq!(run(["probe"].iter().chain(&wrong)).code, 2, "{wrong:?}");
    }
}

#[cfg(unix)]
#[test]
fn without_a_connection_nothing_is_uploaded() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("files");
    let server = Server::start(&["--dir", dir.to_str().expect("UTF-8")]);
    let arguments = [
        "probe",
        "--server",
        broker.url(),
        "--fileserver-url",
        &server.url,
        "--interval",
        "100ms",
        "--patience",
        "500ms",
    ];
    let probe = Receiver::watch(start(&mut command(arguments)));
    std::thread::sleep(Duration::from_secs(1));
    drop(broker);
    probe.wait_for("natsbridge: the connection to the NATS server is lost");
    // What was on its way then is given up in that time.
    std::thread::sleep(Duration::from_millis(700));
    let uploads = || std::fs::read_dir(&dir).expect("a folder").count();
    let before = uploads();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(uploads(), before);
    probe.signal("-INT");
    let run = probe.finish();
    assert_eq!(run.code, 1, "{} {}", run.out, run.err);
    let missed = "link failed 0.0 ms (there is no connection to the NATS server)";
    assert!(run.out.contains(missed), "{}", run.out);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_a_summary() {
    let Some(broker) = Broker::start(&[]) else {
        return;
    };
    let server = Server::start(&[]);
    let arguments = [
        "probe",
        "--server",
        broker.url(),
        "--fileserver-url",
        &server.url,
        "--target-ms",
        "10000",
        "--json",
    ];
    let probe = Receiver::watch(start(&mut command(arguments)));
    std::thread::sleep(Duration::from_secs(3));
    probe.signal("-INT");
    let run = probe.finish();
    assert_eq!(run.code, 0, "{} {}", run.out, run.err);
    let lines = run.lines();
    assert_eq!(
        lines.last().expect("a summary")["summary"]["rounds"],
        json!(1)
    );
}
