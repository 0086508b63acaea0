//! Each refusal of the lint, tried on the real schema with one change.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::lint;
use crate::{
    problem::Problem,
    source::{MESSAGE_FILES, PLATFORMS, PLATFORMS_SCHEMA, Source},
};

const DEFINITIONS: &str = "definitions.schema.json";
const ENVELOPE: &str = "envelope.schema.json";
const PAYLOAD: &str = "payload.schema.json";

/// The real files, one of them changed.
fn changed(file: &str, change: impl FnOnce(&mut Value)) -> Result<Source, Vec<Problem>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/v1");
    let mut change = Some(change);
    let names = MESSAGE_FILES
        .into_iter()
        .chain([PLATFORMS_SCHEMA, PLATFORMS]);
    let texts: Vec<(&str, String)> = names
        .map(|name| {
            let text = fs::read_to_string(folder.join(name)).expect("the schema is there");
            let mut value: Value = serde_json::from_str(&text).expect("the schema is JSON");
            if name == file
                && let Some(change) = change.take()
            {
                change(&mut value);
            }
            (name, format!("{value:#}\n"))
        })
        .collect();
    Source::from_texts(texts)
}

/// What is found after `pointer` in `file` was set to `value`; a new member goes into the object above.
fn found(file: &str, pointer: &str, value: &Value) -> Vec<String> {
    let source = changed(file, |schema| set(schema, pointer, value.clone()));
    let problems = match &source {
        Ok(source) => lint(source),
        Err(problems) => problems.clone(),
    };
    problems.iter().map(Problem::to_string).collect()
}

fn set(schema: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = schema.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer with a name");
    let parent = schema
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .expect("an object");
    parent.insert(name.to_owned(), value);
}

#[track_caller]
fn refused(file: &str, pointer: &str, value: Value, says: &str) {
    let found = found(file, pointer, &value);
    assert!(
        found.iter().any(|problem| problem.contains(says)),
        "{says}: {found:#?}"
    );
    assert!(
        found.iter().all(|problem| problem.starts_with(file)),
        "{found:#?}"
    );
}

#[test]
fn the_schema_passes() {
    let source = changed("none", |_| ()).expect("no problem of reading");
    assert_eq!(lint(&source), []);
}

#[test]
fn a_problem_says_where_and_what_to_do() {
    assert_eq!(
        found(DEFINITIONS, "/$defs/size/const", &json!(5)),
        [
            "definitions.schema.json#/$defs/size/const: the keyword `const` has no meaning for an integer; use an \
          `enum` of one value"
        ]
    );
}

#[test]
fn keywords_that_a_backend_drops_are_refused() {
    for (pointer, value) in [
        ("/$defs/name/const", json!("x")),
        ("/$defs/name/contentEncoding", json!("base64")),
        ("/$defs/size/multipleOf", json!(2)),
        ("/$defs/size/exclusiveMinimum", json!(0)),
        ("/$defs/metadata/minProperties", json!(1)),
        ("/$defs/metadata/patternProperties", json!({})),
        ("/$defs/metadata/additionalProperties", json!(false)),
        ("/$defs/name/default", json!("")),
        ("/$defs/name/examples", json!([""])),
        ("/$defs/name/not", json!({})),
        ("/$defs/name/oneOf", json!([true])),
        ("/$defs/name/anyOf", json!([true])),
        ("/$defs/name/allOf", json!([true])),
        ("/$defs/name/x-unknown", json!(1)),
        ("/$defs/name/type", json!("number")),
        ("/$defs/name/type", json!(["string", "null"])),
        ("/$defs/name/enum", json!(["a"])),
    ] {
        let found = found(DEFINITIONS, pointer, &value);
        assert!(!found.is_empty(), "{pointer}");
    }
    for keyword in ["minItems", "maxItems", "uniqueItems"] {
        let pointer = format!("/properties/payloads/{keyword}");
        refused(ENVELOPE, &pointer, json!(1), keyword);
    }
    refused(
        ENVELOPE,
        "/additionalProperties",
        json!(false),
        "leave it out: messages are open",
    );
    refused(
        PAYLOAD,
        "/$defs/transport/type",
        json!("string"),
        "beside `enum` it says nothing",
    );
    refused(ENVELOPE, "/oneOf", json!([true]), "keep the structure flat");
    refused(ENVELOPE, "/if", json!(true), "keep the structure flat");
}

#[test]
fn types_of_data_are_not_for_messages() {
    refused(
        DEFINITIONS,
        "/$defs/name",
        json!({"type": "boolean"}),
        "a type that messages do not use",
    );
}

#[test]
fn names_are_needed_and_unique() {
    refused(
        ENVELOPE,
        "/properties/payloads/items",
        json!({"type": "string"}),
        "no `$ref`",
    );
    let object = json!({"type": "object", "properties": {}, "description": "A.", "x-rule": "W1"});
    refused(
        ENVELOPE,
        "/properties/metadata",
        object,
        "an object without a name",
    );
    let short = json!({"enum": ["a"], "x-enum": {"a": "A."}, "description": "A.", "x-rule": "W1"});
    refused(
        ENVELOPE,
        "/properties/msg_purpose",
        short,
        "an enum without a name",
    );
    let twice = json!({"type": "string", "description": "A.", "x-rule": "W1"});
    refused(
        PAYLOAD,
        "/$defs/msg_purpose",
        twice.clone(),
        "`msg_purpose` is in envelope.schema.json too",
    );
    refused(ENVELOPE, "/$defs/Camel", twice, "not in snake case");
    refused(
        PAYLOAD,
        "/properties/CamelCase",
        json!({"$ref": "#/$defs/data"}),
        "not in snake case",
    );
}

#[test]
fn annotations_are_needed() {
    refused(
        DEFINITIONS,
        "/$defs/size/description",
        json!("No full stop"),
        "no ASCII sentence",
    );
    refused(
        DEFINITIONS,
        "/$defs/size/x-rule",
        json!("W1.x"),
        "`W1.x` is no rule",
    );
    refused(
        DEFINITIONS,
        "/$defs/size",
        json!({"type": "integer"}),
        "no `description`",
    );
    refused(
        DEFINITIONS,
        "/$defs/size",
        json!({"type": "integer"}),
        "no `x-rule`",
    );
    refused(
        PAYLOAD,
        "/properties/more",
        json!({"type": "string"}),
        "no `x-rule`",
    );
    refused(
        PAYLOAD,
        "/$defs/transport/x-code",
        json!("OOPS"),
        "\"OOPS\" is no error code",
    );
    refused(
        PAYLOAD,
        "/$defs/transport/x-enum",
        json!({"direct": "A."}),
        "does not describe exactly",
    );
    refused(
        PAYLOAD,
        "/$defs/transport/enum",
        json!(["direct", "link", "mail"]),
        "does not describe exactly",
    );
    refused(
        PAYLOAD,
        "/$defs/transport/enum/0",
        json!("in line"),
        "cannot be a name in every language",
    );
    refused(
        DEFINITIONS,
        "/$defs/name/x-max-bytes",
        json!("1"),
        "no number of bytes",
    );
    refused(
        DEFINITIONS,
        "/$defs/link/x-secret",
        json!(false),
        "not `true`",
    );
}

#[test]
fn references_and_requirements_lead_somewhere() {
    for reference in [
        "#/$defs/nothing",
        "#/properties/id",
        "other.schema.json",
        "https://example.com/a.json",
        "definitions.schema.json#/$defs/nothing",
    ] {
        refused(
            PAYLOAD,
            "/properties/id/$ref",
            json!(reference),
            "leads nowhere",
        );
    }
    refused(
        PAYLOAD,
        "/required/0",
        json!("iid"),
        "`iid` is required but no property",
    );
    refused(
        PAYLOAD,
        "/$id",
        json!("https://natsbridge.invalid/schema/v1/other.json"),
        "does not end in",
    );
}

#[test]
fn bounds_and_patterns_are_those_of_every_language() {
    refused(
        DEFINITIONS,
        "/$defs/size/maximum",
        json!(9_007_199_254_740_992_i64),
        "stay within 2^53-1",
    );
    refused(
        DEFINITIONS,
        "/$defs/size/minimum",
        json!(0.5),
        "stay within 2^53-1",
    );
    refused(
        DEFINITIONS,
        "/$defs/sha256/pattern",
        json!("^\\d{64}$"),
        "outside the dialect",
    );
    refused(
        DEFINITIONS,
        "/$defs/sha256/pattern",
        json!("[0-9]{64}"),
        "outside the dialect",
    );
    refused(
        DEFINITIONS,
        "/$defs/sha256/format",
        json!("date-time"),
        "is not checked by any backend",
    );
    refused(
        DEFINITIONS,
        "/$defs/timestamp/format",
        json!("email"),
        "is not checked by any backend",
    );
}

#[test]
fn conditions_have_one_shape() {
    let at = |place: &str| format!("/allOf/1/{place}");
    for (place, value, says) in [
        ("else", json!({}), "the keyword `else` in a condition"),
        ("x-rule", json!("2.4"), "no `x-rule`"),
        ("$comment", json!(""), "no `$comment`"),
        (
            "if",
            json!({"properties": {"transport": {"enum": ["link"]}}}),
            "do not name the same members",
        ),
        (
            "if/properties/transport",
            json!({"const": "link"}),
            "the keyword `const` in a condition",
        ),
        (
            "if/properties/transport/enum/0",
            json!("mail"),
            "no value of that member's enum",
        ),
        ("if/properties/transport/enum", json!([]), "names no values"),
        (
            "if/required",
            json!(["transport", "size"]),
            "do not name the same members",
        ),
        (
            "then",
            json!({"required": ["data"]}),
            "the keyword `required` in a condition",
        ),
        ("then", json!({}), "demands nothing"),
        (
            "then/properties/encoding/enum/0",
            json!("zip"),
            "no value of that member's enum",
        ),
        (
            "then/properties/nothing",
            json!({"type": "string"}),
            "is no property of the object",
        ),
        (
            "then/properties/data",
            json!({"minLength": 1}),
            "no demand that backends can make",
        ),
        (
            "then/properties/data",
            json!({"type": "object"}),
            "no demand that backends can make",
        ),
        (
            "then/properties/data",
            json!(true),
            "no demand that backends can make",
        ),
        (
            "then/properties/data",
            json!({"$ref": "definitions.schema.json#/$defs/size"}),
            "is no string's definition",
        ),
        (
            "then/properties/metadata",
            json!({"properties": {"sha256": {"properties": {"deeper": false}}}}),
            "no demand that backends can make",
        ),
    ] {
        refused(PAYLOAD, &at(place), value, says);
    }
    refused(PAYLOAD, "/allOf/0", json!(true), "is missing, or no object");
    refused(
        PAYLOAD,
        "/allOf/0",
        json!({"$ref": "#/$defs/data"}),
        "the keyword `$ref` in a condition",
    );
}

#[test]
fn files_are_held_against_their_schemas_first() {
    refused(
        DEFINITIONS,
        "/$defs/name/maxLength",
        json!(-1),
        "not a schema of 2020-12",
    );
    refused(
        PLATFORMS,
        "/json/max_depth",
        json!(0),
        "0 is less than the minimum of 1",
    );
    refused(
        PLATFORMS,
        "/defaults/msg_purpose",
        json!("Chat"),
        "not one of",
    );
    refused(
        PLATFORMS,
        "/defaults/more",
        json!(1),
        "Additional properties are not allowed",
    );
}

#[test]
fn layout_shows_repeated_names() {
    let text = "{\n  \"a\": 1,\n  \"a\": 2\n}\n".to_owned();
    let problems =
        Source::from_texts([("envelope.schema.json", text)]).expect_err("a repeated name");
    assert!(
        problems[0].to_string().contains("line 2 is not laid out"),
        "{problems:?}"
    );
}
