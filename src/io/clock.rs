//! The time and new ids.

use std::time::SystemTime;

use crate::wire::{Timestamp, Uuid};

/// The present moment in UTC with three decimals, as messages carry it.
pub fn now() -> Timestamp {
    let text = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    text.parse().expect(
        "RFC 3339 in UTC with three decimals is a timestamp of the wire until the year 9999",
    )
}

/// A new UUID of version 4 from the system's secure source.
pub fn new_id() -> Uuid {
    uuid::Uuid::new_v4().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_three_decimals() {
        let text = now().to_string();
        assert_eq!(text.len(), "2026-03-13T07:02:50.443Z".len(), "{text}");
    }

    #[test]
    fn ids_are_of_version_4_and_differ() {
        let (one, other) = (new_id(), new_id());
        assert_ne!(one, other);
        assert_eq!(one.to_string().as_bytes()[14], b'4');
    }
}
