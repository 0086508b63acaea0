//! Requests to one server, and what of its answers has to be the same everywhere.

use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::peer::Peer;

/// The boundary of [`form`].
pub(super) const BOUNDARY: &str = "a boundary";

const ESSENTIAL: [&str; 11] = [
    "allow",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-length",
    "content-type",
    "expires",
    "location",
    "pragma",
    "www-authenticate",
    "x-content-type-options",
];

/// A form with one file, whose name stands in the header as it is given.
pub(super) fn form(parameters: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {parameters}\r\n\r\n");
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), content, end.as_bytes()].concat()
}

/// An answer, reduced to what does not differ from run to run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) label: String,
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// A conversation with one server.
pub(super) struct Script<'a> {
    pub(super) peer: &'a Peer,
    pub(super) steps: Vec<Step>,
    client: Client,
    /// Texts that differ from run to run, with what stands for them.
    random: Vec<(String, String)>,
}

/// What a step of a script goes on with.
pub(super) struct Reply {
    pub(super) json: Value,
    pub(super) text: String,
}

impl Reply {
    /// A member that is a string.
    pub(super) fn member(&self, name: &str) -> &str {
        self.json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }
}

/// An upload and its secret.
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) token: String,
}

impl<'a> Script<'a> {
    pub(super) fn new(peer: &'a Peer) -> Self {
        // The library compiles reqwest without a TLS provider of its own; that there is one already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy();
        let host = peer.url.trim_start_matches("http://").to_owned();
        Self {
            peer,
            steps: Vec::new(),
            client: client.build().expect("client"),
            random: vec![
                (peer.url.clone(), "<url>".to_owned()),
                (host, "<host>".to_owned()),
            ],
        }
    }

    /// A request as Plik's own client would make it.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.peer.url);
        self.client
            .request(method, url)
            .header(USER_AGENT, "plik_client/test")
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(super) fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        self.request(Method::POST, path).body(body.into())
    }

    /// A file added to an upload; `parameters` as for [`form`].
    pub(super) fn add(&self, upload: &Upload, parameters: &str, content: &[u8]) -> RequestBuilder {
        self.send_form(
            &format!("/file/{}", upload.id),
            &upload.token,
            form(parameters, content),
        )
    }

    pub(super) fn send_form(&self, path: &str, token: &str, form: Vec<u8>) -> RequestBuilder {
        let request = self.post(path, form).header("X-UploadToken", token);
        request.header(
            CONTENT_TYPE,
            format!("multipart/form-data; boundary=\"{BOUNDARY}\""),
        )
    }

    /// Sends a request, whose answer must have that status, and notes the answer.
    pub(super) async fn step(
        &mut self,
        label: &str,
        status: u16,
        request: RequestBuilder,
    ) -> Reply {
        let answer = request
            .send()
            .await
            .unwrap_or_else(|e| panic!("{}: {label}: {e:?}", self.peer.name));
        let (found, headers) = (answer.status(), answer.headers().clone());
        let body = answer
            .bytes()
            .await
            .unwrap_or_else(|e| panic!("{}: {label}: {e:?}", self.peer.name));
        self.note(label, status, found, &headers, &body)
    }

    /// Creates an upload, without a step of its own.
    pub(super) async fn create(&mut self, json: &str) -> Upload {
        let request = self
            .post("/upload", json)
            .header("X-PlikToken", self.peer.user_token.as_str());
        let reply = self.step(&format!("create {json}"), 200, request).await;
        Upload {
            id: reply.member("id").to_owned(),
            token: reply.member("uploadToken").to_owned(),
        }
    }

    /// Sends bytes as they are, for what no client would send.
    pub(super) async fn raw(&mut self, label: &str, status: u16, request: &[u8]) {
        let address = self.peer.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("connect");
        stream.write_all(request).await.expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("an answer");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{label}: {text}"));
        let mut headers = HeaderMap::new();
        for line in head.lines().skip(1) {
            let (name, value) = line.split_once(": ").expect("a header");
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                value.parse().expect("a value"),
            );
        }
        let found = head
            .get(9..12)
            .and_then(|code| code.parse().ok())
            .expect("a status");
        self.note(label, status, found, &headers, body.as_bytes());
    }

    fn note(
        &mut self,
        label: &str,
        status: u16,
        found: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Reply {
        let text = String::from_utf8_lossy(body).into_owned();
        assert_eq!(
            found.as_u16(),
            status,
            "{}: {label}: {text}",
            self.peer.name
        );
        let json: Value = serde_json::from_str(&text)
            .ok()
            .filter(Value::is_object)
            .unwrap_or_default();
        self.learn(&json);
        let mut essential: BTreeMap<String, String> = ESSENTIAL
            .iter()
            .filter_map(|name| {
                Some((
                    (*name).to_owned(),
                    self.stable(&header_text(headers, name)?),
                ))
            })
            .collect();
        if json.is_object()
            || self.stable(&text).len() < text.len() && self.stable(&text).ends_with(" : ")
        {
            // Go leaves out the last zeros of a second's fraction, and has its own words for what is not JSON.
            essential.remove("content-length");
        }
        if found.is_redirection() {
            // Go sends a small page along, for browsers of the nineties; a length of it is of no use.
            essential.remove("content-length");
            essential.remove("content-type");
        }
        let body = match &json {
            Value::Null if found.is_redirection() => String::new(),
            Value::Null => self.stable(&text),
            json => format!("{:#}", self.stable_json(json)),
        };
        self.steps.push(Step {
            label: label.to_owned(),
            status,
            headers: essential,
            body,
        });
        Reply { json, text }
    }

    /// Takes the random texts out of an answer.
    fn learn(&mut self, json: &Value) {
        let mut found = vec![("upload", &json["id"]), ("token", &json["uploadToken"])];
        let files = match &json["files"] {
            Value::Array(files) => files.iter().collect(),
            Value::Object(files) => files.values().collect(),
            _ => Vec::new(),
        };
        found.extend(files.into_iter().map(|file| ("file", &file["id"])));
        for (kind, value) in found {
            if let Some(text) = value.as_str()
                && !self.random.iter().any(|(known, _)| known == text)
            {
                assert!(
                    text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric()),
                    "{text}"
                );
                let name = format!("<{kind} {} of {}>", self.random.len(), text.len());
                self.random.push((text.to_owned(), name));
            }
        }
    }

    fn stable(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (random, name) in &self.random {
            text = text.replace(random, name);
        }
        // What is wrong with a text that is not JSON, each parser says in its own words.
        for prefix in [
            "unable to deserialize request body : ",
            "unable to read data from request body : ",
            "invalid multipart form : ",
        ] {
            if text.starts_with(prefix) && !text.contains("Content-Type") {
                text.truncate(prefix.len());
            }
        }
        text
    }

    fn stable_json(&self, json: &Value) -> Value {
        match json {
            Value::Object(members) => {
                let stable = members
                    .iter()
                    .filter(|(name, _)| *name != "natsbridge")
                    .map(|(name, value)| {
                        let value = match name.as_str() {
                            "createdAt" | "expireAt" if value.is_string() => {
                                Value::from(time_form(value))
                            }
                            "uploadDate" => {
                                Value::from(value.as_u64().is_some_and(|s| s > 1_700_000_000))
                            }
                            // Plik is built without its version by `go install`.
                            "version" => Value::from(value.is_string()),
                            _ => self.stable_json(value),
                        };
                        (self.stable(name), value)
                    });
                Value::Object(stable.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.stable_json(item)).collect(),
            Value::String(text) => Value::from(self.stable(text)),
            other => other.clone(),
        }
    }
}

/// The same for every time that is written as RFC 3339 demands.
fn time_form(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let form: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    // Go writes the zone of the machine and as many digits of a second's fraction as it needs.
    let is_time =
        form.starts_with("0000-00-00T00:00:00") && form.trim_end_matches("+00:00").len() >= 19;
    format!("a time: {is_time}")
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
    Some(match name {
        // Plik misspells the word, which browsers forgive.
        "content-disposition" => text.replace("attachement", "attachment"),
        // Plik puts the reason in as it is, spaces included.
        "location" => percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned(),
        _ => text,
    })
}

/// The request with one header set anew.
pub(super) fn with(
    request: RequestBuilder,
    name: impl TryInto<HeaderName>,
    value: &str,
) -> RequestBuilder {
    let name = name.try_into().ok().expect("a header's name");
    request.headers(HeaderMap::from_iter([(
        name,
        value.parse().expect("a header's value"),
    )]))
}
