//! Exit codes, and the error as one line of JSON.

use serde_json::{Value as Json, json};

use crate::program::{run, run_with};

/// The error without what differs from run to run.
fn redacted(mut error: Json) -> String {
    for member in ["correlation_id", "msg_id"] {
        if error[member].as_str().is_some_and(|id| id.len() == 36) {
            error[member] = json!("[uuid]");
        }
    }
    assert_eq!(
        error["timestamp"].as_str().map(str::len),
        Some("2026-03-13T07:02:50.443Z".len())
    );
    error["timestamp"] = json!("[timestamp]");
    format!("{error:#}")
}

#[test]
fn an_argument_that_breaks_the_schema() {
    insta::assert_snapshot!(redacted(
        run(["encode", "a b", "--part", "t=text:x"]).error(1)
    ));
}

#[test]
fn a_type_that_does_not_exist() {
    insta::assert_snapshot!(redacted(
        run(["encode", "s", "--part", "a=text:x", "--part", "n=picture:x"]).error(1)
    ));
}

#[test]
fn a_dictionary_that_is_not_strict_json() {
    insta::assert_snapshot!(redacted(
        run(["encode", "s", "--part", r#"d=dictionary:{"a":1,"a":2}"#]).error(1)
    ));
}

#[test]
fn metadata_that_is_not_strict_json() {
    let id = "123e4567-e89b-42d3-a456-426614174000";
    insta::assert_snapshot!(redacted(
        run(["encode", "s", "--msg-id", id, "--metadata", "{\"a\":1e400}"]).error(1)
    ));
}

#[test]
fn rows_that_cannot_be_read() {
    insta::assert_snapshot!(redacted(
        run(["encode", "s", "--part", "r=jsontable:{}\n{"]).error(1)
    ));
}

#[test]
fn a_message_that_is_no_json() {
    insta::assert_snapshot!(redacted(run_with(["decode"], "{\"a\":01}").error(1)));
}

#[test]
fn a_link_that_is_not_allowed() {
    let error = run_with(["decode"], link("http://elsewhere.example/x?token=hunter2")).error(1);
    insta::assert_snapshot!(redacted(error));
}

#[test]
fn a_server_that_is_not_there() {
    let url = "http://127.0.0.1:1";
    let retry = [
        "--max-retries",
        "2",
        "--base-delay",
        "1ms",
        "--allow-origin",
        url,
    ];
    let error = run_with(
        ["decode"].iter().chain(&retry),
        link(&format!("{url}/x?token=hunter2")),
    )
    .error(3);
    insta::assert_snapshot!(redacted(error));
}

#[test]
fn wrong_usage() {
    for arguments in [
        &["nothing"][..],
        &["encode"],
        &["encode", "s", "--part", "no type"],
        &["encode", "s", "--part", "t=text@"],
        &["encode", "s", "--checksum", "some"],
        &["encode", "s", "--base-delay", "soon"],
        &["encode", "s", "--ttl", "0"],
        &["encode", "s", "--login", "me"],
        &["decode", "no such file"],
        &["decode", "--allow-origin", "not an origin"],
        &["validate"],
        &["validate", "no such file"],
        &["schema", "no such schema"],
        &["fileserver", "--listen", "nowhere"],
        &[
            "fileserver",
            "--listen",
            "127.0.0.1:0",
            "--default-ttl",
            "2s",
            "--max-ttl",
            "1s",
        ],
    ] {
        let run = run(arguments);
        assert_eq!(
            (run.code, run.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            run.err
        );
        assert!(
            run.err.starts_with("error: ") || run.err.starts_with("natsbridge: "),
            "{arguments:?}: {}",
            run.err
        );
    }
}

fn link(url: &str) -> String {
    let mut message: Json =
        serde_json::from_str(&run(["encode", "s", "--part", "big=binary:x"]).ok())
            .expect("a message");
    message["payloads"][0]["transport"] = json!("link");
    message["payloads"][0]["encoding"] = json!("none");
    message["payloads"][0]["data"] = json!(url);
    message.to_string()
}
