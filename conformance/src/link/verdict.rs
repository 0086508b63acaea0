//! What must come of a link case's request.

use serde::Deserialize;
use serde_json::Value;

use super::Finding;
use super::expand::{Holes, expand, filled};
use super::pattern::misfit;
use crate::faults::{content, sha256};
use crate::protocol::{Decoded, Encoded, Outcome, ReceivedPayload, Refused, Tagged};

/// One of four verdicts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The request is refused.
    pub error: Option<ExpectedError>,
    /// The message is read, with these payloads: bytes as the size of their content, anything else as its tagged value.
    pub payloads: Option<Vec<Value>>,
    /// A message is made whose JSON is like this pattern, with holes; `{"content":SIZE}` stands for that in base64.
    pub message: Option<Value>,
    /// Any of these.
    pub any: Option<Vec<Expect>>,
    /// The URLs that the adapter's own handler was asked for.
    pub asked: Option<Vec<String>>,
}

/// The error that must come.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedError {
    /// Its code.
    pub code: String,
    /// Its phase.
    pub phase: String,
    /// Its place; any if absent.
    pub pointer: Option<String>,
    /// Words that stand in its message, with holes.
    #[serde(default)]
    pub names: Vec<String>,
    /// Words that stand nowhere in its JSON.
    #[serde(default)]
    pub hides: Vec<String>,
}

impl Expect {
    pub(super) fn judge(&self, outcome: &Outcome, holes: &Holes) -> Vec<Finding> {
        if let Some(any) = &self.any {
            let mut all: Vec<Vec<Finding>> = any
                .iter()
                .map(|expect| expect.judge(outcome, holes))
                .collect();
            return match all.iter().any(Vec::is_empty) {
                true => Vec::new(),
                false => all.swap_remove(0),
            };
        }
        let mut findings = match (outcome, &self.error, &self.payloads, &self.message) {
            (Outcome::Error(refused), Some(error), ..) => error.judge(refused, holes),
            (Outcome::Decoded(decoded), None, Some(payloads), _) => {
                judge_payloads(payloads, decoded)
            }
            (Outcome::Encoded(encoded), None, None, Some(message)) => {
                judge_message(message, encoded, holes)
            }
            _ => vec![Finding::new("the outcome", self.name(), told(outcome))],
        };
        let asked = match outcome {
            Outcome::Decoded(decoded) => &decoded.asked,
            Outcome::Error(refused) => &refused.asked,
            _ => return findings,
        };
        if let Some(expected) = &self.asked
            && asked != expected
        {
            let (expected, asked) = (format!("{expected:?}"), format!("{asked:?}"));
            findings.push(Finding::new(
                "what the handler was asked for",
                expected,
                asked,
            ));
        }
        findings
    }

    fn name(&self) -> String {
        match (&self.error, &self.payloads) {
            (Some(error), _) => format!("the error {} in phase {}", error.code, error.phase),
            (None, Some(_)) => "a message that is read".to_owned(),
            (None, None) => "a message that is made".to_owned(),
        }
    }
}

impl ExpectedError {
    fn judge(&self, refused: &Refused, holes: &Holes) -> Vec<Finding> {
        let report = Value::Object(refused.report.clone());
        let (text, error) = (report.to_string(), &report["error"]);
        let message = error["message"].as_str().unwrap_or_default();
        let mut findings = Vec::new();
        let members = [
            ("code", Some(&self.code), &error["code"]),
            ("phase", Some(&self.phase), &error["details"]["phase"]),
            (
                "pointer",
                self.pointer.as_ref(),
                &error["details"]["pointer"],
            ),
        ];
        for (name, expected, found) in members {
            if let Some(expected) = expected
                && found != expected.as_str()
            {
                findings.push(Finding::new(
                    format!("the error's {name}"),
                    expected,
                    format!("{found} ({message})"),
                ));
            }
        }
        for word in self.names.iter().map(|word| filled(word, holes)) {
            if !message.contains(&word) {
                findings.push(Finding::new(
                    "the error's message",
                    format!("something with {word:?}"),
                    message,
                ));
            }
        }
        for word in &self.hides {
            if text.contains(word.as_str()) {
                findings.push(Finding::new(
                    "the error's JSON",
                    format!("nothing with {word:?}"),
                    &text,
                ));
            }
        }
        findings
    }
}

fn judge_payloads(expected: &[Value], decoded: &Decoded) -> Vec<Finding> {
    if expected.len() != decoded.payloads.len() {
        return vec![Finding::new(
            "how many payloads",
            expected.len(),
            decoded.payloads.len(),
        )];
    }
    let pairs = expected.iter().zip(&decoded.payloads).enumerate();
    pairs
        .filter_map(|(index, (expected, found))| judge_payload(index, expected, found))
        .collect()
}

fn judge_payload(index: usize, expected: &Value, found: &ReceivedPayload) -> Option<Finding> {
    let what = format!("payload {index}");
    let value = serde_json::to_value(&found.value).unwrap_or_default();
    let Some(size) = expected.as_u64() else {
        return misfit(expected, &value)
            .map(|(place, expected, found)| Finding::new(what + &place, expected, found));
    };
    let digest = sha256(&content(size));
    match &found.value {
        Tagged::Bytes {
            size: own, sha256, ..
        } if *own == size && *sha256 == digest && found.size == size => None,
        Tagged::Bytes {
            size: own, sha256, ..
        } => Some(Finding::new(
            what,
            format!("{size} bytes of digest {digest}"),
            format!("{own} bytes of digest {sha256}, of size {}", found.size),
        )),
        _ => Some(Finding::new(what, format!("{size} bytes"), value)),
    }
}

fn judge_message(pattern: &Value, encoded: &Encoded, holes: &Holes) -> Vec<Finding> {
    let mut pattern = pattern.clone();
    expand(&mut pattern, holes);
    written_out(&mut pattern);
    match serde_json::from_str::<Value>(&encoded.message) {
        Err(error) => vec![Finding::new("the message", "JSON", error)],
        Ok(message) => match misfit(&pattern, &message) {
            None => Vec::new(),
            Some((place, expected, found)) => {
                vec![Finding::new(
                    format!("the message at {place}"),
                    shortened(&expected),
                    shortened(&found),
                )]
            }
        },
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
    let text = serde_json::to_string(outcome).unwrap_or_default();
    shortened(&text)
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 600;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
