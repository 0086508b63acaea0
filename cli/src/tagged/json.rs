//! JSON values with tags.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Number, Value};

use super::pair;

/// A value of a dictionary.
pub(super) struct TaggedJson<'a>(pub(super) &'a Value);

/// The rows of a jsontable: an array of objects.
pub(super) struct TaggedRows<'a>(pub(super) &'a [Map<String, Value>]);

impl Serialize for TaggedJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => {
                let mut members = serializer.serialize_map(Some(1))?;
                members.serialize_entry("type", "null")?;
                members.end()
            }
            Value::Bool(value) => pair(serializer, "bool", value),
            Value::Number(number) => {
                let (tag, text) = number_text(number);
                pair(serializer, tag, &text)
            }
            Value::String(text) => pair(serializer, "string", text),
            Value::Array(items) => pair(serializer, "array", &Items(items.iter().map(TaggedJson))),
            Value::Object(members) => TaggedObject(members).serialize(serializer),
        }
    }
}

impl Serialize for TaggedRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        pair(serializer, "array", &Items(self.0.iter().map(TaggedObject)))
    }
}

struct TaggedObject<'a>(&'a Map<String, Value>);

impl Serialize for TaggedObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        pair(
            serializer,
            "object",
            &Items(self.0.iter().map(|(name, value)| (name, TaggedJson(value)))),
        )
    }
}

/// What an iterator gives, as an array.
pub(super) struct Items<I>(pub(super) I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Items<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items = self.0.clone();
        let mut array = serializer.serialize_seq(items.size_hint().1)?;
        for item in items {
            array.serialize_element(&item)?;
        }
        array.end()
    }
}

/// An integer, or the shortest text that reads back to the same double.
fn number_text(number: &Number) -> (&'static str, String) {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(value), _, _) => ("int", value.to_string()),
        (None, Some(value), _) => ("int", value.to_string()),
        (None, None, value) => ("float", format!("{:?}", value.unwrap_or(f64::NAN))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tagged(value: &Value) -> String {
        serde_json::to_string(&TaggedJson(value)).expect("tags")
    }

    #[test]
    fn scalars_say_what_they_are() {
        assert_eq!(tagged(&Value::Null), r#"{"type":"null"}"#);
        assert_eq!(tagged(&json!(true)), r#"{"type":"bool","value":true}"#);
        assert_eq!(
            tagged(&json!("a\"b")),
            r#"{"type":"string","value":"a\"b"}"#
        );
    }

    #[test]
    fn integers_and_doubles_stay_apart() {
        let int = |text: &str| format!(r#"{{"type":"int","value":"{text}"}}"#);
        let float = |text: &str| format!(r#"{{"type":"float","value":"{text}"}}"#);
        assert_eq!(
            tagged(&json!(9007199254740993_i64)),
            int("9007199254740993")
        );
        assert_eq!(tagged(&json!(i64::MIN)), int("-9223372036854775808"));
        assert_eq!(tagged(&json!(u64::MAX)), int("18446744073709551615"));
        assert_eq!(tagged(&json!(1.0)), float("1.0"));
        assert_eq!(tagged(&json!(0.1)), float("0.1"));
        assert_eq!(tagged(&json!(-0.0)), float("-0.0"));
        assert_eq!(tagged(&json!(5e-324)), float("5e-324"));
        assert_eq!(tagged(&json!(f64::MAX)), float("1.7976931348623157e308"));
    }

    #[test]
    fn members_keep_their_order() {
        assert_eq!(
            tagged(&json!({"b": [], "": {}, "a": [null]})),
            r#"{"type":"object","value":[["b",{"type":"array","value":[]}],["",{"type":"object","value":[]}],["a",{"type":"array","value":[{"type":"null"}]}]]}"#
        );
    }

    #[test]
    fn rows_are_an_array_of_objects() {
        let rows = [Map::new(), Map::from_iter([("a".to_owned(), json!(1))])];
        assert_eq!(
            serde_json::to_string(&TaggedRows(&rows)).expect("tags"),
            r#"{"type":"array","value":[{"type":"object","value":[]},{"type":"object","value":[["a",{"type":"int","value":"1"}]]}]}"#
        );
    }
}
