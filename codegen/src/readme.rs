//! The tables in `schema/README.md`, between markers; the prose around them is written by hand.

use std::{fs, path::Path};

use crate::model::{Member, Model, Narrow, PlatformField, Shape, Text, Then, Type};

/// The file that this backend writes, below the root of the repository.
pub const PATH: &str = "schema/README.md";

const END: &str = "<!-- end of generated text -->";

/// The file's text with every table made anew.
///
/// # Errors
///
/// If the file cannot be read, or a marker in it is unknown, has no end, or is missing.
pub fn generate(root: &Path, model: &Model) -> Result<String, String> {
    let path = root.join(PATH);
    let text = fs::read_to_string(path).map_err(|error| format!("{PATH}: {error}"))?;
    replaced(&text, model)
}

fn replaced(text: &str, model: &Model) -> Result<String, String> {
    let mut tables = tables(model);
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!-- generated: ") {
        let (name, after) = after
            .split_once(" -->")
            .ok_or_else(|| unclosed("a marker"))?;
        let (_, after) = after.split_once(END).ok_or_else(|| unclosed(name))?;
        let at = tables.iter().position(|(table, _)| table == name);
        let at = at.ok_or_else(|| format!("{PATH}: there is no table `{name}`, or it is twice"))?;
        let (_, table) = tables.remove(at);
        result.push_str(&format!("{before}<!-- generated: {name} -->\n{table}{END}"));
        rest = after;
    }
    result.push_str(rest);
    match tables.first() {
        None => Ok(result),
        Some((name, _)) => Err(format!(
            "{PATH}: put `<!-- generated: {name} -->` and `{END}` where it belongs"
        )),
    }
}

fn unclosed(name: &str) -> String {
    format!("{PATH}: no end of `{name}`; close it with `{END}`")
}

/// Every table with its name.
fn tables(model: &Model) -> Vec<(String, String)> {
    let mut tables = Vec::new();
    for definition in &model.definitions {
        match &definition.shape {
            Shape::Object(object) => {
                let mut table = header(&["member", "type", "required", "meaning", "rule"]);
                for member in &object.members {
                    table.push_str(&row(&[
                        &format!("`{}`", member.name),
                        &member_type(model, member),
                        if member.required { "yes" } else { "no" },
                        &member.description,
                        &member.rule,
                    ]));
                }
                if !object.conditions.is_empty() {
                    table.push('\n');
                    table.push_str(&header(&["where", "then", "because", "rule"]));
                    for condition in &object.conditions {
                        let when: Vec<String> = condition
                            .when
                            .iter()
                            .map(|when| format!("`{}` is {}", when.member, quoted(&when.values)))
                            .collect();
                        table.push_str(&row(&[
                            &when.join(" and "),
                            &demands("", &condition.then),
                            &condition.description,
                            &condition.rule,
                        ]));
                    }
                }
                tables.push((definition.name.clone(), table));
            }
            Shape::Enum { values } => {
                let mut table = header(&["value", "meaning"]);
                for value in values {
                    table.push_str(&row(&[&format!("`{}`", value.name), &value.description]));
                }
                tables.push((definition.name.clone(), table));
            }
            _ => {}
        }
    }
    tables.push(("strings".into(), strings(model)));
    tables.push(("constants".into(), constants(model)));
    tables.push(("platforms".into(), platforms(model)));
    tables
}

fn demands(above: &str, then: &[Then]) -> String {
    let demand = |then: &Then| {
        let name = format!("{above}{}", then.member);
        match &then.narrow {
            Narrow::OneOf(values) => format!("`{name}` is {}", quoted(values)),
            Narrow::Ref(target) => format!("`{name}` is a `{target}`"),
            Narrow::Text => format!("`{name}` is a string"),
            Narrow::Absent => format!("`{name}` is absent"),
            Narrow::Members(members) => demands(&format!("{name}."), members),
        }
    };
    then.iter().map(demand).collect::<Vec<_>>().join(", ")
}

fn strings(model: &Model) -> String {
    let mut table = header(&["definition", "meaning", "bounds", "rule"]);
    for definition in &model.definitions {
        let bounds = match &definition.shape {
            Shape::Text(text) => text_bounds(text),
            Shape::Integer(integer) => match (integer.minimum, integer.maximum) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                _ => String::new(),
            },
            Shape::Map | Shape::Any => String::new(),
            _ => continue,
        };
        let name = format!("`{}`", definition.name);
        table.push_str(&row(&[
            &name,
            &definition.description,
            &bounds,
            &definition.rule,
        ]));
    }
    table
}

fn text_bounds(text: &Text) -> String {
    let mut parts = Vec::new();
    if let Some(most) = text.max_bytes {
        parts.push(format!("at most {most} bytes"));
    } else if let Some(most) = text.max_length {
        parts.push(format!("at most {most} characters"));
    }
    if let Some(pattern) = &text.pattern {
        parts.push(format!("`{}`", pattern.source.replace('|', "\\|")));
    }
    if text.real_date {
        parts.push("a date of the calendar".into());
    }
    if text.secret {
        parts.push("never quoted in an error".into());
    }
    parts.join("; ")
}

fn constants(model: &Model) -> String {
    let mut table = header(&["constant", "value", "meaning", "rule"]);
    for group in &model.groups {
        for constant in &group.constants {
            table.push_str(&row(&[
                &format!("`{}.{}`", group.name, constant.name),
                &format!("`{}`", constant.value.to_string().trim_matches('"')),
                &constant.description,
                &constant.rule,
            ]));
        }
    }
    table
}

fn platforms(model: &Model) -> String {
    let profiles = &model.platforms.profiles;
    let names: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    let mut columns = vec!["field"];
    columns.extend(&names);
    columns.extend(["meaning", "rule"]);
    let mut table = header(&columns);
    for PlatformField {
        name,
        description,
        rule,
        ..
    } in &model.platforms.fields
    {
        let mut cells = vec![format!("`{name}`")];
        for profile in profiles {
            cells.push(cell(&profile.values[name]));
        }
        cells.extend([description.clone(), rule.clone()]);
        table.push_str(&row(&cells.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    table
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".into(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("`{name}` {}", cell(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

fn member_type(model: &Model, member: &Member) -> String {
    let name = |ty: &Type| match ty {
        Type::Ref(name) => format!("`{name}`"),
        Type::Inline(Shape::Text(_)) => "string".into(),
        Type::Inline(_) => "JSON".into(),
    };
    match model.shape(&member.ty) {
        Shape::List { items } => format!("list of {}", name(items)),
        _ => name(&member.ty),
    }
}

fn quoted(values: &[String]) -> String {
    values
        .iter()
        .map(|value| format!("`{value}`"))
        .collect::<Vec<_>>()
        .join(" or ")
}

fn header(columns: &[&str]) -> String {
    format!("{}{}", row(columns), row(&vec!["---"; columns.len()]))
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}
