//! A message before it is written: what the sender says, and the pure way from there to the wire.

use std::fmt;

use serde_json::{Map, Value as Json};

use crate::arguments::{Arguments, message_arguments};
use crate::choice::{Bounds, Candidate, choose};
use crate::content::{self, Serialized};
#[cfg(feature = "http")]
use crate::error::Context;
use crate::error::{Error, ErrorKind};
use crate::header::Header;
use crate::json::{Node, Object};
use crate::outgoing::{Outgoing, direct_length, direct_payload, linked_payload, written_length};
use crate::part::{Part, PartData};
use crate::rules;
use crate::wire::{Envelope, ErrorCode, PayloadType, Phase, Timestamp, Uuid};

/// A message with everything that its sender can say about it; what is not said has its default.
///
/// [`Draft::encode`] turns it into JSON without a clock, a network or a runtime. `smartsend` does the same with all of them.
#[must_use = "nothing is made before it is encoded"]
#[derive(Clone)]
pub struct Draft {
    pub(crate) subject: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) arguments: Arguments,
}

impl Draft {
    /// A message for `subject`; it can carry any number of payloads up to `max_payloads`, none included.
    pub fn new<P: Into<Part>>(
        subject: impl Into<String>,
        payloads: impl IntoIterator<Item = P>,
    ) -> Self {
        let parts = payloads.into_iter().map(Into::into).collect();
        Draft {
            subject: subject.into(),
            parts,
            arguments: Arguments::default(),
        }
    }

    message_arguments!(arguments);

    /// Another subject than that of the beginning.
    pub fn send_to(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Serializes the payloads and chooses their transport.
    ///
    /// `timestamp` is the time of the message; `new_id` gives UUIDs where the message needs one that was not passed in.
    ///
    /// # Errors
    ///
    /// In this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the schema; SERIALIZATION_ERROR
    /// for data that its type cannot carry; PAYLOAD_TOO_LARGE where the message cannot be made to fit.
    pub fn encode(
        self,
        timestamp: Timestamp,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<Outgoing, Error> {
        let Draft {
            subject,
            parts,
            arguments,
        } = self;
        let header = Header::new(subject, &arguments, timestamp, new_id);
        let ids: Vec<Uuid> = parts
            .iter()
            .map(|part| part.id.unwrap_or_else(&mut *new_id))
            .collect();
        encode(&header, parts, &ids, &arguments).map_err(|error| error.within(&header.context()))
    }

    /// What is known of the message before its ids are chosen.
    #[cfg(feature = "http")]
    pub(crate) fn context(&self) -> Context {
        let given = |id: &Option<String>| id.clone().unwrap_or_default();
        Context {
            correlation_id: given(&self.arguments.correlation_id),
            msg_id: given(&self.arguments.msg_id),
            send_to: self.subject.clone(),
        }
    }

    /// The first phase of [`Draft::encode`] alone.
    #[cfg(feature = "http")]
    pub(crate) fn check(
        &self,
        timestamp: Timestamp,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<(), Error> {
        let header = Header::new(self.subject.clone(), &self.arguments, timestamp, new_id);
        let ids: Vec<Uuid> = self
            .parts
            .iter()
            .map(|part| part.id.unwrap_or_else(&mut *new_id))
            .collect();
        let checked = validate(&header, &self.parts, &ids, &self.arguments);
        checked
            .map(drop)
            .map_err(|error| error.within(&header.context()))
    }
}

/// The subject and the parts, without arguments that may hold a secret.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("subject", &self.subject)
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

fn encode(
    header: &Header,
    parts: Vec<Part>,
    ids: &[Uuid],
    arguments: &Arguments,
) -> Result<Outgoing, Error> {
    let mut envelope = validate(header, &parts, ids, arguments)?;
    let serialized = serialize(parts, ids)?;
    let links = limit(&envelope, &serialized, arguments)?;
    let mut contents = Vec::with_capacity(links.len());
    for (payload, linked) in serialized.into_iter().zip(links) {
        if linked {
            envelope
                .payloads
                .push(linked_payload(&payload, arguments.checksum, None));
            contents.push(Some(payload));
        } else {
            envelope.payloads.push(direct_payload(
                &payload,
                arguments.checksum,
                arguments.inline_json,
            ));
            contents.push(None);
        }
    }
    Ok(Outgoing::new(envelope, contents, arguments))
}

/// One part behind the `serialize` phase.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) id: Uuid,
    pub(crate) dataname: String,
    pub(crate) payload_type: PayloadType,
    pub(crate) content: Serialized,
    pub(crate) metadata: Map<String, Json>,
}

impl Ready {
    pub(crate) fn size(&self) -> u64 {
        match &self.content {
            Serialized::Bytes(bytes) => bytes.len() as u64,
            Serialized::External(size) => *size,
        }
    }
}

fn validate(
    header: &Header,
    parts: &[Part],
    ids: &[Uuid],
    arguments: &Arguments,
) -> Result<Envelope, Error> {
    let payloads = parts
        .iter()
        .zip(ids)
        .map(|(part, id)| payload_node(part, id))
        .collect();
    let node = header.node(arguments, payloads);
    let mut violations = rules::outgoing(&node, parts, arguments.max_payloads);
    if let Some(violation) = rules::first(&mut violations) {
        let error = Error::violation(ErrorKind::Argument, violation);
        return Err(
            match rules::payload_of(violation).and_then(|index| parts.get(index)) {
                Some(part) => error.of(&part.dataname),
                None => error,
            },
        );
    }
    header.envelope(arguments)
}

fn payload_node<'a>(part: &'a Part, id: &Uuid) -> Node<'a> {
    let size = match part.data {
        PartData::External { size } => i64::try_from(size).unwrap_or(i64::MAX),
        _ => 0,
    };
    let members = [
        ("id", Node::String(id.to_string().into())),
        ("dataname", Node::String(part.dataname.as_str().into())),
        (
            "payload_type",
            Node::String(part.payload_type.as_str().into()),
        ),
        ("transport", Node::String("direct".into())),
        ("encoding", Node::String("base64".into())),
        ("size", Node::Int(size)),
        ("data", Node::String("".into())),
        ("metadata", Node::Object(Object::from(&part.metadata))),
    ];
    Node::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

fn serialize(parts: Vec<Part>, ids: &[Uuid]) -> Result<Vec<Ready>, Error> {
    let mut serialized = Vec::with_capacity(parts.len());
    for (index, (part, id)) in parts.into_iter().zip(ids).enumerate() {
        let kind = match &part.data {
            PartData::Failed(failed) => failed.kind,
            _ => ErrorKind::Argument,
        };
        let failed = |message: String| {
            Error::new(
                kind,
                ErrorCode::SerializationError,
                Phase::Serialize,
                message,
            )
            .of_payload(index, &part.dataname, "data")
        };
        let payload_type = part
            .payload_type
            .parse()
            .map_err(|_| failed("unknown payload_type".to_owned()))?;
        let content = content::serialize(payload_type, part.data).map_err(|error| {
            failed(format!(
                "payload {index} ({payload_type}): {}",
                error.message
            ))
            .expecting(error.expected)
            .finding(error.found)
        })?;
        let (dataname, metadata) = (part.dataname, part.metadata);
        serialized.push(Ready {
            id: *id,
            dataname,
            payload_type,
            content,
            metadata,
        });
    }
    Ok(serialized)
}

fn limit(
    envelope: &Envelope,
    payloads: &[Ready],
    arguments: &Arguments,
) -> Result<Vec<bool>, Error> {
    let size_threshold = arguments.threshold();
    // Inline JSON is written anew, and its length cannot be told from that of its bytes.
    if !arguments.inline_json
        && all_fit_for_sure(
            envelope,
            payloads,
            size_threshold,
            arguments.message_limit(),
        )
    {
        return Ok(vec![false; payloads.len()]);
    }
    let candidate = |payload: &Ready| {
        let external = matches!(payload.content, Serialized::External(_));
        let linked = linked_payload(payload, arguments.checksum, None);
        let direct = match external {
            true => 0,
            false => direct_length(payload, arguments.checksum, arguments.inline_json),
        };
        Candidate {
            size: payload.size(),
            direct,
            linked: written_length(&linked),
            external,
        }
    };
    let candidates: Vec<Candidate> = payloads.iter().map(candidate).collect();
    let bounds = Bounds {
        size_threshold,
        max_message_bytes: arguments.message_limit(),
    };
    choose(crate::outgoing::header_length(envelope), &candidates, bounds).map_err(|needed| {
        let limit = arguments.message_limit();
        Error::new(
            ErrorKind::Argument,
            ErrorCode::PayloadTooLarge,
            Phase::Limit,
            format!(
                "the message needs {needed} bytes and may have {limit}, with every payload linked that can be: \
                 send fewer payloads, less metadata, or raise max_message_bytes and the server's max_payload",
            ),
        )
        .expecting(format!("at most {limit} bytes"))
        .finding(format!("{needed} bytes"))
    })
}

/// Whether nothing needs a link and a generous estimate of the length is within the limit, so that it need not be counted.
fn all_fit_for_sure(
    envelope: &Envelope,
    payloads: &[Ready],
    size_threshold: u64,
    max_message_bytes: u64,
) -> bool {
    /// No character takes more bytes in JSON than `\u0000`.
    const LONGEST_ESCAPE: u64 = 6;
    /// More than all names and members of fixed length of an envelope or payload together.
    const FRAME: u64 = 1_000;
    let plain = |payload: &Ready| {
        payload.metadata.is_empty()
            && payload.size() < size_threshold.max(1)
            && matches!(payload.content, Serialized::Bytes(_))
    };
    if !envelope.metadata.is_empty() || !payloads.iter().all(plain) {
        return false;
    }
    let names = [
        &envelope.sender_name,
        &envelope.receiver_name,
        &envelope.broker_url,
    ];
    let header = names.iter().map(|name| name.len() as u64).sum::<u64>()
        + (envelope.send_to.len() + envelope.reply_to.as_str().len()) as u64;
    let body = payloads.iter().map(|payload| {
        FRAME
            + LONGEST_ESCAPE * payload.dataname.len() as u64
            + crate::base64::encoded_len(payload.size())
    });
    FRAME + LONGEST_ESCAPE * header + body.sum::<u64>() <= max_message_bytes
}
