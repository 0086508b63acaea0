//! A folder that some web server serves (W6.8).

use std::fmt;
use std::path::PathBuf;

use futures_util::StreamExt;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::download::{Download, DownloadHandler};
use super::file::temporary;
use super::handler::{Cause, HandlerError};
use super::sink::Sink;
use super::upload::{Upload, UploadHandler, Uploaded};
use crate::link::Origin;

/// Writes files into a folder, and links to them under the URL where that folder is served. A receiver that is given the same
/// pair reads the files itself.
#[derive(Clone)]
pub struct Folder {
    folder: PathBuf,
    base_url: String,
}

impl Folder {
    /// The folder, which must exist, and the URL under which it is served, such as `https://files.example/inbox`.
    pub fn new(folder: impl Into<PathBuf>, base_url: impl Into<String>) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Folder {
            folder: folder.into(),
            base_url,
        }
    }

    /// The file behind a link, where the link is one of this folder's.
    fn file(&self, url: &str) -> Option<PathBuf> {
        let name = url.strip_prefix(&self.base_url)?.strip_prefix('/')?;
        let id: crate::wire::Uuid = name.parse().ok()?;
        Some(self.folder.join(id.to_string()))
    }
}

/// Without secrets that someone may have put into the URL.
impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder")
            .field("folder", &self.folder)
            .field("base_url", &crate::link::redact(&self.base_url))
            .finish()
    }
}

impl UploadHandler for Folder {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let name = super::new_id().to_string();
        let temporary = temporary(&self.folder).map_err(|error| {
            HandlerError::of(
                Cause::LocalFile,
                format!("no file can be made in {}: {error}", self.folder.display()),
            )
        })?;
        let mut file = File::from_std(temporary.reopen()?);
        let mut pieces = upload.source.stream();
        while let Some(piece) = pieces.next().await {
            file.write_all(&piece?).await?;
        }
        file.flush().await?;
        temporary
            .persist_noclobber(self.folder.join(&name))
            .map_err(|error| HandlerError::from(error.error))?;
        Ok(Uploaded {
            fileid: name.clone(),
            ..Uploaded::new(200, format!("{}/{name}", self.base_url))
        })
    }

    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        match self.file(&uploaded.url) {
            Some(path) => Ok(tokio::fs::remove_file(path).await?),
            None => Err(HandlerError::new("the file is not one of this folder's")),
        }
    }
}

impl DownloadHandler for Folder {
    fn origins(&self, _fileserver_url: &str) -> Vec<Origin> {
        self.base_url.parse().into_iter().collect()
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        let path = self.file(download.link.as_str()).ok_or_else(|| {
            HandlerError::new(format!("{} is no file of this folder", download.link))
        })?;
        let missing =
            |error| HandlerError::new(format!("{} cannot be read: {error}", path.display()));
        let mut file = File::open(&path).await.map_err(missing)?;
        sink.start(Some(file.metadata().await?.len()))?;
        let mut piece = vec![0; 256 * 1024];
        loop {
            match file.read(&mut piece).await? {
                0 => return Ok(()),
                length => sink.write(&piece[..length])?,
            }
        }
    }
}
