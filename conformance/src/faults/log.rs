//! What the server saw of each request.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All requests of one token, in the order in which they came.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// One each.
    pub requests: Vec<Entry>,
    /// Requests that were not noted any more, since there were too many.
    pub left_out: u64,
}

/// One request. Times are milliseconds since the server's start. No secret is in it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When its head had come.
    pub at: f64,
    /// Which origin it came to.
    pub server: Origin,
    /// What was asked for.
    pub call: Call,
    /// Its method.
    pub method: String,
    /// Its path behind the token, as it came.
    pub path: String,
    /// Its query, whose content is not noted, was there.
    pub has_query: bool,
    /// Which attempt of this path, or of this kind of upload request, it is, from 1.
    pub attempt: u64,
    /// The step that this attempt met; empty where there was none.
    pub step: String,
    /// Its headers that are no secrets, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The names of headers that carry secrets.
    pub secrets: Vec<String>,
    /// The upload token that it carried.
    pub upload_token: Token,
    /// The upload that it is about.
    pub upload: String,
    /// What a `create` asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Wanted>,
    /// What was uploaded, if it came whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePart>,
    /// Bytes of its body that were read.
    pub received: u64,
    /// The status of the answer; none before its head was written.
    pub status: Option<u16>,
    /// When the first byte of the answer was about to be written.
    pub answered: Option<f64>,
    /// Bytes of the answer's body that were handed to the network, with what frames them.
    pub sent: u64,
    /// When the server was done with it.
    pub ended: Option<f64>,
    /// How the connection ended.
    pub end: End,
    /// What was wrong with the URL of the scenario itself; never there for a scenario that is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misuse: Option<String>,
}

/// One of the two origins of the server.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// That of its URL.
    #[default]
    Main,
    /// The other one.
    Other,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// A file of a scenario.
    Get,
    /// Plik: a new upload.
    Create,
    /// Plik: a file into an upload.
    Add,
    /// Plik: an upload's removal.
    Remove,
    /// Plik: what was uploaded.
    Fetch,
    /// Nothing that is there.
    #[default]
    Unknown,
}

/// An upload token.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// None was there.
    #[default]
    Absent,
    /// That of the upload.
    Right,
    /// Another one.
    Wrong,
}

/// What a new upload is to be like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `OneShot`.
    pub one_shot: bool,
    /// `ttl`, in seconds; 0 if it was not there.
    pub ttl: i64,
    /// `Removable`.
    pub removable: bool,
}

/// The one part of an upload's form.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FilePart {
    /// The name of the field.
    pub field: String,
    /// The name of the file.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: String,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It has not.
    #[default]
    Open,
    /// In good order, behind the whole answer.
    Whole,
    /// By the server, as the step says, before the answer was whole.
    Cut,
    /// By the client, before the answer was whole.
    Client,
    /// By the server, since it took too long or the server ended.
    Expired,
}

/// Headers that are noted with their values; of others with a secret the name is noted.
pub(super) const NOTED: [&str; 10] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "range",
    "transfer-encoding",
    "user-agent",
];

/// Headers whose values are secrets.
pub(super) const SECRET: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-pliktoken",
    "x-uploadtoken",
];
