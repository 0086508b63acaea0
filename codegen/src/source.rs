//! The schema files as they lie on disk, and references between them.

use std::{fs, io, path::Path};

use jsonschema::{Registry, Validator};
use serde_json::Value;

use crate::problem::Problem;

/// The schemas of messages, in the order in which generated files speak of them.
pub const MESSAGE_FILES: [&str; 4] = [
    "envelope.schema.json",
    "payload.schema.json",
    "error.schema.json",
    "definitions.schema.json",
];

/// The schema of the platform profiles.
pub const PLATFORMS_SCHEMA: &str = "platforms.schema.json";

/// The platform profiles themselves.
pub const PLATFORMS: &str = "platforms.json";

/// One file: its name without a folder, its text and what the text says.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name without a folder, such as `envelope.schema.json`.
    pub name: String,
    /// The text as read.
    pub text: String,
    /// The JSON value, members in the order of the text.
    pub value: Value,
}

/// All files of one version of the schema.
#[derive(Clone, Debug)]
pub struct Source {
    files: Vec<SourceFile>,
}

impl Source {
    /// Reads the schema folder and holds every schema in it against the meta-schema of 2020-12.
    ///
    /// # Errors
    ///
    /// Every problem found: a file that is missing, unknown, not JSON or no schema.
    pub fn read(folder: &Path) -> Result<Self, Vec<Problem>> {
        let mut texts = Vec::new();
        let mut problems = Vec::new();
        for name in names() {
            match fs::read_to_string(folder.join(name)) {
                Ok(text) => texts.push((name, text)),
                Err(error) => problems.push(Problem::unreadable(name, &error)),
            }
        }
        match unknown_files(folder) {
            Ok(unknown) => problems.extend(unknown),
            Err(error) => problems.push(Problem::unreadable(".", &error)),
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Self::from_texts(texts)
    }

    /// As [`Source::read`], from names and texts.
    ///
    /// # Errors
    ///
    /// As [`Source::read`].
    pub fn from_texts<'a>(
        texts: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut files = Vec::new();
        let mut problems = Vec::new();
        for (name, text) in texts {
            match serde_json::from_str::<Value>(&text) {
                Ok(value) => {
                    problems.extend(formatting(name, &text, &value));
                    files.push(SourceFile {
                        name: name.to_owned(),
                        text,
                        value,
                    });
                }
                Err(error) => problems.push(Problem::new(
                    name,
                    "",
                    format!("not JSON: {error}"),
                    "correct the text",
                )),
            }
        }
        let source = Self { files };
        if problems.is_empty() {
            problems = source.wrong_schemas();
        }
        if problems.is_empty() {
            Ok(source)
        } else {
            Err(problems)
        }
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The schemas, those of messages first.
    pub fn schemas(&self) -> impl Iterator<Item = &SourceFile> {
        self.files
            .iter()
            .filter(|file| file.name.ends_with(".schema.json"))
    }

    /// The platform profiles.
    pub fn platforms(&self) -> &Value {
        self.file(PLATFORMS)
            .map_or(&Value::Null, |file| &file.value)
    }

    /// Follows a `$ref` that stands in `file`: `#/$defs/x`, `other.schema.json#/$defs/x` or
    /// `other.schema.json`. `None` for any other form, and where nothing is there.
    pub fn resolve<'a>(&'a self, file: &'a str, reference: &'a str) -> Option<Target<'a>> {
        let (path, fragment) = match reference.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment)),
            None => (reference, None),
        };
        let file = self.file(if path.is_empty() { file } else { path })?;
        match fragment {
            None => Some(Target {
                file: &file.name,
                name: stem(&file.name),
                value: &file.value,
            }),
            Some(fragment) => {
                let name = fragment.strip_prefix("/$defs/")?;
                let value = file.value.get("$defs")?.get(name)?;
                Some(Target {
                    file: &file.name,
                    name,
                    value,
                })
            }
        }
    }

    /// The `jsonschema` validator for one schema file, with formats switched on.
    ///
    /// # Errors
    ///
    /// Why it could not be built.
    pub fn validator(&self, name: &str) -> Result<Validator, Problem> {
        let broken = |error: &dyn std::fmt::Display| {
            Problem::new(
                name,
                "",
                format!("not a usable schema: {error}"),
                "correct the schema",
            )
        };
        let mut registry = Registry::new();
        for file in self.schemas() {
            let id = file
                .value
                .get("$id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            registry = registry
                .add(id, &file.value)
                .map_err(|error| broken(&error))?;
        }
        let registry = registry.prepare().map_err(|error| broken(&error))?;
        let file = self.file(name).ok_or_else(|| broken(&"no such file"))?;
        jsonschema::options()
            .with_registry(&registry)
            .should_validate_formats(true)
            .build(&file.value)
            .map_err(|error| broken(&error))
    }

    /// Where the platform profiles break their schema, or why that cannot be told.
    pub(crate) fn wrong_profiles(&self) -> Vec<Problem> {
        let validator = match self.validator(PLATFORMS_SCHEMA) {
            Ok(validator) => validator,
            Err(problem) => return vec![problem],
        };
        let errors = validator.iter_errors(self.platforms());
        errors
            .map(|error| {
                let pointer = error.instance_path().to_string();
                let way_out = "correct the profile, or its schema";
                Problem::new(PLATFORMS, &pointer, error.to_string(), way_out)
            })
            .collect()
    }

    fn wrong_schemas(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for file in self.schemas() {
            if let Err(error) = jsonschema::draft202012::meta::validate(&file.value) {
                let pointer = error.instance_path().to_string();
                let what = format!("not a schema of 2020-12: {error}");
                problems.push(Problem::new(
                    &file.name,
                    &pointer,
                    what,
                    "correct the schema",
                ));
            }
        }
        problems
    }
}

/// What a `$ref` leads to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The file that it stands in.
    pub file: &'a str,
    /// The name of the definition, or of the file up to its first dot.
    pub name: &'a str,
    /// The schema itself.
    pub value: &'a Value,
}

/// The name of a file up to its first dot.
pub fn stem(file: &str) -> &str {
    file.split('.').next().unwrap_or(file)
}

fn names() -> impl Iterator<Item = &'static str> {
    MESSAGE_FILES
        .into_iter()
        .chain([PLATFORMS_SCHEMA, PLATFORMS])
}

fn unknown_files(folder: &Path) -> io::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !names().any(|known| known == name) {
            problems.push(Problem::new(
                &name,
                "",
                "no backend reads this file",
                "list it in codegen/src/source.rs, or put examples into the folder `examples`",
            ));
        }
    }
    Ok(problems)
}

/// One way of writing the files keeps diffs small, and shows repeated member names, of which a JSON
/// reader would silently take the last.
fn formatting(name: &str, text: &str, value: &Value) -> Option<Problem> {
    let canonical = format!("{value:#}\n");
    if text == canonical {
        return None;
    }
    let line = text
        .lines()
        .zip(canonical.lines())
        .take_while(|(is, must)| is == must)
        .count()
        + 1;
    Some(Problem::new(
        name,
        "",
        format!("line {line} is not laid out as it should be, or repeats a member name"),
        "indent by two spaces, one element a line, and name each member once",
    ))
}
