//! Plik's HTTP API: which request does what.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, EXPECT, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::error::Refusal;
use super::multipart::Multipart;
use super::receive::receive;
use super::request::CreateRequest;
use super::route::{self, Route, Target};
use super::store::{Caller, MAX_FILES, Store};
use super::upload::{StoredFile, to_json};

/// The release of Plik whose behaviour this is.
const PLIK_VERSION: &str = "1.3.8";

/// The largest body of a request that creates an upload, in bytes.
const MAX_CREATE_BYTES: usize = 1024 * 1024;

/// How much of a refused request's body is read so that its connection can be used again, in bytes.
const MAX_DRAIN_BYTES: usize = 256 * 1024;

/// Programs that get an error as it is. Everything else is taken for a browser and sent to a page.
const PROGRAMS: [&str; 8] = [
    "wget",
    "curl",
    "python-urllib",
    "libwwww-perl",
    "php",
    "pycurl",
    "go-http-client",
    "plik_client",
];

/// The API over one store.
pub(super) struct Api {
    /// The uploads.
    pub(super) store: Arc<Store>,
    /// The tokens that users may send; with none, tokens mean nothing.
    pub(super) user_tokens: Vec<String>,
    /// The URL that files are to be fetched from, where it is another, and its host and port.
    pub(super) download_domain: Option<(String, String)>,
    /// The URL of this server.
    pub(super) url: String,
}

impl Api {
    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, mut body) = request.into_parts();
        let mut answer = match route::target(head.uri.path()) {
            Target::Route(route) => self.carry_out(&head, route, &mut body).await,
            Target::Unknown => answer::refused(&Refusal::not_found("404 page not found")),
            Target::Malformed => answer::refused(&Refusal::bad_request("400 Bad Request")),
            Target::Elsewhere(path) => {
                let query = head.uri.query().map(|q| format!("?{q}"));
                answer::moved(&(path + &query.unwrap_or_default()))
            }
        };
        // A client that waits for `100 Continue` is not to be told to send what was refused.
        let waits = head.headers.contains_key(EXPECT) && !answer.status().is_success();
        let is_read = body.is_end_stream() || (!waits && drain(&mut body).await);
        if !is_read {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
        }
        answer
    }

    async fn carry_out(&self, head: &Parts, route: Route, body: &mut Incoming) -> Answer {
        let is_download = matches!(route, Route::File { .. })
            && matches!(head.method, Method::GET | Method::HEAD);
        match self.serve(head, route, body).await {
            Ok(answer) => answer,
            // A browser is sent to a page, unless it has to ask for the password.
            Err(refusal)
                if is_download
                    && refusal.status != StatusCode::UNAUTHORIZED
                    && !is_program(&head.headers) =>
            {
                answer::moved(&error_page(head, &refusal))
            }
            Err(refusal) => answer::refused(&refusal),
        }
    }

    async fn serve(
        &self,
        head: &Parts,
        route: Route,
        body: &mut Incoming,
    ) -> Result<Answer, Refusal> {
        match (&head.method, route) {
            (&Method::GET, Route::Config) => Ok(answer::text(self.config())),
            (&Method::GET, Route::Version) => Ok(answer::text(version())),
            (&Method::GET, Route::Health) => Ok(answer::text("ok\n")),
            (&Method::POST, Route::Quick) => self.quick(head, body).await,
            (&Method::POST, Route::Uploads) => self.create(head, body).await,
            (&Method::GET, Route::Upload(id)) => {
                let (upload, admin) = self.store.view(&id, &self.caller(head)?)?;
                let files = Some(upload.files.as_slice());
                Ok(answer::text(upload.to_json(
                    admin,
                    self.download_url(),
                    files,
                )))
            }
            (&Method::DELETE, Route::Upload(id)) => {
                self.store.remove(&id, &self.caller(head)?)?;
                Ok(answer::text("ok"))
            }
            (&Method::POST, Route::Files(id)) => {
                self.store.may_add(&id, None, &self.caller(head)?)?;
                let file = self.add(head, &id, None, body).await?;
                Ok(answer::text(to_json(&file)))
            }
            (&Method::POST, Route::File { upload, file, name }) => {
                let announced = Some((file.as_str(), name.as_str()));
                self.store
                    .may_add(&upload, announced, &self.caller(head)?)?;
                let file = self.add(head, &upload, Some(&file), body).await?;
                Ok(answer::text(to_json(&file)))
            }
            (&Method::DELETE, Route::File { upload, file, name }) => {
                self.store
                    .remove_file(&upload, (&file, &name), &self.caller(head)?)?;
                Ok(answer::text("ok"))
            }
            (&(Method::GET | Method::HEAD), Route::File { upload, file, name }) => {
                self.download(head, &upload, (&file, &name))
            }
            _ => Ok(answer::empty(StatusCode::METHOD_NOT_ALLOWED)),
        }
    }

    async fn create(&self, head: &Parts, body: &mut Incoming) -> Result<Answer, Refusal> {
        let caller = self.caller(head)?;
        let body = read_all(body).await?;
        let request = CreateRequest::parse(&body).map_err(|e| {
            Refusal::bad_request(format!("unable to deserialize request body : {e}"))
        })?;
        let is_v1 = request.is_v1;
        let upload = self.store.create(request, caller.user_token)?;
        let json = if is_v1 {
            upload.to_json_v1(self.download_url())
        } else {
            let files = Some(upload.files.as_slice()).filter(|files| !files.is_empty());
            upload.to_json(true, self.download_url(), files)
        };
        let mut answer = answer::text(json);
        // For convenience: the header that the next request has to carry.
        let header = upload
            .credentials
            .map(|pair| HeaderValue::try_from(format!("Basic {pair}")));
        if let Some(Ok(value)) = header {
            answer.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(answer)
    }

    async fn quick(&self, head: &Parts, body: &mut Incoming) -> Result<Answer, Refusal> {
        let caller = self.caller(head)?;
        let upload = self
            .store
            .create(CreateRequest::default(), caller.user_token)?;
        let file = self.add(head, &upload.id, None, body).await?;
        let base = match &self.download_domain {
            Some((url, _)) => url,
            None => &self.url,
        };
        let name = route::segment(&file.name);
        Ok(answer::text(format!(
            "{base}/file/{}/{}/{name}\n",
            upload.id, file.id
        )))
    }

    /// Receives the part `file` of a form.
    async fn add(
        &self,
        head: &Parts,
        upload: &str,
        announced: Option<&str>,
        body: &mut Incoming,
    ) -> Result<StoredFile, Refusal> {
        let invalid = |e| Refusal::bad_request(format!("invalid multipart form : {e}"));
        let content_type = head
            .headers
            .get(CONTENT_TYPE)
            .map_or(&b""[..], HeaderValue::as_bytes);
        let mut parts = Multipart::new(content_type, body).map_err(invalid)?;
        while let Some(part) = parts.next_part().await.map_err(invalid)? {
            if part.name.as_deref() == Some("file") {
                let name = part
                    .file_name
                    .ok_or_else(|| Refusal::bad_request("missing file name from multipart form"))?;
                return receive(&self.store, upload, announced, &name, &mut parts).await;
            }
        }
        Err(Refusal::bad_request("missing file from multipart form"))
    }

    fn download(&self, head: &Parts, upload: &str, file: (&str, &str)) -> Result<Answer, Refusal> {
        let caller = self.caller(head)?;
        let is_head = head.method == Method::HEAD;
        if let Some((_, domain)) = &self.download_domain {
            let host = text_of(&head.headers, HOST.as_str()).unwrap_or_default();
            if host != *domain {
                // What is wrong with the upload or the file is said first.
                self.store.open(upload, file, &caller, true)?;
                return Err(Refusal::bad_request(format!(
                    "Invalid download domain {host}"
                )));
            }
        }
        let opened = self.store.open(upload, file, &caller, is_head)?;
        let query = head.uri.query().unwrap_or_default();
        let as_attachment = query
            .split('&')
            .any(|p| p.strip_prefix("dl=").is_some_and(|v| !v.is_empty()));
        Ok(answer::file(opened, as_attachment))
    }

    fn caller(&self, head: &Parts) -> Result<Caller, Refusal> {
        let sent = text_of(&head.headers, "x-pliktoken").filter(|token| !token.is_empty());
        let user_token = sent.filter(|_| !self.user_tokens.is_empty());
        if user_token
            .as_ref()
            .is_some_and(|token| !self.user_tokens.contains(token))
        {
            return Err(Refusal::forbidden("invalid token"));
        }
        Ok(Caller {
            upload_token: text_of(&head.headers, "x-uploadtoken"),
            user_token,
            authorization: text_of(&head.headers, AUTHORIZATION.as_str()),
        })
    }

    fn download_url(&self) -> &str {
        self.download_domain.as_ref().map_or("", |(url, _)| url)
    }

    fn config(&self) -> Vec<u8> {
        let limits = self.store.limits();
        let size = limits.max_file_size.and_then(|max| i64::try_from(max).ok());
        let users = !self.user_tokens.is_empty();
        to_json(&serde_json::json!({
            "maxFileSize": size.unwrap_or(-1),
            "maxUserSize": -1,
            "maxFilePerUpload": MAX_FILES,
            "defaultTTL": limits.default_ttl,
            "maxTTL": limits.max_ttl.unwrap_or(-1),
            "downloadDomain": self.download_url(),
            "downloadDomainAlias": null,
            "abuseContact": "",
            "feature_authentication": if users { "forced" } else { "disabled" },
            "feature_one_shot": "enabled",
            "feature_removable": "enabled",
            "feature_stream": "disabled",
            "feature_password": "enabled",
            "feature_comments": "enabled",
            "feature_set_ttl": "enabled",
            "feature_extend_ttl": "disabled",
            "feature_clients": "disabled",
            "feature_github": "disabled",
            "feature_text": "disabled",
            "authentication": users,
            "noAnonymousUploads": users,
            "oneShot": true,
            "removable": true,
            "stream": false,
            "protectedByPassword": true,
            "googleAuthentication": false,
            "ovhAuthentication": false,
            "ovhApiEndpoint": "",
        }))
    }
}

fn version() -> Vec<u8> {
    to_json(&serde_json::json!({
        "version": PLIK_VERSION,
        "date": 0,
        "isRelease": false,
        "isMint": false,
        "clients": null,
        "releases": null,
        "natsbridge": env!("CARGO_PKG_VERSION"),
    }))
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn is_program(headers: &HeaderMap) -> bool {
    let agent = text_of(headers, USER_AGENT.as_str()).unwrap_or_default();
    let agent = agent.to_ascii_lowercase();
    PROGRAMS.iter().any(|program| agent.starts_with(program))
}

/// Where Plik's web page shows an error.
fn error_page(head: &Parts, refusal: &Refusal) -> String {
    let reason = route::segment(&refusal.message);
    let uri = head.uri.path_and_query().map_or("", |uri| uri.as_str());
    format!(
        "/#/?err={reason}&errcode={}&uri={uri}",
        refusal.status.as_u16()
    )
}

async fn read_all(body: &mut Incoming) -> Result<Vec<u8>, Refusal> {
    let refuse =
        |reason: &str| Refusal::bad_request(format!("unable to read request body : {reason}"));
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| refuse("unexpected EOF"))?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > MAX_CREATE_BYTES {
            return Err(refuse("http: request body too large"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Reads what is left of a body if that is little; `false` if it is not all read.
async fn drain(body: &mut Incoming) -> bool {
    let read = async {
        let mut left = MAX_DRAIN_BYTES;
        while !body.is_end_stream() {
            match body.frame().await {
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, Bytes::len);
                    match left.checked_sub(length) {
                        Some(rest) => left = rest,
                        None => return false,
                    }
                }
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        true
    };
    timeout(Duration::from_secs(1), read).await.unwrap_or(false)
}
