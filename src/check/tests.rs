use super::*;
use crate::generated::check_error;
use crate::json;

const ENVELOPE: &str = include_str!("../../schema/v1/examples/envelope.json");
const ERROR: &str = include_str!("../../schema/v1/examples/error.json");

fn checked(text: &str, check: fn(&mut Checker, &Node<'_>)) -> Vec<Violation> {
    let node = json::read(text.as_bytes()).expect("strict JSON");
    let mut checker = Checker::new();
    check(&mut checker, &node);
    checker.finish()
}

/// The violations of the example with one piece of text replaced.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(ENVELOPE.contains(from), "{from}");
    let found = checked(&ENVELOPE.replacen(from, to, 1), check_envelope);
    found
        .iter()
        .map(|violation| format!("{} {violation}", violation.keyword()))
        .collect()
}

#[test]
fn the_examples_pass() {
    assert_eq!(checked(ENVELOPE, check_envelope), []);
    assert_eq!(checked(ERROR, check_error), []);
}

#[test]
fn each_violation_says_where_what_and_why() {
    for (from, to, says) in [
        (
            "\"msg_purpose\": \"chat\"",
            "\"msg_purpose\": \"Chat\"",
            "enum /msg_purpose: expected one of ACK, NACK, updateStatus, shutdown, chat, command, event, found \"Chat\" (W1.6)",
        ),
        (
            "\"msg_purpose\": \"chat\",",
            "",
            "required /msg_purpose: expected this member, found nothing (W1.6)",
        ),
        (
            "\"text\"",
            "7",
            "type /payloads/0/payload_type: expected a string, found 7 (W1.11)",
        ),
        (
            "\"size\": 11",
            "\"size\": 11.5",
            "type /payloads/0/size: expected an integer from 0 to 9007199254740991, found 11.5 (W1.12)",
        ),
        (
            "\"size\": 11",
            "\"size\": -1",
            "minimum /payloads/0/size: expected an integer from 0 to 9007199254740991, found -1 (W1.12)",
        ),
        (
            "\"size\": 11",
            "\"size\": 9007199254740992",
            "maximum /payloads/0/size: expected an integer from 0 to 9007199254740991, found 9007199254740992 (W1.12)",
        ),
        (
            "2026-03-13",
            "2026-02-29",
            "format /timestamp: expected a date of the calendar, found \"2026-02-29T07:02:50.443Z\" (W1.4)",
        ),
        (
            "\"metadata\": {},",
            "\"metadata\": [],",
            "type /metadata: expected an object, found a list of 0 (W1.9)",
        ),
        (
            "\"encoding\": \"base64\"",
            "\"encoding\": \"arrow-ipc\"",
            "enum /payloads/0/payload_type: expected one of arrowtable where transport is direct and encoding is arrow-ipc, found \"text\" (W2.2)",
        ),
        (
            "\"data\": \"SGVsbG8gV29ybGQ=\"",
            "\"data\": {\"a\": 1}",
            "type /payloads/0/data: expected a string where encoding is base64 or arrow-ipc, found an object of 1 members (W2.1)",
        ),
    ] {
        assert_eq!(broken(from, to), [says]);
    }
}

#[test]
fn codes_are_those_of_the_enum() {
    let code = |from, to| {
        let found = checked(&ENVELOPE.replacen(from, to, 1), check_envelope);
        found.first().map(|violation| violation.code())
    };
    assert_eq!(
        code("\"text\"", "\"txt\""),
        Some(ErrorCode::InvalidPayloadType)
    );
    assert_eq!(code("\"text\"", "1"), Some(ErrorCode::InvalidEnvelope));
    assert_eq!(
        code("\"direct\"", "\"mail\""),
        Some(ErrorCode::InvalidTransport)
    );
    assert_eq!(
        code("\"base64\"", "\"none\""),
        Some(ErrorCode::InvalidEnvelope)
    );
}

#[test]
fn all_are_found_in_schema_order() {
    let found = checked(r#"{"msg_id": 1, "payloads": [{}, 2]}"#, check_envelope);
    let pointers: Vec<_> = found.iter().map(Violation::pointer).collect();
    assert_eq!(pointers[..3], ["/correlation_id", "/msg_id", "/timestamp"]);
    assert_eq!(
        pointers[13..16],
        [
            "/payloads/0/id",
            "/payloads/0/dataname",
            "/payloads/0/payload_type"
        ]
    );
    assert_eq!(pointers.last(), Some(&"/payloads/1"));
    let found = checked("[]", check_envelope)
        .first()
        .map(Violation::to_string);
    assert_eq!(
        found.as_deref(),
        Some("the message: expected an object, found a list of 0 (W1.1)")
    );
}

#[test]
fn a_thousand_are_kept() {
    let text = format!(r#"{{"payloads": [{}0]}}"#, "0,".repeat(4_999));
    let found = checked(&text, check_envelope);
    assert_eq!(found.len(), 1_000);
    let last = found.last().map(Violation::to_string);
    assert_eq!(
        last.as_deref(),
        Some(
            "/payloads/986: expected an object, found 0; 4013 more violations are left out (W1.1)"
        )
    );
}

#[test]
fn bytes_are_counted_beyond_the_schema() {
    let ascii = format!("\"sender_name\": \"{}\"", "a".repeat(1_025));
    let wide = format!("\"sender_name\": \"{}\"", "é".repeat(513));
    let fits = format!("\"sender_name\": \"{}\"", "é".repeat(512));
    for (name, keyword, beyond) in [
        (ascii, Some("maxLength"), false),
        (wide, Some("x-max-bytes"), true),
        (fits, None, false),
    ] {
        let found = checked(
            &ENVELOPE.replacen("\"sender_name\": \"sender-app\"", &name, 1),
            check_envelope,
        );
        assert_eq!(found.first().map(Violation::keyword), keyword);
        assert_eq!(found.first().is_some_and(Violation::beyond_schema), beyond);
    }
}

#[test]
fn credentials_are_not_quoted() {
    let found = broken("nats://localhost:4222", "nats://user:secret@localhost:4222");
    assert_eq!(
        found,
        [
            "pattern /broker_url: expected comma-separated nats, tls, ws or wss URLs without user-info, or the empty string, \
             found a string of 33 bytes (W1.8)"
        ]
    );
}

#[test]
fn long_values_are_cut() {
    let shown = found(&Node::String("\"€".repeat(100).into()));
    assert!(
        shown.ends_with("\"...") && shown.chars().count() <= 72 + 36 + 5,
        "{shown}"
    );
    assert_eq!(found(&Node::String("a\u{0}".into())), "\"a\\u0000\"");
    assert_eq!(found(&Node::Float(5.0)), "5.0");
}

#[test]
fn dates_are_those_of_the_calendar() {
    for text in [
        "2024-02-29",
        "2000-02-29",
        "0000-02-29",
        "2026-12-31",
        "2026-04-30",
    ] {
        assert!(is_real_date(text), "{text}");
    }
    for text in [
        "2023-02-29",
        "1900-02-29",
        "2026-00-01",
        "2026-13-01",
        "2026-01-00",
        "2026-04-31",
        "2026-01-32",
        "",
    ] {
        assert!(!is_real_date(text), "{text}");
    }
}

#[test]
fn an_unknown_name_is_told_the_known_ones() {
    let error = "mail"
        .parse::<crate::generated::Transport>()
        .expect_err("no transport");
    assert_eq!(
        error.to_string(),
        "not a transport; expected one of direct, link"
    );
}
