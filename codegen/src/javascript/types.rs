//! The types of all that `generated.js` exports.

use super::{
    check, constant, constants, copy, doc, indented, names_constant, quoted, type_name, write,
};
use crate::{
    model::{Group, Model, Object, PlatformField, PlatformType, Shape, Type},
    sentence::greatest_length,
};

/// Objects whose other members are the caller's own.
const OPEN: &[&str] = &["payload_metadata"];

pub(super) fn generate(model: &Model) -> String {
    let mut text = String::new();
    for (definition, values) in model.enumerations() {
        let names: Vec<String> = values.iter().map(|value| quoted(&value.name)).collect();
        let what = doc(&format!("{} ({})", definition.description, definition.rule));
        let title = &definition.title;
        text.push_str(&format!(
            "\n{what}export type {title} = {};\n",
            names.join(" | ")
        ));
        text.push_str(&format!(
            "export const {}: readonly {title}[];\n",
            names_constant(definition)
        ));
    }
    for (definition, object) in model.objects() {
        let what = doc(&format!("{} ({})", definition.description, definition.rule));
        let (name, title) = (&definition.name, &definition.title);
        let open = OPEN.contains(&name.as_str());
        text.push_str(&format!(
            "\n{what}export interface {title} {{\n{}}}\n",
            indented(&members(model, object, open), 2)
        ));
        text.push_str(&format!(
            "export const {}: readonly string[];\n",
            constant(&[name, "members"])
        ));
        text.push_str(&format!(
            "export function check_{name}(c: Checker, value: unknown): void;\n"
        ));
        if write::is_written(model, object) {
            let names: Vec<String> = object
                .members
                .iter()
                .map(|member| quoted(&member.name))
                .collect();
            text.push_str(&format!(
                "export function write_{name}(texts: Record<{}, string>): string;\n",
                names.join(" | ")
            ));
            text.push_str(&copy::declared(definition));
        }
    }
    text.push('\n');
    for length in model.lengths() {
        let what = doc(&greatest_length(&length));
        let name = constants::length_constant(&length);
        text.push_str(&format!("{what}export const {name}: number;\n"));
    }
    for group in &model.groups {
        text.push_str(&group_type(model, group));
    }
    text.push_str(&format!(
        "\n{}export interface PlatformProfile {{\n{}}}\n",
        doc("What one kind of platform can do."),
        indented(&fields(model, &model.platforms.fields), 2)
    ));
    for profile in &model.platforms.profiles {
        let name = constant(&[&profile.name]);
        text.push_str(&format!("export const {name}: PlatformProfile;\n"));
    }
    text.push('\n');
    for (pattern, rule) in check::rules(model) {
        if let Some(pattern) = pattern {
            text.push_str(&format!("export const {pattern}: Pattern;\n"));
        }
        text.push_str(&format!("export const {rule}: TextRule;\n"));
    }
    for definition in &model.definitions {
        if let Shape::Integer(_) = definition.shape {
            let name = constant(&[&definition.name, "rule"]);
            text.push_str(&format!("export const {name}: IntegerRule;\n"));
        }
    }
    text
}

fn members(model: &Model, object: &Object, open: bool) -> String {
    let mut text = String::new();
    for member in &object.members {
        let optional = if member.required { "" } else { "?" };
        text.push_str(&doc(&format!("{} ({})", member.description, member.rule)));
        text.push_str(&format!(
            "{}{optional}: {};\n",
            member.name,
            type_of(model, &member.ty)
        ));
    }
    if open {
        text.push_str(&doc("Members of the caller's choice; values are JSON."));
        text.push_str("[name: string]: unknown;\n");
    }
    text
}

fn type_of(model: &Model, ty: &Type) -> String {
    match (ty, model.shape(ty)) {
        (Type::Ref(name), Shape::Object(_) | Shape::Enum { .. }) => {
            model.definition(name).title.clone()
        }
        (_, Shape::Any | Shape::Object(_)) => "unknown".to_owned(),
        (_, Shape::Map) => "Record<string, unknown>".to_owned(),
        (_, Shape::Text(_) | Shape::Enum { .. }) => "string".to_owned(),
        (_, Shape::Integer(_)) => "number".to_owned(),
        (_, Shape::List { items }) => format!("{}[]", type_of(model, items)),
    }
}

fn group_type(model: &Model, group: &Group) -> String {
    let ty = |entry: &crate::model::Constant| match &entry.enumeration {
        Some(name) => model.definition(name).title.clone(),
        None if entry.value.is_string() => "string".to_owned(),
        None => "number".to_owned(),
    };
    if let [entry] = group.constants.as_slice() {
        let what = doc(&format!("{} ({})", entry.description, entry.rule));
        let name = constant(&[&group.name, &entry.name]);
        return format!("\n{what}export const {name}: {};\n", ty(entry));
    }
    let mut inner = String::new();
    for entry in &group.constants {
        inner.push_str(&doc(&format!("{} ({})", entry.description, entry.rule)));
        inner.push_str(&format!("readonly {}: {};\n", entry.name, ty(entry)));
    }
    let what = doc(&format!("{} ({})", group.description, group.rule));
    format!(
        "\n{what}export interface {title} {{\n{}}}\n{what}export const {}: {title};\n",
        indented(&inner, 2),
        constant(&[&group.name]),
        title = type_name(&group.name),
    )
}

fn fields(model: &Model, list: &[PlatformField]) -> String {
    let mut text = String::new();
    for field in list {
        let ty = match &field.ty {
            PlatformType::Text => "string".to_owned(),
            PlatformType::Bool => "boolean".to_owned(),
            PlatformType::Integer => "number".to_owned(),
            PlatformType::OptionalInteger => "number | null".to_owned(),
            PlatformType::Enums(name) => format!("readonly {}[]", model.definition(name).title),
            PlatformType::Fields(list) => {
                let none = if field.required { "" } else { " | null" };
                format!("{{\n{}}}{none}", indented(&fields(model, list), 2))
            }
        };
        text.push_str(&doc(&format!("{} ({})", field.description, field.rule)));
        text.push_str(&format!("readonly {}: {ty};\n", field.name));
    }
    text
}
