//! Arrow tables that the tests of streams share, and the files of `tests/data/arrow` that hold the same ones.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowTimestampType, Int8Type, Int16Type, Int32Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array,
    Int8Array, Int16Array, Int32Array, Int64Array, LargeStringArray, PrimitiveArray, RecordBatch,
    StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{Field, Schema};
use natsbridge::arrow::{Table, read, write};

/// One of the files that pyarrow wrote.
pub(super) fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/arrow")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
        .unwrap()
}

pub(super) fn column(name: &str, array: impl Array + 'static) -> (&str, ArrayRef) {
    (name, Arc::new(array))
}

pub(super) fn timestamps<T: ArrowTimestampType>(
    values: &[Option<i64>],
    zone: Option<&str>,
) -> PrimitiveArray<T> {
    PrimitiveArray::<T>::from_iter(values).with_timezone_opt(zone)
}

pub(super) fn coded<K: ArrowDictionaryKeyType>(
    indices: PrimitiveArray<K>,
    values: impl Array + 'static,
) -> DictionaryArray<K> {
    DictionaryArray::try_new(indices, Arc::new(values)).unwrap()
}

/// Every type of fixed width: the ends of its range, and a null.
pub(super) fn numbers() -> RecordBatch {
    let some = [Some(-1), None, Some(1_700_000_000)];
    let ends = [Some(i64::MIN), None, Some(i64::MAX)];
    batch(vec![
        column(
            "bool",
            BooleanArray::from(vec![Some(true), None, Some(false)]),
        ),
        column(
            "int8",
            Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)]),
        ),
        column(
            "uint8",
            UInt8Array::from(vec![Some(0), None, Some(u8::MAX)]),
        ),
        column(
            "int16",
            Int16Array::from(vec![Some(i16::MIN), None, Some(i16::MAX)]),
        ),
        column(
            "uint16",
            UInt16Array::from(vec![Some(0), None, Some(u16::MAX)]),
        ),
        column(
            "int32",
            Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)]),
        ),
        column(
            "uint32",
            UInt32Array::from(vec![Some(0), None, Some(u32::MAX)]),
        ),
        column("int64", Int64Array::from(ends.to_vec())),
        column(
            "uint64",
            UInt64Array::from(vec![Some(0), None, Some(u64::MAX)]),
        ),
        column(
            "float32",
            Float32Array::from(vec![Some(f32::NAN), None, Some(-0.0)]),
        ),
        column(
            "float64",
            Float64Array::from(vec![Some(f64::NEG_INFINITY), None, Some(5e-324)]),
        ),
        column(
            "date32",
            Date32Array::from(vec![Some(-1), None, Some(20_000)]),
        ),
        column(
            "timestamp_s",
            timestamps::<TimestampSecondType>(&some, None),
        ),
        column(
            "timestamp_ms",
            timestamps::<TimestampMillisecondType>(&some, None),
        ),
        column(
            "timestamp_us",
            timestamps::<TimestampMicrosecondType>(&some, None),
        ),
        column(
            "timestamp_ns",
            timestamps::<TimestampNanosecondType>(&some, None),
        ),
        column(
            "zone UTC",
            timestamps::<TimestampMicrosecondType>(&ends, Some("UTC")),
        ),
        column(
            "zone Asia/Tokyo",
            timestamps::<TimestampMicrosecondType>(&ends, Some("Asia/Tokyo")),
        ),
        column(
            "zone +05:30",
            timestamps::<TimestampMicrosecondType>(&ends, Some("+05:30")),
        ),
        column(
            "zone no such zone",
            timestamps::<TimestampMicrosecondType>(&ends, Some("no such zone")),
        ),
    ])
}

pub(super) const WORDS: [Option<&str>; 4] = [
    Some("a"),
    None,
    Some(""),
    Some("grüße 🦀 and more than twelve bytes"),
];
pub(super) const BYTES: [Option<&[u8]>; 4] = [
    Some(b"\0"),
    None,
    Some(b""),
    Some(b"\xff\xfe not text, longer than twelve"),
];

/// Two batches of text and bytes, the second without nulls.
pub(super) fn texts<S, B>() -> Vec<RecordBatch>
where
    S: Array + FromIterator<Option<&'static str>> + 'static,
    B: Array + FromIterator<Option<&'static [u8]>> + 'static,
{
    let from = |skip| {
        batch(vec![
            column("text", WORDS.into_iter().skip(skip).collect::<S>()),
            column("bytes", BYTES.into_iter().skip(skip).collect::<B>()),
        ])
    };
    vec![from(0), from(2)]
}

pub(super) fn dictionaries() -> RecordBatch {
    let values = || StringArray::from(vec!["x", "yy"]);
    let rows = batch(vec![
        column(
            "int8",
            coded::<Int8Type>(vec![Some(1), None, Some(0)].into(), values()),
        ),
        column(
            "int16",
            coded::<Int16Type>(vec![Some(1), None, Some(0)].into(), values()),
        ),
        column(
            "int32",
            coded::<Int32Type>(vec![Some(1), None, Some(0)].into(), values()),
        ),
        column(
            "uint8",
            coded::<UInt8Type>(vec![Some(1), None, Some(0)].into(), values()),
        ),
        column(
            "uint16",
            coded::<UInt16Type>(vec![Some(1), None, Some(0)].into(), values()),
        ),
        column(
            "uint32",
            coded::<UInt32Type>(vec![Some(1), None, Some(0)].into(), values()),
        ),
        column(
            "ordered",
            coded::<Int8Type>(vec![0, 1, 1].into(), StringArray::from(vec!["low", "high"])),
        ),
        column(
            "large values",
            coded::<Int8Type>(
                vec![Some(0), None, Some(0)].into(),
                LargeStringArray::from(vec!["big"]),
            ),
        ),
    ]);
    let mut fields: Vec<Field> = rows
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    fields[6] = fields[6].clone().with_dict_is_ordered(true);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), rows.columns().to_vec()).unwrap()
}

pub(super) fn table(batches: Vec<RecordBatch>) -> Table {
    Table::new(batches[0].schema(), batches).unwrap()
}

pub(super) fn round_trip(table: &Table) -> Table {
    let stream = write(table).unwrap();
    assert_eq!(
        stream,
        write(table).unwrap(),
        "equal tables give equal bytes"
    );
    read(stream.into()).unwrap()
}

/// The texts that a dictionary-encoded column stands for.
pub(super) fn decoded(array: &dyn Array) -> Vec<Option<String>> {
    let array = array.as_any_dictionary();
    let values = array.values().as_string::<i32>();
    let value = |(row, key): (usize, usize)| {
        (array.is_valid(row) && values.is_valid(key)).then(|| values.value(key).to_owned())
    };
    array
        .normalized_keys()
        .into_iter()
        .enumerate()
        .map(value)
        .collect()
}
