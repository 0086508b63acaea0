//! From the JSON tree into any type that serde can build.

use std::borrow::Cow;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;

use super::Node;

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(value),
            Node::Int(value) => match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            },
            Node::Uint(value) => visitor.visit_u64(value),
            Node::Float(value) => visitor.visit_f64(value),
            Node::String(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Node::String(Cow::Owned(text)) => visitor.visit_string(text),
            Node::Base64(bytes) => visitor.visit_byte_buf(bytes),
            Node::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Node::Object(object) => {
                let members = object.into_members().into_iter();
                let mut members =
                    MapDeserializer::new(members.map(|(name, value)| (Name(name), value)));
                let value = visitor.visit_map(&mut members)?;
                members.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Node::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Node::String(variant) => visitor.visit_enum(Variant {
                name: variant,
                value: None,
            }),
            Node::Object(object) => {
                let mut members = object.into_members().into_iter();
                match (members.next(), members.next()) {
                    (Some((name, value)), None) => visitor.visit_enum(Variant {
                        name,
                        value: Some(value),
                    }),
                    _ => Err(Error::custom(
                        "expected an object with one member, the variant",
                    )),
                }
            }
            _ => Err(Error::custom(
                "expected a variant's name or an object with one member",
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The name of a member as serde's maps want it: a name such as `7` is a number where the map's keys are numbers.
struct Name<'a>(Cow<'a, str>);

macro_rules! number_from_name {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match (self.0.parse::<u64>(), self.0.parse::<i64>()) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    number_from_name! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant {
            name: self.0,
            value: None,
        })
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Name<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// An enum's variant: a name, and what the object holds under it.
struct Variant<'a> {
    name: Cow<'a, str>,
    value: Option<Node<'a>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<T: serde::de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Content<'de>), Error> {
        Ok((seed.deserialize(Name(self.name))?, Content(self.value)))
    }
}

struct Content<'a>(Option<Node<'a>>);

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None | Some(Node::Null) => Ok(()),
            Some(_) => Err(Error::custom("expected a variant without a value")),
        }
    }

    fn newtype_variant_seed<T: serde::de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Error> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.value()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value()?.deserialize_any(visitor)
    }
}

impl<'a> Content<'a> {
    fn value(self) -> Result<Node<'a>, Error> {
        self.0
            .ok_or_else(|| Error::custom("expected a variant with a value"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use crate::json::read;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Shape {
        Point,
        Circle(f64),
        Box { width: u8, height: u8 },
        Line(i8, i8),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Drawing {
        name: Option<String>,
        zero: i64,
        wide: u64,
        shapes: Vec<Shape>,
        counts: BTreeMap<i32, bool>,
        pair: (u8, char),
    }

    #[test]
    fn any_type_is_built() {
        let text = br#"{"name":null,"zero":-0,"wide":18446744073709551615,"pair":[7,"x"],"counts":{"-3":true,"4":false},
            "shapes":["point",{"circle":2},{"box":{"width":1,"height":2}},{"line":[-1,1]}]}"#;
        let drawing = Drawing::deserialize(read(text).expect("strict JSON")).expect("a drawing");
        let expected = Drawing {
            name: None,
            zero: 0,
            wide: u64::MAX,
            shapes: vec![
                Shape::Point,
                Shape::Circle(2.0),
                Shape::Box {
                    width: 1,
                    height: 2,
                },
                Shape::Line(-1, 1),
            ],
            counts: BTreeMap::from([(-3, true), (4, false)]),
            pair: (7, 'x'),
        };
        assert_eq!(drawing, expected);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for text in [r#"[300]"#, r#"["a"]"#, r#"[1,2]"#, r#"{"0":1}"#, "[1.5]"] {
            let node = read(text.as_bytes()).expect("strict JSON");
            assert!(<(u8,)>::deserialize(node).is_err(), "{text}");
        }
    }
}
