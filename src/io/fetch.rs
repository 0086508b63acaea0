//! Downloads over http and https, tried again with growing delays (FR-010, W6).

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use tokio::time::timeout;

use super::client::{client, guarded_client};
use super::download::{Download, DownloadHandler};
use super::handler::{HandlerError, Timeouts, before_next_attempt};
use super::observe::{self, Fields};
use super::progress::{Direction, Reporter};
use super::resolver::check_literal;
use super::sink::{Sink, Taken};
use crate::error::{Context, Error};
use crate::link::{Link, Origin};
use crate::retry::{Retry, is_retryable_status};
use crate::wire::{ErrorCode, Phase};

/// The download handler for any server that answers a GET: one origin, or several.
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    origins: Vec<Origin>,
    credentials: Option<Credentials>,
}

/// What a file protected by a password wants.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) login: String,
    pub(super) password: String,
}

/// Without the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

impl Fetch {
    /// A handler that fetches from these origins.
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Self {
        Fetch {
            origins: origins.into_iter().collect(),
            credentials: None,
        }
    }

    pub(super) fn credentials(mut self, credentials: Option<Credentials>) -> Self {
        self.credentials = credentials;
        self
    }
}

impl DownloadHandler for Fetch {
    /// Those of [`Fetch::new`]; without any, that of the file server.
    fn origins(&self, fileserver_url: &str) -> Vec<Origin> {
        match self.origins.is_empty() {
            true => fileserver_url.parse().into_iter().collect(),
            false => self.origins.clone(),
        }
    }

    fn checks_addresses(&self) -> bool {
        true
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        let connect_timeout = download.timeouts.connect_timeout;
        let client = match download.reach {
            None => client(connect_timeout)?,
            Some(reach) => {
                check_literal(download.link.origin(), reach)?;
                guarded_client(connect_timeout, reach)?
            }
        };
        let mut attempt = 1;
        loop {
            let mut request = client.get(download.link.as_str());
            if let Some(Credentials { login, password }) = &self.credentials {
                request = request.basic_auth(login, Some(password));
            }
            let error = match fetch(request, download.timeouts.read_timeout, sink).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            before_next_attempt(&download.retry, attempt, error).await?;
            attempt += 1;
        }
    }
}

/// Fetches a URL, again and again with growing delays where it fails: what `smartreceive` does with a link, by itself.
///
/// # Errors
///
/// INVALID_ENVELOPE for a URL that is no link; DOWNLOAD_FAILED after the last attempt.
pub fn fetch_with_backoff(url: impl Into<String>) -> FetchWithBackoff {
    FetchWithBackoff {
        url: url.into(),
        size: None,
        correlation_id: String::new(),
        retry: Retry::default(),
        timeouts: Timeouts::default(),
    }
}

/// A download that is about to start; awaiting it gives the bytes.
#[derive(Clone)]
#[must_use = "nothing is fetched before it is awaited"]
pub struct FetchWithBackoff {
    url: String,
    size: Option<u64>,
    correlation_id: String,
    retry: Retry,
    timeouts: Timeouts,
}

impl FetchWithBackoff {
    /// Attempts in all, at least 1; 5 by default.
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.retry.max_retries = max_retries;
        self
    }

    /// The first delay between attempts; 100 ms by default.
    pub fn base_delay(mut self, base_delay: Duration) -> Self {
        self.retry.base_delay = base_delay;
        self
    }

    /// The longest delay between attempts; 5,000 ms by default.
    pub fn max_delay(mut self, max_delay: Duration) -> Self {
        self.retry.max_delay = max_delay;
        self
    }

    /// How long a connection may take, per attempt; 5,000 ms by default.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.timeouts.connect_timeout = connect_timeout;
        self
    }

    /// How long no byte may come, per attempt; 30,000 ms by default.
    pub fn read_timeout(mut self, read_timeout: Duration) -> Self {
        self.timeouts.read_timeout = read_timeout;
        self
    }

    /// The exact number of bytes to expect; unknown by default.
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    /// The exchange that this download belongs to, for errors.
    pub fn correlation_id(mut self, correlation_id: impl ToString) -> Self {
        self.correlation_id = correlation_id.to_string();
        self
    }

    async fn run(self) -> Result<Bytes, Error> {
        self.retry.check()?;
        let link: Link = self.url.parse().map_err(|reason| {
            Error::argument(format!(
                "the URL {} cannot be fetched: {reason}",
                crate::link::redact(&self.url)
            ))
        })?;
        let context = Context {
            correlation_id: self.correlation_id.clone(),
            ..Context::default()
        };
        let failed = |error: HandlerError| {
            let message = format!("{link} could not be fetched: {error}");
            error
                .into_error(ErrorCode::DownloadFailed, Phase::Fetch, message)
                .within(&context)
        };
        let mut sink = Sink::memory(self.size, None, Reporter::silent(self.size.unwrap_or(0)))
            .map_err(failed)?;
        let download = Download {
            fileserver_url: &self.url,
            link: &link,
            retry: self.retry,
            timeouts: self.timeouts,
            correlation_id: &self.correlation_id,
            reach: None,
        };
        let handler = Fetch::default();
        let call = observe::transferring(
            Direction::Download,
            "",
            self.size,
            Some(link.origin()),
            Fields::of_exchange(&self.correlation_id),
            DownloadHandler::download(&handler, download, &mut sink),
        );
        call.await.map_err(failed)?;
        match sink.finish().map_err(failed)? {
            Taken::Bytes(bytes) => Ok(bytes),
            Taken::File(_) => Ok(Bytes::new()),
        }
    }
}

/// Without the query of the URL.
impl fmt::Debug for FetchWithBackoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchWithBackoff")
            .field("url", &crate::link::redact(&self.url))
            .finish_non_exhaustive()
    }
}

impl IntoFuture for FetchWithBackoff {
    type Output = Result<Bytes, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// What a status other than 200 means.
pub(super) fn refused(status: StatusCode, headers: &HeaderMap, uploading: bool) -> HandlerError {
    let hint = match status.as_u16() {
        404 | 410 if uploading => ": no Plik answers there; is fileserver_url right?",
        404 | 410 => ": the file is gone; a one-shot file can be fetched once, and others expire",
        400 | 413 if uploading => ": the file may be too large for this server",
        401 | 403 if uploading => ": a token or password is missing or wrong",
        401 | 403 => ": a token or password is missing or wrong, or a signed link has expired",
        300..=399 => ": redirects are not followed",
        _ => "",
    };
    let error = HandlerError::new(format!("the file server answered {status}{hint}"));
    HandlerError {
        retry_after: retry_after(headers),
        ..error.retryable(is_retryable_status(status.as_u16()))
    }
}

async fn fetch(
    request: RequestBuilder,
    read_timeout: Duration,
    sink: &mut Sink,
) -> Result<(), HandlerError> {
    let silent = |_| HandlerError::timed_out("the file server was silent", read_timeout);
    let mut response = timeout(read_timeout, request.send())
        .await
        .map_err(silent)??;
    if response.status() != StatusCode::OK {
        return Err(refused(response.status(), response.headers(), false));
    }
    if let Some(coding) = response.headers().get(CONTENT_ENCODING) {
        return Err(HandlerError::new(format!(
            "the file server answered with the content coding {coding:?}"
        )));
    }
    let content_length = response.headers().get(CONTENT_LENGTH);
    sink.start(content_length.and_then(|length| length.to_str().ok()?.parse().ok()))?;
    while let Some(piece) = timeout(read_timeout, response.chunk())
        .await
        .map_err(silent)??
    {
        sink.write(&piece)?;
    }
    if !sink.is_complete() {
        let message = format!("the body ended after {} bytes", sink.written());
        return Err(HandlerError::new(message).retryable(true));
    }
    Ok(())
}

/// Seconds or a date (RFC 9110 section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value)
            .ok()?
            .duration_since(SystemTime::now())
            .ok(),
    }
}
