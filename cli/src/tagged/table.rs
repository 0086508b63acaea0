//! Tables with tags.

use std::fmt::Debug;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, TimeUnit};
use natsbridge::arrow::{Table, type_name};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::base64;
use super::json::Items;

/// A table, column by column; how its rows are split into batches does not show.
pub(super) struct TaggedTable<'a>(pub(super) &'a Table);

impl Serialize for TaggedTable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = 0..self.0.schema().fields().len();
        let mut members = serializer.serialize_map(Some(3))?;
        members.serialize_entry("type", "table")?;
        members.serialize_entry("rows", &self.0.num_rows())?;
        members.serialize_entry(
            "columns",
            &Items(columns.map(|index| Column {
                table: self.0,
                index,
            })),
        )?;
        members.end()
    }
}

struct Column<'a> {
    table: &'a Table,
    index: usize,
}

impl Serialize for Column<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = self.table.schema().field(self.index);
        let mut members = serializer.serialize_map(Some(4))?;
        members.serialize_entry("name", field.name())?;
        members.serialize_entry("type", &column_type(field))?;
        members.serialize_entry("nullable", &field.is_nullable())?;
        members.serialize_entry("values", &Values(self))?;
        members.end()
    }
}

/// The type as pyarrow prints it. That a dictionary is ordered stands in the field.
fn column_type(field: &Field) -> String {
    let name = type_name(field.data_type());
    match field.dict_is_ordered() {
        Some(true) => name.replace("ordered=0>", "ordered=1>"),
        _ => name,
    }
}

struct Values<'a>(&'a Column<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Column { table, index } = self.0;
        let mut values = serializer.serialize_seq(Some(table.num_rows()))?;
        for batch in table.batches() {
            append(batch.column(*index), &mut values)?;
        }
        values.end()
    }
}

/// Integers, dates and times as integer text, doubles as their shortest text, bytes as base64, nulls as null.
fn append<S: SerializeSeq>(array: &ArrayRef, values: &mut S) -> Result<(), S::Error> {
    match array.data_type() {
        DataType::Boolean => each(values, array.as_boolean().iter()),
        DataType::Int8 => integers::<Int8Type, S>(array, values),
        DataType::Int16 => integers::<Int16Type, S>(array, values),
        DataType::Int32 => integers::<Int32Type, S>(array, values),
        DataType::Int64 => integers::<Int64Type, S>(array, values),
        DataType::UInt8 => integers::<UInt8Type, S>(array, values),
        DataType::UInt16 => integers::<UInt16Type, S>(array, values),
        DataType::UInt32 => integers::<UInt32Type, S>(array, values),
        DataType::UInt64 => integers::<UInt64Type, S>(array, values),
        DataType::Date32 => integers::<Date32Type, S>(array, values),
        DataType::Timestamp(TimeUnit::Second, _) => {
            integers::<TimestampSecondType, S>(array, values)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            integers::<TimestampMillisecondType, S>(array, values)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            integers::<TimestampMicrosecondType, S>(array, values)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            integers::<TimestampNanosecondType, S>(array, values)
        }
        DataType::Float32 => each(
            values,
            array
                .as_primitive::<Float32Type>()
                .iter()
                .map(|value| value.map(float_text)),
        ),
        DataType::Float64 => each(
            values,
            array
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.map(float_text)),
        ),
        DataType::Utf8 => each(values, array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => each(values, array.as_string::<i64>().iter()),
        DataType::Utf8View => each(values, array.as_string_view().iter()),
        DataType::Binary => each(
            values,
            array
                .as_binary::<i32>()
                .iter()
                .map(|value| value.map(base64)),
        ),
        DataType::LargeBinary => each(
            values,
            array
                .as_binary::<i64>()
                .iter()
                .map(|value| value.map(base64)),
        ),
        DataType::BinaryView => each(
            values,
            array.as_binary_view().iter().map(|value| value.map(base64)),
        ),
        DataType::Dictionary(_, _) => {
            let plain = cast(array, &DataType::Utf8).map_err(S::Error::custom)?;
            each(values, plain.as_string::<i32>().iter())
        }
        other => Err(S::Error::custom(format_args!(
            "no tag for a column of {other}"
        ))),
    }
}

fn integers<T: ArrowPrimitiveType<Native: ToString>, S: SerializeSeq>(
    array: &ArrayRef,
    values: &mut S,
) -> Result<(), S::Error> {
    let array: &PrimitiveArray<T> = array.as_primitive();
    each(
        values,
        array
            .iter()
            .map(|value| value.map(|value| value.to_string())),
    )
}

fn each<S: SerializeSeq>(
    values: &mut S,
    mut items: impl Iterator<Item: Serialize>,
) -> Result<(), S::Error> {
    items.try_for_each(|item| values.serialize_element(&item))
}

/// `Debug` of a float is its shortest text that reads back to the same.
fn float_text<F: Into<f64> + Debug + Copy>(value: F) -> String {
    match value.into() {
        double if double.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array,
        Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
        TimestampMicrosecondArray, UInt64Array,
    };
    use arrow_schema::Schema;
    use serde_json::{Value as Json, json};

    use super::*;

    fn tagged(table: &Table) -> Json {
        let text = serde_json::to_string(&TaggedTable(table)).expect("tags");
        serde_json::from_str(&text).expect("JSON")
    }

    fn column(array: impl Array + 'static) -> Json {
        let batch =
            RecordBatch::try_from_iter_with_nullable([("c", Arc::new(array) as ArrayRef, true)]);
        let json = tagged(&batch.expect("a batch").into());
        assert_eq!(json["columns"][0]["nullable"], true);
        json!([json["columns"][0]["type"], json["columns"][0]["values"]])
    }

    #[test]
    fn every_type_has_its_name_and_text() {
        assert_eq!(
            column(BooleanArray::from(vec![Some(true), None])),
            json!(["bool", [true, null]])
        );
        assert_eq!(
            column(Int64Array::from(vec![Some(i64::MIN), None])),
            json!(["int64", ["-9223372036854775808", null]])
        );
        assert_eq!(
            column(UInt64Array::from(vec![u64::MAX])),
            json!(["uint64", ["18446744073709551615"]])
        );
        assert_eq!(
            column(Date32Array::from(vec![-1])),
            json!(["date32[day]", ["-1"]])
        );
        assert_eq!(
            column(StringArray::from(vec![Some("a\0"), None])),
            json!(["string", ["a\0", null]])
        );
        assert_eq!(
            column(LargeStringArray::from(vec!["a"])),
            json!(["large_string", ["a"]])
        );
        assert_eq!(
            column(StringViewArray::from(vec!["a"])),
            json!(["string_view", ["a"]])
        );
        assert_eq!(
            column(BinaryArray::from_vec(vec![b"abc"])),
            json!(["binary", ["YWJj"]])
        );
        let times = TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_000), None]);
        assert_eq!(
            column(times.clone()),
            json!(["timestamp[us]", ["1700000000000000", null]])
        );
        assert_eq!(
            column(times.with_timezone("UTC")),
            json!(["timestamp[us, tz=UTC]", ["1700000000000000", null]])
        );
    }

    #[test]
    fn floats_have_their_shortest_text() {
        let doubles = vec![
            Some(0.1),
            Some(-0.0),
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(f64::NEG_INFINITY),
            None,
        ];
        let texts = json!(["0.1", "-0.0", "NaN", "Infinity", "-Infinity", null]);
        assert_eq!(
            column(Float64Array::from(doubles)),
            json!(["double", texts])
        );
        assert_eq!(
            column(Float32Array::from(vec![0.1])),
            json!(["float", ["0.1"]])
        );
    }

    #[test]
    fn dictionaries_are_their_values() {
        let array: DictionaryArray<Int8Type> = [Some("b"), None, Some("a"), Some("b")]
            .into_iter()
            .collect();
        let name = "dictionary<values=string, indices=int8, ordered=0>";
        assert_eq!(column(array.clone()), json!([name, ["b", null, "a", "b"]]));

        let field = Field::new("c", array.data_type().clone(), false).with_dict_is_ordered(true);
        let table = Table::new(Arc::new(Schema::new(vec![field])), Vec::new()).expect("a table");
        let expected =
            json!({"name": "c", "type": name.replace('0', "1"), "nullable": false, "values": []});
        assert_eq!(
            tagged(&table),
            json!({"type": "table", "rows": 0, "columns": [expected]})
        );
    }

    #[test]
    fn batches_are_one_column() {
        let batch = |values| {
            RecordBatch::try_from_iter([("c", Arc::new(Int64Array::from(values)) as ArrayRef)])
        };
        let batches = [vec![1, 2], vec![], vec![3]].map(|values| batch(values).expect("a batch"));
        let table = Table::new(batches[0].schema(), batches.to_vec()).expect("a table");
        let expected =
            json!({"name": "c", "type": "int64", "nullable": false, "values": ["1", "2", "3"]});
        assert_eq!(
            tagged(&table),
            json!({"type": "table", "rows": 3, "columns": [expected]})
        );
    }

    #[test]
    fn a_table_may_be_empty() {
        let table = Table::new(Arc::new(Schema::empty()), Vec::new()).expect("a table");
        assert_eq!(
            tagged(&table),
            json!({"type": "table", "rows": 0, "columns": []})
        );
    }
}
