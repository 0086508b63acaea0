//! What an implementation made of a message, held against what another one did.

use serde_json::{Map, Value, json};

use crate::adapter::Breakdown;
use crate::case::{Abilities, ExpectedPayload, Received};
use crate::judge::{Difference, Leniency, received, show};
use crate::protocol::{Decoded, Outcome};

/// What came of reading a message.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Read(Decoded),
    Refused(Map<String, Value>),
    /// It crashed, or answered something else.
    Broken(String),
}

impl Answer {
    pub(super) fn of(outcome: Result<Outcome, Breakdown>) -> Self {
        match outcome {
            Ok(Outcome::Decoded(decoded)) => Answer::Read(decoded),
            Ok(Outcome::Error(refused)) => Answer::Refused(refused.report),
            Ok(other) => Answer::Broken(format!("{other:?}")),
            Err(breakdown) => Answer::Broken(breakdown.what),
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Answer::Broken(_))
    }

    /// What it is, to be counted: `read`, or code and phase.
    pub(super) fn kind(&self) -> String {
        match self {
            Answer::Read(_) => "read".to_owned(),
            Answer::Refused(report) => {
                let error = &report["error"];
                let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
                format!(
                    "{} ({})",
                    text(&error["code"]),
                    text(&error["details"]["phase"])
                )
            }
            Answer::Broken(_) => "no answer".to_owned(),
        }
    }

    /// In one line.
    pub(super) fn show(&self) -> String {
        match self {
            Answer::Read(decoded) => format!("read, {} payload(s)", decoded.payloads.len()),
            Answer::Refused(report) => show(report),
            Answer::Broken(what) => what.clone(),
        }
    }

    /// The first thing in which another implementation's answer differs from this one's. `members` are those of an envelope, but
    /// for its payloads: what else an implementation keeps is its own matter.
    pub(super) fn differs(
        &self,
        other: &Answer,
        between: [&Abilities; 2],
        members: &[String],
    ) -> Option<Difference> {
        match (self, other) {
            (Answer::Read(ours), Answer::Read(theirs)) => {
                let expected = as_expected(ours, members);
                received(&expected, theirs, Leniency::between(&between)).err()
            }
            (Answer::Refused(ours), Answer::Refused(theirs)) => {
                let pairs = told(ours).into_iter().zip(told(theirs));
                let mut differ = pairs.filter(|((_, ours), (_, theirs))| ours != theirs);
                differ
                    .next()
                    .map(|((place, ours), (_, theirs))| Difference::new(place, ours, theirs))
            }
            (ours, theirs) => Some(Difference::new("verdict", ours.show(), theirs.show())),
        }
    }

    /// As the verdict of a case.
    pub(super) fn as_verdict(&self) -> Value {
        match self {
            Answer::Read(decoded) => {
                let payloads = decoded.payloads.iter().map(|payload| {
                    json!({
                        "dataname": payload.dataname, "payload_type": payload.payload_type, "transport": payload.transport,
                        "size": payload.size, "value": payload.value, "metadata": payload.metadata,
                    })
                });
                json!({"ok": {"payloads": payloads.collect::<Vec<_>>()}})
            }
            Answer::Refused(report) => {
                let error = &report["error"];
                let mut verdict =
                    json!({"code": error["code"], "phase": error["details"]["phase"]});
                if let Some(pointer) = error["details"]["pointer"].as_str() {
                    verdict["pointer"] = pointer.into();
                }
                json!({"error": verdict})
            }
            Answer::Broken(_) => Value::Null,
        }
    }
}

/// What an error says in words is each implementation's own, and so is how near it comes to the place where a text is no JSON.
fn told(report: &Map<String, Value>) -> [(&'static str, Value); 7] {
    let error = report.get("error").unwrap_or(&Value::Null);
    let details = &error["details"];
    let own = |name: &str| report.get(name).cloned().unwrap_or_default();
    let pointer = match details["phase"].as_str() {
        Some("parse") => Value::Null,
        _ => details["pointer"].clone(),
    };
    [
        ("error.code", error["code"].clone()),
        ("error.details.phase", details["phase"].clone()),
        ("error.details.pointer", pointer),
        ("error.details.dataname", details["dataname"].clone()),
        ("correlation_id", own("correlation_id")),
        ("msg_id", own("msg_id")),
        ("send_to", own("send_to")),
    ]
}

fn as_expected(decoded: &Decoded, members: &[String]) -> Received {
    let named = decoded
        .envelope
        .iter()
        .filter(|(name, _)| members.contains(name));
    Received {
        envelope: named
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        payloads: Some(
            decoded
                .payloads
                .iter()
                .map(|payload| ExpectedPayload {
                    dataname: payload.dataname.clone(),
                    payload_type: payload.payload_type.clone(),
                    transport: payload.transport.clone(),
                    size: Some(payload.size),
                    value: payload.value.clone(),
                    metadata: Some(payload.metadata.clone()),
                })
                .collect(),
        ),
        payload_count: None,
    }
}
