//! The cases of `conformance/cases`: read as they are, turned into what a receiver is given, and what came of it.

mod tagged;

use std::path::PathBuf;

use base64_simd::STANDARD;
use natsbridge::{Decoder, Error, Incoming, Received};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(crate) use tagged::normalized;

/// One message and what must come out of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) rule: String,
    pub(crate) title: String,
    input: Input,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    needs: Vec<String>,
    pub(crate) expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Input {
    Text(String),
    Base64(String),
    Json(Value),
    Repeat(Vec<Piece>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Piece {
    Once(String),
    Times(String, usize),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    allowed_origins: Vec<String>,
    max_message_bytes: Option<u64>,
    max_payloads: Option<u64>,
    payload_types: Option<Vec<String>>,
}

/// One of four verdicts, and the canonical text where the case tells it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) ok: Option<Accepted>,
    pub(crate) pending: Option<Value>,
    pub(crate) error: Option<Rejected>,
    /// Any of these.
    #[serde(default)]
    pub(crate) any: Vec<Expect>,
    pub(crate) canonical: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    #[serde(default)]
    pub(crate) envelope: Map<String, Value>,
    pub(crate) payloads: Option<Value>,
    pub(crate) payload_count: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejected {
    pub(crate) code: String,
    pub(crate) phase: String,
    pub(crate) pointer: Option<String>,
    pub(crate) dataname: Option<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    #[serde(default)]
    pub(crate) about: Map<String, Value>,
}

/// What a receiver made of a message.
#[derive(Debug)]
pub(crate) enum Outcome {
    Received(Box<Received>),
    /// Links, each as the case files have them.
    Pending(Value),
    Refused(Error),
}

impl Case {
    /// The bytes of the message.
    pub(crate) fn message(&self) -> Vec<u8> {
        match &self.input {
            Input::Text(text) => text.clone().into_bytes(),
            Input::Base64(text) => STANDARD.decode_to_vec(text).expect("the base64 of a case"),
            Input::Json(value) => serde_json::to_vec(value).expect("a JSON value"),
            Input::Repeat(pieces) => {
                let repeated = pieces.iter().map(|piece| match piece {
                    Piece::Once(text) => text.clone(),
                    Piece::Times(text, times) => text.repeat(*times),
                });
                repeated.collect::<String>().into_bytes()
            }
        }
    }

    /// A receiver as the case describes it.
    pub(crate) fn decoder(&self) -> Decoder {
        let origins = self.options.allowed_origins.iter();
        let mut decoder =
            Decoder::new().allowed_origins(origins.map(|url| url.parse().expect("an origin")));
        if let Some(limit) = self.options.max_message_bytes {
            decoder = decoder.max_message_bytes(limit);
        }
        if let Some(limit) = self.options.max_payloads {
            decoder = decoder.max_payloads(limit);
        }
        decoder
    }

    /// Whether this build is a receiver of the kind that the case is about.
    pub(crate) fn is_for_this_build(&self) -> bool {
        let tables = cfg!(feature = "arrow");
        let types = self.options.payload_types.as_ref();
        (tables || self.needs.is_empty())
            && types.is_none_or(|types| types.iter().any(|name| name == "arrowtable") == tables)
    }
}

impl Outcome {
    /// Decodes what needs no fetching.
    pub(crate) fn of(incoming: Result<Incoming, Error>) -> Self {
        let incoming = match incoming {
            Ok(incoming) => incoming,
            Err(error) => return Outcome::Refused(error),
        };
        let link = |download: natsbridge::PendingDownload| json!({"index": download.index, "url": download.link.as_str(), "size": download.size});
        let links: Vec<Value> = incoming.downloads().into_iter().map(link).collect();
        if !links.is_empty() {
            return Outcome::Pending(links.into());
        }
        match incoming.finish([]) {
            Ok(received) => Outcome::Received(Box::new(received)),
            Err(error) => Outcome::Refused(error),
        }
    }

    /// Everything that a caller sees of it, but for messages in words.
    pub(crate) fn verdict(&self) -> Value {
        match self {
            Outcome::Received(received) => json!({"ok": payloads(received)}),
            Outcome::Pending(links) => json!({"pending": links}),
            Outcome::Refused(error) => {
                json!({"code": error.code().as_str(), "phase": error.phase().as_str(), "pointer": error.pointer()})
            }
        }
    }
}

/// All cases, in the order of their files' names.
pub(crate) fn all() -> Vec<Case> {
    files()
        .iter()
        .flat_map(|(name, text)| cases(name, text))
        .collect()
}

/// The case files: name and text.
pub(crate) fn files() -> Vec<(String, String)> {
    let folder = folder();
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_cases = |path: &PathBuf| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name.ends_with(".json") && !name.ends_with(".schema.json") && name != "rules.json"
    };
    let mut paths: Vec<PathBuf> = paths.filter(is_cases).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.display().to_string(), text)
    };
    paths.into_iter().map(read).collect()
}

/// Where the case files are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/cases"))
}

/// The payloads as the case files have them.
pub(crate) fn payloads(received: &Received) -> Value {
    let payloads = received.payloads.iter().map(|payload| {
        json!({
            "dataname": payload.dataname,
            "payload_type": payload.payload_type.as_str(),
            "transport": payload.transport.as_str(),
            "size": payload.size,
            "value": tagged::value(&payload.data),
            "metadata": tagged::value(&natsbridge::Value::Json(payload.metadata.clone().into())),
        })
    });
    payloads.collect()
}

fn cases(name: &str, text: &str) -> Vec<Case> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
