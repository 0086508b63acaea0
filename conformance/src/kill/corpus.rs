//! The instances that notice a deletion: the messages of the cases, error reports, platform profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::Noticed;
use crate::published::{ENVELOPE, Published, read};

/// Larger messages are about limits, not about the schema.
const LARGEST: usize = 16_384;

/// The places of all faults in an instance; none if it is valid.
pub(super) type Verdict = BTreeSet<String>;

/// One instance of a schema.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The case that it is from.
    pub case: String,
    /// The file of its schema.
    pub schema: String,
    /// The instance.
    pub value: Value,
    /// Whether it is valid, where its case says so.
    pub valid: Option<bool>,
}

/// All instances, by the file of their schema.
#[derive(Clone, Debug)]
pub struct Corpus {
    instances: Vec<Instance>,
}

impl Corpus {
    /// Reads the cases below a folder.
    ///
    /// # Errors
    ///
    /// In words: a file that cannot be read or is not what its schema says.
    pub fn read(folder: &Path, published: &Published) -> Result<Self, String> {
        let mut instances = Vec::new();
        for (file, cases) in files(folder)? {
            let wrong = || format!("{file}: not a file of cases");
            for case in cases.as_array().ok_or_else(wrong)? {
                instances.extend(message(case));
            }
        }
        // Those that were made to break one constraint each find most, and are asked first.
        instances.sort_by_key(|instance| !instance.case.contains("-negative-"));
        for (file, cases) in files(&folder.join("schema"))? {
            let wrong = || format!("{file}: not a file of schema cases");
            for case in cases.as_array().ok_or_else(wrong)? {
                instances.push(changed(case, published).ok_or_else(wrong)?);
            }
        }
        Ok(Corpus { instances })
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.instances.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// What the schemas say of each instance.
    pub(super) fn verdicts(&self, published: &Published) -> Result<Vec<Verdict>, String> {
        let mut validators = BTreeMap::new();
        let mut verdicts = Vec::with_capacity(self.instances.len());
        for instance in &self.instances {
            if !validators.contains_key(&instance.schema) {
                let validator = published.validator(&instance.schema)?;
                validators.insert(&instance.schema, validator);
            }
            verdicts.push(places(&validators[&instance.schema], &instance.value));
        }
        Ok(verdicts)
    }

    /// Whether the instances are as valid as their cases say.
    pub(super) fn check(&self, verdicts: &[Verdict]) -> Result<(), String> {
        let mut pairs = self.instances.iter().zip(verdicts);
        let wrong = pairs.find(|(instance, places)| {
            instance.valid.is_some_and(|said| said != places.is_empty())
        });
        match wrong {
            None => Ok(()),
            Some((instance, places)) => Err(format!(
                "{}: {} finds faults at {places:?}",
                instance.case, instance.schema
            )),
        }
    }

    /// The first case whose verdict is another one than before, when `file` has changed: one that turned valid or invalid
    /// if there is any, else one with other members at fault.
    pub(super) fn notices(
        &self,
        published: &Published,
        file: &str,
        before: &[Verdict],
    ) -> Result<Option<Noticed>, String> {
        let mut validators = BTreeMap::new();
        for whole in [false, true] {
            for (instance, before) in self.instances.iter().zip(before) {
                let schema = instance.schema.as_str();
                // Most deletions are noticed before the other schemas are asked, and building a validator takes its time.
                if !validators.contains_key(schema) {
                    let concerned = published.behind(schema).contains(file);
                    let validator = concerned.then(|| published.validator(schema));
                    validators.insert(schema, validator.transpose()?);
                }
                let Some(Some(validator)) = validators.get(schema) else {
                    continue;
                };
                let noticed = match whole {
                    false => validator.is_valid(&instance.value) != before.is_empty(),
                    true => places(validator, &instance.value) != *before,
                };
                if noticed {
                    return Ok(Some(Noticed {
                        case: instance.case.clone(),
                        by_place: whole,
                    }));
                }
            }
        }
        Ok(None)
    }
}

/// The members at fault, as JSON pointers; one that is missing has the place where it should be.
fn places(validator: &Validator, value: &Value) -> Verdict {
    let place = |error: ValidationError<'_>| match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!(
                "{}/{}",
                error.instance_path(),
                property.as_str().unwrap_or_default()
            )
        }
        _ => error.instance_path().to_string(),
    };
    validator.iter_errors(value).map(place).collect()
}

/// The case files of a folder: name and content.
fn files(folder: &Path) -> Result<Vec<(String, Value)>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            name.ends_with(".json") && !name.ends_with(".schema.json") && name != "rules.json"
        })
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| Ok((name.clone(), read(&folder.join(name))?)))
        .collect()
}

/// The message of a case, if it is strict JSON, as the case itself says.
fn message(case: &Value) -> Option<Instance> {
    if case["expect"]["error"]["phase"] == "parse" {
        return None;
    }
    let input = &case["input"];
    let value = match (input.get("json"), input.get("text").and_then(Value::as_str)) {
        (Some(value), _) => value.clone(),
        (None, Some(text)) if text.len() <= LARGEST => serde_json::from_str(text).ok()?,
        _ => return None,
    };
    Some(Instance {
        case: case["id"].as_str()?.to_owned(),
        schema: ENVELOPE.to_owned(),
        value,
        valid: case["expect"].get("ok").map(|_| true),
    })
}

/// The instance of a schema case.
fn changed(case: &Value, published: &Published) -> Option<Instance> {
    let mut value = match &case["base"] {
        Value::String(_) => published.platforms().clone(),
        value => value.clone(),
    };
    match (case.get("at").and_then(Value::as_str), case.get("put")) {
        (None, _) => {}
        (Some(at), Some(put)) => match value.pointer_mut(at) {
            Some(place) => *place = put.clone(),
            None => add(&mut value, at, put.clone())?,
        },
        (Some(at), None) => {
            let (parent, name) = at.rsplit_once('/')?;
            value
                .pointer_mut(parent)?
                .as_object_mut()?
                .shift_remove(name)?;
        }
    }
    Some(Instance {
        case: case["id"].as_str()?.to_owned(),
        schema: case["schema"].as_str()?.to_owned(),
        value,
        valid: case["valid"].as_bool(),
    })
}

fn add(value: &mut Value, at: &str, put: Value) -> Option<()> {
    let (parent, name) = at.rsplit_once('/')?;
    value
        .pointer_mut(parent)?
        .as_object_mut()?
        .insert(name.to_owned(), put);
    Some(())
}
