//! The published schemas, as they are or with something deleted, and the validators that are built from them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jsonschema::{Draft, Registry, Validator};
use serde_json::Value;

/// The schema of messages.
pub(crate) const ENVELOPE: &str = "envelope.schema.json";

/// The schemas of `schema/v1`, by file name.
#[derive(Clone, Debug)]
pub struct Published {
    files: Vec<(String, Value)>,
    platforms: Value,
}

impl Published {
    /// Reads a folder of schemas and the data beside them.
    ///
    /// # Errors
    ///
    /// In words: what cannot be read, or is no JSON.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let entries =
            fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".schema.json"))
            .collect();
        names.sort();
        let files = names
            .into_iter()
            .map(|name| Ok((name.clone(), read(&folder.join(name))?)))
            .collect::<Result<_, String>>()?;
        Ok(Published {
            files,
            platforms: read(&folder.join("platforms.json"))?,
        })
    }

    /// Name and schema of each file, in the order of the names.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.files
            .iter()
            .map(|(name, schema)| (name.as_str(), schema))
    }

    /// What a `$ref` in `file` leads to: its file, and the schema.
    pub(crate) fn resolve<'a>(
        &'a self,
        file: &'a str,
        reference: &'a str,
    ) -> Option<(&'a str, &'a Value)> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if path.is_empty() { file } else { path };
        let (name, schema) = self.files().find(|(name, _)| *name == file)?;
        Some((name, schema.pointer(fragment)?))
    }

    /// The schema files that the validator of `file` is made from.
    pub(crate) fn behind(&self, file: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![file.to_owned()];
        while let Some(name) = open.pop() {
            let Some((_, schema)) = self.files().find(|(other, _)| *other == name) else {
                continue;
            };
            if found.insert(name) {
                references(schema, &mut open);
            }
        }
        found
    }

    /// `platforms.json`, an instance of its own schema.
    pub fn platforms(&self) -> &Value {
        &self.platforms
    }

    /// The same with another schema in place of `file`.
    pub(crate) fn with(&self, file: &str, schema: Value) -> Self {
        let mut changed = self.clone();
        if let Some((_, old)) = changed.files.iter_mut().find(|(name, _)| name == file) {
            *old = schema;
        }
        changed
    }

    /// The validator of one file, formats switched on, its siblings found by their `$id`.
    ///
    /// # Errors
    ///
    /// Why it cannot be built.
    pub fn validator(&self, file: &str) -> Result<Validator, String> {
        let broken = |error: &dyn std::fmt::Display| format!("{file}: {error}");
        let mut registry = Registry::new();
        for (_, schema) in &self.files {
            let id = schema["$id"].as_str().unwrap_or_default();
            registry = registry.add(id, schema).map_err(|error| broken(&error))?;
        }
        let registry = registry.prepare().map_err(|error| broken(&error))?;
        let found = self.files.iter().find(|(name, _)| name == file);
        let (_, schema) = found.ok_or_else(|| broken(&"no such schema"))?;
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&registry)
            .should_validate_formats(true)
            .build(schema)
            .map_err(|error| broken(&error))
    }
}

/// The other files that a schema refers to.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let (path, _) = reference.split_once('#').unwrap_or((reference, ""));
                found.push(path.to_owned());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// A file of JSON.
pub(crate) fn read(path: &Path) -> Result<Value, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    serde_json::from_str(&text).map_err(|error| told(&error))
}
