//! Messages of a stream, one after the other, up to the end-of-stream marker.

use arrow_buffer::Buffer;
use arrow_ipc::{DictionaryBatch, MessageHeader, MetadataVersion, RecordBatch, Schema};
use flatbuffers::VerifierOptions;

use super::{TableError, schema};

/// What stands before a message's metadata: the continuation marker, and the metadata's length.
const PREFIX: usize = 8;
const CONTINUATION: [u8; 4] = [0xff; 4];

/// One message: its metadata, verified, and the bytes of its body.
#[derive(Clone, Debug)]
pub(super) struct Frame<'a> {
    /// Where in the stream the message starts, for error messages.
    pub(super) at: usize,
    pub(super) content: Content<'a>,
    pub(super) body: Buffer,
}

/// The kinds of message that a stream is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Schema(Schema<'a>),
    Dictionary(DictionaryBatch<'a>),
    Batch(RecordBatch<'a>),
}

/// The messages of a stream. Ends at the end-of-stream marker, after an error, and nowhere else.
#[derive(Clone, Debug)]
pub(super) struct Frames<'a> {
    stream: &'a Buffer,
    at: usize,
    ended: bool,
}

impl<'a> Frames<'a> {
    /// # Errors
    /// The bytes are of the file format.
    pub(super) fn new(stream: &'a Buffer) -> Result<Self, TableError> {
        if stream.starts_with(b"ARROW1") {
            return Err(TableError::new("an arrowtable is an Arrow IPC stream")
                .expecting("the stream format")
                .finding("the file format"));
        }
        Ok(Self {
            stream,
            at: 0,
            ended: false,
        })
    }

    /// The next `length` bytes from `from` on, if the stream has them.
    fn bytes(&self, from: usize, length: usize) -> Option<&'a [u8]> {
        self.stream.get(from..from.checked_add(length)?)
    }

    fn advance(&mut self) -> Result<Option<Frame<'a>>, TableError> {
        let at = self.at;
        let Some(&[c0, c1, c2, c3, l0, l1, l2, l3]) = self.bytes(at, PREFIX) else {
            return Err(
                TableError::new("the stream ends without its end-of-stream marker")
                    .finding(format!("{} bytes after byte {at}", self.stream.len() - at)),
            );
        };
        if [c0, c1, c2, c3] != CONTINUATION {
            return Err(
                TableError::new(format!("no message starts at byte {at} of the stream"))
                    .expecting("ff ff ff ff")
                    .finding(format!("{c0:02x} {c1:02x} {c2:02x} {c3:02x}")),
            );
        }
        let length = i32::from_le_bytes([l0, l1, l2, l3]);
        if length == 0 {
            return match self.stream.len() - at - PREFIX {
                0 => Ok(None),
                rest => Err(
                    TableError::new("the stream goes on after its end-of-stream marker")
                        .finding(format!("{rest} bytes from byte {} on", at + PREFIX)),
                ),
            };
        }
        // Multiples of 8 keep every later buffer aligned, and every writer writes them so.
        let metadata = usize::try_from(length)
            .ok()
            .filter(|length| length.is_multiple_of(8))
            .and_then(|length| self.bytes(at + PREFIX, length))
            .ok_or_else(|| {
                TableError::new(format!("the message at byte {at} lies about its metadata"))
                    .expecting(format!(
                        "a multiple of 8 up to {}",
                        self.stream.len() - at - PREFIX
                    ))
                    .finding(length)
            })?;
        let (content, body_length) = message(at, metadata)?;
        let from = at + PREFIX + metadata.len();
        let body = usize::try_from(body_length)
            .ok()
            .filter(|length| length.is_multiple_of(8))
            .and_then(|length| self.bytes(from, length))
            .ok_or_else(|| {
                TableError::new(format!("the message at byte {at} lies about its body"))
                    .expecting(format!(
                        "a multiple of 8 up to {}",
                        self.stream.len() - from
                    ))
                    .finding(body_length)
            })?;
        self.at = from + body.len();
        Ok(Some(Frame {
            at,
            content,
            body: self.stream.slice_with_length(from, body.len()),
        }))
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let frame = self.advance();
        self.ended = !matches!(frame, Ok(Some(_)));
        frame.transpose()
    }
}

/// Verifies a message's metadata, and gives its content and the length of its body, which may still be any number.
fn message(at: usize, metadata: &[u8]) -> Result<(Content<'_>, i64), TableError> {
    // A flatbuffer may point to one table or string from many places, and so stand for far more than its own size. The
    // limits leave room for what writers share (the tables' layouts): theirs have 22 bytes and more for each table, and
    // stand for 1.8 times their size.
    let limits = VerifierOptions {
        max_tables: metadata.len() / 16 + 16,
        max_apparent_size: 4 * metadata.len() + 1024,
        ..VerifierOptions::default()
    };
    let message = arrow_ipc::root_as_message_with_opts(&limits, metadata).map_err(|error| {
        let reason = error.to_string();
        TableError::new(format!(
            "the metadata of the message at byte {at} is invalid"
        ))
        .finding(reason.lines().next().unwrap_or_default())
    })?;
    let version = message.version();
    if ![MetadataVersion::V4, MetadataVersion::V5].contains(&version) {
        let found = version
            .variant_name()
            .map_or_else(|| version.0.to_string(), str::to_owned);
        return Err(TableError::new(format!(
            "the message at byte {at} has another metadata version"
        ))
        .expecting("V4 or V5")
        .finding(found));
    }
    let content = match message.header_type() {
        MessageHeader::Schema => message.header_as_schema().map(Content::Schema),
        MessageHeader::DictionaryBatch => message
            .header_as_dictionary_batch()
            .map(Content::Dictionary),
        MessageHeader::RecordBatch => message.header_as_record_batch().map(Content::Batch),
        _ => None,
    };
    let content = content.ok_or_else(|| {
        let kind = message.header_type();
        let found = kind
            .variant_name()
            .map_or_else(|| format!("kind {}", kind.0), str::to_owned);
        TableError::new(format!(
            "the message at byte {at} belongs in no stream of a table"
        ))
        .expecting("a schema, a dictionary or a record batch")
        .finding(found)
    })?;
    schema::metadata(message.custom_metadata())?;
    Ok((content, message.bodyLength()))
}
