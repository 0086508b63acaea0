//! The named arguments of the contract that speak of the message itself (requirements 11.1).

use serde_json::{Map, Value as Json};

use crate::generated::{DEFAULTS, DESKTOP};
use crate::wire::Checksum;

/// Everything that a sender can say about a message but for its subject and payloads.
#[derive(Clone)]
pub(crate) struct Arguments {
    pub(crate) broker_url: Option<String>,
    pub(crate) size_threshold: Option<u64>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) msg_purpose: String,
    pub(crate) sender_name: Option<String>,
    pub(crate) receiver_name: String,
    pub(crate) receiver_id: String,
    pub(crate) reply_to: String,
    pub(crate) reply_to_msg_id: String,
    pub(crate) msg_id: Option<String>,
    pub(crate) sender_id: Option<String>,
    pub(crate) metadata: Map<String, Json>,
    pub(crate) checksum: Checksum,
    pub(crate) inline_json: bool,
    pub(crate) max_message_bytes: Option<u64>,
    pub(crate) max_payloads: u64,
}

impl Arguments {
    /// From this many bytes on, a payload is linked.
    pub(crate) fn threshold(&self) -> u64 {
        let default = || DESKTOP.size_threshold.unwrap_or(u64::MAX);
        self.size_threshold.unwrap_or_else(default)
    }

    pub(crate) fn sender_name(&self) -> &str {
        self.sender_name.as_deref().unwrap_or(DEFAULTS.sender_name)
    }

    /// The JSON text has this many bytes at most.
    pub(crate) fn message_limit(&self) -> u64 {
        self.max_message_bytes.unwrap_or(DESKTOP.max_message_bytes)
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            broker_url: None,
            size_threshold: None,
            correlation_id: None,
            msg_purpose: DEFAULTS.msg_purpose.to_string(),
            sender_name: None,
            receiver_name: String::new(),
            receiver_id: String::new(),
            reply_to: String::new(),
            reply_to_msg_id: String::new(),
            msg_id: None,
            sender_id: None,
            metadata: Map::new(),
            checksum: DEFAULTS.checksum,
            inline_json: false,
            max_message_bytes: None,
            max_payloads: DESKTOP.max_payloads,
        }
    }
}

/// The builder methods for the named arguments, the same on every type that takes them.
macro_rules! message_arguments {
    ($($path:ident).+) => {
        /// The NATS servers, comma-separated `nats`, `tls`, `ws` or `wss` URLs; user-info is removed before it is written.
        pub fn broker_url(mut self, broker_url: impl Into<String>) -> Self {
            self.$($path).+.broker_url = Some(broker_url.into());
            self
        }

        /// From this many bytes on, a payload goes by link; 500,000 by default.
        pub fn size_threshold(mut self, size_threshold: u64) -> Self {
            self.$($path).+.size_threshold = Some(size_threshold);
            self
        }

        /// A UUID that follows the exchange; a new one by default.
        pub fn correlation_id(mut self, correlation_id: impl ToString) -> Self {
            self.$($path).+.correlation_id = Some(correlation_id.to_string());
            self
        }

        /// One of `ACK NACK updateStatus shutdown chat command event`; `chat` by default.
        pub fn msg_purpose(mut self, msg_purpose: impl ToString) -> Self {
            self.$($path).+.msg_purpose = msg_purpose.to_string();
            self
        }

        /// The sending application, at most 1,024 bytes; `NATSBridge` by default.
        pub fn sender_name(mut self, sender_name: impl Into<String>) -> Self {
            self.$($path).+.sender_name = Some(sender_name.into());
            self
        }

        /// The receiving application, at most 1,024 bytes; empty, for everyone, by default.
        pub fn receiver_name(mut self, receiver_name: impl Into<String>) -> Self {
            self.$($path).+.receiver_name = receiver_name.into();
            self
        }

        /// The UUID of the receiving instance; empty, for everyone, by default.
        pub fn receiver_id(mut self, receiver_id: impl ToString) -> Self {
            self.$($path).+.receiver_id = receiver_id.to_string();
            self
        }

        /// The subject that answers go to; empty by default.
        pub fn reply_to(mut self, reply_to: impl Into<String>) -> Self {
            self.$($path).+.reply_to = reply_to.into();
            self
        }

        /// The `msg_id` of the message that this one answers; empty by default.
        pub fn reply_to_msg_id(mut self, reply_to_msg_id: impl ToString) -> Self {
            self.$($path).+.reply_to_msg_id = reply_to_msg_id.to_string();
            self
        }

        /// The UUID of the message; a new one by default.
        pub fn msg_id(mut self, msg_id: impl ToString) -> Self {
            self.$($path).+.msg_id = Some(msg_id.to_string());
            self
        }

        /// The UUID of the sending instance; a new one by default.
        pub fn sender_id(mut self, sender_id: impl ToString) -> Self {
            self.$($path).+.sender_id = Some(sender_id.to_string());
            self
        }

        /// The metadata of the message.
        pub fn metadata(mut self, metadata: serde_json::Map<String, serde_json::Value>) -> Self {
            self.$($path).+.metadata = metadata;
            self
        }

        /// Which payloads carry a SHA-256 digest; the linked ones by default.
        pub fn checksum(mut self, checksum: $crate::wire::Checksum) -> Self {
            self.$($path).+.checksum = checksum;
            self
        }

        /// Whether direct dictionaries and jsontables stand in the envelope as JSON instead of base64; not by default.
        pub fn inline_json(mut self, inline_json: bool) -> Self {
            self.$($path).+.inline_json = inline_json;
            self
        }

        /// The JSON text as written, at most; 1,048,576 bytes by default, which is what a NATS server takes by default.
        pub fn max_message_bytes(mut self, max_message_bytes: u64) -> Self {
            self.$($path).+.max_message_bytes = Some(max_message_bytes);
            self
        }

        /// Payloads of one message, at most; 10,000 by default.
        pub fn max_payloads(mut self, max_payloads: u64) -> Self {
            self.$($path).+.max_payloads = max_payloads;
            self
        }
    };
}
pub(crate) use message_arguments;
