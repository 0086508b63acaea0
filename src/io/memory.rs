//! A store in memory, for tests and for two ends in one process (W6.8).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::download::{Download, DownloadHandler};
use super::handler::HandlerError;
use super::sink::Sink;
use super::upload::{Upload, UploadHandler, Uploaded};
use crate::link::Origin;

/// Keeps uploads in memory under `http://memory.invalid/<id>`; its clones share them.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: Arc<Mutex<HashMap<String, Bytes>>>,
}

/// RFC 2606 reserves `invalid`, so nobody will ever serve these links.
const BASE_URL: &str = "http://memory.invalid";

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Memory::default()
    }

    /// How many files are kept.
    pub fn len(&self) -> usize {
        self.files().len()
    }

    /// Whether no file is kept.
    pub fn is_empty(&self) -> bool {
        self.files().is_empty()
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, Bytes>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UploadHandler for Memory {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let bytes = upload.source.bytes().await?;
        let url = format!("{BASE_URL}/{}", super::new_id());
        self.files().insert(url.clone(), bytes);
        Ok(Uploaded::new(200, url))
    }

    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        self.files().remove(&uploaded.url);
        Ok(())
    }
}

impl DownloadHandler for Memory {
    fn origins(&self, _fileserver_url: &str) -> Vec<Origin> {
        BASE_URL.parse().into_iter().collect()
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        let bytes = self.files().get(download.link.as_str()).cloned();
        let bytes = bytes
            .ok_or_else(|| HandlerError::new(format!("{} is not in memory", download.link)))?;
        sink.start(Some(bytes.len() as u64))?;
        sink.write(&bytes)
    }
}
