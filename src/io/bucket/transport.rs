//! The way to a store over http and https: our client, the time-outs of the call, and what came back that an error needs.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use http_body_util::BodyExt;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::retry::{RetryContext, RetryPolicy};
use object_store::{ClientConfigKey, ClientOptions, RetryConfig};
use tokio::time::{Instant, sleep_until, timeout};

use super::attempts::Attempts;
use super::refusal;
use crate::io::client::client;
use crate::io::fetch::retry_after;
use crate::io::handler::{HandlerError, Timeouts};
use crate::retry::is_retryable_status;

/// Stores try nothing again by themselves: how often is for the call to say.
pub(super) fn once() -> RetryConfig {
    RetryConfig {
        max_retries: 0,
        ..RetryConfig::default()
    }
}

/// Awaits a call of a store within these time-outs, and says what came back where it fails.
pub(super) async fn watched<T>(
    timeouts: Timeouts,
    call: impl Future<Output = object_store::Result<T>>,
) -> Result<T, HandlerError> {
    let exchange = Arc::new(Exchange {
        timeouts,
        last: Mutex::new(Last {
            began: Instant::now(),
            failure: None,
        }),
    });
    let result = EXCHANGE.scope(Arc::clone(&exchange), call).await;
    result.map_err(|error| {
        let failure = exchange.last().failure.take();
        failure.unwrap_or_else(|| refusal::of(error))
    })
}

/// Sends parts again within the attempts of their upload.
#[derive(Debug)]
pub(super) struct PartPolicy(pub(super) Arc<Attempts>);

#[async_trait]
impl RetryPolicy for PartPolicy {
    async fn retry(&self, _: RetryContext) -> bool {
        let Ok(exchange) = EXCHANGE.try_with(Arc::clone) else {
            return false;
        };
        let (began, failure) = {
            let last = exchange.last();
            (last.began, last.failure.clone())
        };
        match failure {
            Some(failure) => self.0.part_again(began, failure).await,
            None => false,
        }
    }
}

/// Makes stores use our client: it needs no TLS provider of the process, follows no redirect and uses no proxy.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let is_on = |key| {
            options
                .get_config_value(&key)
                .is_some_and(|value| value == "true")
        };
        let unsupported = match options.get_config_value(&ClientConfigKey::ProxyUrl) {
            Some(_) => Some("a proxy"),
            None if is_on(ClientConfigKey::AllowInvalidCertificates) => {
                Some("taking invalid certificates")
            }
            None => None,
        };
        if let Some(what) = unsupported {
            return Err(object_store::Error::NotSupported {
                source: format!("{what}; build the store with a client of your own").into(),
            });
        }
        Ok(HttpClient::new(Transport {
            allow_http: is_on(ClientConfigKey::AllowHttp),
        }))
    }
}

tokio::task_local! {
    /// Of the call that runs: stores hand neither time-outs nor answers through.
    static EXCHANGE: Arc<Exchange>;
}

/// A call of a store, which is one request as a rule, and others where credentials have to be fetched.
struct Exchange {
    timeouts: Timeouts,
    last: Mutex<Last>,
}

/// The last request of a call.
struct Last {
    began: Instant,
    failure: Option<HandlerError>,
}

impl Exchange {
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Transport {
    allow_http: bool,
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let exchange = EXCHANGE.try_with(Arc::clone).ok();
        let timeouts = exchange.as_ref().map(|exchange| exchange.timeouts);
        let began = Instant::now();
        let answer = self.exchange(request, timeouts.unwrap_or_default()).await;
        let failure = match &answer {
            Ok(response) => refused(response),
            Err(error) => Some(error.clone()),
        };
        if let Some(exchange) = exchange {
            *exchange.last() = Last { began, failure };
        }
        match answer {
            Ok(answer) => {
                let mut response = HttpResponse::new(answer.body.into());
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                Ok(response)
            }
            // The policy for parts is asked about every kind but those of which it knows nothing.
            Err(error) => Err(HttpError::new(HttpErrorKind::Interrupted, error)),
        }
    }
}

/// A response as a whole: what a store answers to all that is asked of it here is short.
struct Answer {
    status: reqwest::StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Transport {
    async fn exchange(
        &self,
        request: HttpRequest,
        timeouts: Timeouts,
    ) -> Result<Answer, HandlerError> {
        let (parts, body) = request.into_parts();
        let url: reqwest::Url = parts
            .uri
            .to_string()
            .parse()
            .map_err(|_| HandlerError::new("the address of the store's endpoint is no URL"))?;
        if url.scheme() != "https" && !self.allow_http {
            let message = "the store's endpoint is http; its builder has to allow that";
            return Err(HandlerError::new(message));
        }
        let moved = Arc::new(Mutex::new(Instant::now()));
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(match body.as_bytes() {
            Some(bytes) => bytes.clone().into(),
            None => {
                let moved = Arc::clone(&moved);
                let touching = body.map_frame(move |frame| {
                    *lock(&moved) = Instant::now();
                    frame
                });
                reqwest::Body::wrap(touching)
            }
        });
        let idle = timeouts.read_timeout;
        let sending = client(timeouts.connect_timeout)?.execute(request);
        let response = while_moving(sending, &moved, idle).await??;
        read(response, idle).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for an answer as long as pieces of the body go out, and `idle` beyond the last.
async fn while_moving<F: Future>(
    sending: F,
    moved: &Mutex<Instant>,
    idle: Duration,
) -> Result<F::Output, HandlerError> {
    let mut sending = std::pin::pin!(sending);
    loop {
        let last = *lock(moved);
        let Some(end) = last.checked_add(idle) else {
            return Ok(sending.await);
        };
        match select(sending.as_mut(), std::pin::pin!(sleep_until(end))).await {
            Either::Left((output, _)) => return Ok(output),
            Either::Right(((), _)) if *lock(moved) == last => {
                let what = "no byte could be sent and no answer came";
                return Err(HandlerError::timed_out(what, idle));
            }
            Either::Right(_) => {}
        }
    }
}

async fn read(mut response: reqwest::Response, idle: Duration) -> Result<Answer, HandlerError> {
    /// More than any store answers to what is asked of it here.
    const MAX_ANSWER: usize = 4 << 20;
    let (status, headers) = (response.status(), response.headers().clone());
    let silent = |_| HandlerError::timed_out("the store was silent", idle);
    let mut body = Vec::new();
    while let Some(piece) = timeout(idle, response.chunk()).await.map_err(silent)?? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER {
            return Err(HandlerError::new("the store's answer is longer than 4 MiB"));
        }
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// What a status other than 2xx means, and an error that came under a 200, as S3 does where completing takes long. Of the
/// body only the code is shown: the rest repeats the access key and what was signed.
fn refused(answer: &Answer) -> Option<HandlerError> {
    let status = answer.status.as_u16();
    let code = code(&answer.body);
    let failed_late =
        status == 200 && code.is_some_and(|code| ["InternalError", "SlowDown"].contains(&code));
    if answer.status.is_success() && !failed_late {
        return None;
    }
    let hint = match (status, code) {
        (_, Some("NoSuchBucket")) => ": there is no such bucket",
        (_, Some("RequestTimeTooSkewed")) => ": the clock of this machine is wrong",
        (401 | 403, _) => ": the credentials are missing or wrong, or do not allow this",
        (300..=399, _) => ": redirects are not followed; is the region right?",
        _ => "",
    };
    let code = code.map_or(String::new(), |code| format!(" ({code})"));
    let message = format!("the store answered {}{code}{hint}", answer.status);
    Some(HandlerError {
        retry_after: retry_after(&answer.headers),
        ..HandlerError::new(message).retryable(is_retryable_status(status) || failed_late)
    })
}

/// The code within an error of S3, Google or Azure in XML.
fn code(body: &[u8]) -> Option<&str> {
    const LONGEST: usize = 64;
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && (1..=LONGEST).contains(&code.len())).then_some(code)
}
