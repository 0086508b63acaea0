//! What a JSON value must be like.

use serde::Deserialize;
use serde_json::Value;
use wildmatch::WildMatch;

/// A number, or what it lies between.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub(crate) enum Bounds {
    /// Exactly this.
    Exactly(f64),
    /// At least and at most, as far as told.
    Between(Between),
}

/// What a number lies between.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Between {
    /// The least that it may be.
    least: Option<f64>,
    /// The most that it may be.
    most: Option<f64>,
}

impl Bounds {
    pub(crate) fn has(self, number: f64) -> bool {
        match self {
            Bounds::Exactly(wanted) => number == wanted,
            Bounds::Between(Between { least, most }) => {
                least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
            }
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bounds::Exactly(number) => write!(f, "{number}"),
            Bounds::Between(Between { least, most }) => match (least, most) {
                (Some(least), Some(most)) => write!(f, "{least} to {most}"),
                (Some(least), None) => write!(f, "at least {least}"),
                (None, Some(most)) => write!(f, "at most {most}"),
                (None, None) => f.write_str("a number"),
            },
        }
    }
}

/// Where a value is not like its pattern: the place (RFC 6901), what must be, and what is.
///
/// A pattern's object names members that must be there, and null one that must not; its array has all elements; a text may have
/// `*` for anything; an object of `least` and `most` is a number between them; anything else is equal.
pub(super) fn misfit(pattern: &Value, value: &Value) -> Option<(String, String, String)> {
    let here = || Some((String::new(), pattern.to_string(), value.to_string()));
    match (pattern, value) {
        (Value::Object(members), _)
            if !members.is_empty() && members.keys().all(|name| is_bound(name)) =>
        {
            let bounds: Bounds = serde_json::from_value(pattern.clone()).ok()?;
            match value.as_f64() {
                Some(number) if bounds.has(number) => None,
                _ => Some((String::new(), bounds.to_string(), value.to_string())),
            }
        }
        (Value::Object(members), Value::Object(found)) => {
            members.iter().find_map(|(name, pattern)| {
                let found = found.get(name).unwrap_or(&Value::Null);
                misfit(pattern, found).map(|deeper| below(name, deeper))
            })
        }
        (Value::Array(patterns), Value::Array(found)) if patterns.len() == found.len() => {
            let mut pairs = patterns.iter().zip(found).enumerate();
            pairs.find_map(|(index, (pattern, found))| {
                misfit(pattern, found).map(|deeper| below(&index.to_string(), deeper))
            })
        }
        (Value::String(pattern), Value::String(found)) if pattern.contains('*') => {
            match WildMatch::new(pattern).matches(found) {
                true => None,
                false => here(),
            }
        }
        (Value::Number(pattern), Value::Number(found)) if pattern.as_f64() == found.as_f64() => {
            None
        }
        _ if pattern == value => None,
        _ => here(),
    }
}

fn is_bound(name: &str) -> bool {
    matches!(name, "least" | "most")
}

fn below(
    name: &str,
    (place, expected, found): (String, String, String),
) -> (String, String, String) {
    (format!("/{name}{place}"), expected, found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_says_what_counts_and_nothing_else() {
        let value = json!({"a": 1, "b": ["x/y", null], "c": {"d": true}});
        for pattern in [
            json!({}),
            json!({"a": 1.0}),
            json!({"a": {"least": 1, "most": 2}}),
            json!({"b": ["x/*", null]}),
            json!({"c": {"d": true, "e": null}}),
        ] {
            assert_eq!(misfit(&pattern, &value), None, "{pattern}");
        }
        for (pattern, place) in [
            (json!({"a": 2}), "/a"),
            (json!({"a": {"least": 1.5}}), "/a"),
            (json!({"a": null}), "/a"),
            (json!({"b": ["x/*"]}), "/b"),
            (json!({"b": ["y*", null]}), "/b/0"),
            (json!({"c": {"d": {"most": 1}}}), "/c/d"),
            (json!({"z": 1}), "/z"),
            (json!([]), ""),
        ] {
            let found = misfit(&pattern, &value).map(|(place, ..)| place);
            assert_eq!(found.as_deref(), Some(place), "{pattern}");
        }
    }
}
