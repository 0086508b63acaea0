//! The one shape of a condition: an element of an object's `allOf` with `if` (string members that are
//! there and one of some values) and `then` (what that means for members).

use serde_json::Value;

use super::{Lint, escaped, members, strings};

const SHAPE: &str = "see \"Conditions\" in schema/README.md for the one shape there is";

impl<'a> Lint<'a> {
    pub(super) fn conditions(&mut self, pointer: &str, object: &'a Value) {
        let Some(conditions) = object.get("allOf") else {
            return;
        };
        let conditions = conditions.as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, condition) in conditions.iter().enumerate() {
            let pointer = format!("{pointer}/allOf/{index}");
            self.only(&pointer, condition, &["$comment", "x-rule", "if", "then"]);
            if !condition["$comment"]
                .as_str()
                .is_some_and(|text| text.ends_with('.'))
            {
                self.report(&pointer, "no `$comment`", "say in a sentence why");
            }
            if !condition["x-rule"].as_str().is_some_and(super::is_rule) {
                self.report(&pointer, "no `x-rule`", "name the rule, such as \"W2.5\"");
            }
            self.when(&format!("{pointer}/if"), &condition["if"], object);
            self.then(&format!("{pointer}/then"), &condition["then"], object, 1);
        }
    }

    fn when(&mut self, pointer: &str, value: &'a Value, object: &'a Value) {
        self.only(pointer, value, &["properties", "required"]);
        let named: Vec<&str> = members(value, "properties").map(|(name, _)| name).collect();
        let required: Vec<&str> = strings(value, "required").collect();
        if named.is_empty() || named != required {
            self.report(
                pointer,
                "`properties` and `required` do not name the same members",
                "a condition is about members that are there: require each",
            );
        }
        for (name, member) in members(value, "properties") {
            let pointer = format!("{pointer}/properties/{}", escaped(name));
            self.only(&pointer, member, &["enum"]);
            self.values(&pointer, member, self.property(object, name));
        }
    }

    /// `depth` is the number of levels of `properties` that may still be opened below this one.
    fn then(&mut self, pointer: &str, value: &'a Value, object: &'a Value, depth: u8) {
        self.only(pointer, value, &["properties"]);
        if members(value, "properties").next().is_none() {
            self.report(pointer, "demands nothing", SHAPE);
        }
        for (name, member) in members(value, "properties") {
            let pointer = format!("{pointer}/properties/{}", escaped(name));
            let property = self.property(object, name);
            if property.is_none() {
                self.report(&pointer, "is no property of the object", "correct the name");
            }
            let keywords: Vec<&str> = member
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.as_str())
                .collect();
            match keywords.as_slice() {
                [] if member == &Value::Bool(false) => {}
                ["enum"] => self.values(&pointer, member, property),
                ["$ref"] => {
                    let reference = member["$ref"].as_str().unwrap_or_default();
                    let target = self.source.resolve(self.file, reference);
                    if target.is_none_or(|target| target.value["type"] != "string") {
                        self.report(&pointer, "is no string's definition", SHAPE);
                    }
                }
                ["type"] if member["type"] == "string" => {}
                ["properties"] if depth > 0 => {
                    if let Some(property) = property {
                        self.then(&pointer, member, property, depth - 1);
                    }
                }
                _ => self.report(&pointer, "is no demand that backends can make", SHAPE),
            }
        }
    }

    /// The values of a condition are among those of the member's enum.
    fn values(&mut self, pointer: &str, value: &Value, property: Option<&Value>) {
        let known: Vec<&str> = property
            .map(|property| strings(property, "enum").collect())
            .unwrap_or_default();
        let values = value["enum"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if values.is_empty() {
            self.report(pointer, "names no values", SHAPE);
        }
        for value in values {
            if !value.as_str().is_some_and(|value| known.contains(&value)) {
                self.report(
                    &format!("{pointer}/enum"),
                    format!("{value} is no value of that member's enum"),
                    "correct the value",
                );
            }
        }
    }

    /// The schema of a member, references followed.
    fn property(&self, object: &'a Value, name: &str) -> Option<&'a Value> {
        let property = object.get("properties")?.get(name)?;
        match property.get("$ref").and_then(Value::as_str) {
            Some(reference) => self
                .source
                .resolve(self.file, reference)
                .map(|target| target.value),
            None => Some(property),
        }
    }

    fn only(&mut self, pointer: &str, value: &Value, allowed: &[&str]) {
        let Some(object) = value.as_object() else {
            return self.report(pointer, "is missing, or no object", SHAPE);
        };
        for keyword in object
            .keys()
            .filter(|keyword| !allowed.contains(&keyword.as_str()))
        {
            let pointer = format!("{pointer}/{}", escaped(keyword));
            self.report(
                &pointer,
                format!("the keyword `{keyword}` in a condition"),
                SHAPE,
            );
        }
    }
}
