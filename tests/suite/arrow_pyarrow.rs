//! Arrow streams that pyarrow wrote (W3.6, W3.7): they read as the same values, and what lies outside of the profile is
//! refused by name. `tests/data/arrow/make.py` writes the files.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int8Type};
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, BooleanArray, LargeBinaryArray, LargeStringArray,
    StringArray, StringViewArray,
};
use arrow_schema::DataType;
use bytes::Bytes;
use natsbridge::arrow::{Table, TableError, read, type_name};

use super::arrow_samples::{
    batch, coded, column, decoded, dictionaries, file, numbers, round_trip, table, texts,
};

fn read_file(name: &str) -> Table {
    read(Bytes::from(file(name))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn refusal(stream: Vec<u8>) -> TableError {
    read(Bytes::from(stream)).expect_err("refused")
}

#[test]
fn w3_7_pyarrow_numbers() {
    let read = read_file("numbers.arrows");
    let first = numbers();
    assert_eq!(read.schema(), &first.schema());
    let [a, b] = read.batches() else {
        panic!("two batches")
    };
    assert_eq!(a, &first);
    assert_eq!(b.num_rows(), 1);
    assert!(b.columns().iter().all(|column| column.null_count() == 1));
    assert_eq!(read_file("version4.arrows"), first.clone().into());
    assert_eq!(read_file("no_rows.arrows"), first.slice(0, 0).into());
    assert_eq!(
        read_file("no_batches.arrows"),
        Table::new(first.schema(), vec![]).unwrap()
    );
    let bare = read_file("no_columns.arrows");
    assert_eq!((bare.schema().fields().len(), bare.num_rows()), (0, 0));
}

#[test]
fn w3_7_pyarrow_text() {
    assert_eq!(
        read_file("text.arrows"),
        table(texts::<StringArray, BinaryArray>())
    );
    assert_eq!(
        read_file("large.arrows"),
        table(texts::<LargeStringArray, LargeBinaryArray>())
    );
    assert_eq!(
        read_file("view.arrows"),
        table(texts::<StringViewArray, BinaryViewArray>())
    );
}

#[test]
fn w3_7_pyarrow_dictionaries() {
    let read = read_file("dictionary.arrows");
    assert_eq!(read, dictionaries().into());
    assert_eq!(read.schema().field(6).dict_is_ordered(), Some(true));
    assert_eq!(
        type_name(read.schema().field(7).data_type()),
        "dictionary<values=large_string, indices=int8, ordered=0>"
    );

    let values = ["a", "b", "c", "a word of more than twelve bytes", "e"];
    let read = read_file("delta.arrows");
    let lengths = [2, 4, 4, 5];
    assert_eq!(read.batches().len(), lengths.len());
    for (batch, length) in read.batches().iter().zip(lengths) {
        let last = Some(values[length - 1].to_owned());
        assert_eq!(decoded(batch.column(0)), [last, None, Some("a".to_owned())]);
        assert_eq!(batch.column(0).as_any_dictionary().values().len(), length);
    }
    let read = read_file("replaced.arrows");
    let expected = [["a", "b"], ["c", "c"], ["b", "d"]];
    assert_eq!(read.batches().len(), expected.len());
    for (batch, [first, last]) in read.batches().iter().zip(expected) {
        let texts = decoded(batch.column(0));
        assert_eq!(texts, [Some(first.to_owned()), None, Some(last.to_owned())]);
    }
}

#[test]
fn w3_7_pyarrow_slices() {
    let words = [Some("one"), None, Some("three")];
    let codes = [Some(0), None, Some(1)];
    let rows = |rows: std::ops::Range<usize>| {
        batch(vec![
            column(
                "flags",
                rows.clone()
                    .map(|n| [Some(true), None, Some(false)][n % 3])
                    .collect::<BooleanArray>(),
            ),
            column(
                "words",
                rows.clone().map(|n| words[n % 3]).collect::<StringArray>(),
            ),
            column(
                "coded",
                coded::<Int8Type>(
                    rows.map(|n| codes[n % 3]).collect(),
                    StringArray::from(vec!["p", "q"]),
                ),
            ),
        ])
    };
    assert_eq!(
        read_file("sliced.arrows"),
        table(vec![rows(3..13), rows(11..15)])
    );
}

#[test]
fn w3_6_pyarrow_metadata_and_extension_types() {
    let read = read_file("metadata.arrows");
    let schema = read.schema();
    assert_eq!(
        schema.metadata().get("origin").map(String::as_str),
        Some("pyarrow")
    );
    assert_eq!(schema.metadata().get("empty").map(String::as_str), Some(""));
    assert!(!schema.field(0).is_nullable());
    assert_eq!(
        schema.field(0).metadata().get("unit").map(String::as_str),
        Some("none")
    );
    assert_eq!(schema.field(1).data_type(), &DataType::Utf8);
    assert_eq!(schema.field(1).extension_type_name(), Some("arrow.json"));
    assert_eq!(
        read.batches()[0].column(1).as_string::<i32>().value(0),
        "{}"
    );
}

#[test]
fn w3_7_whatever_stands_under_a_null() {
    let read = read_file("hidden.arrows");
    let rows = &read.batches()[0];
    assert_eq!(
        rows.column(0).as_ref(),
        &StringArray::from(vec![Some("a"), None, Some("b")]) as &dyn Array
    );
    assert_eq!(
        rows.column(1).as_ref(),
        &LargeStringArray::from(vec![Some("a"), None, Some("b")]) as &dyn Array
    );
    assert_eq!(
        rows.column(2).as_ref(),
        &StringViewArray::from(vec![Some("a"), None, Some("a")]) as &dyn Array
    );
    assert!(rows.columns().iter().all(|column| column.null_count() == 1));
    let floats = rows.column(4).as_primitive::<Float32Type>();
    assert_eq!(floats.value(0).to_bits(), 0x7ff8_0001);
    assert_eq!(floats.value(2).to_bits(), 0x8000_0000);
    round_trip(&read);
}

#[test]
fn w3_7_types_outside_of_the_profile_are_refused_by_name() {
    let names = [
        "null",
        "halffloat",
        "date64[ms]",
        "time",
        "duration",
        "interval",
        "decimal",
        "fixed_size_binary",
        "list",
        "large_list",
        "fixed_size_list",
        "list_view",
        "large_list_view",
        "struct",
        "map",
        "union",
        "run_end_encoded",
        "dictionary<values=string, indices=int64, ordered=0>",
        "dictionary<values=string, indices=uint64, ordered=0>",
        "dictionary<values=int32, indices=int8, ordered=0>",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let error = refusal(file(&format!("outside/{number:02}.arrows")));
        assert_eq!(error.found(), Some(name));
        assert_eq!(
            error.message(),
            format!("column {name:?} has a type outside of the profile")
        );
    }
}

#[test]
fn w3_6_what_is_no_plain_stream_is_refused_by_name() {
    let cases = [
        (
            "lz4.arrows",
            "the body of the message at byte 128 is compressed",
            Some("LZ4"),
        ),
        (
            "zstd.arrows",
            "the body of the message at byte 128 is compressed",
            Some("ZSTD"),
        ),
        (
            "legacy.arrows",
            "no message starts at byte 0 of the stream",
            Some("7c 00 00 00"),
        ),
        (
            "equal_names.arrows",
            "two columns of the table have the same name",
            Some("\"a\""),
        ),
        (
            "file_format.arrow",
            "an arrowtable is an Arrow IPC stream",
            Some("the file format"),
        ),
    ];
    for (name, message, found) in cases {
        let error = refusal(file(name));
        assert_eq!((error.message(), error.found()), (message, found), "{name}");
    }
    let whole = file("text.arrows");
    let end = whole.len() - 8;
    let cut = refusal(whole[..end].to_vec());
    assert_eq!(
        cut.message(),
        "the stream ends without its end-of-stream marker"
    );
    let more = refusal([&whole[..], b"\0"].concat());
    assert_eq!(
        more.message(),
        "the stream goes on after its end-of-stream marker"
    );
    let bare = refusal(whole[end..].to_vec());
    assert_eq!(bare.message(), "the stream does not start with its schema");
    let twice = refusal([&whole[..end], &whole[..]].concat());
    assert_eq!(twice.message(), "the stream has a second schema");
}
