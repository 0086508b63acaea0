//! What must come of a link case's request.

use serde::Deserialize;
use serde_json::Value;

use super::expand::{Holes, expand, filled};
use super::pattern::misfit;
use crate::case::ExpectedError;
use crate::faults::{content, sha256};
use crate::judge::{self, Difference};
use crate::protocol::{Decoded, Encoded, Outcome, ReceivedPayload, Tagged};

/// One of four verdicts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// The request is refused.
    error: Option<ExpectedError>,
    /// The message is read, with these payloads: bytes as the size of their content, anything else as its tagged value.
    payloads: Option<Vec<Value>>,
    /// A message is made whose JSON is like this pattern, with holes; `{"content":SIZE}` stands for that in base64.
    message: Option<Value>,
    /// Any of these.
    any: Option<Vec<Expect>>,
    /// The URLs that the adapter's own handler was asked for.
    asked: Option<Vec<String>>,
}

impl Expect {
    pub(super) fn judge(&self, outcome: &Outcome, holes: &Holes) -> Vec<Difference> {
        if let Some(any) = &self.any {
            let mut all: Vec<Vec<Difference>> = any
                .iter()
                .map(|expect| expect.judge(outcome, holes))
                .collect();
            return match all.iter().any(Vec::is_empty) {
                true => Vec::new(),
                false => all.swap_remove(0),
            };
        }
        let mut differences = match (outcome, &self.error, &self.payloads, &self.message) {
            (Outcome::Error(refused), Some(error), ..) => {
                let mut error = error.clone();
                error.names = error.names.iter().map(|name| filled(name, holes)).collect();
                judge::refusal(&error, &refused.report)
                    .err()
                    .into_iter()
                    .collect()
            }
            (Outcome::Decoded(decoded), None, Some(payloads), _) => {
                judge_payloads(payloads, decoded)
            }
            (Outcome::Encoded(encoded), None, None, Some(message)) => {
                judge_message(message, encoded, holes)
            }
            _ => vec![Difference::new("outcome", self.name(), told(outcome))],
        };
        let asked = match outcome {
            Outcome::Decoded(decoded) => &decoded.asked,
            Outcome::Error(refused) => &refused.asked,
            _ => return differences,
        };
        if let Some(expected) = &self.asked
            && asked != expected
        {
            let (expected, asked) = (format!("{expected:?}"), format!("{asked:?}"));
            differences.push(Difference::new("asked", expected, asked));
        }
        differences
    }

    fn name(&self) -> String {
        match (&self.error, &self.payloads) {
            (Some(error), _) => format!("{} in phase {}", error.code, error.phase),
            (None, Some(_)) => "a message that was read".to_owned(),
            (None, None) => "a message".to_owned(),
        }
    }
}

fn judge_payloads(expected: &[Value], decoded: &Decoded) -> Vec<Difference> {
    if expected.len() != decoded.payloads.len() {
        return vec![Difference::new(
            "payloads",
            expected.len(),
            decoded.payloads.len(),
        )];
    }
    let pairs = expected.iter().zip(&decoded.payloads).enumerate();
    let pairs =
        pairs.filter_map(|(index, (expected, found))| judge_payload(index, expected, found));
    pairs.collect()
}

fn judge_payload(index: usize, expected: &Value, found: &ReceivedPayload) -> Option<Difference> {
    let place = format!("payloads[{index}].value");
    let value = serde_json::to_value(&found.value).unwrap_or_default();
    let Some(size) = expected.as_u64() else {
        return misfit(expected, &value)
            .map(|(below, expected, found)| Difference::new(place + &below, expected, found));
    };
    let digest = sha256(&content(size));
    match &found.value {
        Tagged::Bytes {
            size: own, sha256, ..
        } if *own == size && *sha256 == digest && found.size == size => None,
        Tagged::Bytes {
            size: own, sha256, ..
        } => Some(Difference::new(
            place,
            format!("{size} bytes of digest {digest}"),
            format!("{own} bytes of digest {sha256}, of size {}", found.size),
        )),
        _ => Some(Difference::new(place, format!("{size} bytes"), value)),
    }
}

fn judge_message(pattern: &Value, encoded: &Encoded, holes: &Holes) -> Vec<Difference> {
    let mut pattern = pattern.clone();
    expand(&mut pattern, holes);
    written_out(&mut pattern);
    match serde_json::from_str::<Value>(&encoded.message) {
        Err(error) => vec![Difference::new("message", "JSON", error)],
        Ok(message) => {
            let difference = misfit(&pattern, &message).map(|(place, expected, found)| {
                Difference::new(format!("message{place}"), expected, found)
            });
            difference.into_iter().collect()
        }
    }
}

/// What was a content is its base64 itself, not an object around it.
fn written_out(pattern: &mut Value) {
    match pattern {
        Value::Object(members) if members.len() == 1 && members.contains_key("base64") => {
            *pattern = members.remove("base64").unwrap_or_default();
        }
        Value::Object(members) => members.values_mut().for_each(written_out),
        Value::Array(elements) => elements.iter_mut().for_each(written_out),
        _ => {}
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Error(refused) => judge::show(&refused.report),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}
