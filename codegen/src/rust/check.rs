//! The generated check: one function for each object, over the rules of strings and integers as data.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{constant, doc, ident, patterns, variant};
use crate::{
    model::{Condition, Definition, Member, Model, Narrow, Object, Shape, Text, Then, Type},
    sentence::within_sentence,
};

pub(super) fn generate(model: &Model) -> Result<TokenStream, String> {
    let mut result = TokenStream::new();
    for definition in &model.definitions {
        match &definition.shape {
            Shape::Text(text) => {
                result.extend(text_rule(&definition.name, &definition.description, text)?);
            }
            Shape::Integer(integer) => {
                let name = constant(&[&definition.name, "rule"]);
                let minimum = Literal::i64_unsuffixed(integer.minimum.unwrap_or(i64::MIN));
                let maximum = Literal::i64_unsuffixed(integer.maximum.unwrap_or(i64::MAX));
                result.extend(quote! {
                    static #name: IntegerRule =
                        IntegerRule { minimum: #minimum, maximum: #maximum };
                });
            }
            Shape::Object(object) => {
                for member in &object.members {
                    if let Type::Inline(Shape::Text(text)) = &member.ty
                        && *text != Text::default()
                    {
                        let name = format!("{}_{}", definition.name, member.name);
                        result.extend(text_rule(&name, &member.description, text)?);
                    }
                }
            }
            _ => {}
        }
    }
    let deepest = model
        .roots
        .iter()
        .map(|root| depth(model, &Type::Ref(root.clone())))
        .max();
    let deepest = Literal::usize_unsuffixed(deepest.unwrap_or_default());
    result.extend(quote! {
        const _: () = assert!(#deepest <= MAX_PATH, "a path of the check is too long");
    });
    for definition in &model.definitions {
        if let Shape::Object(object) = &definition.shape {
            result.extend(function(model, definition, object));
        }
    }
    Ok(result)
}

/// How many steps a path below a value of this type may have.
fn depth(model: &Model, ty: &Type) -> usize {
    match model.shape(ty) {
        Shape::Object(object) => object
            .members
            .iter()
            .map(|member| 1 + depth(model, &member.ty))
            .max()
            .unwrap_or(1),
        Shape::List { items } => 1 + depth(model, items),
        _ => 0,
    }
}

fn text_rule(name: &str, description: &str, text: &Text) -> Result<TokenStream, String> {
    let mut result = TokenStream::new();
    let pattern = match &text.pattern {
        Some(pattern) => {
            let name = constant(&[name]);
            result.extend(patterns::generate(&name, description, pattern)?);
            quote!(Some(&#name))
        }
        None => quote!(None),
    };
    let bound = |bound: Option<u64>| match bound {
        Some(bound) => {
            let bound = Literal::u64_unsuffixed(bound);
            quote!(#bound)
        }
        None => quote!(usize::MAX),
    };
    let min_length = Literal::u64_unsuffixed(text.min_length.unwrap_or_default());
    let max_length = bound(text.max_length);
    let max_bytes = bound(text.max_bytes);
    let (real_date, secret) = (text.real_date, text.secret);
    let expected = within_sentence(description);
    let name = constant(&[name, "rule"]);
    result.extend(quote! {
        static #name: TextRule = TextRule {
            min_length: #min_length,
            max_length: #max_length,
            max_bytes: #max_bytes,
            real_date: #real_date,
            secret: #secret,
            pattern: #pattern,
            expected: #expected,
        };
    });
    Ok(result)
}

fn function(model: &Model, definition: &Definition, object: &Object) -> TokenStream {
    let conditional: BTreeSet<&str> = object
        .conditions
        .iter()
        .flat_map(|condition| {
            let when = condition.when.iter().map(|when| when.member.as_str());
            when.chain(condition.then.iter().map(|then| then.member.as_str()))
        })
        .collect();
    let mut body = TokenStream::new();
    for (index, member) in object.members.iter().enumerate() {
        let name = &member.name;
        let index = Literal::usize_unsuffixed(index);
        let found = quote!(object.get_at(#index, #name));
        let found = if conditional.contains(name.as_str()) {
            let local = ident(name);
            body.extend(quote!(let #local = #found;));
            quote!(#local)
        } else {
            found
        };
        let value = member_check(model, definition, member);
        let rule = &member.rule;
        body.extend(match (member.required, value.is_empty()) {
            (true, true) => quote!(if #found.is_none() { c.missing(#name, #rule); }),
            (true, false) => quote! {
                match #found { Some(value) => #value, None => c.missing(#name, #rule) }
            },
            (false, true) => quote!(),
            (false, false) => quote!(if let Some(value) = #found { #value }),
        });
    }
    for condition in &object.conditions {
        body.extend(condition_check(condition));
    }
    let name = format_ident!("check_{}", definition.name);
    let rule = &definition.rule;
    let doc = doc(&format!(
        "Checks the value that the checker's path leads to as `{}`.",
        definition.name
    ));
    quote! {
        #doc
        pub(crate) fn #name(c: &mut Checker, node: &Node<'_>) {
            let Some(object) = c.object(node, #rule) else { return };
            #body
        }
    }
}

/// The expression that checks `value`; empty where anything goes.
fn member_check(model: &Model, definition: &Definition, member: &Member) -> TokenStream {
    let (name, rule) = (&member.name, &member.rule);
    let shape = model.shape(&member.ty);
    match shape {
        Shape::Any => quote!(),
        Shape::Map => quote!(c.map(#name, value, #rule)),
        Shape::Text(text) => {
            let rules = match &member.ty {
                Type::Ref(target) => constant(&[target, "rule"]),
                Type::Inline(_) => constant(&[&definition.name, name, "rule"]),
            };
            if *text == Text::default() {
                quote!(c.any_text(#name, value, #rule))
            } else {
                quote!(c.text(#name, value, &#rules, #rule))
            }
        }
        Shape::Integer(_) => {
            let Type::Ref(target) = &member.ty else {
                return quote!();
            };
            let rules = constant(&[target, "rule"]);
            quote!(c.integer(#name, value, &#rules, #rule))
        }
        Shape::Enum { .. } => {
            let Type::Ref(target) = &member.ty else {
                return quote!();
            };
            let target = model.definition(target);
            let ty = ident(&target.title);
            let code = target.code.as_deref().unwrap_or("INVALID_ENVELOPE");
            let code = variant(code);
            quote!(c.one_of(#name, value, #ty::NAMES, ErrorCode::#code, #rule))
        }
        Shape::Object(_) => {
            let Type::Ref(target) = &member.ty else {
                return quote!();
            };
            let function = format_ident!("check_{target}");
            quote!({ c.enter(#name); #function(c, value); c.leave(); })
        }
        Shape::List { items } => {
            let Type::Ref(target) = &**items else {
                return quote!();
            };
            let function = format_ident!("check_{target}");
            quote!(if let Some(items) = c.list(#name, value, #rule) {
                c.enter(#name);
                for (index, item) in items.iter().enumerate() {
                    c.enter_item(index);
                    #function(c, item);
                    c.leave();
                }
                c.leave();
            })
        }
    }
}

fn condition_check(condition: &Condition) -> TokenStream {
    let when = condition.when.iter().map(|when| {
        let member = ident(&when.member);
        let values = &when.values;
        quote!(is_one_of(#member, &[#(#values),*]))
    });
    let words: Vec<String> = condition
        .when
        .iter()
        .map(|when| format!("{} is {}", when.member, when.values.join(" or ")))
        .collect();
    let words = format!(" where {}", words.join(" and "));
    let then = condition.then.iter().map(|then| {
        let member = ident(&then.member);
        narrowed(then, &condition.rule, &quote!(#member))
    });
    quote! {
        if #(#when)&&* {
            c.enter_condition(#words);
            #(#then)*
            c.leave_condition();
        }
    }
}

/// The check of one member, given the expression that finds it.
fn narrowed(then: &Then, rule: &str, found: &TokenStream) -> TokenStream {
    let name = &then.member;
    let check = match &then.narrow {
        Narrow::OneOf(values) => {
            quote!(c.one_of(#name, value, &[#(#values),*], ErrorCode::InvalidEnvelope, #rule);)
        }
        Narrow::Ref(target) => {
            let rules = constant(&[target, "rule"]);
            quote!(c.text(#name, value, &#rules, #rule);)
        }
        Narrow::Text => quote!(c.any_text(#name, value, #rule);),
        Narrow::Absent => quote!(c.forbidden(#name, value, #rule);),
        Narrow::Members(members) => {
            let inner = members.iter().map(|then| {
                let name = &then.member;
                narrowed(then, rule, &quote!(object.get(#name)))
            });
            return quote! {
                if let Some(Node::Object(object)) = #found {
                    c.enter(#name);
                    #(#inner)*
                    c.leave();
                }
            };
        }
    };
    quote!(if let Some(value) = #found { #check })
}
