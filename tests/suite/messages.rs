//! Messages and errors as a reader sees them, kept as snapshots.

use natsbridge::wire::{Checksum, Timestamp, Uuid};
use natsbridge::{Decoder, Draft, Error, Outgoing, Part, Value};
use serde_json::{Map, json};

/// A draft with every id fixed.
pub(crate) fn encode(draft: Draft) -> Result<Outgoing, Error> {
    let mut last = 0_u128;
    let mut new_id = || {
        last += 1;
        Uuid::from_bytes(last.to_be_bytes())
    };
    draft.encode(timestamp(), &mut new_id)
}

pub(crate) fn timestamp() -> Timestamp {
    "2026-03-13T07:02:50.443Z".parse().expect("a timestamp")
}

pub(crate) fn object(value: serde_json::Value) -> Map<String, serde_json::Value> {
    value.as_object().cloned().expect("an object")
}

fn written(draft: Draft) -> String {
    encode(draft)
        .and_then(Outgoing::finish)
        .expect("a message")
        .1
}

/// One member or payload a line, so that a difference can be read.
fn lines(json: &str) -> String {
    json.replace(",\"", ",\n\"")
        .replace("[{", "[\n{")
        .replace("},{", "},\n{")
}

#[test]
fn the_walkthroughs_message() {
    let payloads = [
        ("msg", Value::from("Hello World"), "text"),
        ("img", Value::from(b"\x89PNG\r\n"), "image"),
    ];
    let draft = Draft::new("/chat/user/v1/message", payloads)
        .sender_name("sender-app")
        .receiver_name("receiver-app")
        .reply_to("reply.subject");
    insta::assert_snapshot!(lines(&written(draft)));
}

#[test]
fn every_argument_has_its_place() {
    let id = |byte| Uuid::from_bytes([byte; 16]).to_string().to_uppercase();
    let part = Part::dictionary(
        "d\"\\\u{1f}é😀",
        &json!({"b": [1, 2.0, null], "a": "\u{0}\u{7f}/"}),
    )
    .id(Uuid::from_bytes([0xAB; 16]))
    .metadata(object(json!({"unit": "°C", "n": 1})));
    let draft = Draft::new("a.b", [part])
        .correlation_id(id(0xC1))
        .msg_id(id(0xC2))
        .sender_id(id(0xC3))
        .receiver_id(id(0xC4))
        .reply_to_msg_id(id(0xC5))
        .msg_purpose("event")
        .broker_url("nats://user:hunter2@a:4222,tls://b")
        .metadata(object(json!({"trace": {"on": true}})))
        .checksum(Checksum::All);
    insta::assert_snapshot!(lines(&written(draft.clone())));
    insta::assert_snapshot!(lines(&written(draft.inline_json(true))));
}

#[test]
fn a_link_stands_where_the_bytes_would() {
    let mut outgoing =
        encode(Draft::new("a", [Part::binary("file", vec![0; 600_000])])).expect("a message");
    let uploads = outgoing.uploads();
    assert_eq!(
        (uploads.len(), uploads[0].index, uploads[0].size),
        (1, 0, 600_000)
    );
    outgoing
        .link(0, "http://localhost:8080/file/U/F/payload", None)
        .expect("linked");
    insta::assert_snapshot!(lines(&outgoing.finish().expect("a message").1));
}

fn refused(draft: Draft) -> String {
    let error = encode(draft)
        .and_then(Outgoing::finish)
        .expect_err("refused");
    lines(&error.report(timestamp()).to_json())
}

#[test]
fn what_cannot_be_sent_says_why() {
    let text = |value: &str| Part::text("t", value);
    insta::assert_snapshot!(refused(Draft::new("a.*", [text("")])));
    insta::assert_snapshot!(refused(Draft::new(
        "a",
        [("x", Value::from("y"), "picture")]
    )));
    insta::assert_snapshot!(refused(Draft::new("a", [("x", Value::from(b"y"), "text")])));
    insta::assert_snapshot!(refused(Draft::new(
        "a",
        [Part::dictionary("x", &[f64::NAN])]
    )));
    insta::assert_snapshot!(refused(Draft::new("a", [Part::dictionary("x", &1)])));
    insta::assert_snapshot!(refused(Draft::new(
        "a",
        [text("").metadata(object(json!({"sha256": ""})))]
    )));
    insta::assert_snapshot!(refused(Draft::new("a", [text("x")]).max_message_bytes(100)));
    insta::assert_snapshot!(refused(Draft::new("a", [text("x")]).receiver_id("7")));
    insta::assert_snapshot!(refused(Draft::new("a", [text("x")]).broker_url("http://a")));
}

#[test]
fn no_password_goes_out_as_a_path_or_a_port() {
    for broker_url in [
        "nats://user:s3/hunter2@a:4222",
        "nats://user:s3?hunter2@a",
        "nats://a,ws://b/x@y",
    ] {
        let error = encode(Draft::new("a", [Part::text("t", "x")]).broker_url(broker_url))
            .expect_err(broker_url);
        assert_eq!(
            (error.pointer(), error.code().as_str()),
            (Some("/broker_url"), "INVALID_ENVELOPE")
        );
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    for broker_url in [
        "nats://u:p@a:4222",
        "tls://[::1]:4222,ws://u@b/x?y",
        "nats://u:p%2Fq@a",
    ] {
        let draft = Draft::new("a", [Part::text("t", "x")]).broker_url(broker_url);
        let (envelope, _) = encode(draft).and_then(Outgoing::finish).expect(broker_url);
        assert!(
            !envelope.broker_url.contains('@'),
            "{}",
            envelope.broker_url
        );
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let envelope = written(Draft::new("a", [Part::text("t", "Hello")]));
    let refused = |text: String| {
        let error = Decoder::new()
            .decode(text)
            .and_then(|incoming| incoming.finish([]))
            .expect_err("refused");
        lines(&error.report(timestamp()).to_json())
    };
    insta::assert_snapshot!(refused("{\"a\":1,\"a\":2}".to_owned()));
    insta::assert_snapshot!(refused(envelope.replace("\"size\":5", "\"size\":\"5\"")));
    insta::assert_snapshot!(refused(envelope.replace("SGVsbG8=", "SGVsbG9=")));
    insta::assert_snapshot!(refused(
        envelope.replace("nats://localhost", "nats://user:hunter2@localhost")
    ));
    let link = envelope.replace(
        "\"direct\",\"encoding\":\"base64\"",
        "\"link\",\"encoding\":\"none\"",
    );
    insta::assert_snapshot!(refused(
        link.replace("SGVsbG8=", "http://files.example/x?token=hunter2")
    ));
}

#[test]
fn unknown_members_are_kept_and_come_last() {
    let text = written(Draft::new("a", [Part::text("t", "Hello")]));
    let with = text
        .replacen('{', "{\"x\":1,\"y\":{\"b\":1,\"a\":2},", 1)
        .replace("\"size\":5", "\"q\":[],\"size\":5.0");
    let incoming = Decoder::new().decode(&with).expect("valid");
    let again = serde_json::to_string(incoming.envelope()).expect("JSON");
    let expected = text.replace(
        "\"payload_bytes\":5}}]}",
        "\"payload_bytes\":5},\"q\":[]}],\"x\":1,\"y\":{\"b\":1,\"a\":2}}",
    );
    assert_eq!(again, expected);
}
