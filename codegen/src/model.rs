//! The one model that every backend reads: what the schema says, without a trace of JSON Schema.

use serde::Serialize;
use serde_json::Value;

use crate::automaton::Automaton;

/// Everything that a backend can know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    /// The version of the schema, such as `v1`.
    pub version: String,
    /// The definitions that stand for whole JSON texts, by name.
    pub roots: Vec<String>,
    /// All definitions, in the order of the files and of the text.
    pub definitions: Vec<Definition>,
    /// Constants that hold on every platform.
    pub groups: Vec<Group>,
    /// The platform profiles.
    pub platforms: Platforms,
}

/// One named part of the schema.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    /// The name, in snake case, such as `msg_purpose`.
    pub name: String,
    /// The name as a type, in camel case, such as `MsgPurpose`.
    pub title: String,
    /// The schema file that it stands in.
    pub file: String,
    /// What it means; one or more sentences.
    pub description: String,
    /// The rule of the wire specification behind it, such as `W1.6`.
    pub rule: String,
    /// The error code of a string that is not one of an enum's values, where it has one of its own.
    pub code: Option<String>,
    /// What a value looks like.
    pub shape: Shape,
}

/// What a value looks like.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    /// Any JSON value.
    Any,
    /// An object with members of anybody's choice.
    Map,
    /// An object with members of its own; others are allowed and kept.
    Object(Object),
    /// A string.
    Text(Text),
    /// A number without a fraction.
    Integer(Integer),
    /// One of a few strings.
    Enum {
        /// The strings, in the order of the schema.
        values: Vec<EnumValue>,
    },
    /// A list.
    List {
        /// What each element is.
        items: Box<Type>,
    },
}

/// The type of a member: a definition by name, or a shape without a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// The definition of that name.
    Ref(String),
    /// A shape of its own.
    Inline(Shape),
}

/// The members of an object, and what they say about each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Object {
    /// The members, in schema order.
    pub members: Vec<Member>,
    /// The conditions, in schema order.
    pub conditions: Vec<Condition>,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// The name on the wire.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The rule behind it.
    pub rule: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// The bounds of a string; all that are there must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Text {
    /// The least number of Unicode scalar values.
    pub min_length: Option<u64>,
    /// The greatest number of Unicode scalar values.
    pub max_length: Option<u64>,
    /// The greatest number of bytes in UTF-8; no part of JSON Schema.
    pub max_bytes: Option<u64>,
    /// Whether the date in it, `YYYY-MM-DD` at its start, must be one of the calendar.
    pub real_date: bool,
    /// Whether it may hold credentials, so that no error may quote it.
    pub secret: bool,
    /// What the whole string must match.
    pub pattern: Option<Pattern>,
}

/// A pattern, as written and as an automaton.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pattern {
    /// The regular expression, for documentation.
    pub source: String,
    /// The automaton, for code.
    pub automaton: Automaton,
}

/// The bounds of an integer, inclusive, within what a double holds exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Integer {
    /// The least value.
    pub minimum: Option<i64>,
    /// The greatest value.
    pub maximum: Option<i64>,
}

/// One string of an enum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnumValue {
    /// The string on the wire.
    pub name: String,
    /// What it means.
    pub description: String,
}

/// A rule between the members of one object: where all of `when` hold, so must all of `then`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// Why; a sentence.
    pub description: String,
    /// The rule behind it.
    pub rule: String,
    /// Members that must be there and be one of the strings.
    pub when: Vec<When>,
    /// What holds for members that are there.
    pub then: Vec<Then>,
}

/// A member that must be there and be one of the strings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct When {
    /// The member's name.
    pub member: String,
    /// The strings.
    pub values: Vec<String>,
}

/// What holds for a member, if it is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Then {
    /// The member's name.
    pub member: String,
    /// What holds.
    pub narrow: Narrow,
}

/// What a condition demands of one member, beyond what its type says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Narrow {
    /// It is one of these strings.
    OneOf(Vec<String>),
    /// It is of the definition of that name, which is a string's.
    Ref(String),
    /// It is a string.
    Text,
    /// It is not there.
    Absent,
    /// If it is an object, this holds for its members.
    Members(Vec<Then>),
}

/// Constants that belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The name, in snake case.
    pub name: String,
    /// What they are about.
    pub description: String,
    /// The rule behind them.
    pub rule: String,
    /// The constants, in the order of their schema.
    pub constants: Vec<Constant>,
}

/// One constant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// The name, in snake case. `_ms` at its end means milliseconds, `_bytes` means bytes.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The rule behind it.
    pub rule: String,
    /// The enum that it is a value of, if it is one.
    pub enumeration: Option<String>,
    /// A string or an integer.
    pub value: Value,
}

/// The platform profiles: what each says, and the words for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Platforms {
    /// The fields of a profile, in schema order.
    pub fields: Vec<PlatformField>,
    /// The profiles: name and values, as their file has them.
    pub profiles: Vec<Profile>,
}

/// One field of a profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlatformField {
    /// The name, in snake case.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The rule behind it.
    pub rule: String,
    /// Whether every profile has it; if not, it may be missing.
    pub required: bool,
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: PlatformType,
}

/// What a field of a profile holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformType {
    /// A string.
    Text,
    /// True or false.
    Bool,
    /// An integer from 0 on.
    Integer,
    /// An integer from 0 on, or null for none.
    OptionalInteger,
    /// A list of values of the enum of that name.
    Enums(String),
    /// Fields of its own.
    Fields(Vec<PlatformField>),
}

/// One profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The name, in snake case.
    pub name: String,
    /// Its fields and their values.
    pub values: Value,
}

/// The greatest length that a definition's strings may have, in one unit.
#[derive(Clone, Copy, Debug)]
pub struct Length<'a> {
    /// The definition.
    pub of: &'a Definition,
    /// The name of the bound, in snake case.
    pub name: &'static str,
    /// What is counted.
    pub unit: &'static str,
    /// How many there may be.
    pub most: u64,
}

impl Model {
    /// The definitions that are objects with members of their own.
    pub fn objects(&self) -> impl Iterator<Item = (&Definition, &Object)> {
        let definitions = self.definitions.iter();
        definitions.filter_map(|definition| match &definition.shape {
            Shape::Object(object) => Some((definition, object)),
            _ => None,
        })
    }

    /// The definitions that are one of a few strings.
    pub fn enumerations(&self) -> impl Iterator<Item = (&Definition, &[EnumValue])> {
        let definitions = self.definitions.iter();
        definitions.filter_map(|definition| match &definition.shape {
            Shape::Enum { values } => Some((definition, values.as_slice())),
            _ => None,
        })
    }

    /// The greatest lengths of the definitions that are strings, where they have any.
    pub fn lengths(&self) -> impl Iterator<Item = Length<'_>> {
        let definitions = self.definitions.iter();
        definitions.flat_map(|of| {
            let (max_length, max_bytes) = match &of.shape {
                Shape::Text(text) => (text.max_length, text.max_bytes),
                _ => (None, None),
            };
            let length = |name, unit, most: Option<u64>| {
                most.map(|most| Length {
                    of,
                    name,
                    unit,
                    most,
                })
            };
            let characters = length("max_length", "Unicode scalar values", max_length);
            characters
                .into_iter()
                .chain(length("max_bytes", "bytes", max_bytes))
        })
    }

    /// The definition of that name, which a linted schema has.
    ///
    /// # Panics
    ///
    /// If there is none: the lint has seen to every reference.
    pub fn definition(&self, name: &str) -> &Definition {
        self.definitions
            .iter()
            .find(|definition| definition.name == name)
            .unwrap_or_else(|| panic!("the lint lets no reference to an unknown `{name}` pass"))
    }

    /// What a type looks like, references followed.
    pub fn shape<'a>(&'a self, ty: &'a Type) -> &'a Shape {
        match ty {
            Type::Ref(name) => &self.definition(name).shape,
            Type::Inline(shape) => shape,
        }
    }
}
