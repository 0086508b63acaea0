//! Upload handlers (FR-009, W6.7).

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::handler::{HandlerError, Timeouts};
use super::source::Source;
use crate::retry::Retry;

/// Puts the bytes of a payload where receivers can fetch them by http or https.
///
/// A handler does its own retrying, within `upload.retry`. One for a store of your own:
///
/// ```
/// use natsbridge::{HandlerError, Upload, UploadHandler, Uploaded};
///
/// struct Store(reqwest::Client);
///
/// impl UploadHandler for Store {
///     async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
///         let url = format!("{}/files/{}", upload.fileserver_url, upload.correlation_id);
///         let body = upload.source.bytes().await?;
///         let status = self.0.put(&url).body(body).send().await?.status();
///         Ok(Uploaded::new(status.as_u16(), url))
///     }
/// }
/// ```
pub trait UploadHandler: Send + Sync + 'static {
    /// Uploads one payload.
    fn upload(
        &self,
        upload: Upload<'_>,
    ) -> impl Future<Output = Result<Uploaded, HandlerError>> + Send;

    /// Whether what it uploads can be fetched only once.
    fn is_oneshot(&self) -> bool {
        false
    }

    /// Removes what was uploaded, since its message will not be sent; does nothing unless a handler can do more.
    fn remove(&self, uploaded: &Uploaded) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = uploaded;
        async { Ok(()) }
    }
}

/// One payload to upload: the arguments of the contract, and how long to try.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Upload<'a> {
    /// The file server as the sender names it.
    pub fileserver_url: &'a str,
    /// The payload's name: any string, so not one for a path or a URL.
    pub dataname: &'a str,
    /// The bytes.
    pub source: &'a Source,
    /// The message's `correlation_id`.
    pub correlation_id: &'a str,
    /// How often and how patiently to try.
    pub retry: Retry,
    /// How long each attempt may take.
    pub timeouts: Timeouts,
}

/// Without the query of the URL.
impl fmt::Debug for Upload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("fileserver_url", &crate::link::redact(self.fileserver_url))
            .field("dataname", &self.dataname)
            .field("source", &self.source)
            .field("retry", &self.retry)
            .field("timeouts", &self.timeouts)
            .field("correlation_id", &self.correlation_id)
            .finish()
    }
}

/// Where a payload was uploaded to.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// The HTTP status in the end; any other than 200 is a failed upload.
    pub status: u16,
    /// The URL that receivers fetch the payload from.
    pub url: String,
    /// Plik's id of the upload; empty where the store has none.
    pub uploadid: String,
    /// Plik's id of the file; empty where the store has none.
    pub fileid: String,
    /// The server that took it, and what allows its removal there.
    pub(super) server: String,
    pub(super) token: String,
}

impl Uploaded {
    /// What a store that knows no ids returns.
    pub fn new(status: u16, url: impl Into<String>) -> Self {
        let none = String::new;
        Uploaded {
            status,
            url: url.into(),
            uploadid: none(),
            fileid: none(),
            server: none(),
            token: none(),
        }
    }
}

/// Without the token and without the URL's query.
impl fmt::Debug for Uploaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploaded")
            .field("status", &self.status)
            .field("url", &crate::link::redact(&self.url))
            .field("uploadid", &self.uploadid)
            .field("fileid", &self.fileid)
            .finish_non_exhaustive()
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, HandlerError>> + Send + 'a>>;

/// Any handler, behind a pointer.
pub(crate) trait AnyUploadHandler: Send + Sync {
    fn upload<'a>(&'a self, upload: Upload<'a>) -> Boxed<'a, Uploaded>;
    fn is_oneshot(&self) -> bool;
    fn remove<'a>(&'a self, uploaded: &'a Uploaded) -> Boxed<'a, ()>;
}

impl<H: UploadHandler> AnyUploadHandler for H {
    fn upload<'a>(&'a self, upload: Upload<'a>) -> Boxed<'a, Uploaded> {
        Box::pin(UploadHandler::upload(self, upload))
    }

    fn is_oneshot(&self) -> bool {
        UploadHandler::is_oneshot(self)
    }

    fn remove<'a>(&'a self, uploaded: &'a Uploaded) -> Boxed<'a, ()> {
        Box::pin(UploadHandler::remove(self, uploaded))
    }
}
