//! Where the bytes of a download go, and the checks that they pass on the way (W6.6).

use std::io::{Seek, Write};
use std::path::Path;

use bytes::Bytes;
use tempfile::NamedTempFile;

use super::file::temporary;
use super::handler::{Cause, HandlerError};
use super::progress::Reporter;
use crate::digest::{Digest, Hasher};

/// Takes the bytes of one payload, counts and hashes them, and keeps them in memory or in a file.
#[derive(Debug)]
pub struct Sink {
    place: Place,
    size: Option<u64>,
    sha256: Option<Digest>,
    written: u64,
    hasher: Option<Hasher>,
    reporter: Reporter,
    failed: Option<HandlerError>,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    File(NamedTempFile),
}

/// What a sink has taken, found right.
#[derive(Debug)]
pub(super) enum Taken {
    Bytes(Bytes),
    File(NamedTempFile),
}

impl Sink {
    /// The number of bytes that the message announces; none where the caller does not know it.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Starts anew: what an earlier attempt wrote is dropped. `content_length` is what the server announces, if it does.
    ///
    /// # Errors
    ///
    /// SIZE_MISMATCH where the server announces another number than the message.
    pub fn start(&mut self, content_length: Option<u64>) -> Result<(), HandlerError> {
        self.written = 0;
        self.failed = None;
        self.hasher = self.sha256.map(|_| Hasher::default());
        match &mut self.place {
            Place::Memory(bytes) => bytes.clear(),
            Place::File(file) => {
                file.as_file_mut().set_len(0)?;
                file.as_file_mut().rewind()?;
            }
        }
        match (self.size, content_length) {
            (Some(size), Some(length)) if size != length => Err(HandlerError::of(
                Cause::Size,
                format!("the server announces {length} bytes, the message {size}"),
            )),
            _ => Ok(()),
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// SIZE_MISMATCH where there are more than the message announces; an error of the file where it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), HandlerError> {
        if self.failed.is_none() {
            self.failed = self.take(bytes).err();
        }
        // A handler that passes over an error hears of it again.
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Whether all announced bytes are here.
    pub fn is_complete(&self) -> bool {
        self.size.is_none_or(|size| self.written == size)
    }

    /// Bytes so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn memory(
        size: Option<u64>,
        sha256: Option<Digest>,
        reporter: Reporter,
    ) -> Result<Self, HandlerError> {
        /// What the sender announces may be a lie, so more is reserved only as bytes come.
        const AT_ONCE: u64 = 16 << 20;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(size.unwrap_or_default().min(AT_ONCE) as usize)
            .map_err(|error| HandlerError::of(Cause::LocalFile, error.to_string()))?;
        Ok(Sink::new(Place::Memory(bytes), size, sha256, reporter))
    }

    /// Into a temporary file in the folder of its later name.
    pub(super) fn file(
        folder: &Path,
        size: u64,
        sha256: Option<Digest>,
        reporter: Reporter,
    ) -> Result<Self, HandlerError> {
        let file = temporary(folder).map_err(|error| {
            HandlerError::of(
                Cause::LocalFile,
                format!("no file can be made in {}: {error}", folder.display()),
            )
        })?;
        Ok(Sink::new(Place::File(file), Some(size), sha256, reporter))
    }

    pub(super) fn finish(mut self) -> Result<Taken, HandlerError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Some(size) = self.size.filter(|size| *size != self.written) {
            let message = format!("{} of {size} bytes came", self.written);
            return Err(HandlerError::of(Cause::Size, message));
        }
        if let Some(expected) = self.sha256 {
            let found = self.hasher.take().unwrap_or_default().finish();
            if found != expected {
                let message =
                    format!("the SHA-256 of the bytes is {found}, the message says {expected}");
                return Err(HandlerError::of(Cause::Checksum, message));
            }
        }
        match self.place {
            Place::Memory(bytes) => Ok(Taken::Bytes(bytes.into())),
            Place::File(mut file) => {
                file.flush()?;
                Ok(Taken::File(file))
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), HandlerError> {
        self.written = self.written.saturating_add(bytes.len() as u64);
        if let Some(size) = self.size.filter(|size| self.written > *size) {
            return Err(HandlerError::of(
                Cause::Size,
                format!("the server sends more than the {size} bytes of the message"),
            ));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        match &mut self.place {
            Place::Memory(all) => {
                all.try_reserve(bytes.len()).map_err(|error| {
                    let message =
                        format!("{} bytes cannot be held in memory: {error}", self.written);
                    HandlerError::of(Cause::LocalFile, message)
                })?;
                all.extend_from_slice(bytes);
            }
            Place::File(file) => file.write_all(bytes)?,
        }
        self.reporter.report(self.written);
        Ok(())
    }

    fn new(place: Place, size: Option<u64>, sha256: Option<Digest>, reporter: Reporter) -> Self {
        let hasher = sha256.map(|_| Hasher::default());
        Sink {
            place,
            size,
            sha256,
            written: 0,
            hasher,
            reporter,
            failed: None,
        }
    }
}
