//! What an adapter says, held against the schemas.

use jsonschema::{Draft, Registry, Validator};
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

/// A validator for error reports (wire.md W7.2).
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
