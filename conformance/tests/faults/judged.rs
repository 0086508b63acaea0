//! A right client and wrong ones, judged by what the server saw of them.

use std::time::Duration;

use natsbridge_conformance::faults::{Faults, content, sha256};
use natsbridge_conformance::link::{Case, Scenario};
use natsbridge_conformance::protocol::{Decoded, Operation, Outcome, Refused};
use serde_json::{Value, json};

use super::client::get;

/// A case of one link of 100 bytes.
fn case(steps: &str, expect: Value, more: Value) -> Case {
    let mut case = json!({
        "id": "w6.1-x+y",
        "rule": "W6.1",
        "title": "a test",
        "needs": ["link"],
        "decode": {"text": format!("${{server}}/get/{steps}/100"), "allowed_origins": ["${origin}"]},
        "expect": expect,
    });
    for (name, value) in more.as_object().expect("members") {
        case[name] = value.clone();
    }
    Case::read(case).expect("a case")
}

/// The link that the adapter is given.
fn link(scenario: &Scenario<'_>) -> String {
    match scenario.operation() {
        Operation::Decode(decode) => serde_json::to_value(&decode.message).expect("JSON")["text"]
            .as_str()
            .expect("a text")
            .to_owned(),
        other => panic!("{other:?}"),
    }
}

fn decoded(bytes: &[u8]) -> Outcome {
    let value = json!({"type": "bytes", "size": bytes.len(), "sha256": sha256(bytes)});
    let payload = json!({
        "dataname": "p", "payload_type": "binary", "transport": "link", "size": bytes.len(),
        "value": value, "metadata": {"type": "object", "value": []},
    });
    let decoded: Decoded =
        serde_json::from_value(json!({"envelope": {}, "payloads": [payload]})).expect("a reply");
    Outcome::Decoded(decoded)
}

fn refused(code: &str, pointer: &str, message: &str) -> Outcome {
    let details = json!({"phase": "fetch", "pointer": pointer});
    let report = json!({"error": {"code": code, "message": message, "details": details}});
    let refused: Refused = serde_json::from_value(json!({"report": report})).expect("a reply");
    Outcome::Error(refused)
}

/// What is found where a client asks so many times, with this pause, and answers so.
fn found(case: &Case, times: usize, pause: u64, outcome: &Outcome) -> Vec<String> {
    let faults = Faults::start(0).expect("a server");
    let scenario = Scenario::new(case, &faults).expect("a scenario");
    let link = link(&scenario);
    for at in 0..times {
        if at > 0 {
            std::thread::sleep(Duration::from_millis(pause));
        }
        get(&link);
    }
    let findings = scenario.judge(outcome, Duration::from_millis(500));
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_client_that_does_as_it_should_is_right() {
    let log = json!({"log": [{"of": {"call": "get"}, "count": 2, "gaps": [50], "each": {"headers": {"accept-encoding": "identity"}}}]});
    let case = case("503,ok", json!({"payloads": [100]}), log);
    assert_eq!(found(&case, 2, 60, &decoded(&content(100))), [""; 0]);
}

#[test]
fn a_client_that_does_not_is_found_out() {
    let log = json!({"log": [{"of": {"call": "get"}, "count": 2, "gaps": [50]}]});
    let case = case("503,ok", json!({"payloads": [100]}), log);
    let right = decoded(&content(100));
    for (times, pause, outcome, words) in [
        (2, 0, &right, "the times"),
        (1, 0, &right, "how many requests"),
        (3, 60, &right, "how many requests"),
        (2, 60, &decoded(&content(99)), "payloads[0]"),
        (2, 60, &refused("DOWNLOAD_FAILED", "", ""), "outcome"),
    ] {
        let found = found(&case, times, pause, outcome);
        assert!(
            found.iter().any(|finding| finding.contains(words)),
            "{words}: {found:?}"
        );
    }
}

#[test]
fn errors_are_judged_by_code_place_and_words() {
    let error = json!({"code": "DOWNLOAD_FAILED", "phase": "fetch", "pointer": "/payloads/0/data", "names": ["${origin}"], "hides": ["hunter2"]});
    let case = case("404", json!({"error": error}), json!({"settle": 0}));
    let faults = Faults::start(0).expect("a server");
    let scenario = Scenario::new(&case, &faults).expect("a scenario");
    let place = "/payloads/0/data";
    let judge = |outcome| scenario.judge(&outcome, Duration::ZERO).len();
    let words = format!("it is at {}", faults.url());
    assert_eq!(judge(refused("DOWNLOAD_FAILED", place, &words)), 0);
    assert_eq!(judge(refused("SIZE_MISMATCH", place, &words)), 1);
    assert_eq!(
        judge(refused("DOWNLOAD_FAILED", "/payloads/1/data", &words)),
        1
    );
    assert_eq!(
        judge(refused("DOWNLOAD_FAILED", place, "it is elsewhere")),
        1
    );
    assert_eq!(
        judge(refused(
            "DOWNLOAD_FAILED",
            place,
            &format!("{words}?sig=hunter2")
        )),
        1
    );
    assert_eq!(judge(decoded(b"")), 1);
}

#[test]
fn time_files_and_strange_requests_are_judged() {
    let more = json!({"took": {"most": 400}, "left": 1});
    let case = case("okay", json!({"payloads": [100]}), more);
    let found = found(&case, 1, 0, &decoded(&content(100)));
    for words in [
        "the time of the call",
        "how many files",
        "what the server is asked for",
    ] {
        assert!(
            found.iter().any(|finding| finding.contains(words)),
            "{words}: {found:?}"
        );
    }
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn any_of_several_verdicts_will_do() {
    let any = json!({"any": [{"payloads": [100]}, {"error": {"code": "SIZE_MISMATCH", "phase": "fetch"}}]});
    let case = case("ok", any, json!({}));
    assert_eq!(found(&case, 1, 0, &decoded(&content(100))), [""; 0]);
    assert_eq!(
        found(&case, 1, 0, &refused("SIZE_MISMATCH", "", "")),
        [""; 0]
    );
    assert_eq!(
        found(&case, 1, 0, &refused("CHECKSUM_MISMATCH", "", "")).len(),
        1
    );
}
