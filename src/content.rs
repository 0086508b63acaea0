//! Between values and the bytes of a payload (FR-012, W3).

use bytes::Bytes;
use serde_json::{Map, Value as Json};

#[cfg(feature = "arrow")]
use crate::arrow;
use crate::generated::JSON_MAX_DEPTH;
use crate::json::{self, Node, ReadError};
use crate::part::{PartData, Unserializable};
use crate::value::Value;
use crate::wire::PayloadType;

/// Why a value has no bytes, or bytes have no value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ContentError {
    pub(crate) message: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl ContentError {
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        let (expected, found) = (expected.into(), found.into());
        ContentError {
            message: format!("expected {expected}, found {found}"),
            expected,
            found,
        }
    }
}

impl From<ReadError> for ContentError {
    fn from(error: ReadError) -> Self {
        let place = match error.pointer() {
            pointer if pointer.is_empty() => format!("at byte {}", error.offset),
            pointer => format!("at byte {}, in {pointer}", error.offset),
        };
        let (expected, found) = (error.expected.to_owned(), error.found);
        ContentError {
            message: format!("expected {expected}, found {found} {place}"),
            expected,
            found,
        }
    }
}

/// The bytes that carry a part's data; its size alone where they are elsewhere.
#[derive(Clone, Debug)]
pub(crate) enum Serialized {
    Bytes(Bytes),
    External(u64),
}

pub(crate) fn serialize(
    payload_type: PayloadType,
    data: PartData,
) -> Result<Serialized, ContentError> {
    let value = match data {
        PartData::External { size: 0 } => {
            // Nothing is there to be fetched of no bytes (W2.6).
            check(payload_type, &Bytes::new())?;
            return Ok(Serialized::Bytes(Bytes::new()));
        }
        PartData::External { size } => return Ok(Serialized::External(size)),
        PartData::Failed(Unserializable {
            message, expected, ..
        }) => {
            return Err(ContentError {
                found: message.clone(),
                message,
                expected: expected.to_owned(),
            });
        }
        PartData::Serialized(bytes) => {
            check(payload_type, &bytes)?;
            return Ok(Serialized::Bytes(bytes));
        }
        PartData::Value(value) => value,
    };
    let found = value.kind();
    let bytes = match (payload_type, value) {
        (PayloadType::Text, Value::Text(text)) => Bytes::from(text),
        (PayloadType::Dictionary, Value::Json(value @ (Json::Object(_) | Json::Array(_)))) => {
            write(&value)?
        }
        (PayloadType::Dictionary, Value::Rows(rows)) => write(&rows_value(rows))?,
        (PayloadType::Jsontable, Value::Rows(rows)) => write(&rows_value(rows))?,
        (PayloadType::Jsontable, Value::Json(Json::Array(rows))) => {
            let mut numbered = rows.iter().enumerate();
            if let Some((index, row)) = numbered.find(|(_, row)| !row.is_object()) {
                return Err(ContentError::new(
                    "an array of objects",
                    format!("{} as row {index}", kind(row)),
                ));
            }
            write(&Json::Array(rows))?
        }
        #[cfg(feature = "arrow")]
        (PayloadType::Arrowtable, Value::Table(table)) => {
            arrow::write(&table).map_err(table_error)?.into()
        }
        (
            PayloadType::Image | PayloadType::Audio | PayloadType::Video | PayloadType::Binary,
            Value::Bytes(bytes),
        ) => bytes,
        (_, Value::File(_)) => {
            return Err(ContentError::new(
                "data in memory, since `encode` touches no file (`smartsend` does)",
                "a file",
            ));
        }
        _ => return Err(ContentError::new(takes(payload_type), found)),
    };
    Ok(Serialized::Bytes(bytes))
}

pub(crate) fn deserialize(payload_type: PayloadType, bytes: Bytes) -> Result<Value, ContentError> {
    match payload_type {
        PayloadType::Text => text(&bytes).map(|text| Value::Text(text.to_owned())),
        PayloadType::Dictionary => dictionary(json::read(&bytes)?).map(Value::Json),
        PayloadType::Jsontable => rows(json::read(&bytes)?).map(Value::Rows),
        PayloadType::Arrowtable => table(bytes),
        PayloadType::Image | PayloadType::Audio | PayloadType::Video | PayloadType::Binary => {
            Ok(Value::Bytes(bytes))
        }
    }
}

/// The value of a dictionary or jsontable that stands in the envelope as itself (W2.3).
pub(crate) fn inline(payload_type: PayloadType, value: Json) -> Result<Value, ContentError> {
    match (payload_type, value) {
        (PayloadType::Dictionary, value @ (Json::Object(_) | Json::Array(_))) => {
            Ok(Value::Json(value))
        }
        (PayloadType::Jsontable, Json::Array(items)) => {
            let row = |item| match item {
                Json::Object(row) => Ok(row),
                other => Err(ContentError::new(
                    "an array of objects",
                    format!("the row {}", kind(&other)),
                )),
            };
            items
                .into_iter()
                .map(row)
                .collect::<Result<_, _>>()
                .map(Value::Rows)
        }
        (_, other) => Err(ContentError::new(holds(payload_type), kind(&other))),
    }
}

/// Whether the bytes are what the type says.
pub(crate) fn check(payload_type: PayloadType, bytes: &Bytes) -> Result<(), ContentError> {
    deserialize(payload_type, bytes.clone()).map(drop)
}

/// Arrays and objects within each other, at the deepest place.
pub(crate) fn depth(value: &Json) -> u64 {
    match value {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn write(value: &Json) -> Result<Bytes, ContentError> {
    match depth(value) {
        0..=JSON_MAX_DEPTH => json::to_vec(value).map(Bytes::from).map_err(|error| {
            ContentError::new("a value that can be written as JSON", error.to_string())
        }),
        depth => Err(ContentError::new(
            format!("at most {JSON_MAX_DEPTH} arrays and objects within each other"),
            depth.to_string(),
        )),
    }
}

fn rows_value(rows: Vec<Map<String, Json>>) -> Json {
    rows.into_iter().map(Json::Object).collect()
}

fn text(bytes: &[u8]) -> Result<&str, ContentError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        ContentError::new("UTF-8", format!("the byte 0x{byte:02X} at byte {at}"))
    })
}

fn dictionary(node: Node<'_>) -> Result<Json, ContentError> {
    match node {
        Node::Object(_) | Node::Array(_) => Ok(node.into()),
        other => Err(ContentError::new(
            holds(PayloadType::Dictionary),
            kind(&other.into()),
        )),
    }
}

fn rows(node: Node<'_>) -> Result<Vec<Map<String, Json>>, ContentError> {
    let Node::Array(items) = node else {
        return Err(ContentError::new(
            holds(PayloadType::Jsontable),
            kind(&node.into()),
        ));
    };
    let row = |(index, item)| match item {
        Node::Object(row) => Ok(row.into()),
        other => Err(ContentError::new(
            holds(PayloadType::Jsontable),
            format!("{} as row {index}", kind(&other.into())),
        )),
    };
    items.into_iter().enumerate().map(row).collect()
}

#[cfg(feature = "arrow")]
fn table(bytes: Bytes) -> Result<Value, ContentError> {
    arrow::read(bytes).map(Value::Table).map_err(table_error)
}

#[cfg(not(feature = "arrow"))]
fn table(_: Bytes) -> Result<Value, ContentError> {
    Err(ContentError::new(
        "a payload type of this build",
        "arrowtable, which needs the feature `arrow`",
    ))
}

#[cfg(feature = "arrow")]
fn table_error(error: arrow::TableError) -> ContentError {
    ContentError {
        message: error.to_string(),
        expected: error
            .expected()
            .unwrap_or("a table of the portable profile")
            .to_owned(),
        found: error.found().unwrap_or_default().to_owned(),
    }
}

fn takes(payload_type: PayloadType) -> &'static str {
    match payload_type {
        PayloadType::Text => "a string",
        PayloadType::Dictionary => "a JSON object or array",
        PayloadType::Jsontable => "rows: an array of JSON objects",
        PayloadType::Arrowtable => "an Arrow table",
        PayloadType::Image | PayloadType::Audio | PayloadType::Video | PayloadType::Binary => {
            "bytes"
        }
    }
}

fn holds(payload_type: PayloadType) -> &'static str {
    match payload_type {
        PayloadType::Jsontable => "an array of JSON objects",
        _ => "a JSON object or array",
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
