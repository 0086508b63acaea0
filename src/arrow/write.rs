//! A table into a stream.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, make_array};
use arrow_ipc::MetadataVersion;
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, DataType, FieldRef, Schema, SchemaRef};

use super::error::Quoted;
use super::{Table, TableError, profile, schema, text};

/// Writes a table as one Arrow IPC stream with its end-of-stream marker. Equal tables give equal bytes.
///
/// Only the portable profile is written. The large and view forms of utf8 and binary, also as the values of a
/// dictionary, are written in their plain form: nothing is lost, but they read back as plain utf8 and binary. A null
/// among a dictionary's values becomes a null of the rows that use it. A table without columns is written without rows.
///
/// Batches of one column may have different dictionaries: one that adds to the last is written as a delta, any other
/// replaces it.
///
/// # Errors
/// A type outside of the profile, equal column names, or a batch of a large or view column with more than 2^31-1
/// bytes of values.
pub fn write(table: &Table) -> Result<Vec<u8>, TableError> {
    let schema = portable_schema(table.schema())?;
    // 8 is the least alignment, and what readers want; arrow-rs's own 64 would only add padding.
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)
        .map_err(failed)?
        .with_dictionary_handling(DictionaryHandling::Delta);
    let stream = Vec::with_capacity(expected_length(table));
    let mut writer =
        StreamWriter::try_new_with_options(stream, &schema, options).map_err(failed)?;
    if !schema.fields().is_empty() {
        for batch in table.batches() {
            writer
                .write(&portable_batch(&schema, batch)?)
                .map_err(failed)?;
        }
    }
    writer.into_inner().map_err(failed)
}

fn portable_schema(schema: &SchemaRef) -> Result<SchemaRef, TableError> {
    schema::check_names(schema.fields().iter().map(|field| field.name().as_str()))?;
    let portable_field = |field: &FieldRef| match profile::portable(field.data_type()) {
        Some(data_type) if data_type == *field.data_type() => Ok(field.clone()),
        Some(data_type) => Ok(Arc::new(field.as_ref().clone().with_data_type(data_type))),
        None => Err(TableError::new(format!(
            "column {} has a type outside of the profile",
            Quoted(field.name())
        ))
        .expecting(profile::EXPECTED)
        .finding(profile::type_name(field.data_type()))),
    };
    let fields = schema.fields().iter().map(portable_field);
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Schema::new_with_metadata(
        fields,
        schema.metadata().clone(),
    )))
}

fn portable_batch(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, TableError> {
    let arrays = batch.columns().iter().map(portable_array);
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema.clone(), arrays).map_err(failed)
}

fn portable_array(array: &ArrayRef) -> Result<ArrayRef, TableError> {
    let DataType::Dictionary(index, _) = array.data_type() else {
        return text::plain(array);
    };
    let old = array.as_any_dictionary().values();
    let values = text::plain(old)?;
    if values.data_type() == old.data_type() && values.nulls().is_none() {
        return Ok(array.clone());
    }
    // No row uses a value that is null once its own null says so: then the value may as well be an empty text.
    let rows = array.logical_nulls();
    let values = values
        .to_data()
        .into_builder()
        .nulls(None)
        .build()
        .map_err(failed)?;
    let plain = DataType::Dictionary(index.clone(), Box::new(DataType::Utf8));
    let data = array
        .to_data()
        .into_builder()
        .data_type(plain)
        .nulls(rows)
        .child_data(vec![values]);
    data.build().map(make_array).map_err(failed)
}

/// About the length of the stream, so that it grows in one place: values, and what stands around them.
fn expected_length(table: &Table) -> usize {
    let columns = table.schema().fields().len();
    let metadata = 1024 + 256 * columns;
    let values = table
        .batches()
        .iter()
        .flat_map(RecordBatch::columns)
        .map(|array| {
            let data = array.to_data();
            128 + data.get_slice_memory_size().unwrap_or_default()
        });
    metadata + values.sum::<usize>()
}

fn failed(error: ArrowError) -> TableError {
    TableError::new("the table cannot be written as an Arrow IPC stream").finding(error)
}
