//! Names, limits, defaults, environment variables and platform profiles.

use serde_json::Value;

use super::{constant, doc, indented, names_constant, quoted, quoted_list};
use crate::{
    model::{Group, Length, Model, PlatformField, PlatformType},
    sentence::{greatest_length, names_of_members},
};

pub(super) fn generate(model: &Model) -> String {
    let mut text = String::new();
    for (definition, values) in model.enumerations() {
        text.push('\n');
        text.push_str(&doc(&format!(
            "{} ({}) In schema order.",
            definition.description, definition.rule
        )));
        let names = quoted_list(values.iter().map(|value| value.name.as_str()));
        text.push_str(&format!(
            "export const {} = Object.freeze({names});\n",
            names_constant(definition)
        ));
    }
    for (definition, object) in model.objects() {
        text.push('\n');
        text.push_str(&doc(&names_of_members(&definition.name)));
        let names = quoted_list(object.members.iter().map(|member| member.name.as_str()));
        let name = constant(&[&definition.name, "members"]);
        text.push_str(&format!("export const {name} = Object.freeze({names});\n"));
    }
    for length in model.lengths() {
        let what = doc(&greatest_length(&length));
        let name = length_constant(&length);
        text.push_str(&format!("\n{what}export const {name} = {};\n", length.most));
    }
    for group in &model.groups {
        text.push('\n');
        text.push_str(&group_constant(group));
    }
    for profile in &model.platforms.profiles {
        let name = constant(&[&profile.name]);
        let what = profile.values["description"].as_str().unwrap_or_default();
        let fields = record(&model.platforms.fields, &profile.values);
        text.push_str(&format!("\n{}export const {name} = {fields};\n", doc(what)));
    }
    text
}

pub(super) fn length_constant(length: &Length<'_>) -> String {
    constant(&[length.name, &length.of.name])
}

/// A group becomes a frozen object; a group of one constant becomes a plain constant.
fn group_constant(group: &Group) -> String {
    if let [entry] = group.constants.as_slice() {
        let what = doc(&format!("{} ({})", entry.description, entry.rule));
        let name = constant(&[&group.name, &entry.name]);
        return format!("{what}export const {name} = {};\n", scalar(&entry.value));
    }
    let mut fields = String::new();
    for entry in &group.constants {
        fields.push_str(&doc(&format!("{} ({})", entry.description, entry.rule)));
        fields.push_str(&format!("{}: {},\n", entry.name, scalar(&entry.value)));
    }
    let what = doc(&format!("{} ({})", group.description, group.rule));
    let name = constant(&[&group.name]);
    format!(
        "{what}export const {name} = Object.freeze({{\n{}}});\n",
        indented(&fields, 2)
    )
}

fn record(fields: &[PlatformField], values: &Value) -> String {
    let mut text = String::new();
    for field in fields {
        let value = &values[&field.name];
        let value = match &field.ty {
            PlatformType::Enums(_) => {
                let items = value.as_array().into_iter().flatten();
                let list = quoted_list(items.filter_map(Value::as_str));
                format!("Object.freeze({list})")
            }
            PlatformType::Fields(fields) if !value.is_null() => record(fields, value),
            _ => scalar(value),
        };
        text.push_str(&format!("{}: {value},\n", field.name));
    }
    format!("Object.freeze({{\n{}}})", indented(&text, 2))
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}
