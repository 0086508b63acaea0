//! Several file servers behind one handler, so that one that is down does not matter (NFR-108).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::download::{Download, DownloadHandler};
use super::environment::fileserver_or_default;
use super::handler::{Cause, HandlerError, before_next_attempt};
use super::observe;
use super::sink::Sink;
use super::upload::{Upload, UploadHandler, Uploaded};
use crate::error::Error;
use crate::link::{Origin, redact};
use crate::retry::Retry;

/// Spreads uploads over several file servers, each spoken to by the same handler, such as [`Plik`](crate::Plik). The
/// `fileserver_url` of a call means nothing here.
///
/// Servers take turns. One that fails in a way that another attempt may mend is passed over for a pause, which doubles with each
/// further failure; then one upload tries it again. An upload that fails goes to the next server at once, also to those in
/// their pause where no other is left, and waits as its schedule says when all of them have failed. Where one server refuses an
/// upload for good, as with most of 4xx, the servers that are left in that round are asked once each before the upload fails; the
/// one that refused is not passed over for it. Each server that is asked is an attempt, also one that refuses, and `max_retries`
/// counts the attempts on all servers together. Clones share what is known of the servers.
///
/// An upload that is dropped, as by a deadline that is shorter than `read_timeout`, counts as a failure of the server that it was
/// waiting for, if no byte had gone there and no answer had come for `connect_timeout`, or for the first pause
/// ([`FileServers::pauses`]) where that is shorter.
///
/// ```
/// # async fn example() -> Result<(), natsbridge::Error> {
/// use natsbridge::{FileServers, Part, Plik, smartreceive, smartsend};
///
/// let servers = ["https://files-1.example", "https://files-2.example"];
/// let servers = FileServers::new(Plik::oneshot(), servers)?;
/// let (envelope, json) = smartsend("a.b", [Part::binary("film", vec![0; 1_000_000])])
///     .fileserver_upload_handler(servers.clone())
///     .await?;
/// let received = smartreceive(json).fileserver_download_handler(servers).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FileServers<H> {
    handler: H,
    servers: Arc<[Server]>,
    turns: Arc<Mutex<Turns>>,
    pause: Duration,
    max_pause: Duration,
}

struct Server {
    url: String,
    origin: Origin,
}

#[derive(Debug)]
struct Turns {
    /// Turns so far.
    taken: u64,
    /// One for each server.
    health: Vec<Health>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Health {
    /// Its last turn: the server that waits longest comes next.
    turn: u64,
    /// In succession.
    failures: u32,
    /// When the last one was counted, and until when the server is passed over.
    down: Option<(Instant, Instant)>,
}

impl<H> FileServers<H> {
    /// These servers, all spoken to by `handler`.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE for no server at all, and for one that is no http or https URL.
    pub fn new<U: Into<String>>(
        handler: H,
        servers: impl IntoIterator<Item = U>,
    ) -> Result<Self, Error> {
        let mut known = Vec::new();
        for url in servers {
            let url = fileserver_or_default(Some(url.into()))?;
            let origin = url.parse().map_err(|reason| {
                Error::argument(format!("{} cannot be linked to: {reason}", redact(&url)))
            })?;
            known.push(Server { url, origin });
        }
        if known.is_empty() {
            return Err(
                Error::argument("at least one file server is needed, found none")
                    .expecting("at least one")
                    .finding("none"),
            );
        }
        let turns = Turns {
            taken: 0,
            health: vec![Health::default(); known.len()],
        };
        Ok(FileServers {
            handler,
            servers: known.into(),
            turns: Arc::new(Mutex::new(turns)),
            pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(60),
        })
    }

    /// How long a server is passed over after its first failure, and the most that this doubles up to; 1 s and 60 s by default.
    #[must_use]
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pause = first;
        self.max_pause = longest;
        self
    }

    /// The servers that are passed over now, for those who watch them; without what may be secret in their URLs.
    pub fn down(&self) -> Vec<String> {
        let now = Instant::now();
        let turns = self.turns();
        let servers = self.servers.iter().zip(&turns.health);
        servers
            .filter(|(_, health)| health.down_until(now).is_some())
            .map(|(server, _)| redact(&server.url))
            .collect()
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All servers in the order in which one upload tries them: those that are up, the one first that waits longest, then the
    /// others, the one first whose pause ends first.
    fn order(&self) -> Vec<usize> {
        let now = Instant::now();
        let mut turns = self.turns();
        let mut order: Vec<usize> = (0..self.servers.len()).collect();
        order.sort_by_key(|server| {
            let health = turns.health[*server];
            (health.down_until(now), health.turn)
        });
        // Whoever asks next, before this upload has begun, gets another.
        turns.take(order[0]);
        order
    }

    /// Lets one upload try a server whose pause is over, and keeps the others away meanwhile.
    fn begin(&self, server: usize) -> Instant {
        let now = Instant::now();
        let mut turns = self.turns();
        turns.take(server);
        let health = &mut turns.health[server];
        if let Some((counted, until)) = health.down
            && until <= now
        {
            let pause = self.pause_after(health.failures);
            health.down = Some((counted, now.checked_add(pause).unwrap_or(until)));
        }
        now
    }

    fn failed(&self, server: usize, began: Instant, retry_after: Option<Duration>) {
        let now = Instant::now();
        let mut turns = self.turns();
        let health = &mut turns.health[server];
        // Uploads that were under way together fail together, and that is one failure.
        if health.down.is_some_and(|(counted, _)| began < counted) {
            return;
        }
        health.failures = health.failures.saturating_add(1);
        let asked = retry_after.unwrap_or_default().min(self.max_pause);
        let pause = self.pause_after(health.failures).max(asked);
        let until = now.checked_add(pause).unwrap_or(now);
        health.down = Some((now, until));
        observe::server_down(&self.servers[server].origin, pause);
    }

    fn succeeded(&self, server: usize) {
        let mut turns = self.turns();
        let health = &mut turns.health[server];
        health.down = None;
        if std::mem::take(&mut health.failures) > 0 {
            observe::server_up(&self.servers[server].origin);
        }
    }

    /// The wait behind a round in which all servers have failed.
    fn wait(&self, retry: &Retry, round: u32, error: &HandlerError) -> Duration {
        let endless = Retry {
            max_retries: u32::MAX,
            ..*retry
        };
        let random = f64::from(super::new_id().as_bytes()[0]) / 255.0;
        let delay = endless.delay(round, error.retry_after, random);
        delay.unwrap_or(retry.max_delay)
    }

    fn pause_after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.pause
            .saturating_mul(1 << doublings)
            .min(self.max_pause)
    }
}

impl Turns {
    fn take(&mut self, server: usize) {
        self.taken += 1;
        self.health[server].turn = self.taken;
    }
}

impl Health {
    fn down_until(&self, now: Instant) -> Option<Instant> {
        self.down
            .map(|(_, until)| until)
            .filter(|until| now < *until)
    }
}

/// URLs without what may be secret in them.
impl<H: fmt::Debug> fmt::Debug for FileServers<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(|it| redact(&it.url)).collect();
        f.debug_struct("FileServers")
            .field("handler", &self.handler)
            .field("servers", &servers)
            .field("pause", &self.pause)
            .field("max_pause", &self.max_pause)
            .finish_non_exhaustive()
    }
}

impl<H: UploadHandler> FileServers<H> {
    /// One attempt.
    async fn upload_to(&self, server: usize, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let Server { url, origin } = &self.servers[server];
        let began = self.begin(server);
        let retry = Retry {
            max_retries: 1,
            ..upload.retry
        };
        let one = Upload {
            fileserver_url: url,
            retry,
            ..upload
        };
        let silence = Silence {
            servers: self,
            server,
            began,
            upload: Some(one),
        };
        let uploaded = observe::one_of_several(self.handler.upload(one)).await;
        silence.end();
        match &uploaded {
            Ok(_) => self.succeeded(server),
            Err(error) if error.is_retryable() => self.failed(server, began, error.retry_after),
            Err(_) => {}
        }
        uploaded.map_err(|error| HandlerError {
            message: format!("{origin}: {}", error.message),
            ..error
        })
    }
}

/// Counts a failure of a server that was silent when the attempt was dropped: whoever is less patient than `read_timeout` would
/// never hear of one that hangs, and go there again and again.
struct Silence<'a, H> {
    servers: &'a FileServers<H>,
    server: usize,
    began: Instant,
    upload: Option<Upload<'a>>,
}

impl<H> Silence<'_, H> {
    fn end(mut self) {
        self.upload = None;
    }
}

impl<H> Drop for Silence<'_, H> {
    fn drop(&mut self) {
        let Some(upload) = self.upload else { return };
        // An upload that was given up early, as where another payload failed, says nothing of its server.
        let patience = upload.timeouts.connect_timeout.min(self.servers.pause);
        let silent = self.began.elapsed().min(upload.source.last().elapsed());
        if silent >= patience {
            self.servers.failed(self.server, self.began, None);
        }
    }
}

/// What several servers say of one upload, which may succeed later if one of them may take it.
fn together(first: Option<HandlerError>, second: HandlerError) -> HandlerError {
    match first {
        None => second,
        Some(first) => HandlerError {
            message: format!("{}; {}", first.message, second.message),
            retryable: first.retryable || second.retryable,
            retry_after: first.retry_after.max(second.retry_after),
            ..second
        },
    }
}

impl<H: UploadHandler> UploadHandler for FileServers<H> {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let retry = upload.retry;
        let (mut attempt, mut round) = (0, 0);
        loop {
            let order = self.order();
            round += 1;
            let (mut failures, mut is_refused) = (None, false);
            for (at, server) in order.iter().enumerate() {
                attempt += 1;
                let error = match self.upload_to(*server, upload).await {
                    Err(error) if error.is_retryable() || error.cause == Cause::Server => error,
                    done => return done,
                };
                let is_last = at + 1 == order.len();
                is_refused |= !error.is_retryable();
                let all = together(failures.take(), error.clone());
                if is_refused && (is_last || attempt >= retry.max_retries) {
                    return Err(all);
                }
                failures = Some(all);
                if attempt >= retry.max_retries {
                    // No other is due, which is told.
                    before_next_attempt(&retry, attempt, error).await?;
                    return Err(HandlerError::new("no file server was tried"));
                }
                // The waits go by rounds, their end by attempts.
                let delay = match is_last {
                    false => Duration::ZERO,
                    true => self.wait(&retry, round, &error),
                };
                observe::retried(&retry, attempt, delay, &error);
                tokio::time::sleep(delay).await;
            }
        }
    }

    /// By the handler, which knows the server that took it.
    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        self.handler.remove(uploaded).await
    }

    fn is_oneshot(&self) -> bool {
        self.handler.is_oneshot()
    }
}

impl<H: DownloadHandler> DownloadHandler for FileServers<H> {
    /// Those of all servers, and where the handler says that their links lead.
    fn origins(&self, _fileserver_url: &str) -> Vec<Origin> {
        let mut origins: Vec<Origin> = Vec::new();
        for server in self.servers.iter() {
            let known = self.handler.origins(&server.url);
            for origin in known.into_iter().chain([server.origin.clone()]) {
                if !origins.contains(&origin) {
                    origins.push(origin);
                }
            }
        }
        origins
    }

    fn checks_addresses(&self) -> bool {
        self.handler.checks_addresses()
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        let origin = download.link.origin();
        let server = self.servers.iter().find(|server| server.origin == *origin);
        let fileserver_url = server.map_or(download.fileserver_url, |server| &server.url);
        let download = Download {
            fileserver_url,
            ..download
        };
        self.handler.download(download, sink).await
    }
}
