//! Whatever is sent comes back, for every payload type.

use natsbridge::wire::Checksum;
use natsbridge::{Decoder, Draft, Outgoing, Part, Received, Value};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::messages::{encode, object};

fn sent(draft: Draft) -> Received {
    let (_, text) = encode(draft).and_then(Outgoing::finish).expect("a message");
    Decoder::new()
        .decode(text)
        .and_then(|incoming| incoming.finish([]))
        .expect("a message")
}

fn one(part: Part) -> Value {
    let mut received = sent(Draft::new("a", [part]));
    received.payloads.remove(0).data
}

/// JSON of any shape; integers over the whole range, doubles that are finite.
fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn json_object() -> impl Strategy<Value = Map<String, Json>> {
    prop::collection::vec((any::<String>(), json_value()), 0..6)
        .prop_map(|members| members.into_iter().collect())
}

fn json_container() -> impl Strategy<Value = Json> {
    prop_oneof![
        json_object().prop_map(Json::Object),
        prop::collection::vec(json_value(), 0..6).prop_map(Json::Array)
    ]
}

/// Text by which members' order and the sign of zero can be told, which `==` can't.
fn exact(value: &Json) -> String {
    value.to_string()
}

proptest! {
    #[test]
    fn text(text in any::<String>()) {
        prop_assert_eq!(one(Part::text("t", text.clone())), Value::Text(text));
    }

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..3000), kind in 0_usize..4) {
        let payload_type = ["image", "audio", "video", "binary"][kind];
        prop_assert_eq!(one(Part::new("b", bytes.clone(), payload_type)), Value::Bytes(bytes.into()));
    }

    #[test]
    fn dictionary(value in json_container(), inline in any::<bool>()) {
        let received = sent(Draft::new("a", [("d", value.clone(), "dictionary")]).inline_json(inline));
        let found = received.payloads[0].data.as_json().expect("JSON");
        prop_assert_eq!(exact(found), exact(&value));
    }

    #[test]
    fn jsontable(rows in prop::collection::vec(json_object(), 0..6), inline in any::<bool>()) {
        let received = sent(Draft::new("a", [("r", rows.clone(), "jsontable")]).inline_json(inline));
        let found = received.payloads[0].data.as_rows().expect("rows");
        prop_assert_eq!(exact(&json!(found)), exact(&json!(rows)));
    }

    #[test]
    fn metadata_and_names(
        dataname in "\\PC{0,80}",
        of_message in json_object(),
        mut of_payload in json_object(),
        all in any::<bool>(),
    ) {
        of_payload.retain(|name, _| name != "payload_bytes" && name != "sha256");
        let part = Part::text(dataname.clone(), "x").metadata(of_payload.clone());
        let checksum = if all { Checksum::All } else { Checksum::Link };
        let received = sent(Draft::new("a", [part]).metadata(of_message.clone()).checksum(checksum));
        prop_assert_eq!(exact(&json!(received.envelope.metadata)), exact(&json!(of_message)));
        let mut found = received.payloads[0].metadata.clone();
        prop_assert_eq!(found.shift_remove("payload_bytes"), Some(json!(1)));
        prop_assert_eq!(found.shift_remove("sha256").is_some(), all);
        prop_assert_eq!(exact(&json!(found)), exact(&json!(of_payload)));
        prop_assert_eq!(&received.payloads[0].dataname, &dataname);
    }
}

#[test]
fn what_is_easily_lost_survives() {
    let received = sent(Draft::new(
        "a",
        [
            (
                "integer",
                Value::from(json!({"n": 9007199254740993_u64})),
                "dictionary",
            ),
            (
                "largest",
                json!([u64::MAX, i64::MIN, -0.0, 5e-324, f64::MAX]).into(),
                "dictionary",
            ),
            ("empty", "".into(), "text"),
            ("bom", "\u{feff}x\u{0}\r\n😀".into(), "text"),
            ("nothing", b"".into(), "binary"),
            (
                "rows",
                json!([{}, {"a": null}, {"b": 1}]).into(),
                "jsontable",
            ),
            (
                "proto",
                json!({"__proto__": 1, "constructor": 2, "": 3}).into(),
                "dictionary",
            ),
            ("empty", json!([]).into(), "dictionary"),
        ],
    ));
    assert_eq!(
        received
            .dictionary::<Json>("integer")
            .expect("JSON")
            .to_string(),
        r#"{"n":9007199254740993}"#
    );
    let largest = received.dictionary::<Json>("largest").expect("JSON");
    assert_eq!(
        largest.to_string(),
        "[18446744073709551615,-9223372036854775808,-0.0,5e-324,1.7976931348623157e+308]"
    );
    assert_eq!(received.text("empty").expect("text"), "");
    assert_eq!(received.text("bom").expect("text"), "\u{feff}x\u{0}\r\n😀");
    assert!(received.bytes("nothing").expect("bytes").is_empty());
    assert_eq!(
        received.jsontable::<Json>("rows").expect("rows"),
        [json!({}), json!({"a": null}), json!({"b": 1})]
    );
    assert_eq!(
        received.payloads[7].data,
        Value::Json(json!([])),
        "equal names are told apart by position"
    );
    assert_eq!(received.payloads.len(), 8);
}

#[test]
fn values_of_the_callers_own_types() {
    #[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
    struct Reading {
        sensor: String,
        celsius: f64,
        count: u64,
    }
    let reading = |count| Reading {
        sensor: "roof".to_owned(),
        celsius: -0.5,
        count,
    };
    let parts = [
        Part::dictionary("last", &reading(u64::MAX)),
        Part::jsontable("all", &[reading(1), reading(2)]),
    ];
    let received = sent(Draft::new("a", parts));
    assert_eq!(
        received.dictionary::<Reading>("last").expect("a reading"),
        reading(u64::MAX)
    );
    assert_eq!(
        received.jsontable::<Reading>("all").expect("readings"),
        [reading(1), reading(2)]
    );
    let error = received
        .dictionary::<Vec<u8>>("last")
        .expect_err("another type");
    assert_eq!(
        (error.code().as_str(), error.dataname()),
        ("DESERIALIZATION_ERROR", Some("last"))
    );
    assert!(received.text("last").is_err());
    assert!(
        received
            .text("none")
            .expect_err("no such payload")
            .message()
            .contains("[\"last\", \"all\"]")
    );
}

#[test]
fn deep_values_stop_where_readers_stop() {
    let nested = |depth: usize| (0..depth).fold(Json::Null, |inner, _| json!([inner]));
    assert_eq!(
        one(("d", nested(64), "dictionary").into()),
        Value::Json(nested(64))
    );
    let error = encode(Draft::new("a", [("d", nested(65), "dictionary")])).expect_err("too deep");
    assert_eq!(
        (error.code().as_str(), error.phase().as_str()),
        ("SERIALIZATION_ERROR", "serialize")
    );
    for depth in [61, 62, 64] {
        let received =
            sent(Draft::new("a", [("d", nested(depth), "dictionary")]).inline_json(true));
        assert_eq!(received.payloads[0].data, Value::Json(nested(depth)));
        assert_eq!(
            received.envelope.payloads[0].encoding.as_str(),
            if depth > 61 { "base64" } else { "json" }
        );
    }
    let of_message = |depth| {
        encode(Draft::new("a", [Part::text("t", "")]).metadata(object(json!({"m": nested(depth)}))))
    };
    assert!(of_message(62).is_ok());
    assert_eq!(
        of_message(63).expect_err("too deep").pointer(),
        Some("/metadata")
    );
    let of_payload = |depth| {
        encode(Draft::new(
            "a",
            [Part::text("t", "").metadata(object(json!({"m": nested(depth)})))],
        ))
    };
    assert!(of_payload(60).is_ok());
    assert_eq!(
        of_payload(61).expect_err("too deep").pointer(),
        Some("/payloads/0/metadata")
    );
}

#[test]
fn ten_thousand_payloads() {
    let parts = (0..10_000).map(|index| Part::text(index.to_string(), "x"));
    let received = sent(Draft::new("a", parts.clone()).max_message_bytes(16 << 20));
    assert_eq!(received.payloads.len(), 10_000);
    assert!(
        received
            .payloads
            .iter()
            .enumerate()
            .all(|(index, payload)| payload.dataname == index.to_string())
    );
    let error =
        encode(Draft::new("a", parts.chain([Part::text("", "")]))).expect_err("one too many");
    assert_eq!(
        (error.code().as_str(), error.pointer()),
        ("INVALID_ENVELOPE", Some("/payloads"))
    );
}

#[test]
fn no_payload_at_all() {
    assert!(
        sent(Draft::new("a", Vec::<Part>::new()))
            .payloads
            .is_empty()
    );
}
