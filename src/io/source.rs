//! Where the bytes of an upload come from: memory or a file, and they can be read again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::handler::{Cause, HandlerError};
use super::progress::Reporter;
use crate::digest::{Digest, Hasher};

/// The bytes to be uploaded. They can be read any number of times, and every complete reading must give the same.
#[derive(Clone, Debug)]
pub struct Source {
    place: Place,
    size: u64,
    reporter: Reporter,
    state: Arc<Mutex<State>>,
}

#[derive(Clone)]
enum Place {
    Memory(Bytes),
    File(PathBuf),
}

/// Bytes as their number.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Memory(bytes) => write!(f, "Memory({} bytes)", bytes.len()),
            Place::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

#[derive(Debug)]
struct State {
    digest: Option<Digest>,
    /// When the last piece was taken.
    last: Instant,
}

impl Source {
    /// The content of a file, which is as long as `size` says.
    pub fn file(path: impl Into<PathBuf>, size: u64) -> Self {
        Source::new(Place::File(path.into()), size)
    }

    /// The number of bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Memory(_) => None,
        }
    }

    /// All bytes at once; a file is read into memory.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or has changed.
    pub async fn bytes(&self) -> Result<Bytes, HandlerError> {
        if let Place::Memory(bytes) = &self.place {
            self.note(Digest::of(bytes))?;
            self.reporter.report(self.size);
            return Ok(bytes.clone());
        }
        let mut all = Vec::new();
        all.try_reserve_exact(usize::try_from(self.size).unwrap_or(usize::MAX))
            .map_err(|error| {
                HandlerError::of(Cause::LocalFile, format!("{} bytes: {error}", self.size))
            })?;
        let mut pieces = std::pin::pin!(self.stream());
        while let Some(piece) = pieces.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all.into())
    }

    /// The bytes in pieces, from the start. It ends with an error where the file has changed meanwhile.
    pub fn stream(&self) -> impl Stream<Item = Result<Bytes, HandlerError>> + Send + 'static {
        let source = self.clone();
        let pieces = match self.place.clone() {
            Place::Memory(bytes) => stream::iter(pieces(bytes).map(Ok)).left_stream(),
            Place::File(path) => stream::once(File::open(path))
                .map(|opened| match opened {
                    Ok(file) => ReaderStream::with_capacity(file, PIECE).left_stream(),
                    Err(error) => stream::iter([Err(error)]).right_stream(),
                })
                .flatten()
                .right_stream(),
        };
        // `None` marks the end, where the whole is judged.
        let pieces = pieces.map(Some).chain(stream::iter([None]));
        pieces
            .scan((Hasher::default(), 0_u64), move |(hasher, read), piece| {
                let next = source.next(hasher, read, piece);
                std::future::ready(next.transpose())
            })
            .boxed()
    }

    /// The digest of the bytes, read once more where no reading has come to its end yet.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or has changed.
    pub async fn digest(&self) -> Result<Digest, HandlerError> {
        if let Some(digest) = self.state().digest {
            return Ok(digest);
        }
        let silent = self.clone().reporting(Reporter::silent(self.size));
        let mut pieces = std::pin::pin!(silent.stream());
        while let Some(piece) = pieces.next().await {
            piece?;
        }
        let digest = self.state().digest;
        digest.ok_or_else(|| HandlerError::new("the source ended without a digest"))
    }

    pub(super) fn reporting(mut self, reporter: Reporter) -> Self {
        self.reporter = reporter;
        self
    }

    /// Says that nothing has to be sent, since the same bytes are there already.
    #[cfg(feature = "object-store")]
    pub(super) fn skipped(&self) {
        self.reporter.report(self.size);
    }

    /// When the last piece was taken by whoever uploads.
    pub(super) fn last(&self) -> Instant {
        self.state().last
    }

    pub(super) fn touch(&self) {
        self.state().last = Instant::now();
    }

    fn new(place: Place, size: u64) -> Self {
        let state = State {
            digest: None,
            last: Instant::now(),
        };
        Source {
            place,
            size,
            reporter: Reporter::silent(size),
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn next(
        &self,
        hasher: &mut Hasher,
        read: &mut u64,
        piece: Option<std::io::Result<Bytes>>,
    ) -> Result<Option<Bytes>, HandlerError> {
        self.touch();
        let Some(piece) = piece else {
            if *read != self.size {
                return Err(self.changed());
            }
            self.note(std::mem::take(hasher).finish())?;
            return Ok(None);
        };
        let piece = piece?;
        *read += piece.len() as u64;
        if *read > self.size {
            return Err(self.changed());
        }
        hasher.update(&piece);
        self.reporter.report(*read);
        Ok(Some(piece))
    }

    fn note(&self, digest: Digest) -> Result<(), HandlerError> {
        let mut state = self.state();
        match state.digest {
            Some(known) if known != digest => Err(self.changed()),
            _ => {
                state.digest = Some(digest);
                Ok(())
            }
        }
    }

    fn changed(&self) -> HandlerError {
        let place = self
            .path()
            .map_or("the source".to_owned(), |path| path.display().to_string());
        HandlerError::of(
            Cause::LocalFile,
            format!("{place} changed while it was being sent"),
        )
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Source::new(Place::Memory(bytes), size)
    }
}

/// The file as long as it is now; where there is none, its reading fails.
impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Source::file(path, size)
    }
}

impl From<&[u8]> for Source {
    fn from(bytes: &[u8]) -> Self {
        Bytes::copy_from_slice(bytes).into()
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

/// Bytes that are handed on at a time.
const PIECE: usize = 256 * 1024;

fn pieces(bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    (0..bytes.len())
        .step_by(PIECE)
        .map(move |start| bytes.slice(start..bytes.len().min(start + PIECE)))
}
