//! JSON as the wire has it: strict RFC 8259, integers kept apart from doubles, and text borrowed where it can be.

mod de;
mod read;
mod ser;

pub(crate) use read::{ReadError, read, read_envelope};
pub(crate) use ser::to_vec;

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    /// An integer from -2^63 to 2^63-1.
    Int(i64),
    /// An integer from 2^63 to 2^64-1.
    Uint(u64),
    /// A finite number that was not written as an integer.
    Float(f64),
    String(Cow<'a, str>),
    /// A string that was found to be canonical base64, as the bytes it stands for.
    Base64(Vec<u8>),
    Array(Vec<Node<'a>>),
    Object(Object<'a>),
}

impl Node<'_> {
    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// An integer from 0 to 2^53-1, however it is written.
    pub(crate) fn as_size(&self) -> Option<u64> {
        const MAX: u64 = (1 << 53) - 1;
        match *self {
            Node::Int(value) => u64::try_from(value).ok().filter(|value| *value <= MAX),
            Node::Float(value) if value >= 0.0 && value <= MAX as f64 && value.fract() == 0.0 => {
                Some(value as u64)
            }
            _ => None,
        }
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        match node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(value),
            Node::Int(value) => Value::Number(value.into()),
            Node::Uint(value) => Value::Number(value.into()),
            Node::Float(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
            Node::String(text) => Value::String(text.into_owned()),
            Node::Base64(bytes) => Value::String(crate::base64::encode(&bytes)),
            Node::Array(items) => items.into_iter().map(Value::from).collect(),
            Node::Object(object) => Value::Object(object.into()),
        }
    }
}

/// The members of a JSON object in the order of the text; no two have the same name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// The value of the member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.members
            .iter()
            .find(|member| member.0 == name)
            .map(|member| &member.1)
    }

    /// As [`Object::get`], for a member that is expected at a certain position.
    pub(crate) fn get_at(&self, hint: usize, name: &str) -> Option<&Node<'a>> {
        match self.members.get(hint) {
            Some(member) if member.0 == name => Some(&member.1),
            _ => self.get(name),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn into_members(self) -> Vec<(Cow<'a, str>, Node<'a>)> {
        self.members
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Node<'a>)> for Object<'a> {
    /// The names must differ from each other.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Node<'a>)>>(members: I) -> Self {
        Object {
            members: members.into_iter().collect(),
        }
    }
}

impl From<Object<'_>> for Map<String, Value> {
    fn from(object: Object<'_>) -> Self {
        let members = object.members.into_iter();
        members
            .map(|(name, value)| (name.into_owned(), value.into()))
            .collect()
    }
}

/// Borrows the texts; the numbers of a `serde_json` value are finite and within range.
impl<'a> From<&'a Value> for Node<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Node::Int(value),
                (None, Some(value)) => Node::Uint(value),
                (None, None) => Node::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Node::String(Cow::Borrowed(text)),
            Value::Array(items) => Node::Array(items.iter().map(Node::from).collect()),
            Value::Object(members) => Node::Object(Object::from(members)),
        }
    }
}

impl<'a> From<&'a Map<String, Value>> for Object<'a> {
    fn from(members: &'a Map<String, Value>) -> Self {
        members
            .iter()
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), Node::from(value)))
            .collect()
    }
}
