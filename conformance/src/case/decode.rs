//! Cases of reading a message.

use base64_simd::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::{ExpectedError, Received, expand};
use crate::protocol::{Decode, Message, Transfer};

/// A message, and what must come of reading it.
#[derive(Debug)]
pub(crate) struct DecodeCase {
    pub(crate) request: Decode,
    /// `arrowtable`, or nothing.
    pub(crate) needs: Vec<String>,
    /// A receiver that supports other payload types leaves the case out.
    pub(crate) payload_types: Option<Vec<String>>,
    pub(crate) expect: Expect,
    pub(crate) canonical: Option<String>,
}

/// What must come of reading it.
#[derive(Debug)]
pub(crate) enum Expect {
    Ok(Received),
    /// A valid message; these URLs are to be fetched.
    Pending(Vec<String>),
    Error(ExpectedError),
    /// One of several.
    Any(Vec<Expect>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Input {
    Text(String),
    Base64(String),
    Json(Value),
    Repeat(Vec<Value>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    allowed_origins: Option<Vec<String>>,
    max_message_bytes: Option<u64>,
    max_payloads: Option<u64>,
    payload_types: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct CaseFile {
    input: Input,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    needs: Vec<String>,
    expect: ExpectFile,
}

#[derive(Deserialize)]
struct ExpectFile {
    ok: Option<Received>,
    pending: Option<Vec<Pending>>,
    error: Option<ExpectedError>,
    any: Option<Vec<ExpectFile>>,
    canonical: Option<String>,
}

#[derive(Deserialize)]
struct Pending {
    url: String,
}

impl DecodeCase {
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let file: CaseFile = crate::strict::typed(value)?;
        let canonical = file.expect.canonical.clone();
        let expect = Expect::read(file.expect)?;
        let is_pending = matches!(expect, Expect::Pending(_));
        Ok(DecodeCase {
            request: Decode {
                message: message(file.input)?,
                // A case that says nothing allows no origin, whatever the default of an implementation is.
                allowed_origins: Some(file.options.allowed_origins.unwrap_or_default()),
                max_message_bytes: file.options.max_message_bytes,
                max_payloads: file.options.max_payloads,
                fileserver_url: None,
                handler: is_pending.then(Default::default),
                into_folder: None,
                transfer: Transfer::default(),
            },
            needs: file.needs,
            payload_types: file.options.payload_types,
            expect,
            canonical,
        })
    }

    /// The message as text and then as bytes. One that is larger than 1 MiB goes out once, which saves time: as bytes if their number
    /// is odd.
    pub(crate) fn requests(&self) -> Vec<Decode> {
        const LARGE: usize = 1 << 20;
        let Message::Text(text) = &self.request.message else {
            return vec![self.request.clone()];
        };
        let (large, odd) = (text.len() > LARGE, text.len() % 2 == 1);
        let mut requests = Vec::new();
        if !(large && odd) {
            requests.push(self.request.clone());
        }
        if !large || odd {
            requests.push(Decode {
                message: Message::Base64(STANDARD.encode_to_string(text)),
                ..self.request.clone()
            });
        }
        requests
    }
}

impl Expect {
    fn read(file: ExpectFile) -> Result<Self, String> {
        match (file.ok, file.pending, file.error, file.any) {
            (Some(ok), None, None, None) => Ok(Expect::Ok(ok)),
            (None, Some(links), None, None) => Ok(Expect::Pending(
                links.into_iter().map(|link| link.url).collect(),
            )),
            (None, None, Some(error), None) => Ok(Expect::Error(error)),
            (None, None, None, Some(any)) => {
                let any: Result<_, _> = any.into_iter().map(Expect::read).collect();
                Ok(Expect::Any(any?))
            }
            _ => Err("a case has one verdict".to_owned()),
        }
    }
}

/// A message that is UTF-8 is a text, which goes out as bytes as well.
fn message(input: Input) -> Result<Message, String> {
    Ok(match input {
        Input::Text(text) => Message::Text(text),
        Input::Repeat(pieces) => Message::Text(expand::repeated(&pieces)?),
        Input::Json(value) => Message::Text(value.to_string()),
        Input::Base64(text) => {
            STANDARD
                .decode_to_vec(&text)
                .map_err(|_| "the input is no base64".to_owned())?;
            Message::Base64(text)
        }
    })
}
