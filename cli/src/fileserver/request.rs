//! The body of a request that creates an upload, read the way Go's `encoding/json` reads it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// What the client asks of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CreateRequest {
    /// Seconds to keep the upload; 0 for the server's default, negative for ever.
    pub(super) ttl: i64,
    /// Each access restarts the time to live.
    pub(super) extend_ttl: bool,
    /// Any text.
    pub(super) comments: String,
    /// A file is served once.
    pub(super) one_shot: bool,
    /// Everybody may remove the upload.
    pub(super) removable: bool,
    /// The file goes from the uploader straight to the downloader.
    pub(super) stream: bool,
    /// The user of the password.
    pub(super) login: String,
    /// The password of the upload; empty for none.
    pub(super) password: String,
    /// The files announced.
    pub(super) files: Vec<FileRequest>,
    /// `files` was an object, as clients before Plik 1.3 send it: they are answered in that form.
    pub(super) is_v1: bool,
}

/// A file announced when its upload is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileRequest {
    /// The file's name.
    pub(super) name: String,
    /// Its type, which is told from the content later.
    pub(super) content_type: String,
    /// Its size in bytes; 0 or negative where it is not known.
    pub(super) size: i64,
    /// The client's own name for it, which is sent back.
    pub(super) reference: String,
}

impl CreateRequest {
    /// Reads a body; an empty one asks for the defaults.
    ///
    /// # Errors
    /// The body is not JSON, not an object, or a member that counts is of another type.
    pub(super) fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        // Go reads invalid UTF-8 as U+FFFD.
        let text: Cow<'_, str> = String::from_utf8_lossy(body);
        let request: Option<Self> = serde_json::from_str(&text)?;
        Ok(request.unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for CreateRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UploadVisitor)
    }
}

impl<'de> Deserialize<'de> for FileRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FileVisitor)
    }
}

struct UploadVisitor;

impl<'de> Visitor<'de> for UploadVisitor {
    type Value = CreateRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an upload")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CreateRequest, A::Error> {
        let mut upload = CreateRequest::default();
        // Names match in any case, the last of equal names wins, and null changes nothing.
        while let Some(name) = map.next_key::<String>()? {
            match name.to_ascii_lowercase().as_str() {
                "ttl" => set(&mut upload.ttl, &mut map)?,
                "extend_ttl" => set(&mut upload.extend_ttl, &mut map)?,
                "comments" => set(&mut upload.comments, &mut map)?,
                "oneshot" => set(&mut upload.one_shot, &mut map)?,
                "removable" => set(&mut upload.removable, &mut map)?,
                "stream" => set(&mut upload.stream, &mut map)?,
                "login" => set(&mut upload.login, &mut map)?,
                "password" => set(&mut upload.password, &mut map)?,
                "files" => {
                    if let Some(files) = map.next_value::<Option<Files>>()? {
                        upload.is_v1 = files.is_map;
                        upload.files = files.list;
                    }
                }
                // These change nothing, but have a type.
                "id" | "downloaddomain" | "uploadip" | "uploadtoken" | "user" | "token" => {
                    set(&mut String::new(), &mut map)?;
                }
                "admin" | "protectedbypassword" => set(&mut false, &mut map)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(upload)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = FileRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FileRequest, A::Error> {
        let mut file = FileRequest::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.to_ascii_lowercase().as_str() {
                "filename" => set(&mut file.name, &mut map)?,
                "filetype" => set(&mut file.content_type, &mut map)?,
                "filesize" => set(&mut file.size, &mut map)?,
                "reference" => set(&mut file.reference, &mut map)?,
                "id" | "status" | "filemd5" => set(&mut String::new(), &mut map)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(file)
    }
}

/// The announced files, as an array or as an object whose names mean nothing.
struct Files {
    list: Vec<FileRequest>,
    is_map: bool,
}

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilesVisitor)
    }
}

struct FilesVisitor;

impl<'de> Visitor<'de> for FilesVisitor {
    type Value = Files;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object of files")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Files, A::Error> {
        let mut list = Vec::new();
        while let Some(file) = seq.next_element()? {
            list.push(file);
        }
        Ok(Files {
            list,
            is_map: false,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Files, A::Error> {
        let mut list = Vec::new();
        while let Some((IgnoredAny, file)) = map.next_entry()? {
            list.push(file);
        }
        Ok(Files { list, is_map: true })
    }
}

fn set<'de, T, A>(member: &mut T, map: &mut A) -> Result<(), A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if let Some(value) = map.next_value::<Option<T>>()? {
        *member = value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<CreateRequest, serde_json::Error> {
        CreateRequest::parse(text.as_bytes())
    }

    #[test]
    fn names_match_in_any_case_and_the_last_one_counts() {
        let request = parse(
            r#"{"ONESHOT":false,"oneShot":true,"Ttl":7,"ttl":null,"Removable":true,"x":[{}]}"#,
        )
        .expect("valid");
        assert!(request.one_shot && request.removable);
        assert_eq!(request.ttl, 7);
    }

    #[test]
    fn nothing_is_the_defaults() {
        for text in [
            "",
            "null",
            "{}",
            " {} ",
            r#"{"files":null}"#,
            r#"{"files":[]}"#,
        ] {
            assert_eq!(parse(text).expect(text), CreateRequest::default());
        }
    }

    #[test]
    fn files_come_as_array_or_object() {
        let file = FileRequest {
            name: "a".into(),
            size: 3,
            reference: "r".into(),
            ..FileRequest::default()
        };
        let array = parse(r#"{"files":[{"fileName":"a","fileSize":3,"REFERENCE":"r","id":"q"}]}"#)
            .expect("valid");
        assert_eq!((array.files, array.is_v1), (vec![file.clone()], false));
        let object = parse(r#"{"files":{"k":{"fileName":"a","fileSize":3,"reference":"r"}}}"#)
            .expect("valid");
        assert_eq!((object.files, object.is_v1), (vec![file], true));
    }

    #[test]
    fn other_types_are_errors() {
        for text in [
            "[]",
            "1",
            "{",
            " ",
            "{} x",
            r#"{"ttl":5.0}"#,
            r#"{"ttl":"5"}"#,
            r#"{"ttl":1e99}"#,
            r#"{"oneShot":1}"#,
            r#"{"comments":1}"#,
            r#"{"files":3}"#,
            r#"{"files":[3]}"#,
            r#"{"files":[{"fileName":1}]}"#,
            r#"{"id":1}"#,
            r#"{"ttl":9223372036854775808}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
