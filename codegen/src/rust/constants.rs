//! Names, limits, defaults, environment variables and platform profiles.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{constant, doc, ident, variant};
use crate::{
    interpret::camel,
    model::{Constant, Group, Model, PlatformField, PlatformType},
    sentence::{greatest_length, names_of_members},
};

pub(super) fn generate(model: &Model) -> TokenStream {
    let members = members(model);
    let limits = limits(model);
    let groups: TokenStream = model
        .groups
        .iter()
        .map(|entry| group(model, entry))
        .collect();
    let platforms = platforms(model);
    quote!(#members #limits #groups #platforms)
}

fn members(model: &Model) -> TokenStream {
    model
        .objects()
        .map(|(definition, object)| {
            let name = constant(&[&definition.name, "members"]);
            let doc = doc(&names_of_members(&definition.name));
            let names = object.members.iter().map(|member| member.name.as_str());
            quote!(#doc pub const #name: &[&str] = &[#(#names),*];)
        })
        .collect()
}

fn limits(model: &Model) -> TokenStream {
    model
        .lengths()
        .map(|length| {
            let name = constant(&[length.name, &length.of.name]);
            let doc = doc(&greatest_length(&length));
            let most = Literal::u64_unsuffixed(length.most);
            quote!(#doc pub const #name: usize = #most;)
        })
        .collect()
}

/// A group becomes a struct and its one value; a group of one constant becomes a plain constant.
fn group(model: &Model, group: &Group) -> TokenStream {
    if let [entry] = group.constants.as_slice() {
        let name = constant(&[&group.name, &entry.name]);
        let doc = doc(&format!("{} ({})", entry.description, entry.rule));
        let (ty, value) = value(model, entry);
        return quote!(#doc pub const #name: #ty = #value;);
    }
    let mut fields = TokenStream::new();
    let mut values = TokenStream::new();
    for entry in &group.constants {
        let name = ident(&entry.name);
        let doc = doc(&format!("{} ({})", entry.description, entry.rule));
        let (ty, value) = value(model, entry);
        fields.extend(quote!(#doc pub #name: #ty,));
        values.extend(quote!(#name: #value,));
    }
    let doc = doc(&format!("{} ({})", group.description, group.rule));
    let ty = ident(&camel(&group.name));
    let name = constant(&[&group.name]);
    quote! {
        #doc
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct #ty { #fields }

        #doc
        pub const #name: #ty = #ty { #values };
    }
}

fn value(model: &Model, entry: &Constant) -> (TokenStream, TokenStream) {
    match (&entry.value, &entry.enumeration) {
        (Value::String(text), Some(name)) => {
            let ty = ident(&model.definition(name).title);
            let variant = variant(text);
            (quote!(#ty), quote!(#ty::#variant))
        }
        (Value::String(text), None) => (quote!(&'static str), quote!(#text)),
        (number, _) => {
            let number = Literal::u64_unsuffixed(number.as_u64().unwrap_or_default());
            (integer(&entry.name), quote!(#number))
        }
    }
}

/// One type for all numbers spares conversions between limits and what is held against them; attempts
/// alone are counted in less.
fn integer(name: &str) -> TokenStream {
    if name.ends_with("_retries") {
        quote!(u32)
    } else {
        quote!(u64)
    }
}

fn platforms(model: &Model) -> TokenStream {
    let fields = &model.platforms.fields;
    let structs = structure(
        model,
        "platform",
        "What one kind of platform can do.",
        fields,
    );
    let consts: TokenStream = model
        .platforms
        .profiles
        .iter()
        .map(|profile| {
            let name = constant(&[&profile.name]);
            let text = profile.values["description"].as_str().unwrap_or_default();
            let doc = doc(text);
            let value = construct(model, "platform", fields, &profile.values);
            quote!(#doc pub const #name: Platform = #value;)
        })
        .collect();
    quote!(#structs #consts)
}

fn structure(model: &Model, name: &str, text: &str, fields: &[PlatformField]) -> TokenStream {
    let mut inner = TokenStream::new();
    let mut members = TokenStream::new();
    for field in fields {
        let name = ident(&field.name);
        let doc = doc(&field.description);
        let ty = match &field.ty {
            PlatformType::Text => quote!(&'static str),
            PlatformType::Bool => quote!(bool),
            PlatformType::Integer => integer(&field.name),
            PlatformType::OptionalInteger => {
                let ty = integer(&field.name);
                quote!(Option<#ty>)
            }
            PlatformType::Enums(name) => {
                let ty = ident(&model.definition(name).title);
                quote!(&'static [#ty])
            }
            PlatformType::Fields(fields) => {
                let ty = ident(&camel(&field.name));
                inner.extend(structure(model, &field.name, &field.description, fields));
                if field.required {
                    quote!(#ty)
                } else {
                    quote!(Option<#ty>)
                }
            }
        };
        members.extend(quote!(#doc pub #name: #ty,));
    }
    let doc = doc(text);
    let name = ident(&camel(name));
    quote! {
        #doc
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct #name { #members }
        #inner
    }
}

fn construct(model: &Model, name: &str, fields: &[PlatformField], values: &Value) -> TokenStream {
    let members: TokenStream = fields
        .iter()
        .map(|field| {
            let value = &values[&field.name];
            let number = || Literal::u64_unsuffixed(value.as_u64().unwrap_or_default());
            let text = match &field.ty {
                PlatformType::Text => {
                    let text = value.as_str().unwrap_or_default();
                    quote!(#text)
                }
                PlatformType::Bool => {
                    let truth = value.as_bool().unwrap_or_default();
                    quote!(#truth)
                }
                PlatformType::Integer => {
                    let number = number();
                    quote!(#number)
                }
                PlatformType::OptionalInteger if value.is_null() => quote!(None),
                PlatformType::OptionalInteger => {
                    let number = number();
                    quote!(Some(#number))
                }
                PlatformType::Enums(name) => {
                    let ty = ident(&model.definition(name).title);
                    let items = value.as_array().into_iter().flatten();
                    let items = items.filter_map(Value::as_str).map(variant);
                    quote!(&[#(#ty::#items),*])
                }
                PlatformType::Fields(_) if value.is_null() => quote!(None),
                PlatformType::Fields(fields) => {
                    let inner = construct(model, &field.name, fields, value);
                    if field.required {
                        inner
                    } else {
                        quote!(Some(#inner))
                    }
                }
            };
            let name = ident(&field.name);
            quote!(#name: #text,)
        })
        .collect();
    let name = ident(&camel(name));
    quote!(#name { #members })
}
