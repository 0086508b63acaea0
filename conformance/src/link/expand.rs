//! Holes and shorthands of link cases.

use base64_simd::STANDARD;
use serde_json::Value;

use crate::faults::content;

/// Texts to be put in place of others.
pub(super) type Holes = Vec<(&'static str, String)>;

/// Fills the holes in a text.
pub(super) fn filled(text: &str, holes: &Holes) -> String {
    let mut text = text.to_owned();
    for (hole, filling) in holes {
        if text.contains(hole) {
            text = text.replace(hole, filling);
        }
    }
    text
}

/// Fills the holes in all texts of a value, names of members included, and writes out bytes that are told as
/// `{"type":"bytes","content":SIZE}`.
pub(super) fn expand(value: &mut Value, holes: &Holes) {
    match value {
        Value::String(text) => *text = filled(text, holes),
        Value::Array(elements) => elements.iter_mut().for_each(|value| expand(value, holes)),
        Value::Object(members) => {
            if let Some(size) = members.remove("content") {
                let bytes = content(size.as_u64().unwrap_or(0));
                members.insert("base64".to_owned(), STANDARD.encode_to_string(bytes).into());
            }
            let filled = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    expand(&mut value, holes);
                    (self::filled(&name, holes), value)
                });
            *members = filled.collect();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn holes_and_contents_are_filled_in_wherever_they_stand() {
        let holes = vec![("${server}", "http://a".to_owned())];
        let mut value =
            json!({"x": ["${server}/f", {"${server}": 1}], "y": {"type": "bytes", "content": 3}});
        expand(&mut value, &holes);
        let expected =
            json!({"x": ["http://a/f", {"http://a": 1}], "y": {"type": "bytes", "base64": "AAEC"}});
        assert_eq!(value, expected);
    }
}
