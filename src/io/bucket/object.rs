//! One object on its way up: at once, or in parts of which none is left behind.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutPayload};
use tokio::time::{sleep, timeout};

use super::attempts::Attempts;
use super::refusal::call;
use crate::io::handler::{HandlerError, Timeouts};
use crate::io::upload::Upload;
use crate::io::uploads;

/// Parts of one upload that are on their way at a time.
const PARTS_AT_ONCE: usize = 2;

/// The most parts that S3, and so its likes, allow an object.
const MAX_PARTS: u64 = 10_000;

/// Puts the bytes there, in one attempt but for the parts.
pub(super) async fn put(
    store: &dyn ObjectStore,
    path: &Path,
    upload: &Upload<'_>,
    part_size: u64,
    attempts: &Arc<Attempts>,
) -> Result<(), HandlerError> {
    let source = upload.source;
    let part_size = part_size.max(source.size().div_ceil(MAX_PARTS));
    let mut parts = Parts {
        pieces: source.stream(),
        rest: Bytes::new(),
        part_size: usize::try_from(part_size).unwrap_or(usize::MAX),
    };
    if source.size() <= part_size {
        let whole = parts.next().await?.unwrap_or_default();
        // The end of the source is where it is judged.
        parts.next().await?;
        call(upload.timeouts, store.put(path, whole)).await?;
        return Ok(());
    }
    let begun = call(
        upload.timeouts,
        store.put_multipart_opts(path, options(attempts)),
    );
    let mut unfinished = Unfinished {
        upload: Some(begun.await?),
        timeouts: upload.timeouts,
    };
    let put = put_parts(&mut unfinished, parts).await;
    match put {
        Ok(()) => unfinished.upload = None,
        Err(_) => unfinished.abort().await,
    }
    put
}

async fn put_parts(
    unfinished: &mut Unfinished,
    mut parts: Parts<impl Stream<Item = Result<Bytes, HandlerError>> + Unpin>,
) -> Result<(), HandlerError> {
    let timeouts = unfinished.timeouts;
    let Some(upload) = &mut unfinished.upload else {
        return Ok(());
    };
    let mut on_their_way = FuturesUnordered::new();
    let sent = async {
        while let Some(part) = parts.next().await? {
            on_their_way.push(call(timeouts, upload.put_part(part)));
            if on_their_way.len() >= PARTS_AT_ONCE {
                on_their_way.next().await.transpose()?;
            }
        }
        while let Some(put) = on_their_way.next().await {
            put?;
        }
        Ok(())
    };
    let sent: Result<(), HandlerError> = sent.await;
    if sent.is_err() {
        // A part that arrives behind the removal of the others would stay.
        let rest = on_their_way.for_each(|_| std::future::ready(()));
        let _ = timeout(timeouts.connect_timeout, rest).await;
        return sent;
    }
    call(timeouts, upload.complete()).await?;
    Ok(())
}

#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
fn options(attempts: &Arc<Attempts>) -> PutMultipartOptions {
    let policy = super::transport::PartPolicy(Arc::clone(attempts));
    PutMultipartOptions::default().with_retry_policy(Arc::new(policy))
}

#[cfg(not(any(feature = "azure", feature = "gcs", feature = "s3")))]
fn options(_: &Arc<Attempts>) -> PutMultipartOptions {
    PutMultipartOptions::default()
}

/// A source cut into parts that are all of one size, but for the last.
struct Parts<S> {
    pieces: S,
    /// Of the last piece, what belongs to the next part.
    rest: Bytes,
    part_size: usize,
}

impl<S: Stream<Item = Result<Bytes, HandlerError>> + Unpin> Parts<S> {
    /// The next part without its bytes being copied; none at the end of the source.
    async fn next(&mut self) -> Result<Option<PutPayload>, HandlerError> {
        let mut part = Vec::new();
        let mut missing = self.part_size;
        while missing > 0 {
            if self.rest.is_empty() {
                match self.pieces.next().await {
                    Some(piece) => self.rest = piece?,
                    None => break,
                }
            }
            let piece = self.rest.split_to(self.rest.len().min(missing));
            missing -= piece.len();
            part.push(piece);
        }
        let payload = (!part.is_empty()).then(|| PutPayload::from_iter(part));
        Ok(payload)
    }
}

/// An upload in parts that was not completed: what is there of it costs money and is in no listing.
struct Unfinished {
    upload: Option<Box<dyn MultipartUpload>>,
    timeouts: Timeouts,
}

impl Unfinished {
    async fn abort(&mut self) {
        if let Some(mut upload) = self.upload.take() {
            abort(&mut *upload, self.timeouts).await;
        }
    }
}

/// A call that was dropped, since a deadline has passed or another payload failed, still removes its parts.
impl Drop for Unfinished {
    fn drop(&mut self) {
        let timeouts = self.timeouts;
        if let Some(mut upload) = self.upload.take() {
            uploads::in_background(async move {
                abort(&mut *upload, timeouts).await;
                // A part that was on its way may have arrived meanwhile.
                sleep(SETTLING).await;
                abort(&mut *upload, timeouts).await;
            });
        }
    }
}

/// How long a store may still be busy with bytes whose sender has gone.
pub(super) const SETTLING: Duration = Duration::from_secs(1);

/// Nobody is kept waiting for it by a store that hangs, and that it fails changes nothing.
async fn abort(upload: &mut dyn MultipartUpload, timeouts: Timeouts) {
    let aborted = call(timeouts, upload.abort());
    let _ = timeout(timeouts.connect_timeout, aborted).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn parts_are_of_one_size_whatever_the_pieces_are() {
        for piece in [1, 3, 4, 5, 12, 100] {
            let bytes: Vec<u8> = (0..11).collect();
            let pieces: Vec<_> = bytes
                .chunks(piece)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            let mut parts = Parts {
                pieces: stream::iter(pieces),
                rest: Bytes::new(),
                part_size: 4,
            };
            let mut found = Vec::new();
            while let Some(part) = parts.next().await.expect("a part") {
                found.push(Bytes::from(part).to_vec());
            }
            let expected: Vec<Vec<u8>> = bytes.chunks(4).map(<[u8]>::to_vec).collect();
            assert_eq!(found, expected, "{piece}");
        }
    }
}
