//! NATS subjects as the wire has them (W1.5).

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::generated::{MAX_BYTES_SUBJECT, SUBJECT};

/// A subject to publish to: 1 to 1,024 bytes, tokens between dots, none of them empty, `*` or `>`, no white space and no
/// control characters of ASCII.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject(String);

impl Subject {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        if text.len() <= MAX_BYTES_SUBJECT && SUBJECT.matches(text) {
            Ok(Subject(text.to_owned()))
        } else {
            Err(InvalidSubject)
        }
    }
}

impl Deref for Subject {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::data::text(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// A subject, or nothing, which the wire writes as the empty string.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubjectOrEmpty(pub Option<Subject>);

impl SubjectOrEmpty {
    /// The text, empty where there is no subject.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Subject> for SubjectOrEmpty {
    fn from(subject: Subject) -> Self {
        SubjectOrEmpty(Some(subject))
    }
}

impl FromStr for SubjectOrEmpty {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        if text.is_empty() {
            Ok(SubjectOrEmpty(None))
        } else {
            text.parse().map(|subject| SubjectOrEmpty(Some(subject)))
        }
    }
}

impl fmt::Display for SubjectOrEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Serialize for SubjectOrEmpty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SubjectOrEmpty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::data::text(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// The text is not a subject to publish to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidSubject;

impl fmt::Display for InvalidSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 1 to 1,024 bytes: tokens between dots, none empty, `*` or `>`, without white space")
    }
}

impl std::error::Error for InvalidSubject {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_judged() {
        for text in [
            "a",
            "a.b.c",
            "/chat/user/v1/message",
            "_INBOX.x",
            "a.*b",
            "a.>>",
            "ä.€",
            "$SYS.a",
        ] {
            assert!(text.parse::<Subject>().is_ok(), "{text}");
        }
        for text in [
            "", ".", "a.", ".a", "a..b", "*", ">", "a.*", "a.>", "*.a", "a b", "a\tb", "a\u{7f}",
            "a\0",
        ] {
            assert_eq!(text.parse::<Subject>(), Err(InvalidSubject), "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_bytes() {
        assert!("a".repeat(1024).parse::<Subject>().is_ok());
        assert!("a".repeat(1025).parse::<Subject>().is_err());
        assert!("ä".repeat(512).parse::<Subject>().is_ok());
        assert!("ä".repeat(513).parse::<Subject>().is_err());
    }
}
