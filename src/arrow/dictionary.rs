//! The dictionaries of a stream: first ones, those that replace them, and deltas.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{Array, ArrayRef, DictionaryArray, downcast_integer};
use arrow_ipc::DictionaryBatch;
use arrow_schema::ArrowError;

use super::TableError;
use super::body::Body;
use super::frame::Frame;
use super::schema::Columns;

/// One dictionary message.
pub(super) struct Part {
    at: usize,
    id: i64,
    is_delta: bool,
    values: ArrayRef,
}

impl Part {
    /// # Errors
    /// A dictionary that no column uses, or values that do not fit their bytes or type.
    pub(super) fn new(
        columns: &Columns,
        frame: &Frame<'_>,
        metadata: DictionaryBatch<'_>,
    ) -> Result<Self, TableError> {
        let (at, id) = (frame.at, metadata.id());
        let data_type = columns.values.get(&id).ok_or_else(|| {
            TableError::new(format!(
                "the message at byte {at} is a dictionary of no column"
            ))
            .finding(format!("id {id}"))
        })?;
        let data = metadata.data().ok_or_else(|| {
            TableError::new(format!(
                "the message at byte {at} is a dictionary without values"
            ))
        })?;
        let mut body = Body::new(at, data, frame.body.clone())?;
        let values = body.column(&format!("dictionary {id}"), data_type)?;
        body.finish()?;
        Ok(Self {
            at,
            id,
            is_delta: metadata.isDelta(),
            values,
        })
    }
}

/// For each part the dictionary as it is from there on.
///
/// A dictionary and all of its deltas are put together once, and each batch sees as much of that as was there before
/// it. Joining delta by delta would copy the dictionary each time, and keep each copy alive in the batches between.
///
/// # Errors
/// A delta comes before its dictionary, or the values are too many for one array.
pub(super) fn join(parts: &[Part]) -> Result<Vec<ArrayRef>, TableError> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut open = BTreeMap::new();
    for (index, part) in parts.iter().enumerate() {
        match open
            .get(&part.id)
            .and_then(|run: &usize| runs.get_mut(*run))
        {
            Some(run) if part.is_delta => run.push(index),
            None if part.is_delta => {
                return Err(TableError::new(format!(
                    "the message at byte {} adds to a dictionary that never came",
                    part.at
                ))
                .finding(format!("id {}", part.id)));
            }
            _ => {
                open.insert(part.id, runs.len());
                runs.push(vec![index]);
            }
        }
    }
    let mut states: Vec<ArrayRef> = parts.iter().map(|part| part.values.clone()).collect();
    for run in runs.iter().filter(|run| run.len() > 1) {
        let pieces: Vec<&dyn Array> = run
            .iter()
            .map(|index| parts[*index].values.as_ref())
            .collect();
        let whole = arrow_select::concat::concat(&pieces).map_err(|error| {
            TableError::new("a dictionary and its deltas are too long together").finding(error)
        })?;
        let mut length = 0;
        for index in run {
            length += parts[*index].values.len();
            states[*index] = whole.slice(0, length);
        }
    }
    Ok(states)
}

/// A column of `indices` into `values`.
///
/// # Errors
/// An index that is not null is outside of the values.
pub(super) fn encode(indices: &ArrayRef, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
    fn typed<K: ArrowDictionaryKeyType>(
        indices: &ArrayRef,
        values: ArrayRef,
    ) -> Result<ArrayRef, ArrowError> {
        let array = DictionaryArray::try_new(indices.as_primitive::<K>().clone(), values)?;
        Ok(Arc::new(array))
    }
    macro_rules! typed_as {
        ($index:ty) => {
            typed::<$index>(indices, values)
        };
    }
    downcast_integer! {
        indices.data_type() => (typed_as),
        other => Err(ArrowError::SchemaError(format!("indices of type {other}")))
    }
}
