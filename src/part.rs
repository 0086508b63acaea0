//! What is to be sent: one part becomes one payload.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::error::ErrorKind;
use crate::json;
use crate::value::Value;
use crate::wire::{PayloadType, Uuid};

/// A named, typed piece of data to send.
///
/// It is made from a tuple `(dataname, data, payload_type)`, or by the function named like the type, which also takes values
/// of the caller's own types. Nothing is checked before the message is encoded.
///
/// ```
/// use natsbridge::{Part, Value};
///
/// let greeting = Part::text("msg", "Hello");
/// assert_eq!(greeting, Part::from(("msg", Value::from("Hello"), "text")));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub(crate) dataname: String,
    pub(crate) payload_type: String,
    pub(crate) data: PartData,
    pub(crate) metadata: Map<String, Json>,
    pub(crate) id: Option<Uuid>,
}

/// The data of a part, serialized by the caller's type or not yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PartData {
    Value(Value),
    /// The serialized payload, whose content is still to be checked.
    Serialized(Bytes),
    /// There is no payload, and why.
    Failed(Unserializable),
    /// Bytes that stay where they are, in a file say; they go by link.
    External {
        size: u64,
    },
}

/// Why a part has no bytes, found before the message is encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unserializable {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) expected: &'static str,
}

impl Part {
    /// A part of any type; `payload_type` is one of the names in the schema, such as `image`.
    pub fn new(
        dataname: impl Into<String>,
        data: impl Into<Value>,
        payload_type: impl AsRef<str>,
    ) -> Self {
        Part::with(dataname, PartData::Value(data.into()), payload_type)
    }

    /// A string of any characters.
    pub fn text(dataname: impl Into<String>, text: impl Into<String>) -> Self {
        Part::new(dataname, text.into(), PayloadType::Text.as_str())
    }

    /// Anything that serializes as a JSON object or array: a `serde_json::Value`, a map, a struct of the caller's.
    pub fn dictionary<T: Serialize + ?Sized>(dataname: impl Into<String>, value: &T) -> Self {
        Part::with(
            dataname,
            serialized(value),
            PayloadType::Dictionary.as_str(),
        )
    }

    /// A table of Arrow record batches.
    #[cfg(feature = "arrow")]
    pub fn arrowtable(dataname: impl Into<String>, table: impl Into<crate::arrow::Table>) -> Self {
        Part::new(dataname, table.into(), PayloadType::Arrowtable.as_str())
    }

    /// Rows, each of which serializes as a JSON object.
    pub fn jsontable<T: Serialize>(dataname: impl Into<String>, rows: &[T]) -> Self {
        Part::with(dataname, serialized(rows), PayloadType::Jsontable.as_str())
    }

    /// The bytes of an image.
    pub fn image(dataname: impl Into<String>, bytes: impl Into<Value>) -> Self {
        Part::new(dataname, bytes, PayloadType::Image.as_str())
    }

    /// The bytes of a sound.
    pub fn audio(dataname: impl Into<String>, bytes: impl Into<Value>) -> Self {
        Part::new(dataname, bytes, PayloadType::Audio.as_str())
    }

    /// The bytes of a film.
    pub fn video(dataname: impl Into<String>, bytes: impl Into<Value>) -> Self {
        Part::new(dataname, bytes, PayloadType::Video.as_str())
    }

    /// Any bytes.
    pub fn binary(dataname: impl Into<String>, bytes: impl Into<Value>) -> Self {
        Part::new(dataname, bytes, PayloadType::Binary.as_str())
    }

    /// Bytes of a known number that are not at hand: the caller uploads them and passes the link to
    /// [`Outgoing::link`](crate::Outgoing::link).
    pub fn external(dataname: impl Into<String>, size: u64, payload_type: impl AsRef<str>) -> Self {
        Part::with(dataname, PartData::External { size }, payload_type)
    }

    /// Members for the payload's `metadata`, behind those that the protocol itself writes. The names `payload_bytes` and
    /// `sha256` are reserved.
    #[must_use]
    pub fn metadata(mut self, metadata: Map<String, Json>) -> Self {
        self.metadata = metadata;
        self
    }

    /// The payload's `id`, in place of a new one.
    #[must_use]
    pub fn id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// A part whose bytes are what they will be in the message.
    pub(crate) fn serialized(
        dataname: impl Into<String>,
        bytes: impl Into<Bytes>,
        payload_type: PayloadType,
    ) -> Self {
        Part::with(
            dataname,
            PartData::Serialized(bytes.into()),
            payload_type.as_str(),
        )
    }

    fn with(dataname: impl Into<String>, data: PartData, payload_type: impl AsRef<str>) -> Self {
        Part {
            dataname: dataname.into(),
            payload_type: payload_type.as_ref().to_owned(),
            data,
            metadata: Map::new(),
            id: None,
        }
    }
}

impl<N: Into<String>, D: Into<Value>, T: AsRef<str>> From<(N, D, T)> for Part {
    fn from((dataname, data, payload_type): (N, D, T)) -> Self {
        Part::new(dataname, data, payload_type)
    }
}

fn serialized<T: Serialize + ?Sized>(value: &T) -> PartData {
    match json::to_vec(value) {
        Ok(text) => PartData::Serialized(text.into()),
        Err(error) => PartData::Failed(Unserializable {
            kind: ErrorKind::Argument,
            message: error.to_string(),
            expected: "a value that can be written as JSON",
        }),
    }
}
