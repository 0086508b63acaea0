//! The canonical writer of the objects that texts of payloads are put into: member names and their order.

use super::{constant, doc};
use crate::model::{Model, Object, Shape};

pub(super) fn generate(model: &Model) -> String {
    let mut text = String::new();
    for (definition, object) in model.objects() {
        if !is_written(model, object) {
            continue;
        }
        let members: Vec<String> = object
            .members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                let start = if index == 0 { "{" } else { "," };
                let name = &member.name;
                format!("'{start}\"{name}\":' + texts.{name}")
            })
            .collect();
        text.push('\n');
        text.push_str(&doc(&format!(
            "The canonical text of a `{}` whose members' texts are these ({} in schema order).",
            definition.name,
            constant(&[&definition.name, "members"])
        )));
        text.push_str(&format!(
            "export function write_{}(texts) {{\n  return (\n    {} +\n    '}}'\n  );\n}}\n",
            definition.name,
            members.join(" +\n    ")
        ));
    }
    text
}

/// Whether an object holds payloads, or the data of one, so that its text is put together instead of being made from a value.
pub(super) fn is_written(model: &Model, object: &Object) -> bool {
    let mut members = object.members.iter();
    members.any(|member| matches!(model.shape(&member.ty), Shape::Any | Shape::List { .. }))
}
