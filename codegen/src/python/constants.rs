//! Names of members, limits, defaults, environment variables and platform profiles.

use serde_json::Value;

use super::{constant, docstring, lines, quoted, ruled, types::names_of};
use crate::{
    interpret::camel,
    model::{Constant, Group, Model, PlatformField, PlatformType},
    sentence::{greatest_length, names_of_members},
};

pub(super) fn generate(model: &Model) -> String {
    let mut result = String::from("\n\n");
    for (definition, object) in model.objects() {
        let names = object.members.iter().map(|member| quoted(&member.name));
        result.push_str(&format!(
            "{}: Final[Tuple[str, ...]] = (\n{})\n{}\n",
            constant(&[&definition.name, "members"]),
            lines(4, names),
            docstring(0, &names_of_members(&definition.title))
        ));
    }
    result.push_str(&limits(model));
    for group in &model.groups {
        result.push_str(&self::group(model, group));
    }
    result.push_str(&structure(
        model,
        "platform",
        "What one kind of platform can do.",
        &model.platforms.fields,
    ));
    result.push('\n');
    for profile in &model.platforms.profiles {
        let doc = profile.values["description"].as_str().unwrap_or_default();
        result.push_str(&format!(
            "\n{}: Final = {}\n{}",
            constant(&[&profile.name]),
            construct("platform", &model.platforms.fields, &profile.values, 0),
            docstring(0, doc)
        ));
    }
    result
}

fn limits(model: &Model) -> String {
    let constants = model.lengths().map(|length| {
        let name = constant(&[length.name, &length.of.name]);
        let doc = docstring(0, &greatest_length(&length));
        format!("{name}: Final = {}\n{doc}", length.most)
    });
    constants.collect::<Vec<_>>().join("\n")
}

/// A group becomes a named tuple and its one value; a group of one constant becomes a plain constant.
fn group(model: &Model, group: &Group) -> String {
    if let [entry] = group.constants.as_slice() {
        let doc = ruled(&entry.description, &entry.rule);
        return format!(
            "\n{}: Final = {}\n{}",
            constant(&[&group.name, &entry.name]),
            value(entry),
            docstring(0, &doc)
        );
    }
    let doc = ruled(&group.description, &group.rule);
    let mut fields = String::new();
    for entry in &group.constants {
        let ty = match (&entry.value, &entry.enumeration) {
            (Value::String(_), Some(name)) => model.definition(name).title.clone(),
            (Value::String(_), None) => "str".to_owned(),
            _ => "int".to_owned(),
        };
        let doc = ruled(&entry.description, &entry.rule);
        fields.push_str(&format!(
            "\n    {}: {ty}\n{}",
            entry.name,
            docstring(4, &doc)
        ));
    }
    let class = camel(&group.name);
    let values = group
        .constants
        .iter()
        .map(|entry| format!("{}={}", entry.name, value(entry)));
    format!(
        "\n\nclass {class}(NamedTuple):\n{}{fields}\n\n{}: Final = {class}(\n{})\n{}",
        docstring(4, &doc),
        constant(&[&group.name]),
        lines(4, values),
        docstring(0, &doc)
    )
}

fn value(entry: &Constant) -> String {
    match &entry.value {
        Value::String(text) => quoted(text),
        number => number.to_string(),
    }
}

/// A named tuple for fields, behind those for its inner ones.
fn structure(model: &Model, name: &str, text: &str, fields: &[PlatformField]) -> String {
    let mut inner = String::new();
    let mut members = String::new();
    for field in fields {
        let ty = match &field.ty {
            PlatformType::Text => "str".to_owned(),
            PlatformType::Bool => "bool".to_owned(),
            PlatformType::Integer => "int".to_owned(),
            PlatformType::OptionalInteger => "Optional[int]".to_owned(),
            PlatformType::Enums(name) => format!("Tuple[{}, ...]", model.definition(name).title),
            PlatformType::Fields(fields) => {
                let class = camel(&field.name);
                inner.push_str(&structure(model, &field.name, &field.description, fields));
                if field.required {
                    class
                } else {
                    format!("Optional[{class}]")
                }
            }
        };
        let doc = ruled(&field.description, &field.rule);
        members.push_str(&format!(
            "\n    {}: {ty}\n{}",
            field.name,
            docstring(4, &doc)
        ));
    }
    format!(
        "{inner}\n\nclass {}(NamedTuple):\n{}{members}",
        camel(name),
        docstring(4, text)
    )
}

fn construct(name: &str, fields: &[PlatformField], values: &Value, indent: usize) -> String {
    let members = fields.iter().map(|field| {
        let value = &values[&field.name];
        let text = match &field.ty {
            PlatformType::Text => quoted(value.as_str().unwrap_or_default()),
            PlatformType::Bool if value.as_bool() == Some(true) => "True".to_owned(),
            PlatformType::Bool => "False".to_owned(),
            _ if value.is_null() => "None".to_owned(),
            PlatformType::Integer | PlatformType::OptionalInteger => value.to_string(),
            PlatformType::Enums(_) => {
                let items = value.as_array().into_iter().flatten();
                let items = items.filter_map(Value::as_str).map(quoted);
                let items: Vec<_> = items.collect();
                match items.as_slice() {
                    [only] => format!("({only},)"),
                    _ => format!("(\n{}{})", lines(indent + 8, items), " ".repeat(indent + 4)),
                }
            }
            PlatformType::Fields(fields) => construct(&field.name, fields, value, indent + 4),
        };
        format!("{}={text}", field.name)
    });
    format!(
        "{}(\n{}{})",
        camel(name),
        lines(indent + 4, members),
        " ".repeat(indent)
    )
}

/// The constant with the names of an enum, by the enum's own name.
pub(super) fn names(model: &Model, enumeration: &str) -> String {
    names_of(model.definition(enumeration))
}
