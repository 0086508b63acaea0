//! Tables from Parquet.
//!
//! The parquet crate panics on some files that lie about lengths (version 60.1: on 13 of the 2,884 single-byte changes of a
//! small one), and allocates what they claim. Nothing checks a file before it as the library does for Arrow, so a process of
//! its own reads it: this same command with `parquet-to-arrow`, whose end says how it went.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::RecordBatchReader;
use clap::Args;
use natsbridge::arrow::{self, Table};

use crate::failure::Failure;
use crate::output;

/// The exit code of a process that read a file and found it wrong.
const REFUSED: i32 = 1;

/// Reads a Parquet file into the Arrow stream `scratch`.
pub(super) fn as_stream(file: &Path, scratch: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| {
        format!("no process can be started to read the Parquet file: {error}")
    };
    let stream = File::create_new(scratch).map_err(failed)?;
    let reader = Command::new(env::current_exe().map_err(failed)?)
        .arg("parquet-to-arrow")
        .arg(file)
        .stdin(Stdio::null())
        .stdout(stream)
        .stderr(Stdio::piped())
        .output()
        .map_err(failed)?;
    match reader.status.code() {
        Some(0) => Ok(scratch.to_owned()),
        Some(REFUSED) => {
            let message = String::from_utf8_lossy(&reader.stderr);
            let message = message.trim();
            Err(message
                .strip_prefix(Failure::PREFIX)
                .unwrap_or(message)
                .to_owned())
        }
        _ => Err(format!(
            "the Parquet file cannot be read: it is damaged (its reader: {})",
            reader.status
        )),
    }
}

/// What the process that reads the file is told.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    file: PathBuf,
}

/// Writes the table in a Parquet file to standard output, as an Arrow stream.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let table = read(&arguments.file).map_err(Failure::Local)?;
    let stream = arrow::write(&table).map_err(|error| Failure::Local(error.to_string()))?;
    output::print(|out| out.write_all(&stream))
}

fn read(file: &Path) -> Result<Table, String> {
    let unreadable =
        |error: &dyn std::fmt::Display| format!("the Parquet file cannot be read: {error}");
    let file = File::open(file).map_err(|error| unreadable(&error))?;
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(&error))?;
    let reader = reader.build().map_err(|error| unreadable(&error))?;
    let schema = reader.schema();
    let batches = reader
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(&error))?;
    Table::new(schema, batches).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use ::parquet::arrow::ArrowWriter;
    use ::parquet::basic::Compression;
    use ::parquet::file::properties::WriterProperties;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    use super::*;

    #[test]
    fn columns_keep_their_types_and_values() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(1),
            None,
            Some(9_007_199_254_740_993),
        ]));
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "", "😀"]));
        let batch =
            RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("s", names, false)]);
        let batch = batch.expect("a batch");
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
            let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .build();
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))
                .expect("a writer");
            writer.write(&batch).expect("written");
            file.write_all(&writer.into_inner().expect("a footer"))
                .expect("written");
            let table = read(file.path()).expect("a table");
            assert_eq!(table.batches().len(), 1);
            assert_eq!(table.batches()[0].columns(), batch.columns());
        }
    }

    #[test]
    fn what_is_no_parquet_is_an_error() {
        let message = read(Path::new("Cargo.toml")).expect_err("no Parquet");
        assert!(
            message.starts_with("the Parquet file cannot be read: "),
            "{message}"
        );
    }
}
