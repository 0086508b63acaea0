//! What the handlers of both directions share: how they fail, and how long they may take.

use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

use super::observe;
use crate::error::{Error, ErrorKind};
use crate::generated::TRANSFER;
use crate::retry::is_retryable_status;
use crate::wire::{ErrorCode, Phase};

/// How long the attempts of a transfer may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Until a connection stands; 5,000 ms by default.
    pub connect_timeout: Duration,
    /// Without a byte going or coming, the response's headers included; 30,000 ms by default.
    pub read_timeout: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect_timeout: Duration::from_millis(TRANSFER.connect_timeout_ms),
            read_timeout: Duration::from_millis(TRANSFER.read_timeout_ms),
        }
    }
}

/// Why an upload or a download failed.
#[derive(Clone, Debug)]
pub struct HandlerError {
    pub(super) cause: Cause,
    pub(super) message: String,
    pub(super) retryable: bool,
    pub(super) retry_after: Option<Duration>,
}

/// What kind of failure it is, as the wire tells them apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// The file server, or the way there.
    Server,
    /// The number of bytes.
    Size,
    /// Their digest.
    Checksum,
    /// A file on this machine.
    LocalFile,
    /// Where the transfer would go.
    Policy,
}

impl HandlerError {
    /// A failure for good. The message must hold no token, user-info or query.
    pub fn new(message: impl Into<String>) -> Self {
        HandlerError {
            cause: Cause::Server,
            message: message.into(),
            retryable: false,
            retry_after: None,
        }
    }

    /// Says whether another attempt may succeed.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    /// Whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    pub(super) fn of(cause: Cause, message: impl Into<String>) -> Self {
        HandlerError {
            cause,
            ..HandlerError::new(message)
        }
    }

    pub(super) fn timed_out(what: &str, timeout: Duration) -> Self {
        HandlerError::new(format!("{what} for {} ms", timeout.as_millis())).retryable(true)
    }

    /// The error of a call that failed with this, with the code that its cause has in that direction.
    pub(super) fn into_error(self, code: ErrorCode, phase: Phase, message: String) -> Error {
        let (kind, code) = match self.cause {
            Cause::Server => (ErrorKind::FileServer, code),
            Cause::Size => (ErrorKind::FileServer, ErrorCode::SizeMismatch),
            Cause::Checksum => (ErrorKind::FileServer, ErrorCode::ChecksumMismatch),
            Cause::LocalFile => (ErrorKind::LocalFile, code),
            Cause::Policy => (ErrorKind::Policy, ErrorCode::UrlNotAllowed),
        };
        let retryable = self.retryable;
        Error::new(kind, code, phase, message)
            .retryable(retryable)
            .caused_by(self)
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HandlerError {}

/// An error of a connection, which another attempt may not have, or else of a file on this machine.
impl From<io::Error> for HandlerError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, NotConnected,
            TimedOut,
        };
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionRefused | ConnectionReset | NotConnected
            | TimedOut => HandlerError::new(error.to_string()).retryable(true),
            _ => HandlerError::of(Cause::LocalFile, error.to_string()),
        }
    }
}

/// Without the URL, whose query may hold a secret. Another attempt may succeed but for a request that could not be made.
impl From<reqwest::Error> for HandlerError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(own) = own_cause(&error) {
            return own;
        }
        let retryable = match error.status() {
            Some(status) => is_retryable_status(status.as_u16()),
            None => !error.is_builder(),
        };
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !message.contains(&cause_text) {
                message = format!("{message}: {cause_text}");
            }
            source = cause.source();
        }
        HandlerError::new(message).retryable(retryable)
    }
}

/// The error of a source that broke off the request which it was the body of.
fn own_cause(error: &reqwest::Error) -> Option<HandlerError> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(own) = error.downcast_ref::<HandlerError>() {
            return Some(own.clone());
        }
        cause = error.source();
    }
    None
}

/// Waits out the delay behind failed attempt `attempt`, or hands the error back where no other attempt is due.
pub(super) async fn before_next_attempt(
    retry: &crate::Retry,
    attempt: u32,
    error: HandlerError,
) -> Result<(), HandlerError> {
    if !error.retryable {
        // After further attempts it is their end: a file that can be fetched once is gone after an attempt that broke off.
        if attempt > 1 {
            observe::given_up(retry, attempt, &error);
        }
        return Err(error);
    }
    let random = f64::from(super::new_id().as_bytes()[0]) / 255.0;
    let delay = retry.delay(attempt, error.retry_after, random);
    if delay.is_none() {
        observe::given_up(retry, attempt, &error);
    }
    match delay {
        Some(delay) => {
            observe::retried(retry, attempt, delay, &error);
            tokio::time::sleep(delay).await;
            Ok(())
        }
        None if attempt == 1 => Err(error),
        None => Err(HandlerError {
            message: format!("{} (after {attempt} attempts)", error.message),
            ..error
        }),
    }
}

/// Runs `call`, which is part of a call that has to end within `deadline`.
pub(super) async fn within<T>(
    deadline: Option<tokio::time::Instant>,
    call: impl Future<Output = Result<T, HandlerError>>,
) -> Result<T, HandlerError> {
    match deadline {
        None => call.await,
        Some(deadline) => match tokio::time::timeout_at(deadline, call).await {
            Ok(result) => result,
            Err(_) => {
                observe::out_of_time();
                let message = "the deadline of the whole call passed";
                Err(HandlerError::new(message).retryable(true))
            }
        },
    }
}
