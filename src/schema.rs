//! The published schemas, as they stand in the package.

/// One published document: a JSON Schema, or data that one of them describes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Schema {
    /// What it is called, such as `envelope`.
    pub name: &'static str,
    /// Its file within `schema/v1`; `$ref`s between the documents name these files.
    pub file: &'static str,
    /// What it describes.
    pub description: &'static str,
    /// The document itself, JSON in UTF-8.
    pub text: &'static str,
}

/// The schema of that name.
pub fn named(name: &str) -> Option<&'static Schema> {
    ALL.iter().find(|schema| schema.name == name)
}

macro_rules! schemas {
    ($($name:literal $file:literal $description:literal;)*) => {
        /// Every published document of version 1.
        pub const ALL: &[Schema] = &[$(Schema {
            name: $name,
            file: $file,
            description: $description,
            text: include_str!(concat!("../schema/v1/", $file)),
        }),*];
    };
}

schemas! {
    "envelope" "envelope.schema.json" "one message";
    "payload" "payload.schema.json" "one named, typed piece of data within it";
    "error" "error.schema.json" "what went wrong with a message";
    "definitions" "definitions.schema.json" "the parts that the others share";
    "platforms" "platforms.json" "limits, defaults and environment variables, for all and per platform";
    "platforms-schema" "platforms.schema.json" "the schema of platforms";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_json() {
        for schema in ALL {
            let value: serde_json::Value = serde_json::from_str(schema.text).expect(schema.file);
            assert!(value.is_object(), "{}", schema.file);
        }
        assert_eq!(
            named("envelope").map(|schema| schema.file),
            Some("envelope.schema.json")
        );
        assert_eq!(named("Envelope"), None);
    }
}
