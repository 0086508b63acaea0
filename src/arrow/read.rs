//! A stream into a table.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow_buffer::Buffer;
use arrow_schema::DataType;
use bytes::Bytes;

use super::body::Body;
use super::dictionary::{self, Part};
use super::error::Quoted;
use super::frame::{Content, Frame, Frames};
use super::schema::Columns;
use super::{Table, TableError};

/// Reads one Arrow IPC stream, and checks all of it: lengths and offsets, the values of each type, and the end.
///
/// Columns keep their types, the large and view forms of utf8 and binary too. Metadata of the schema and of its fields
/// is kept; an extension type is read as its storage type, with the metadata that names it. A stream without columns
/// has no rows, whatever its batches say.
///
/// Buffers that are aligned in memory stay parts of `stream`, which then lives as long as the table.
///
/// # Errors
/// The file format; big-endian numbers; a compressed body; equal column names; a type outside of the portable profile
/// and of the large and view forms; no end-of-stream marker, or bytes after it; and whatever contradicts itself or
/// the bytes at hand. The error names what was found.
pub fn read(stream: Bytes) -> Result<Table, TableError> {
    let stream = Buffer::from(stream);
    let mut frames = Frames::new(&stream)?;
    let columns = match frames.next().transpose()?.map(|frame| frame.content) {
        Some(Content::Schema(schema)) => Columns::new(schema)?,
        _ => return Err(TableError::new("the stream does not start with its schema")),
    };

    // A delta may come after batches that use the dictionary it adds to: so all of them are read before any batch.
    let mut parts = Vec::new();
    for frame in frames.clone() {
        let frame = frame?;
        match frame.content {
            Content::Dictionary(metadata) => parts.push(Part::new(&columns, &frame, metadata)?),
            Content::Batch(_) => {}
            Content::Schema(_) => {
                return Err(TableError::new("the stream has a second schema")
                    .finding(format!("a schema at byte {}", frame.at)));
            }
        }
    }
    let mut states = dictionary::join(&parts)?.into_iter();

    let mut dictionaries = BTreeMap::new();
    let mut batches = Vec::new();
    for frame in frames {
        let frame = frame?;
        match frame.content {
            Content::Dictionary(metadata) => {
                dictionaries.extend(states.next().map(|values| (metadata.id(), values)));
            }
            Content::Batch(metadata) => {
                let body = Body::new(frame.at, metadata, frame.body.clone())?;
                let batch = batch(&columns, &dictionaries, &frame, body)?;
                if batch.num_columns() > 0 {
                    batches.push(batch);
                }
            }
            Content::Schema(_) => {}
        }
    }
    Table::new(columns.schema, batches)
}

fn batch(
    columns: &Columns,
    dictionaries: &BTreeMap<i64, ArrayRef>,
    frame: &Frame<'_>,
    mut body: Body<'_>,
) -> Result<RecordBatch, TableError> {
    let mut arrays = Vec::with_capacity(columns.schema.fields().len());
    for (field, id) in columns.schema.fields().iter().zip(&columns.dictionaries) {
        let array = match (field.data_type(), id) {
            (DataType::Dictionary(index, value), Some(id)) => {
                let indices = body.column(field.name(), index)?;
                // A writer may leave the dictionary of a column of nulls out.
                let values = dictionaries.get(id).cloned();
                let values = values.unwrap_or_else(|| new_empty_array(value));
                dictionary::encode(&indices, values).map_err(|error| {
                    TableError::new(format!(
                        "the message at byte {} has no valid indices in column {}",
                        frame.at,
                        Quoted(field.name())
                    ))
                    .finding(error)
                })?
            }
            (plain, _) => body.column(field.name(), plain)?,
        };
        if !field.is_nullable() && array.null_count() > 0 {
            return Err(TableError::new(format!(
                "the message at byte {} has nulls in column {}, whose schema allows none",
                frame.at,
                Quoted(field.name())
            ))
            .finding(format!("{} nulls", array.null_count())));
        }
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(body.rows()));
    body.finish()?;
    RecordBatch::try_new_with_options(columns.schema.clone(), arrays, &options).map_err(|error| {
        TableError::new(format!(
            "the batch at byte {} does not have its schema",
            frame.at
        ))
        .finding(error)
    })
}
