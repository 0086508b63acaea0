//! A message from a subscription, and the answers to it.

use std::fmt;
use std::sync::Arc;

use async_nats::HeaderMap;

use super::bridge::{Bridge, Shared, broker};
use super::claim::Claim;
use super::headers;
use super::publish::Publish;
use super::refusal::Refusal;
use crate::answer;
use crate::draft::Draft;
use crate::error::Error;
use crate::part::Part;
use crate::received::Received;
use crate::window::Outcome;
use crate::wire::Envelope;

/// A received message with what NATS says of it.
///
/// A sender that waits for an acknowledgement is answered by [`Message::ack`] or [`Message::nack`], after the message was handled.
/// A message that is dropped without either counts as not handled: its sender sends it again.
pub struct Message {
    /// The envelope and the payloads.
    pub received: Received,
    /// The subject to which it came.
    pub subject: String,
    /// All its NATS headers.
    pub headers: HeaderMap,
    way_back: WayBack,
    /// None where no answer is wanted.
    claim: Option<Claim>,
}

impl Message {
    pub(super) fn new(
        received: Received,
        subject: String,
        headers: HeaderMap,
        way_back: WayBack,
        claim: Option<Claim>,
    ) -> Self {
        Message {
            received,
            subject,
            headers,
            way_back,
            claim,
        }
    }

    /// Where an answer goes: the NATS reply subject, else `reply_to`; none where the sender wants no answer.
    pub fn answer_to(&self) -> Option<&str> {
        self.way_back.subject.as_deref()
    }

    /// Says that the message was handled. Repeats of it are acknowledged without being handled again, for 10 minutes and
    /// 65,536 messages (W8.3). Where the sender wants no answer, none is sent.
    ///
    /// # Errors
    ///
    /// NATS_CONNECTION_FAILED where the bridge is closed; INVALID_ENVELOPE where the message was refused before.
    pub async fn ack(&self) -> Result<(), Error> {
        if let Some(claim) = &self.claim {
            claim.settle(Outcome::Acknowledged)?;
        }
        let draft = answer::ack(&self.received.envelope);
        let sent = self.way_back.send(draft, &self.headers).await;
        if let Some(claim) = &self.claim {
            claim.is_answered();
        }
        sent
    }

    /// Says why the message was not handled: one of the library's errors, or a sentence of the receiver's own. A refusal for good
    /// ends the sender's delivery and is given to repeats as well; after a retryable one the message may come again.
    ///
    /// # Errors
    ///
    /// NATS_CONNECTION_FAILED where the bridge is closed; INVALID_ENVELOPE where the message was acknowledged before.
    pub async fn nack(&self, reason: impl Into<Refusal>) -> Result<(), Error> {
        refuse(
            &self.way_back,
            self.claim.as_ref(),
            &self.received.envelope,
            &self.headers,
            reason.into(),
        )
        .await
    }

    /// Says that the message is being handled, which makes a sender that delivers wait on. Repeats are told so without this.
    ///
    /// # Errors
    ///
    /// As [`Message::ack`].
    pub async fn in_progress(&self) -> Result<(), Error> {
        let envelope = &self.received.envelope;
        let draft = answer::update_status(envelope);
        self.way_back.send(draft, &self.headers).await
    }

    /// Answers with payloads, under the same `correlation_id`; awaiting it publishes. It does not acknowledge.
    pub fn reply<P: Into<Part>>(&self, payloads: impl IntoIterator<Item = P>) -> Publish {
        let draft = answer::reply(&self.received.envelope, payloads);
        let draft = draft.send_to(self.answer_to().unwrap_or_default());
        let bridge = Bridge(Arc::clone(&self.way_back.shared));
        Publish::new(&bridge, draft.into()).inheriting(headers::of_answer(&self.headers))
    }
}

/// With the number of headers, since their values may be secrets.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("received", &self.received)
            .field("subject", &self.subject)
            .field("headers", &self.headers.len())
            .finish_non_exhaustive()
    }
}

/// The way from a receiver back to the sender of a message.
#[derive(Clone)]
pub(super) struct WayBack {
    pub(super) shared: Arc<Shared>,
    pub(super) subject: Option<String>,
}

impl WayBack {
    /// Bytes that each text of a refusal may have, so that it fits into a message with the others and in base64.
    pub(super) fn room(&self) -> usize {
        (self.shared.client.max_payload() / 32).min(4_096)
    }

    /// Sends an answer to a message that came with these headers, where one is wanted.
    pub(super) async fn send(&self, draft: Draft, received: &HeaderMap) -> Result<(), Error> {
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        let manners = &self.shared.manners;
        let limit = self.shared.client.max_payload() as u64;
        let mut draft = draft
            .send_to(subject.as_str())
            .sender_id(manners.sender_id)
            .max_message_bytes(limit)
            .size_threshold(u64::MAX);
        draft.arguments.sender_name = manners.sender_name.clone();
        let outgoing = draft.encode(crate::io::now(), &mut crate::io::new_id)?;
        let (envelope, text) = outgoing.finish_bytes()?;
        let mut headers = headers::of_answer(received);
        headers.insert(headers::MSG_ID, envelope.msg_id.to_string());
        let client = &self.shared.client;
        let sent = client.publish_with_headers(subject.clone(), headers, text.into());
        sent.await
            .map_err(|error| broker(format!("the answer could not be sent: {error}")))
    }
}

/// Sends a NACK and settles the claim accordingly.
pub(super) async fn refuse(
    way_back: &WayBack,
    claim: Option<&Claim>,
    envelope: &Envelope,
    headers: &HeaderMap,
    refusal: Refusal,
) -> Result<(), Error> {
    let is_retryable = refusal.is_retryable();
    let report = refusal.into_report(envelope, way_back.room());
    let draft = answer::nack(envelope, &report);
    match claim {
        Some(claim) if is_retryable => claim.give_up()?,
        Some(claim) => claim.settle(Outcome::Refused(Box::new(report)))?,
        None => {}
    }
    let sent = way_back.send(draft, headers).await;
    if let Some(claim) = claim {
        claim.is_answered();
    }
    sent
}
