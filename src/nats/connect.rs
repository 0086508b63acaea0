//! Connecting to NATS: who this client is, whom it trusts, and how it comes back.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectErrorKind, ConnectOptions};

use super::bridge::{Bridge, Manners, Shared, broker};
use super::event::{Callback, Event, Events};
use super::servers::{Login, Servers};
use super::tls::Certificates;
use crate::error::Error;
use crate::generated::NATS;
use crate::io::download::AnyDownloadHandler;
use crate::io::environment;
use crate::io::upload::AnyUploadHandler;
use crate::io::{DownloadHandler, UploadHandler};
use crate::link::Origin;

/// A bridge that is about to be connected; awaiting it connects.
///
/// Once connected, it reconnects by itself, and its subscriptions with it.
#[must_use = "nothing is connected before it is awaited"]
#[derive(Clone, Default)]
pub struct Connect {
    broker_url: Option<String>,
    name: Option<String>,
    login: Option<Login>,
    nkey: Option<String>,
    credentials_file: Option<PathBuf>,
    certificates: Certificates,
    require_tls: bool,
    tls_first: bool,
    connect_timeout: Option<Duration>,
    max_reconnects: Option<usize>,
    reconnect_delay: Option<Delay>,
    inbox_prefix: Option<String>,
    callback: Option<Callback>,
    sender_name: Option<String>,
    sender_id: Option<String>,
    fileserver_url: Option<String>,
    upload: Option<Arc<dyn AnyUploadHandler>>,
    download: Option<Arc<dyn AnyDownloadHandler>>,
    allowed_origins: Option<Vec<Origin>>,
}

impl Connect {
    pub(super) fn to(broker_url: Option<String>) -> Self {
        Connect {
            broker_url,
            ..Connect::default()
        }
    }

    /// The name under which the server lists the connection.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A user and password; they count before those in a URL.
    pub fn user_and_password(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.login = Some(Login::Password {
            user: user.into(),
            password: password.into(),
        });
        self
    }

    /// A token; it counts before one in a URL.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.login = Some(Login::Token(token.into()));
        self
    }

    /// The seed of an NKey, `SU…`.
    pub fn nkey(mut self, seed: impl Into<String>) -> Self {
        self.nkey = Some(seed.into());
        self
    }

    /// A credentials file, with a JWT and the seed of an NKey, as `nsc` writes it.
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials_file = Some(path.into());
        self
    }

    /// The certificate authorities to trust in place of the system's: a PEM file.
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificates.authorities = Some(path.into());
        self
    }

    /// The certificate by which the server knows this client, and its private key: PEM files.
    pub fn client_certificate(
        mut self,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.certificates.own = Some((chain.into(), key.into()));
        self
    }

    /// Whether a connection without TLS is refused; it is for `tls` URLs, and wherever certificates were given.
    pub fn require_tls(mut self, require_tls: bool) -> Self {
        self.require_tls = require_tls;
        self
    }

    /// TLS starts before the server says a word, for a server with `handshake_first`.
    pub fn tls_first(mut self) -> Self {
        self.tls_first = true;
        self
    }

    /// How long one attempt to connect may take; 5,000 ms by default.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = Some(connect_timeout);
        self
    }

    /// Failed attempts in a row after which the bridge gives up and is closed, at least 1; it never does by default.
    pub fn max_reconnects(mut self, max_reconnects: usize) -> Self {
        self.max_reconnects = Some(max_reconnects.max(1));
        self
    }

    /// How long to wait before an attempt, told the number of attempts so far, from 1; none, 2 ms, 4 ms and so on up to 4 s
    /// by default.
    pub fn reconnect_delay(
        mut self,
        delay: impl Fn(usize) -> Duration + Send + Sync + 'static,
    ) -> Self {
        self.reconnect_delay = Some(Arc::new(delay));
        self
    }

    /// What the subject of the inbox begins with, for a user who may not use `_INBOX`, the default.
    pub fn inbox_prefix(mut self, inbox_prefix: impl Into<String>) -> Self {
        self.inbox_prefix = Some(inbox_prefix.into());
        self
    }

    /// Is told what happens to the connection and to slow subscribers; it should return soon.
    pub fn on_event(mut self, callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.callback = Some(Arc::new(callback));
        self
    }

    /// The `sender_name` of all messages that do not say otherwise.
    pub fn sender_name(mut self, sender_name: impl Into<String>) -> Self {
        self.sender_name = Some(sender_name.into());
        self
    }

    /// The `sender_id` of all messages that do not say otherwise, a UUID; a new one for each bridge by default.
    pub fn sender_id(mut self, sender_id: impl ToString) -> Self {
        self.sender_id = Some(sender_id.to_string());
        self
    }

    /// The file server of all messages that do not say otherwise; else `FILESERVER_URL`, else `http://localhost:8080`.
    pub fn fileserver_url(mut self, fileserver_url: impl Into<String>) -> Self {
        self.fileserver_url = Some(fileserver_url.into());
        self
    }

    /// Where large payloads go, for all messages that do not say otherwise.
    pub fn fileserver_upload_handler(mut self, handler: impl UploadHandler) -> Self {
        self.upload = Some(Arc::new(handler));
        self
    }

    /// What fetches linked payloads, for all subscriptions that do not say otherwise.
    pub fn fileserver_download_handler(mut self, handler: impl DownloadHandler) -> Self {
        self.download = Some(Arc::new(handler));
        self
    }

    /// Where links may lead, for all subscriptions that do not say otherwise.
    pub fn allowed_origins(mut self, allowed_origins: impl IntoIterator<Item = Origin>) -> Self {
        self.allowed_origins = Some(allowed_origins.into_iter().collect());
        self
    }

    async fn run(self) -> Result<Bridge, Error> {
        let servers = Servers::read(&environment::broker_or_default(self.broker_url.clone())?)?;
        let sender_id = match &self.sender_id {
            None => crate::io::new_id(),
            Some(id) => id.parse().map_err(|reason| {
                Error::argument(format!("sender_id: {reason}")).finding(format!("{id:?}"))
            })?,
        };
        let fileserver_url = environment::fileserver_or_default(self.fileserver_url.clone())?;
        let events = Events::new(self.callback.clone());
        let inbox_prefix = self
            .inbox_prefix
            .clone()
            .unwrap_or_else(|| "_INBOX".to_owned());
        let mut options = self
            .options(&servers)
            .await?
            .custom_inbox_prefix(&inbox_prefix);
        let delay = self
            .reconnect_delay
            .clone()
            .unwrap_or_else(|| Arc::new(usual_delay));
        let closed = events.closed.clone();
        options = options.reconnect_delay_callback(move |attempts| match closed.is_cancelled() {
            // A client that nobody uses any more cannot be stopped while it has no connection; it can be kept from making one.
            true => NEVER,
            false => delay(attempts),
        });
        let told = events.clone();
        options = options.event_callback(move |event| {
            let told = told.clone();
            async move { told.tell_of(event) }
        });
        let client = options.connect(servers.addresses).await.map_err(|error| {
            // A wrong login is wrong the next time as well.
            let may_pass = !matches!(
                error.kind(),
                ConnectErrorKind::Authentication
                    | ConnectErrorKind::AuthorizationViolation
                    | ConnectErrorKind::ServerParse
                    | ConnectErrorKind::Tls
            );
            let message = format!("no connection to {}: {error}", servers.broker_url);
            broker(message).retryable(may_pass).caused_by(error)
        })?;
        let manners = Manners {
            broker_url: servers.broker_url,
            inbox_prefix,
            sender_name: self.sender_name,
            sender_id,
            fileserver_url,
            upload: self.upload,
            download: self.download,
            allowed_origins: self.allowed_origins,
        };
        Ok(Bridge(Arc::new(Shared::new(client, events, manners))))
    }

    async fn options(&self, servers: &Servers) -> Result<ConnectOptions, Error> {
        let connect_timeout = Duration::from_millis(NATS.connect_timeout_ms);
        let mut options = ConnectOptions::new()
            .connection_timeout(self.connect_timeout.unwrap_or(connect_timeout))
            // Servers that the first one names have to have it as well, which async-nats does not see to by itself.
            .require_tls(self.require_tls || self.certificates.are_given() || servers.want_tls())
            .max_reconnects(self.max_reconnects);
        if let Some(name) = &self.name {
            options = options.name(name);
        }
        options = match self.login.as_ref().or(servers.login.as_ref()) {
            None => options,
            Some(Login::Token(token)) => options.token(token.clone()),
            Some(Login::Password { user, password }) => {
                options.user_and_password(user.clone(), password.clone())
            }
        };
        if let Some(seed) = &self.nkey {
            options = options.nkey(seed.clone());
        }
        if let Some(path) = &self.credentials_file {
            options = options.credentials_file(path).await.map_err(|error| {
                Error::argument(format!("{} holds no credentials: {error}", path.display()))
            })?;
        }
        if self.certificates.are_given() {
            options = options.tls_client_config(self.certificates.config()?);
        }
        if self.tls_first {
            options = options.tls_first();
        }
        Ok(options)
    }
}

impl IntoFuture for Connect {
    type Output = Result<Bridge, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

type Delay = Arc<dyn Fn(usize) -> Duration + Send + Sync>;

/// Longer than any process lives.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 100);

/// None before the first attempt, then 2 ms, doubled up to 4 s.
fn usual_delay(attempts: usize) -> Duration {
    const LONGEST: Duration = Duration::from_secs(4);
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    match doublings {
        0 => Duration::ZERO,
        _ => Duration::from_millis(2_u64.saturating_pow(doublings)).min(LONGEST),
    }
}

/// Without any login.
impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broker_url = self.broker_url.as_deref().map(crate::link::redact);
        f.debug_struct("Connect")
            .field("broker_url", &broker_url)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
