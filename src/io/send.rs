//! `smartsend`: serialize, choose, upload, write (requirements 11.1).

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::environment;
use super::file;
use super::handler::{HandlerError, Timeouts, within};
use super::plik::Plik;
use super::progress::{Callback, Direction, Reporter};
use super::source::Source;
use super::upload::{AnyUploadHandler, Upload, UploadHandler, Uploaded};
use crate::arguments::message_arguments;
use crate::digest::Digest;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind};
use crate::generated::{DESKTOP, TRANSFER};
use crate::outgoing::{Outgoing, PendingUpload};
use crate::part::{Part, PartData, Unserializable};
use crate::retry::Retry;
use crate::value::Value;
use crate::wire::{Checksum, Envelope, ErrorCode, PayloadType, Phase};

/// Makes a message of named, typed payloads; large ones are uploaded, the others ride in the message itself.
///
/// Awaiting it gives the envelope and its JSON text, which the caller publishes to `subject`. What is not passed in is taken
/// from the environment (`NATS_URL`, `FILESERVER_URL`, `SIZE_THRESHOLD`), else from the schema's defaults.
///
/// ```
/// # async fn example() -> Result<(), natsbridge::Error> {
/// use natsbridge::{Value, smartsend};
///
/// let payloads = [("msg", Value::from("Hello"), "text"), ("img", Value::from(b"\x89PNG"), "image")];
/// let (envelope, json) = smartsend("/chat/user/v1/message", payloads).sender_name("docs").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// In this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the schema, SERIALIZATION_ERROR for data
/// that its type cannot carry or a file that cannot be read, PAYLOAD_TOO_LARGE where the message cannot be made to fit,
/// UPLOAD_FAILED where a large payload can neither be uploaded nor ride in the message.
pub fn smartsend<P: Into<Part>>(
    subject: impl Into<String>,
    payloads: impl IntoIterator<Item = P>,
) -> SmartSend {
    SmartSend {
        draft: Draft::new(subject, payloads),
        fileserver_url: None,
        handler: Arc::new(Plik::oneshot()),
        retry: Retry::default(),
        timeouts: Timeouts::default(),
        deadline: None,
        fallback: true,
        progress: None,
    }
}

/// A message that is about to be made; awaiting it gives the envelope and its JSON text.
///
/// Dropping the future stops its uploads.
#[must_use = "nothing is sent or uploaded before it is awaited"]
#[derive(Clone)]
pub struct SmartSend {
    draft: Draft,
    fileserver_url: Option<String>,
    handler: Arc<dyn AnyUploadHandler>,
    retry: Retry,
    timeouts: Timeouts,
    deadline: Option<Duration>,
    fallback: bool,
    progress: Option<Callback>,
}

/// The builder methods of transfers, the same in both directions.
macro_rules! transfer_arguments {
    () => {
        /// The file server; else `FILESERVER_URL`, else `http://localhost:8080`.
        pub fn fileserver_url(mut self, fileserver_url: impl Into<String>) -> Self {
            self.fileserver_url = Some(fileserver_url.into());
            self
        }

        /// How often and how patiently transfers are tried.
        pub fn retry(mut self, retry: $crate::Retry) -> Self {
            self.retry = retry;
            self
        }

        /// Attempts in all, at least 1; 5 by default.
        pub fn max_retries(mut self, max_retries: u32) -> Self {
            self.retry.max_retries = max_retries;
            self
        }

        /// The first delay between attempts, doubled after each; 100 ms by default.
        pub fn base_delay(mut self, base_delay: std::time::Duration) -> Self {
            self.retry.base_delay = base_delay;
            self
        }

        /// The longest delay between attempts; 5,000 ms by default.
        pub fn max_delay(mut self, max_delay: std::time::Duration) -> Self {
            self.retry.max_delay = max_delay;
            self
        }

        /// How long a connection to the file server may take, per attempt; 5,000 ms by default.
        pub fn connect_timeout(mut self, connect_timeout: std::time::Duration) -> Self {
            self.timeouts.connect_timeout = connect_timeout;
            self
        }

        /// How long no byte may go or come, per attempt; 30,000 ms by default.
        pub fn read_timeout(mut self, read_timeout: std::time::Duration) -> Self {
            self.timeouts.read_timeout = read_timeout;
            self
        }

        /// How long all transfers of the call may take together; as long as they like by default.
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.deadline = Some(deadline);
            self
        }

        /// Is called for every piece that was transferred; it may be called from another task, and should return soon.
        pub fn on_progress(
            mut self,
            callback: impl Fn($crate::Progress<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.progress = Some(std::sync::Arc::new(callback));
            self
        }
    };
}
pub(super) use transfer_arguments;

impl SmartSend {
    message_arguments!(draft.arguments);
    transfer_arguments!();

    /// Where large payloads go; Plik, one-shot, by default.
    pub fn fileserver_upload_handler(mut self, handler: impl UploadHandler) -> Self {
        self.handler = Arc::new(handler);
        self
    }

    /// Whether payloads that could not be uploaded ride in the message if they fit; they do by default.
    pub fn fallback(mut self, fallback: bool) -> Self {
        self.fallback = fallback;
        self
    }

    /// As awaiting it, with the text as bytes.
    ///
    /// # Errors
    ///
    /// As [`smartsend`].
    pub async fn into_bytes(self) -> Result<(Envelope, Vec<u8>), Error> {
        self.outgoing().await?.finish().await
    }

    /// Everything up to the text.
    async fn outgoing(mut self) -> Result<Uploading, Error> {
        let context = self.draft.context();
        self.retry.check().map_err(|error| error.within(&context))?;
        let arguments = &mut self.draft.arguments;
        let fileserver_url = environment::fill(arguments, self.fileserver_url)
            .map_err(|error| error.within(&context))?;
        let checksum = arguments.checksum;
        let files = read_files(&mut self.draft).await?;
        let outgoing = self.draft.encode(super::now(), &mut super::new_id)?;
        let mut uploading = Uploading {
            outgoing,
            handler: self.handler,
            uploaded: Mutex::default(),
        };
        let transfer = Transfer {
            fileserver_url,
            retry: self.retry,
            timeouts: self.timeouts,
            deadline: self
                .deadline
                .and_then(|deadline| Instant::now().checked_add(deadline)),
            progress: self.progress,
            checksum,
            files,
        };
        match uploading.upload(&transfer, self.fallback).await {
            Ok(()) => Ok(uploading),
            Err(error) => {
                remove(&*uploading.handler, uploading.uploaded).await;
                Err(error)
            }
        }
    }
}

impl IntoFuture for SmartSend {
    type Output = Result<(Envelope, String), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (envelope, text) = self.into_bytes().await?;
            let text = String::from_utf8(text)
                .map_err(|error| Error::argument("the envelope is not UTF-8").caused_by(error))?;
            Ok((envelope, text))
        })
    }
}

/// What every upload of one call shares.
struct Transfer {
    fileserver_url: String,
    retry: Retry,
    timeouts: Timeouts,
    deadline: Option<Instant>,
    progress: Option<Callback>,
    checksum: Checksum,
    /// The files of external parts, by index.
    files: HashMap<usize, PathBuf>,
}

/// A message on its way, with what was uploaded for it so far.
struct Uploading {
    outgoing: Outgoing,
    handler: Arc<dyn AnyUploadHandler>,
    uploaded: Mutex<Vec<Uploaded>>,
}

impl Uploading {
    async fn upload(&mut self, transfer: &Transfer, fallback: bool) -> Result<(), Error> {
        let pending = self.outgoing.uploads();
        let correlation_id = self.outgoing.context().correlation_id;
        let calls: Vec<_> = pending
            .iter()
            .map(|pending| upload_one(self, transfer, pending, &correlation_id))
            .collect();
        let mut results = Vec::with_capacity(pending.len());
        let mut calls = stream::iter(calls).buffered(TRANSFER.max_concurrent as usize);
        while let Some(result) = calls.next().await {
            let failed = result.is_err();
            results.push(result);
            if failed && !fallback {
                break;
            }
        }
        drop(calls);
        let mut failures = Vec::new();
        for (pending, result) in pending.into_iter().zip(results) {
            let linked = result.and_then(|(uploaded, digest)| {
                let linked = self.outgoing.link(pending.index, &uploaded.url, digest);
                linked.map_err(|error| HandlerError::new(error.message()))
            });
            if let Err(error) = linked {
                failures.push((pending, error));
            }
        }
        for (pending, error) in failures {
            let reason = match fallback {
                false => "fallback is off".to_owned(),
                true => match self.fall_back(transfer, &pending).await {
                    Ok(()) => continue,
                    Err(reason) => reason,
                },
            };
            let PendingUpload {
                index, dataname, ..
            } = &pending;
            let message = format!(
                "payload {index} could not be uploaded: {error}; nor can it go direct: {reason}"
            );
            return Err(error
                .into_error(ErrorCode::UploadFailed, Phase::Upload, message)
                .of_payload(*index, dataname, "")
                .within(&self.outgoing.context()));
        }
        Ok(())
    }

    async fn fall_back(
        &mut self,
        transfer: &Transfer,
        pending: &PendingUpload,
    ) -> Result<(), String> {
        let bytes = match (&pending.bytes, transfer.files.get(&pending.index)) {
            (Some(_), _) | (None, None) => None,
            (None, Some(path)) => {
                self.outgoing
                    .fits_direct(pending.size)
                    .map_err(|error| error.message().to_owned())?;
                Some(
                    source(path, pending.size)
                        .bytes()
                        .await
                        .map_err(|error| error.to_string())?,
                )
            }
        };
        self.outgoing
            .fall_back(pending.index, bytes)
            .map_err(|error| error.message().to_owned())
    }

    fn note(&self, uploaded: &Uploaded) {
        let mut noted = self.uploaded.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(uploaded.clone());
    }

    async fn finish(self) -> Result<(Envelope, Vec<u8>), Error> {
        let Uploading {
            outgoing,
            handler,
            uploaded,
        } = self;
        match outgoing.finish_bytes() {
            Ok(finished) => Ok(finished),
            Err(error) => {
                remove(&*handler, uploaded).await;
                Err(error)
            }
        }
    }
}

/// Removes what was uploaded; that it fails changes nothing, since the caller hears of the cause already, and is not kept
/// waiting for it by a server that hangs.
async fn remove(handler: &dyn AnyUploadHandler, uploaded: Mutex<Vec<Uploaded>>) {
    let uploaded = uploaded
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let calls: Vec<_> = uploaded
        .iter()
        .map(|uploaded| handler.remove(uploaded))
        .collect();
    let removals = stream::iter(calls)
        .buffer_unordered(TRANSFER.max_concurrent as usize)
        .for_each(|_| std::future::ready(()));
    let bound = Duration::from_millis(TRANSFER.connect_timeout_ms);
    let _ = tokio::time::timeout(bound, removals).await;
}

async fn upload_one(
    uploading: &Uploading,
    transfer: &Transfer,
    pending: &PendingUpload,
    correlation_id: &str,
) -> Result<(Uploaded, Option<Digest>), HandlerError> {
    let source = match (&pending.bytes, transfer.files.get(&pending.index)) {
        (Some(bytes), _) => Source::from(bytes.clone()),
        (None, Some(path)) => source(path, pending.size),
        (None, None) => {
            return Err(HandlerError::new(
                "the bytes of an external part are not at hand",
            ));
        }
    };
    let source = source.reporting(Reporter {
        callback: transfer.progress.clone(),
        direction: Direction::Upload,
        index: pending.index,
        dataname: pending.dataname.as_str().into(),
        size: pending.size,
    });
    let upload = Upload {
        fileserver_url: &transfer.fileserver_url,
        dataname: &pending.dataname,
        source: &source,
        correlation_id,
        retry: transfer.retry,
        timeouts: transfer.timeouts,
    };
    let call = async {
        let uploaded = uploading.handler.upload(upload).await?;
        // Noted before it is judged, so that it is not left behind.
        uploading.note(&uploaded);
        if uploaded.status != 200 {
            let message = format!("the upload handler returned status {}", uploaded.status);
            return Err(HandlerError::new(message));
        }
        let digest = match transfer.checksum {
            Checksum::None => None,
            _ => Some(source.digest().await?),
        };
        Ok((uploaded, digest))
    };
    within(transfer.deadline, call).await?
}

fn source(path: &Path, size: u64) -> Source {
    Source::file(path, size)
}

/// Reads the files among the parts, but for those that are large and need not be seen as a whole: these stay where they are
/// and are handed back by their index. What cannot be read fails its part, so that faults count in list order.
async fn read_files(draft: &mut Draft) -> Result<HashMap<usize, PathBuf>, Error> {
    let threshold = draft
        .arguments
        .size_threshold
        .or(DESKTOP.size_threshold)
        .unwrap_or(u64::MAX);
    let mut files = HashMap::new();
    if !draft
        .parts
        .iter()
        .any(|part| matches!(part.data, PartData::Value(Value::File(_))))
    {
        return Ok(files);
    }
    // Arguments count before data, so that a file is not even looked at where they are wrong.
    draft.check(super::now(), &mut super::new_id)?;
    for (index, part) in draft.parts.iter_mut().enumerate() {
        let PartData::Value(Value::File(path)) = &part.data else {
            continue;
        };
        let path = path.clone();
        let streams = part.payload_type.parse().is_ok_and(file::streams);
        part.data = match read_file(
            &path,
            streams,
            part.payload_type == PayloadType::Text.as_str(),
            threshold,
        )
        .await
        {
            Ok(PartData::External { size }) => {
                files.insert(index, path);
                PartData::External { size }
            }
            Ok(data) => data,
            Err(error) => unreadable(
                format!("the file {} cannot be read: {error}", path.display()),
                "a readable file",
            ),
        };
    }
    Ok(files)
}

async fn read_file(
    path: &Path,
    streams: bool,
    text: bool,
    threshold: u64,
) -> std::io::Result<PartData> {
    let metadata = tokio::fs::metadata(path).await?;
    let size = metadata.len();
    if !(streams && metadata.is_file() && size >= threshold.max(1)) {
        return file::read(path).await.map(PartData::Serialized);
    }
    if text && let Err(at) = file::check_utf8(path).await? {
        return Ok(unreadable(
            format!(
                "the file {} is no text: it is not UTF-8 at byte {at}",
                path.display()
            ),
            "UTF-8",
        ));
    }
    Ok(PartData::External { size })
}

fn unreadable(message: String, expected: &'static str) -> PartData {
    PartData::Failed(Unserializable {
        kind: ErrorKind::LocalFile,
        message,
        expected,
    })
}

impl std::fmt::Debug for SmartSend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmartSend")
            .field("subject", &self.draft.subject)
            .finish_non_exhaustive()
    }
}
