//! From the wire to values without a clock, a network or a runtime (FR-014).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::base64;
use crate::content::{self, ContentError};
use crate::digest::Digest;
use crate::error::{Context, Error, ErrorKind};
use crate::generated::DESKTOP;
use crate::json::{self, Node, ReadError};
use crate::link::{Link, Origin};
use crate::reach::{Network, Reach};
use crate::received::{Received, ReceivedPayload};
use crate::rules::{self, Policy};
use crate::value::Value;
use crate::wire::{Data, Encoding, Envelope, ErrorCode, Payload, Phase, Transport};

/// Reads messages, within limits.
#[derive(Clone, Debug)]
pub struct Decoder {
    max_message_bytes: u64,
    policy: Policy,
}

impl Default for Decoder {
    fn default() -> Self {
        let policy = Policy {
            max_payloads: DESKTOP.max_payloads,
            allowed_origins: Vec::new(),
            reach: Reach::default(),
        };
        Decoder {
            max_message_bytes: DESKTOP.max_received_bytes,
            policy,
        }
    }
}

impl Decoder {
    /// A decoder with the limits of the schema that allows no link.
    pub fn new() -> Self {
        Decoder::default()
    }

    /// The message as received, at most; 64 MiB by default.
    #[must_use]
    pub fn max_message_bytes(mut self, max_message_bytes: u64) -> Self {
        self.max_message_bytes = max_message_bytes;
        self
    }

    /// Payloads of one message, at most; 10,000 by default.
    #[must_use]
    pub fn max_payloads(mut self, max_payloads: u64) -> Self {
        self.policy.max_payloads = max_payloads;
        self
    }

    /// Where links may lead; nowhere by default.
    #[must_use]
    pub fn allowed_origins(mut self, allowed_origins: impl IntoIterator<Item = Origin>) -> Self {
        self.policy.allowed_origins = allowed_origins.into_iter().collect();
        self
    }

    /// Lets links lead to any origin that has a public address, beside the origins that are allowed. Of a link whose host is a
    /// name, the decoder cannot know the address: whoever fetches it resolves the name, and connects to no other address than
    /// one that was found public.
    #[must_use]
    pub fn any_public_origin(mut self) -> Self {
        self.policy.reach.public = true;
        self
    }

    /// Lets links lead to any origin that has an address in one of these networks, beside the origins that are allowed; as
    /// [`Decoder::any_public_origin`] otherwise.
    #[must_use]
    pub fn allowed_networks(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.policy.reach.networks = networks.into_iter().collect();
        self
    }

    /// The addresses that this origin's host may have, where its origin alone does not allow it.
    #[cfg(feature = "http")]
    pub(crate) fn reach(&self, origin: &Origin) -> Option<&Reach> {
        (!self.policy.allowed_origins.contains(origin)).then_some(&self.policy.reach)
    }

    /// Whether links may lead to origins that are not listed.
    #[cfg(feature = "http")]
    pub(crate) fn is_open(&self) -> bool {
        self.policy.reach.is_open()
    }

    /// Parses and validates a message, the whole envelope before anything is fetched.
    ///
    /// # Errors
    ///
    /// In phase `parse`: PAYLOAD_TOO_LARGE beyond `max_message_bytes`, INVALID_ENVELOPE for what is not strict JSON. In phase
    /// `validate`: INVALID_PAYLOAD_TYPE, INVALID_TRANSPORT, URL_NOT_ALLOWED, SIZE_MISMATCH where `payload_bytes` is not
    /// `size`, INVALID_ENVELOPE for the rest.
    pub fn decode(&self, json: impl AsRef<[u8]>) -> Result<Incoming, Error> {
        self.decode_with(json.as_ref(), json::read_envelope)
    }

    /// As [`Decoder::decode`] by the plain path, which scans every character; what the fast path is tested against.
    #[doc(hidden)]
    pub fn decode_plainly(&self, json: impl AsRef<[u8]>) -> Result<Incoming, Error> {
        self.decode_with(json.as_ref(), json::read)
    }

    /// Every violation of the schema and of the rules beyond it, in the order in which they count.
    ///
    /// # Errors
    ///
    /// As [`Decoder::decode`] in phase `parse`.
    pub fn violations(&self, json: impl AsRef<[u8]>) -> Result<Vec<crate::Violation>, Error> {
        let node = self.parse(json.as_ref(), json::read)?;
        let mut found = rules::incoming(&node, &self.policy);
        rules::first(&mut found);
        Ok(found)
    }

    fn decode_with(&self, text: &[u8], read: Reader) -> Result<Incoming, Error> {
        let node = self.parse(text, read)?;
        let mut found = rules::incoming(&node, &self.policy);
        if let Some(violation) = rules::first(&mut found) {
            return Err(invalid(&node, violation));
        }
        let envelope = Envelope::deserialize(node).map_err(|error| {
            Error::new(
                ErrorKind::Message,
                ErrorCode::InvalidEnvelope,
                Phase::Validate,
                error.to_string(),
            )
        })?;
        Ok(Incoming { envelope })
    }

    fn parse<'a>(&self, text: &'a [u8], read: Reader) -> Result<Node<'a>, Error> {
        let limit = self.max_message_bytes;
        if text.len() as u64 > limit {
            let length = text.len();
            return Err(Error::new(
                ErrorKind::Message,
                ErrorCode::PayloadTooLarge,
                Phase::Parse,
                format!("the message has {length} bytes; this receiver takes {limit} (max_message_bytes)"),
            )
            .expecting(format!("at most {limit} bytes"))
            .finding(format!("{length} bytes")));
        }
        read(text).map_err(|error| not_json(&error))
    }
}

/// How the text of an envelope becomes a tree.
type Reader = for<'a> fn(&'a [u8]) -> Result<Node<'a>, ReadError>;

/// A message that is valid, whose linked payloads are still to be fetched and whose payloads are still to be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    envelope: Envelope,
}

/// A payload that is to be fetched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingDownload {
    /// Its position among the payloads, from 0.
    pub index: usize,
    /// Its name.
    pub dataname: String,
    /// Where it is; the policy allows it.
    pub link: Link,
    /// Its number of bytes.
    pub size: u64,
    /// Its digest, where the sender told it.
    pub sha256: Option<Digest>,
}

impl Incoming {
    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What is to be fetched, in list order.
    pub fn downloads(&self) -> Vec<PendingDownload> {
        let payloads = self.envelope.payloads.iter().enumerate();
        let download = |(index, payload): (usize, &Payload)| {
            let Data::Text(url) = &payload.data else {
                return None;
            };
            if payload.transport != Transport::Link {
                return None;
            }
            Some(PendingDownload {
                index,
                dataname: payload.dataname.clone(),
                link: url.parse().ok()?,
                size: payload.size.get(),
                sha256: sha256(payload),
            })
        };
        payloads.filter_map(download).collect()
    }

    /// Decodes every payload; `fetched` has the bytes of each of [`Incoming::downloads`] by its index.
    ///
    /// # Errors
    ///
    /// In phase `decode`: DESERIALIZATION_ERROR, SIZE_MISMATCH, CHECKSUM_MISMATCH. DOWNLOAD_FAILED in phase `fetch` where the
    /// bytes of a linked payload are missing.
    pub fn finish(
        self,
        fetched: impl IntoIterator<Item = (usize, Bytes)>,
    ) -> Result<Received, Error> {
        let mut contents: Vec<Option<Bytes>> = vec![None; self.envelope.payloads.len()];
        for (index, bytes) in fetched {
            if let Some(place) = contents.get_mut(index) {
                *place = Some(bytes);
            }
        }
        // What is wrong with a fetched payload counts before the content of any (W7.1).
        for (index, bytes) in contents.iter().enumerate() {
            self.check_fetched(index, bytes.as_ref())?;
        }
        let contents = contents.into_iter().enumerate();
        let values = contents
            .map(|(index, bytes)| self.value(index, bytes))
            .collect::<Result<_, _>>()?;
        Ok(self.received(values))
    }

    /// The message with these values as its payloads, one for each.
    pub(crate) fn received(self, values: Vec<Value>) -> Received {
        let payloads = self.envelope.payloads.iter().zip(values);
        let payloads = payloads.map(|(payload, data)| ReceivedPayload {
            dataname: payload.dataname.clone(),
            data,
            payload_type: payload.payload_type,
            transport: payload.transport,
            size: payload.size.get(),
            metadata: payload.metadata.clone(),
        });
        Received {
            payloads: payloads.collect(),
            envelope: self.envelope,
        }
    }

    /// The bytes of a direct payload, their size and digest found right.
    #[cfg(feature = "http")]
    pub(crate) fn direct_bytes(&self, index: usize) -> Result<Bytes, Error> {
        let payload = &self.envelope.payloads[index];
        match raw(payload) {
            Ok(Raw::Bytes(bytes)) => self.checked(index, payload, bytes),
            Ok(Raw::Inline(value)) => {
                content::inline(payload.payload_type, value.clone())
                    .map_err(|error| self.content_error(index, payload, error))?;
                json::to_vec(&value).map(Bytes::from).map_err(|error| {
                    self.decode_error(
                        index,
                        payload,
                        ErrorCode::DeserializationError,
                        error.to_string(),
                    )
                })
            }
            Err(error) => Err(self.content_error(index, payload, error)),
        }
    }

    pub(crate) fn context(&self) -> Context {
        (&self.envelope).into()
    }

    /// The value of payload `index` out of its serialized bytes.
    pub(crate) fn content(&self, index: usize, bytes: Bytes) -> Result<Value, Error> {
        let payload = &self.envelope.payloads[index];
        content::deserialize(payload.payload_type, bytes)
            .map_err(|error| self.content_error(index, payload, error))
    }

    /// The value of payload `index`; `fetched` is what its link brought, its size and digest found right.
    pub(crate) fn value(&self, index: usize, fetched: Option<Bytes>) -> Result<Value, Error> {
        let payload = &self.envelope.payloads[index];
        let bytes = match fetched {
            Some(bytes) if payload.transport == Transport::Link => bytes,
            _ => match raw(payload).map_err(|error| self.content_error(index, payload, error))? {
                Raw::Bytes(bytes) => self.checked(index, payload, bytes)?,
                Raw::Inline(value) => {
                    return content::inline(payload.payload_type, value)
                        .map_err(|error| self.content_error(index, payload, error));
                }
            },
        };
        self.content(index, bytes)
    }

    fn check_fetched(&self, index: usize, fetched: Option<&Bytes>) -> Result<(), Error> {
        let payload = &self.envelope.payloads[index];
        match fetched {
            _ if payload.transport != Transport::Link => Ok(()),
            Some(bytes) => self.checked(index, payload, bytes.clone()).map(drop),
            None => {
                let message = format!("payload {index} was not fetched");
                Err(Error::new(
                    ErrorKind::Argument,
                    ErrorCode::DownloadFailed,
                    Phase::Fetch,
                    message,
                )
                .of_payload(index, &payload.dataname, "data")
                .within(&self.context()))
            }
        }
    }

    /// The bytes again, if their number and digest are what the payload says.
    fn checked(&self, index: usize, payload: &Payload, bytes: Bytes) -> Result<Bytes, Error> {
        let size = payload.size.get();
        if bytes.len() as u64 != size {
            let found = bytes.len();
            let message = format!("payload {index} has {found} bytes, and its size says {size}");
            return Err(self
                .decode_error(index, payload, ErrorCode::SizeMismatch, message)
                .expecting(format!("{size} bytes"))
                .finding(format!("{found} bytes")));
        }
        if let Some(expected) = sha256(payload) {
            let found = Digest::of(&bytes);
            if found != expected {
                let message = format!(
                    "the bytes of payload {index} have another SHA-256 than the message says"
                );
                return Err(self
                    .decode_error(index, payload, ErrorCode::ChecksumMismatch, message)
                    .expecting(expected.to_string())
                    .finding(found.to_string()));
            }
        }
        Ok(bytes)
    }

    fn content_error(&self, index: usize, payload: &Payload, error: ContentError) -> Error {
        let message = format!(
            "payload {index} ({}): {}",
            payload.payload_type, error.message
        );
        self.decode_error(index, payload, ErrorCode::DeserializationError, message)
            .expecting(error.expected)
            .finding(error.found)
    }

    fn decode_error(
        &self,
        index: usize,
        payload: &Payload,
        code: ErrorCode,
        message: String,
    ) -> Error {
        let fetched = matches!(code, ErrorCode::SizeMismatch | ErrorCode::ChecksumMismatch)
            && payload.transport == Transport::Link;
        let phase = if fetched { Phase::Fetch } else { Phase::Decode };
        Error::new(ErrorKind::Message, code, phase, message)
            .of_payload(index, &payload.dataname, "data")
            .within(&self.context())
    }
}

/// What `data` holds: bytes, or a JSON value as itself.
enum Raw {
    Bytes(Bytes),
    Inline(Json),
}

fn raw(payload: &Payload) -> Result<Raw, ContentError> {
    match (payload.encoding, &payload.data) {
        (Encoding::Json, Data::Json(value)) => Ok(Raw::Inline(value.clone())),
        (Encoding::Json, Data::Text(_) | Data::Bytes(_)) => {
            Err(ContentError::new("a JSON object or array", "a string"))
        }
        (_, Data::Bytes(bytes)) => Ok(Raw::Bytes(bytes.clone())),
        (_, Data::Text(text)) => match base64::decode(text.as_bytes()) {
            Ok(bytes) => Ok(Raw::Bytes(bytes.into())),
            Err(base64::NotCanonical) => Err(ContentError::new(
                "canonical base64 (RFC 4648): a multiple of 4 of its 64 characters, padding at the end, zero trailing bits",
                format!("{} characters that are not", text.chars().count()),
            )),
        },
        (_, Data::Json(_)) => Err(ContentError::new("base64", "another JSON value")),
    }
}

fn sha256(payload: &Payload) -> Option<Digest> {
    payload.metadata.get("sha256")?.as_str()?.parse().ok()
}

fn not_json(error: &ReadError) -> Error {
    let (expected, found, offset) = (error.expected, &error.found, error.offset);
    let pointer = error.pointer();
    let place = if pointer.is_empty() {
        String::new()
    } else {
        format!(" in {pointer}")
    };
    let message = format!(
        "the message is not strict JSON: expected {expected}, found {found} at byte {offset}{place}"
    );
    Error::new(
        ErrorKind::Message,
        ErrorCode::InvalidEnvelope,
        Phase::Parse,
        message,
    )
    .at(pointer)
    .expecting(expected)
    .finding(found.clone())
}

fn invalid(node: &Node<'_>, violation: &crate::Violation) -> Error {
    let error = Error::violation(ErrorKind::Message, violation).within(&context(node));
    let dataname = rules::payload_of(violation).and_then(|index| match node {
        Node::Object(envelope) => match envelope.get("payloads")? {
            Node::Array(payloads) => match payloads.get(index)? {
                Node::Object(payload) => payload.get("dataname")?.as_str(),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    match dataname {
        Some(dataname) => error.of(dataname),
        None => error,
    }
}

/// What an error tells of an envelope that is not valid: its members as far as they are strings.
fn context(node: &Node<'_>) -> Context {
    let text = |name| match node {
        Node::Object(envelope) => envelope
            .get(name)
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    };
    Context {
        correlation_id: text("correlation_id"),
        msg_id: text("msg_id"),
        send_to: text("send_to"),
    }
}
