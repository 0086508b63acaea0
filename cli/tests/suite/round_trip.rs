//! `encode | decode --json` gives back every type exactly.

use serde_json::{Value as Json, json};

use crate::program::{parse, run, run_with};

/// The payloads of a message made from these parts, as `decode --json` tells them.
fn round_trip(parts: &[&str]) -> Vec<Json> {
    let arguments = ["encode", "round.trip"]
        .into_iter()
        .chain(parts.iter().flat_map(|part| ["--part", part]));
    let message = run(arguments).ok();
    assert!(
        message.ends_with("}\n") && message.lines().count() == 1,
        "{message}"
    );
    let mut decoded = run_with(["decode", "-", "--json"], message).json();
    match decoded["payloads"].take() {
        Json::Array(payloads) => payloads,
        other => panic!("{other}"),
    }
}

fn value_of(part: &str) -> Json {
    let [payload] = &round_trip(&[part])[..] else {
        panic!("one payload")
    };
    payload["value"].clone()
}

fn int(text: &str) -> Json {
    json!({"type": "int", "value": text})
}

fn float(text: &str) -> Json {
    json!({"type": "float", "value": text})
}

fn string(text: &str) -> Json {
    json!({"type": "string", "value": text})
}

fn object(members: &[(&str, Json)]) -> Json {
    json!({"type": "object", "value": members})
}

#[test]
fn every_type_comes_back() {
    let payloads = round_trip(&[
        "text=text:Hello 😀",
        "dictionary=dictionary:{\"n\": 9007199254740993}",
        "arrowtable=arrowtable:n,s\n1,a\n,b\n",
        "jsontable=jsontable:[{\"a\":1},{},{\"b\":null}]",
        "image=image:abc",
        "audio=audio:",
        "video=video:x",
        "binary=binary:😀",
    ]);
    let bytes = |size: u64, sha256: &str, base64: &str| json!({"type": "bytes", "size": size, "sha256": sha256, "base64": base64});
    let expected = [
        ("text", 10, string("Hello 😀")),
        ("dictionary", 23, object(&[("n", int("9007199254740993"))])),
        (
            "arrowtable",
            0,
            json!({"type": "table", "rows": 2, "columns": [
                {"name": "n", "type": "int64", "nullable": true, "values": ["1", null]},
                {"name": "s", "type": "string", "nullable": true, "values": ["a", "b"]},
            ]}),
        ),
        (
            "jsontable",
            23,
            json!({"type": "array", "value": [
                object(&[("a", int("1"))]), object(&[]), object(&[("b", json!({"type": "null"}))]),
            ]}),
        ),
        (
            "image",
            3,
            bytes(
                3,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "YWJj",
            ),
        ),
        (
            "audio",
            0,
            bytes(
                0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "",
            ),
        ),
        (
            "video",
            1,
            bytes(
                1,
                "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
                "eA==",
            ),
        ),
        (
            "binary",
            4,
            bytes(
                4,
                "f0443a342c5ef54783a111b51ba56c938e474c32324d90c3a60c9c8e3a37e2d9",
                "8J+YgA==",
            ),
        ),
    ];
    assert_eq!(payloads.len(), expected.len());
    for (mut payload, (name, size, value)) in payloads.into_iter().zip(expected) {
        if name == "arrowtable" {
            payload["size"] = json!(0);
        }
        let expected = json!({
            "dataname": name, "payload_type": name, "transport": "direct", "size": size, "value": value,
        });
        assert_eq!(payload, expected);
    }
}

#[test]
fn integers_and_doubles_are_exact() {
    let numbers = "d=dictionary:[0,-0,-0.0,1,1.0,9007199254740993,-9223372036854775808,18446744073709551615,0.1,5e-324,\
                   1.7976931348623157e308,1E2]";
    let expected = [
        int("0"),
        int("0"),
        float("-0.0"),
        int("1"),
        float("1.0"),
        int("9007199254740993"),
        int("-9223372036854775808"),
        int("18446744073709551615"),
        float("0.1"),
        float("5e-324"),
        float("1.7976931348623157e308"),
        float("100.0"),
    ];
    assert_eq!(
        value_of(numbers),
        json!({"type": "array", "value": expected})
    );
}

#[test]
fn members_keep_their_order_and_odd_names() {
    assert_eq!(
        value_of(r#"d=dictionary:{"2":1,"1":{"":[]},"__proto__":"\u0000","é":true}"#),
        object(&[
            ("2", int("1")),
            ("1", object(&[("", json!({"type": "array", "value": []}))])),
            ("__proto__", string("\0")),
            ("é", json!({"type": "bool", "value": true})),
        ])
    );
}

#[test]
fn any_text_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    for text in [
        "",
        " ",
        "😀",
        "a\0b",
        "\u{feff}starts with a BOM",
        "a\r\nb\n",
        "ﬀ é e\u{301} \u{202e}",
        "\"\\/\u{1f}\u{7f}",
    ] {
        let file = folder.path().join("text");
        std::fs::write(&file, text).expect("written");
        assert_eq!(
            value_of(&format!("t=text@{}", file.display())),
            string(text),
            "{text:?} by file"
        );
        if !text.contains('\0') {
            assert_eq!(
                value_of(&format!("t=text:{text}")),
                string(text),
                "{text:?} by value"
            );
        }
    }
}

#[test]
fn empty_things_stay_empty() {
    let table = |columns: Json| json!({"type": "table", "rows": 0, "columns": columns});
    let column =
        |name: &str| json!({"name": name, "type": "string", "nullable": true, "values": []});
    assert_eq!(
        value_of("t=arrowtable:a,b\n"),
        table(json!([column("a"), column("b")]))
    );
    assert_eq!(value_of("t=arrowtable:"), table(json!([])));
    assert_eq!(
        value_of("j=jsontable:[]"),
        json!({"type": "array", "value": []})
    );
    assert_eq!(
        value_of("j=jsontable:[{}]"),
        json!({"type": "array", "value": [object(&[])]})
    );
    assert_eq!(value_of("d=dictionary:{}"), object(&[]));
    assert_eq!(
        value_of("d=dictionary:[]"),
        json!({"type": "array", "value": []})
    );
    assert_eq!(round_trip(&[]), Vec::<Json>::new());
    let [payload] = &round_trip(&["=text:"])[..] else {
        panic!("one payload")
    };
    assert_eq!(
        (&payload["dataname"], &payload["size"]),
        (&json!(""), &json!(0))
    );
}

#[test]
fn nesting_may_be_64_deep_and_no_deeper() {
    let nested = |depth: usize| format!("d=dictionary:{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut value = value_of(&nested(64));
    for _ in 0..63 {
        value = value["value"][0].take();
    }
    assert_eq!(value, json!({"type": "array", "value": []}));
    let error = run(["encode", "s", "--part", &nested(65)]).error(1);
    assert_eq!(error["error"]["code"], "SERIALIZATION_ERROR");
}

#[test]
fn inline_json_comes_back_alike() {
    let message = run([
        "encode",
        "s",
        "--inline-json",
        "--part",
        "d=dictionary:{\"n\": [9007199254740993, 1.50]}",
    ])
    .ok();
    assert!(
        message.contains(r#""encoding":"json","size":28,"data":{"n":[9007199254740993,1.5]}"#),
        "{message}"
    );
    let decoded = run_with(["decode", "--json"], &message).json();
    let array = json!({"type": "array", "value": [int("9007199254740993"), float("1.5")]});
    assert_eq!(decoded["payloads"][0]["value"], object(&[("n", array)]));
}

#[test]
fn the_header_is_told_as_it_is() {
    let id = |digit: char| "00000000-0000-4000-8000-000000000000".replace('0', &digit.to_string());
    let message = run([
        "encode",
        "a.b",
        "--msg-id",
        &id('a'),
        "--correlation-id",
        &id('B'),
        "--sender-id",
        &id('c'),
        "--receiver-id",
        &id('d'),
        "--reply-to-msg-id",
        &id('e'),
        "--msg-purpose",
        "command",
        "--sender-name",
        "me",
        "--receiver-name",
        "you",
        "--reply-to",
        "c.d",
        "--broker-url",
        "nats://user:hunter2@a:4222,tls://b",
        "--metadata",
        r#"{"z":18446744073709551615,"a":[1.0]}"#,
        "--part",
        "t=text:x",
        "--checksum",
        "all",
    ])
    .ok();
    let decoded = run_with(["decode", "--json"], &message).ok();
    let timestamp = &parse(&decoded)["envelope"]["timestamp"];
    let header = format!(
        "{{\"envelope\":{{\"correlation_id\":\"{}\",\"msg_id\":\"{}\",\"timestamp\":{timestamp},\"send_to\":\"a.b\",\
         \"msg_purpose\":\"command\",\"sender_name\":\"me\",\"sender_id\":\"{}\",\"receiver_name\":\"you\",\
         \"receiver_id\":\"{}\",\"reply_to\":\"c.d\",\"reply_to_msg_id\":\"{}\",\"broker_url\":\"nats://a:4222,tls://b\",\
         \"metadata\":{{\"z\":18446744073709551615,\"a\":[1.0]}}}},\"payloads\":[",
        id('b'),
        id('a'),
        id('c'),
        id('d'),
        id('e')
    );
    assert!(decoded.starts_with(&header), "{decoded}\n{header}");
    assert!(message.contains(
        "\"sha256\":\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\""
    ));
}
