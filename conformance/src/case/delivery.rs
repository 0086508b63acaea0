//! Cases of `deliver` (W8).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::encode::{Made, MadeFile};
use super::{Places, expand, placed};
use crate::link::Bounds;
use crate::peer::Script;
use crate::protocol::{AnswerKind, Delivery, Encode};
use crate::strict;

/// A message that is delivered, what its receiver answers, and what must come of it.
#[derive(Debug)]
pub(crate) struct DeliveryCase {
    /// The members of `Encode`, written out but for the places of servers.
    send: Value,
    pub(crate) deliver: Delivery,
    pub(crate) receiver: Receiver,
    /// How long the sender's call takes, in milliseconds.
    pub(crate) took: Option<Bounds>,
    /// What the receiver makes of it (`received`), what becomes of the sender (`error`, or else it is delivered).
    pub(crate) expect: Made,
}

/// Who is there to receive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Receiver {
    /// Nobody has subscribed.
    Nobody,
    /// A port, which answers so.
    Ack,
    Nack,
    /// The runner itself.
    Runner(Script),
}

#[derive(Deserialize)]
struct DeliveryFile {
    send: Map<String, Value>,
    deliver: Delivery,
    receiver: Receiver,
    took: Option<Bounds>,
    #[serde(default)]
    expect: Option<MadeFile>,
}

impl DeliveryCase {
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let mut file: DeliveryFile = strict::typed(value)?;
        expand::send(&mut file.send)?;
        let nothing = Made {
            message: None,
            received: None,
            error: None,
        };
        Ok(DeliveryCase {
            send: Value::Object(file.send),
            deliver: file.deliver,
            receiver: file.receiver,
            took: file.took,
            expect: match file.expect {
                Some(expect) => expect.written_out()?,
                None => nothing,
            },
        })
    }
}

impl DeliveryCase {
    /// The request, with the servers of the moment.
    pub(crate) fn request(&self, places: &Places) -> Result<Encode, String> {
        let mut send = self.send.clone();
        placed(&mut send, places);
        strict::typed(send)
    }

    pub(crate) fn uploads(&self) -> bool {
        self.send.get("upload").is_some()
    }
}

impl Receiver {
    /// What a port answers, if one is the receiver.
    pub(crate) fn answer(&self) -> Option<AnswerKind> {
        match self {
            Receiver::Nobody | Receiver::Runner(_) => None,
            Receiver::Ack => Some(AnswerKind::Ack),
            Receiver::Nack => Some(AnswerKind::Nack),
        }
    }
}
