//! Hostile Arrow streams: whatever the bytes, reading gives an error or a table that is valid through and through. It
//! never panics, never aborts, and never takes more memory than the stream has bytes, and 1 MB.
//!
//! Memory is counted by `allocation-counter`, as the peak over a call, which no single allocation can be above.

use std::hint::black_box;

use arrow_array::cast::AsArray;
use arrow_array::{Array, downcast_dictionary_array, downcast_primitive_array};
use arrow_schema::DataType;
use bytes::Bytes;
use natsbridge::arrow::{Table, TableError, read, write};

use super::arrow_samples::file;

const MASKS: [u8; 4] = [0x01, 0x10, 0x80, 0xff];

/// Streams of every type of the profile, with nulls, several batches, dictionaries with replacement and delta, no rows
/// and no columns: as pyarrow writes them.
fn theirs() -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        "numbers",
        "text",
        "large",
        "view",
        "dictionary",
        "delta",
        "replaced",
        "no_batches",
        "no_rows",
        "no_columns",
        "metadata",
        "hidden",
        "sliced",
    ];
    names
        .into_iter()
        .map(|name| (name, file(&format!("{name}.arrows"))))
        .collect()
}

/// Some of the same tables, as this library writes them.
fn ours() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["text", "dictionary", "delta", "replaced", "sliced"];
    let ours = theirs()
        .into_iter()
        .filter(|(name, _)| names.contains(name));
    let again = |stream: Vec<u8>| write(&read(stream.into()).unwrap()).unwrap();
    ours.map(|(name, stream)| (name, again(stream))).collect()
}

/// Reads a stream in bounded memory, and all of the table if it is one.
pub(super) fn check(stream: Vec<u8>) -> Result<Table, TableError> {
    let limit = stream.len() as u64 + (1 << 20);
    let stream = Bytes::from(stream);
    let mut result = None;
    let memory = allocation_counter::measure(|| result = Some(read(stream)));
    assert!(
        memory.bytes_max <= limit,
        "{} bytes of {limit}",
        memory.bytes_max
    );
    let result = result.unwrap();
    match &result {
        Ok(table) => touch(table),
        Err(error) => assert!(!error.message().is_empty()),
    }
    result
}

/// Every value of a table, once: those of a valid one can be used without a check of one's own.
fn touch(table: &Table) {
    for batch in table.batches() {
        assert_eq!(batch.schema_ref(), table.schema());
        for column in batch.columns() {
            assert_eq!(column.len(), batch.num_rows());
            column.to_data().validate_full().unwrap();
            touch_array(column);
        }
    }
}

fn touch_array(array: &dyn Array) {
    downcast_primitive_array! {
        array => array.iter().for_each(|value| { black_box(value); }),
        DataType::Boolean => array.as_boolean().iter().for_each(|value| { black_box(value); }),
        DataType::Utf8 => array.as_string::<i32>().iter().flatten().for_each(touch_text),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().flatten().for_each(touch_text),
        DataType::Utf8View => array.as_string_view().iter().flatten().for_each(touch_text),
        DataType::Binary => array.as_binary::<i32>().iter().flatten().for_each(touch_bytes),
        DataType::LargeBinary => array.as_binary::<i64>().iter().flatten().for_each(touch_bytes),
        DataType::BinaryView => array.as_binary_view().iter().flatten().for_each(touch_bytes),
        DataType::Dictionary(_, _) => downcast_dictionary_array! {
            array => {
                touch_array(array.values());
                for key in array.keys_iter().flatten() {
                    touch_array(&array.values().slice(key, 1));
                }
            },
            other => panic!("a dictionary of type {other}"),
        },
        other => panic!("a column of type {other}"),
    }
}

fn touch_text(text: &str) {
    assert_eq!(std::str::from_utf8(text.as_bytes()), Ok(text));
}

fn touch_bytes(bytes: &[u8]) {
    black_box(bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)));
}

fn change_every_byte(streams: Vec<(&str, Vec<u8>)>) {
    let (mut tables, mut errors) = (0, 0);
    for (name, stream) in streams {
        check(stream.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        for position in 0..stream.len() {
            for mask in MASKS {
                let mut changed = stream.clone();
                changed[position] ^= mask;
                match check(changed) {
                    Ok(_) => tables += 1,
                    Err(_) => errors += 1,
                }
            }
        }
    }
    // Streams as small as these are mostly metadata; what can be changed unnoticed is values and padding.
    assert!(
        tables > 5_000 && errors > 20_000,
        "{tables} tables, {errors} errors"
    );
}

#[test]
fn every_byte_of_theirs_changed_in_turn() {
    change_every_byte(theirs());
}

#[test]
fn every_byte_of_ours_changed_in_turn() {
    change_every_byte(ours());
}

#[test]
fn what_reads_can_be_written() {
    for (_, stream) in theirs() {
        for position in (0..stream.len()).step_by(3) {
            let mut changed = stream.clone();
            changed[position] ^= 0x01;
            if let Ok(table) = read(changed.into()) {
                let again = read(write(&table).unwrap().into()).unwrap();
                assert_eq!(again.num_rows(), table.num_rows());
            }
        }
    }
}

#[test]
fn every_word_replaced_by_an_extreme() {
    let extremes = [0, i32::MAX as u32, u32::MAX];
    for (_, stream) in ours() {
        for position in (0..stream.len() - 8).step_by(4) {
            let low = extremes.map(|low| low.to_le_bytes().to_vec());
            // Where 64 bits belong together, the upper half makes a number huge or negative.
            let both = [1 << 40, i64::MIN].map(|both: i64| both.to_le_bytes().to_vec());
            for word in low.into_iter().chain(both) {
                let mut changed = stream.clone();
                changed[position..position + word.len()].copy_from_slice(&word);
                let _ = check(changed);
            }
        }
    }
}

#[test]
fn every_length_but_the_whole() {
    for (name, stream) in theirs().into_iter().chain(ours()) {
        for length in 0..stream.len() {
            check(stream[..length].to_vec()).expect_err(name);
        }
    }
}

#[test]
fn no_alignment_matters() {
    for (_, stream) in theirs() {
        let expected = read(stream.clone().into()).unwrap();
        for shift in 1..9 {
            let shifted = Bytes::from([&vec![0; shift][..], &stream].concat()).slice(shift..);
            let limit = stream.len() as u64 + (1 << 20);
            let mut table = None;
            let memory = allocation_counter::measure(|| table = Some(read(shifted).unwrap()));
            assert!(memory.bytes_max <= limit);
            let table = table.unwrap();
            touch(&table);
            // NaN is not equal to itself in every array, so the streams are compared.
            assert_eq!(write(&table).unwrap(), write(&expected).unwrap());
        }
    }
}
