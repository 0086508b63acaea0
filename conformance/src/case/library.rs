//! All cases, from their files.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::{Draft, Registry, Validator};
use serde_json::Value;
use wildmatch::WildMatch;

use super::{AnswerCase, Body, Case, DecodeCase, DeliveryCase, EncodeCase};
use crate::failure::Failure;
use crate::repository::Repository;
use crate::strict;

/// A folder below that of the cases, its schema, and how one of its cases is read.
type Kind = (
    &'static str,
    &'static str,
    fn(Value) -> Result<Body, String>,
);

const KINDS: &[Kind] = &[
    ("", "case.schema.json", |value| {
        DecodeCase::read(value).map(|case| Body::Decode(Box::new(case)))
    }),
    ("encode", "encode.schema.json", |value| {
        EncodeCase::read(value).map(|case| Body::Encode(Box::new(case)))
    }),
    ("answer", "answer.schema.json", |value| {
        AnswerCase::read(value).map(|case| Body::Answer(Box::new(case)))
    }),
    ("delivery", "delivery.schema.json", |value| {
        DeliveryCase::read(value).map(|case| Body::Delivery(Box::new(case)))
    }),
    ("link", "link.schema.json", |value| {
        crate::link::Case::read(value).map(|case| Body::Link(Box::new(case)))
    }),
];

/// All cases.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) cases: Vec<Case>,
}

/// Which cases a run is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection(Vec<String>);

impl Library {
    /// Reads every file, each held against its schema; the first that is not as it should be ends it.
    pub(crate) fn read(repository: &Repository) -> Result<Self, Failure> {
        let mut cases = Vec::new();
        for (folder, schema, read) in KINDS {
            let folder = match *folder {
                "" => repository.cases(),
                folder => repository.cases().join(folder),
            };
            let mut paths = repository.files(&folder, ".json")?;
            paths.retain(|path| is_cases(path));
            if paths.is_empty() {
                continue;
            }
            let validator = validator(repository, &folder, schema)?;
            for path in paths {
                read_file(repository, &path, &validator, *read, &mut cases)?;
            }
        }
        unique(&cases)?;
        Ok(Library { cases })
    }
}

impl Selection {
    /// Cases whose id matches one of these patterns with `*` and `?`; all if there is none.
    pub(crate) fn new(globs: Vec<String>) -> Self {
        Selection(globs)
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        let mut globs = self.0.iter();
        self.is_everything() || globs.any(|glob| WildMatch::new(glob).matches(id))
    }
}

/// A JSON file of cases, not one about them.
fn is_cases(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| !name.ends_with(".schema.json") && name != "rules.json")
}

/// The schema stands in the folder of the cases or beside its own.
fn validator(repository: &Repository, folder: &Path, name: &str) -> Result<Validator, Failure> {
    let own = folder.join(name);
    let path = if own.is_file() {
        own
    } else {
        repository.cases().join(name)
    };
    let schema = read(repository, &path)?;
    let broken = |error: &dyn std::fmt::Display| {
        Failure::Broken(format!("{}: {error}", repository.short(&path)))
    };
    // Schemas of cases may refer to each other.
    let mut registry = Registry::new();
    for other in repository.files(&repository.cases(), ".schema.json")? {
        let other = read(repository, &other)?;
        if let Some(id) = other["$id"].as_str().map(str::to_owned) {
            registry = registry.add(id, other).map_err(|error| broken(&error))?;
        }
    }
    let registry = registry.prepare().map_err(|error| broken(&error))?;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_registry(&registry)
        .build(&schema)
        .map_err(|error| broken(&error))
}

fn read_file(
    repository: &Repository,
    path: &Path,
    validator: &Validator,
    read_case: fn(Value) -> Result<Body, String>,
    cases: &mut Vec<Case>,
) -> Result<(), Failure> {
    let short = repository.short(path);
    let value = read(repository, path)?;
    if let Some(error) = validator.iter_errors(&value).next() {
        let (place, words) = (error.instance_path(), error.to_string());
        let words: String = words.chars().take(300).collect();
        return Err(Failure::Broken(format!("{short}{place}: {words}")));
    }
    let Value::Array(values) = value else {
        return Err(Failure::Broken(format!("{short}: it is no array of cases")));
    };
    let file = path.strip_prefix(repository.cases()).unwrap_or(path);
    for value in values {
        let member = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let acceptance = value["acceptance"].as_array().into_iter().flatten();
        let acceptance = acceptance.filter_map(Value::as_str).map(str::to_owned);
        let (id, rule, title) = (member("id"), member("rule"), member("title"));
        let acceptance = acceptance.collect();
        let body =
            read_case(value).map_err(|error| Failure::Broken(format!("{short}: {id}: {error}")))?;
        cases.push(Case {
            id,
            rule,
            title,
            file: file.display().to_string(),
            acceptance,
            body,
        });
    }
    Ok(())
}

fn read(repository: &Repository, path: &Path) -> Result<Value, Failure> {
    let text = repository.read(path)?;
    strict::read(&text)
        .map_err(|error| Failure::Broken(format!("{}: {error}", repository.short(path))))
}

fn unique(cases: &[Case]) -> Result<(), Failure> {
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for case in cases {
        if let Some(first) = files.insert(&case.id, &case.file) {
            let (id, second) = (&case.id, &case.file);
            return Err(Failure::Broken(format!(
                "the id {id} stands in {first} and in {second}; ids are unique among all cases"
            )));
        }
    }
    Ok(())
}
