//! The messages of one subscription, as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use super::dispatch::Queued;
use super::message::Message;
use crate::error::Error;

/// A stream of received messages. A message that cannot be read is an error in it, and does not end it.
///
/// Dropping it unsubscribes; messages that waited in it are not handled.
pub struct Subscription {
    messages: BoxStream<'static, Result<Message, Error>>,
    stop: CancellationToken,
}

impl Subscription {
    pub(super) fn new(
        mut waiting: Receiver<Queued>,
        stop: CancellationToken,
        fetch_ahead: usize,
    ) -> Self {
        let queued = stream::poll_fn(move |context| waiting.poll_recv(context));
        Subscription {
            messages: queued.map(Queued::finish).buffered(fetch_ahead).boxed(),
            stop,
        }
    }

    /// The next message; `None` once the subscription is drained or the bridge closed.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        self.messages.next().await
    }

    /// Unsubscribes; the stream ends behind what was received until then. What the server had sent and the client not read yet may be
    /// lost: a delivery is sent again, a message that was only published is not.
    pub fn drain(&self) {
        self.stop.cancel();
    }
}

impl Stream for Subscription {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.poll_next_unpin(context)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
