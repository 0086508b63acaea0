//! The uploads of one message: side by side, judged in list order, with nothing left behind where one fails (W6.3,
//! W6.4).

use std::collections::HashMap;
use std::path::PathBuf;

use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::handler::{HandlerError, Timeouts, within};
use super::observe::{self, Fields};
use super::progress::{Callback, Direction, Reporter};
use super::source::Source;
use super::upload::{Upload, Uploaded};
use super::uploads::Uploads;
use crate::digest::Digest;
use crate::error::Error;
use crate::generated::TRANSFER;
use crate::outgoing::{Outgoing, PendingUpload};
use crate::retry::Retry;
use crate::wire::{Checksum, Envelope, ErrorCode, Phase};

/// What every upload of one call shares.
pub(super) struct Transfer {
    pub(super) fileserver_url: String,
    pub(super) retry: Retry,
    pub(super) timeouts: Timeouts,
    pub(super) deadline: Option<Instant>,
    pub(super) progress: Option<Callback>,
    pub(super) checksum: Checksum,
    /// The files of external parts, by index.
    pub(super) files: HashMap<usize, PathBuf>,
}

/// A message on its way, with what was uploaded for it so far.
pub(super) struct Uploading {
    pub(super) outgoing: Outgoing,
    pub(super) uploads: Uploads,
    /// The span of the call, none of whose parts lies outside of it.
    pub(super) span: Span,
}

impl Uploading {
    pub(super) async fn upload(
        &mut self,
        transfer: &Transfer,
        fallback: bool,
    ) -> Result<(), Error> {
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
                    Ok(()) => {
                        let envelope = self.outgoing.envelope();
                        let payload = &envelope.payloads[pending.index];
                        observe::fell_back(envelope, payload, &error);
                        continue;
                    }
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
                    Source::file(path, pending.size)
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

    pub(super) async fn finish(self) -> Result<Made, Error> {
        let span = self.span.clone();
        let Uploading {
            outgoing, uploads, ..
        } = self;
        let finishing = async {
            match outgoing.finish_bytes() {
                Ok((envelope, text)) => {
                    if uploads.handler().is_oneshot() {
                        observe::broadcast_by_oneshot(&envelope);
                    }
                    observe::loopback_link(&envelope);
                    observe::made(&span, &envelope, text.len());
                    Ok(Made {
                        envelope,
                        text,
                        uploads,
                    })
                }
                Err(error) => {
                    uploads.remove().await;
                    Err(error)
                }
            }
        };
        finishing.instrument(span.clone()).await
    }
}

/// A message that is ready to be published.
pub(crate) struct Made {
    pub(crate) envelope: Envelope,
    pub(crate) text: Vec<u8>,
    pub(crate) uploads: Uploads,
}

async fn upload_one(
    uploading: &Uploading,
    transfer: &Transfer,
    pending: &PendingUpload,
    correlation_id: &str,
) -> Result<(Uploaded, Option<Digest>), HandlerError> {
    let source = match (&pending.bytes, transfer.files.get(&pending.index)) {
        (Some(bytes), _) => Source::from(bytes.clone()),
        (None, Some(path)) => Source::file(path, pending.size),
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
        let uploaded = uploading.uploads.handler().upload(upload).await?;
        // Noted before it is judged, so that it is not left behind.
        uploading.uploads.note(&uploaded);
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
    let envelope = uploading.outgoing.envelope();
    let fields = Fields::of_payload(envelope, &envelope.payloads[pending.index]);
    let call = observe::transferring(
        Direction::Upload,
        &pending.dataname,
        Some(pending.size),
        None,
        fields,
        call,
    );
    within(transfer.deadline, call).await
}
