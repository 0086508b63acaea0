//! Text and bytes that come in another form than arrow-rs, or the portable profile, has them.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, GenericStringBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{ByteArrayType, ByteViewType};
use arrow_array::{
    Array, ArrayRef, GenericBinaryArray, GenericByteArray, GenericByteViewArray, OffsetSizeTrait,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::TableError;

/// A (large) binary array as (large) utf8, without the bytes under its nulls: anything may stand there, but arrow-rs
/// wants valid text there too. `None` if a value that is not null is no text.
pub(super) fn visible(bytes: &ArrayRef) -> Option<ArrayRef> {
    bytes.nulls()?;
    match bytes.data_type() {
        DataType::Binary => visible_text::<i32>(bytes.as_binary()),
        DataType::LargeBinary => visible_text::<i64>(bytes.as_binary()),
        _ => None,
    }
}

fn visible_text<O: OffsetSizeTrait>(bytes: &GenericBinaryArray<O>) -> Option<ArrayRef> {
    let length = bytes.iter().flatten().map(<[u8]>::len).sum();
    let mut text = GenericStringBuilder::<O>::with_capacity(bytes.len(), length);
    for value in bytes {
        text.append_option(value.map(std::str::from_utf8).transpose().ok()?);
    }
    Some(Arc::new(text.finish()))
}

/// A large or view form in its plain form, `utf8` or `binary`. Any other array as it is.
///
/// # Errors
/// More bytes than the offsets of the plain form can count: 2^31-1.
pub(super) fn plain(array: &ArrayRef) -> Result<ArrayRef, TableError> {
    let plain = match array.data_type() {
        DataType::LargeUtf8 => narrow::<_, arrow_array::types::Utf8Type>(array.as_string::<i64>()),
        DataType::LargeBinary => {
            narrow::<_, arrow_array::types::BinaryType>(array.as_binary::<i64>())
        }
        DataType::Utf8View => viewed(array.as_string_view()).map(|length| {
            let mut text = StringBuilder::with_capacity(array.len(), length);
            text.extend(array.as_string_view());
            Arc::new(text.finish()) as ArrayRef
        }),
        DataType::BinaryView => viewed(array.as_binary_view()).map(|length| {
            let mut bytes = BinaryBuilder::with_capacity(array.len(), length);
            bytes.extend(array.as_binary_view());
            Arc::new(bytes.finish()) as ArrayRef
        }),
        _ => Some(array.clone()),
    };
    plain.ok_or_else(|| {
        TableError::new("a batch of a column holds too many bytes; split it into smaller batches")
            .expecting(format!("at most {}", i32::MAX))
    })
}

/// `None` if there are too many bytes.
fn narrow<L, S>(array: &GenericByteArray<L>) -> Option<ArrayRef>
where
    L: ByteArrayType<Offset = i64>,
    S: ByteArrayType<Offset = i32>,
{
    let (first, last) = (
        *array.value_offsets().first()?,
        *array.value_offsets().last()?,
    );
    i32::try_from(last - first).ok()?;
    let offsets: Option<Vec<i32>> = array
        .value_offsets()
        .iter()
        .map(|offset| i32::try_from(offset - first).ok())
        .collect();
    let start = usize::try_from(first).ok()?;
    let length = usize::try_from(last - first).ok()?;
    let values = array.values().slice_with_length(start, length);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets?));
    let array = GenericByteArray::<S>::try_new(offsets, values, array.nulls().cloned()).ok()?;
    Some(Arc::new(array))
}

/// How many bytes the values have together; `None` if that is too many.
fn viewed<V: ByteViewType>(array: &GenericByteViewArray<V>) -> Option<usize> {
    let length = array
        .iter()
        .flatten()
        .map(|value| AsRef::<[u8]>::as_ref(value).len())
        .sum::<usize>();
    i32::try_from(length).ok().map(|_| length)
}
