//! Subscribing: to what, how much may wait, and how its messages are received.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use super::bridge::{Bridge, broker};
use super::dispatch::{Adapt, Dispatch, Lost, Room};
use super::subscription::Subscription;
use crate::error::{Error, ErrorKind};
use crate::generated::TRANSFER;
use crate::io::{SmartReceive, smartreceive};

/// A subscription that is about to be made; awaiting it returns once the server knows of it.
#[must_use = "nothing is subscribed before it is awaited"]
pub struct Subscribe {
    bridge: Bridge,
    subject: String,
    queue: Option<String>,
    capacity: usize,
    capacity_bytes: u64,
    fetch_ahead: usize,
    adapt: Option<Adapt>,
}

impl Subscribe {
    pub(super) fn new(bridge: &Bridge, subject: String, queue: Option<String>) -> Self {
        Subscribe {
            bridge: bridge.clone(),
            subject,
            queue,
            capacity: 65_536,
            capacity_bytes: 64 << 20,
            fetch_ahead: TRANSFER.max_concurrent as usize,
            adapt: None,
        }
    }

    /// Messages that may wait to be read, at least 1; 65,536 by default. What finds no room is lost, which an
    /// [`Event::SlowConsumer`](crate::Event::SlowConsumer) tells; what was delivered is sent again.
    pub fn capacity(mut self, capacity: usize) -> Self {
        // As much as a channel can hold.
        self.capacity = capacity.clamp(1, usize::MAX >> 3);
        self
    }

    /// Bytes of messages that may wait to be read; 64 MiB by default.
    pub fn capacity_bytes(mut self, capacity_bytes: u64) -> Self {
        self.capacity_bytes = capacity_bytes;
        self
    }

    /// Messages whose links are fetched side by side, at least 1; 4 by default. Their order stays.
    pub fn fetch_ahead(mut self, fetch_ahead: usize) -> Self {
        self.fetch_ahead = fetch_ahead.max(1);
        self
    }

    /// How each message is received: limits, handlers, allowed origins, files.
    ///
    /// ```no_run
    /// # async fn example(bridge: natsbridge::Bridge) -> Result<(), natsbridge::Error> {
    /// let files = bridge.subscribe("files").receiving(|message| message.max_payloads(10)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn receiving(
        mut self,
        adapt: impl Fn(SmartReceive) -> SmartReceive + Send + Sync + 'static,
    ) -> Self {
        self.adapt = Some(Arc::new(adapt));
        self
    }

    /// What is wrong with how messages are to be received is wrong with all of them, and found out before the first.
    fn check(&self) -> Result<(), Error> {
        let receive = self.bridge.0.receiving(smartreceive(""));
        let receive = match &self.adapt {
            Some(adapt) => adapt(receive),
            None => receive,
        };
        match receive.open() {
            Err(error) if error.kind() == ErrorKind::Argument => Err(error),
            // That nothing is no message.
            _ => Ok(()),
        }
    }

    async fn run(self) -> Result<Subscription, Error> {
        let shared = &self.bridge.0;
        shared.check_open()?;
        self.check()?;
        let subject = self.subject.clone();
        let subscriber = match &self.queue {
            None => shared.client.subscribe(subject).await,
            Some(queue) => shared.client.queue_subscribe(subject, queue.clone()).await,
        };
        let subscriber = subscriber.map_err(|error| {
            use async_nats::client::SubscribeErrorKind::{InvalidQueueName, InvalidSubject};
            match error.kind() {
                InvalidSubject | InvalidQueueName => {
                    let message = format!("{:?} cannot be subscribed to: {error}", self.subject);
                    Error::argument(message)
                        .expecting("a subject of tokens, `*` for one and `>` for the rest")
                        .finding(format!("{:?}", self.subject))
                }
                _ => broker("the bridge is closed").caused_by(error),
            }
        })?;
        self.bridge.flush().await?;
        let (queue, waiting) = tokio::sync::mpsc::channel(self.capacity);
        let stop = shared.draining.child_token();
        let dispatch = Dispatch {
            shared: Arc::clone(shared),
            window: shared.window(&self.subject, self.queue.as_deref()),
            subject: self.subject,
            subscriber,
            adapt: self.adapt,
            queue,
            room: Room::new(self.capacity_bytes),
            stop: stop.clone(),
            lost: Lost::default(),
        };
        tokio::spawn(dispatch.run());
        Ok(Subscription::new(waiting, stop, self.fetch_ahead))
    }
}

impl IntoFuture for Subscribe {
    type Output = Result<Subscription, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("subject", &self.subject)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
