//! What the strict reader takes and what it refuses.

use super::*;

fn found(text: &str) -> (usize, String, String) {
    let error = read(text.as_bytes()).expect_err(text);
    (error.offset, error.pointer(), error.found)
}

#[test]
fn integers_stay_integers() {
    let text =
        b"[0, -0, 9007199254740993, -9223372036854775808, 18446744073709551615, 1.0, -0.0, 1e2]";
    let expected = vec![
        Node::Int(0),
        Node::Int(0),
        Node::Int(9007199254740993),
        Node::Int(i64::MIN),
        Node::Uint(u64::MAX),
        Node::Float(1.0),
        Node::Float(-0.0),
        Node::Float(100.0),
    ];
    let Ok(Node::Array(items)) = read(text) else {
        panic!("an array")
    };
    assert_eq!(items, expected);
    assert!(matches!(items[6], Node::Float(zero) if zero.is_sign_negative()));
}

#[test]
fn numbers_out_of_range_are_named() {
    assert_eq!(
        found("[18446744073709551616]"),
        (1, "/0".into(), "18446744073709551616".into())
    );
    assert_eq!(found("[-9223372036854775809]").2, "-9223372036854775809");
    assert_eq!(found("{\"a\": 1e400}"), (6, "/a".into(), "1e400".into()));
    assert_eq!(read(b"1e-400"), Ok(Node::Float(0.0)));
}

#[test]
fn duplicate_names_are_found_at_every_size() {
    assert_eq!(
        found(r#"{"a":1,"\u0061":2}"#),
        (7, "/a".into(), "a second member of this name".into())
    );
    let many: String = (0..100).map(|index| format!("\"m{index}\":0,")).collect();
    assert_eq!(found(&format!("{{{many}\"m7\":1}}")).1, "/m7");
    assert!(read(format!("{{{many}\"z\":1}}").as_bytes()).is_ok());
}

#[test]
fn depth_ends_at_64() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(64).as_bytes()).is_ok());
    assert_eq!(found(&nested(65)).0, 64);
    assert_eq!(found(&"[".repeat(100_000)).0, 64);
}

#[test]
fn leniencies_are_refused() {
    for text in [
        "",
        " ",
        "nul",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "'a'",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "[1 2]",
        "{\"a\" 1}",
        "[1}",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"a\tb\"",
        "\"\u{0}\"",
        "// c\n1",
        "/* c */ 1",
        "1 1",
        "\u{feff}1",
        "tru",
        "[",
        "{",
        "\u{a0}1",
        "{\"a\":}",
        "{,}",
        "[,]",
        "{\"a\":1,\"a\":1}",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(read(b"\"\xff\"").is_err());
    assert!(read(b"\"\xed\xa0\x80\"").is_err(), "a surrogate in UTF-8");
}

#[test]
fn escapes_are_read() {
    let text = br#""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\u0000""#;
    assert_eq!(
        read(text),
        Ok(Node::String("\"\\/\u{8}\u{c}\n\r\tA😀\0".into()))
    );
}

#[test]
fn data_of_the_announced_length_is_decoded_at_once() {
    let text =
        |size: &str, data: &str| format!(r#"{{"payloads":[{{"size":{size},"data":"{data}"}}]}}"#);
    fn data(text: &str) -> Option<Node<'_>> {
        let Ok(Node::Object(envelope)) = read_envelope(text.as_bytes()) else {
            panic!("an object")
        };
        let Some(Node::Array(items)) = envelope.get("payloads") else {
            panic!("payloads")
        };
        let Some(Node::Object(payload)) = items.first() else {
            panic!("a payload")
        };
        payload.get("data").cloned()
    }
    assert_eq!(data(&text("2", "aGk=")), Some(Node::Base64(b"hi".to_vec())));
    assert_eq!(
        data(&text("2.0", "aGk=")),
        Some(Node::Base64(b"hi".to_vec()))
    );
    assert_eq!(data(&text("0", "")), Some(Node::Base64(Vec::new())));
    assert_eq!(data(&text("3", "aGk=")), Some(Node::String("aGk=".into())));
    assert_eq!(data(&text("2", "aGl=")), Some(Node::String("aGl=".into())));
    assert_eq!(
        data(&text("9007199254740991", "aGk=")),
        Some(Node::String("aGk=".into()))
    );
    assert_eq!(
        data(&text("2", r#"a\u0047k="#)),
        Some(Node::String("aGk=".into()))
    );
}
