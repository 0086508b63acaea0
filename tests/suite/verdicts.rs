//! The generated types and check against the `jsonschema` crate: on every case whose text is strict JSON they give one
//! verdict, as far as the schema's own rules go.

use std::fs;

use jsonschema::{Draft, Registry, Validator};
use serde_json::Value;

use crate::cases;

/// The folder of the published schemas.
const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/v1");

#[test]
fn the_check_and_jsonschema_agree_on_every_case() {
    let envelope = published("envelope");
    let (mut compared, mut disagreed) = (0, Vec::new());
    for case in cases::all() {
        let message = case.message();
        // What the reader refuses is no matter of the schema, and what serde_json refuses the crate cannot judge.
        let Ok(violations) = case.decoder().violations(&message) else {
            continue;
        };
        let Ok(value) = serde_json::from_slice::<Value>(&message) else {
            continue;
        };
        compared += 1;
        let found: Vec<String> = violations
            .iter()
            .filter(|violation| !violation.beyond_schema())
            .map(ToString::to_string)
            .collect();
        let theirs: Vec<String> = envelope
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if found.is_empty() != theirs.is_empty() {
            disagreed.push(format!(
                "{} ({}): the check finds {found:?}, jsonschema {theirs:?}",
                case.id, case.title
            ));
        }
    }
    assert!(
        disagreed.is_empty(),
        "{} verdicts differ:\n{}",
        disagreed.len(),
        disagreed.join("\n")
    );
    assert!(compared > 900, "{compared} cases were compared");
}

#[test]
fn what_is_accepted_is_of_the_types_and_written_back_valid() {
    let envelope = published("envelope");
    for case in cases::all().iter().filter(|case| case.is_for_this_build()) {
        let Ok(incoming) = case.decoder().decode(case.message()) else {
            continue;
        };
        let written = serde_json::to_value(incoming.envelope()).expect("an envelope");
        let faults: Vec<String> = envelope
            .iter_errors(&written)
            .map(|error| error.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:?}", case.id);
    }
}

#[test]
fn every_error_report_is_of_its_schema() {
    let report = published("error");
    let mut reports = 0;
    for case in cases::all().iter().filter(|case| case.is_for_this_build()) {
        let cases::Outcome::Refused(error) =
            cases::Outcome::of(case.decoder().decode(case.message()))
        else {
            continue;
        };
        let text = error
            .report("2026-01-01T00:00:00.000Z".parse().expect("a timestamp"))
            .to_json();
        let value: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}: {text}", case.id));
        let faults: Vec<String> = report
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:?}: {text}", case.id);
        reports += 1;
    }
    assert!(reports > 700, "{reports} cases are refused");
}

#[test]
fn the_case_files_are_of_their_schema() {
    let path = cases::folder().join("case.schema.json");
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("the schema of cases"))
            .expect("JSON");
    let validator = validator(
        &schema,
        &Registry::new()
            .prepare()
            .expect("no other schema is needed"),
    );
    for (name, text) in cases::files() {
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let faults: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{name}: {}", faults.join("\n"));
    }
}

/// The validator of a published schema, its siblings found by their `$id`.
fn published(name: &str) -> Validator {
    let read = |name: &str| -> Value {
        let path = format!("{SCHEMAS}/{name}.schema.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let siblings = ["definitions", "payload", "envelope", "error"].map(read);
    let mut registry = Registry::new();
    for schema in &siblings {
        let id = schema["$id"].as_str().expect("an id");
        registry = registry.add(id, schema).expect("an id of its own");
    }
    validator(
        &read(name),
        &registry
            .prepare()
            .expect("schemas that refer to each other"),
    )
}

fn validator(schema: &Value, registry: &Registry<'_>) -> Validator {
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true);
    options
        .with_registry(registry)
        .build(schema)
        .expect("a valid schema")
}
