//! What the runner asks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::Given;

/// One line from the runner. The next one comes after the reply.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Request {
    /// Is repeated in the reply.
    pub id: u64,
    /// What is to be done.
    #[serde(flatten)]
    pub operation: Operation,
}

/// What is to be done.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// The first request: the adapter says what it is. Answered by `hello`.
    Hello {
        /// The version of the protocol.
        protocol: u32,
    },
    /// `smartsend` without publishing. Answered by `encoded` or `error`.
    Encode(Encode),
    /// `smartreceive` of one message. Answered by `decoded` or `error`.
    Decode(Decode),
    /// `ack`, `nack`, `reply` or `update_status` for a message. Answered by `encoded` or `error`.
    Answer(Answer),
    /// `smartsend`, published with the language's usual NATS client, or `deliver`. Answered by `encoded` or `error`.
    Send(Send),
    /// A subscription to one message: answered by `subscribed` once the server knows of it (after a round trip), and then by
    /// `decoded` or `error`.
    Receive(Receive),
    /// The last request: the adapter answers `stopped` and exits with code 0.
    Stop,
}

/// The arguments of `smartsend`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct Encode {
    /// `send_to`.
    pub subject: String,
    /// The payloads, in order.
    pub payloads: Vec<Part>,
    /// Arguments that become members of the envelope. What is not there is not passed.
    #[serde(skip_serializing_if = "Arguments::is_empty")]
    pub arguments: Arguments,
    /// From this many bytes on, a payload is linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_threshold: Option<u64>,
    /// The JSON text has this many bytes at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_message_bytes: Option<u64>,
    /// This many payloads at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_payloads: Option<u64>,
    /// `link`, `all` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Whether direct dictionaries and jsontables stand in the envelope as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_json: Option<bool>,
    /// Whether payloads that could not be uploaded go direct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<bool>,
    /// Where large payloads go, and how; nowhere else may a connection go to. Plik, one-shot, at the default address if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// How patiently.
    #[serde(skip_serializing_if = "Transfer::is_empty")]
    pub transfer: Transfer,
}

/// Arguments that become members of the envelope, passed as they are, right or wrong.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[allow(
    missing_docs,
    reason = "they are the members of the envelope, which the schema describes"
)]
pub struct Arguments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_msg_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker_url: Option<String>,
    /// An object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Given>,
}

impl Arguments {
    fn is_empty(&self) -> bool {
        *self == Arguments::default()
    }
}

/// One payload to be sent.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub dataname: String,
    /// Its data.
    pub value: Given,
    /// Its type, right or wrong.
    pub payload_type: String,
    /// Members for its metadata, an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Given>,
}

/// Where large payloads go.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum Upload {
    /// To a Plik server by `plik_oneshot_upload`.
    Oneshot {
        /// `fileserver_url`.
        fileserver_url: String,
    },
    /// To a Plik server, kept for this many seconds.
    Kept {
        /// `fileserver_url`.
        fileserver_url: String,
        /// For how long.
        ttl_s: u32,
    },
    /// To a handler of the adapter's own (W6.7), which uploads nothing and answers this.
    Handler {
        /// `status`.
        status: u16,
        /// `url`.
        url: String,
    },
}

/// Attempts and patience; milliseconds. What is not there is not passed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "they are the arguments of W6.1 and W6.2")]
pub struct Transfer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_delay: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_delay: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<u64>,
}

impl Transfer {
    fn is_empty(&self) -> bool {
        *self == Transfer::default()
    }
}

/// A message: its text, which the adapter passes as a string, or its bytes, which it passes as bytes.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// As a string.
    Text(String),
    /// As bytes, in base64.
    Base64(String),
}

/// The arguments of `smartreceive`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Decode {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// Origins that links may lead to; nothing is passed if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,
    /// The reader's bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_message_bytes: Option<u64>,
    /// This many payloads at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_payloads: Option<u64>,
    /// The file server, which is an allowed origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fileserver_url: Option<String>,
    /// If there: links are fetched by a handler of the adapter's own (W6.7), which knows these URLs and their bytes, in
    /// base64, and fails for any other; the reply lists the URLs that it was `asked` for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<BTreeMap<String, String>>,
    /// If there: payloads of bytes are received into files of this folder, and given back from there; for adapters that declare
    /// `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into_folder: Option<String>,
    /// How patiently.
    #[serde(default, skip_serializing_if = "Transfer::is_empty")]
    pub transfer: Transfer,
}

/// An answer to a message.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Answer {
    /// Which one.
    pub kind: AnswerKind,
    /// The message that is answered; the adapter decodes it first.
    #[serde(flatten)]
    pub message: Message,
    /// The NATS reply subject of the message, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_subject: Option<String>,
    /// For `nack`: the error's JSON (W7.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<serde_json::Map<String, serde_json::Value>>,
    /// For `reply`: the payloads; none for the others.
    #[serde(default)]
    pub payloads: Vec<Part>,
    /// Arguments of the answer, as for `encode`.
    #[serde(default, skip_serializing_if = "Arguments::is_empty")]
    pub arguments: Arguments,
}

/// Which answer.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "they are the functions of W8.6")]
pub enum AnswerKind {
    Ack,
    Nack,
    Reply,
    UpdateStatus,
}

/// A message to be published.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Send {
    /// The NATS server.
    pub nats_url: String,
    /// What `smartsend` is given.
    #[serde(flatten)]
    pub encode: Encode,
    /// If there: by `deliver` (W8.1), for adapters that declare `deliver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<Delivery>,
}

/// The patience of `deliver`; milliseconds.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Until the message is sent again.
    pub ack_wait: u64,
    /// Until it is given up.
    pub deadline: u64,
}

/// A subscription to one message.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Receive {
    /// The NATS server.
    pub nats_url: String,
    /// The subject.
    pub subject: String,
    /// Milliseconds to wait for the message; then the reply is an `error` whose report has the code NATS_CONNECTION_FAILED.
    pub timeout: u64,
    /// What is answered to the message, to its NATS reply subject or else its `reply_to`; nothing if absent. For `nack` the error is
    /// that of reading it, or else DESERIALIZATION_ERROR in phase `decode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerKind>,
    /// The file server, which is an allowed origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fileserver_url: Option<String>,
    /// How patiently it fetches.
    #[serde(default, skip_serializing_if = "Transfer::is_empty")]
    pub transfer: Transfer,
}
