//! The members of an envelope around its payloads, as the sender's texts and as their values.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::Map;

use crate::arguments::Arguments;
use crate::error::{Context, Error};
use crate::generated::DEFAULTS;
use crate::json::{Node, Object};
use crate::link::without_user_info;
use crate::wire::{Envelope, Timestamp, Uuid};

/// The text of each header member, defaults filled in, not checked yet.
pub(crate) struct Header {
    correlation_id: String,
    msg_id: String,
    timestamp: String,
    send_to: String,
    sender_id: String,
    broker_url: String,
}

impl Header {
    pub(crate) fn new(
        send_to: String,
        arguments: &Arguments,
        timestamp: Timestamp,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Self {
        let mut id = |given: &Option<String>| given.clone().unwrap_or_else(|| new_id().to_string());
        let broker_url = arguments
            .broker_url
            .as_deref()
            .unwrap_or(DEFAULTS.broker_url);
        Header {
            correlation_id: id(&arguments.correlation_id),
            msg_id: id(&arguments.msg_id),
            timestamp: timestamp.to_string(),
            send_to,
            sender_id: id(&arguments.sender_id),
            broker_url: broker_url
                .split(',')
                .map(without_user_info)
                .collect::<Vec<_>>()
                .join(","),
        }
    }

    pub(crate) fn context(&self) -> Context {
        Context {
            correlation_id: self.correlation_id.clone(),
            msg_id: self.msg_id.clone(),
            send_to: self.send_to.clone(),
        }
    }

    /// The envelope of these texts, none of which the check has found wrong.
    pub(crate) fn envelope(&self, arguments: &Arguments) -> Result<Envelope, Error> {
        fn read<T: FromStr<Err: Display>>(text: &str) -> Result<T, Error> {
            text.parse()
                .map_err(|error: T::Err| Error::argument(error.to_string()))
        }
        Ok(Envelope {
            correlation_id: read(&self.correlation_id)?,
            msg_id: read(&self.msg_id)?,
            timestamp: read(&self.timestamp)?,
            send_to: read(&self.send_to)?,
            msg_purpose: read(&arguments.msg_purpose)?,
            sender_name: arguments.sender_name().to_owned(),
            sender_id: read(&self.sender_id)?,
            receiver_name: arguments.receiver_name.clone(),
            receiver_id: read(&arguments.receiver_id)?,
            reply_to: read(&arguments.reply_to)?,
            reply_to_msg_id: read(&arguments.reply_to_msg_id)?,
            broker_url: self.broker_url.clone(),
            metadata: arguments.metadata.clone(),
            payloads: Vec::new(),
            extra: Map::new(),
        })
    }

    pub(crate) fn node<'a>(
        &'a self,
        arguments: &'a Arguments,
        payloads: Vec<Node<'a>>,
    ) -> Node<'a> {
        let text = |text: &'a str| Node::String(text.into());
        let members = [
            ("correlation_id", text(&self.correlation_id)),
            ("msg_id", text(&self.msg_id)),
            ("timestamp", text(&self.timestamp)),
            ("send_to", text(&self.send_to)),
            ("msg_purpose", text(&arguments.msg_purpose)),
            ("sender_name", text(arguments.sender_name())),
            ("sender_id", text(&self.sender_id)),
            ("receiver_name", text(&arguments.receiver_name)),
            ("receiver_id", text(&arguments.receiver_id)),
            ("reply_to", text(&arguments.reply_to)),
            ("reply_to_msg_id", text(&arguments.reply_to_msg_id)),
            ("broker_url", text(&self.broker_url)),
            ("metadata", Node::Object(Object::from(&arguments.metadata))),
            ("payloads", Node::Array(payloads)),
        ];
        Node::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}
