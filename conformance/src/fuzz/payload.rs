//! Payloads whose members fit each other: what the schema's conditions and `size` ask for.

use base64_simd::STANDARD;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::{BoxedStrategy, Strategy, Union};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::instance::{json, object, string};
use super::text::Text;
use crate::case::{Body, Case, Expect};
use crate::protocol::Message;

/// The largest table that is taken from a case, in bytes.
const LARGEST_TABLE: usize = 4_096;

/// What a payload carries.
#[derive(Clone, Debug)]
struct Content {
    payload_type: &'static str,
    /// A JSON text that stands in the envelope as itself, else bytes.
    inline: Option<Text>,
    bytes: Vec<u8>,
}

/// How it is told.
#[derive(Clone, Debug)]
struct Told {
    payload_bytes: bool,
    /// Whether it is the right one.
    sha256: Option<bool>,
    by_arrow_ipc: bool,
    /// The metadata of the caller's choice.
    own: Text,
}

/// Payloads: `frame` with the members that depend on each other put in place. Tables are those of `tables`, some of them damaged.
pub(super) fn payloads(
    frame: BoxedStrategy<Text>,
    tables: Vec<Vec<u8>>,
) -> impl Strategy<Value = Text> {
    let told = (
        any::<bool>(),
        weighted(
            0.2,
            weighted(0.8, Just(())).prop_map(|right| right.is_some()),
        ),
        any::<bool>(),
        object(),
    );
    let told = told.prop_map(|(payload_bytes, sha256, by_arrow_ipc, own)| Told {
        payload_bytes,
        sha256,
        by_arrow_ipc,
        own,
    });
    let direct =
        (frame.clone(), contents(tables), told).prop_map(|(mut payload, content, told)| {
            put(&mut payload, &content, &told);
            payload
        });
    let linked = frame.prop_map(|mut payload| {
        set(&mut payload, "transport", Text::string("link"));
        set(&mut payload, "encoding", Text::string("none"));
        let url = "http://127.0.0.1:1/never";
        set(&mut payload, "data", Text::string(url));
        set(&mut payload, "metadata", Text::Object(Vec::new()));
        payload
    });
    prop_oneof![19 => direct, 1 => linked]
}

/// The Arrow streams of the cases that are read, if they are small.
pub(super) fn tables(cases: &[Case]) -> Vec<Vec<u8>> {
    let decode = cases.iter().filter_map(|case| match &case.body {
        // What is refused already hides what is done to it.
        Body::Decode(decode) if matches!(decode.expect, Expect::Ok(_) | Expect::Any(_)) => {
            (!decode.needs.is_empty()).then_some(&decode.request.message)
        }
        _ => None,
    });
    let streams = decode.filter_map(|message| {
        let Message::Text(text) = message else {
            return None;
        };
        let envelope: Value = serde_json::from_str(text).ok()?;
        let data = envelope["payloads"][0]["data"].as_str()?;
        STANDARD.decode_to_vec(data).ok()
    });
    streams
        .filter(|stream| stream.len() <= LARGEST_TABLE)
        .collect()
}

fn contents(tables: Vec<Vec<u8>>) -> BoxedStrategy<Content> {
    let of = |payload_type, bytes| Content {
        payload_type,
        inline: None,
        bytes,
    };
    let text = string().prop_map(move |text| of("text", text.into_bytes()));
    let types = select(vec!["image", "audio", "video", "binary"]);
    let bytes = (types, vec(any::<u8>(), 0..24)).prop_map(move |(name, bytes)| of(name, bytes));
    // A dictionary of its own may be right, or any other JSON.
    let dictionary = (json(), any::<bool>())
        .prop_map(|(text, is_inline)| in_json("dictionary", text, is_inline));
    let rows = vec(object(), 0..4).prop_map(Text::Array);
    let rows = prop_oneof![4 => rows, 1 => json()];
    let jsontable =
        (rows, any::<bool>()).prop_map(|(text, is_inline)| in_json("jsontable", text, is_inline));
    let mut kinds = vec![
        text.boxed(),
        bytes.boxed(),
        dictionary.boxed(),
        jsontable.boxed(),
    ];
    if !tables.is_empty() {
        let damage = prop_oneof![
            1 => vec((any::<Index>(), 1_u8..=255), 0),
            1 => vec((any::<Index>(), 1_u8..=255), 1..3),
        ];
        let table = (select(tables), damage).prop_map(move |(mut stream, damage)| {
            for (place, byte) in damage {
                if !stream.is_empty() {
                    let place = place.index(stream.len());
                    stream[place] ^= byte;
                }
            }
            of("arrowtable", stream)
        });
        kinds.push(table.boxed());
    }
    Union::new(kinds).boxed()
}

fn in_json(payload_type: &'static str, text: Text, is_inline: bool) -> Content {
    Content {
        payload_type,
        bytes: text.bytes(),
        inline: is_inline.then_some(text),
    }
}

fn put(payload: &mut Text, content: &Content, told: &Told) {
    let size = Text::token(&content.bytes.len().to_string());
    let (encoding, data) = match &content.inline {
        Some(text) => ("json", text.clone()),
        None => (
            if content.payload_type == "arrowtable" && told.by_arrow_ipc {
                "arrow-ipc"
            } else {
                "base64"
            },
            Text::string(&STANDARD.encode_to_string(&content.bytes)),
        ),
    };
    set(payload, "payload_type", Text::string(content.payload_type));
    set(payload, "transport", Text::string("direct"));
    set(payload, "encoding", Text::string(encoding));
    set(payload, "data", data);
    let mut metadata = Vec::new();
    if told.payload_bytes {
        metadata.push((b"\"payload_bytes\"".to_vec(), size.clone()));
    }
    if let Some(is_right) = told.sha256.filter(|_| content.inline.is_none()) {
        let mut digest = Sha256::digest(&content.bytes);
        digest[0] ^= u8::from(!is_right);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        metadata.push((b"\"sha256\"".to_vec(), Text::string(&digits)));
    }
    set(payload, "size", size);
    if let Text::Object(own) = told.own.clone() {
        metadata.extend(own);
    }
    set(payload, "metadata", Text::Object(metadata));
}

fn set(payload: &mut Text, name: &str, value: Text) {
    if let Some(member) = payload.member_mut(name) {
        *member = value;
    }
}
