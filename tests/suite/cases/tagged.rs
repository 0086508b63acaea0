//! Values as the conformance suite writes them: each says what it is.

use base64_simd::STANDARD;
use natsbridge::{Digest, Value};
use serde_json::{Map, Value as Json, json};

/// The largest bytes that are shown whole.
const SHOWN: usize = 4_096;

/// A received value.
pub(super) fn value(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!({"type": "string", "value": text}),
        Value::Json(value) => of_json(value),
        Value::Rows(rows) => {
            json!({"type": "array", "value": rows.iter().map(of_members).collect::<Vec<_>>()})
        }
        #[cfg(feature = "arrow")]
        Value::Table(table) => table::tagged(table),
        Value::Bytes(bytes) => {
            let mut tagged = json!({"type": "bytes", "size": bytes.len(), "sha256": Digest::of(bytes).to_string()});
            if bytes.len() <= SHOWN {
                tagged["base64"] = STANDARD.encode_to_string(bytes).into();
            }
            tagged
        }
        other => panic!("no value of a payload: {other:?}"),
    }
}

/// The same value with each float in the one spelling that [`value`] gives it, since floats are compared as numbers.
pub(crate) fn normalized(tagged: &Json) -> Json {
    match tagged {
        // A column may be of type float as well, but it has values, in the spelling of its width.
        Json::Object(members)
            if members.get("type") == Some(&json!("float")) && members.contains_key("value") =>
        {
            let text = members["value"].as_str().expect("a float's text");
            json!({"type": "float", "value": format!("{:?}", text.parse::<f64>().expect("a float"))})
        }
        Json::Object(members) if members.contains_key("values") => {
            let mut column = members.clone();
            let spell = match members["type"].as_str() {
                Some("double") => {
                    |text: &str| text.parse::<f64>().map(|value| format!("{value:?}"))
                }
                Some("float") => |text: &str| text.parse::<f32>().map(|value| format!("{value:?}")),
                _ => return tagged.clone(),
            };
            let spelled = |value: &Json| match value.as_str() {
                Some(text) if text.ends_with(|last: char| last.is_ascii_digit()) => {
                    spell(text).expect("a float's text").into()
                }
                _ => value.clone(),
            };
            let values = members["values"].as_array().expect("a list");
            column["values"] = values.iter().map(spelled).collect();
            column.into()
        }
        Json::Object(members) => members
            .iter()
            .map(|(name, item)| (name.clone(), normalized(item)))
            .collect::<Map<_, _>>()
            .into(),
        Json::Array(items) => items.iter().map(normalized).collect(),
        other => other.clone(),
    }
}

fn of_json(value: &Json) -> Json {
    match value {
        Json::Null => json!({"type": "null"}),
        Json::Bool(value) => json!({"type": "bool", "value": value}),
        Json::Number(number) if number.is_f64() => {
            json!({"type": "float", "value": format!("{:?}", number.as_f64().expect("a double"))})
        }
        Json::Number(number) => json!({"type": "int", "value": number.to_string()}),
        Json::String(text) => json!({"type": "string", "value": text}),
        Json::Array(items) => {
            json!({"type": "array", "value": items.iter().map(of_json).collect::<Vec<_>>()})
        }
        Json::Object(members) => of_members(members),
    }
}

fn of_members(members: &Map<String, Json>) -> Json {
    let pairs: Vec<Json> = members
        .iter()
        .map(|(name, item)| json!([name, of_json(item)]))
        .collect();
    json!({"type": "object", "value": pairs})
}

#[cfg(feature = "arrow")]
mod table {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{
        ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    };
    use arrow_array::{Array, ArrayAccessor};
    use arrow_schema::{DataType, TimeUnit};
    use base64_simd::STANDARD;
    use natsbridge::arrow::{Table, type_name};
    use serde_json::{Value as Json, json};

    pub(super) fn tagged(table: &Table) -> Json {
        let columns = table
            .schema()
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let values = table
                    .batches()
                    .iter()
                    .flat_map(|batch| values(batch.column(index)));
                json!({
                    "name": field.name(),
                    "type": match field.dict_is_ordered() {
                        Some(true) => type_name(field.data_type()).replace("ordered=0", "ordered=1"),
                        _ => type_name(field.data_type()),
                    },
                    "nullable": field.is_nullable(),
                    "values": values.collect::<Vec<_>>(),
                })
            });
        json!({"type": "table", "rows": table.num_rows(), "columns": columns.collect::<Vec<_>>()})
    }

    fn values(array: &dyn Array) -> Vec<Json> {
        match array.data_type() {
            DataType::Boolean => each(array.as_boolean(), |value| value.into()),
            DataType::Int8 => integers::<Int8Type>(array),
            DataType::Int16 => integers::<Int16Type>(array),
            DataType::Int32 => integers::<Int32Type>(array),
            DataType::Int64 => integers::<Int64Type>(array),
            DataType::UInt8 => integers::<UInt8Type>(array),
            DataType::UInt16 => integers::<UInt16Type>(array),
            DataType::UInt32 => integers::<UInt32Type>(array),
            DataType::UInt64 => integers::<UInt64Type>(array),
            DataType::Date32 => integers::<Date32Type>(array),
            DataType::Timestamp(TimeUnit::Second, _) => integers::<TimestampSecondType>(array),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                integers::<TimestampMillisecondType>(array)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                integers::<TimestampMicrosecondType>(array)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                integers::<TimestampNanosecondType>(array)
            }
            DataType::Float32 => each(array.as_primitive::<Float32Type>(), |value| {
                float(format!("{value:?}"))
            }),
            DataType::Float64 => each(array.as_primitive::<Float64Type>(), |value| {
                float(format!("{value:?}"))
            }),
            DataType::Utf8 => each(array.as_string::<i32>(), |value| value.into()),
            DataType::Binary => each(array.as_binary::<i32>(), |value| {
                STANDARD.encode_to_string(value).into()
            }),
            DataType::LargeUtf8 => each(array.as_string::<i64>(), |value| value.into()),
            DataType::Utf8View => each(array.as_string_view(), |value| value.into()),
            DataType::LargeBinary => each(array.as_binary::<i64>(), |value| {
                STANDARD.encode_to_string(value).into()
            }),
            DataType::BinaryView => each(array.as_binary_view(), |value| {
                STANDARD.encode_to_string(value).into()
            }),
            // Without words there are nulls only, and arrow does not look up indices.
            DataType::Dictionary(_, _) if array.as_any_dictionary().values().is_empty() => {
                vec![Json::Null; array.len()]
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                let words = values(dictionary.values());
                let keys = dictionary.normalized_keys();
                (0..array.len())
                    .map(|row| {
                        if array.is_null(row) {
                            Json::Null
                        } else {
                            words[keys[row]].clone()
                        }
                    })
                    .collect()
            }
            other => panic!("no case has a column of {other}"),
        }
    }

    fn integers<T: ArrowPrimitiveType>(array: &dyn Array) -> Vec<Json>
    where
        T::Native: ToString,
    {
        each(array.as_primitive::<T>(), |value| value.to_string().into())
    }

    fn each<A: ArrayAccessor>(array: A, show: impl Fn(A::Item) -> Json) -> Vec<Json> {
        (0..array.len())
            .map(|row| {
                if array.is_null(row) {
                    Json::Null
                } else {
                    show(array.value(row))
                }
            })
            .collect()
    }

    fn float(text: String) -> Json {
        match text.as_str() {
            "inf" => "Infinity".into(),
            "-inf" => "-Infinity".into(),
            _ => text.into(),
        }
    }
}
