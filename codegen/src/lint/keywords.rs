//! Which keywords each kind of schema may have.

use serde_json::Value;

/// Keywords that say nothing about a value.
const ANNOTATIONS: [&str; 4] = ["title", "description", "$comment", "x-rule"];

/// The kinds of schema that the backends know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Ref,
    Enum,
    Text,
    Integer,
    Array,
    Object,
    Map,
    Any,
    Boolean,
    OptionalInteger,
    /// A file of definitions only.
    Library,
}

impl Kind {
    pub(super) fn of(value: &Value) -> Self {
        if value.get("$ref").is_some() {
            return Self::Ref;
        }
        if value.get("enum").is_some() {
            return Self::Enum;
        }
        if let Some(types) = value.get("type").and_then(Value::as_array) {
            return match types.as_slice() {
                [first, second] if first == "integer" && second == "null" => Self::OptionalInteger,
                _ => Self::Any,
            };
        }
        match value.get("type").and_then(Value::as_str) {
            Some("string") => Self::Text,
            Some("integer") => Self::Integer,
            Some("array") => Self::Array,
            Some("object") if value.get("properties").is_some() => Self::Object,
            Some("object") => Self::Map,
            Some("boolean") => Self::Boolean,
            _ => Self::Any,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ref => "a reference",
            Self::Enum => "an enum",
            Self::Text => "a string",
            Self::Integer | Self::OptionalInteger => "an integer",
            Self::Array => "a list",
            Self::Object => "an object",
            Self::Map => "an object without properties",
            Self::Any => "a schema of no supported type",
            Self::Boolean => "a boolean",
            Self::Library => "a file of definitions",
        }
    }

    pub(super) fn is_data_only(self) -> bool {
        matches!(self, Self::Boolean | Self::OptionalInteger)
    }

    /// Whether a schema of this kind may have the keyword. A root has some besides, and so have
    /// objects in the schema of a file of data, which is closed.
    pub(super) fn allows(self, keyword: &str, root: bool, data: bool) -> bool {
        let own: &[&str] = match self {
            Self::Ref => &["$ref"],
            Self::Enum => &["enum", "x-enum", "x-code"],
            Self::Text => &[
                "type",
                "minLength",
                "maxLength",
                "pattern",
                "format",
                "x-max-bytes",
                "x-secret",
            ],
            Self::Integer | Self::OptionalInteger => &["type", "minimum", "maximum"],
            Self::Array => &["type", "items"],
            Self::Object => &["type", "properties", "required", "allOf"],
            Self::Map | Self::Boolean => &["type"],
            Self::Any | Self::Library => &[],
        };
        own.contains(&keyword)
            || ANNOTATIONS.contains(&keyword)
            || root && ["$schema", "$id", "$defs"].contains(&keyword)
            || data && self == Self::Object && keyword == "additionalProperties"
    }
}

/// What to do instead of using a keyword.
pub(super) fn way_out(keyword: &str) -> &'static str {
    match keyword {
        "const" => "use an `enum` of one value",
        "oneOf" | "anyOf" | "not" | "if" | "then" | "else" | "dependentSchemas"
        | "dependentRequired" => {
            "keep the structure flat, with an enum that tells the cases apart, and state what hangs on \
             it as `if`/`then` in the object's `allOf`"
        }
        "additionalProperties"
        | "unevaluatedProperties"
        | "patternProperties"
        | "propertyNames"
        | "minProperties"
        | "maxProperties" => {
            "leave it out: messages are open, and backends keep unknown members as they are"
        }
        "minItems" | "maxItems" | "uniqueItems" | "contains" | "prefixItems"
        | "unevaluatedItems" => {
            "leave it out and state the bound in platforms.json, where it is an argument"
        }
        "exclusiveMinimum" | "exclusiveMaximum" => "use `minimum` or `maximum`",
        "multipleOf" => "leave it out: no backend checks it",
        "type" => {
            "use one of string, integer, array, object; beside `enum` it says nothing, so leave it out"
        }
        "default" => "put the default into platforms.json",
        "definitions" => "use `$defs`",
        "contentEncoding" | "contentMediaType" | "contentSchema" => {
            "leave it out: it is slow, and what it means is decided when the payload is decoded"
        }
        _ => "leave it out, or teach it to every backend and to this lint",
    }
}
