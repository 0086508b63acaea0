//! The cases: what is asked, and what must come out.

mod decode;
mod delivery;
mod encode;
mod expand;
mod floor;
mod library;
mod needs;
mod rules;

use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use decode::{DecodeCase, Expect};
pub(crate) use delivery::{DeliveryCase, Receiver};
pub(crate) use encode::{AnswerCase, EncodeCase, Made};
pub(crate) use expand::{Places, placed};
pub(crate) use floor::floors;
pub(crate) use library::{Library, Selection};
pub(crate) use needs::{Part, missing, name as capability_name};
pub(crate) use rules::coverage;

use crate::protocol::{Capability, Tagged};

/// One case of any kind.
#[derive(Debug)]
pub(crate) struct Case {
    /// Unique among all cases of all kinds.
    pub(crate) id: String,
    /// The rule of the wire specification, such as `W1.3`.
    pub(crate) rule: String,
    pub(crate) title: String,
    /// The name of its file, from the folder of the cases.
    pub(crate) file: String,
    /// The acceptance conditions that it belongs to.
    pub(crate) acceptance: Vec<String>,
    pub(crate) body: Body,
}

/// What a case is about.
#[derive(Debug)]
pub(crate) enum Body {
    Decode(Box<DecodeCase>),
    Encode(Box<EncodeCase>),
    Answer(Box<AnswerCase>),
    Delivery(Box<DeliveryCase>),
    /// A scenario of the fault server.
    Link(Box<crate::link::Case>),
}

impl Body {
    /// The kind's name, as in reports.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Body::Decode(_) => "decode",
            Body::Encode(_) => "encode",
            Body::Answer(_) => "answer",
            Body::Delivery(_) => "delivery",
            Body::Link(_) => "link",
        }
    }
}

/// What a receiver must make of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Received {
    /// Members of the header that must have these values.
    #[serde(default)]
    pub(crate) envelope: Map<String, Value>,
    pub(crate) payloads: Option<Vec<ExpectedPayload>>,
    pub(crate) payload_count: Option<usize>,
}

/// One payload as it must come out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedPayload {
    pub(crate) dataname: String,
    pub(crate) payload_type: String,
    pub(crate) transport: String,
    /// Not told where it is the producer's own matter.
    pub(crate) size: Option<u64>,
    pub(crate) value: Tagged,
    pub(crate) metadata: Option<Tagged>,
}

/// The error that must come.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedError {
    pub(crate) code: String,
    pub(crate) phase: String,
    pub(crate) pointer: Option<String>,
    pub(crate) dataname: Option<String>,
    /// Members of the error's details that must have these values.
    #[serde(default)]
    pub(crate) details: Map<String, Value>,
    /// What the report says about the message.
    #[serde(default)]
    pub(crate) about: Map<String, Value>,
    /// Words that stand in the error's message.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// Words that stand nowhere in the error's JSON.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
}

/// What an implementation says that it can do, as far as cases ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Abilities {
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) payload_types: Vec<String>,
    pub(crate) transports: Vec<String>,
}

impl Abilities {
    pub(crate) fn of(hello: &crate::protocol::Hello) -> Self {
        Abilities {
            capabilities: hello.capabilities.clone(),
            payload_types: hello.payload_types.clone(),
            transports: hello.transports.clone(),
        }
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}
