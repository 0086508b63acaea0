//! Between the client and a subscription: answers repeats at once, however long a handler takes, and counts what does not fit
//! into the queue (W8.3).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{HeaderMap, Subscriber};
use futures_util::StreamExt;
use tokio::sync::mpsc::Sender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::bridge::{Shared, broker};
use super::claim::Claim;
use super::event::Event;
use super::headers;
use super::message::{Message, WayBack, refuse};
use super::refusal::Refusal;
use crate::answer;
use crate::draft::Draft;
use crate::error::Error;
use crate::io::observe::{self, Operation};
use crate::io::receive::Opened;
use crate::io::{SmartReceive, smartreceive};
use crate::window::{Admission, Outcome, Window};
use crate::wire::{Envelope, MsgPurpose, Uuid};

/// How every message of a subscription is to be received.
pub(super) type Adapt = Arc<dyn Fn(SmartReceive) -> SmartReceive + Send + Sync>;

/// The task behind one subscription.
pub(super) struct Dispatch {
    pub(super) shared: Arc<Shared>,
    pub(super) subject: String,
    pub(super) subscriber: Subscriber,
    pub(super) adapt: Option<Adapt>,
    pub(super) window: Arc<Mutex<Window>>,
    pub(super) queue: Sender<Queued>,
    pub(super) room: Room,
    pub(super) stop: CancellationToken,
    pub(super) lost: Lost,
}

/// A message on its way to whoever reads the subscription.
pub(super) struct Queued {
    content: Result<Accepted, Error>,
    _room: Option<OwnedSemaphorePermit>,
}

/// A message that is valid and not handled yet.
struct Accepted {
    opened: Opened,
    subject: String,
    headers: HeaderMap,
    way_back: WayBack,
    claim: Option<Claim>,
}

impl Queued {
    /// Fetches and decodes; what fails is refused. What is to be fetched is fetched by a task of its own, which goes on while a
    /// handler is busy with the message before.
    pub(super) async fn finish(self) -> Result<Message, Error> {
        match &self.content {
            Ok(accepted) if accepted.opened.has_links() => {
                let task = AbortOnDropHandle::new(tokio::spawn(self.finish_here()));
                task.await
                    .map_err(|error| broker(format!("a download was broken off: {error}")))?
            }
            _ => self.finish_here().await,
        }
    }

    async fn finish_here(self) -> Result<Message, Error> {
        let Accepted {
            opened,
            subject,
            headers,
            way_back,
            claim,
        } = self.content?;
        let envelope = without_payloads(opened.envelope());
        match opened.finish().await {
            Ok(received) => {
                observe::message_received(&received.envelope);
                Ok(Message::new(received, subject, headers, way_back, claim))
            }
            Err(error) => {
                let refusal = Refusal::from(&error);
                // The reader hears of the error; that the sender could not be told shows as another sending.
                let _ = refuse(&way_back, claim.as_ref(), &envelope, &headers, refusal).await;
                Err(error)
            }
        }
    }
}

impl Dispatch {
    /// Runs until the subscription is drained or nobody reads it any more.
    pub(super) async fn run(mut self) {
        let _open = self.shared.open.token();
        let mut draining = false;
        loop {
            let report_at = self.lost.due;
            tokio::select! {
                message = self.subscriber.next() => match message {
                    Some(message) => self.take(message),
                    None => break,
                },
                () = self.stop.cancelled(), if !draining => {
                    draining = true;
                    // Without a connection there is nobody to wait for, and nothing that could still come.
                    if !self.shared.is_connected() || self.subscriber.drain().await.is_err() {
                        break;
                    }
                }
                () = self.queue.closed() => break,
                () = tokio::time::sleep_until(report_at.unwrap_or_else(Instant::now)), if report_at.is_some() => {
                    self.lost.report(&self.shared, &self.subject);
                }
            }
        }
        self.lost.report(&self.shared, &self.subject);
        if !draining && !self.queue.is_closed() && !self.shared.draining.is_cancelled() {
            self.shared.has_ended();
            let error =
                broker("the connection to the NATS server has ended, and with it the subscription");
            let content = Err(error.retryable(true));
            // Where the queue is full, the end of the stream is all that tells.
            let _ = self.queue.try_send(Queued {
                content,
                _room: None,
            });
        }
    }

    fn take(&mut self, message: async_nats::Message) {
        // The server's own word is for whoever published.
        if message.status.is_some() || self.shared.is_round_trip(&message) {
            return;
        }
        let bytes = message.payload.len();
        let headers = message.headers.unwrap_or_default();
        let mut way_back = WayBack {
            shared: Arc::clone(&self.shared),
            subject: message.reply.map(|reply| reply.to_string()),
        };
        let receive = self.shared.receiving(smartreceive(message.payload));
        let receive = match &self.adapt {
            Some(adapt) => adapt(receive),
            None => receive,
        };
        let opened = match receive.open_in(headers::receiving(&headers)) {
            Ok(opened) => opened,
            Err(error) => {
                refuse_unread(&way_back, &error, &headers);
                return self.hand_on(bytes, Err(error));
            }
        };
        let envelope = opened.envelope();
        observe::describe_operation(
            opened.span(),
            Operation::Receive,
            envelope,
            bytes,
            headers::length(&headers) as usize,
        );
        if is_answer(envelope) {
            way_back.subject = None;
        } else if way_back.subject.is_none() && !envelope.reply_to.as_str().is_empty() {
            way_back.subject = Some(envelope.reply_to.to_string());
        }
        let claim = match way_back.subject {
            None => None,
            Some(_) => match self.admit(envelope.msg_id) {
                Admission::New => Some(Claim::new(&self.shared, &self.window, envelope.msg_id)),
                Admission::Running => {
                    let draft = answer::update_status(envelope);
                    return say(&way_back, draft, &headers);
                }
                Admission::Settled(Outcome::Acknowledged) => {
                    let draft = answer::ack(envelope);
                    return say(&way_back, draft, &headers);
                }
                Admission::Settled(Outcome::Refused(report)) => {
                    let draft = answer::nack(envelope, &report);
                    return say(&way_back, draft, &headers);
                }
            },
        };
        let subject = message.subject.to_string();
        let accepted = Accepted {
            opened,
            subject,
            headers,
            way_back,
            claim,
        };
        self.hand_on(bytes, Ok(accepted));
    }

    fn admit(&self, id: Uuid) -> Admission {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.admit(id, self.shared.now())
    }

    /// Queues a message, or counts it as lost; a sender that waits for an acknowledgement will send it again.
    fn hand_on(&mut self, bytes: usize, content: Result<Accepted, Error>) {
        let sent = self.room.take(bytes).is_some_and(|room| {
            let _room = Some(room);
            self.queue.try_send(Queued { content, _room }).is_ok()
        });
        if !sent && !self.queue.is_closed() {
            self.lost.count();
        }
    }
}

/// The bytes that may wait in a subscription.
pub(super) struct Room {
    free: Arc<Semaphore>,
    total: u32,
}

impl Room {
    /// Permits are counted in units, since a semaphore has too few for bytes.
    const UNIT: u64 = 1024;

    pub(super) fn new(bytes: u64) -> Self {
        let units = (bytes / Room::UNIT).clamp(1, u64::from(u32::MAX >> 4));
        Room {
            free: Arc::new(Semaphore::new(units as usize)),
            total: units as u32,
        }
    }

    /// Room for a message; one that is larger than all the room gets it if it is alone.
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = (bytes as u64)
            .div_ceil(Room::UNIT)
            .clamp(1, u64::from(self.total));
        Arc::clone(&self.free)
            .try_acquire_many_owned(units as u32)
            .ok()
    }
}

/// Messages that found no room.
#[derive(Default)]
pub(super) struct Lost {
    unreported: u64,
    /// When the next report is due; none where there is nothing to report.
    due: Option<Instant>,
}

impl Lost {
    /// The first loss is told soon, and the rest of a burst together.
    fn count(&mut self) {
        const PAUSE: Duration = Duration::from_millis(200);
        self.unreported += 1;
        self.due.get_or_insert_with(|| Instant::now() + PAUSE);
    }

    fn report(&mut self, shared: &Shared, subject: &str) {
        self.due = None;
        let lost = std::mem::take(&mut self.unreported);
        if lost > 0 {
            let subject = subject.to_owned();
            shared.events.tell(&Event::SlowConsumer { subject, lost });
        }
    }
}

/// What a refusal needs of an envelope, and not the payloads, which may be long.
fn without_payloads(envelope: &Envelope) -> Envelope {
    Envelope {
        correlation_id: envelope.correlation_id,
        msg_id: envelope.msg_id,
        timestamp: envelope.timestamp.clone(),
        send_to: envelope.send_to.clone(),
        msg_purpose: envelope.msg_purpose,
        sender_name: envelope.sender_name.clone(),
        sender_id: envelope.sender_id,
        receiver_name: envelope.receiver_name.clone(),
        receiver_id: envelope.receiver_id,
        reply_to: envelope.reply_to.clone(),
        reply_to_msg_id: envelope.reply_to_msg_id,
        broker_url: envelope.broker_url.clone(),
        metadata: Default::default(),
        payloads: Vec::new(),
        extra: Default::default(),
    }
}

/// Whether a message is the answer to another, and so gets none itself: two bridges must not answer each other for ever.
fn is_answer(envelope: &Envelope) -> bool {
    match envelope.msg_purpose {
        MsgPurpose::Ack | MsgPurpose::Nack => true,
        MsgPurpose::UpdateStatus => envelope.reply_to_msg_id.0.is_some(),
        _ => false,
    }
}

/// Sends an answer by the way, so that a full connection does not hold up the messages behind. What could not be said is asked
/// again.
fn say(way_back: &WayBack, draft: Draft, headers: &HeaderMap) {
    let Ok(turn) = Arc::clone(&way_back.shared.answering).try_acquire_owned() else {
        return;
    };
    let (way_back, headers) = (way_back.clone(), headers.clone());
    tokio::spawn(async move {
        let _turn = turn;
        let _ = way_back.send(draft, &headers).await;
    });
}

/// Refuses a message of which there is no envelope (W8.2).
fn refuse_unread(way_back: &WayBack, error: &Error, headers: &HeaderMap) {
    let report = Refusal::from(error).into_unread_report(way_back.room());
    let mut draft = Draft::new("", [answer::error_part(&report)]).msg_purpose(MsgPurpose::Nack);
    if let Ok(id) = error.correlation_id().parse::<Uuid>() {
        draft = draft.correlation_id(id);
    }
    if let Ok(id) = error.msg_id().parse::<Uuid>() {
        draft = draft.reply_to_msg_id(id);
    }
    let broker_url = way_back.shared.manners.broker_url.as_str();
    say(way_back, draft.broker_url(broker_url), headers);
}
