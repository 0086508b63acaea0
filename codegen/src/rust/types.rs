//! Structs and enums, by typify.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use schemars::schema::RootSchema;
use serde_json::{Map, Value, json};
use syn::{Attribute, Fields, Item, ItemEnum, ItemStruct};
use typify_impl::{TypeSpace, TypeSpaceSettings};

use super::{doc, ident, replacement, structs};
use crate::{
    model::{Definition, Model, Shape},
    source::{MESSAGE_FILES, PLATFORMS_SCHEMA, Source, stem},
};

/// All types that are not replaced by the library's own.
pub(super) fn generate(source: &Source, model: &Model) -> Result<TokenStream, String> {
    let mut settings = TypeSpaceSettings::default();
    for definition in &model.definitions {
        if let Some(path) = replacement(&definition.name) {
            settings.with_replacement(&definition.title, path, std::iter::empty());
        }
    }
    let mut space = TypeSpace::new(&settings);
    let document: RootSchema = serde_json::from_value(structural(source, model))
        .map_err(|error| format!("not a document for typify: {error}"))?;
    space
        .add_root_schema(document)
        .map_err(|error| format!("typify: {error}"))?;
    let file: syn::File = syn::parse2(space.to_stream()).map_err(|error| error.to_string())?;
    let mut items = Vec::new();
    for definition in &model.definitions {
        let item = file.items.iter().find(|item| match item {
            Item::Struct(item) => item.ident == definition.title,
            Item::Enum(item) => item.ident == definition.title,
            _ => false,
        });
        match item {
            Some(Item::Struct(item)) => items.push(structure(definition, item)?),
            Some(Item::Enum(item)) => items.push(enumeration(definition, item)?),
            _ => {}
        }
    }
    let made = items.len();
    let must = structs(model).count() + model.enumerations().count();
    if made == must {
        Ok(items.into_iter().collect())
    } else {
        Err(format!("typify made {made} of {must} types"))
    }
}

/// One draft-07 document of what typify can read: no conditions, no bounds on strings and numbers, all
/// definitions side by side under the names of their types.
fn structural(source: &Source, model: &Model) -> Value {
    let mut definitions = Map::new();
    for definition in &model.definitions {
        let kept = match definition.shape {
            Shape::Object(_) | Shape::Enum { .. } => true,
            _ => replacement(&definition.name).is_some(),
        };
        let Some(file) = source.file(&definition.file).filter(|_| kept) else {
            continue;
        };
        let root = &file.value;
        let value = if stem(&definition.file) == definition.name {
            root
        } else {
            &root["$defs"][&definition.name]
        };
        definitions.insert(definition.title.clone(), flat(model, value));
    }
    json!({ "$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions })
}

fn flat(model: &Model, value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = ["type", "enum", "required", "items", "description"];
            let mut result = Map::new();
            for (keyword, value) in object {
                if keyword == "properties" {
                    let properties = value.as_object().into_iter().flatten();
                    let flat = properties.map(|(name, value)| (name.clone(), flat(model, value)));
                    result.insert(keyword.clone(), Value::Object(flat.collect()));
                } else if keyword == "$ref" {
                    let title = &model.definition(&target(value)).title;
                    // Nothing else: typify would make a type of its own of a reference with company.
                    return json!({ "$ref": format!("#/definitions/{title}") });
                } else if kept.contains(&keyword.as_str()) {
                    result.insert(keyword.clone(), flat(model, value));
                }
            }
            if result.contains_key("enum") {
                // All enums are of strings; typify wants to be told.
                result.insert("type".to_owned(), json!("string"));
            }
            Value::Object(result)
        }
        other => other.clone(),
    }
}

/// The name behind a `$ref`.
fn target(reference: &Value) -> String {
    let reference = reference.as_str().unwrap_or_default();
    let last = reference.rsplit('/').next().unwrap_or_default();
    let files = MESSAGE_FILES.into_iter().chain([PLATFORMS_SCHEMA]);
    files
        .into_iter()
        .find(|file| *file == last)
        .map_or(last, stem)
        .to_owned()
}

/// Fields in schema order, each described, and one more for what the schema does not name.
fn structure(definition: &Definition, item: &ItemStruct) -> Result<TokenStream, String> {
    let Shape::Object(object) = &definition.shape else {
        return Err(format!("typify made a struct of {}", definition.title));
    };
    let Fields::Named(fields) = &item.fields else {
        return Err(format!("typify gave {} no named fields", definition.title));
    };
    if fields.named.len() != object.members.len() {
        return Err(format!(
            "typify gave {} other fields than the schema",
            definition.title
        ));
    }
    let mut members = TokenStream::new();
    for member in &object.members {
        let field = fields
            .named
            .iter()
            .find(|field| {
                field
                    .ident
                    .as_ref()
                    .is_some_and(|ident| *ident == member.name)
            })
            .ok_or_else(|| format!("typify made no field of {}", member.name))?;
        let description = doc(&member.description);
        let serde = field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"));
        let ty = shortened(&field.ty.to_token_stream())?;
        let name = ident(&member.name);
        members.extend(quote!(#description #(#serde)* pub #name: #ty,));
    }
    let description = doc(&definition.description);
    let name = ident(&definition.title);
    let rest = doc(
        "Members that the schema does not name, in order of arrival; written after all others.",
    );
    let default = object
        .members
        .iter()
        .all(|member| !member.required)
        .then(|| quote!(Default,));
    Ok(quote! {
        #description
        #[derive(Clone, Debug, #default PartialEq, ::serde::Deserialize, ::serde::Serialize)]
        pub struct #name {
            #members
            #rest
            #[serde(flatten)]
            pub extra: ::serde_json::Map<String, ::serde_json::Value>,
        }
    })
}

fn enumeration(definition: &Definition, item: &ItemEnum) -> Result<TokenStream, String> {
    let Shape::Enum { values } = &definition.shape else {
        return Err(format!("typify made an enum of {}", definition.title));
    };
    let mut variants = TokenStream::new();
    for (value, variant) in values.iter().zip(&item.variants) {
        if variant.ident != super::variant(&value.name) {
            return Err(format!("typify named {} {}", value.name, variant.ident));
        }
        let description = doc(&value.description);
        let serde: Vec<&Attribute> = variant
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"))
            .collect();
        let name = &variant.ident;
        variants.extend(quote!(#description #(#serde)* #name,));
    }
    let description = doc(&definition.description);
    let name = ident(&definition.title);
    // Later versions of the wire will know more of these, which must not break a reader's build.
    let open =
        matches!(definition.name.as_str(), "code" | "phase").then(|| quote!(#[non_exhaustive]));
    Ok(quote! {
        #description
        #[derive(
            Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd,
            ::serde::Deserialize, ::serde::Serialize
        )]
        #open
        pub enum #name { #variants }
    })
}

/// `::std::string::String` and the like as people write them.
fn shortened(tokens: &TokenStream) -> Result<TokenStream, String> {
    let text = tokens
        .to_string()
        .replace(":: std :: string :: String", "String")
        .replace(":: std :: option :: Option", "Option")
        .replace(":: std :: vec :: Vec", "Vec");
    text.parse().map_err(|error| format!("{text}: {error}"))
}
