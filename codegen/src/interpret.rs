//! From linted schema files to the model.
//!
//! Every access that could fail on a schema at large is one that the lint has seen to; what is missing
//! all the same reads as empty, and the lint's tests hold the two together.

use serde_json::{Map, Value};

use crate::{
    automaton::Automaton,
    dialect,
    model::{
        Condition, Constant, Definition, EnumValue, Group, Integer, Member, Model, Narrow, Object,
        Pattern, PlatformField, PlatformType, Platforms, Profile, Shape, Text, Then, Type, When,
    },
    source::{MESSAGE_FILES, PLATFORMS_SCHEMA, Source, stem},
};

/// The model of a source that the lint has passed.
pub fn interpret(source: &Source) -> Model {
    let mut definitions = Vec::new();
    let mut roots = Vec::new();
    for name in MESSAGE_FILES {
        let Some(file) = source.file(name) else {
            continue;
        };
        let reader = Reader { source, file: name };
        if file.value.get("type").is_some() {
            roots.push(stem(name).to_owned());
            definitions.push(reader.definition(stem(name), &file.value));
        }
        for (name, value) in object(&file.value, "$defs") {
            definitions.push(reader.definition(name, value));
        }
    }
    let schema = source
        .file(PLATFORMS_SCHEMA)
        .map_or(&Value::Null, |file| &file.value);
    let reader = Reader {
        source,
        file: PLATFORMS_SCHEMA,
    };
    for (name, value) in object(schema, "$defs") {
        if value.get("enum").is_some() {
            definitions.push(reader.definition(name, value));
        }
    }
    let data = source.platforms();
    let properties = object(schema, "properties");
    let groups = properties
        .filter(|(name, value)| *name != "platforms" && value.get("properties").is_some())
        .map(|(name, value)| reader.group(name, value, &data[name]))
        .collect();
    let platform = &schema["$defs"]["platform"];
    let platforms = Platforms {
        fields: reader.platform_fields(platform),
        profiles: object(data, "platforms")
            .map(|(name, values)| Profile {
                name: name.to_owned(),
                values: values.clone(),
            })
            .collect(),
    };
    Model {
        version: version(schema),
        roots,
        definitions,
        groups,
        platforms,
    }
}

/// The name of a type: the schema's title, else the definition's name in camel case.
fn title(name: &str, value: &Value) -> String {
    match value.get("title").and_then(Value::as_str) {
        Some(title) => title.to_owned(),
        None => camel(name),
    }
}

/// `snake_case` as `SnakeCase`.
pub fn camel(name: &str) -> String {
    let mut result = String::new();
    for part in name.split(['_', '-']) {
        let mut letters = part.chars();
        if let Some(first) = letters.next() {
            result.extend(first.to_uppercase());
            result.push_str(letters.as_str());
        }
    }
    result
}

fn version(schema: &Value) -> String {
    let id = text(schema, "$id");
    id.rsplit('/').nth(1).unwrap_or_default().to_owned()
}

struct Reader<'a> {
    source: &'a Source,
    file: &'a str,
}

impl<'a> Reader<'a> {
    fn definition(&self, name: &str, value: &'a Value) -> Definition {
        Definition {
            name: name.to_owned(),
            title: title(name, value),
            file: self.file.to_owned(),
            description: text(value, "description"),
            rule: text(value, "x-rule"),
            code: value
                .get("x-code")
                .and_then(Value::as_str)
                .map(str::to_owned),
            shape: self.shape(value),
        }
    }

    fn shape(&self, value: &'a Value) -> Shape {
        if value.get("enum").is_some() {
            let values = strings(value, "enum").map(|name| EnumValue {
                name: name.to_owned(),
                description: value
                    .get("x-enum")
                    .map(|words| text(words, name))
                    .unwrap_or_default(),
            });
            return Shape::Enum {
                values: values.collect(),
            };
        }
        match value.get("type").and_then(Value::as_str) {
            Some("string") => Shape::Text(Text {
                min_length: value.get("minLength").and_then(Value::as_u64),
                max_length: value.get("maxLength").and_then(Value::as_u64),
                max_bytes: value.get("x-max-bytes").and_then(Value::as_u64),
                real_date: value.get("format").is_some(),
                secret: value.get("x-secret") == Some(&Value::Bool(true)),
                pattern: value
                    .get("pattern")
                    .and_then(Value::as_str)
                    .and_then(pattern),
            }),
            Some("integer") => Shape::Integer(Integer {
                minimum: value.get("minimum").and_then(Value::as_i64),
                maximum: value.get("maximum").and_then(Value::as_i64),
            }),
            Some("array") => Shape::List {
                items: Box::new(self.ty(&value["items"])),
            },
            Some("object") if value.get("properties").is_some() => Shape::Object(Object {
                members: self.members(value),
                conditions: array(value, "allOf")
                    .map(|value| self.condition(value))
                    .collect(),
            }),
            Some("object") => Shape::Map,
            _ => Shape::Any,
        }
    }

    fn ty(&self, value: &'a Value) -> Type {
        match self.referred(value) {
            Some((name, _)) => Type::Ref(name),
            None => Type::Inline(self.shape(value)),
        }
    }

    /// What a `$ref` leads to: its name and its schema.
    fn referred(&self, value: &'a Value) -> Option<(String, &'a Value)> {
        let reference = value.get("$ref")?.as_str()?;
        let target = self.source.resolve(self.file, reference)?;
        Some((target.name.to_owned(), target.value))
    }

    /// An annotation: the schema's own, else that of what it refers to.
    fn annotation(&self, value: &'a Value, name: &str) -> String {
        match self.referred(value) {
            Some((_, target)) if value.get(name).is_none() => text(target, name),
            _ => text(value, name),
        }
    }

    fn members(&self, value: &'a Value) -> Vec<Member> {
        object(value, "properties")
            .map(|(name, member)| Member {
                name: name.to_owned(),
                description: self.annotation(member, "description"),
                rule: self.annotation(member, "x-rule"),
                required: strings(value, "required").any(|required| required == name),
                ty: self.ty(member),
            })
            .collect()
    }

    fn condition(&self, value: &'a Value) -> Condition {
        Condition {
            description: text(value, "$comment"),
            rule: text(value, "x-rule"),
            when: object(&value["if"], "properties")
                .map(|(member, value)| When {
                    member: member.to_owned(),
                    values: strings(value, "enum").map(str::to_owned).collect(),
                })
                .collect(),
            then: self.then(&value["then"]),
        }
    }

    fn then(&self, value: &'a Value) -> Vec<Then> {
        object(value, "properties")
            .map(|(member, value)| Then {
                member: member.to_owned(),
                narrow: self.narrow(value),
            })
            .collect()
    }

    fn narrow(&self, value: &'a Value) -> Narrow {
        if let Some((name, _)) = self.referred(value) {
            Narrow::Ref(name)
        } else if value.get("enum").is_some() {
            Narrow::OneOf(strings(value, "enum").map(str::to_owned).collect())
        } else if value.get("properties").is_some() {
            Narrow::Members(self.then(value))
        } else if value == &Value::Bool(false) {
            Narrow::Absent
        } else {
            Narrow::Text
        }
    }

    fn group(&self, name: &str, value: &'a Value, data: &Value) -> Group {
        Group {
            name: name.to_owned(),
            description: text(value, "description"),
            rule: text(value, "x-rule"),
            constants: object(value, "properties")
                .map(|(name, constant)| Constant {
                    name: name.to_owned(),
                    description: self.annotation(constant, "description"),
                    rule: self.annotation(constant, "x-rule"),
                    enumeration: self
                        .referred(constant)
                        .filter(|(_, target)| target.get("enum").is_some())
                        .map(|(name, _)| name),
                    value: data[name].clone(),
                })
                .collect(),
        }
    }

    fn platform_fields(&self, value: &'a Value) -> Vec<PlatformField> {
        object(value, "properties")
            .map(|(name, field)| PlatformField {
                name: name.to_owned(),
                description: text(field, "description"),
                rule: text(field, "x-rule"),
                required: strings(value, "required").any(|required| required == name),
                ty: self.platform_type(field),
            })
            .collect()
    }

    fn platform_type(&self, value: &'a Value) -> PlatformType {
        match value["type"].as_str() {
            Some("string") => PlatformType::Text,
            Some("boolean") => PlatformType::Bool,
            Some("integer") => PlatformType::Integer,
            Some("object") => PlatformType::Fields(self.platform_fields(value)),
            Some("array") => PlatformType::Enums(
                self.referred(&value["items"])
                    .map(|(name, _)| name)
                    .unwrap_or_default(),
            ),
            _ => PlatformType::OptionalInteger,
        }
    }
}

fn pattern(source: &str) -> Option<Pattern> {
    let expr = dialect::parse(source).ok()?;
    Some(Pattern {
        source: source.to_owned(),
        automaton: Automaton::new(&expr),
    })
}

fn text(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn object<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let members = value.get(name).and_then(Value::as_object).map(Map::iter);
    members
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn strings<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    array(value, name).filter_map(Value::as_str)
}
