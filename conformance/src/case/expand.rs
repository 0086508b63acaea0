//! Shorthands of the case files, written out.

use base64_simd::STANDARD;
use serde_json::{Map, Value, json};

/// Where the servers of the moment are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) fileserver: String,
    pub(crate) nats: String,
    /// Where nobody listens.
    pub(crate) nowhere: String,
}

/// A text: as it is, or `{"repeat": [pieces]}`.
pub(crate) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Object(members) if members.len() == 1 => match members.get("repeat") {
            Some(Value::Array(pieces)) => repeated(pieces),
            _ => Err(format!("{value} is no text")),
        },
        _ => Err(format!("{value} is no text")),
    }
}

/// Texts after each other, each as often as is said.
pub(super) fn repeated(pieces: &[Value]) -> Result<String, String> {
    let mut whole = String::new();
    for piece in pieces {
        match piece {
            Value::String(text) => whole.push_str(text),
            Value::Array(pair) => match (&pair[..], pair.get(1).and_then(Value::as_u64)) {
                ([Value::String(text), _], Some(times)) => {
                    whole.push_str(&text.repeat(count(times)?));
                }
                _ => return Err(format!("{piece} is no text with a number")),
            },
            _ => return Err(format!("{piece} is no piece of a text")),
        }
    }
    Ok(whole)
}

/// A value as the protocol has it: strings and bytes may be told as repetitions.
pub(super) fn value(given: &mut Value) -> Result<(), String> {
    let Value::Object(members) = given else {
        return Ok(());
    };
    let kind = members
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    match (kind.as_str(), members.remove("repeat")) {
        ("string", Some(Value::Array(pieces))) => {
            members.insert("value".to_owned(), repeated(&pieces)?.into());
        }
        ("bytes", Some(repeat)) => {
            members.insert("base64".to_owned(), bytes(&repeat)?.into());
        }
        (_, Some(repeat)) => return Err(format!("{repeat} repeats nothing of type {kind}")),
        (_, None) => {}
    }
    match (kind.as_str(), members.get_mut("value")) {
        ("array", Some(Value::Array(elements))) => elements.iter_mut().try_for_each(value),
        ("object", Some(Value::Array(pairs))) => {
            let values = pairs.iter_mut().filter_map(|pair| pair.get_mut(1));
            values.into_iter().try_for_each(value)
        }
        _ => Ok(()),
    }
}

/// The members of `Encode`: payloads may be told as `[payload, times]`.
pub(super) fn send(members: &mut Map<String, Value>) -> Result<(), String> {
    if let Some(Value::Array(parts)) = members.get_mut("payloads") {
        let mut all = Vec::with_capacity(parts.len());
        for part in parts.drain(..) {
            let (mut part, times) = match part {
                Value::Array(mut pair) if pair.len() == 2 => {
                    let times = pair.pop().and_then(|times| times.as_u64());
                    let times = times.ok_or("a payload is repeated a number of times")?;
                    (pair.remove(0), count(times)?)
                }
                part => (part, 1),
            };
            for name in ["value", "metadata"] {
                if let Some(given) = part.get_mut(name) {
                    value(given)?;
                }
            }
            all.extend(std::iter::repeat_n(part, times));
        }
        *parts = all;
    }
    match members
        .get_mut("arguments")
        .and_then(|arguments| arguments.get_mut("metadata"))
    {
        Some(metadata) => value(metadata),
        None => Ok(()),
    }
}

/// What must be received: its values as in [`value`].
pub(super) fn received(expected: &mut Value) -> Result<(), String> {
    let payloads = expected.get_mut("payloads").and_then(Value::as_array_mut);
    for payload in payloads.into_iter().flatten() {
        for name in ["value", "metadata"] {
            if let Some(given) = payload.get_mut(name) {
                value(given)?;
            }
        }
    }
    Ok(())
}

/// Fills in `${fileserver}`, `${nats}` and `${nowhere}` in every text.
pub(crate) fn placed(value: &mut Value, places: &Places) {
    match value {
        Value::String(text) if text.contains("${") => {
            for (hole, place) in [
                ("${fileserver}", &places.fileserver),
                ("${nats}", &places.nats),
                ("${nowhere}", &places.nowhere),
            ] {
                if text.contains(hole) {
                    *text = text.replace(hole, place);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|value| placed(value, places)),
        Value::Object(members) => members.values_mut().for_each(|value| placed(value, places)),
        _ => {}
    }
}

fn bytes(repeat: &Value) -> Result<String, String> {
    let piece = repeat["base64"]
        .as_str()
        .map(|text| STANDARD.decode_to_vec(text));
    match (piece, repeat["times"].as_u64()) {
        (Some(Ok(piece)), Some(times)) => {
            Ok(STANDARD.encode_to_string(piece.repeat(count(times)?)))
        }
        _ => Err(format!("{} repeats no bytes", json!(repeat))),
    }
}

fn count(times: u64) -> Result<usize, String> {
    const MOST: u64 = 200_000_000;
    match usize::try_from(times) {
        Ok(count) if times <= MOST => Ok(count),
        _ => Err(format!("{times} times is too often")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_written_out_wherever_a_value_stands() {
        let mut given = json!({"type": "array", "value": [
            {"type": "object", "value": [["k", {"type": "string", "repeat": ["a", ["b", 3]]}]]},
            {"type": "bytes", "repeat": {"base64": "AAEC", "times": 2}},
        ]});
        assert_eq!(value(&mut given), Ok(()));
        let expected = json!({"type": "array", "value": [
            {"type": "object", "value": [["k", {"type": "string", "value": "abbb"}]]},
            {"type": "bytes", "base64": "AAECAAEC"},
        ]});
        assert_eq!(given, expected);
        assert!(value(&mut json!({"type": "int", "repeat": ["1"]})).is_err());
    }

    #[test]
    fn payloads_are_repeated() {
        let mut members = Map::new();
        members.insert(
            "payloads".to_owned(),
            json!([[{"dataname": "p"}, 3], {"dataname": "q"}]),
        );
        assert_eq!(send(&mut members), Ok(()));
        assert_eq!(members["payloads"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn places_are_filled_in() {
        let places = Places {
            fileserver: "http://f".to_owned(),
            ..Places::default()
        };
        let mut value = json!({"upload": {"fileserver_url": "${fileserver}"}, "x": "${uuid}"});
        placed(&mut value, &places);
        assert_eq!(
            value,
            json!({"upload": {"fileserver_url": "http://f"}, "x": "${uuid}"})
        );
    }
}
