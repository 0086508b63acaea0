//! A received message with its values.

use natsbridge::wire::Envelope;
use natsbridge::{Received, ReceivedPayload, Value};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json};

use super::Tagged;

/// A message as `--json` prints it: its envelope, and its payloads with their values or files.
pub(crate) struct TaggedMessage<'a>(pub(crate) &'a Received);

impl TaggedMessage<'_> {
    /// Writes the members of a message into an object that may have others.
    pub(crate) fn write_members<M: SerializeMap>(&self, members: &mut M) -> Result<(), M::Error> {
        members.serialize_entry(
            "envelope",
            &header(&self.0.envelope).map_err(M::Error::custom)?,
        )?;
        members.serialize_entry(
            "payloads",
            &self.0.payloads.iter().map(Payload).collect::<Vec<_>>(),
        )
    }
}

impl Serialize for TaggedMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        self.write_members(&mut members)?;
        members.end()
    }
}

/// The members of the envelope but for its payloads.
fn header(envelope: &Envelope) -> serde_json::Result<Map<String, Json>> {
    let header = Envelope {
        payloads: Vec::new(),
        ..envelope.clone()
    };
    match serde_json::to_value(&header)? {
        Json::Object(mut members) => {
            members.shift_remove("payloads");
            Ok(members)
        }
        _ => Ok(Map::new()),
    }
}

struct Payload<'a>(&'a ReceivedPayload);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let payload = self.0;
        let mut members = serializer.serialize_map(Some(5))?;
        members.serialize_entry("dataname", &payload.dataname)?;
        members.serialize_entry("payload_type", &payload.payload_type)?;
        members.serialize_entry("transport", &payload.transport)?;
        members.serialize_entry("size", &payload.size)?;
        match &payload.data {
            Value::File(path) => members.serialize_entry("file", &path.to_string_lossy())?,
            value => members.serialize_entry("value", &Tagged(value))?,
        }
        members.end()
    }
}
