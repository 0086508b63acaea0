//! Handlers of the adapter's own (W6.7).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64_simd::STANDARD;
use natsbridge::{
    Download, DownloadHandler, HandlerError, Origin, Sink, Upload, UploadHandler, Uploaded,
};

/// Uploads nothing and answers this.
pub(crate) struct Answering(pub(crate) u16, pub(crate) String);

impl UploadHandler for Answering {
    async fn upload(&self, _: Upload<'_>) -> Result<Uploaded, HandlerError> {
        Ok(Uploaded::new(self.0, &self.1))
    }
}

/// Knows some URLs, remembers what it was asked for, and fails for any other.
pub(crate) struct Knowing {
    known: BTreeMap<String, String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Knowing {
    pub(crate) fn new(known: &BTreeMap<String, String>) -> Self {
        Knowing {
            known: known.clone(),
            asked: Arc::default(),
        }
    }

    /// The URLs that it was asked for, from now on.
    pub(crate) fn asked(&self) -> Arc<Mutex<Vec<String>>> {
        self.asked.clone()
    }
}

impl DownloadHandler for Knowing {
    fn origins(&self, _: &str) -> Vec<Origin> {
        Vec::new()
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        let url = download.link.as_str();
        self.asked
            .lock()
            .expect("nobody panics with it")
            .push(url.to_owned());
        let base64 = self
            .known
            .get(url)
            .ok_or_else(|| HandlerError::new("the handler does not know this link"))?;
        let bytes = STANDARD.decode_to_vec(base64).expect("base64");
        sink.start(None)?;
        sink.write(&bytes)
    }
}
