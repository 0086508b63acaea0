//! Metrics over HTTP, in the text format that Prometheus reads.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, sleep};

use super::catalogue::{BUCKETS, Metric};

const PATH: &str = "/metrics";

/// How often values that were measured are put into their buckets, so that they take no room until somebody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// How long a connection may wait for the head of a request: longer than scrapers usually keep quiet.
const HEAD_TIME: Duration = Duration::from_secs(120);

/// More connections than that wait until others end. A scraper needs one.
const MAX_CONNECTIONS: usize = 64;

/// The metrics of this process, served at `/metrics` until this is dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Endpoint {
    /// Starts to collect and to serve metrics, those in `known` from the start on. Port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be listened on, or the metrics of this process are collected already.
    pub async fn start(
        listen: SocketAddr,
        known: impl IntoIterator<Item = &'static Metric>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let recorder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .map_err(io::Error::other)?
            .build_recorder();
        let metrics = recorder.handle();
        metrics::set_global_recorder(recorder)
            .map_err(|_| io::Error::other("the metrics of this process are collected already"))?;
        known.into_iter().for_each(Metric::begin);
        metrics.run_upkeep();
        let server = tokio::spawn(serve(listener, metrics));
        Ok(Endpoint { address, server })
    }

    /// Where the metrics are, as `http://127.0.0.1:9464/metrics`.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // With the task its connections end as well.
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, metrics: PrometheusHandle) {
    let mut connections = JoinSet::new();
    let mut upkeep = interval(UPKEEP);
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, metrics.clone()));
                }
                // Out of descriptors, most likely: some come back as connections end.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
            _ = upkeep.tick() => metrics.run_upkeep(),
        }
    }
}

async fn connection(stream: TcpStream, metrics: PrometheusHandle) {
    let service = service_fn(move |request: Request<_>| {
        let answer = answer(request.method(), request.uri().path(), &metrics);
        async move { Ok::<_, Infallible>(answer) }
    });
    // A scraper that goes away in the middle has nobody to be told to.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn answer(method: &Method, path: &str, metrics: &PrometheusHandle) -> Response<Full<Bytes>> {
    let (status, content_type, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, PATH) => (
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            Bytes::from(metrics.render()),
        ),
        (_, PATH) => (
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain",
            Bytes::from_static(b"only to be read\n"),
        ),
        _ => (
            StatusCode::NOT_FOUND,
            "text/plain",
            Bytes::from_static(b"the metrics are at /metrics\n"),
        ),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
