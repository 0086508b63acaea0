//! What the runner and an adapter say to each other: one JSON object per line, over standard input and output or a WebSocket.
//!
//! ```text
//! runner ──▶ {"id":1,"op":"decode","text":"{...}","options":{}}                     adapter
//! runner ◀── {"id":1,"decoded":{"envelope":{...},"payloads":[...]}}                 adapter
//! ```
//!
//! Every line from an adapter is held against the schema of [`Reply`], which is checked in beside the cases
//! (`conformance/protocol.schema.json`) for the authors of adapters.

mod reply;
mod request;
mod value;

pub use reply::{Capability, Decoded, Encoded, Hello, Outcome, ReceivedPayload, Refused, Reply};
pub use request::{
    Answer, AnswerKind, Arguments, Decode, Delivery, Encode, Message, Operation, Part, Receive,
    Request, Send, Transfer, Upload,
};
pub use value::{Column, Given, Tagged};

/// The version of the protocol, which `hello` carries in both directions.
pub const VERSION: u32 = 1;

/// Both directions as one JSON Schema: `$defs/Request` and `$defs/Reply`.
pub fn schema() -> serde_json::Value {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<Request>();
    generator.subschema_for::<Reply>();
    let definitions = generator.take_definitions(true);
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://natsbridge.invalid/conformance/protocol.schema.json",
        "title": "Conformance protocol",
        "description": "One line from the runner is a Request, one line from an adapter a Reply.",
        "$defs": definitions,
    })
}
