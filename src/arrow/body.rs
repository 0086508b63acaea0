//! The body of a message: its bytes, cut into columns as the message's metadata says, and as far as that is true.

use std::iter::Flatten;
use std::option;

use arrow_array::{ArrayRef, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_ipc::{Buffer as Span, CompressionType, FieldNode, RecordBatch};
use arrow_schema::DataType;
use flatbuffers::Vector;

use super::error::Quoted;
use super::{TableError, profile, text};

/// One column may have this many data buffers under its views; each costs memory even where it is empty.
const MOST_VIEW_BUFFERS: i64 = 65_536;

/// How often views may use the same bytes, on average. Each use is checked anew, so this bounds the time of it.
const MOST_VIEW_USES: usize = 1024;

/// What is left to read of a message's body.
pub(super) struct Body<'a> {
    /// Where in the stream the message starts, for error messages.
    at: usize,
    rows: usize,
    bytes: Buffer,
    /// How many of `bytes` no buffer had yet. Buffers that share bytes could stand for far more than the stream.
    unclaimed: usize,
    nodes: Flatten<option::IntoIter<Vector<'a, FieldNode>>>,
    spans: Flatten<option::IntoIter<Vector<'a, Span>>>,
    view_buffers: Flatten<option::IntoIter<Vector<'a, i64>>>,
}

impl<'a> Body<'a> {
    /// # Errors
    /// The body is compressed, or its number of rows is none.
    pub(super) fn new(
        at: usize,
        metadata: RecordBatch<'a>,
        bytes: Buffer,
    ) -> Result<Self, TableError> {
        if let Some(compression) = metadata.compression() {
            let found = match compression.codec() {
                CompressionType::LZ4_FRAME => "LZ4".to_owned(),
                CompressionType::ZSTD => "ZSTD".to_owned(),
                other => format!("codec {}", other.0),
            };
            return Err(TableError::new(format!(
                "the body of the message at byte {at} is compressed"
            ))
            .expecting("no compression")
            .finding(found));
        }
        let rows = usize::try_from(metadata.length()).map_err(|_| {
            TableError::new(format!("the message at byte {at} lies about its rows"))
                .finding(metadata.length())
        })?;
        Ok(Self {
            at,
            rows,
            unclaimed: bytes.len(),
            bytes,
            nodes: metadata.nodes().into_iter().flatten(),
            spans: metadata.buffers().into_iter().flatten(),
            view_buffers: metadata.variadicBufferCounts().into_iter().flatten(),
        })
    }

    /// How many rows the message says that it has. It holds once a column was read.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The next column, fully validated, which is of a type that the schema gave; for a dictionary-encoded one, of
    /// its indices' type.
    ///
    /// # Errors
    /// A length, count or offset that does not fit the bytes, or values that are none of this type.
    pub(super) fn column(
        &mut self,
        name: &str,
        data_type: &DataType,
    ) -> Result<ArrayRef, TableError> {
        let Some(node) = self.nodes.next() else {
            return Err(self
                .error("has too few columns")
                .finding(format!("no column {}", Quoted(name))));
        };
        if usize::try_from(node.length()) != Ok(self.rows) {
            return Err(self
                .error(&format!("lies about the length of column {}", Quoted(name)))
                .expecting(format!("{} rows", self.rows))
                .finding(node.length()));
        }
        let nulls = self.nulls(name, node.null_count())?;
        let buffers = match data_type {
            DataType::Boolean => vec![self.sized(name, self.rows.div_ceil(8))?],
            DataType::Utf8 | DataType::Binary => self.offsets_and_values(name, 4)?,
            DataType::LargeUtf8 | DataType::LargeBinary => self.offsets_and_values(name, 8)?,
            DataType::Utf8View | DataType::BinaryView => self.views(name, nulls.as_ref())?,
            other => {
                let width = other.primitive_width().ok_or_else(|| {
                    TableError::new(format!(
                        "column {} has a type outside of the profile",
                        Quoted(name)
                    ))
                    .expecting(profile::EXPECTED)
                    .finding(profile::type_name(other))
                })?;
                vec![self.sized(name, self.rows.saturating_mul(width))?]
            }
        };
        let build = |data_type: &DataType| {
            ArrayData::builder(data_type.clone())
                .len(self.rows)
                .nulls(nulls.clone())
                .buffers(buffers.clone())
                .align_buffers(true)
                .build()
                .map(make_array)
        };
        build(data_type).or_else(|error| {
            let bytes = match data_type {
                DataType::Utf8 => build(&DataType::Binary).ok(),
                DataType::LargeUtf8 => build(&DataType::LargeBinary).ok(),
                _ => None,
            };
            bytes
                .and_then(|bytes| text::visible(&bytes))
                .ok_or_else(|| {
                    self.error(&format!("has no valid values in column {}", Quoted(name)))
                        .expecting(profile::type_name(data_type))
                        .finding(error)
                })
        })
    }

    /// # Errors
    /// The message has more columns than the schema.
    pub(super) fn finish(mut self) -> Result<(), TableError> {
        let rest = [
            ("columns", self.nodes.by_ref().count()),
            ("buffers", self.spans.by_ref().count()),
            ("counts of view buffers", self.view_buffers.by_ref().count()),
        ];
        match rest.iter().find(|(_, count)| *count > 0) {
            None => Ok(()),
            Some((what, count)) => Err(self
                .error(&format!("has too many {what}"))
                .finding(format!("{count} more"))),
        }
    }

    fn error(&self, what: &str) -> TableError {
        TableError::new(format!("the message at byte {} {what}", self.at))
    }

    /// The validity bitmap. It must say what the metadata says: readers differ in which of the two they believe.
    fn nulls(&mut self, name: &str, count: i64) -> Result<Option<NullBuffer>, TableError> {
        let bits = self.buffer(name)?;
        if bits.is_empty() && count == 0 {
            return Ok(None);
        }
        let bits = self.cut(name, &bits, self.rows.div_ceil(8))?;
        let nulls = NullBuffer::new(BooleanBuffer::new(bits, 0, self.rows));
        if i64::try_from(nulls.null_count()) != Ok(count) {
            return Err(self
                .error(&format!("lies about the nulls of column {}", Quoted(name)))
                .expecting(format!("{} as its bitmap has", nulls.null_count()))
                .finding(count));
        }
        Ok((count > 0).then_some(nulls))
    }

    fn offsets_and_values(&mut self, name: &str, width: usize) -> Result<Vec<Buffer>, TableError> {
        let needed = match self.rows {
            // Nothing has no end: some writers leave its one offset out.
            0 => 0,
            rows => rows.saturating_add(1).saturating_mul(width),
        };
        Ok(vec![self.sized(name, needed)?, self.buffer(name)?])
    }

    /// The views, and the data buffers that they point to.
    fn views(&mut self, name: &str, nulls: Option<&NullBuffer>) -> Result<Vec<Buffer>, TableError> {
        let Some(count) = self.view_buffers.next() else {
            return Err(self.error(&format!(
                "has no count of buffers for column {}",
                Quoted(name)
            )));
        };
        if !(0..=MOST_VIEW_BUFFERS).contains(&count) {
            return Err(self
                .error(&format!(
                    "has no valid count of buffers for column {}",
                    Quoted(name)
                ))
                .expecting(format!("0 to {MOST_VIEW_BUFFERS}"))
                .finding(count));
        }
        let mut views = self.sized(name, self.rows.saturating_mul(16))?;
        let (list, _) = views.as_chunks::<16>();
        let is_null = |row| nulls.is_some_and(|nulls| nulls.is_null(row));
        let mut used = 0_usize;
        let mut hidden = false;
        for (row, view) in list.iter().enumerate() {
            if is_null(row) {
                hidden |= view != &[0; 16];
            } else {
                // The length stands in the lowest 32 bits; up to 12 bytes stand in the view itself.
                let length = u128::from_le_bytes(*view) as u32;
                used = used.saturating_add(if length > 12 { length as usize } else { 0 });
            }
        }
        if used > self.bytes.len().saturating_mul(MOST_VIEW_USES) {
            return Err(self
                .error(&format!(
                    "uses its bytes too often in column {}",
                    Quoted(name)
                ))
                .expecting(format!("{MOST_VIEW_USES} times"))
                .finding(format!("{used} bytes in all")));
        }
        if hidden {
            // Under a null anything may stand, but arrow-rs wants valid views there too.
            let clean = list
                .iter()
                .enumerate()
                .map(|(row, view)| match is_null(row) {
                    true => 0,
                    false => u128::from_le_bytes(*view),
                });
            let mut cleaned = Vec::with_capacity(self.rows);
            cleaned.extend(clean);
            views = Buffer::from_vec(cleaned);
        }
        let mut buffers = vec![views];
        for _ in 0..count {
            buffers.push(self.buffer(name)?);
        }
        Ok(buffers)
    }

    /// The next buffer, as far as the rows need it: arrow-rs panics on half a value at the end of one.
    fn sized(&mut self, name: &str, needed: usize) -> Result<Buffer, TableError> {
        let buffer = self.buffer(name)?;
        self.cut(name, &buffer, needed)
    }

    fn cut(&self, name: &str, buffer: &Buffer, needed: usize) -> Result<Buffer, TableError> {
        if buffer.len() < needed {
            return Err(self
                .error(&format!("has too few bytes for column {}", Quoted(name)))
                .expecting(format!("{needed} for {} rows", self.rows))
                .finding(buffer.len()));
        }
        Ok(buffer.slice_with_length(0, needed))
    }

    /// The next buffer, wherever in the body it lies.
    fn buffer(&mut self, name: &str) -> Result<Buffer, TableError> {
        let Some(span) = self.spans.next() else {
            return Err(self.error(&format!("has too few buffers for column {}", Quoted(name))));
        };
        let start = usize::try_from(span.offset()).ok();
        let start = start.filter(|start| start.is_multiple_of(8));
        let length = usize::try_from(span.length()).ok();
        let within = start.zip(length).filter(|(start, length)| {
            start
                .checked_add(*length)
                .is_some_and(|end| end <= self.bytes.len())
        });
        let Some((start, length)) = within else {
            return Err(self
                .error(&format!(
                    "has a buffer outside of its body, for column {}",
                    Quoted(name)
                ))
                .expecting(format!(
                    "a start at a multiple of 8, an end up to {}",
                    self.bytes.len()
                ))
                .finding(format!("{} bytes from {} on", span.length(), span.offset())));
        };
        let Some(unclaimed) = self.unclaimed.checked_sub(length) else {
            return Err(self.error(&format!(
                "has buffers that share bytes, one of them of column {}",
                Quoted(name)
            )));
        };
        self.unclaimed = unclaimed;
        Ok(self.bytes.slice_with_length(start, length))
    }
}
