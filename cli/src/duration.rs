//! Lengths of time as arguments.

use std::time::Duration;

/// Reads `250ms`, `5s`, `1m 30s`, or a number alone, which stands for milliseconds as in the arguments of the protocol.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    if let Ok(milliseconds) = text.parse() {
        return Ok(Duration::from_millis(milliseconds));
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; expected 250ms, 5s or a number of milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_alone_is_milliseconds() {
        assert_eq!(parse("100"), Ok(Duration::from_millis(100)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "-1", "1.5", "fast", "5 parsecs"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
