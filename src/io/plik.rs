//! Plik as the file server (FR-008, W6.1).

use std::time::Duration;

use futures_util::future::{Either, select};
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tokio::time::{sleep, timeout};

use super::client::client;
use super::download::{Download, DownloadHandler};
use super::fetch::{Credentials, Fetch, refused};
use super::handler::{HandlerError, Timeouts, before_next_attempt};
use super::observe::{self, Fields};
use super::progress::Direction;
use super::sink::Sink;
use super::source::Source;
use super::upload::{Upload, UploadHandler, Uploaded};
use super::uploads;
use crate::error::Error;
use crate::link::Origin;
use crate::retry::Retry;
use crate::wire::{ErrorCode, Phase};

/// The handler of both directions for a Plik server.
#[derive(Clone)]
pub struct Plik {
    /// How long a file is kept; none for a file that is gone once it was fetched.
    ttl: Option<Duration>,
    token: Option<String>,
    credentials: Option<Credentials>,
    servers: Vec<Origin>,
}

impl Plik {
    /// Each file can be fetched once: the first receiver gets it, and a broken download cannot be repeated.
    pub fn oneshot() -> Self {
        Plik {
            ttl: None,
            token: None,
            credentials: None,
            servers: Vec::new(),
        }
    }

    /// Files are kept for `ttl`, rounded up to whole seconds, and can be fetched any number of times until then.
    pub fn kept(ttl: Duration) -> Self {
        Plik {
            ttl: Some(ttl),
            ..Plik::oneshot()
        }
    }

    /// The user token that the server asks for, sent as `X-PlikToken` (NFR-303).
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Uploads are protected by a login and password, which a receiver needs as well.
    #[must_use]
    pub fn password(mut self, login: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials {
            login: login.into(),
            password: password.into(),
        });
        self
    }

    /// Links to this origin are fetched; may be called for several servers.
    #[must_use]
    pub fn server(mut self, origin: Origin) -> Self {
        self.servers.push(origin);
        self
    }

    async fn upload_once(
        &self,
        client: &Client,
        upload: &Upload<'_>,
    ) -> Result<Uploaded, HandlerError> {
        let base = upload.fileserver_url.trim_end_matches('/');
        let created = self.create(client, base, &upload.timeouts).await?;
        let uploaded = Uploaded {
            uploadid: created.id.clone(),
            server: base.to_owned(),
            token: created.upload_token.clone(),
            ..Uploaded::new(200, format!("{base}/upload/{}", created.id))
        };
        let unfinished = Unfinished {
            plik: self.clone(),
            client: client.clone(),
            uploaded: Some(uploaded.clone()),
            timeouts: upload.timeouts,
        };
        let added = self.add(client, base, &created, upload).await;
        unfinished.end();
        match added {
            Ok(file) => {
                let domain = created.download_domain.trim_end_matches('/');
                let domain = if domain.is_empty() { base } else { domain };
                let url = format!("{domain}/file/{}/{}/{FILE_NAME}", created.id, file.id);
                Ok(Uploaded {
                    url,
                    fileid: file.id,
                    ..uploaded
                })
            }
            Err(error) => {
                // What is left of the attempt is in nobody's way: its removal may fail.
                let removal = self.delete(client, base, &uploaded, &upload.timeouts);
                let _ = timeout(upload.timeouts.connect_timeout, removal).await;
                Err(error)
            }
        }
    }

    async fn create(
        &self,
        client: &Client,
        base: &str,
        timeouts: &Timeouts,
    ) -> Result<Created, HandlerError> {
        let mut wanted = Map::new();
        match self.ttl {
            None => wanted.insert("OneShot".to_owned(), true.into()),
            Some(ttl) => wanted.insert(
                "ttl".to_owned(),
                (ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0))
                    .max(1)
                    .into(),
            ),
        };
        wanted.insert("Removable".to_owned(), false.into());
        if let Some(Credentials { login, password }) = &self.credentials {
            wanted.insert("Login".to_owned(), login.as_str().into());
            wanted.insert("Password".to_owned(), password.as_str().into());
        }
        let request = client
            .post(format!("{base}/upload"))
            .header(CONTENT_TYPE, "application/json");
        let request = self
            .authorized(request)
            .body(Json::Object(wanted).to_string());
        let response = timeout(timeouts.read_timeout, request.send())
            .await
            .map_err(|_| {
                HandlerError::timed_out("the file server was silent", timeouts.read_timeout)
            })??;
        answer(response, timeouts.read_timeout).await
    }

    async fn add(
        &self,
        client: &Client,
        base: &str,
        created: &Created,
        upload: &Upload<'_>,
    ) -> Result<Added, HandlerError> {
        let source = upload.source;
        let body = Body::wrap_stream(source.stream());
        let part = Part::stream_with_length(body, source.size()).file_name(FILE_NAME);
        let request = client
            .post(format!("{base}/file/{}", created.id))
            .header("X-UploadToken", &created.upload_token)
            .multipart(Form::new().part("file", part));
        source.touch();
        let sending = std::pin::pin!(self.authorized(request).send());
        let response = while_moving(sending, source, upload.timeouts.read_timeout).await??;
        answer(response, upload.timeouts.read_timeout).await
    }

    async fn delete(
        &self,
        client: &Client,
        base: &str,
        uploaded: &Uploaded,
        timeouts: &Timeouts,
    ) -> Result<(), HandlerError> {
        let request = client
            .delete(format!("{base}/upload/{}", uploaded.uploadid))
            .header("X-UploadToken", &uploaded.token);
        let response = timeout(timeouts.read_timeout, self.authorized(request).send())
            .await
            .map_err(|_| {
                HandlerError::timed_out("the file server was silent", timeouts.read_timeout)
            })??;
        match response.status() {
            StatusCode::OK => Ok(()),
            status => Err(refused(status, response.headers(), true)),
        }
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match &self.token {
            Some(token) => request.header("X-PlikToken", token),
            None => request,
        };
        match &self.credentials {
            Some(Credentials { login, password }) => request.basic_auth(login, Some(password)),
            None => request,
        }
    }
}

/// Without the token.
impl std::fmt::Debug for Plik {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plik")
            .field("ttl", &self.ttl)
            .field("credentials", &self.credentials)
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}

impl UploadHandler for Plik {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let client = client(upload.timeouts.connect_timeout)?;
        let mut attempt = 1;
        loop {
            let error = match self.upload_once(&client, &upload).await {
                Ok(uploaded) => return Ok(uploaded),
                Err(error) => error,
            };
            before_next_attempt(&upload.retry, attempt, error).await?;
            attempt += 1;
        }
    }

    fn is_oneshot(&self) -> bool {
        self.ttl.is_none()
    }

    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        let timeouts = Timeouts::default();
        let client = client(timeouts.connect_timeout)?;
        self.delete(&client, &uploaded.server, uploaded, &timeouts)
            .await
    }
}

impl DownloadHandler for Plik {
    /// Those of [`Plik::server`]; without any, that of the file server.
    fn origins(&self, fileserver_url: &str) -> Vec<Origin> {
        match self.servers.is_empty() {
            true => fileserver_url.parse().into_iter().collect(),
            false => self.servers.clone(),
        }
    }

    fn checks_addresses(&self) -> bool {
        true
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        // Another server that the receiver allows is not told the password of this one.
        let own = self
            .origins(download.fileserver_url)
            .contains(download.link.origin());
        let fetch = Fetch::default().credentials(self.credentials.clone().filter(|_| own));
        DownloadHandler::download(&fetch, download, sink).await
    }
}

/// Uploads bytes, or a file by its [`Path`](std::path::Path), so that they can be fetched once: what `smartsend` does with a large payload,
/// by itself. `dataname` is not sent to the server.
///
/// # Errors
///
/// INVALID_ENVELOPE for a `fileserver_url` that is no http or https URL; UPLOAD_FAILED after the last attempt.
pub async fn plik_oneshot_upload(
    fileserver_url: &str,
    dataname: &str,
    data: impl Into<Source>,
) -> Result<Uploaded, Error> {
    let source = data.into();
    let fileserver_url =
        super::environment::fileserver_or_default(Some(fileserver_url.to_owned()))?;
    let upload = Upload {
        fileserver_url: &fileserver_url,
        dataname,
        source: &source,
        correlation_id: "",
        retry: Retry::default(),
        timeouts: Timeouts::default(),
    };
    let plik = Plik::oneshot();
    let call = observe::transferring(
        Direction::Upload,
        dataname,
        Some(source.size()),
        None,
        Fields::default(),
        UploadHandler::upload(&plik, upload),
    );
    call.await.map_err(|error| {
        let message = format!("payload {dataname:?} could not be uploaded: {error}");
        error
            .into_error(ErrorCode::UploadFailed, Phase::Upload, message)
            .of(dataname)
    })
}

/// An upload that was created and has no file yet. Where its call is dropped, it is removed in the background, as far as the
/// runtime lives on.
struct Unfinished {
    plik: Plik,
    client: Client,
    uploaded: Option<Uploaded>,
    timeouts: Timeouts,
}

impl Unfinished {
    fn end(mut self) {
        self.uploaded = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(uploaded) = self.uploaded.take() else {
            return;
        };
        let (plik, client, timeouts) = (self.plik.clone(), self.client.clone(), self.timeouts);
        uploads::in_background(async move {
            let removal = plik.delete(&client, &uploaded.server, &uploaded, &timeouts);
            let _ = timeout(timeouts.connect_timeout, removal).await;
        });
    }
}

/// A name of our own, since any other would have to be escaped.
const FILE_NAME: &str = "payload";

/// What Plik says of a new upload; it has more members than these.
#[derive(Deserialize)]
struct Created {
    id: String,
    #[serde(rename = "uploadToken", default)]
    upload_token: String,
    #[serde(rename = "downloadDomain", default)]
    download_domain: String,
}

/// What Plik says of a new file.
#[derive(Deserialize)]
struct Added {
    id: String,
}

/// Waits for an answer as long as pieces of the source go out, and `idle` beyond the last.
async fn while_moving<F: Future + Unpin>(
    mut sending: F,
    source: &Source,
    idle: Duration,
) -> Result<F::Output, HandlerError> {
    loop {
        let last = source.last();
        let waiting = std::pin::pin!(sleep(idle.saturating_sub(last.elapsed())));
        match select(sending, waiting).await {
            Either::Left((output, _)) => return Ok(output),
            Either::Right(((), _)) if source.last() == last => {
                return Err(HandlerError::timed_out(
                    "no byte could be sent and no answer came",
                    idle,
                ));
            }
            Either::Right(((), unfinished)) => sending = unfinished,
        }
    }
}

/// The JSON of a 200, which Plik sends as text/plain.
async fn answer<T: DeserializeOwned>(
    mut response: Response,
    read_timeout: Duration,
) -> Result<T, HandlerError> {
    /// More than Plik ever says of one upload.
    const MAX_ANSWER: usize = 1 << 20;
    if response.status() != StatusCode::OK {
        let error = refused(response.status(), response.headers(), true);
        return Err(error);
    }
    let mut text = Vec::new();
    let silent = |_| HandlerError::timed_out("the file server was silent", read_timeout);
    while let Some(piece) = timeout(read_timeout, response.chunk())
        .await
        .map_err(silent)??
    {
        text.extend_from_slice(&piece);
        if text.len() > MAX_ANSWER {
            return Err(HandlerError::new(
                "the file server's answer is longer than 1 MiB",
            ));
        }
    }
    serde_json::from_slice(&text).map_err(|error| {
        HandlerError::new(format!(
            "the file server's answer is not that of Plik: {error}"
        ))
    })
}
