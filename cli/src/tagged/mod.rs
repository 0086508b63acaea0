//! Values as JSON that says of each what it is, so that nothing is lost in any language: integers and doubles are text,
//! members of objects are pairs in their order, bytes have a digest, and columns of tables have their types.

mod json;
mod message;
mod table;

use natsbridge::{Digest, Value};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use self::json::{TaggedJson, TaggedRows};
pub(crate) use self::message::TaggedMessage;
use self::table::TaggedTable;

/// A value of a payload, to be serialized with its tags.
pub struct Tagged<'a>(pub &'a Value);

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => pair(serializer, "string", text),
            Value::Json(value) => TaggedJson(value).serialize(serializer),
            Value::Rows(rows) => TaggedRows(rows).serialize(serializer),
            Value::Table(table) => TaggedTable(table).serialize(serializer),
            Value::Bytes(bytes) => tagged_bytes(bytes, serializer),
            other => Err(S::Error::custom(format_args!("no tag for {other:?}"))),
        }
    }
}

/// `{"type":..,"value":..}`
fn pair<S: Serializer>(
    serializer: S,
    tag: &str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut members = serializer.serialize_map(Some(2))?;
    members.serialize_entry("type", tag)?;
    members.serialize_entry("value", value)?;
    members.end()
}

fn tagged_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    /// Longer ones have their digest alone.
    const MAX_SHOWN: usize = 4096;
    let mut members = serializer.serialize_map(None)?;
    members.serialize_entry("type", "bytes")?;
    members.serialize_entry("size", &bytes.len())?;
    members.serialize_entry("sha256", &Digest::of(bytes).to_string())?;
    if bytes.len() <= MAX_SHOWN {
        members.serialize_entry("base64", &base64(bytes))?;
    }
    members.end()
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(value: impl Into<Value>) -> String {
        serde_json::to_string(&Tagged(&value.into())).expect("tags")
    }

    #[test]
    fn text_keeps_every_character() {
        assert_eq!(tagged(""), r#"{"type":"string","value":""}"#);
        assert_eq!(
            tagged("\u{feff}a\0😀\n"),
            "{\"type\":\"string\",\"value\":\"\u{feff}a\\u0000😀\\n\"}"
        );
    }

    #[test]
    fn bytes_have_size_and_digest() {
        assert_eq!(
            tagged(b"abc"),
            r#"{"type":"bytes","size":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","base64":"YWJj"}"#
        );
        assert_eq!(
            tagged(b""),
            r#"{"type":"bytes","size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","base64":""}"#
        );
        assert!(tagged(vec![0; 4096]).contains("base64"));
        assert!(!tagged(vec![0; 4097]).contains("base64"));
    }
}
