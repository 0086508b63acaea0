//! A file on its way in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use md5::{Digest as _, Md5};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::content_type::{SNIFFED, sniff};
use super::error::{Refusal, human_size};
use super::multipart::Multipart;
use super::store::{Content, Store};
use super::upload::StoredFile;

/// How long an upload may stand still: a client that vanished without a word holds its place no longer.
const SILENCE: Duration = Duration::from_secs(60);

/// Writes the current part of `parts` to disk as the content of a file, announced or new, and makes it
/// available. Whatever goes wrong, and also if the future is dropped, nothing of it stays on disk.
pub(super) async fn receive<B>(
    store: &Arc<Store>,
    upload_id: &str,
    announced: Option<&str>,
    name: &str,
    parts: &mut Multipart<B>,
) -> Result<StoredFile, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let arriving = Arriving {
        store: Arc::clone(store),
        upload_id: upload_id.to_owned(),
        file_id: store.begin(upload_id, announced, name)?,
        completed: false,
    };
    // Made in place: handed to another thread, it could be made after this future was dropped and cleaned up.
    let file = std::fs::File::create_new(store.folder().partial(&arriving.file_id))?;
    let file = tokio::fs::File::from_std(file);
    let content = write(file, parts, store.limits().max_file_size).await?;
    arriving.complete(content)
}

async fn write<B>(
    mut file: tokio::fs::File,
    parts: &mut Multipart<B>,
    max_size: Option<u64>,
) -> Result<Content, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut head = Vec::with_capacity(SNIFFED);
    let mut digest = Md5::new();
    let mut size = 0_u64;
    loop {
        let chunk = match timeout(SILENCE, parts.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => break,
            Ok(Err(_)) | Err(_) => return Err(Refusal::cut_short()),
        };
        size += chunk.len() as u64;
        if let Some(max) = max_size.filter(|max| size > *max) {
            return Err(Refusal::bad_request(format!(
                "file too big (limit is set to {})",
                human_size(max)
            )));
        }
        let wanted = SNIFFED.saturating_sub(head.len()).min(chunk.len());
        head.extend_from_slice(chunk.get(..wanted).unwrap_or_default());
        digest.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(Content {
        size,
        md5: digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        content_type: sniff(&head),
    })
}

/// A file whose content is arriving; dropped early, it takes what has arrived along.
struct Arriving {
    store: Arc<Store>,
    upload_id: String,
    file_id: String,
    completed: bool,
}

impl Arriving {
    fn complete(mut self, content: Content) -> Result<StoredFile, Refusal> {
        let file = self
            .store
            .complete(&self.upload_id, &self.file_id, content)?;
        self.completed = true;
        Ok(file)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.completed {
            self.store.abandon(&self.upload_id, &self.file_id);
        }
    }
}
