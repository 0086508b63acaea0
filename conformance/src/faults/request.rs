//! Requests as they come.

use super::connection::{Connection, Gone};

/// The head of a request.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    pub(super) has_query: bool,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
}

/// What is left of a request's body.
pub(super) struct Body {
    rest: Rest,
    /// The first bytes, as far as they are kept.
    pub(super) kept: Vec<u8>,
    pub(super) is_whole: bool,
}

enum Rest {
    /// So many bytes.
    Length(u64),
    /// So many bytes of this chunk; none between chunks.
    Chunk(Option<u64>),
}

const MAX_HEAD: usize = 32 * 1024;
const MAX_HEADERS: usize = 64;
const MAX_CHUNK_LINE: usize = 1024;
/// Bytes of a body that are kept.
const MAX_KEPT: usize = 32 << 20;
/// Bytes of a body that are read.
const MAX_BODY: u64 = 256 << 20;

impl Head {
    /// Reads the head of a request; `None` for one that is no HTTP or does not come.
    pub(super) fn read(connection: &mut Connection) -> Option<Head> {
        loop {
            if let Some((length, head)) = Head::parse(connection.ahead())? {
                connection.consume(length);
                return Some(head);
            }
            let is_too_long = connection.ahead().len() > MAX_HEAD;
            if is_too_long || !connection.fill().ok()? {
                return None;
            }
        }
    }

    /// `Some(None)` for the beginning of a head.
    fn parse(bytes: &[u8]) -> Option<Option<(usize, Head)>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes).ok()? else {
            return Some(None);
        };
        let target = request.path.unwrap_or_default();
        // Of a proxy's request, the target is a whole URL.
        let target = match target
            .strip_prefix("http://")
            .and_then(|rest| rest.find('/').map(|at| &rest[at..]))
        {
            Some(path) => path,
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |header: &httparse::Header<'_>| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        };
        let head = Head {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            has_query: !query.is_empty(),
            headers: request.headers.iter().map(header).collect(),
        };
        Some(Some((length, head)))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Body {
    pub(super) fn new(head: &Head) -> Self {
        let is_chunked = head
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let length = head
            .header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        Body {
            rest: if is_chunked {
                Rest::Chunk(None)
            } else {
                Rest::Length(length)
            },
            kept: Vec::new(),
            is_whole: !is_chunked && length == 0,
        }
    }

    /// Reads at most so many bytes; 0 at the end.
    pub(super) fn take(&mut self, connection: &mut Connection, most: u64) -> Result<u64, Gone> {
        if self.is_whole || most == 0 {
            return Ok(0);
        }
        let left = match self.rest {
            Rest::Length(left) => left,
            Rest::Chunk(Some(left)) => left,
            Rest::Chunk(None) => {
                let size = chunk_size(connection)?;
                if size == 0 {
                    self.is_whole = true;
                    return Ok(0);
                }
                size
            }
        };
        if connection.ahead().is_empty() && !connection.fill()? {
            return Err(Gone::Client);
        }
        let bytes = connection.consume(usize::try_from(left.min(most)).unwrap_or(usize::MAX));
        let taken = bytes.len() as u64;
        let left = left - taken;
        self.rest = match self.rest {
            Rest::Length(_) => Rest::Length(left),
            Rest::Chunk(_) if left == 0 => {
                line(connection)?;
                Rest::Chunk(None)
            }
            Rest::Chunk(_) => Rest::Chunk(Some(left)),
        };
        self.is_whole = matches!(self.rest, Rest::Length(0));
        if self.kept.len() + bytes.len() <= MAX_KEPT {
            self.kept.extend_from_slice(&bytes);
        }
        let mut received = 0;
        connection.note(|entry| {
            entry.received += taken;
            received = entry.received;
        });
        match received > MAX_BODY {
            true => Err(Gone::Expired),
            false => Ok(taken),
        }
    }

    /// Reads at most so many bytes in all; as much as there is unless told.
    pub(super) fn take_all(
        &mut self,
        connection: &mut Connection,
        most: Option<u64>,
    ) -> Result<(), Gone> {
        let mut left = most.unwrap_or(u64::MAX);
        while !self.is_whole && left > 0 {
            left -= self.take(connection, left)?;
        }
        Ok(())
    }
}

fn chunk_size(connection: &mut Connection) -> Result<u64, Gone> {
    let text = line(connection)?;
    let digits = text.split(';').next().unwrap_or_default().trim();
    let size = u64::from_str_radix(digits, 16).map_err(|_| Gone::Client)?;
    if size == 0 {
        // Trailers, up to an empty line.
        while !line(connection)?.is_empty() {}
    }
    Ok(size)
}

fn line(connection: &mut Connection) -> Result<String, Gone> {
    loop {
        if let Some(end) = connection
            .ahead()
            .windows(2)
            .position(|pair| pair == b"\r\n")
        {
            let bytes = connection.consume(end + 2);
            return Ok(String::from_utf8_lossy(&bytes[..end]).into_owned());
        }
        if connection.ahead().len() > MAX_CHUNK_LINE || !connection.fill()? {
            return Err(Gone::Client);
        }
    }
}
