//! Texts that a schema allows.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::string::string_regex;
use serde_json::Value;

use super::text::Text;
use crate::published::Published;

/// The most items of a list, or members of somebody's choice.
const MOST: usize = 4;

/// Makes texts from the published schemas. Conditions between members are not followed: who makes payloads does that.
pub(super) struct Instances<'a> {
    published: &'a Published,
    /// What stands for an item of a list.
    item: BoxedStrategy<Text>,
}

impl<'a> Instances<'a> {
    pub(super) fn new(published: &'a Published) -> Self {
        Instances {
            published,
            item: json().boxed(),
        }
    }

    /// The same with these texts as the items of each list.
    pub(super) fn with_items(self, item: BoxedStrategy<Text>) -> Self {
        Instances { item, ..self }
    }

    /// Texts of what a schema file describes.
    pub(super) fn of(&self, file: &str) -> Result<BoxedStrategy<Text>, String> {
        let found = self.published.resolve(file, "");
        let (file, schema) = found.ok_or_else(|| format!("{file}: no such schema"))?;
        self.text(file, schema)
    }

    fn text(&self, file: &str, schema: &Value) -> Result<BoxedStrategy<Text>, String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = self.published.resolve(file, reference);
            let (file, schema) = found.ok_or_else(|| format!("{file}: {reference}: not found"))?;
            return self.text(file, schema);
        }
        if let Some(names) = schema["enum"].as_array() {
            let names: Vec<Text> = names
                .iter()
                .map(|name| Text::token(&name.to_string()))
                .collect();
            return Ok(select(names).boxed());
        }
        Ok(match schema["type"].as_str() {
            Some("object") => match schema["properties"].as_object() {
                Some(members) => {
                    // What stands first is made smaller first: payloads stand last in an envelope, and are its largest part.
                    let members: Result<Vec<_>, String> = members
                        .iter()
                        .rev()
                        .map(|(name, schema)| {
                            let value = self.text(file, schema)?;
                            Ok(value.prop_map({
                                let name = name.clone();
                                move |value| (name.clone(), value)
                            }))
                        })
                        .collect();
                    members?
                        .prop_map(|members| Text::object(members.into_iter().rev()))
                        .boxed()
                }
                None => object().boxed(),
            },
            // One alone is what no other one hides.
            Some("array") => prop_oneof![
                3 => vec(self.item.clone(), 1),
                1 => vec(self.item.clone(), 0..=MOST),
            ]
            .prop_map(Text::Array)
            .boxed(),
            Some("string") => {
                let texts = match schema["pattern"].as_str() {
                    Some(pattern) => matching(pattern)
                        .map_err(|error| format!("{file}: {pattern}: {error}"))?
                        .boxed(),
                    None => string().boxed(),
                };
                let texts = match schema["format"].as_str() {
                    // What matches need not be a date of the calendar.
                    Some("date-time") => (date(), texts)
                        .prop_map(|(date, text)| {
                            date.clone() + text.get(date.len()..).unwrap_or_default()
                        })
                        .boxed(),
                    _ => texts,
                };
                texts.prop_map(|text| Text::string(&text)).boxed()
            }
            Some("integer") => {
                let bound = |name: &str, default| schema[name].as_u64().unwrap_or(default);
                let (least, most) = (bound("minimum", 0), bound("maximum", u64::MAX));
                (least..=most)
                    .prop_map(|number| Text::token(&number.to_string()))
                    .boxed()
            }
            _ => json().boxed(),
        })
    }
}

/// Any JSON that the wire allows.
pub(super) fn json() -> impl Strategy<Value = Text> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false"]).prop_map(Text::token),
        number(),
        string().prop_map(|text| Text::string(&text)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..=MOST).prop_map(Text::Array),
            members(inner),
        ]
    })
}

/// An object with members of somebody's choice, most often with none.
pub(super) fn object() -> impl Strategy<Value = Text> {
    prop_oneof![
        2 => Just(Text::Object(Vec::new())),
        1 => members(json().boxed()),
    ]
}

/// Any string; those that programs trip over come often.
pub(super) fn string() -> impl Strategy<Value = String> {
    const HARD: &[&str] = &[
        "",
        "\u{0}",
        "\u{feff}",
        "\u{2028}",
        "\r\n",
        "\\u0000",
        "\"",
        "e\u{301}",
        "\u{e9}",
        "\u{1f600}",
        "\u{10ffff}",
        "\u{202e}abc",
        "__proto__",
        "constructor",
        "0",
        "10",
    ];
    prop_oneof![
        // What stands for itself in JSON is what fast readers look for.
        4 => "[a-z0-9 ._-]{0,8}",
        2 => ".{0,8}",
        1 => select(HARD).prop_map(str::to_owned),
    ]
}

fn members(value: impl Strategy<Value = Text>) -> impl Strategy<Value = Text> {
    // In any order, which an implementation may have to keep.
    btree_map(string(), value, 0..=MOST)
        .prop_map(|members: BTreeMap<String, Text>| members.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(Text::object)
}

fn number() -> impl Strategy<Value = Text> {
    const HARD: &[&str] = &[
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e2",
        "1E+2",
        "-1e-2",
        "0.1",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
        "9007199254740993.0",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        "1e300",
        "1.7976931348623157e308",
        "5e-324",
        "2.5e-324",
        "1e-400",
        "0e999",
        "0.30000000000000004",
        "2.2250738585072011e-308",
    ];
    prop_oneof![
        select(HARD).prop_map(Text::token),
        any::<i64>().prop_map(|number| Text::token(&number.to_string())),
        (-1000_i64..1000).prop_map(|number| Text::token(&number.to_string())),
        proptest::num::f64::NORMAL.prop_map(|number| Text::token(&format!("{number:?}"))),
        "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?"
            .prop_map(|text| Text::token(&text)),
    ]
}

/// Dates of the calendar, `YYYY-MM-DD`.
fn date() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u32..=9999, 1_u32..=12, 1_u32..=28)
            .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}")),
        select(vec!["2024-02-29", "2000-02-29", "1999-12-31", "0000-01-01"])
            .prop_map(str::to_owned),
    ]
}

/// Strings that match a pattern of a schema, which stands between `^` and `$`.
fn matching(pattern: &str) -> Result<impl Strategy<Value = String> + use<>, String> {
    let whole = pattern
        .strip_prefix('^')
        .and_then(|rest| rest.strip_suffix('$'));
    let whole = whole.ok_or("it is not held to the whole string")?;
    string_regex(&brief(whole)).map_err(|error| error.to_string())
}

/// The pattern with at most three of what may be repeated without end: else nearly all that matches is too long for the wire.
fn brief(pattern: &str) -> String {
    let (mut brief, mut in_class, mut escaped) = (String::new(), false, false);
    for letter in pattern.chars() {
        match letter {
            '*' if !in_class && !escaped => brief.push_str("{0,3}"),
            '+' if !in_class && !escaped => brief.push_str("{1,3}"),
            _ => brief.push(letter),
        }
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
    }
    brief
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_without_end_becomes_brief() {
        assert_eq!(
            brief(r"(a*[*+\]]+\+)*b{2}"),
            r"(a{0,3}[*+\]]{1,3}\+){0,3}b{2}"
        );
    }
}
