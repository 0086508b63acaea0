//! Arrow streams (W3.6, W3.7): what is written reads back the same, and only the portable profile is written.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int64Type, TimestampNanosecondType, UInt16Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Float32Array,
    Float64Array, Int8Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray, NullArray,
    RecordBatch, StringArray, StringViewArray, UInt16Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use natsbridge::arrow::{Table, read, write};
use proptest::prelude::*;

use super::arrow_samples::{
    batch, coded, column, decoded, dictionaries, numbers, round_trip, table, texts, timestamps,
};

#[test]
fn w3_7_every_type_reads_back() {
    for batches in [vec![numbers()], texts::<StringArray, BinaryArray>()] {
        let table = table(batches);
        assert_eq!(round_trip(&table), table);
    }
    let plain = dictionaries().project(&[0, 1, 2, 3, 4, 5, 6]).unwrap();
    let back = round_trip(&plain.clone().into());
    assert_eq!(back, plain.into());
    assert_eq!(back.schema().field(6).dict_is_ordered(), Some(true));
    assert_eq!(back.schema().field(5).dict_is_ordered(), Some(false));
}

#[test]
fn w3_7_the_bits_of_floats_survive() {
    let odd = [
        f32::from_bits(0x7fa0_1234),
        f32::from_bits(0xffc0_0001),
        -0.0,
    ];
    let wide = [
        f64::from_bits(0x7ff4_0000_0000_0001),
        f64::MIN_POSITIVE / 8.0,
        -0.0,
    ];
    let rows = batch(vec![
        column("f", Float32Array::from(odd.to_vec())),
        column("d", Float64Array::from(wide.to_vec())),
    ]);
    let back = round_trip(&rows.into()).into_batches().remove(0);
    let floats = back.column(0).as_primitive::<Float32Type>();
    let doubles = back.column(1).as_primitive::<Float64Type>();
    assert!(
        floats
            .values()
            .iter()
            .zip(odd)
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
    assert!(
        doubles
            .values()
            .iter()
            .zip(wide)
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
}

#[test]
fn w3_7_large_and_view_forms_are_written_plain() {
    let plain = table(texts::<StringArray, BinaryArray>());
    for other in [
        table(texts::<LargeStringArray, LargeBinaryArray>()),
        table(texts::<StringViewArray, BinaryViewArray>()),
    ] {
        assert_eq!(round_trip(&other), plain);
        let sliced: Vec<_> = other
            .batches()
            .iter()
            .map(|batch| batch.slice(1, batch.num_rows() - 1))
            .collect();
        let expected: Vec<_> = plain
            .batches()
            .iter()
            .map(|batch| batch.slice(1, batch.num_rows() - 1))
            .collect();
        assert_eq!(round_trip(&table(sliced)), table(expected));
    }
    let large = coded::<Int8Type>(vec![0, 1].into(), LargeStringArray::from(vec!["p", "q"]));
    let view = coded::<Int8Type>(vec![0, 1].into(), StringViewArray::from(vec!["p", "q"]));
    let small = coded::<Int8Type>(vec![0, 1].into(), StringArray::from(vec!["p", "q"]));
    for other in [column("c", large), column("c", view)] {
        let back = round_trip(&batch(vec![other]).into());
        assert_eq!(back, batch(vec![column("c", small.clone())]).into());
    }
}

#[test]
fn w3_7_slices_are_written_as_they_are_seen() {
    for whole in [
        numbers(),
        texts::<StringArray, BinaryArray>().remove(0),
        dictionaries(),
    ] {
        for from in 0..=whole.num_rows() {
            for length in 0..=whole.num_rows() - from {
                let part = whole.slice(from, length).project(&[0, 1]).unwrap();
                assert_eq!(round_trip(&part.clone().into()), part.into());
            }
        }
    }
    let long = BooleanArray::from_iter((0..100).map(|n| (n % 7 > 0).then_some(n % 3 == 0)));
    let long = batch(vec![column("bits", long)]);
    let parts = table((0..40).map(|n| long.slice(n, 100 - 2 * n)).collect());
    assert_eq!(round_trip(&parts), parts);
}

#[test]
fn w3_7_each_batch_keeps_its_dictionary() {
    let whole = StringArray::from(vec!["a", "b", "c", "d"]);
    let rows = |values: &StringArray, indices: Vec<Option<i8>>| {
        batch(vec![column(
            "c",
            coded::<Int8Type>(indices.into(), values.clone()),
        )])
    };
    let parts = table(vec![
        rows(&whole.slice(0, 2), vec![Some(1), None]),
        rows(&whole, vec![Some(3), Some(0)]),
        rows(&StringArray::from(vec!["z"]), vec![Some(0)]),
        rows(&whole.slice(1, 3), vec![Some(0), None, Some(2)]),
    ]);
    let back = round_trip(&parts);
    assert_eq!(back, parts);
    let texts: Vec<_> = back
        .batches()
        .iter()
        .flat_map(|batch| decoded(batch.column(0)))
        .collect();
    let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
    assert_eq!(
        texts,
        [
            Some("b"),
            None,
            Some("d"),
            Some("a"),
            Some("z"),
            Some("b"),
            None,
            Some("d")
        ]
    );
}

#[test]
fn w3_7_a_null_among_the_values_becomes_a_null_of_the_row() {
    let values = StringArray::from(vec![Some("a"), None]);
    let rows = batch(vec![column(
        "c",
        coded::<Int8Type>(vec![0, 1].into(), values),
    )]);
    let back = round_trip(&rows.into()).into_batches().remove(0);
    assert_eq!(decoded(back.column(0)), [Some("a".to_owned()), None]);
    assert_eq!(back.column(0).null_count(), 1);
    assert_eq!(back.column(0).as_any_dictionary().values().null_count(), 0);
}

#[test]
fn w3_6_no_rows_and_no_columns() {
    let numbers = numbers();
    let none = Table::new(numbers.schema(), vec![]).unwrap();
    assert_eq!(round_trip(&none), none);
    let empty = table(vec![numbers.slice(0, 0), numbers.slice(3, 0)]);
    assert_eq!(round_trip(&empty), empty);
    let bare = Table::new(Arc::new(Schema::empty()), vec![]).unwrap();
    assert_eq!(round_trip(&bare), bare);
    let rows = numbers.project(&[]).unwrap();
    assert_eq!(rows.num_rows(), 3);
    assert_eq!(round_trip(&rows.into()), bare);
}

#[test]
fn w3_6_metadata_is_kept() {
    let id = Field::new("id", DataType::Int32, false)
        .with_metadata([("unit".to_owned(), "none".to_owned())]);
    let schema = Schema::new(vec![id]).with_metadata([
        ("b".to_owned(), "2".to_owned()),
        ("a".to_owned(), String::new()),
    ]);
    let ids = Arc::new(Int32Array::from(vec![1]));
    let table = Table::from(RecordBatch::try_new(Arc::new(schema), vec![ids]).unwrap());
    assert_eq!(round_trip(&table), table);
}

#[test]
fn w3_7_what_is_outside_of_the_profile_is_not_written() {
    let refused = |rows: RecordBatch| write(&rows.into()).expect_err("refused");
    let error = refused(batch(vec![column("gone", NullArray::new(2))]));
    assert_eq!(
        error.message(),
        "column \"gone\" has a type outside of the profile"
    );
    assert_eq!(error.found(), Some("Null"));
    let indices = Int64Array::from(vec![0]);
    let error = refused(batch(vec![column(
        "c",
        coded(indices, StringArray::from(vec!["a"])),
    )]));
    assert_eq!(
        error.found(),
        Some("dictionary<values=string, indices=int64, ordered=0>")
    );
    let twice = batch(vec![
        column("a", Int8Array::from(vec![1])),
        column("a", Int8Array::from(vec![1])),
    ]);
    assert_eq!(
        refused(twice).message(),
        "two columns of the table have the same name"
    );
}

#[test]
fn aligned_buffers_are_not_copied() {
    let rows = batch(vec![column("a", Int64Array::from_iter_values(0..10_000))]);
    let stream = Bytes::from(write(&rows.into()).unwrap());
    let within = stream.as_ptr_range();
    let table = read(stream.clone()).unwrap();
    let values = table.batches()[0].column(0).as_primitive::<Int64Type>();
    assert!(within.contains(&values.values().as_ptr().cast()));

    let shifted = Bytes::from([&[0][..], &stream[..]].concat()).slice(1..);
    assert_eq!(read(shifted).unwrap(), table);
}

/// A column of any type of the profile, with `rows` rows.
fn any_column(rows: usize) -> impl Strategy<Value = ArrayRef> {
    fn array<A: Array + 'static>(array: A) -> ArrayRef {
        Arc::new(array)
    }
    macro_rules! of {
        ($native:ty, $array:ty) => {
            prop::collection::vec(any::<Option<$native>>(), rows)
                .prop_map(|values| array(values.into_iter().collect::<$array>()))
        };
    }
    let codes = (
        prop::collection::vec(".{0,14}", 1..5),
        prop::collection::vec(any::<Option<u16>>(), rows),
    );
    prop_oneof![
        of!(bool, BooleanArray),
        of!(i8, Int8Array),
        of!(u16, UInt16Array),
        of!(i32, Int32Array),
        of!(u64, UInt64Array),
        of!(f32, Float32Array),
        of!(f64, Float64Array),
        of!(i32, Date32Array),
        of!(String, StringArray),
        of!(Vec<u8>, BinaryArray),
        (
            prop::collection::vec(any::<Option<i64>>(), rows),
            prop::option::of(".{1,9}")
        )
            .prop_map(
                |(values, zone)| array(timestamps::<TimestampNanosecondType>(
                    &values,
                    zone.as_deref()
                ))
            ),
        codes.prop_map(|(values, indices)| {
            let index = |index: Option<u16>| index.map(|index| index % values.len() as u16);
            let indices: UInt16Array = indices.into_iter().map(index).collect();
            array(coded::<UInt16Type>(indices, StringArray::from(values)))
        }),
    ]
}

fn any_table() -> impl Strategy<Value = Table> {
    (1..20_usize).prop_flat_map(|rows| {
        let columns = prop::collection::vec(any_column(rows), 1..6);
        let cuts = prop::collection::vec((0..rows, 0..rows), 0..5);
        (columns, cuts).prop_map(|(columns, cuts)| {
            let named = columns
                .into_iter()
                .enumerate()
                .map(|(n, c)| (n.to_string(), c, true));
            let whole = RecordBatch::try_from_iter_with_nullable(named).unwrap();
            let part = |(a, b): (usize, usize)| whole.slice(a.min(b), a.abs_diff(b));
            Table::new(whole.schema(), cuts.into_iter().map(part).collect()).unwrap()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn w3_7_any_table_reads_back(table in any_table()) {
        prop_assert_eq!(round_trip(&table), table);
    }
}
