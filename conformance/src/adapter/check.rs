//! What an adapter says, held against the schemas.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::protocol::{self, Outcome, Reply};
use crate::repository::Repository;
use crate::strict;

/// The validators for the lines of all adapters.
#[derive(Debug)]
pub(crate) struct Check {
    reply: Validator,
    report: Validator,
}

impl Check {
    pub(crate) fn new(repository: &Repository) -> Result<Self, Failure> {
        let mut schema = protocol::schema();
        schema["$ref"] = json!("#/$defs/Reply");
        let reply = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .build(&schema)
            .map_err(|error| Failure::Broken(format!("the schema of replies: {error}")))?;
        Ok(Check {
            reply,
            report: report(repository)?,
        })
    }

    /// A reply from its line.
    pub(crate) fn reply(&self, line: &str) -> Result<Reply, String> {
        let value = strict::read(line).map_err(|error| format!("its line is no JSON: {error}"))?;
        first(&self.reply, &value).map_err(|why| format!("its line is no reply: {why}"))?;
        let reply: Reply =
            strict::typed(value).map_err(|error| format!("its line is no reply: {error}"))?;
        if let Outcome::Error(refused) = &reply.outcome {
            let report = Value::Object(refused.report.clone());
            first(&self.report, &report)
                .map_err(|why| format!("its error's JSON breaks error.schema.json: {why}"))?;
        }
        Ok(reply)
    }
}

/// A validator for error reports (W7.2).
fn report(repository: &Repository) -> Result<Validator, Failure> {
    let schema = |name: &str| -> Result<Value, Failure> {
        let path = repository.schemas().join(name);
        let text = repository.read(&path)?;
        strict::read(&text)
            .map_err(|error| Failure::Broken(format!("{}: {error}", repository.short(&path))))
    };
    let (definitions, error) = (
        schema("definitions.schema.json")?,
        schema("error.schema.json")?,
    );
    let id = definitions["$id"].as_str().unwrap_or_default().to_owned();
    let broken = |error: &dyn std::fmt::Display| Failure::Broken(format!("schema/v1: {error}"));
    let registry = Registry::new()
        .add(id, definitions)
        .and_then(|registry| registry.prepare())
        .map_err(|error| broken(&error))?;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_registry(&registry)
        .build(&error)
        .map_err(|error| broken(&error))
}

fn first(validator: &Validator, value: &Value) -> Result<(), String> {
    match validator.iter_errors(value).next() {
        None => Ok(()),
        Some(error) => {
            let error = innermost(&error);
            let place = error.instance_path().to_string();
            let words: String = error.to_string().chars().take(400).collect();
            Err(if place.is_empty() {
                words
            } else {
                format!("at {place}: {words}")
            })
        }
    }
}

/// What is at fault where a value is none of several forms: what lies deepest within the form that it comes nearest to.
fn innermost<'a>(error: &'a ValidationError<'a>) -> &'a ValidationError<'a> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return error;
    };
    // Whatever else a form asks for, one whose name is another is not meant.
    let is_other = |form: &&Vec<ValidationError<'_>>| {
        let mut faults = form.iter();
        faults.any(|fault| matches!(fault.kind(), ValidationErrorKind::Constant { .. }))
    };
    let depth =
        |fault: &&ValidationError<'_>| fault.instance_path().to_string().matches('/').count();
    let meant = context.iter().filter(|form| !is_other(form));
    let deepest = meant.flatten().map(innermost).max_by_key(depth);
    deepest
        .filter(|fault| depth(fault) > depth(&error))
        .unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_line_is_told_with_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let check = Check::new(&Repository::at(&root)).expect("the schemas");
        let told = |line: Value| check.reply(&line.to_string()).expect_err("no reply");
        let value = json!({"type": "array", "value": [{"type": "float", "value": 0}]});
        let object = json!({"type": "object", "value": []});
        let payload = json!({"dataname": "p", "payload_type": "dictionary", "transport": "direct", "size": 1, "value": value, "metadata": object});
        let words = told(json!({"id": 1, "decoded": {"envelope": {}, "payloads": [payload]}}));
        assert!(
            words.contains("at /decoded/payloads/0/value/value/0/value: 0 is not"),
            "{words}"
        );
        let words = told(json!({"id": 1, "hello": {"protocol": 1}}));
        assert!(words.contains("at /hello: "), "{words}");
    }
}
