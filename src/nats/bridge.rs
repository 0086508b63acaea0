//! The bridge: one connection to NATS, and everything that is done over it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::Client;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect::Connect;
use super::deliver::Deliver;
use super::event::{Event, Events};
use super::inbox::Inbox;
use super::publish::Publish;
use super::request::Request;
use super::subscribe::Subscribe;
use crate::error::{Error, ErrorKind};
use crate::generated::NATS;
use crate::io::download::AnyDownloadHandler;
use crate::io::upload::AnyUploadHandler;
use crate::io::{SmartReceive, SmartSend};
use crate::link::Origin;
use crate::window::Window;
use crate::wire::{ErrorCode, Phase, Uuid};

/// A connection to a NATS server that publishes, subscribes, requests and delivers messages. Its clones share the connection.
///
/// Core NATS delivers at most once: what [`Bridge::publish`] sends is lost to whoever is not there. [`Bridge::deliver`] sends
/// again until a receiver has acknowledged the message, see [`Deliver`] for what it promises.
///
/// ```no_run
/// # async fn example() -> Result<(), natsbridge::Error> {
/// use natsbridge::{Bridge, Part, smartsend};
///
/// let bridge = Bridge::connect("nats://localhost:4222").sender_name("docs").await?;
/// let mut chat = bridge.subscribe("chat.room").await?;
/// bridge.publish(smartsend("chat.room", [Part::text("msg", "Hello")])).await?;
///
/// while let Some(message) = chat.next().await {
///     match message {
///         Ok(message) => println!("{}", message.received.text("msg")?),
///         Err(error) => eprintln!("a message that cannot be read: {error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Bridge(pub(super) Arc<Shared>);

/// What all clones of a bridge and everything that was made by it have in common.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) events: Events,
    pub(super) manners: Manners,
    pub(super) inbox: OnceCell<Inbox>,
    /// One for each queue group.
    windows: Mutex<HashMap<Group, Arc<Mutex<Window>>>>,
    /// Counts subscriptions and messages that are still being handled.
    pub(super) open: TaskTracker,
    pub(super) draining: CancellationToken,
    /// Answers to repeats that may be on their way at once.
    pub(super) answering: Arc<Semaphore>,
    /// Where the clock of the windows starts.
    born: Instant,
}

/// A queue group: its subject and its name.
#[derive(Eq, Hash, PartialEq)]
struct Group(String, String);

/// What a message has by default, both ways.
pub(super) struct Manners {
    pub(super) broker_url: String,
    pub(super) inbox_prefix: String,
    pub(super) sender_name: Option<String>,
    pub(super) sender_id: Uuid,
    pub(super) fileserver_url: String,
    pub(super) upload: Option<Arc<dyn AnyUploadHandler>>,
    pub(super) download: Option<Arc<dyn AnyDownloadHandler>>,
    pub(super) allowed_origins: Option<Vec<Origin>>,
}

impl Bridge {
    /// A bridge to these NATS servers: comma-separated `nats` or `tls` URLs (`ws` and `wss` with the feature `websockets`).
    /// Awaiting it connects.
    pub fn connect(broker_url: impl Into<String>) -> Connect {
        Connect::to(Some(broker_url.into()))
    }

    /// A bridge to the servers of `NATS_URL`, else to `nats://localhost:4222`.
    pub fn from_environment() -> Connect {
        Connect::to(None)
    }

    /// Publishes a message to whoever subscribes to its subject now.
    pub fn publish(&self, message: impl Into<SmartSend>) -> Publish {
        Publish::new(self, message.into())
    }

    /// Publishes a message and waits for the one answer to it.
    pub fn request(&self, message: impl Into<SmartSend>) -> Request {
        Request::new(self, message.into())
    }

    /// Sends a message, again and again, until a receiver has acknowledged it.
    pub fn deliver(&self, message: impl Into<SmartSend>) -> Deliver {
        Deliver::new(self, message.into())
    }

    /// Every message to `subject`, in which `*` stands for one token and `>` at the end for one or more.
    pub fn subscribe(&self, subject: impl Into<String>) -> Subscribe {
        Subscribe::new(self, subject.into(), None)
    }

    /// As [`Bridge::subscribe`], where each message goes to one subscriber of the queue group alone.
    pub fn queue_subscribe(
        &self,
        subject: impl Into<String>,
        queue: impl Into<String>,
    ) -> Subscribe {
        Subscribe::new(self, subject.into(), Some(queue.into()))
    }

    /// Waits until the server has taken everything that was published or subscribed so far: a round trip, not only a flush of
    /// the socket.
    ///
    /// # Errors
    ///
    /// NATS_CONNECTION_FAILED after 5,000 ms.
    pub async fn flush(&self) -> Result<(), Error> {
        let round_trip = async { self.0.inbox().await?.round_trip(&self.0.client).await };
        let patience = Duration::from_millis(NATS.request_timeout_ms);
        match timeout(patience, round_trip).await {
            Ok(result) => result,
            Err(_) => {
                let message = format!(
                    "the NATS server did not answer for {} ms; may this user publish and subscribe to _INBOX.>?",
                    patience.as_millis()
                );
                Err(broker(message).retryable(true))
            }
        }
    }

    /// Ends all subscriptions, waits up to 30 s for what is under way, and closes the connection.
    ///
    /// Under way are the messages that a sender wants an answer to, until they are acknowledged, refused or dropped, and the
    /// calls of [`Bridge::publish`], [`Bridge::request`] and [`Bridge::deliver`] that have begun. Messages that wait in a
    /// [`Subscription`](crate::Subscription) have to be taken out of it, or it dropped, meanwhile. Done twice, it does nothing.
    ///
    /// # Errors
    ///
    /// NATS_CONNECTION_FAILED where something was still under way, or the server did not take the last of what was published.
    pub async fn drain(&self) -> Result<(), Error> {
        const PATIENCE: Duration = Duration::from_secs(30);
        let shared = &self.0;
        if shared.events.closed.is_cancelled() {
            return Ok(());
        }
        shared.draining.cancel();
        shared.open.close();
        let handled = timeout(PATIENCE, shared.open.wait()).await;
        let flushed = match self.is_connected() {
            true => self.flush().await,
            false => Err(broker("the connection to the NATS server is down").retryable(true)),
        };
        // A client without a connection takes no command, and ends with the token below.
        let stopping = async {
            // It is an error only where the client has stopped already.
            let _ = shared.client.drain().await;
            shared.events.closed.cancelled().await;
        };
        let bound = match flushed {
            Ok(()) => Duration::from_millis(NATS.connect_timeout_ms),
            Err(_) => Duration::from_millis(100),
        };
        let _ = timeout(bound, stopping).await;
        shared.has_ended();
        match handled {
            Ok(()) => flushed,
            Err(_) => Err(broker(format!(
                "{} messages, calls or subscriptions were still under way after {} s",
                shared.open.len(),
                PATIENCE.as_secs()
            ))),
        }
    }

    /// Whether the connection stands at this moment.
    pub fn is_connected(&self) -> bool {
        self.0.is_connected()
    }

    /// The bytes of headers and text together that the server takes; it may be another after a reconnect.
    pub fn max_payload(&self) -> u64 {
        self.0.client.max_payload() as u64
    }

    /// The `sender_id` of the messages of this bridge.
    pub fn sender_id(&self) -> Uuid {
        self.0.manners.sender_id
    }

    /// The servers, without user-info.
    pub fn broker_url(&self) -> &str {
        &self.0.manners.broker_url
    }
}

impl Shared {
    pub(super) fn new(client: Client, events: Events, manners: Manners) -> Self {
        Shared {
            client,
            events,
            manners,
            inbox: OnceCell::new(),
            windows: Mutex::default(),
            open: TaskTracker::new(),
            draining: CancellationToken::new(),
            answering: Arc::new(Semaphore::new(1_024)),
            born: Instant::now(),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        let is_up = self.client.connection_state() == async_nats::connection::State::Connected;
        is_up && !self.events.closed.is_cancelled()
    }

    /// # Errors
    ///
    /// NATS_CONNECTION_FAILED where the bridge is being drained or closed, so that nothing is begun that could not end.
    pub(super) fn check_open(&self) -> Result<(), Error> {
        match self.draining.is_cancelled() || self.events.closed.is_cancelled() {
            true => Err(broker("the bridge is drained or closed")),
            false => Ok(()),
        }
    }

    /// The client has stopped by itself.
    pub(super) fn has_ended(&self) {
        if !self.events.closed.is_cancelled() {
            self.events.tell(&Event::Closed);
        }
    }

    /// Whether a message is one of [`Bridge::flush`], which a subscriber to everything sees as well.
    pub(super) fn is_round_trip(&self, message: &async_nats::Message) -> bool {
        let rest = message
            .subject
            .strip_prefix(self.manners.inbox_prefix.as_str());
        message.payload.is_empty() && rest.is_some_and(|rest| rest.starts_with('.'))
    }

    /// The one inbox of this bridge.
    pub(super) async fn inbox(&self) -> Result<&Inbox, Error> {
        self.inbox
            .get_or_try_init(|| Inbox::open(&self.client))
            .await
    }

    /// What a subscription has handled: alone, or together with the others of its queue group in this process.
    pub(super) fn window(&self, subject: &str, queue: Option<&str>) -> Arc<Mutex<Window>> {
        let Some(queue) = queue else {
            return Arc::default();
        };
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        // A group that nobody is in, and that has nothing to remember.
        windows.retain(|_, window| {
            let mut held = window.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::strong_count(window) > 1 || !held.is_empty(now)
        });
        let key = Group(subject.to_owned(), queue.to_owned());
        Arc::clone(windows.entry(key).or_default())
    }

    /// The moment on the clock of the windows.
    pub(super) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// How a message is received that has to come out with these manners.
    pub(super) fn receiving(&self, message: SmartReceive) -> SmartReceive {
        let manners = &self.manners;
        let mut message = message.fileserver_url(manners.fileserver_url.as_str());
        message.handler = manners.download.clone();
        match &manners.allowed_origins {
            Some(origins) => message.allowed_origins(origins.iter().cloned()),
            None => message,
        }
    }
}

/// Nobody is left who could use the connection.
impl Drop for Shared {
    fn drop(&mut self) {
        self.events.closed.cancel();
    }
}

/// The server cannot be reached.
pub(super) fn broker(message: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::Broker,
        ErrorCode::NatsConnectionFailed,
        Phase::Publish,
        message,
    )
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge")
            .field("broker_url", &self.0.manners.broker_url)
            .field("sender_id", &self.0.manners.sender_id)
            .finish_non_exhaustive()
    }
}
