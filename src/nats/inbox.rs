//! The inbox of a bridge: one subscription to which all answers come, each under a name of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Client, Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::AbortOnDropHandle;

use super::bridge::broker;
use crate::error::Error;

/// Who waits for answers, by the last token of the subject to which they come.
type Waiters = Arc<Mutex<HashMap<String, UnboundedSender<Message>>>>;

/// One subscription for all answers. A message gets a subject within it, so that an answer which names no message, such as the
/// server's word that nobody is there, can still be told whose it is.
pub(super) struct Inbox {
    prefix: String,
    waiters: Waiters,
    /// Ends with the inbox.
    _task: AbortOnDropHandle<()>,
}

impl Inbox {
    /// Subscribes, and returns once the server knows of it.
    pub(super) async fn open(client: &Client) -> Result<Self, Error> {
        let prefix = client.new_inbox();
        let subscriber = client
            .subscribe(format!("{prefix}.*"))
            .await
            .map_err(|error| broker("the inbox cannot be opened").caused_by(error))?;
        let waiters = Waiters::default();
        let task = tokio::spawn(hand_out(subscriber, Arc::clone(&waiters)));
        let inbox = Inbox {
            prefix,
            waiters,
            _task: AbortOnDropHandle::new(task),
        };
        inbox.round_trip(client).await?;
        Ok(inbox)
    }

    /// A place for the answers to one message; `None` where the same name is waited for already.
    pub(super) fn wait(&self, name: &str) -> Option<Waiting> {
        let (sender, answers) = unbounded_channel();
        let mut waiters = lock(&self.waiters);
        if waiters.contains_key(name) {
            return None;
        }
        waiters.insert(name.to_owned(), sender);
        Some(Waiting {
            subject: format!("{}.{name}", self.prefix),
            name: name.to_owned(),
            answers,
            waiters: Arc::clone(&self.waiters),
        })
    }

    /// Returns once a message of this client has gone to the server and come back.
    pub(super) async fn round_trip(&self, client: &Client) -> Result<(), Error> {
        let name = crate::io::new_id().to_string();
        let Some(mut waiting) = self.wait(&name) else {
            return Err(broker("two round trips have one name"));
        };
        let sent = client.publish(waiting.subject.clone(), Bytes::new()).await;
        sent.map_err(|error| broker("the bridge is closed").caused_by(error))?;
        match waiting.next().await {
            Some(_) => Ok(()),
            None => Err(broker("the bridge is closed")),
        }
    }
}

/// The answers to one message, as long as they are waited for.
pub(super) struct Waiting {
    pub(super) subject: String,
    name: String,
    answers: UnboundedReceiver<Message>,
    waiters: Waiters,
}

impl Waiting {
    /// The next answer; `None` once the bridge is closed.
    pub(super) async fn next(&mut self) -> Option<Message> {
        self.answers.recv().await
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.waiters).remove(&self.name);
    }
}

async fn hand_out(mut subscriber: Subscriber, waiters: Waiters) {
    while let Some(message) = subscriber.next().await {
        let name = message.subject.rsplit('.').next().unwrap_or_default();
        // An answer that comes too late is nobody's.
        if let Some(waiter) = lock(&waiters).get(name) {
            let _ = waiter.send(message);
        }
    }
    lock(&waiters).clear();
}

fn lock(waiters: &Waiters) -> MutexGuard<'_, HashMap<String, UnboundedSender<Message>>> {
    waiters.lock().unwrap_or_else(PoisonError::into_inner)
}
