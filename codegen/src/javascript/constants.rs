//! Names, limits, defaults, environment variables and platform profiles.

use serde_json::Value;

use super::{constant, doc, enumerations, indented, names_constant, objects, quoted, quoted_list};
use crate::model::{Group, Model, PlatformField, PlatformType, Shape};

pub(super) fn generate(model: &Model) -> String {
    let mut text = String::new();
    for (definition, values) in enumerations(model) {
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
    for (definition, object) in objects(model) {
        text.push('\n');
        text.push_str(&doc(&format!(
            "The names that the schema gives to members of `{}`, in its order.",
            definition.name
        )));
        let names = quoted_list(object.members.iter().map(|member| member.name.as_str()));
        let name = constant(&[&definition.name, "members"]);
        text.push_str(&format!("export const {name} = Object.freeze({names});\n"));
    }
    for (name, value, what) in limits(model) {
        text.push_str(&format!("\n{}export const {name} = {value};\n", doc(&what)));
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

/// The greatest lengths of strings: the constant, its value, and what it means.
pub(super) fn limits(model: &Model) -> Vec<(String, u64, String)> {
    let mut limits = Vec::new();
    for definition in &model.definitions {
        let Shape::Text(text) = &definition.shape else {
            continue;
        };
        let bounds = [
            (text.max_length, "max_length", "Unicode scalar values"),
            (text.max_bytes, "max_bytes", "bytes"),
        ];
        for (bound, prefix, unit) in bounds {
            let Some(bound) = bound else { continue };
            let what = format!(
                "The most {unit} that a `{}` may have ({}).",
                definition.name, definition.rule
            );
            limits.push((constant(&[prefix, &definition.name]), bound, what));
        }
    }
    limits
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
