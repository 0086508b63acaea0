//! Tables from Arrow and CSV.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use natsbridge::Value;
use natsbridge::arrow::{self, Table};

use super::form::{self, Form};
use super::parquet;
use super::spec::Source;
use super::{bytes, extension, head, kept};

/// The table in `source`. An Arrow stream stays where it is, for the library to check.
pub(super) fn value(source: Source, scratch: &Path) -> Result<Value, String> {
    if let Source::File(path) = &source {
        match form::of_table(&head(path)?, &extension(path)) {
            Form::ArrowStream => return Ok(Value::File(path.clone())),
            Form::Parquet => return parquet::as_stream(path, scratch).map(Value::File),
            _ => {}
        }
    }
    let (bytes, extension) = bytes(source)?;
    let table = match form::of_table(&bytes, &extension) {
        Form::ArrowStream => return kept(bytes.as_slice(), scratch).map(Value::File),
        Form::Parquet => {
            let file = kept(bytes.as_slice(), &scratch.with_extension("parquet"))?;
            return parquet::as_stream(&file, scratch).map(Value::File);
        }
        Form::ArrowFile => arrow_file(bytes.into())?,
        Form::Tsv => csv(&bytes, b'\t')?,
        Form::Csv | Form::Json | Form::Ndjson => csv(&bytes, b',')?,
    };
    Ok(Value::Table(table))
}

/// The table in a text of comma-separated values, of which the first line has the names.
pub(crate) fn csv_table(text: &[u8]) -> Result<Table, String> {
    csv(text, b',')
}

/// The stream that every Arrow file has in it, between its magic number and its footer, read as any other stream.
fn arrow_file(file: Bytes) -> Result<Table, String> {
    /// What the magic number is padded to, with zeros, once at least.
    const BLOCK: usize = 8;
    /// The footer's length and the magic number again.
    const TAIL: usize = 10;
    const END_OF_STREAM: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
    let stream = || {
        let tail = file.len().checked_sub(TAIL)?;
        let (length, magic) = file.get(tail..)?.split_first_chunk::<4>()?;
        let footer = usize::try_from(i32::from_le_bytes(*length)).ok()?;
        let end = tail.checked_sub(footer)?;
        let blocks = file.get(BLOCK..end)?.chunks(BLOCK);
        let start = BLOCK + BLOCK * blocks.take_while(|block| *block == [0; BLOCK]).count();
        (magic == b"ARROW1").then(|| file.slice(start..end))
    };
    let stream = stream().ok_or("the Arrow file is cut short: it has no footer at its end")?;
    let stream = match stream.ends_with(&END_OF_STREAM) {
        true => stream,
        false => [&stream[..], &END_OF_STREAM].concat().into(),
    };
    arrow::read(stream).map_err(|error| format!("the Arrow file cannot be read: {error}"))
}

/// The types of the columns are those that all their values have; an empty field is a null.
fn csv(text: &[u8], delimiter: u8) -> Result<Table, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("the CSV cannot be read: {error}");
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let format = Format::default()
        .with_header(true)
        .with_delimiter(delimiter);
    let (schema, _) = format
        .infer_schema(Cursor::new(text), None)
        .map_err(|error| unreadable(&error))?;
    let schema = Arc::new(without_null_type(&schema));
    if schema.fields().is_empty() {
        return table(schema, Vec::new());
    }
    let reader = ReaderBuilder::new(Arc::clone(&schema))
        .with_format(format)
        .with_batch_size(64 * 1024);
    let reader = reader
        .build(Cursor::new(text))
        .map_err(|error| unreadable(&error))?;
    let batches = reader
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(&error))?;
    table(schema, batches)
}

/// A column without any value is one of text.
fn without_null_type(schema: &Schema) -> Schema {
    let field = |field: &Field| match field.data_type() {
        DataType::Null => field.clone().with_data_type(DataType::Utf8),
        _ => field.clone(),
    };
    Schema::new(
        schema
            .fields()
            .iter()
            .map(|each| field(each))
            .collect::<Vec<_>>(),
    )
}

fn table(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Table, String> {
    Table::new(schema, batches).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampSecondType};
    use arrow_array::{Array, ArrayRef, Int64Array, StringArray};
    use arrow_ipc::writer::FileWriter;
    use natsbridge::arrow::type_name;

    use super::*;

    fn batch() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(1),
            None,
            Some(9_007_199_254_740_993),
        ]));
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "", "😀"]));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("s", names, false)])
            .expect("a batch")
    }

    fn ipc_file() -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = FileWriter::try_new(&mut file, &batch().schema()).expect("a writer");
        writer.write(&batch()).expect("written");
        writer.finish().expect("a footer");
        file
    }

    #[test]
    fn an_arrow_file_is_the_stream_in_it() {
        assert_eq!(arrow_file(ipc_file().into()), Ok(batch().into()));
        let stream = arrow::write(&batch().into()).expect("a stream");
        let cut = &stream[..stream.len() - 8];
        let file = [
            b"ARROW1\0\0",
            cut,
            b"footer",
            &6_i32.to_le_bytes(),
            b"ARROW1",
        ]
        .concat();
        assert_eq!(
            arrow_file(file.into()),
            Ok(batch().into()),
            "without an end-of-stream marker"
        );
        for wrong in [
            "ARROW1",
            "ARROW1\0\0",
            "ARROW1\0\0\u{7f}\u{7f}\u{7f}\u{7f}ARROW1",
        ] {
            assert!(arrow_file(Bytes::from(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn changed_bytes_are_errors_or_tables() {
        let (file, text) = (
            ipc_file(),
            b"n,x,t,d\n1,1.5,9999-12-31T00:00:00.123456789,2026-03-12\n-2,\"a\",,\n",
        );
        for mask in [0x01, 0x80, 0x7F, 0xFF] {
            let changed = |bytes: &[u8], at: usize| {
                let mut changed = bytes.to_vec();
                changed[at] ^= mask;
                changed
            };
            (0..file.len()).for_each(|at| drop(arrow_file(changed(&file, at).into())));
            (0..text.len()).for_each(|at| drop(csv(&changed(text, at), b',')));
        }
    }

    #[test]
    fn columns_of_csv_have_the_type_of_all_their_values() {
        let text = "\u{feff}n,x,t,d,b,e,big\n1,1.5,2026-03-12T00:00:00,2026-03-12,true,,18446744073709551615\n,a,,,,,\n";
        let table = csv(text.as_bytes(), b',').expect("a table");
        let fields = table.schema().fields().iter();
        let columns: Vec<String> = fields
            .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
            .collect();
        assert_eq!(
            columns,
            [
                "n int64",
                "x string",
                "t timestamp[s]",
                "d date32[day]",
                "b bool",
                "e string",
                "big string"
            ]
        );
        let batch = &table.batches()[0];
        let numbers = batch.column(0).as_primitive::<Int64Type>();
        assert_eq!((numbers.value(0), numbers.is_null(1)), (1, true));
        assert_eq!(
            batch
                .column(2)
                .as_primitive::<TimestampSecondType>()
                .value(0),
            1_773_273_600
        );
        assert_eq!(
            batch.column(6).as_string::<i32>().value(0),
            "18446744073709551615"
        );
    }

    #[test]
    fn csv_may_have_no_rows_or_nothing_at_all() {
        let table = csv(b"a,b\n", b',').expect("a table");
        assert_eq!((table.num_rows(), table.schema().fields().len()), (0, 2));
        let table = csv(b"", b',').expect("a table");
        assert_eq!((table.num_rows(), table.schema().fields().len()), (0, 0));
    }

    #[test]
    fn wrong_csv_says_where() {
        let message = csv(b"a,b\n1,2\n3\n", b',').expect_err("a row that is too short");
        assert!(
            message.starts_with("the CSV cannot be read: ") && message.contains("line 3"),
            "{message}"
        );
        assert!(csv(b"d\n2026-99-99\n", b',').is_err(), "no date");
        assert!(csv(b"a\n\xff\n", b',').is_err(), "no text");
    }
}
