//! Download handlers (FR-009, W6.7).

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use super::handler::{HandlerError, Timeouts};
use super::sink::Sink;
use crate::link::{Link, Origin, redact};
use crate::reach::Reach;
use crate::retry::Retry;

/// Fetches the bytes of a payload. What it writes into the sink is held against the message's size and digest.
///
/// A handler does its own retrying, within `download.retry`, and calls [`Sink::start`] at the beginning of each attempt. One
/// for a store of your own:
///
/// ```
/// use natsbridge::{Download, DownloadHandler, HandlerError, Origin, Sink};
///
/// struct Store(reqwest::Client);
///
/// impl DownloadHandler for Store {
///     fn origins(&self, _fileserver_url: &str) -> Vec<Origin> {
///         "https://files.example".parse().into_iter().collect()
///     }
///
///     async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
///         let response = self.0.get(download.link.as_str()).send().await?.error_for_status()?;
///         sink.start(response.content_length())?;
///         sink.write(&response.bytes().await?)
///     }
/// }
/// ```
pub trait DownloadHandler: Send + Sync + 'static {
    /// Where links may lead unless the receiver says otherwise with `allowed_origins`. `fileserver_url` is the file server as the
    /// receiver names it.
    fn origins(&self, fileserver_url: &str) -> Vec<Origin>;

    /// Fetches one payload into the sink.
    fn download(
        &self,
        download: Download<'_>,
        sink: &mut Sink,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Whether it connects only to addresses that [`Download::may_connect`] allows. A receiver with `any_public_origin` or
    /// `allowed_networks` works with no other handler.
    fn checks_addresses(&self) -> bool {
        false
    }
}

/// One payload to fetch: the arguments of the contract.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Download<'a> {
    /// The file server as the receiver names it; the link may lead elsewhere.
    pub fileserver_url: &'a str,
    /// Where it is; the receiver allows its origin.
    pub link: &'a Link,
    /// How often and how patiently to try.
    pub retry: Retry,
    /// How long each attempt may take.
    pub timeouts: Timeouts,
    /// The message's `correlation_id`.
    pub correlation_id: &'a str,
    /// What the host's addresses are held against; nothing where the origin alone allows it.
    pub(super) reach: Option<&'a Reach>,
}

impl Download<'_> {
    /// Whether the receiver lets a download connect to this address: any where the link's origin is one of `allowed_origins`,
    /// else what `any_public_origin` and `allowed_networks` allow. To be asked of the very address that is connected to.
    pub fn may_connect(&self, address: IpAddr) -> bool {
        self.reach.is_none_or(|reach| reach.allows(address))
    }
}

/// Without the query of a URL.
impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("fileserver_url", &redact(self.fileserver_url))
            .field("link", &self.link)
            .field("retry", &self.retry)
            .field("timeouts", &self.timeouts)
            .field("correlation_id", &self.correlation_id)
            .finish()
    }
}

/// Any handler, behind a pointer.
pub(crate) trait AnyDownloadHandler: Send + Sync {
    fn origins(&self, fileserver_url: &str) -> Vec<Origin>;
    fn checks_addresses(&self) -> bool;
    fn download<'a>(
        &'a self,
        download: Download<'a>,
        sink: &'a mut Sink,
    ) -> Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send + 'a>>;
}

impl<H: DownloadHandler> AnyDownloadHandler for H {
    fn origins(&self, fileserver_url: &str) -> Vec<Origin> {
        DownloadHandler::origins(self, fileserver_url)
    }

    fn checks_addresses(&self) -> bool {
        DownloadHandler::checks_addresses(self)
    }

    fn download<'a>(
        &'a self,
        download: Download<'a>,
        sink: &'a mut Sink,
    ) -> Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send + 'a>> {
        Box::pin(DownloadHandler::download(self, download, sink))
    }
}
