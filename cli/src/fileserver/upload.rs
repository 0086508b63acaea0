//! An upload and its files: what is kept of them in memory, and how the API shows it.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// An upload: files that share a time to live, a secret and a password.
#[derive(Clone)]
pub(super) struct Upload {
    /// 16 letters and digits.
    pub(super) id: String,
    /// The secret that whoever created the upload sends as `X-UploadToken`.
    pub(super) token: String,
    /// Seconds from creation to expiry, negative for ever.
    pub(super) ttl: i64,
    /// The client's text.
    pub(super) comments: String,
    /// A file is gone as soon as a download of it starts.
    pub(super) one_shot: bool,
    /// Everybody may remove the upload and its files.
    pub(super) removable: bool,
    /// Base64 of `login:password`, as `Authorization: Basic` carries it.
    pub(super) credentials: Option<String>,
    /// The user's token that the upload was created with.
    pub(super) user_token: Option<String>,
    /// In order of creation.
    pub(super) files: Vec<StoredFile>,
    /// When it was created.
    pub(super) created: SystemTime,
    /// When it is removed; `None` for never.
    pub(super) expires: Option<SystemTime>,
}

/// One file of an upload.
#[derive(Clone, Serialize)]
pub(super) struct StoredFile {
    /// 16 letters and digits; the name of its bytes on disk.
    pub(super) id: String,
    /// The client's name for it, 1 to 1,024 bytes. It is never used as a path.
    #[serde(rename = "fileName")]
    pub(super) name: String,
    /// What can be done with it.
    pub(super) status: Status,
    /// Hex digits, empty until it is uploaded.
    #[serde(rename = "fileMd5")]
    pub(super) md5: String,
    /// Announced, or told from the content; empty where neither is known.
    #[serde(rename = "fileType")]
    pub(super) content_type: String,
    /// Bytes announced, or received.
    #[serde(rename = "fileSize")]
    pub(super) size: i64,
    /// The client's own name for it.
    pub(super) reference: String,
    /// When it was created.
    #[serde(rename = "createdAt", serialize_with = "rfc3339")]
    pub(super) created: SystemTime,
}

/// The life of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Announced; its bytes have not come yet.
    Missing,
    /// Its bytes are coming.
    Uploading,
    /// It can be downloaded.
    Uploaded,
    /// It is gone: downloaded once, removed, or its upload failed.
    Deleted,
}

impl Status {
    /// The word the API uses.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Deleted => "deleted",
        }
    }
}

impl Upload {
    /// Whether its time is over.
    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| now > expires)
    }

    /// The file of that identifier.
    pub(super) fn file(&self, id: &str) -> Option<&StoredFile> {
        self.files.iter().find(|file| file.id == id)
    }

    /// The file of that identifier, to be changed.
    pub(super) fn file_mut(&mut self, id: &str) -> Option<&mut StoredFile> {
        self.files.iter_mut().find(|file| file.id == id)
    }

    /// The JSON of the upload. Its secret is in it only for its `admin`.
    pub(super) fn to_json(
        &self,
        admin: bool,
        download_domain: &str,
        files: Option<&[StoredFile]>,
    ) -> Vec<u8> {
        to_json(&UploadView {
            id: &self.id,
            ttl: self.ttl,
            extend_ttl: false,
            download_domain,
            comments: &self.comments,
            files,
            upload_token: admin.then_some(self.token.as_str()),
            admin,
            stream: false,
            one_shot: self.one_shot,
            removable: self.removable,
            protected_by_password: self.credentials.is_some(),
            created_at: self.created,
            expire_at: self.expires,
        })
    }

    /// The JSON that clients before Plik 1.3 understand, for the upload's admin.
    pub(super) fn to_json_v1(&self, download_domain: &str) -> Vec<u8> {
        let since = self.created.duration_since(UNIX_EPOCH);
        to_json(&UploadViewV1 {
            id: &self.id,
            upload_date: since.map_or(0, |d| d.as_secs()),
            ttl: self.ttl,
            download_domain,
            comments: &self.comments,
            files: self
                .files
                .iter()
                .map(|file| (file.id.as_str(), file))
                .collect(),
            upload_token: &self.token,
            admin: false,
            stream: false,
            one_shot: self.one_shot,
            removable: self.removable,
            protected_by_password: self.credentials.is_some(),
            protected_by_yubikey: false,
        })
    }
}

/// The JSON of a view. Strings, numbers and lists of them always have one.
pub(super) fn to_json(view: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(view).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadView<'a> {
    id: &'a str,
    ttl: i64,
    #[serde(rename = "extend_ttl")]
    extend_ttl: bool,
    download_domain: &'a str,
    comments: &'a str,
    files: Option<&'a [StoredFile]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_token: Option<&'a str>,
    admin: bool,
    stream: bool,
    one_shot: bool,
    removable: bool,
    protected_by_password: bool,
    #[serde(serialize_with = "rfc3339")]
    created_at: SystemTime,
    #[serde(serialize_with = "rfc3339_or_null")]
    expire_at: Option<SystemTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadViewV1<'a> {
    id: &'a str,
    upload_date: u64,
    ttl: i64,
    download_domain: &'a str,
    comments: &'a str,
    files: BTreeMap<&'a str, &'a StoredFile>,
    upload_token: &'a str,
    admin: bool,
    stream: bool,
    one_shot: bool,
    removable: bool,
    protected_by_password: bool,
    protected_by_yubikey: bool,
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_nanos(*time))
}

fn rfc3339_or_null<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, serializer),
        None => serializer.serialize_none(),
    }
}
