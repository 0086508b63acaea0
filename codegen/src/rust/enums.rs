//! What enums can do: give their text, and be read from it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{doc, ident, variant};

pub(super) fn generate(model: &crate::model::Model) -> TokenStream {
    model
        .enumerations()
        .map(|(definition, values)| {
            let name = ident(&definition.title);
            let what = definition.name.replace('_', " ");
            let variants: Vec<_> = values.iter().map(|value| variant(&value.name)).collect();
            let texts: Vec<_> = values.iter().map(|value| value.name.as_str()).collect();
            let all = doc("Every value, in schema order.");
            let names = doc("The text of every value, in schema order.");
            let as_str = doc("The text on the wire.");
            quote! {
                impl #name {
                    #all
                    pub const ALL: &'static [Self] = &[#(Self::#variants),*];

                    #names
                    pub const NAMES: &'static [&'static str] = &[#(#texts),*];

                    #as_str
                    pub const fn as_str(self) -> &'static str {
                        match self { #(Self::#variants => #texts,)* }
                    }
                }

                impl ::std::fmt::Display for #name {
                    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.pad(self.as_str())
                    }
                }

                impl ::std::str::FromStr for #name {
                    type Err = UnknownName;

                    fn from_str(text: &str) -> Result<Self, Self::Err> {
                        match text {
                            #(#texts => Ok(Self::#variants),)*
                            _ => Err(UnknownName::new(#what, Self::NAMES)),
                        }
                    }
                }

                impl TryFrom<&str> for #name {
                    type Error = UnknownName;

                    fn try_from(text: &str) -> Result<Self, Self::Error> {
                        text.parse()
                    }
                }
            }
        })
        .collect()
}
