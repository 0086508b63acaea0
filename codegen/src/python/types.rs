//! Enums as literals, objects as typed dictionaries.

use std::collections::BTreeSet;

use super::{constant, docstring, lines, quoted, ruled};
use crate::model::{Definition, Member, Model, Object, Shape, Type};

pub(super) fn generate(model: &Model) -> String {
    let mut result = String::new();
    for (definition, values) in model.enumerations() {
        let names = || values.iter().map(|value| quoted(&value.name));
        result.push_str(&format!(
            "\n{title} = Literal[\n{}]\n{doc}\n{tuple}: Final[Tuple[{title}, ...]] = (\n{})\n{tuple_doc}",
            lines(4, names()),
            lines(4, names()),
            title = definition.title,
            doc = docstring(0, &ruled(&definition.description, &definition.rule)),
            tuple = names_of(definition),
            tuple_doc = docstring(0, &format!("Every `{}`, in schema order.", definition.title)),
        ));
    }
    let mut written = BTreeSet::new();
    for definition in &model.definitions {
        result.push_str(&dictionary(model, definition, &mut written));
    }
    result
}

/// The constant that holds an enum's names.
pub(super) fn names_of(definition: &Definition) -> String {
    constant(&[&definition.name, "names"])
}

/// A typed dictionary, behind those that it is made of.
fn dictionary<'a>(
    model: &'a Model,
    definition: &'a Definition,
    written: &mut BTreeSet<&'a str>,
) -> String {
    let Shape::Object(object) = &definition.shape else {
        return String::new();
    };
    if !written.insert(&definition.name) {
        return String::new();
    }
    let mut result = String::new();
    for member in &object.members {
        let target = match &member.ty {
            Type::Ref(name) => Some(name),
            Type::Inline(Shape::List { items }) => match &**items {
                Type::Ref(name) => Some(name),
                Type::Inline(_) => None,
            },
            Type::Inline(_) => None,
        };
        if let Some(name) = target {
            result.push_str(&dictionary(model, model.definition(name), written));
        }
    }
    result.push_str(&class(model, definition, object));
    result
}

fn class(model: &Model, definition: &Definition, object: &Object) -> String {
    let (title, text) = (&definition.title, &definition.description);
    let is_list =
        |member: &&Member| matches!(model.shape(&member.ty), Shape::List { .. }) && member.required;
    let (lists, rest): (Vec<_>, Vec<_>) = object.members.iter().partition(is_list);
    let (required, optional): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|member| member.required);
    let mut result = String::new();
    let mut base = "TypedDict".to_owned();
    let mut add = |name: String, doc: String, members: &[&Member], total: bool| {
        let total = if total { "" } else { ", total=False" };
        result.push_str(&format!(
            "\n\nclass {name}({base}{total}):\n{}",
            docstring(4, &doc)
        ));
        for member in members {
            result.push_str(&format!(
                "\n    {}: {}\n{}",
                member.name,
                annotation(model, &member.ty),
                docstring(4, &ruled(&member.description, &member.rule))
            ));
        }
        base = name;
    };
    // What a receiver gives back has other lists: the members around them have a type of their own.
    let sections = [
        (
            required,
            true,
            "Header",
            "The members that there always are",
        ),
        (optional, false, "Members", "The members that there may be"),
    ];
    let last = 2 - usize::from(lists.is_empty());
    let sections: Vec<_> = sections
        .into_iter()
        .filter(|(members, ..)| !members.is_empty())
        .collect();
    let count = sections.len();
    for (index, (members, total, suffix, what)) in sections.into_iter().enumerate() {
        let is_last = last == 1 && index + 1 == count;
        let (name, doc) = match is_last {
            true => (title.clone(), text.clone()),
            false => (
                format!("{title}{suffix}"),
                format!("{what} of `{title}`, but for lists."),
            ),
        };
        add(name, doc, &members, total);
    }
    if last == 2 {
        add(title.clone(), text.clone(), &lists, true);
    }
    result
}

/// The type of a member for a type checker. Members of the schema's own make a typed dictionary only where some must be
/// there: the others are a mapping that a sender fills.
fn annotation(model: &Model, ty: &Type) -> String {
    let title = |ty: &Type| match ty {
        Type::Ref(name) => model.definition(name).title.clone(),
        Type::Inline(_) => "Any".to_owned(),
    };
    match model.shape(ty) {
        Shape::Any => "Any".to_owned(),
        Shape::Map => "Dict[str, Any]".to_owned(),
        Shape::Text(_) => "str".to_owned(),
        Shape::Integer(_) => "int".to_owned(),
        Shape::Enum { .. } => title(ty),
        Shape::Object(_) if title(ty) == "PayloadMetadata" => "Dict[str, Any]".to_owned(),
        Shape::Object(_) => title(ty),
        Shape::List { items } => format!("List[{}]", annotation(model, items)),
    }
}
