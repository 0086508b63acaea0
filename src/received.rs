//! A message as the receiver has it: the envelope, and the payloads as values.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::error::{Error, ErrorKind};
use crate::value::Value;
use crate::wire::{Envelope, ErrorCode, PayloadType, Phase, Transport};

/// A received message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Received {
    /// The envelope as it came, with the members that the schema does not name.
    pub envelope: Envelope,
    /// The payloads in the sender's order.
    pub payloads: Vec<ReceivedPayload>,
}

impl Received {
    /// The first payload of that name.
    pub fn get(&self, dataname: &str) -> Option<&ReceivedPayload> {
        self.payloads
            .iter()
            .find(|payload| payload.dataname == dataname)
    }

    /// The string of the first payload of that name.
    ///
    /// # Errors
    ///
    /// DESERIALIZATION_ERROR where there is no such payload or it is no text.
    pub fn text(&self, dataname: &str) -> Result<&str, Error> {
        let payload = self.find(dataname)?;
        payload.data.as_text().ok_or_else(|| payload.is_not("text"))
    }

    /// The dictionary of that name as any type that deserializes from it.
    ///
    /// # Errors
    ///
    /// DESERIALIZATION_ERROR where there is no such payload, it is no dictionary, or it does not fit the type.
    pub fn dictionary<T: DeserializeOwned>(&self, dataname: &str) -> Result<T, Error> {
        let payload = self.find(dataname)?;
        let value = payload
            .data
            .as_json()
            .ok_or_else(|| payload.is_not("a dictionary"))?;
        payload.fit(value.clone())
    }

    /// The rows of the jsontable of that name, each as any type that deserializes from a row.
    ///
    /// # Errors
    ///
    /// DESERIALIZATION_ERROR where there is no such payload, it is no jsontable, or a row does not fit the type.
    pub fn jsontable<T: DeserializeOwned>(&self, dataname: &str) -> Result<Vec<T>, Error> {
        let payload = self.find(dataname)?;
        let rows = payload
            .data
            .as_rows()
            .ok_or_else(|| payload.is_not("a jsontable"))?;
        rows.iter()
            .map(|row| payload.fit(Json::Object(row.clone())))
            .collect()
    }

    /// The Arrow table of that name.
    ///
    /// # Errors
    ///
    /// DESERIALIZATION_ERROR where there is no such payload or it is no arrowtable.
    #[cfg(feature = "arrow")]
    pub fn arrowtable(&self, dataname: &str) -> Result<&crate::arrow::Table, Error> {
        let payload = self.find(dataname)?;
        payload
            .data
            .as_table()
            .ok_or_else(|| payload.is_not("an arrowtable"))
    }

    /// The bytes of the image, audio, video or binary of that name.
    ///
    /// # Errors
    ///
    /// DESERIALIZATION_ERROR where there is no such payload or it is of a type that is not bytes.
    pub fn bytes(&self, dataname: &str) -> Result<&bytes::Bytes, Error> {
        let payload = self.find(dataname)?;
        payload
            .data
            .as_bytes()
            .ok_or_else(|| payload.is_not("bytes"))
    }

    fn find(&self, dataname: &str) -> Result<&ReceivedPayload, Error> {
        self.get(dataname).ok_or_else(|| {
            let names: Vec<&str> = self
                .payloads
                .iter()
                .map(|payload| payload.dataname.as_str())
                .collect();
            mistaken(
                dataname,
                format!("no payload is called {dataname:?}; there are {names:?}"),
            )
        })
    }
}

/// One payload of a received message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReceivedPayload {
    /// The sender's name for it.
    pub dataname: String,
    /// Its value.
    pub data: Value,
    /// Its type.
    pub payload_type: PayloadType,
    /// How it travelled.
    pub transport: Transport,
    /// Its number of bytes, serialized.
    pub size: u64,
    /// Its metadata, with what the protocol itself wrote.
    pub metadata: Map<String, Json>,
}

impl ReceivedPayload {
    /// What the contract hands out: `(dataname, data, payload_type)`.
    pub fn into_tuple(self) -> (String, Value, PayloadType) {
        (self.dataname, self.data, self.payload_type)
    }

    fn is_not(&self, expected: &str) -> Error {
        let found = format!("{} ({})", self.payload_type, self.data.kind());
        mistaken(
            &self.dataname,
            format!("payload {:?} is not {expected} but {found}", self.dataname),
        )
        .expecting(expected)
        .finding(found)
    }

    fn fit<T: DeserializeOwned>(&self, value: Json) -> Result<T, Error> {
        serde_json::from_value(value).map_err(|error| {
            mistaken(
                &self.dataname,
                format!("payload {:?}: {error}", self.dataname),
            )
            .caused_by(error)
        })
    }
}

fn mistaken(dataname: &str, message: String) -> Error {
    Error::new(
        ErrorKind::Argument,
        ErrorCode::DeserializationError,
        Phase::Decode,
        message,
    )
    .of(dataname)
}
