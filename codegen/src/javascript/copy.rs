//! Copies of the objects that have a text of their own: the members that the schema names, and no others.

use super::{doc, write};
use crate::model::{Definition, Model};

pub(super) fn generate(model: &Model) -> String {
    let mut text = String::new();
    for (definition, object) in model.objects() {
        if !write::is_written(model, object) {
            continue;
        }
        let name = &definition.name;
        let members = object.members.iter();
        let members: String = members
            .map(|member| format!("    {0}: value.{0},\n", member.name))
            .collect();
        text.push_str(&format!(
            "\n{}export function copy_{name}(value) {{\n  return {{\n{members}  }};\n}}\n",
            what(definition)
        ));
    }
    text
}

/// The type of the function.
pub(super) fn declared(definition: &Definition) -> String {
    let Definition { name, title, .. } = definition;
    format!("export function copy_{name}(value: {title}): {title};\n")
}

fn what(definition: &Definition) -> String {
    doc(&format!(
        "The members of `{}` that the schema names, and no others; what they hold is shared.",
        definition.name
    ))
}
