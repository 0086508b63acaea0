//! The generated check: one function for each object, over the rules of strings and integers as data.
//!
//! What is right is told by expressions in place; only what they do not take for right goes to the checker, which looks
//! again, exactly.

use std::collections::BTreeSet;

use super::{constant, constants::names, docstring, patterns, quoted, wrapped};
use crate::{
    model::{Condition, Definition, Member, Model, Narrow, Object, Shape, Text, Then, Type},
    sentence::within_sentence,
};

pub(super) fn generate(model: &Model) -> Result<String, String> {
    let mut result = String::new();
    for definition in &model.definitions {
        match &definition.shape {
            Shape::Text(text) => {
                result.push_str(&text_rule(&definition.name, &definition.description, text)?);
            }
            Shape::Integer(integer) => {
                let bound = |bound: Option<i64>| {
                    bound.map_or_else(|| "None".to_owned(), |bound| bound.to_string())
                };
                result.push_str(&format!(
                    "\n{}: Final = IntegerRule({}, {})\n{}",
                    constant(&[&definition.name, "rule"]),
                    bound(integer.minimum),
                    bound(integer.maximum),
                    docstring(0, &definition.description)
                ));
            }
            Shape::Object(object) => {
                for member in &object.members {
                    if let Type::Inline(Shape::Text(text)) = &member.ty
                        && *text != Text::default()
                    {
                        let name = format!("{}_{}", definition.name, member.name);
                        result.push_str(&text_rule(&name, &member.description, text)?);
                    }
                }
            }
            _ => {}
        }
    }
    for definition in &model.definitions {
        if let Shape::Object(object) = &definition.shape {
            result.push_str(&function(model, definition, object)?);
        }
    }
    Ok(result)
}

fn text_rule(name: &str, description: &str, text: &Text) -> Result<String, String> {
    let mut result = String::from("\n");
    let expected = within_sentence(description);
    let expected = match "    expected=\"\",".len() + expected.len() <= super::WIDTH {
        true => quoted(&expected),
        false => {
            let words = wrapped(11, &expected);
            let pieces: Vec<_> = words.lines().map(str::trim).collect();
            format!(
                "(
        \"{}\"
    )",
                pieces.join(
                    " \"
        \""
                )
            )
        }
    };
    let mut fields = vec![format!("expected={expected}")];
    if let Some(pattern) = &text.pattern {
        let matcher = matcher(name);
        let pieces = patterns::pieces(pattern).map_err(|why| format!("{name}: {why}"))?;
        let literals = pieces.iter().map(|piece| format!("r\"{piece}\""));
        let literals: Vec<_> = literals.collect();
        let is_bounded = text.max_length.is_some() || text.max_bytes.is_some();
        if is_bounded || pattern.automaton.chain().is_some() {
            let compiled = compiled(0, &literals, &format!("{matcher}: Final = "));
            result.push_str(&format!("{matcher}: Final = {compiled}\n"));
        } else {
            let tables = patterns::tables(&pattern.automaton)
                .map_err(|why| format!("the pattern of {name} {why}"))?;
            let compiled = compiled(4, &literals, "    ,");
            result.push_str(&format!(
                "{matcher}: Final = Matcher(\n    {compiled},\n{tables})\n"
            ));
        }
        fields.push(format!("pattern={matcher}"));
    }
    let bounds = [
        ("min_length", text.min_length),
        ("max_length", text.max_length),
        ("max_bytes", text.max_bytes),
    ];
    for (name, bound) in bounds {
        fields.extend(bound.map(|bound| format!("{name}={bound}")));
    }
    for (name, set) in [("real_date", text.real_date), ("secret", text.secret)] {
        if set {
            fields.push(format!("{name}=True"));
        }
    }
    result.push_str(&format!(
        "{}: Final = TextRule(\n{})\n{}",
        constant(&[name, "rule"]),
        super::lines(4, fields),
        docstring(0, description)
    ));
    Ok(result)
}

/// A compiled expression, on one line if that holds it and what is beside it.
fn compiled(indent: usize, literals: &[String], beside: &str) -> String {
    let line = format!("re.compile({}).fullmatch", literals.join(""));
    if literals.len() == 1 && beside.len() + line.len() <= super::WIDTH {
        return line;
    }
    let blank = " ".repeat(indent);
    let literals = literals.join(&format!("\n{blank}    "));
    format!("re.compile(\n{blank}    {literals}\n{blank}).fullmatch")
}

/// The function that matches a whole text.
fn matcher(name: &str) -> String {
    format!("match_{name}")
}

fn function(model: &Model, definition: &Definition, object: &Object) -> Result<String, String> {
    let conditional: BTreeSet<&str> = object
        .conditions
        .iter()
        .flat_map(|condition| {
            let when = condition.when.iter().map(|when| when.member.as_str());
            when.chain(condition.then.iter().map(|then| then.member.as_str()))
        })
        .collect();
    let mut body = String::new();
    for member in &object.members {
        // Names of the schema are in snake case; one that is a keyword or a function of Python's gets an underscore.
        let variable = match conditional.contains(member.name.as_str()) {
            true => format!("{}_", member.name),
            false => "value".to_owned(),
        };
        let check = member_check(model, definition, member, &variable)?;
        if check.is_empty() && variable == "value" && !member.required {
            continue;
        }
        body.push_str(&format!(
            "    {variable} = get({}, MISSING)\n{check}",
            quoted(&member.name)
        ));
    }
    for condition in &object.conditions {
        body.push_str(&condition_check(model, condition)?);
    }
    let get = if body.is_empty() {
        ""
    } else {
        "    get = node.get\n"
    };
    let doc = format!(
        "Check the value that the checker's path leads to as `{}`.",
        definition.title
    );
    Ok(format!(
        "\n\ndef check_{}(check: Checker, node: object) -> None:\n{}    if type(node) is not dict:\n        \
         check.object(node, {})\n        return\n{get}{body}",
        definition.name,
        docstring(4, &doc),
        quoted(&definition.rule),
    ))
}

/// The lines that check one member.
fn member_check(
    model: &Model,
    definition: &Definition,
    member: &Member,
    variable: &str,
) -> Result<String, String> {
    let (name, rule) = (quoted(&member.name), quoted(&member.rule));
    // What the checker is called for if the member is missing is told by itself.
    let there = if member.required {
        String::new()
    } else {
        format!("{variable} is not MISSING and ")
    };
    let target = || match &member.ty {
        Type::Ref(target) => Ok(target.as_str()),
        Type::Inline(_) => Err(format!(
            "{}.{} has no name for its type",
            definition.name, member.name
        )),
    };
    let (wrong, call) = match model.shape(&member.ty) {
        Shape::Any if member.required => (
            format!("{variable} is MISSING"),
            format!("check.missing({name}, {rule})"),
        ),
        Shape::Any => return Ok(String::new()),
        Shape::Map => (
            format!("type({variable}) is not dict"),
            format!("check.map({name}, {variable}, {rule})"),
        ),
        Shape::Text(text) if *text == Text::default() => (
            format!("type({variable}) not in TEXTS"),
            format!("check.any_text({name}, {variable}, {rule})"),
        ),
        Shape::Text(text) => {
            let own = format!("{}_{}", definition.name, member.name);
            let of = if let Type::Ref(target) = &member.ty {
                target
            } else {
                &own
            };
            let rules = constant(&[of, "rule"]);
            (
                not_surely(of, text, variable),
                format!("check.text({name}, {variable}, {rules}, {rule})"),
            )
        }
        Shape::Integer(integer) => {
            let bound = match (integer.minimum, integer.maximum) {
                (Some(least), Some(most)) => format!(" or not {least} <= {variable} <= {most}"),
                (Some(least), None) => format!(" or {variable} < {least}"),
                (None, Some(most)) => format!(" or {variable} > {most}"),
                (None, None) => String::new(),
            };
            let rules = constant(&[target()?, "rule"]);
            (
                format!("type({variable}) is not int{bound}"),
                format!("check.integer({name}, {variable}, {rules}, {rule})"),
            )
        }
        Shape::Enum { .. } => {
            let target = target()?;
            let code = model
                .definition(target)
                .code
                .as_deref()
                .unwrap_or("INVALID_ENVELOPE");
            let names = names(model, target);
            (
                format!("{variable} not in {names}"),
                format!(
                    "check.one_of({name}, {variable}, {names}, {rule}, {})",
                    quoted(code)
                ),
            )
        }
        Shape::Object(_) => {
            let function = format!("check_{}", target()?);
            let inner = format!(
                "        check.path.append({name})\n        {function}(check, {variable})\n        check.path.pop()\n"
            );
            return Ok(match member.required {
                true => format!(
                    "    if {variable} is MISSING:\n        check.missing({name}, {rule})\n    else:\n{inner}"
                ),
                false => format!("    if {variable} is not MISSING:\n{inner}"),
            });
        }
        Shape::List { items } => {
            let Type::Ref(target) = &**items else {
                return Err(format!(
                    "{}.{} is a list of things without a name",
                    definition.name, member.name
                ));
            };
            return Ok(format!(
                "    if {there}type({variable}) is not list:\n        check.list({name}, {variable}, {rule})\n    \
                 elif {variable}:\n        path = check.path\n        path += ({name}, 0)\n        \
                 for path[-1], item in enumerate({variable}):\n            check_{target}(check, item)\n        \
                 del path[-2:]\n"
            ));
        }
    };
    let wrong = match there.is_empty() || !wrong.contains(" or ") {
        true => format!("{there}{wrong}"),
        false => format!("{there}({wrong})"),
    };
    Ok(branch(4, &wrong, &call))
}

/// Whether a value is not a string that is right at first sight.
fn not_surely(name: &str, text: &Text, variable: &str) -> String {
    let mut parts = vec![format!("type({variable}) is not str")];
    // No character takes more than four bytes.
    let most = [text.max_length, text.max_bytes.map(|bytes| bytes / 4)];
    let least = text.min_length.filter(|least| *least > 0);
    match (least, most.into_iter().flatten().min()) {
        (Some(least), Some(most)) => {
            parts.push(format!("not {least} <= len({variable}) <= {most}"))
        }
        (Some(least), None) => parts.push(format!("len({variable}) < {least}")),
        (None, Some(most)) => parts.push(format!("len({variable}) > {most}")),
        (None, None) => {}
    }
    if text.pattern.is_some() {
        parts.push(format!("not {}({variable})", matcher(name)));
    }
    if text.real_date {
        parts.push(format!("not is_real_date({variable})"));
    }
    parts.join(" or ")
}

fn condition_check(model: &Model, condition: &Condition) -> Result<String, String> {
    let tests = condition
        .when
        .iter()
        .map(|when| match when.values.as_slice() {
            [value] => format!("{}_ == {}", when.member, quoted(value)),
            values => {
                let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
                format!("{}_ in ({})", when.member, values.join(", "))
            }
        });
    let tests: Vec<_> = tests.collect();
    let words: Vec<String> = condition
        .when
        .iter()
        .map(|when| format!("{} is {}", when.member, when.values.join(" or ")))
        .collect();
    let place = quoted(&format!(" where {}", words.join(" and ")));
    let mut result =
        wrapped(4, &format!("# {}", condition.description)).replace("\n    ", "\n    # ");
    let tests = tests.join(" and ");
    // One thing to look at is looked at in the same breath.
    let (indent, around) = match condition.then.as_slice() {
        [
            Then {
                narrow: Narrow::Members(_),
                ..
            },
        ]
        | [_, _, ..]
        | [] => {
            result.push_str(&format!("    if {tests}:\n"));
            (8, String::new())
        }
        [_] => (4, format!("{tests} and ")),
    };
    for then in &condition.then {
        let variable = format!("{}_", then.member);
        let further = Further {
            rule: &condition.rule,
            place: &place,
            around: &around,
        };
        result.push_str(&narrowed(model, then, &further, &variable, indent)?);
    }
    Ok(result)
}

/// What a condition says about each member that it is about.
struct Further<'a> {
    rule: &'a str,
    /// The condition in words.
    place: &'a str,
    /// What is to be tested before each member.
    around: &'a str,
}

/// The lines that check one member further, given the variable that holds it.
fn narrowed(
    model: &Model,
    then: &Then,
    further: &Further<'_>,
    variable: &str,
    indent: usize,
) -> Result<String, String> {
    let Further {
        rule,
        place,
        around,
    } = further;
    let (name, rule_text) = (quoted(&then.member), quoted(rule));
    let (wrong, call) = match &then.narrow {
        Narrow::OneOf(values) => {
            let names: Vec<_> = values.iter().map(|value| quoted(value)).collect();
            let (test, names) = match names.as_slice() {
                [only] => (format!("{variable} != {only}"), format!("({only},)")),
                _ => {
                    let names = format!("({})", names.join(", "));
                    (format!("{variable} not in {names}"), names)
                }
            };
            // Of another type it was reported already.
            (
                format!("type({variable}) is str and {test}"),
                format!("check.one_of({name}, {variable}, {names}, {rule_text}, where={place})"),
            )
        }
        Narrow::Ref(target) => {
            let Shape::Text(text) = &model.definition(target).shape else {
                return Err(format!("a condition narrows {name} to what is no string"));
            };
            let rules = constant(&[target, "rule"]);
            (
                format!(
                    "{variable} is not MISSING and ({})",
                    not_surely(target, text, variable)
                ),
                format!("check.text({name}, {variable}, {rules}, {rule_text}, {place})"),
            )
        }
        Narrow::Text => (
            format!("{variable} is not MISSING and type({variable}) not in TEXTS"),
            format!("check.any_text({name}, {variable}, {rule_text}, {place})"),
        ),
        Narrow::Absent => (
            format!("{variable} is not MISSING"),
            format!("check.forbidden({name}, {variable}, {rule_text}, {place})"),
        ),
        Narrow::Members(members) => {
            let blank = " ".repeat(indent);
            let mut inner = String::new();
            for then in members {
                let test = narrowed(model, then, further, "value", indent + 4)?;
                inner.push_str(&format!(
                    "{blank}    value = {variable}.get({}, MISSING)\n{test}",
                    quoted(&then.member)
                ));
            }
            return Ok(format!(
                "{blank}if type({variable}) is dict:\n{blank}    check.path.append({name})\n{inner}{blank}    \
                 check.path.pop()\n"
            ));
        }
    };
    Ok(branch(indent, &format!("{around}{wrong}"), &call))
}

/// A call if something is wrong, its arguments one to a line where one line does not hold them.
fn branch(indent: usize, test: &str, call: &str) -> String {
    let blank = " ".repeat(indent);
    let mut result = format!("{blank}if {test}:\n");
    if indent + "if :".len() + test.len() > super::WIDTH {
        let tests = test.replace(" and ", &format!("\n{blank}    and "));
        result = format!("{blank}if (\n{blank}    {tests}\n{blank}):\n");
    }
    match call.split_once('(') {
        Some((function, arguments)) if indent + 4 + call.len() > super::WIDTH => {
            let arguments = split(arguments.trim_end_matches(')'));
            let arguments = super::lines(indent + 8, arguments);
            result.push_str(&format!(
                "{blank}    {function}(\n{arguments}{blank}    )\n"
            ));
        }
        _ => result.push_str(&format!("{blank}    {call}\n")),
    }
    result
}

/// Arguments apart, at the commas that are in no parentheses.
fn split(arguments: &str) -> Vec<String> {
    let mut result = vec![String::new()];
    let mut depth = 0;
    for piece in arguments.split_inclusive(", ") {
        let opened = piece.matches('(').count();
        let closed = piece.matches(')').count();
        depth += opened;
        depth -= closed;
        if let Some(last) = result.last_mut() {
            last.push_str(piece);
        }
        if depth == 0 {
            result.push(String::new());
        }
    }
    result
        .iter()
        .map(|argument| argument.trim_end_matches(", ").to_owned())
        .filter(|argument| !argument.is_empty())
        .collect()
}
