//! A message before it is written: what the sender says, and the pure way from there to the wire.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::choice::{Bounds, Candidate, choose};
use crate::content::{self, Serialized};
use crate::error::{Context, Error, ErrorKind};
use crate::generated::{DEFAULTS, DESKTOP};
use crate::json::{Node, Object};
use crate::link::without_user_info;
use crate::outgoing::{Outgoing, direct_payload, linked_payload, written_length};
use crate::part::Part;
use crate::rules;
use crate::wire::{Checksum, Envelope, ErrorCode, PayloadType, Phase, Timestamp, Uuid};

/// A message with everything that its sender can say about it; what is not said has its default.
///
/// [`Draft::encode`] turns it into JSON without a clock, a network or a runtime. `smartsend` does the same with all of them.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(crate) subject: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) arguments: Arguments,
}

/// The named arguments of the contract (requirements 11.1) that speak of the message itself.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub(crate) broker_url: Option<String>,
    pub(crate) size_threshold: Option<u64>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) msg_purpose: String,
    pub(crate) sender_name: String,
    pub(crate) receiver_name: String,
    pub(crate) receiver_id: String,
    pub(crate) reply_to: String,
    pub(crate) reply_to_msg_id: String,
    pub(crate) msg_id: Option<String>,
    pub(crate) sender_id: Option<String>,
    pub(crate) metadata: Map<String, Json>,
    pub(crate) checksum: Checksum,
    pub(crate) inline_json: bool,
    pub(crate) max_message_bytes: u64,
    pub(crate) max_payloads: u64,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            broker_url: None,
            size_threshold: None,
            correlation_id: None,
            msg_purpose: DEFAULTS.msg_purpose.to_string(),
            sender_name: DEFAULTS.sender_name.to_owned(),
            receiver_name: String::new(),
            receiver_id: String::new(),
            reply_to: String::new(),
            reply_to_msg_id: String::new(),
            msg_id: None,
            sender_id: None,
            metadata: Map::new(),
            checksum: Checksum::Link,
            inline_json: false,
            max_message_bytes: DESKTOP.max_message_bytes,
            max_payloads: DESKTOP.max_payloads,
        }
    }
}

/// The builder methods for the named arguments, the same on every type that takes them.
macro_rules! message_arguments {
    ($($path:ident).+) => {
        /// The NATS servers, comma-separated `nats`, `tls`, `ws` or `wss` URLs; user-info is removed before it is written.
        #[must_use]
        pub fn broker_url(mut self, broker_url: impl Into<String>) -> Self {
            self.$($path).+.broker_url = Some(broker_url.into());
            self
        }

        /// From this many bytes on, a payload goes by link; 500,000 by default.
        #[must_use]
        pub fn size_threshold(mut self, size_threshold: u64) -> Self {
            self.$($path).+.size_threshold = Some(size_threshold);
            self
        }

        /// A UUID that follows the exchange; a new one by default.
        #[must_use]
        pub fn correlation_id(mut self, correlation_id: impl ToString) -> Self {
            self.$($path).+.correlation_id = Some(correlation_id.to_string());
            self
        }

        /// One of `ACK NACK updateStatus shutdown chat command event`; `chat` by default.
        #[must_use]
        pub fn msg_purpose(mut self, msg_purpose: impl ToString) -> Self {
            self.$($path).+.msg_purpose = msg_purpose.to_string();
            self
        }

        /// The sending application, at most 1,024 bytes; `NATSBridge` by default.
        #[must_use]
        pub fn sender_name(mut self, sender_name: impl Into<String>) -> Self {
            self.$($path).+.sender_name = sender_name.into();
            self
        }

        /// The receiving application, at most 1,024 bytes; empty, for everyone, by default.
        #[must_use]
        pub fn receiver_name(mut self, receiver_name: impl Into<String>) -> Self {
            self.$($path).+.receiver_name = receiver_name.into();
            self
        }

        /// The UUID of the receiving instance; empty, for everyone, by default.
        #[must_use]
        pub fn receiver_id(mut self, receiver_id: impl ToString) -> Self {
            self.$($path).+.receiver_id = receiver_id.to_string();
            self
        }

        /// The subject that answers go to; empty by default.
        #[must_use]
        pub fn reply_to(mut self, reply_to: impl Into<String>) -> Self {
            self.$($path).+.reply_to = reply_to.into();
            self
        }

        /// The `msg_id` of the message that this one answers; empty by default.
        #[must_use]
        pub fn reply_to_msg_id(mut self, reply_to_msg_id: impl ToString) -> Self {
            self.$($path).+.reply_to_msg_id = reply_to_msg_id.to_string();
            self
        }

        /// The UUID of the message; a new one by default.
        #[must_use]
        pub fn msg_id(mut self, msg_id: impl ToString) -> Self {
            self.$($path).+.msg_id = Some(msg_id.to_string());
            self
        }

        /// The UUID of the sending instance; a new one by default.
        #[must_use]
        pub fn sender_id(mut self, sender_id: impl ToString) -> Self {
            self.$($path).+.sender_id = Some(sender_id.to_string());
            self
        }

        /// The metadata of the message.
        #[must_use]
        pub fn metadata(mut self, metadata: serde_json::Map<String, serde_json::Value>) -> Self {
            self.$($path).+.metadata = metadata;
            self
        }

        /// Which payloads carry a SHA-256 digest; the linked ones by default.
        #[must_use]
        pub fn checksum(mut self, checksum: $crate::wire::Checksum) -> Self {
            self.$($path).+.checksum = checksum;
            self
        }

        /// Whether direct dictionaries and jsontables stand in the envelope as JSON instead of base64; not by default.
        #[must_use]
        pub fn inline_json(mut self, inline_json: bool) -> Self {
            self.$($path).+.inline_json = inline_json;
            self
        }

        /// The JSON text as written, at most; 1,048,576 bytes by default, which is what a NATS server takes by default.
        #[must_use]
        pub fn max_message_bytes(mut self, max_message_bytes: u64) -> Self {
            self.$($path).+.max_message_bytes = max_message_bytes;
            self
        }

        /// Payloads of one message, at most; 10,000 by default.
        #[must_use]
        pub fn max_payloads(mut self, max_payloads: u64) -> Self {
            self.$($path).+.max_payloads = max_payloads;
            self
        }
    };
}
pub(crate) use message_arguments;

impl Draft {
    /// A message for `subject`; it can carry any number of payloads up to `max_payloads`, none included.
    pub fn new<P: Into<Part>>(subject: impl Into<String>, payloads: impl IntoIterator<Item = P>) -> Self {
        let parts = payloads.into_iter().map(Into::into).collect();
        Draft { subject: subject.into(), parts, arguments: Arguments::default() }
    }

    message_arguments!(arguments);

    /// Serializes the payloads and chooses their transport.
    ///
    /// `timestamp` is the time of the message; `new_id` gives UUIDs where the message needs one that was not passed in.
    ///
    /// # Errors
    ///
    /// In this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the schema; SERIALIZATION_ERROR
    /// for data that its type cannot carry; PAYLOAD_TOO_LARGE where the message cannot be made to fit.
    pub fn encode(self, timestamp: Timestamp, new_id: &mut dyn FnMut() -> Uuid) -> Result<Outgoing, Error> {
        let Draft { subject, parts, arguments } = self;
        let header = Header::new(subject, &arguments, timestamp, new_id);
        let context = header.context();
        let ids: Vec<Uuid> = parts.iter().map(|part| part.id.unwrap_or_else(&mut *new_id)).collect();
        encode(header, parts, &ids, &arguments).map_err(|error| error.within(&context))
    }

    /// The first phase of [`Draft::encode`] alone.
    #[cfg(feature = "http")]
    pub(crate) fn check(&self, timestamp: Timestamp, new_id: &mut dyn FnMut() -> Uuid) -> Result<(), Error> {
        let header = Header::new(self.subject.clone(), &self.arguments, timestamp, new_id);
        let ids: Vec<Uuid> = self.parts.iter().map(|part| part.id.unwrap_or_else(&mut *new_id)).collect();
        let checked = validate(&header, &self.parts, &ids, &self.arguments);
        checked.map(drop).map_err(|error| error.within(&header.context()))
    }
}

/// The text of each header member, defaults filled in, not checked yet.
struct Header {
    correlation_id: String,
    msg_id: String,
    timestamp: String,
    send_to: String,
    sender_id: String,
    broker_url: String,
}

impl Header {
    fn new(
        send_to: String,
        arguments: &Arguments,
        timestamp: Timestamp,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Self {
        let mut id = |given: &Option<String>| given.clone().unwrap_or_else(|| new_id().to_string());
        let broker_url = arguments.broker_url.as_deref().unwrap_or(DEFAULTS.broker_url);
        Header {
            correlation_id: id(&arguments.correlation_id),
            msg_id: id(&arguments.msg_id),
            timestamp: timestamp.to_string(),
            send_to,
            sender_id: id(&arguments.sender_id),
            broker_url: broker_url.split(',').map(without_user_info).collect::<Vec<_>>().join(","),
        }
    }

    fn context(&self) -> Context {
        Context {
            correlation_id: self.correlation_id.clone(),
            msg_id: self.msg_id.clone(),
            send_to: self.send_to.clone(),
        }
    }

    fn node<'a>(&'a self, arguments: &'a Arguments, payloads: Vec<Node<'a>>) -> Node<'a> {
        let text = |text: &'a str| Node::String(text.into());
        let members = [
            ("correlation_id", text(&self.correlation_id)),
            ("msg_id", text(&self.msg_id)),
            ("timestamp", text(&self.timestamp)),
            ("send_to", text(&self.send_to)),
            ("msg_purpose", text(&arguments.msg_purpose)),
            ("sender_name", text(&arguments.sender_name)),
            ("sender_id", text(&self.sender_id)),
            ("receiver_name", text(&arguments.receiver_name)),
            ("receiver_id", text(&arguments.receiver_id)),
            ("reply_to", text(&arguments.reply_to)),
            ("reply_to_msg_id", text(&arguments.reply_to_msg_id)),
            ("broker_url", text(&self.broker_url)),
            ("metadata", Node::Object(Object::from(&arguments.metadata))),
            ("payloads", Node::Array(payloads)),
        ];
        Node::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

fn encode(header: Header, parts: Vec<Part>, ids: &[Uuid], arguments: &Arguments) -> Result<Outgoing, Error> {
    let mut envelope = validate(&header, &parts, ids, arguments)?;
    let serialized = serialize(parts, ids)?;
    let links = limit(&envelope, &serialized, arguments)?;
    let mut contents = Vec::with_capacity(links.len());
    for (payload, linked) in serialized.into_iter().zip(links) {
        if linked {
            envelope.payloads.push(linked_payload(&payload, arguments.checksum, None));
            contents.push(Some(payload));
        } else {
            envelope.payloads.push(direct_payload(&payload, arguments.checksum, arguments.inline_json));
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

fn validate(header: &Header, parts: &[Part], ids: &[Uuid], arguments: &Arguments) -> Result<Envelope, Error> {
    let payloads = parts.iter().zip(ids).map(|(part, id)| payload_node(part, id)).collect();
    let node = header.node(arguments, payloads);
    let mut violations = rules::outgoing(&node, parts, arguments.max_payloads);
    if let Some(violation) = rules::first(&mut violations) {
        let error = Error::violation(ErrorKind::Argument, violation);
        return Err(match rules::payload_of(violation).and_then(|index| parts.get(index)) {
            Some(part) => error.of(&part.dataname),
            None => error,
        });
    }
    let header = header.node(arguments, Vec::new());
    Envelope::deserialize(header).map_err(|error| Error::argument(error.to_string()))
}

fn payload_node<'a>(part: &'a Part, id: &Uuid) -> Node<'a> {
    let size = match part.data {
        crate::part::PartData::External { size } => i64::try_from(size).unwrap_or(i64::MAX),
        _ => 0,
    };
    let members = [
        ("id", Node::String(id.to_string().into())),
        ("dataname", Node::String(part.dataname.as_str().into())),
        ("payload_type", Node::String(part.payload_type.as_str().into())),
        ("transport", Node::String("direct".into())),
        ("encoding", Node::String("base64".into())),
        ("size", Node::Int(size)),
        ("data", Node::String("".into())),
        ("metadata", Node::Object(Object::from(&part.metadata))),
    ];
    Node::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn serialize(parts: Vec<Part>, ids: &[Uuid]) -> Result<Vec<Ready>, Error> {
    let mut serialized = Vec::with_capacity(parts.len());
    for (index, (part, id)) in parts.into_iter().zip(ids).enumerate() {
        let failed = |message: String| {
            Error::new(ErrorKind::Argument, ErrorCode::SerializationError, Phase::Serialize, message)
                .of_payload(index, &part.dataname, "data")
        };
        let payload_type = part.payload_type.parse().map_err(|_| failed("unknown payload_type".to_owned()))?;
        let content = content::serialize(payload_type, part.data).map_err(|error| {
            failed(format!("payload {index} ({payload_type}): {}", error.message))
                .expecting(error.expected)
                .finding(error.found)
        })?;
        let (dataname, metadata) = (part.dataname, part.metadata);
        serialized.push(Ready { id: *id, dataname, payload_type, content, metadata });
    }
    Ok(serialized)
}

fn limit(envelope: &Envelope, payloads: &[Ready], arguments: &Arguments) -> Result<Vec<bool>, Error> {
    let size_threshold = arguments.size_threshold.or(DESKTOP.size_threshold).unwrap_or(u64::MAX);
    if all_fit_for_sure(envelope, payloads, size_threshold, arguments.max_message_bytes) {
        return Ok(vec![false; payloads.len()]);
    }
    let candidate = |payload: &Ready| {
        let external = matches!(payload.content, Serialized::External(_));
        let linked = linked_payload(payload, arguments.checksum, None);
        let direct = match external {
            true => 0,
            false => written_length(&direct_payload(payload, arguments.checksum, arguments.inline_json)),
        };
        Candidate { size: payload.size(), direct, linked: written_length(&linked), external }
    };
    let candidates: Vec<Candidate> = payloads.iter().map(candidate).collect();
    let bounds = Bounds { size_threshold, max_message_bytes: arguments.max_message_bytes };
    choose(crate::outgoing::header_length(envelope), &candidates, bounds).map_err(|needed| {
        let limit = arguments.max_message_bytes;
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
fn all_fit_for_sure(envelope: &Envelope, payloads: &[Ready], size_threshold: u64, max_message_bytes: u64) -> bool {
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
    let names = [&envelope.sender_name, &envelope.receiver_name, &envelope.broker_url];
    let header = names.iter().map(|name| name.len() as u64).sum::<u64>()
        + (envelope.send_to.len() + envelope.reply_to.as_str().len()) as u64;
    let body = payloads.iter().map(|payload| {
        FRAME + LONGEST_ESCAPE * payload.dataname.len() as u64 + crate::base64::encoded_len(payload.size())
    });
    FRAME + LONGEST_ESCAPE * header + body.sum::<u64>() <= max_message_bytes
}
