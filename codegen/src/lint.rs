//! The lint: a schema that passes it loses nothing in any backend.
//!
//! Each kind of schema has its list of keywords; all others are refused, since some backend would drop
//! them without a word (typify drops `minItems`, a string's `const` and more, and panics on
//! `if`). Conditions have one shape (the module `conditions`); patterns one dialect, [`crate::dialect`].

mod conditions;
mod keywords;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use self::keywords::Kind;
use crate::{
    dialect,
    problem::Problem,
    source::{MESSAGE_FILES, PLATFORMS_SCHEMA, Source, SourceFile, stem},
};

/// What a double, and so JavaScript, holds exactly.
const MAX_EXACT: i64 = 9_007_199_254_740_991;

/// Every problem of a source, in the order of the files: the schemas', and if they have none, those of the
/// platform profiles.
pub fn lint(source: &Source) -> Vec<Problem> {
    let mut lint = Lint {
        source,
        file: "",
        codes: codes(source),
        problems: Vec::new(),
    };
    for file in source.schemas() {
        lint.file = &file.name;
        lint.file(file);
    }
    lint.names();
    if lint.problems.is_empty() {
        source.wrong_profiles()
    } else {
        lint.problems
    }
}

struct Lint<'a> {
    source: &'a Source,
    file: &'a str,
    /// The error codes that `x-code` may name.
    codes: Vec<&'a str>,
    problems: Vec<Problem>,
}

impl<'a> Lint<'a> {
    fn file(&mut self, file: &'a SourceFile) {
        let stem = stem(self.file);
        let expected = format!("/v1/{}", self.file);
        if !file.value["$id"]
            .as_str()
            .is_some_and(|id| id.ends_with(&expected))
        {
            self.report(
                "",
                format!("`$id` does not end in {expected}"),
                "name the file in it",
            );
        }
        if file.value.get("description").is_none() {
            self.report("", "no `description`", "say what it is");
        }
        if file.value.get("type").is_some() || file.value.get("properties").is_some() {
            self.schema("", &file.value, Site::Root);
        } else {
            self.keywords("", &file.value, Kind::Library, Site::Root);
        }
        for (name, value) in members(&file.value, "$defs") {
            let pointer = format!("/$defs/{}", escaped(name));
            self.snake_case(&pointer, name);
            self.described(&pointer, value);
            self.schema(&pointer, value, Site::Definition);
        }
        if file.value.get("title").is_none() {
            self.report("", format!("no `title` for {stem}"), "give the type a name");
        }
    }

    /// One schema, wherever it stands.
    fn schema(&mut self, pointer: &str, value: &'a Value, site: Site) {
        let kind = Kind::of(value);
        self.keywords(pointer, value, kind, site);
        match kind {
            Kind::Ref => self.reference(pointer, value),
            Kind::Enum => self.enumeration(pointer, value, site),
            Kind::Text => self.text(pointer, value),
            Kind::Integer | Kind::OptionalInteger => self.integer(pointer, value),
            Kind::Array => match value.get("items") {
                Some(items) if items.get("$ref").is_some() => {
                    self.schema(&format!("{pointer}/items"), items, Site::Member);
                }
                _ => self.report(
                    pointer,
                    "a list whose `items` are no `$ref`",
                    "give its elements a definition of their own",
                ),
            },
            Kind::Object => self.object(pointer, value, site),
            Kind::Map | Kind::Any | Kind::Boolean | Kind::Library => {}
        }
    }

    fn keywords(&mut self, pointer: &str, value: &Value, kind: Kind, site: Site) {
        let Some(object) = value.as_object() else {
            return self.report(
                pointer,
                "`true` or `false` as a schema",
                "use `false` in `then` only, and leave out what may be anything",
            );
        };
        let data = self.is_data();
        if kind.is_data_only() && !data {
            self.report(
                pointer,
                format!("a type that messages do not use: {}", object["type"]),
                "use string, integer, array or object",
            );
        }
        for keyword in object.keys() {
            if !kind.allows(keyword, site == Site::Root, data) {
                let pointer = format!("{pointer}/{}", escaped(keyword));
                self.report(
                    &pointer,
                    format!(
                        "the keyword `{keyword}` has no meaning for {}",
                        kind.words()
                    ),
                    keywords::way_out(keyword),
                );
            }
        }
    }

    fn object(&mut self, pointer: &str, value: &'a Value, site: Site) {
        if site == Site::Member && !self.is_data() {
            self.report(pointer, "an object without a name", "move it to `$defs`");
        }
        for (name, member) in members(value, "properties") {
            let pointer = format!("{pointer}/properties/{}", escaped(name));
            if !(self.is_data() && name == "$schema") {
                self.snake_case(&pointer, name);
            }
            self.described(&pointer, member);
            self.schema(&pointer, member, Site::Member);
        }
        for name in strings(value, "required") {
            if value["properties"].get(name).is_none() {
                self.report(
                    &format!("{pointer}/required"),
                    format!("`{name}` is required but no property"),
                    "correct the name, or describe the property",
                );
            }
        }
        self.conditions(pointer, value);
    }

    fn enumeration(&mut self, pointer: &str, value: &Value, site: Site) {
        if site == Site::Member {
            self.report(pointer, "an enum without a name", "move it to `$defs`");
        }
        let values = value["enum"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for item in values {
            let plain = item.as_str().is_some_and(|text| {
                text.starts_with(|c: char| c.is_ascii_alphabetic())
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
            });
            if !plain {
                self.report(
                    &format!("{pointer}/enum"),
                    format!("{item} cannot be a name in every language"),
                    "begin with a letter and use letters, digits, _ and - only",
                );
            }
        }
        let described: Vec<&str> = members(value, "x-enum").map(|(name, _)| name).collect();
        let named: Vec<&str> = strings(value, "enum").collect();
        if described != named {
            self.report(
                &format!("{pointer}/x-enum"),
                "does not describe exactly the values of `enum`, in their order",
                "write one sentence for each value",
            );
        }
        if let Some(code) = value.get("x-code")
            && !code.as_str().is_some_and(|code| self.codes.contains(&code))
        {
            self.report(
                &format!("{pointer}/x-code"),
                format!("{code} is no error code"),
                "use a value of `code` in error.schema.json",
            );
        }
    }

    fn text(&mut self, pointer: &str, value: &Value) {
        let pattern = value.get("pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern
            && let Err(what) = dialect::parse(pattern)
        {
            self.report(
                &format!("{pointer}/pattern"),
                format!("outside the dialect of patterns: {what}"),
                "see \"Patterns\" in schema/README.md",
            );
        }
        if let Some(format) = value.get("format") {
            let dated = pattern.is_some_and(|p| p.starts_with("^[0-9]{4}-[0-9]{2}-[0-9]{2}T"));
            if format != "date-time" || !dated {
                self.report(
                    &format!("{pointer}/format"),
                    format!("{format} is not checked by any backend"),
                    "use a `pattern`; `date-time` only beside one that begins with the date",
                );
            }
        }
        if value
            .get("x-max-bytes")
            .is_some_and(|bytes| bytes.as_u64().is_none())
        {
            self.report(
                &format!("{pointer}/x-max-bytes"),
                "no number of bytes",
                "write an integer from 0 on",
            );
        }
        if value
            .get("x-secret")
            .is_some_and(|secret| secret != &Value::Bool(true))
        {
            self.report(
                &format!("{pointer}/x-secret"),
                "not `true`",
                "leave it out instead",
            );
        }
    }

    fn integer(&mut self, pointer: &str, value: &Value) {
        for keyword in ["minimum", "maximum"] {
            let Some(bound) = value.get(keyword) else {
                continue;
            };
            if !bound
                .as_i64()
                .is_some_and(|bound| (-MAX_EXACT..=MAX_EXACT).contains(&bound))
            {
                self.report(
                    &format!("{pointer}/{keyword}"),
                    format!("{bound} is not an integer that every language holds exactly"),
                    "stay within 2^53-1",
                );
            }
        }
    }

    fn reference(&mut self, pointer: &str, value: &'a Value) {
        let reference = value["$ref"].as_str().unwrap_or_default();
        if self.source.resolve(self.file, reference).is_none() {
            self.report(
                &format!("{pointer}/$ref"),
                format!("`{reference}` leads nowhere"),
                "use `#/$defs/NAME`, `FILE#/$defs/NAME` or `FILE` of this folder",
            );
        }
    }

    /// A description and a rule, of its own or of what it refers to.
    fn described(&mut self, pointer: &str, value: &'a Value) {
        for (keyword, way_out) in [
            ("description", "say what it means"),
            (
                "x-rule",
                "name the rule of the wire specification, such as \"W1.3\"",
            ),
        ] {
            let found = self.annotation(value, keyword);
            let good = match keyword {
                "x-rule" => found.is_some_and(is_rule),
                _ => found.is_some_and(|text| text.ends_with('.') && text.is_ascii()),
            };
            if !good {
                let what = match found {
                    Some(text) if keyword == "x-rule" => format!("`{text}` is no rule"),
                    Some(_) => "the description is no ASCII sentence with a full stop".to_owned(),
                    None => format!("no `{keyword}`"),
                };
                self.report(pointer, what, way_out);
            }
        }
    }

    fn annotation(&self, value: &'a Value, keyword: &str) -> Option<&'a str> {
        let own = value.get(keyword);
        let found = match value.get("$ref").and_then(Value::as_str) {
            Some(reference) if own.is_none() => self
                .source
                .resolve(self.file, reference)?
                .value
                .get(keyword),
            _ => own,
        };
        found?.as_str()
    }

    fn snake_case(&mut self, pointer: &str, name: &str) {
        let good = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !good {
            self.report(
                pointer,
                format!("`{name}` is not in snake case"),
                "rename it",
            );
        }
    }

    /// Generated code knows no files, so no two definitions may share a name.
    fn names(&mut self) {
        let mut seen = BTreeMap::new();
        for name in MESSAGE_FILES.into_iter().chain([PLATFORMS_SCHEMA]) {
            let Some(file) = self.source.file(name) else {
                continue;
            };
            self.file = &file.name;
            let own = stem(&file.name);
            let names = members(&file.value, "$defs").map(|(name, _)| name);
            for name in names.chain([own]) {
                if let Some(other) = seen.insert(name, self.file) {
                    self.report(
                        "/$defs",
                        format!("`{name}` is in {other} too"),
                        "rename one",
                    );
                }
            }
        }
    }

    fn is_data(&self) -> bool {
        self.file == PLATFORMS_SCHEMA
    }

    fn report(&mut self, pointer: &str, what: impl Into<String>, way_out: impl Into<String>) {
        self.problems
            .push(Problem::new(self.file, pointer, what, way_out));
    }
}

/// Where a schema stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Site {
    Root,
    Definition,
    Member,
}

fn codes(source: &Source) -> Vec<&str> {
    source
        .file("error.schema.json")
        .and_then(|file| file.value.pointer("/$defs/code/enum"))
        .and_then(Value::as_array)
        .map(|codes| codes.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// `W1` or `W1.3`.
fn is_rule(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('W')
        .is_some_and(|rest| match rest.split_once('.') {
            Some((chapter, rule)) => number(chapter) && number(rule),
            None => number(rest),
        })
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let members = value.get(name).and_then(Value::as_object).map(Map::iter);
    members
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn strings<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    let items = value.get(name).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
