//! An error that an implementation gave.

use serde_json::{Map, Value};

use super::Difference;
use crate::case::ExpectedError;

/// The first difference between the error that must come and an error's JSON (W7.2).
pub(crate) fn refusal(
    expected: &ExpectedError,
    report: &Map<String, Value>,
) -> Result<(), Difference> {
    let error = report.get("error").unwrap_or(&Value::Null);
    let details = &error["details"];
    // Code and phase together say most.
    let found = show(report);
    let wanted = format!("{} in phase {}", expected.code, expected.phase);
    if error["code"] != expected.code.as_str() || details["phase"] != expected.phase.as_str() {
        return Err(Difference::new("error", wanted, found));
    }
    for (name, wanted) in [
        ("pointer", &expected.pointer),
        ("dataname", &expected.dataname),
    ] {
        if let Some(wanted) = wanted
            && details[name] != wanted.as_str()
        {
            let place = format!("error.details.{name}");
            let there = details[name].as_str();
            let there = there.map_or_else(|| "nothing".to_owned(), |there| format!("{there:?}"));
            return Err(Difference::new(place, format!("{wanted:?}"), there));
        }
    }
    for (name, wanted) in &expected.details {
        if details[name] != *wanted {
            let place = format!("error.details.{name}");
            return Err(Difference::new(place, wanted, &details[name]));
        }
    }
    for (name, wanted) in &expected.about {
        let there = report.get(name).unwrap_or(&Value::Null);
        if there != wanted {
            return Err(Difference::new(name, wanted, there));
        }
    }
    let message = error["message"].as_str().unwrap_or_default();
    let told = details["found"].as_str().unwrap_or_default();
    // In words, and languages differ in capitals.
    let texts = format!("{message}\n{told}").to_lowercase();
    for word in &expected.names {
        if !texts.contains(&word.to_lowercase()) {
            return Err(Difference::new(
                "error.message",
                format!("a text, there or in details.found, that names {word}"),
                format!("{message} ({told})"),
            ));
        }
    }
    let whole = Value::Object(report.clone()).to_string();
    for word in &expected.hides {
        if whole.contains(word.as_str()) {
            return Err(Difference::new(
                "error",
                "a report that hides a secret",
                "the secret itself",
            ));
        }
    }
    Ok(())
}

/// An error's JSON in few words.
pub(crate) fn show(report: &Map<String, Value>) -> String {
    let error = report.get("error").unwrap_or(&Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let details = &error["details"];
    let pointer = match details["pointer"].as_str() {
        Some(pointer) => format!(" at {pointer:?}"),
        None => String::new(),
    };
    let (code, phase) = (text(&error["code"]), text(&details["phase"]));
    format!(
        "{code} in phase {phase}{pointer}: {}",
        text(&error["message"])
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(expected: Value) -> String {
        let expected = serde_json::from_value(expected).expect("what is expected");
        let Value::Object(report) = json!({"correlation_id": "c", "msg_id": "", "send_to": "a.b", "timestamp": "t",
            "error": {"code": "SIZE_MISMATCH", "message": "too long: SIZE", "details":
                {"phase": "decode", "pointer": "/payloads/0/data", "dataname": "p"}}})
        else {
            unreachable!("it is an object")
        };
        match refusal(&expected, &report) {
            Ok(()) => String::new(),
            Err(difference) => difference.to_string(),
        }
    }

    #[test]
    fn code_phase_and_what_a_case_tells_are_compared() {
        assert_eq!(
            compare(json!({"code": "SIZE_MISMATCH", "phase": "decode"})),
            ""
        );
        let full = json!({"code": "SIZE_MISMATCH", "phase": "decode", "pointer": "/payloads/0/data", "dataname": "p",
            "details": {"pointer": "/payloads/0/data"}, "about": {"send_to": "a.b"}, "names": ["SIZE"], "hides": ["token"]});
        assert_eq!(compare(full), "");
        for (name, other) in [
            ("code", json!("CHECKSUM_MISMATCH")),
            ("phase", json!("fetch")),
            ("pointer", json!("/payloads/1/data")),
            ("dataname", json!("q")),
            ("details", json!({"found": null, "dataname": "q"})),
            ("about", json!({"send_to": ""})),
            ("names", json!(["OTHER"])),
            ("hides", json!(["too long"])),
        ] {
            let mut expected = json!({"code": "SIZE_MISMATCH", "phase": "decode"});
            expected[name] = other;
            assert_ne!(compare(expected), "", "{name}");
        }
    }
}
