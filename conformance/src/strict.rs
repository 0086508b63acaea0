//! JSON as the runner reads it: of any depth that a message may have once its values are tagged, but not of any depth at all.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// 64 levels of a message are at most 192 levels of tagged values; the rest is for what is around them.
const DEPTH: usize = 512;

/// Reads one JSON text.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    if let Some(depth) = too_deep(text) {
        return Err(format!("it is nested {depth} levels deep and more"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = Value::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// A value of this type from a JSON value.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Some(depth);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_values_are_read_and_endless_ones_are_refused() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(&nested(DEPTH)).is_ok());
        assert!(read(&nested(DEPTH + 1)).is_err_and(|error| error.contains("deep")));
        assert!(read(&format!("\"{}\\\"[\"", "[".repeat(DEPTH * 2))).is_ok());
        assert!(read("{} {}").is_err());
    }
}
