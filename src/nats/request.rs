//! Request and reply: one message, one answer.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::StatusCode;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::bridge::{Bridge, broker};
use super::headers;
use super::message::{Message, WayBack};
use crate::delivery::Verdict;
use crate::error::{Error, ErrorKind};
use crate::generated::NATS;
use crate::io::{SmartSend, observe, smartreceive};
use crate::wire::{ErrorCode, ErrorReport, Phase};

/// A request that is about to be made; awaiting it gives the answer.
///
/// It is sent once. The first answer counts, whoever gives it; a receiver that is told to work on says so with an `updateStatus`,
/// which starts the wait anew.
///
/// # Errors
///
/// Those of [`Bridge::publish`], then NOT_ACKNOWLEDGED where nobody is there (`found` is `no responders`), nobody answers in time
/// (`no answer`), or the receiver refuses ([`Error::refusal`] is its error); and those of [`smartreceive`] for the answer.
#[must_use = "nothing is requested before it is awaited"]
pub struct Request {
    bridge: Bridge,
    message: SmartSend,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

impl Request {
    pub(super) fn new(bridge: &Bridge, message: SmartSend) -> Self {
        Request {
            bridge: bridge.clone(),
            message,
            headers: Vec::new(),
            timeout: Duration::from_millis(NATS.request_timeout_ms),
        }
    }

    /// One more NATS header; one name may have several values.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long to wait for the answer, uploads and downloads not counted; 5,000 ms by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    async fn run(self) -> Result<Message, Error> {
        self.asking().instrument(observe::requesting()).await
    }

    async fn asking(self) -> Result<Message, Error> {
        let shared = &self.bridge.0;
        shared.check_open()?;
        let _open = shared.open.token();
        let headers = headers::checked(&self.headers)?;
        let mut message = self.message;
        let expecting = shared.expect_answers(&mut message);
        let mut waiting = in_time(deadline(self.timeout), expecting).await??;
        let sealed = shared.seal(message, headers).await?;
        let context = sealed.context();
        let mut until = deadline(self.timeout);
        let posting = shared.post(&sealed, Some(&waiting.subject));
        match in_time(until, posting).await {
            Ok(Ok(())) => sealed.tell(),
            Ok(Err(error)) | Err(error) => {
                sealed.uploads.remove().await;
                return Err(error.within(&context));
            }
        }
        loop {
            let answer = match timeout_at(until, waiting.next()).await {
                Err(_) => return Err(not_acknowledged(NO_ANSWER).retryable(true).within(&context)),
                Ok(None) => return Err(broker("the bridge is closed").within(&context)),
                Ok(Some(answer)) => answer,
            };
            if answer.status == Some(StatusCode::NO_RESPONDERS) {
                sealed.uploads.remove().await;
                return Err(not_acknowledged(NO_RESPONDERS)
                    .retryable(true)
                    .within(&context));
            }
            let headers = answer.headers.unwrap_or_default();
            let receive = shared.receiving(smartreceive(answer.payload));
            let opened = receive.open_in(headers::receiving(&headers))?;
            match Verdict::read(opened.incoming(), sealed.envelope.msg_id) {
                Verdict::Running => until = deadline(self.timeout),
                Verdict::Refused { report, retryable } => {
                    return Err(refused(report).retryable(retryable).within(&context));
                }
                Verdict::Acknowledged | Verdict::Other => {
                    let received = opened.finish().await?;
                    observe::message_received(&received.envelope);
                    let subject = answer.reply.map(|reply| reply.to_string());
                    let way_back = WayBack {
                        shared: Arc::clone(shared),
                        subject,
                    };
                    let subject = answer.subject.to_string();
                    return Ok(Message::new(received, subject, headers, way_back, None));
                }
            }
        }
    }
}

impl IntoFuture for Request {
    type Output = Result<Message, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// Nobody subscribes to the subject: the server says so at once.
pub(super) const NO_RESPONDERS: &str = "no responders";
/// Somebody may have received the message, but did not answer.
pub(super) const NO_ANSWER: &str = "no answer";

pub(super) fn not_acknowledged(found: &str) -> Error {
    Error::new(
        ErrorKind::Broker,
        ErrorCode::NotAcknowledged,
        Phase::Deliver,
        format!("no receiver has acknowledged the message: {found}"),
    )
    .expecting("an answer")
    .finding(found)
}

/// The receiver's refusal as the sender's error.
pub(super) fn refused(report: Option<Box<ErrorReport>>) -> Error {
    let reason = match &report {
        Some(report) => format!("{}: {}", report.error.code, report.error.message),
        None => "it gives no reason".to_owned(),
    };
    Error::new(
        ErrorKind::Receiver,
        ErrorCode::NotAcknowledged,
        Phase::Deliver,
        format!("the receiver refused the message: {reason}"),
    )
    .expecting("an ACK")
    .finding("a NACK")
    .refused_with(report)
}

/// Waits for what depends on the connection, which may be down, until that moment.
pub(super) async fn in_time<T>(until: Instant, call: impl Future<Output = T>) -> Result<T, Error> {
    timeout_at(until, call).await.map_err(|_| out_of_reach())
}

/// The connection did not stand for as long as it was waited for.
pub(super) fn out_of_reach() -> Error {
    broker("the NATS server could not be reached in time").retryable(true)
}

/// The moment after this time; as good as never where it is beyond what the clock can say.
pub(super) fn deadline(patience: Duration) -> Instant {
    const LONG: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    Instant::now() + patience.min(LONG)
}
