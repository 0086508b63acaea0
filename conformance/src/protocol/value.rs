//! Values that say what they are, so that no language's JSON library can blur them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value that came out of an implementation.
///
/// Integers are decimal text. Floats are the shortest text that reads back to the same double (`0.1`, `-0.0`, `1e+300`).
/// Members of objects are pairs in the order that the implementation gives them. Bytes above 4,096 have no `base64`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Tagged {
    /// JSON's null.
    Null,
    /// True or false.
    Bool {
        /// Which of the two.
        value: bool,
    },
    /// An integer.
    Int {
        /// Decimal digits, with `-` before a negative one.
        #[schemars(regex(pattern = r"^(0|-?[1-9][0-9]*)$"))]
        value: String,
    },
    /// A double.
    Float {
        /// The shortest text that reads back to it.
        #[schemars(regex(pattern = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"))]
        value: String,
    },
    /// A string.
    String {
        /// Its characters.
        value: String,
    },
    /// An array, or a jsontable.
    Array {
        /// Its elements.
        value: Vec<Tagged>,
    },
    /// An object.
    Object {
        /// Its members, name and value.
        value: Vec<(String, Tagged)>,
    },
    /// Bytes.
    Bytes {
        /// How many.
        size: u64,
        /// Their SHA-256 in lower-case hexadecimal digits.
        #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
        sha256: String,
        /// The bytes themselves, if they are 4,096 at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
    },
    /// A table.
    Table {
        /// How many rows.
        rows: u64,
        /// The columns, in order.
        columns: Vec<Column>,
    },
}

/// One column of a table.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as pyarrow prints it: `double`, `timestamp[us, tz=UTC]`, `dictionary<values=string, indices=int8, ordered=0>`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether the schema allows nulls.
    pub nullable: bool,
    /// One a row: null; a bool; a string as it is; integers, dates and times as integer text; floats as the shortest text that
    /// reads back to the same value of their width, or `NaN`, `Infinity`, `-Infinity`; binary as base64.
    #[schemars(schema_with = "cells")]
    pub values: Vec<serde_json::Value>,
}

/// A value to be sent.
///
/// As [`Tagged`], with four differences: bytes always have `base64`; a table is an Arrow IPC stream, which the adapter reads with
/// its language's Arrow library and hands on as that library's table; a file is sent from its path; a string may be told
/// as UTF-16 code units, so that it can hold lone surrogates.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Given {
    /// JSON's null.
    Null,
    /// True or false.
    Bool {
        /// Which of the two.
        value: bool,
    },
    /// An integer.
    Int {
        /// Decimal digits, with `-` before a negative one.
        value: String,
    },
    /// A double; `NaN`, `Infinity` and `-Infinity` for adapters that declare `non-finite-floats`.
    Float {
        /// Text that reads as it.
        value: String,
    },
    /// A string.
    String {
        /// Its characters.
        value: String,
    },
    /// A string of UTF-16 code units; for adapters that declare `lone-surrogates`.
    Utf16 {
        /// The code units.
        value: Vec<u16>,
    },
    /// An array, or a jsontable.
    Array {
        /// Its elements.
        value: Vec<Given>,
    },
    /// An object.
    Object {
        /// Its members, name and value.
        value: Vec<(String, Given)>,
    },
    /// Bytes.
    Bytes {
        /// All of them.
        base64: String,
    },
    /// A table, for adapters whose `payload_types` have `arrowtable`.
    Table {
        /// An Arrow IPC stream in base64.
        stream: String,
    },
    /// A file of this machine; for adapters that declare `files`.
    File {
        /// Its path.
        path: String,
    },
}

fn cells(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "array", "items": { "type": ["string", "boolean", "null"] } })
}
