//! Moments as the wire has them (W1.4).

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::check::is_real_date;
use crate::generated::TIMESTAMP;

/// A moment in UTC, `YYYY-MM-DDTHH:MM:SS[.1 to 9 digits]Z`; the text is kept as it was received.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Timestamp(String);

impl Timestamp {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        if TIMESTAMP.matches(text) && is_real_date(text) {
            Ok(Timestamp(text.to_owned()))
        } else {
            Err(InvalidTimestamp)
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::data::text(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// The text is not a moment of the form that the wire has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a real date and time as YYYY-MM-DDTHH:MM:SS, at most nine decimals, and Z",
        )
    }
}

impl std::error::Error for InvalidTimestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_is_read_and_kept() {
        for text in [
            "2026-03-13T07:02:50.443Z",
            "2026-03-13T07:02:50Z",
            "2024-02-29T23:59:59.123456789Z",
            "2000-02-29T00:00:00.0Z",
        ] {
            assert_eq!(text.parse::<Timestamp>().expect(text).as_str(), text);
        }
        for text in [
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00",
            "20260101T000000Z",
            " 2026-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }
}
