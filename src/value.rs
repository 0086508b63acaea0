//! The data of a payload in Rust's own terms.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Map, Value as Json};

#[cfg(feature = "arrow")]
use crate::arrow::Table;

/// The data of one payload, as it is passed in and handed out.
///
/// | `payload_type` | variant |
/// |---|---|
/// | `text` | [`Value::Text`] |
/// | `dictionary` | [`Value::Json`] |
/// | `arrowtable` | [`Value::Table`] |
/// | `jsontable` | [`Value::Rows`] |
/// | `image`, `audio`, `video`, `binary` | [`Value::Bytes`] |
/// | any, out of or into a file | [`Value::File`] |
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A string.
    Text(String),
    /// A JSON object or array.
    Json(Json),
    /// The rows of a table, in order; a row may lack members that others have.
    Rows(Vec<Map<String, Json>>),
    /// A table of Arrow record batches.
    #[cfg(feature = "arrow")]
    Table(Table),
    /// Bytes.
    Bytes(Bytes),
    /// A file that holds the payload as it is serialized: UTF-8, JSON, an Arrow IPC stream, or plain bytes.
    File(PathBuf),
}

impl Value {
    /// The string, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The JSON object or array, if this is one.
    pub fn as_json(&self) -> Option<&Json> {
        match self {
            Value::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The rows, if this is a table of JSON objects.
    pub fn as_rows(&self) -> Option<&[Map<String, Json>]> {
        match self {
            Value::Rows(rows) => Some(rows),
            _ => None,
        }
    }

    /// The table, if this is one of Arrow record batches.
    #[cfg(feature = "arrow")]
    pub fn as_table(&self) -> Option<&Table> {
        match self {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The bytes, if these are bytes.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The path, if the data is in a file.
    pub fn as_file(&self) -> Option<&Path> {
        match self {
            Value::File(path) => Some(path),
            _ => None,
        }
    }

    /// What this is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Json(Json::Object(_)) => "a JSON object",
            Value::Json(Json::Array(_)) => "a JSON array",
            Value::Json(_) => "a JSON scalar",
            Value::Rows(_) => "rows",
            #[cfg(feature = "arrow")]
            Value::Table(_) => "an Arrow table",
            Value::Bytes(_) => "bytes",
            Value::File(_) => "a file",
        }
    }
}

macro_rules! from {
    ($($(#[$attribute:meta])* $kind:ty => |$value:ident| $made:expr;)*) => {$(
        $(#[$attribute])*
        impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                $made
            }
        }
    )*};
}

from! {
    &str => |text| Value::Text(text.to_owned());
    String => |text| Value::Text(text);
    Json => |value| Value::Json(value);
    Map<String, Json> => |value| Value::Json(Json::Object(value));
    Vec<Map<String, Json>> => |rows| Value::Rows(rows);
    Bytes => |bytes| Value::Bytes(bytes);
    Vec<u8> => |bytes| Value::Bytes(bytes.into());
    &[u8] => |bytes| Value::Bytes(Bytes::copy_from_slice(bytes));
    PathBuf => |path| Value::File(path);
    &Path => |path| Value::File(path.to_owned());
    #[cfg(feature = "arrow")]
    Table => |table| Value::Table(table);
    #[cfg(feature = "arrow")]
    arrow_array::RecordBatch => |batch| Value::Table(batch.into());
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.as_slice().into()
    }
}
