//! UUIDs as the wire has them (W1.3).

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// A UUID of any version, the nil one included; kept, compared and written in lower case.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uuid(uuid::Uuid);

impl Uuid {
    /// The UUID of these 16 bytes, in network order.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Uuid(uuid::Uuid::from_bytes(bytes))
    }

    /// The 16 bytes in network order.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Writes the 36 characters into `buffer`.
    pub(crate) fn encode<'a>(&self, buffer: &'a mut [u8; 36]) -> &'a str {
        self.0.hyphenated().encode_lower(buffer)
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Uuid(id)
    }
}

impl From<Uuid> for uuid::Uuid {
    fn from(id: Uuid) -> Self {
        id.0
    }
}

impl FromStr for Uuid {
    type Err = InvalidUuid;

    /// Reads 8-4-4-4-12 hexadecimal digits in either case, and nothing else: no braces, no `urn:uuid:`, no bare digits.
    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        const HYPHENATED: usize = 36;
        match text.len() {
            HYPHENATED => uuid::Uuid::try_parse(text)
                .map(Uuid)
                .map_err(|_| InvalidUuid),
            _ => Err(InvalidUuid),
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; 36]))
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::data::text(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// A UUID, or nothing, which the wire writes as the empty string.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UuidOrEmpty(pub Option<Uuid>);

impl FromStr for UuidOrEmpty {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        if text.is_empty() {
            Ok(UuidOrEmpty(None))
        } else {
            text.parse().map(|id| UuidOrEmpty(Some(id)))
        }
    }
}

impl From<Uuid> for UuidOrEmpty {
    fn from(id: Uuid) -> Self {
        UuidOrEmpty(Some(id))
    }
}

impl fmt::Display for UuidOrEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => id.fmt(f),
            None => Ok(()),
        }
    }
}

impl Serialize for UuidOrEmpty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(id) => id.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }
}

impl<'de> Deserialize<'de> for UuidOrEmpty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::data::text(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// The text is not a UUID of the form that the wire has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidUuid;

impl fmt::Display for InvalidUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a UUID as 8-4-4-4-12 hexadecimal digits")
    }
}

impl std::error::Error for InvalidUuid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_is_read() {
        let id: Uuid = "00112233-4455-6677-8899-AABBCCDDEEFF"
            .parse()
            .expect("a UUID");
        assert_eq!(id.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff}",
            "urn:uuid:00112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeef",
            "00112233-4455-6677-8899-aabbccddeeffa",
            "0011223-34455-6677-8899-aabbccddeeff",
            "g0112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeéf",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(InvalidUuid), "{text}");
        }
    }

    #[test]
    fn nothing_is_the_empty_string() {
        assert_eq!("".parse(), Ok(UuidOrEmpty(None)));
        assert_eq!(UuidOrEmpty(None).to_string(), "");
    }
}
