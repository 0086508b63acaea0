//! Cases of making a message, and of answering one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ExpectedError, Places, Received, expand, placed};
use crate::protocol::{Answer, Encode};
use crate::strict;

/// What a sender is given, and what must come of it.
#[derive(Debug)]
pub(crate) struct EncodeCase {
    /// The members of `Encode`, written out but for the places of servers.
    send: Value,
    /// Capabilities without which a producer may leave it out.
    pub(crate) needs: Vec<String>,
    /// Whether it also goes over NATS.
    pub(crate) live: bool,
    environment: BTreeMap<String, String>,
    pub(crate) expect: Made,
}

/// A message that is answered, and what must come of it.
#[derive(Debug)]
pub(crate) struct AnswerCase {
    pub(crate) request: Answer,
    pub(crate) expect: Made,
}

/// What must come of making a message.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// Its text, with holes.
    pub(crate) message: Option<String>,
    /// What every consumer must make of it.
    pub(crate) received: Option<Received>,
    pub(crate) error: Option<ExpectedError>,
}

#[derive(Deserialize)]
struct EncodeFile {
    send: Map<String, Value>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    live: bool,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    expect: MadeFile,
}

#[derive(Deserialize)]
struct AnswerFile {
    answer: Map<String, Value>,
    expect: MadeFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MadeFile {
    message: Option<Value>,
    received: Option<Value>,
    error: Option<ExpectedError>,
}

impl EncodeCase {
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let mut file: EncodeFile = strict::typed(value)?;
        expand::send(&mut file.send)?;
        let send = Value::Object(file.send);
        // What it is now is known; that it can be sent is worth knowing before the run.
        strict::typed::<Encode>(send.clone())?;
        Ok(EncodeCase {
            send,
            needs: file.needs,
            live: file.live,
            environment: file.environment,
            expect: file.expect.written_out()?,
        })
    }

    /// The request, with the servers of the moment.
    pub(crate) fn request(&self, places: &Places) -> Result<Encode, String> {
        let mut send = self.send.clone();
        // Payloads are never places, and may be large.
        if let Value::Object(members) = &mut send {
            for (_, value) in members.iter_mut().filter(|(name, _)| *name != "payloads") {
                placed(value, places);
            }
        }
        strict::typed(send)
    }

    /// Variables of a process of its own; none if it needs none.
    pub(crate) fn environment(&self, places: &Places) -> BTreeMap<String, String> {
        let mut variables = self.environment.clone();
        for text in variables.values_mut() {
            let mut value = Value::String(std::mem::take(text));
            placed(&mut value, places);
            *text = value.as_str().unwrap_or_default().to_owned();
        }
        variables
    }

    pub(crate) fn has_environment(&self) -> bool {
        !self.environment.is_empty()
    }

    /// Whether its links can be fetched only once: uploads are one-shot unless something else is asked for.
    pub(crate) fn is_one_shot(&self) -> bool {
        self.send["upload"]["to"] != "kept"
    }

    /// Whether a file server has to be there.
    pub(crate) fn needs_files(&self) -> bool {
        let has = |text: &str| text.contains("${fileserver}");
        self.uploads() || self.environment.values().any(|text| has(text))
    }

    pub(crate) fn uploads(&self) -> bool {
        self.send.get("upload").is_some()
    }
}

impl AnswerCase {
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let mut file: AnswerFile = strict::typed(value)?;
        expand::send(&mut file.answer)?;
        Ok(AnswerCase {
            request: strict::typed(Value::Object(file.answer))?,
            expect: file.expect.written_out()?,
        })
    }
}

impl MadeFile {
    pub(super) fn written_out(mut self) -> Result<Made, String> {
        if let Some(received) = &mut self.received {
            expand::received(received)?;
        }
        Ok(Made {
            message: self.message.as_ref().map(expand::text).transpose()?,
            received: self.received.map(strict::typed).transpose()?,
            error: self.error,
        })
    }
}
