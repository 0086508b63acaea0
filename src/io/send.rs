//! `smartsend`: serialize, choose, upload, write (requirements 11.1).

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::environment;
use super::file;
use super::handler::Timeouts;
use super::observe;
use super::plik::Plik;
use super::progress::Callback;
use super::upload::{AnyUploadHandler, UploadHandler};
use super::uploading::{Made, Transfer, Uploading};
use super::uploads::Uploads;
use crate::arguments::message_arguments;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind};
use crate::part::{Part, PartData, Unserializable};
use crate::retry::Retry;
use crate::value::Value;
use crate::wire::{Envelope, PayloadType, Timestamp};

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
    Draft::new(subject, payloads).into()
}

/// A message that is about to be made; awaiting it gives the envelope and its JSON text.
///
/// Dropping the future stops its uploads.
#[must_use = "nothing is sent or uploaded before it is awaited"]
#[derive(Clone)]
pub struct SmartSend {
    pub(crate) draft: Draft,
    pub(crate) fileserver_url: Option<String>,
    pub(crate) handler: Option<Arc<dyn AnyUploadHandler>>,
    retry: Retry,
    timeouts: Timeouts,
    pub(crate) deadline: Option<Duration>,
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
        self.handler = Some(Arc::new(handler));
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
        let made = self.make().await?;
        made.uploads.keep();
        observe::message_made();
        Ok((made.envelope, made.text))
    }

    /// As [`SmartSend::into_bytes`], with what is needed to take the uploads back. Counts nothing: that is for whoever
    /// hands the message on.
    pub(crate) async fn make(self) -> Result<Made, Error> {
        self.outgoing().await?.finish().await
    }

    /// Everything up to the text.
    async fn outgoing(mut self) -> Result<Uploading, Error> {
        // Whatever is told of the call, from its start, has the ids of its message.
        let arguments = &mut self.draft.arguments;
        for id in [&mut arguments.correlation_id, &mut arguments.msg_id] {
            id.get_or_insert_with(|| super::new_id().to_string());
        }
        let timestamp = super::now();
        let span = observe::sending(&self.draft, &timestamp);
        self.prepare(timestamp, span.clone()).instrument(span).await
    }

    async fn prepare(mut self, timestamp: Timestamp, span: Span) -> Result<Uploading, Error> {
        let context = self.draft.context();
        self.retry.check().map_err(|error| error.within(&context))?;
        let arguments = &mut self.draft.arguments;
        let fileserver_url = environment::fill(arguments, self.fileserver_url)
            .map_err(|error| error.within(&context))?;
        let checksum = arguments.checksum;
        let files = read_files(&mut self.draft).await?;
        let outgoing = self.draft.encode(timestamp, &mut super::new_id)?;
        observe::prepared(outgoing.envelope());
        let mut uploading = Uploading {
            outgoing,
            uploads: Uploads::new(self.handler.unwrap_or_else(|| Arc::new(Plik::oneshot()))),
            span,
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
                uploading.uploads.remove().await;
                Err(error)
            }
        }
    }
}

/// A message whose text the core is to make, and whose uploads `smartsend` does.
impl From<Draft> for SmartSend {
    fn from(draft: Draft) -> Self {
        SmartSend {
            draft,
            fileserver_url: None,
            handler: None,
            retry: Retry::default(),
            timeouts: Timeouts::default(),
            deadline: None,
            fallback: true,
            progress: None,
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

/// Reads the files among the parts, but for those that are large and need not be seen as a whole: these stay where they are
/// and are handed back by their index. What cannot be read fails its part, so that faults count in list order.
async fn read_files(draft: &mut Draft) -> Result<HashMap<usize, PathBuf>, Error> {
    let threshold = draft.arguments.threshold();
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
