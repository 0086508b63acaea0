//! One deletion, and the list of all.

use std::fmt;

use serde_json::Value;

use crate::published::Published;

/// Keywords that hold schemas by name, which are looked into and no constraints themselves.
const LIBRARIES: [&str; 1] = ["$defs"];

/// Keywords that say nothing about an instance. Those that begin with `x-` do not either.
const ANNOTATIONS: [&str; 7] = [
    "title",
    "description",
    "$comment",
    "$id",
    "$schema",
    "examples",
    "default",
];

/// The deletion of one keyword, or of one element of a keyword that is a list or a map of constraints.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    file: String,
    /// The place of what is deleted, as the steps of a JSON pointer.
    path: Vec<String>,
}

impl Mutation {
    /// The schema file that it changes.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The schemas without it.
    pub fn of(&self, published: &Published) -> Published {
        let schema = published.files().find(|(name, _)| *name == self.file);
        let Some((_, schema)) = schema else {
            return published.clone();
        };
        let mut schema = schema.clone();
        if let Some((last, parents)) = self.path.split_last() {
            let parent = parents
                .iter()
                .try_fold(&mut schema, |value, step| match value {
                    Value::Object(members) => members.get_mut(step),
                    Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
                    _ => None,
                });
            match parent {
                Some(Value::Object(members)) => drop(members.shift_remove(last)),
                Some(Value::Array(items)) => drop(last.parse().map(|at: usize| items.remove(at))),
                _ => {}
            }
        }
        published.with(&self.file, schema)
    }
}

/// The file, and the place in it as a JSON pointer.
impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#", self.file)?;
        self.path
            .iter()
            .try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

/// Every deletion there is, in the order of the files and of their text.
pub fn mutations(published: &Published) -> Vec<Mutation> {
    let mut found = Vec::new();
    for (file, schema) in published.files() {
        collect(published, file, schema, &mut Vec::new(), &mut found);
    }
    found
}

/// Whether all values are valid: there are annotations in it, or references to such.
fn says_nothing(published: &Published, file: &str, schema: &Value) -> bool {
    let Some(keywords) = schema.as_object() else {
        return schema == &Value::Bool(true);
    };
    keywords
        .iter()
        .all(|(keyword, value)| match keyword.as_str() {
            "$ref" => published
                .resolve(file, value.as_str().unwrap_or_default())
                .is_some_and(|(file, target)| says_nothing(published, file, target)),
            keyword => is_annotation(keyword),
        })
}

fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

fn collect(
    published: &Published,
    file: &str,
    schema: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<Mutation>,
) {
    let Some(keywords) = schema.as_object() else {
        return;
    };
    for (keyword, value) in keywords {
        if is_annotation(keyword) {
            continue;
        }
        path.push(keyword.clone());
        let is_empty = keyword == "$ref" && says_nothing(published, file, schema);
        if !LIBRARIES.contains(&keyword.as_str()) && !is_empty {
            add(file, path, found);
        }
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(members)) => {
                for (name, member) in members {
                    let is_constraint =
                        keyword == "properties" && !says_nothing(published, file, member);
                    element(published, file, name, member, path, found, is_constraint);
                }
            }
            ("required" | "allOf", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    // The only one is the keyword itself.
                    element(
                        published,
                        file,
                        &index.to_string(),
                        item,
                        path,
                        found,
                        items.len() > 1,
                    );
                }
            }
            ("items" | "additionalProperties" | "if" | "then" | "else" | "not", _) => {
                collect(published, file, value, path, found);
            }
            _ => {}
        }
        path.pop();
    }
}

/// One element of a keyword: itself, where it is a constraint, and what is in it.
fn element(
    published: &Published,
    file: &str,
    step: &str,
    schema: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<Mutation>,
    is_constraint: bool,
) {
    path.push(step.to_owned());
    if is_constraint {
        add(file, path, found);
    }
    collect(published, file, schema, path, found);
    path.pop();
}

fn add(file: &str, path: &[String], found: &mut Vec<Mutation>) {
    found.push(Mutation {
        file: file.to_owned(),
        path: path.to_vec(),
    });
}
