//! Publishing: a message gets what its bridge knows, and goes out within what the server takes.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use async_nats::{HeaderMap, PublishErrorKind};
use bytes::Bytes;
use tracing::{Instrument, Span};

use super::bridge::{Bridge, Shared, broker};
use super::headers;
use crate::error::{Error, ErrorKind};
use crate::io::SmartSend;
use crate::io::observe::{self, Operation};
use crate::io::uploading::Made;
use crate::io::uploads::Uploads;
use crate::wire::{Envelope, ErrorCode, Phase};

/// A message that is about to be published; awaiting it gives its envelope.
///
/// It is published at most once: that it went out does not mean that anybody received it, and what is published while the
/// connection is down goes out when it stands again, if it does. Uploads of a message that could not be published are removed.
///
/// # Errors
///
/// Those of [`smartsend`](crate::smartsend), where PAYLOAD_TOO_LARGE counts the headers and goes by what the server takes now;
/// NATS_CONNECTION_FAILED where the bridge was closed.
#[must_use = "nothing is published before it is awaited"]
pub struct Publish {
    bridge: Bridge,
    message: SmartSend,
    headers: Vec<(String, String)>,
    inherited: HeaderMap,
}

impl Publish {
    pub(super) fn new(bridge: &Bridge, message: SmartSend) -> Self {
        Publish {
            bridge: bridge.clone(),
            message,
            headers: Vec::new(),
            inherited: HeaderMap::new(),
        }
    }

    /// Headers that come from the message which this one answers.
    pub(super) fn inheriting(mut self, headers: HeaderMap) -> Self {
        self.inherited = headers;
        self
    }

    /// One more NATS header, such as `traceparent`; one name may have several values.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    async fn run(self) -> Result<Envelope, Error> {
        self.sending().instrument(observe::publishing()).await
    }

    async fn sending(self) -> Result<Envelope, Error> {
        let shared = &self.bridge.0;
        let _open = shared.open.token();
        let own = headers::checked(&self.headers)?;
        let headers = match own.is_empty() {
            true => self.inherited,
            false => headers::merged(self.inherited, &own),
        };
        let sealed = shared.seal(self.message, headers).await?;
        match shared.post(&sealed, None).await {
            Ok(()) => {
                sealed.tell();
                Ok(sealed.envelope)
            }
            Err(error) => {
                sealed.uploads.remove().await;
                Err(error)
            }
        }
    }
}

impl IntoFuture for Publish {
    type Output = Result<Envelope, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// A message as it goes out, any number of times.
pub(super) struct Sealed {
    pub(super) envelope: Envelope,
    pub(super) uploads: Uploads,
    text: Bytes,
    headers: HeaderMap,
}

impl Shared {
    /// Makes a message with what this bridge knows, its payloads uploaded.
    pub(super) async fn seal(
        &self,
        mut message: SmartSend,
        mut headers: HeaderMap,
    ) -> Result<Sealed, Error> {
        let manners = &self.manners;
        let arguments = &mut message.draft.arguments;
        let msg_id = arguments
            .msg_id
            .get_or_insert_with(|| crate::io::new_id().to_string());
        // One that is no UUID is refused with the other arguments; until then it must not break the headers.
        if msg_id.parse::<crate::wire::Uuid>().is_ok() {
            headers.insert(headers::MSG_ID, msg_id.as_str());
        }
        arguments
            .broker_url
            .get_or_insert_with(|| manners.broker_url.clone());
        arguments
            .sender_id
            .get_or_insert_with(|| manners.sender_id.to_string());
        if arguments.sender_name.is_none() {
            arguments.sender_name = manners.sender_name.clone();
        }
        headers::add_trace(&mut headers);
        let server = self.client.max_payload() as u64;
        let limit = arguments.max_message_bytes.unwrap_or(server).min(server);
        arguments.max_message_bytes = Some(limit.saturating_sub(headers::length(&headers)));
        if message.fileserver_url.is_none() {
            message.fileserver_url = Some(manners.fileserver_url.clone());
        }
        if message.handler.is_none() {
            message.handler = manners.upload.clone();
        }
        let Made {
            envelope,
            text,
            uploads,
        } = message.make().await?;
        Ok(Sealed {
            envelope,
            uploads,
            text: text.into(),
            headers,
        })
    }

    /// Hands a message to the client; `reply` is the NATS reply subject.
    pub(super) async fn post(&self, sealed: &Sealed, reply: Option<&str>) -> Result<(), Error> {
        let subject = sealed.envelope.send_to.to_string();
        let (headers, text) = (sealed.headers.clone(), sealed.text.clone());
        let published = match reply {
            None => {
                self.client
                    .publish_with_headers(subject, headers, text)
                    .await
            }
            Some(reply) => {
                let publish = self.client.publish_with_reply_and_headers(
                    subject,
                    reply.to_owned(),
                    headers,
                    text,
                );
                publish.await
            }
        };
        if published.is_ok() {
            sealed.uploads.keep();
        }
        published.map_err(|error| {
            let context = sealed.context();
            match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => {
                    let length = sealed.text.len() as u64 + headers::length(&sealed.headers);
                    let limit = self.client.max_payload();
                    Error::new(
                        ErrorKind::Argument,
                        ErrorCode::PayloadTooLarge,
                        Phase::Publish,
                        format!("the message has {length} bytes with its headers, and the server takes {limit} now"),
                    )
                    .expecting(format!("at most {limit} bytes"))
                    .finding(format!("{length} bytes"))
                }
                PublishErrorKind::InvalidSubject => Error::argument(error.to_string()).at("/send_to"),
                PublishErrorKind::Send => broker("the bridge is closed").caused_by(error),
            }
            .within(&context)
        })
    }
}

impl Sealed {
    /// Tells whoever listens that the message is on its way.
    pub(super) fn tell(&self) {
        observe::message_sent(&self.envelope);
        observe::describe_operation(
            &Span::current(),
            Operation::Publish,
            &self.envelope,
            self.text.len(),
            headers::length(&self.headers) as usize,
        );
    }

    pub(super) fn context(&self) -> crate::error::Context {
        (&self.envelope).into()
    }
}
