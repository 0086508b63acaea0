//! `smartreceive`: read, fetch, decode (requirements 11.2).

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tempfile::NamedTempFile;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::download::{AnyDownloadHandler, Download, DownloadHandler};
use super::environment;
use super::fetch::Fetch;
use super::file;
use super::handler::{HandlerError, Timeouts, within};
use super::observe::{self, Fields};
use super::progress::{Callback, Direction, Reporter};
use super::send::transfer_arguments;
use super::sink::{Sink, Taken};
use crate::error::{Error, ErrorKind};
use crate::generated::TRANSFER;
use crate::incoming::{Decoder, Incoming, PendingDownload};
use crate::link::Origin;
use crate::reach::Network;
use crate::received::Received;
use crate::retry::Retry;
use crate::value::Value;
#[cfg(feature = "nats")]
use crate::wire::{Envelope, Transport};
use crate::wire::{ErrorCode, Payload, PayloadType, Phase};

/// Reads a message: fetches its linked payloads and decodes them all.
///
/// `json` is what NATS delivered. Links may lead to the file server only (`fileserver_url`, else `FILESERVER_URL`, else
/// `http://localhost:8080`) unless `allowed_origins` or another handler says otherwise.
///
/// ```
/// # async fn example(json: String) -> Result<(), natsbridge::Error> {
/// use natsbridge::smartreceive;
///
/// let received = smartreceive(json).await?;
/// for payload in received.payloads {
///     let (dataname, data, payload_type) = payload.into_tuple();
///     println!("{dataname} ({payload_type}): {data:?}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of [`Decoder::decode`], then DOWNLOAD_FAILED, SIZE_MISMATCH, CHECKSUM_MISMATCH or, with
/// [`SmartReceive::any_public_origin`], URL_NOT_ALLOWED in phase `fetch`, then those of
/// [`Incoming::finish`].
pub fn smartreceive(json: impl Into<Bytes>) -> SmartReceive {
    SmartReceive {
        json: json.into(),
        decoder: Decoder::new(),
        allowed_origins: None,
        fileserver_url: None,
        handler: None,
        retry: Retry::default(),
        timeouts: Timeouts::default(),
        deadline: None,
        progress: None,
        files: None,
    }
}

/// A message that is about to be read; awaiting it gives the payloads.
///
/// Dropping the future stops its downloads and removes its temporary files.
#[must_use = "nothing is read before it is awaited"]
#[derive(Clone)]
pub struct SmartReceive {
    json: Bytes,
    decoder: Decoder,
    allowed_origins: Option<Vec<Origin>>,
    fileserver_url: Option<String>,
    pub(crate) handler: Option<Arc<dyn AnyDownloadHandler>>,
    retry: Retry,
    timeouts: Timeouts,
    deadline: Option<Duration>,
    progress: Option<Callback>,
    files: Option<Files>,
}

/// Which payloads go into which files.
type Files = Arc<dyn Fn(usize, &Payload) -> Option<PathBuf> + Send + Sync>;

impl SmartReceive {
    transfer_arguments!();

    /// What fetches linked payloads; plain http and https by default.
    pub fn fileserver_download_handler(mut self, handler: impl DownloadHandler) -> Self {
        self.handler = Some(Arc::new(handler));
        self
    }

    /// Where links may lead, in place of what the handler names.
    pub fn allowed_origins(mut self, allowed_origins: impl IntoIterator<Item = Origin>) -> Self {
        self.allowed_origins = Some(allowed_origins.into_iter().collect());
        self
    }

    /// Lets links lead to any host with a public address, beside `allowed_origins`: not to loopback, private, link-local,
    /// carrier-grade NAT, multicast, reserved or other special addresses, nor to IPv6 addresses that stand for an IPv4 one. A name
    /// is resolved once for each connection, all its addresses are checked, and the connection goes to one of these. The error is
    /// URL_NOT_ALLOWED, in phase `validate` for an address in the link and in phase `fetch` for a name.
    ///
    /// What can be reached at public addresses must then not trust this machine for its place in the network. Of download
    /// handlers, only those work that check addresses: [`Fetch`], [`Plik`](crate::Plik), and others that say so.
    pub fn any_public_origin(mut self) -> Self {
        self.decoder = self.decoder.any_public_origin();
        self
    }

    /// Lets links lead to any host with an address in one of these networks, beside `allowed_origins` and what
    /// [`SmartReceive::any_public_origin`] allows; otherwise as that.
    pub fn allowed_networks(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.decoder = self.decoder.allowed_networks(networks);
        self
    }

    /// The message as received, at most; 64 MiB by default.
    pub fn max_message_bytes(mut self, max_message_bytes: u64) -> Self {
        self.decoder = self.decoder.max_message_bytes(max_message_bytes);
        self
    }

    /// Payloads of one message, at most; 10,000 by default.
    pub fn max_payloads(mut self, max_payloads: u64) -> Self {
        self.decoder = self.decoder.max_payloads(max_payloads);
        self
    }

    /// Every payload goes into a file of that folder, under a name made from its position and type alone: `payload-0.txt`,
    /// `payload-1.json`, `payload-2.arrows`, `payload-3.bin`.
    pub fn into_dir(self, dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        self.into_files(move |index, payload| {
            let extension = match payload.payload_type {
                PayloadType::Text => "txt",
                PayloadType::Dictionary | PayloadType::Jsontable => "json",
                PayloadType::Arrowtable => "arrows",
                _ => "bin",
            };
            Some(dir.join(format!("payload-{index}.{extension}")))
        })
    }

    /// Chooses by position and payload which payloads go into which files; the others stay in memory. A file holds the payload
    /// as it was serialized, is never overwritten, and appears under its name once the whole message is verified.
    pub fn into_files(
        mut self,
        choose: impl Fn(usize, &Payload) -> Option<PathBuf> + Send + Sync + 'static,
    ) -> Self {
        self.files = Some(Arc::new(choose));
        self
    }

    /// Everything but the count: that is for whoever hands the message on.
    async fn run(self) -> Result<Received, Error> {
        self.open()?.finish().await
    }

    /// Parses and validates the message, with nothing fetched yet.
    pub(crate) fn open(self) -> Result<Opened, Error> {
        self.open_in(observe::receiving())
    }

    /// As [`SmartReceive::open`], within a span that is part of a trace already.
    pub(crate) fn open_in(mut self, span: Span) -> Result<Opened, Error> {
        let _entered = span.clone().entered();
        self.retry.check()?;
        let fileserver_url = environment::fileserver_or_default(self.fileserver_url.take())?;
        let handler = self
            .handler
            .take()
            .unwrap_or_else(|| Arc::new(Fetch::default()));
        let allowed_origins = self.allowed_origins.take();
        let allowed_origins = allowed_origins.unwrap_or_else(|| handler.origins(&fileserver_url));
        if self.decoder.is_open() && !handler.checks_addresses() {
            return Err(Error::argument(
                "any_public_origin and allowed_networks need a download handler that checks addresses, and this one does \
                 not (DownloadHandler::checks_addresses); allowed_origins works with every handler",
            ));
        }
        self.decoder = self.decoder.clone().allowed_origins(allowed_origins);
        let incoming = self.decoder.decode(&self.json)?;
        Ok(Opened {
            call: self,
            handler,
            fileserver_url,
            incoming,
            span,
        })
    }
}

/// A message that is valid and whose links are allowed, before anything is fetched.
pub(crate) struct Opened {
    call: SmartReceive,
    handler: Arc<dyn AnyDownloadHandler>,
    fileserver_url: String,
    incoming: Incoming,
    span: Span,
}

impl Opened {
    #[cfg(feature = "nats")]
    pub(crate) fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// Whether anything is to be fetched.
    #[cfg(feature = "nats")]
    pub(crate) fn has_links(&self) -> bool {
        let mut payloads = self.envelope().payloads.iter();
        payloads.any(|payload| payload.transport == Transport::Link)
    }

    #[cfg(feature = "nats")]
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    #[cfg(feature = "nats")]
    pub(crate) fn envelope(&self) -> &Envelope {
        self.incoming.envelope()
    }

    /// Fetches and decodes.
    pub(crate) async fn finish(self) -> Result<Received, Error> {
        let span = self.span.clone();
        self.unpack().instrument(span).await
    }

    async fn unpack(self) -> Result<Received, Error> {
        let Opened {
            call,
            handler,
            fileserver_url,
            incoming,
            span,
        } = self;
        observe::understood(&span, incoming.envelope());
        let targets: Vec<Option<PathBuf>> = match &call.files {
            None => vec![None; incoming.envelope().payloads.len()],
            Some(choose) => {
                let payloads = incoming.envelope().payloads.iter().enumerate();
                payloads
                    .map(|(index, payload)| choose(index, payload))
                    .collect()
            }
        };
        for (index, target) in targets.iter().enumerate() {
            check_target(&incoming, index, target.as_deref())?;
            if target.is_some() && targets[..index].contains(target) {
                let target = target.as_deref().unwrap_or(Path::new(""));
                let reason = "another payload is to be kept there".to_owned();
                return Err(local(&incoming, index, target, reason));
            }
        }
        let deadline = call
            .deadline
            .and_then(|deadline| Instant::now().checked_add(deadline));
        let downloads = incoming.downloads();
        let calls: Vec<_> = downloads
            .iter()
            .map(|pending| {
                call.fetch(
                    &*handler,
                    &fileserver_url,
                    &incoming,
                    pending,
                    targets[pending.index].as_deref(),
                    deadline,
                )
            })
            .collect();
        let calls = stream::iter(calls).buffered(TRANSFER.max_concurrent as usize);
        let fetched: Vec<(usize, Taken)> = calls.try_collect().await?;
        let received = keep(incoming, fetched, &targets).await?;
        observe::unpacked(&received.envelope);
        Ok(received)
    }
}

impl SmartReceive {
    async fn fetch(
        &self,
        handler: &dyn AnyDownloadHandler,
        fileserver_url: &str,
        incoming: &Incoming,
        pending: &PendingDownload,
        target: Option<&Path>,
        deadline: Option<Instant>,
    ) -> Result<(usize, Taken), Error> {
        let context = incoming.context();
        let reporter = Reporter {
            callback: self.progress.clone(),
            direction: Direction::Download,
            index: pending.index,
            dataname: pending.dataname.as_str().into(),
            size: pending.size,
        };
        let call = async {
            let mut sink = match target {
                None => Sink::memory(Some(pending.size), pending.sha256, reporter)?,
                Some(path) => Sink::file(folder(path), pending.size, pending.sha256, reporter)?,
            };
            let download = Download {
                fileserver_url,
                link: &pending.link,
                retry: self.retry,
                timeouts: self.timeouts,
                correlation_id: &context.correlation_id,
                reach: self.decoder.reach(pending.link.origin()),
            };
            handler.download(download, &mut sink).await?;
            sink.finish()
        };
        let envelope = incoming.envelope();
        let call = observe::transferring(
            Direction::Download,
            &pending.dataname,
            Some(pending.size),
            Some(pending.link.origin()),
            Fields::of_payload(envelope, &envelope.payloads[pending.index]),
            within(deadline, call),
        );
        call.await
            .map(|taken| (pending.index, taken))
            .map_err(|error: HandlerError| {
                let message = format!(
                    "payload {} could not be fetched from {}: {error}",
                    pending.index, pending.link
                );
                error
                    .into_error(ErrorCode::DownloadFailed, Phase::Fetch, message)
                    .of_payload(pending.index, &pending.dataname, "data")
                    .within(&context)
            })
    }
}

impl IntoFuture for SmartReceive {
    type Output = Result<Received, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let received = self.run().await?;
            observe::message_received(&received.envelope);
            Ok(received)
        })
    }
}

impl std::fmt::Debug for SmartReceive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmartReceive")
            .field("bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}

/// Decodes payload by payload, what is in files as well as what is in memory, and only then gives the files their names.
async fn keep(
    incoming: Incoming,
    fetched: Vec<(usize, Taken)>,
    targets: &[Option<PathBuf>],
) -> Result<Received, Error> {
    let mut fetched: HashMap<usize, Taken> = fetched.into_iter().collect();
    let mut files: Vec<(usize, NamedTempFile, &Path)> = Vec::new();
    let mut values = Vec::with_capacity(targets.len());
    for (index, target) in targets.iter().enumerate() {
        let value = match (fetched.remove(&index), target) {
            (Some(Taken::File(file)), Some(target)) => {
                judge(&incoming, index, file.path()).await?;
                files.push((index, file, target));
                Value::File(target.clone())
            }
            (None, Some(target)) => {
                let bytes = incoming.direct_bytes(index)?;
                incoming.content(index, bytes.clone())?;
                let file = written(target, &bytes);
                let file =
                    file.map_err(|error| local(&incoming, index, target, error.to_string()))?;
                files.push((index, file, target));
                Value::File(target.clone())
            }
            (Some(Taken::Bytes(bytes)), _) => incoming.content(index, bytes)?,
            (Some(Taken::File(_)) | None, None) => incoming.value(index, None)?,
        };
        values.push(value);
    }
    let mut kept: Vec<&Path> = Vec::with_capacity(files.len());
    for (index, file, target) in files {
        if let Err(error) = file.persist_noclobber(target) {
            // All or nothing: what got its name already goes again.
            for path in kept {
                let _ = std::fs::remove_file(path);
            }
            return Err(local(&incoming, index, target, error.error.to_string()));
        }
        kept.push(target);
    }
    Ok(incoming.received(values))
}

/// A temporary file with these bytes, in the folder of its later name.
fn written(target: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let mut file = file::temporary(folder(target))?;
    file.write_all(bytes)?;
    file.flush()?;
    Ok(file)
}

/// Whether a file holds what the payload's type says.
async fn judge(incoming: &Incoming, index: usize, path: &Path) -> Result<(), Error> {
    let payload = &incoming.envelope().payloads[index];
    let unreadable = |error: std::io::Error| local(incoming, index, path, error.to_string());
    if payload.payload_type == PayloadType::Text {
        return match file::check_utf8(path).await.map_err(unreadable)? {
            Ok(()) => Ok(()),
            Err(at) => Err(Error::new(
                ErrorKind::Message,
                ErrorCode::DeserializationError,
                Phase::Decode,
                format!("payload {index} (text): expected UTF-8, found other bytes at byte {at}"),
            )
            .of_payload(index, &payload.dataname, "data")
            .expecting("UTF-8")
            .within(&incoming.context())),
        };
    }
    if !file::streams(payload.payload_type) {
        let bytes = file::read(path).await.map_err(unreadable)?;
        incoming.content(index, bytes)?;
    }
    Ok(())
}

fn check_target(incoming: &Incoming, index: usize, target: Option<&Path>) -> Result<(), Error> {
    match target {
        Some(target) if target.symlink_metadata().is_ok() => Err(local(
            incoming,
            index,
            target,
            "it exists already, and nothing is overwritten".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn local(incoming: &Incoming, index: usize, path: &Path, reason: String) -> Error {
    let dataname = &incoming.envelope().payloads[index].dataname;
    let message = format!(
        "payload {index} cannot be kept as {}: {reason}",
        path.display()
    );
    Error::new(
        ErrorKind::LocalFile,
        ErrorCode::DownloadFailed,
        Phase::Fetch,
        message,
    )
    .of_payload(index, dataname, "")
    .within(&incoming.context())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
