//! The canonical writer: schema order, no white space.

use proc_macro2::TokenStream;
use quote::quote;

use super::{byte_string, constant, ident, structs, variant};
use crate::model::{Model, Object};

pub(super) fn generate(model: &Model) -> TokenStream {
    let structs: TokenStream = structs(model)
        .map(|(definition, object)| structure(&definition.title, &definition.name, object))
        .collect();
    let enums: TokenStream = model
        .enumerations()
        .map(|(definition, values)| {
            let name = ident(&definition.title);
            let variants = values.iter().map(|value| variant(&value.name));
            let texts = values
                .iter()
                .map(|value| byte_string(&format!("\"{}\"", value.name)));
            quote! {
                impl WriteJson for #name {
                    fn write_json(&self, out: &mut Vec<u8>) {
                        let text: &[u8] = match self { #(Self::#variants => #texts,)* };
                        out.extend_from_slice(text);
                    }
                }
            }
        })
        .collect();
    quote!(#structs #enums)
}

fn structure(title: &str, definition: &str, object: &Object) -> TokenStream {
    let title = ident(title);
    let members = constant(&[definition, "members"]);
    // Once a required member stands, a comma is due before each further one.
    let mut sure = false;
    let mut body = TokenStream::new();
    for member in &object.members {
        let field = ident(&member.name);
        if member.required {
            let start = if sure || body.is_empty() {
                let first = if sure { "," } else { "{" };
                let text = byte_string(&format!("{first}\"{}\":", member.name));
                quote!(out.extend_from_slice(#text);)
            } else {
                let text = byte_string(&format!("\"{}\":", member.name));
                quote!(out.push(before); out.extend_from_slice(#text);)
            };
            body.extend(quote! { #start self.#field.write_json(out); });
            sure = true;
        } else if sure {
            let text = byte_string(&format!(",\"{}\":", member.name));
            body.extend(quote! {
                if let Some(value) = &self.#field { out.extend_from_slice(#text); value.write_json(out); }
            });
        } else {
            let text = byte_string(&format!("\"{}\":", member.name));
            let begin = body.is_empty().then(|| quote!(let mut before = b'{';));
            body.extend(quote! {
                #begin
                if let Some(value) = &self.#field {
                    out.push(before);
                    before = b',';
                    out.extend_from_slice(#text);
                    value.write_json(out);
                }
            });
        }
    }
    let (comma, end) = if sure {
        (quote!(out.push(b',');), quote!())
    } else {
        (
            quote!(out.push(before); before = b',';),
            quote!(if before == b'{' {
                out.push(before);
            }),
        )
    };
    quote! {
        impl WriteJson for #title {
            fn write_json(&self, out: &mut Vec<u8>) {
                #body
                for (name, value) in &self.extra {
                    if #members.contains(&name.as_str()) {
                        continue;
                    }
                    #comma
                    name.as_str().write_json(out);
                    out.push(b':');
                    value.write_json(out);
                }
                #end
                out.push(b'}');
            }
        }
    }
}
