//! What stands in a payload's `data` (W2).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::base64;

/// The `data` of a payload.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// The bytes of a direct payload, which the wire writes as canonical base64.
    Bytes(Bytes),
    /// A string as it stands on the wire: a URL, or base64 that was not decoded yet.
    Text(String),
    /// A JSON value that stands in the envelope as itself.
    Json(Value),
}

/// Bytes as their number, a URL without its query, so that a log neither drowns nor tells secrets.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Data::Text(text) if text.contains("://") => {
                write!(f, "Text({:?})", crate::link::redact(text))
            }
            Data::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Data::Json(value) => write!(f, "Json({value})"),
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Data::Bytes(bytes) => serializer.serialize_str(&base64::encode(bytes)),
            Data::Text(text) => serializer.serialize_str(text),
            Data::Json(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

/// The string that a deserializer holds, borrowed where it can be.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    deserializer.deserialize_str(TextVisitor)
}

struct DataVisitor;

macro_rules! json {
    ($($method:ident($kind:ty))*) => {$(
        fn $method<E: Error>(self, value: $kind) -> Result<Data, E> {
            Ok(Data::Json(value.into()))
        }
    )*};
}

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or any other JSON value")
    }

    json! { visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) }

    fn visit_unit<E: Error>(self) -> Result<Data, E> {
        Ok(Data::Json(Value::Null))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Data, E> {
        Ok(Data::Text(text))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Data, E> {
        Ok(Data::Bytes(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Data, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Data::Json)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Data, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(members)).map(Data::Json)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}
