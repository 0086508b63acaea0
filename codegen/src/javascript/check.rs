//! The generated check: one function for each object, over the rules of strings and integers as data.

use super::{constant, doc, indented, names_constant, patterns, quoted, quoted_list};
use crate::{
    model::{Condition, Definition, Member, Model, Narrow, Object, Shape, Text, Then, Type},
    sentence::within_sentence,
};

pub(super) fn generate(model: &Model) -> Result<String, String> {
    let mut text = String::new();
    for definition in &model.definitions {
        match &definition.shape {
            Shape::Text(shape) => {
                text.push_str(&text_rule(
                    &definition.name,
                    &definition.description,
                    shape,
                )?);
            }
            Shape::Integer(integer) => {
                let bound = |bound: Option<i64>, none: &str| match bound {
                    Some(bound) => bound.to_string(),
                    None => none.to_owned(),
                };
                text.push_str(&format!(
                    "\n{}export const {} = Object.freeze({{ minimum: {}, maximum: {} }});\n",
                    doc(&definition.description),
                    constant(&[&definition.name, "rule"]),
                    bound(integer.minimum, "-Infinity"),
                    bound(integer.maximum, "Infinity"),
                ));
            }
            Shape::Object(object) => {
                for member in &object.members {
                    if let Type::Inline(Shape::Text(shape)) = &member.ty
                        && *shape != Text::default()
                    {
                        let name = format!("{}_{}", definition.name, member.name);
                        text.push_str(&text_rule(&name, &member.description, shape)?);
                    }
                }
            }
            _ => {}
        }
    }
    for (definition, object) in model.objects() {
        text.push_str(&function(model, definition, object));
    }
    Ok(text)
}

/// The strings that have rules of their own: the name of the pattern, if there is one, and of the rule.
pub(super) fn rules(model: &Model) -> Vec<(Option<String>, String)> {
    let mut names = Vec::new();
    let mut add = |name: &str, text: &Text| {
        let pattern = text.pattern.as_ref().map(|_| constant(&[name]));
        names.push((pattern, constant(&[name, "rule"])));
    };
    for definition in &model.definitions {
        match &definition.shape {
            Shape::Text(text) => add(&definition.name, text),
            Shape::Object(object) => {
                for member in &object.members {
                    if let Type::Inline(Shape::Text(text)) = &member.ty
                        && *text != Text::default()
                    {
                        add(&format!("{}_{}", definition.name, member.name), text);
                    }
                }
            }
            _ => {}
        }
    }
    names
}

fn text_rule(name: &str, description: &str, text: &Text) -> Result<String, String> {
    let mut result = String::new();
    let pattern = match &text.pattern {
        Some(pattern) => {
            let made = patterns::generate(name, pattern)?;
            let name = constant(&[name]);
            result.push_str(&format!(
                "\n{}export const {name} = {made};\n",
                doc(&format!("{description} `{}`", pattern.source))
            ));
            name
        }
        None => "null".to_owned(),
    };
    let bound = |bound: Option<u64>| bound.map_or("Infinity".to_owned(), |bound| bound.to_string());
    result.push_str(&format!(
        "\n{}export const {} = Object.freeze({{\n  min_length: {},\n  max_length: {},\n  max_bytes: {},\n  real_date: {},\n  secret: {},\n  \
         pattern: {pattern},\n  expected: {},\n}});\n",
        doc(description),
        constant(&[name, "rule"]),
        text.min_length.unwrap_or_default(),
        bound(text.max_length),
        bound(text.max_bytes),
        text.real_date,
        text.secret,
        quoted(&within_sentence(description)),
    ));
    Ok(result)
}

fn function(model: &Model, definition: &Definition, object: &Object) -> String {
    let mut body = format!(
        "if (!c.object(value, {})) return;\n",
        quoted(&definition.rule)
    );
    for member in &object.members {
        let (name, rule) = (quoted(&member.name), quoted(&member.rule));
        let found = format!("value.{}", member.name);
        let check = member_check(model, definition, member, &found);
        body.push_str(&match (member.required, check.as_str()) {
            (true, "") => format!("if ({found} === undefined) c.missing({name}, {rule});\n"),
            (true, check) => {
                format!("if ({found} === undefined) c.missing({name}, {rule});\nelse {check}\n")
            }
            (false, "") => String::new(),
            (false, check) => format!("if ({found} !== undefined) {check}\n"),
        });
    }
    for condition in &object.conditions {
        body.push_str(&condition_check(condition));
    }
    format!(
        "\n{}export function check_{}(c, value) {{\n{}}}\n",
        doc(&format!(
            "Checks the value that the checker's path leads to as `{}`.",
            definition.name
        )),
        definition.name,
        indented(&body, 2)
    )
}

/// The statement that checks what was found; empty where anything goes.
fn member_check(model: &Model, definition: &Definition, member: &Member, found: &str) -> String {
    let (name, rule) = (quoted(&member.name), quoted(&member.rule));
    let target = match &member.ty {
        Type::Ref(target) => target.as_str(),
        Type::Inline(_) => "",
    };
    match model.shape(&member.ty) {
        Shape::Any => String::new(),
        Shape::Map => format!("c.map({name}, {found}, {rule});"),
        Shape::Text(text) if *text == Text::default() => {
            format!("c.any_text({name}, {found}, {rule});")
        }
        Shape::Text(_) => {
            let rules = match &member.ty {
                Type::Ref(target) => constant(&[target, "rule"]),
                Type::Inline(_) => constant(&[&definition.name, &member.name, "rule"]),
            };
            format!("c.text({name}, {found}, {rules}, {rule});")
        }
        Shape::Integer(_) => {
            let rules = constant(&[target, "rule"]);
            format!("c.integer({name}, {found}, {rules}, {rule});")
        }
        Shape::Enum { .. } => {
            let target = model.definition(target);
            let names = names_constant(target);
            let code = quoted(target.code.as_deref().unwrap_or("INVALID_ENVELOPE"));
            format!("c.one_of({name}, {found}, {names}, {code}, {rule});")
        }
        Shape::Object(_) => {
            format!("{{\n  c.enter({name});\n  check_{target}(c, {found});\n  c.leave();\n}}")
        }
        Shape::List { items } => {
            let Type::Ref(target) = &**items else {
                return String::new();
            };
            format!(
                "if (c.list({name}, {found}, {rule})) {{\n  c.enter({name});\n  for (let index = 0; index < {found}.length; index += 1) {{\n    \
                 c.enter(index);\n    check_{target}(c, {found}[index]);\n    c.leave();\n  }}\n  c.leave();\n}}"
            )
        }
    }
}

fn condition_check(condition: &Condition) -> String {
    let when: Vec<String> = condition
        .when
        .iter()
        .map(|when| {
            let any: Vec<String> = when
                .values
                .iter()
                .map(|name| format!("value.{} === {}", when.member, quoted(name)))
                .collect();
            match any.as_slice() {
                [one] => one.clone(),
                any => format!("({})", any.join(" || ")),
            }
        })
        .collect();
    let words: Vec<String> = condition
        .when
        .iter()
        .map(|when| format!("{} is {}", when.member, when.values.join(" or ")))
        .collect();
    let then: String = condition
        .then
        .iter()
        .map(|then| narrowed(then, &condition.rule, "value"))
        .collect();
    format!(
        "// {}\nif ({}) {{\n  c.enter_condition({});\n{}  c.leave_condition();\n}}\n",
        condition.description,
        when.join(" && "),
        quoted(&format!(" where {}", words.join(" and "))),
        indented(&then, 2)
    )
}

/// The check of one member of `owner`.
fn narrowed(then: &Then, rule: &str, owner: &str) -> String {
    let (name, rule) = (quoted(&then.member), quoted(rule));
    let found = format!("{owner}.{}", then.member);
    let check = match &then.narrow {
        Narrow::OneOf(values) => {
            let values = quoted_list(values.iter().map(String::as_str));
            format!("c.one_of({name}, {found}, {values}, 'INVALID_ENVELOPE', {rule});")
        }
        Narrow::Ref(target) => {
            let rules = constant(&[target, "rule"]);
            format!("c.text({name}, {found}, {rules}, {rule});")
        }
        Narrow::Text => format!("c.any_text({name}, {found}, {rule});"),
        Narrow::Absent => format!("c.forbidden({name}, {found}, {rule});"),
        Narrow::Members(members) => {
            let inner: String = members
                .iter()
                .map(|then| narrowed(then, rule.trim_matches('\''), &found))
                .collect();
            return format!(
                "if (c.is_object({found})) {{\n  c.enter({name});\n{}  c.leave();\n}}\n",
                indented(&inner, 2)
            );
        }
    };
    format!("if ({found} !== undefined) {check}\n")
}
