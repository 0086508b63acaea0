//! What an adapter answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::value::Tagged;

/// One line from an adapter.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Reply {
    /// That of the request.
    pub id: u64,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer to `hello`.
    Hello(Hello),
    /// A message was made.
    Encoded(Encoded),
    /// A message was read.
    Decoded(Decoded),
    /// The implementation refused, with an error of its own.
    Error(Refused),
    /// The request needs this capability, which `hello` did not declare.
    Unsupported(Capability),
    /// The subscription of `receive` is in place; the outcome follows.
    Subscribed(bool),
    /// The answer to `stop`.
    Stopped(bool),
}

/// What an implementation is and can do.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The version of the protocol.
    pub protocol: u32,
    /// Its name among all implementations, such as `python`.
    pub implementation: String,
    /// Its version.
    pub version: String,
    /// What runs it, with the version: `CPython 3.11.7`.
    pub runtime: String,
    /// The profile of `schema/v1/platforms.json` whose limits it has.
    pub platform: String,
    /// The payload types that it supports.
    pub payload_types: Vec<String>,
    /// The transports that it supports.
    pub transports: Vec<String>,
    /// What else it can do.
    pub capabilities: Vec<Capability>,
}

/// What an implementation may lack. What it declares is held against it; what it does not declare it need not do.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// `ack`, `nack`, `reply` and `update_status`.
    Answers,
    /// Tables.
    Arrowtable,
    /// Floats are exact to 1e-6 only (W3.3); this is a weakness that has to be declared.
    ApproximateFloats,
    /// Integers beyond 64 bits can be passed in, so that they can be refused.
    BigIntegers,
    /// `send` with `deliver`.
    Deliver,
    /// The environment variables of W5.3.
    Environment,
    /// Payloads from files and into files (W6.9).
    Files,
    /// Links: uploads, downloads, handlers.
    Link,
    /// Strings that may hold lone surrogates can be passed in.
    LoneSurrogates,
    /// `send` and `receive` over a NATS server.
    Nats,
    /// Floats that are no numbers can be passed in.
    NonFiniteFloats,
    /// Integers and integral floats are the same (W3.3); a weakness that has to be declared.
    OneNumberType,
    /// Objects keep the order of their members (W3.4).
    OrderedObjects,
    /// A message that was read can be written again, unknown members included (W1.2): `decoded` has `written`.
    Rewrite,
}

/// A message as it was made.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Encoded {
    /// The JSON text that `smartsend` gave.
    pub message: String,
}

/// A message as it was read.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Decoded {
    /// The members of the envelope but for `payloads`, all of them as they are; `metadata` is a tagged value.
    pub envelope: Map<String, Value>,
    /// The payloads, in order.
    pub payloads: Vec<ReceivedPayload>,
    /// The message written again; for adapters that declare `rewrite`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// The URLs that the adapter's own handler was asked for, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
}

/// One received payload.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedPayload {
    /// Its name.
    pub dataname: String,
    /// Its type.
    pub payload_type: String,
    /// How it came.
    pub transport: String,
    /// Its bytes, serialized.
    pub size: u64,
    /// Its value.
    pub value: Tagged,
    /// Its metadata, an object, with what the protocol itself writes.
    pub metadata: Tagged,
}

/// A refusal.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The error's JSON (W7.2), made by the implementation; it is held against `error.schema.json`.
    pub report: Map<String, Value>,
    /// The URLs that the adapter's own handler was asked for, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
}
