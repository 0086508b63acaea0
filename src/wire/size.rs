//! Sizes in bytes as the wire has them (W1.12).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A number of bytes from 0 to 2^53-1; read from any JSON number of integral value, written as plain digits.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Size(u64);

impl Size {
    /// The largest size, 2^53-1.
    pub const MAX: u64 = (1 << 53) - 1;

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Size {
    type Error = InvalidSize;

    fn try_from(value: u64) -> Result<Self, InvalidSize> {
        if value <= Size::MAX {
            Ok(Size(value))
        } else {
            Err(InvalidSize)
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(SizeVisitor)
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 0 to 2^53-1")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Size, E> {
        Size::try_from(value).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Size, E> {
        u64::try_from(value)
            .map_err(|_| E::custom(InvalidSize))
            .and_then(|value| self.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Size, E> {
        if value.fract() == 0.0 && (0.0..=Size::MAX as f64).contains(&value) {
            Ok(Size(value as u64))
        } else {
            Err(E::custom(InvalidSize))
        }
    }
}

/// The number is not a size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidSize;

impl fmt::Display for InvalidSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an integer from 0 to 2^53-1")
    }
}

impl std::error::Error for InvalidSize {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integral_numbers_are_read_however_written() {
        for (text, size) in [
            ("5", 5),
            ("5.0", 5),
            ("5e0", 5),
            ("-0", 0),
            ("9007199254740991", Size::MAX),
        ] {
            assert_eq!(
                serde_json::from_str::<Size>(text).ok(),
                Some(Size(size)),
                "{text}"
            );
        }
        for text in ["-1", "5.5", "9007199254740992", "1e300", "\"5\"", "null"] {
            assert!(serde_json::from_str::<Size>(text).is_err(), "{text}");
        }
    }
}
