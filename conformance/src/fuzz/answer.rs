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

    /// As the verdict of a case: all that is compared. Nothing where there was no answer.
    pub(super) fn as_verdict(&self, members: &[String]) -> Option<Value> {
        match self {
            Answer::Read(decoded) => {
                let payloads = decoded.payloads.iter().map(|payload| {
                    json!({
                        "dataname": payload.dataname, "payload_type": payload.payload_type, "transport": payload.transport,
                        "size": payload.size, "value": payload.value, "metadata": payload.metadata,
                    })
                });
                let envelope = envelope(decoded, members);
                Some(
                    json!({"ok": {"envelope": envelope, "payloads": payloads.collect::<Vec<_>>()}}),
                )
            }
            Answer::Refused(report) => {
                let (mut error, mut about) = (Map::new(), Map::new());
                for (place, value) in told(report) {
                    match place.rsplit_once('.') {
                        Some((_, name)) if !value.is_null() => {
                            drop(error.insert(name.to_owned(), value))
                        }
                        None => drop(about.insert(place.to_owned(), value)),
                        Some(_) => {}
                    }
                }
                error.insert("about".to_owned(), about.into());
                Some(json!({ "error": error }))
            }
            Answer::Broken(_) => None,
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
    Received {
        envelope: envelope(decoded, members),
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

/// The members that the schema names, null where one was not handed out.
fn envelope(decoded: &Decoded, members: &[String]) -> Map<String, Value> {
    let value = |name: &String| decoded.envelope.get(name).cloned().unwrap_or_default();
    members
        .iter()
        .map(|name| (name.clone(), value(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<String> {
        ["send_to", "metadata"].map(str::to_owned).into()
    }

    fn read(change: impl Fn(&mut Value)) -> Answer {
        let object = json!({"type": "object", "value": [["a", {"type": "int", "value": "1"}]]});
        let mut decoded = json!({
            "envelope": {"send_to": "a", "metadata": object},
            "payloads": [{"dataname": "p", "payload_type": "text", "transport": "direct", "size": 1,
                "value": {"type": "string", "value": "x"}, "metadata": object}],
        });
        change(&mut decoded);
        Answer::Read(serde_json::from_value(decoded).expect("a message"))
    }

    fn refused(change: impl Fn(&mut Value)) -> Answer {
        let mut report = json!({"correlation_id": "c", "msg_id": "m", "send_to": "s", "timestamp": "t", "error": {"code":
            "INVALID_ENVELOPE", "message": "no", "details": {"phase": "validate", "pointer": "/a", "dataname": "p"}}});
        change(&mut report);
        Answer::Refused(serde_json::from_value(report).expect("a report"))
    }

    fn differs(one: &Answer, other: &Answer) -> bool {
        let abilities = Abilities {
            capabilities: Vec::new(),
            payload_types: Vec::new(),
            transports: Vec::new(),
        };
        let difference = |one: &Answer, other: &Answer| {
            one.differs(other, [&abilities, &abilities], &members())
                .is_some()
        };
        let (there, back) = (difference(one, other), difference(other, one));
        assert_eq!(there, back, "{one:?}, {other:?}");
        there
    }

    /// Whether what one has answered, made the verdict of a case, is held against the other.
    fn is_held_against(one: &Answer, other: &Answer) -> bool {
        let verdict = one.as_verdict(&members()).expect("a verdict");
        match other {
            Answer::Read(decoded) => {
                let expected = serde_json::from_value(verdict["ok"].clone()).expect("a message");
                received(&expected, decoded, Leniency::default()).is_err()
            }
            Answer::Refused(report) => {
                let expected = serde_json::from_value(verdict["error"].clone()).expect("an error");
                crate::judge::refusal(&expected, report).is_err()
            }
            Answer::Broken(_) => true,
        }
    }

    #[test]
    fn each_part_of_what_was_read_counts() {
        let same = read(|_| {});
        assert!(!differs(&same, &read(|_| {})));
        assert!(!is_held_against(&same, &read(|_| {})));
        assert!(
            !differs(&same, &read(|it| it["envelope"]["unknown"] = json!(1))),
            "what else is kept is nobody's matter"
        );
        let int = json!({"type": "int", "value": "2"});
        for (pointer, value) in [
            ("/envelope/send_to", json!("b")),
            ("/envelope/metadata/value/0/1", int.clone()),
            ("/payloads/0/dataname", json!("q")),
            ("/payloads/0/payload_type", json!("image")),
            ("/payloads/0/transport", json!("link")),
            ("/payloads/0/size", json!(2)),
            ("/payloads/0/value", int.clone()),
            ("/payloads/0/metadata/value/0/1", int.clone()),
        ] {
            let other = read(|it| *it.pointer_mut(pointer).expect(pointer) = value.clone());
            assert!(differs(&same, &other), "{pointer}");
            assert!(is_held_against(&same, &other), "{pointer}");
        }
        let lost = read(|it| {
            drop(
                it["envelope"]
                    .as_object_mut()
                    .expect("an object")
                    .remove("send_to"),
            )
        });
        assert!(differs(&same, &lost) && is_held_against(&same, &lost));
        let none = read(|it| it["payloads"] = json!([]));
        assert!(differs(&same, &none) && is_held_against(&same, &none));
        assert!(differs(&same, &refused(|_| {})) && differs(&same, &Answer::Broken(String::new())));
    }

    #[test]
    fn each_part_of_an_error_counts_but_its_words() {
        let same = refused(|_| {});
        for pointer in ["/error/message", "/timestamp"] {
            assert!(
                !differs(&same, &refused(|it| it[&pointer[1..]] = json!("x"))),
                "{pointer}"
            );
        }
        for pointer in [
            "/error/code",
            "/error/details/phase",
            "/error/details/pointer",
            "/error/details/dataname",
            "/correlation_id",
            "/msg_id",
            "/send_to",
        ] {
            let other = refused(|it| *it.pointer_mut(pointer).expect(pointer) = json!("x"));
            assert!(differs(&same, &other), "{pointer}");
            assert!(is_held_against(&same, &other), "{pointer}");
        }
    }

    #[test]
    fn how_near_an_error_comes_to_the_place_does_not_count_while_a_text_is_parsed() {
        let parsed = |pointer: &str| {
            refused(|it| it["error"]["details"] = json!({"phase": "parse", "pointer": pointer}))
        };
        assert!(!differs(&parsed("/a"), &parsed("")));
        assert!(!is_held_against(&parsed("/a"), &parsed("")));
    }
}
