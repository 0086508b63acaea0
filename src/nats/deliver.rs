//! Delivery: a message is sent until a receiver has acknowledged it (W8).

use std::fmt;
use std::future::{Future, IntoFuture};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::bridge::{Bridge, Shared, broker};
use super::headers;
use super::inbox::Waiting;
use super::publish::Sealed;
use super::request::{
    NO_ANSWER, NO_RESPONDERS, deadline, in_time, not_acknowledged, out_of_reach, refused,
};
use crate::delivery::{Patience, Verdict};
use crate::error::Error;
use crate::incoming::Decoder;
use crate::io::uploads::Uploads;
use crate::io::{Plik, SmartSend, observe};
use crate::wire::{Envelope, ErrorCode, ErrorReport};

/// A message that is about to be delivered; awaiting it sends until a receiver has acknowledged.
///
/// **What it promises.** While the sender lives, at least one receiver has handled the message, or the sender is told that none
/// did in time. It does not promise that every subscriber has it: the first acknowledgement ends it. A receiver that is alive
/// handles a message once, however often it comes within 10 minutes and 65,536 messages; across the processes of a queue group, or
/// where a receiver or its subscription is made anew, it may be handled twice. NOT_ACKNOWLEDGED does not mean that nobody handled it: the acknowledgement may
/// have been lost. A sender that dies, or whose call is dropped, has promised nothing.
///
/// Large payloads go to Plik for the time of the deadline and a minute, so that each sending finds them; with a handler whose
/// uploads can be fetched only once, each sending uploads them again.
///
/// # Errors
///
/// Those of [`Bridge::publish`], then NOT_ACKNOWLEDGED: nobody is there (`found` is `no responders`), nobody answered in time
/// (`no answer`), or a receiver refused ([`Error::refusal`] is its error).
#[must_use = "nothing is sent before it is awaited"]
pub struct Deliver {
    bridge: Bridge,
    message: SmartSend,
    headers: Vec<(String, String)>,
    patience: Patience,
    remove_when_acknowledged: bool,
}

/// A message that a receiver has acknowledged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delivered {
    /// The message.
    pub envelope: Envelope,
    /// The receiver's ACK; its `sender_id` tells who that is.
    pub answer: Envelope,
    /// How often the message was sent, at least once.
    pub sendings: u32,
}

impl Deliver {
    pub(super) fn new(bridge: &Bridge, message: SmartSend) -> Self {
        Deliver {
            bridge: bridge.clone(),
            message,
            headers: Vec::new(),
            patience: Patience::default(),
            remove_when_acknowledged: false,
        }
    }

    /// One more NATS header; one name may have several values.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long to wait for an answer to the first sending, doubled with each further one; 5 s by default.
    pub fn ack_wait(mut self, ack_wait: Duration) -> Self {
        self.patience.ack_wait = ack_wait;
        self
    }

    /// The longest wait for an answer; 30 s by default.
    pub fn max_ack_wait(mut self, max_ack_wait: Duration) -> Self {
        self.patience.max_ack_wait = max_ack_wait;
        self
    }

    /// How long the delivery may take in all, uploads included; 120 s by default.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.patience.deadline = deadline;
        self
    }

    /// Whether linked payloads are removed from the file server once a receiver has acknowledged; they are not by default, since
    /// others may still be fetching them.
    pub fn remove_when_acknowledged(mut self, remove: bool) -> Self {
        self.remove_when_acknowledged = remove;
        self
    }

    async fn run(self) -> Result<Delivered, Error> {
        self.delivering().instrument(observe::delivering()).await
    }

    async fn delivering(self) -> Result<Delivered, Error> {
        let shared = Arc::clone(&self.bridge.0);
        shared.check_open()?;
        let _open = shared.open.token();
        self.patience.check()?;
        let headers = headers::checked(&self.headers)?;
        let until = deadline(self.patience.deadline);
        let mut message = self.message;
        let correlation_id = &mut message.draft.arguments.correlation_id;
        correlation_id.get_or_insert_with(|| crate::io::new_id().to_string());
        // Each sending is the same message, whatever has to be made anew for it.
        for part in &mut message.draft.parts {
            part.id.get_or_insert_with(crate::io::new_id);
        }
        if message.handler.is_none() && shared.manners.upload.is_none() {
            const AFTERWARDS: Duration = Duration::from_secs(60);
            let ttl = self.patience.deadline.saturating_add(AFTERWARDS);
            message.handler = Some(Arc::new(Plik::kept(ttl)));
        }
        let waiting = in_time(until, shared.expect_answers(&mut message)).await??;
        let mut spent = Spent::default();
        let sender = Sender {
            shared,
            message,
            headers,
            until,
        };
        let listener = Listener {
            waiting,
            until,
            heard: Heard::Nobody,
        };
        let result = sender.send(
            listener,
            self.patience,
            self.remove_when_acknowledged,
            &mut spent,
        );
        let result = result.await;
        for uploads in spent.0 {
            uploads.remove().await;
        }
        result
    }
}

impl IntoFuture for Deliver {
    type Output = Result<Delivered, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Deliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliver")
            .field("message", &self.message)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Opens a place for the answers to a message that is about to be made, and names it in the message.
    pub(super) async fn expect_answers(&self, message: &mut SmartSend) -> Result<Waiting, Error> {
        let arguments = &mut message.draft.arguments;
        let msg_id = arguments
            .msg_id
            .get_or_insert_with(|| crate::io::new_id().to_string());
        // The name is part of a subject; an id that is none is refused with the other arguments.
        let name = match msg_id.parse::<crate::wire::Uuid>() {
            Ok(id) => id.to_string(),
            Err(_) => crate::io::new_id().to_string(),
        };
        let waiting = self.inbox().await?.wait(&name).ok_or_else(|| {
            Error::argument(format!(
                "msg_id: an answer to {name} is being waited for already"
            ))
        })?;
        if arguments.reply_to.is_empty() {
            arguments.reply_to = waiting.subject.clone();
        }
        Ok(waiting)
    }
}

/// What a delivery sends.
struct Sender {
    shared: Arc<Shared>,
    message: SmartSend,
    headers: HeaderMap,
    until: Instant,
}

/// Uploads that nobody needs any more once the delivery is over.
#[derive(Default)]
struct Spent(Vec<Uploads>);

impl Sender {
    async fn send(
        &self,
        mut listener: Listener,
        patience: Patience,
        remove_when_acknowledged: bool,
        spent: &mut Spent,
    ) -> Result<Delivered, Error> {
        let mut sealed = self.seal().await?;
        let mut sendings = 0;
        let mut began = Instant::now();
        loop {
            let posting = self.shared.post(&sealed, Some(&listener.waiting.subject));
            let posted = timeout_at(self.until, posting).await;
            let answer = match posted {
                Ok(Ok(())) => {
                    sendings += 1;
                    match sendings {
                        1 => {
                            began = Instant::now();
                            sealed.tell();
                        }
                        _ => observe::redelivered(&sealed.envelope),
                    }
                    listener.answer(&sealed, patience.wait(sendings)).await
                }
                // The server that it goes to now takes less than the one before.
                Ok(Err(error)) if error.code() == ErrorCode::PayloadTooLarge => {
                    let smaller = self.seal().await?;
                    spent.0.push(mem::replace(&mut sealed, smaller).uploads);
                    continue;
                }
                Ok(Err(error)) => {
                    spent.0.push(sealed.uploads);
                    return Err(error);
                }
                Err(_) => Answer::None,
            };
            let answer = match answer {
                Answer::None
                    if Instant::now() < self.until && sealed.uploads.are_spent_by_fetching() =>
                {
                    self.upload_anew(&mut sealed, &mut listener, spent).await
                }
                answer => answer,
            };
            let context = sealed.context();
            match answer {
                Answer::None if Instant::now() < self.until => {}
                Answer::None if sendings == 0 => {
                    spent.0.push(sealed.uploads);
                    return Err(out_of_reach().within(&context));
                }
                Answer::None => {
                    let (error, is_unheard) = listener.given_up();
                    if is_unheard {
                        spent.0.push(sealed.uploads);
                    }
                    return Err(error.within(&context));
                }
                Answer::Acknowledged(answer) => {
                    observe::acknowledged(began.elapsed());
                    if remove_when_acknowledged {
                        spent.0.push(sealed.uploads);
                    }
                    return Ok(Delivered {
                        envelope: sealed.envelope,
                        answer: *answer,
                        sendings,
                    });
                }
                Answer::Refused(report) => {
                    spent.0.push(sealed.uploads);
                    return Err(refused(report).within(&context));
                }
                Answer::Closed => {
                    let message = "the bridge was closed before an acknowledgement came";
                    return Err(broker(message).within(&context));
                }
            }
        }
    }

    /// Uploads again what can be fetched only once. An answer that comes meanwhile counts, and where the uploads fail the message
    /// goes out as it was: its receiver may have it already.
    async fn upload_anew(
        &self,
        sealed: &mut Sealed,
        listener: &mut Listener,
        spent: &mut Spent,
    ) -> Answer {
        let left = self.until.saturating_duration_since(Instant::now());
        tokio::select! {
            biased;
            answer = listener.answer(sealed, left) => answer,
            anew = self.seal() => {
                if let Ok(anew) = anew {
                    spent.0.push(mem::replace(sealed, anew).uploads);
                }
                Answer::None
            }
        }
    }

    /// Makes the message, within what is left of the time.
    async fn seal(&self) -> Result<Sealed, Error> {
        let mut message = self.message.clone();
        let left = self.until.saturating_duration_since(Instant::now());
        message.deadline = Some(message.deadline.map_or(left, |deadline| deadline.min(left)));
        self.shared.seal(message, self.headers.clone()).await
    }
}

/// Who listens for answers to one message.
struct Listener {
    waiting: Waiting,
    until: Instant,
    heard: Heard,
}

/// What the sender has heard of its message so far.
enum Heard {
    /// Each sending was answered by the server: nobody subscribes.
    Nobody,
    /// Somebody may have it.
    Somebody,
    /// Somebody refused it for the time being.
    Refused(Option<Box<ErrorReport>>),
}

/// What came of one sending.
enum Answer {
    Acknowledged(Box<Envelope>),
    Refused(Option<Box<ErrorReport>>),
    /// Nothing in time.
    None,
    /// The bridge is closed.
    Closed,
}

impl Listener {
    /// Waits so long for what ends the sending; a receiver that is still working starts the wait anew.
    async fn answer(&mut self, sealed: &Sealed, wait: Duration) -> Answer {
        let mut until = deadline(wait).min(self.until);
        let mut is_nobody_there = false;
        loop {
            let answer = match timeout_at(until, self.waiting.next()).await {
                Err(_) => {
                    if !is_nobody_there && matches!(self.heard, Heard::Nobody) {
                        self.heard = Heard::Somebody;
                    }
                    return Answer::None;
                }
                Ok(None) => return Answer::Closed,
                Ok(Some(answer)) => answer,
            };
            if answer.status == Some(StatusCode::NO_RESPONDERS) {
                is_nobody_there = true;
                continue;
            }
            // Nothing that an answer links to is fetched; one that cannot be read is none.
            let Ok(incoming) = Decoder::new().decode(&answer.payload) else {
                continue;
            };
            match Verdict::read(&incoming, sealed.envelope.msg_id) {
                Verdict::Acknowledged => {
                    return Answer::Acknowledged(Box::new(incoming.envelope().clone()));
                }
                Verdict::Refused {
                    report,
                    retryable: false,
                } => return Answer::Refused(report),
                Verdict::Refused { report, .. } => self.heard = Heard::Refused(report),
                Verdict::Running => {
                    self.heard = Heard::Somebody;
                    until = deadline(wait).min(self.until);
                }
                Verdict::Other => {}
            }
        }
    }

    /// The time is up: the error, and whether nobody can have heard of the message.
    fn given_up(self) -> (Error, bool) {
        let is_unheard = matches!(self.heard, Heard::Nobody);
        let error = match self.heard {
            Heard::Nobody => not_acknowledged(NO_RESPONDERS),
            Heard::Somebody => not_acknowledged(NO_ANSWER),
            Heard::Refused(report) => refused(report),
        };
        (error.retryable(true), is_unheard)
    }
}
