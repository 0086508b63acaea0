//! Every case of `conformance/cases`: the golden envelopes come out as they should, the hostile ones are refused with code,
//! phase and pointer, by the fast path and the plain one alike, in under a second each.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use natsbridge::wire::Checksum;
use natsbridge::{Draft, Error, Part, Received};
use serde_json::Value;

use crate::cases::{self, Accepted, Case, Expect, Outcome, Rejected, normalized, payloads};

/// How many cases there are, so that none gets lost.
const CASES: usize = 2_076;

/// How long one case may take.
const ALLOWED: Duration = Duration::from_secs(1);

/// Rules that a message can only keep: what is read as what, how it is written.
const KEPT_ONLY: &[&str] = &["W3.7", "W3.8", "W4"];

/// Rules that are about refusals alone.
const BROKEN_ONLY: &[&str] = &["W7.2"];

#[test]
fn every_case_ends_as_it_says() {
    let mut wrong = Vec::new();
    for case in cases::all().iter().filter(|case| case.is_for_this_build()) {
        let message = case.message();
        let decoder = case.decoder();
        let began = Instant::now();
        let outcome = Outcome::of(decoder.decode(&message));
        let mut took = began.elapsed();
        if took >= ALLOWED {
            // Other programs may have had the processor.
            let began = Instant::now();
            Outcome::of(decoder.decode(&message));
            took = began.elapsed();
        }
        let mut faults = differences(&case.expect, &outcome);
        if took >= ALLOWED {
            faults.push(format!("it took {took:?}"));
        }
        let plainly = Outcome::of(decoder.decode_plainly(&message));
        if outcome.verdict() != plainly.verdict() {
            faults.push(format!("the plain path says {}", brief(&plainly.verdict())));
        }
        if !faults.is_empty() {
            wrong.push(format!(
                "{} ({}): {}",
                case.id,
                case.title,
                faults.join("; ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases end otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_canonical_message_is_written_again_byte_by_byte() {
    let mut written = 0;
    for case in cases::all() {
        let Some(canonical) = &case.expect.canonical else {
            continue;
        };
        for text in [case.message(), canonical.clone().into_bytes()] {
            let incoming = case
                .decoder()
                .decode(text)
                .unwrap_or_else(|error| panic!("{}: {error}", case.id));
            let again = serde_json::to_string(incoming.envelope()).expect("an envelope");
            assert_eq!(&again, canonical, "{}", case.id);
        }
        written += 1;
    }
    assert!(written >= 20, "{written} cases have a canonical text");
}

#[test]
fn values_and_arguments_encode_to_the_canonical_text() {
    let mut encoded = 0;
    for case in cases::all() {
        let Some(canonical) = &case.expect.canonical else {
            continue;
        };
        let header: Value = serde_json::from_str(canonical).expect("JSON");
        if is_as_writers_write(&header) {
            let Outcome::Received(received) = Outcome::of(case.decoder().decode(canonical)) else {
                continue;
            };
            assert_eq!(&encode(&header, *received), canonical, "{}", case.id);
            encoded += 1;
        }
    }
    assert!(encoded >= 10, "{encoded} cases can be encoded");
}

#[test]
fn each_rule_is_tried_from_both_sides() {
    let cases = cases::all();
    assert_eq!(cases.len(), CASES, "`CASES` counts them");
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "ids are unique");
    let mut sides: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for Case { rule, expect, .. } in &cases {
        sides.entry(rule).or_default()[usize::from(expect.error.is_some())] += 1;
    }
    let numbered = [("W1", 13), ("W2", 6), ("W3", 8), ("W7", 2)];
    let rules = numbered
        .iter()
        .flat_map(|(page, last)| (1..=*last).map(move |rule| format!("{page}.{rule}")));
    for rule in rules.chain(["W4".to_owned()]) {
        let [kept, broken] = sides.get(rule.as_str()).copied().unwrap_or_default();
        let (keeps, breaks) = (!BROKEN_ONLY.contains(&&*rule), !KEPT_ONLY.contains(&&*rule));
        assert!(kept > 0 || !keeps, "{rule} has no case that keeps it");
        assert!(broken > 0 || !breaks, "{rule} has no case that breaks it");
    }
}

#[test]
fn the_case_files_are_what_was_written_by_hand() {
    let script = cases::folder().join("make.py");
    match Command::new("python3").arg(&script).arg("--check").output() {
        Ok(output) => assert!(
            output.status.success(),
            "{}{}",
            lossy(&output.stdout),
            lossy(&output.stderr)
        ),
        Err(error) => eprintln!("not checked, since python3 cannot be started: {error}"),
    }
}

fn differences(expect: &Expect, outcome: &Outcome) -> Vec<String> {
    if !expect.any.is_empty() {
        let mut each = expect.any.iter().map(|one| differences(one, outcome));
        return match each.clone().any(|faults| faults.is_empty()) {
            true => Vec::new(),
            false => each.next().unwrap_or_default(),
        };
    }
    match (expect, outcome) {
        (
            Expect {
                ok: Some(accepted), ..
            },
            Outcome::Received(received),
        ) => accepted_differs(accepted, received),
        (
            Expect {
                error: Some(rejected),
                ..
            },
            Outcome::Refused(error),
        ) => rejected_differs(rejected, error),
        (
            Expect {
                pending: Some(links),
                ..
            },
            Outcome::Pending(found),
        ) if links == found => Vec::new(),
        (_, Outcome::Refused(error)) => {
            vec![format!("refused: {} {error}", brief(&outcome.verdict()))]
        }
        _ => vec![brief(&outcome.verdict())],
    }
}

fn accepted_differs(accepted: &Accepted, received: &Received) -> Vec<String> {
    let mut faults = Vec::new();
    let envelope = serde_json::to_value(&received.envelope).expect("an envelope");
    for (name, value) in &accepted.envelope {
        if envelope[name] != *value {
            faults.push(format!("{name} is {}", brief(&envelope[name])));
        }
    }
    if accepted
        .payload_count
        .is_some_and(|count| count != received.payloads.len())
    {
        faults.push(format!("there are {} payloads", received.payloads.len()));
    }
    let mut found = payloads(received);
    if let Some(payloads) = &accepted.payloads {
        // Metadata is looked at where the case tells it.
        let told = payloads.as_array().into_iter().flatten();
        for (found, told) in found.as_array_mut().into_iter().flatten().zip(told) {
            if let (Some(members), None) = (found.as_object_mut(), told.get("metadata")) {
                members.shift_remove("metadata");
            }
        }
        faults.extend(difference(&normalized(payloads), &found, "payloads"));
    }
    faults
}

/// The first place where two values differ.
fn difference(expected: &Value, found: &Value, place: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => left
            .iter()
            .find_map(|(name, item)| difference(item, &right[name], &format!("{place}/{name}"))),
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut pairs = left.iter().zip(right).enumerate();
            pairs.find_map(|(index, (left, right))| {
                difference(left, right, &format!("{place}/{index}"))
            })
        }
        _ => (expected != found)
            .then(|| format!("{place} is {}, not {}", brief(found), brief(expected))),
    }
}

fn rejected_differs(rejected: &Rejected, error: &Error) -> Vec<String> {
    let mut faults = Vec::new();
    let mut same = |what: &str, expected: Option<&str>, found: Option<&str>| {
        if expected.is_some() && expected != found {
            faults.push(format!(
                "its {what} is {found:?}, not {expected:?}: {error}"
            ));
        }
    };
    same("code", Some(&rejected.code), Some(error.code().as_str()));
    same("phase", Some(&rejected.phase), Some(error.phase().as_str()));
    same("pointer", rejected.pointer.as_deref(), error.pointer());
    same("dataname", rejected.dataname.as_deref(), error.dataname());
    let time = "2026-01-01T00:00:00.000Z".parse().expect("a timestamp");
    let report: Value =
        serde_json::from_str(&error.report(time).to_json()).expect("the error JSON");
    for (name, value) in &rejected.about {
        same(name, value.as_str(), report[name].as_str());
    }
    let texts = format!("{error} {}", error.found().unwrap_or_default()).to_lowercase();
    for word in &rejected.names {
        if !texts.contains(&word.to_lowercase()) {
            faults.push(format!("it does not name {word}: {error}"));
        }
    }
    faults
}

/// Whether the text has nothing that only a reader meets: members that the schema does not name, payload metadata that no
/// writer writes, a link.
fn is_as_writers_write(envelope: &Value) -> bool {
    let members = |value: &Value| value.as_object().map_or(0, |members| members.len());
    let payloads = envelope["payloads"].as_array().expect("a list");
    let written = |payload: &Value| {
        members(payload) == 8
            && payload["transport"] == "direct"
            && payload["metadata"]["payload_bytes"] == payload["size"]
    };
    members(envelope) == 14 && payloads.iter().all(written)
}

fn encode(envelope: &Value, received: Received) -> String {
    let text = |member: &Value| member.as_str().expect("a string").to_owned();
    let written = envelope["payloads"].as_array().expect("a list");
    let has = |name: &str| {
        written
            .iter()
            .any(|payload| payload["metadata"].get(name).is_some())
    };
    let parts = received
        .payloads
        .into_iter()
        .zip(written)
        .map(|(payload, written)| {
            let mut metadata = payload.metadata.clone();
            metadata.retain(|name, _| name != "payload_bytes" && name != "sha256");
            let id = text(&written["id"]).parse().expect("a UUID");
            let (dataname, data, payload_type) = payload.into_tuple();
            Part::new(dataname, data, payload_type.as_str())
                .metadata(metadata)
                .id(id)
        });
    let draft = Draft::new(text(&envelope["send_to"]), parts)
        .correlation_id(text(&envelope["correlation_id"]))
        .msg_id(text(&envelope["msg_id"]))
        .msg_purpose(text(&envelope["msg_purpose"]))
        .sender_name(text(&envelope["sender_name"]))
        .sender_id(text(&envelope["sender_id"]))
        .receiver_name(text(&envelope["receiver_name"]))
        .receiver_id(text(&envelope["receiver_id"]))
        .reply_to(text(&envelope["reply_to"]))
        .reply_to_msg_id(text(&envelope["reply_to_msg_id"]))
        .broker_url(text(&envelope["broker_url"]))
        .metadata(envelope["metadata"].as_object().expect("an object").clone())
        .checksum(if has("sha256") {
            Checksum::All
        } else {
            Checksum::None
        })
        .inline_json(written.iter().any(|payload| payload["encoding"] == "json"));
    let time = text(&envelope["timestamp"]).parse().expect("a timestamp");
    let outgoing = draft
        .encode(time, &mut || panic!("every id was given"))
        .expect("a message that can be sent");
    outgoing.finish().expect("nothing to upload").1
}

/// A value, cut to what a person reads.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(400) {
        None => text,
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
