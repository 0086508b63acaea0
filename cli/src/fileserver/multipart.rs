//! A multipart body, read as it arrives.
//!
//! Memory stays bounded whatever the client sends: a part's data is handed on frame by frame, and the
//! lines between parts have a limit. At most one frame and one delimiter are held at a time.

use std::fmt;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use memchr::memmem;

use super::parameters::Parameters;

/// The most bytes that the header lines of one part may have.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// The longest boundary (RFC 2046, 5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;

/// The parts of a multipart body, in order.
pub(super) struct Multipart<B> {
    body: B,
    buffered: Bytes,
    /// `\r\n--boundary`.
    delimiter: memmem::Finder<'static>,
    /// The head of a part was read and its blank line's end still stands before the data.
    fresh: bool,
    ended: bool,
}

/// What the head of a part says of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// The name of the form's field.
    pub(super) name: Option<String>,
    /// The last component of the file's name, which may be `..`, `/` or anything else: a text, not a path.
    pub(super) file_name: Option<String>,
}

/// Why a multipart body can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InvalidMultipart {
    /// The request has another type.
    NotMultipart,
    /// The type has no usable `boundary`.
    NoBoundary,
    /// A line between parts is malformed.
    Malformed,
    /// The body ends, or the connection breaks, before the last delimiter.
    CutShort,
    /// The header lines of a part are longer than the limit.
    TooLong,
}

impl<B> Multipart<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    /// Takes the boundary from the value of the request's `Content-Type`, empty if it has none.
    pub(super) fn new(content_type: &[u8], body: B) -> Result<Self, InvalidMultipart> {
        let parsed = Parameters::parse(content_type).ok_or(InvalidMultipart::NotMultipart)?;
        if !matches!(
            parsed.kind.as_str(),
            "multipart/form-data" | "multipart/mixed"
        ) {
            return Err(InvalidMultipart::NotMultipart);
        }
        let boundary = parsed.value("boundary").unwrap_or_default();
        if boundary.is_empty() || boundary.len() > MAX_BOUNDARY_BYTES {
            return Err(InvalidMultipart::NoBoundary);
        }
        let delimiter = format!("\r\n--{boundary}");
        Ok(Self {
            body,
            // The first delimiter may open the body, without a line before it.
            buffered: Bytes::from_static(b"\r\n"),
            delimiter: memmem::Finder::new(delimiter.as_bytes()).into_owned(),
            fresh: false,
            ended: false,
        })
    }

    /// Skips what is left of the current part and reads the next one's head; `None` after the last.
    pub(super) async fn next_part(&mut self) -> Result<Option<Part>, InvalidMultipart> {
        if self.ended {
            return Ok(None);
        }
        while self.chunk().await?.is_some() {}
        self.skip(self.delimiter.needle().len());
        while self.buffered.len() < 2 {
            self.require_more().await?;
        }
        if self.buffered.starts_with(b"--") {
            self.ended = true;
            return Ok(None);
        }
        // Each line end is left in place: it may belong to the blank line that ends an empty head, and
        // the blank line's own to the delimiter of an empty part.
        let padding = self.take_until(b"\r\n").await?;
        if padding.iter().any(|b| !b" \t".contains(b)) {
            return Err(InvalidMultipart::Malformed);
        }
        let head = self.take_until(b"\r\n\r\n").await?;
        self.skip(2);
        self.fresh = true;
        Part::parse(&head).map(Some)
    }

    /// The next bytes of the current part, never empty; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, InvalidMultipart> {
        let length = self.delimiter.needle().len();
        if self.fresh {
            while self.buffered.len() < length
                && self.delimiter.needle().starts_with(&self.buffered)
            {
                self.require_more().await?;
            }
            if !self.buffered.starts_with(self.delimiter.needle()) {
                self.skip(2);
            }
            self.fresh = false;
        }
        loop {
            match self.delimiter.find(&self.buffered) {
                Some(at) => match self.buffered.get(at + length) {
                    Some(b' ' | b'\t' | b'\r' | b'\n' | b'-') if at == 0 => return Ok(None),
                    Some(b' ' | b'\t' | b'\r' | b'\n' | b'-') => {
                        return Ok(Some(self.buffered.split_to(at)));
                    }
                    // Data that merely begins like the delimiter.
                    Some(_) => return Ok(Some(self.buffered.split_to(at + length))),
                    None if at > 0 => return Ok(Some(self.buffered.split_to(at))),
                    None => {}
                },
                None => {
                    let end = self.buffered.len() - self.possible_delimiter();
                    if end > 0 {
                        return Ok(Some(self.buffered.split_to(end)));
                    }
                }
            }
            self.require_more().await?;
        }
    }

    /// How many of the last bytes may be the beginning of a delimiter.
    fn possible_delimiter(&self) -> usize {
        let needle = self.delimiter.needle();
        let start = self.buffered.len().saturating_sub(needle.len() - 1);
        let tail = self.buffered.get(start..).unwrap_or_default();
        memchr::memchr_iter(b'\r', tail)
            .filter_map(|at| tail.get(at..))
            .find(|rest| needle.starts_with(rest))
            .map_or(0, <[u8]>::len)
    }

    /// Everything before `end`, which stays.
    async fn take_until(&mut self, end: &[u8]) -> Result<Bytes, InvalidMultipart> {
        loop {
            if let Some(at) = memmem::find(&self.buffered, end) {
                return Ok(self.buffered.split_to(at));
            }
            if self.buffered.len() > MAX_HEADER_BYTES {
                return Err(InvalidMultipart::TooLong);
            }
            self.require_more().await?;
        }
    }

    fn skip(&mut self, count: usize) {
        let count = count.min(self.buffered.len());
        drop(self.buffered.split_to(count));
    }

    /// Adds one frame to what is buffered; the end of the body is an error here.
    async fn require_more(&mut self) -> Result<(), InvalidMultipart> {
        loop {
            let frame = match self.body.frame().await {
                Some(Ok(frame)) => frame,
                Some(Err(_)) | None => return Err(InvalidMultipart::CutShort),
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if self.buffered.is_empty() {
                self.buffered = data;
            } else {
                let mut joined = BytesMut::with_capacity(self.buffered.len() + data.len());
                joined.extend_from_slice(&self.buffered);
                joined.extend_from_slice(&data);
                self.buffered = joined.freeze();
            }
            return Ok(());
        }
    }
}

impl Part {
    /// Reads the lines of a part's head, each with the line end before it.
    fn parse(head: &[u8]) -> Result<Self, InvalidMultipart> {
        let text = String::from_utf8_lossy(head);
        // A line that begins with white space goes on where the one before it ended.
        let unfolded = text.replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut part = Self::default();
        for line in unfolded.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(InvalidMultipart::Malformed)?;
            if value.contains(|c: char| c.is_ascii_control() && c != '\t') {
                return Err(InvalidMultipart::Malformed);
            }
            if !name.trim().eq_ignore_ascii_case("content-disposition") {
                continue;
            }
            let Some(parsed) = Parameters::parse(value.as_bytes()) else {
                continue;
            };
            if parsed.kind == "form-data" {
                part.name = parsed.value("name").map(str::to_owned);
            }
            part.file_name = parsed
                .value("filename")
                .filter(|n| !n.is_empty())
                .map(last_component);
        }
        Ok(part)
    }
}

impl fmt::Display for InvalidMultipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotMultipart => "request Content-Type isn't multipart/form-data",
            Self::NoBoundary => "no multipart boundary param in Content-Type",
            Self::Malformed => "malformed part",
            Self::CutShort => "unexpected end of the body",
            Self::TooLong => "header of a part too long",
        })
    }
}

/// Clients send whole paths; only what stands after the last slash is the name.
fn last_component(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// A body that arrives in the given pieces.
    struct Pieces(Box<dyn Iterator<Item = Vec<u8>>>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece.into()))))
        }
    }

    type Read = Result<Vec<(Part, Vec<u8>)>, InvalidMultipart>;

    fn read(pieces: impl IntoIterator<Item = Vec<u8>> + 'static) -> Read {
        let pieces = Pieces(Box::new(pieces.into_iter()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("runtime");
        runtime.block_on(async {
            let mut multipart = Multipart::new(b"multipart/form-data; boundary=XY", pieces)?;
            let mut parts = Vec::new();
            while let Some(part) = multipart.next_part().await? {
                let mut data = Vec::new();
                while let Some(chunk) = multipart.chunk().await? {
                    assert!(!chunk.is_empty());
                    data.extend_from_slice(&chunk);
                }
                parts.push((part, data));
            }
            Ok(parts)
        })
    }

    fn part(name: &str, file_name: Option<&str>) -> Part {
        Part {
            name: Some(name.to_owned()),
            file_name: file_name.map(str::to_owned),
        }
    }

    const BODY: &[u8] = b"preamble --XY\r\n--XY \t\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--XYZ\r\n--X\r\r\n--XY\r\n\
        content-disposition: form-data; name=\"file\";\r\n filename=\"d/e.txt\"\r\nX: y\r\n\r\n\r\n--XY\r\n\
        Content-Disposition: form-data; name=b\r\n\r\n--XY\r\n\r\nheadless\r\n--XY--\r\nepilogue";

    fn expected() -> Vec<(Part, Vec<u8>)> {
        vec![
            (part("a", None), b"\r\n--XYZ\r\n--X\r".to_vec()),
            (part("file", Some("e.txt")), Vec::new()),
            (part("b", None), Vec::new()),
            (Part::default(), b"headless".to_vec()),
        ]
    }

    #[test]
    fn parts_survive_every_way_of_cutting_the_body() {
        assert_eq!(read([BODY.to_vec()]), Ok(expected()));
        assert_eq!(read(BODY.iter().map(|b| vec![*b])), Ok(expected()));
        for at in 0..BODY.len() {
            let (head, tail) = BODY.split_at(at);
            assert_eq!(
                read([head.to_vec(), tail.to_vec()]),
                Ok(expected()),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_body_that_ends_early_is_an_error_at_every_length() {
        let last = BODY.len() - b"\r\nepilogue".len();
        for end in 0..last {
            assert_eq!(
                read([BODY[..end].to_vec()]),
                Err(InvalidMultipart::CutShort),
                "{end}"
            );
        }
    }

    #[test]
    fn other_types_and_malformed_heads_are_refused() {
        let of = |content_type: &[u8]| {
            Multipart::new(content_type, Pieces(Box::new(std::iter::empty()))).err()
        };
        assert_eq!(of(b"text/plain"), Some(InvalidMultipart::NotMultipart));
        assert_eq!(of(b""), Some(InvalidMultipart::NotMultipart));
        assert_eq!(
            of(b"multipart/form-data"),
            Some(InvalidMultipart::NoBoundary)
        );
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        assert_eq!(of(long.as_bytes()), Some(InvalidMultipart::NoBoundary));
        assert_eq!(
            read([b"--XY junk\r\n\r\n\r\n--XY--".to_vec()]),
            Err(InvalidMultipart::Malformed)
        );
        assert_eq!(
            read([b"--XY\r\nno colon\r\n\r\n\r\n--XY--".to_vec()]),
            Err(InvalidMultipart::Malformed)
        );
        assert_eq!(
            read([
                b"--XY\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\n\r\n--XY--".to_vec()
            ]),
            Err(InvalidMultipart::Malformed)
        );
    }

    #[test]
    fn an_endless_head_is_refused_without_being_kept() {
        let lines = std::iter::repeat_n(b"X: aaaaaaaaaaaaaaaaaaaaaaaaa\r\n".to_vec(), 1_000_000);
        let body = std::iter::once(b"--XY\r\n".to_vec()).chain(lines);
        let pieces = Pieces(Box::new(body));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("runtime");
        let mut multipart =
            Multipart::new(b"multipart/form-data; boundary=XY", pieces).expect("boundary");
        assert_eq!(
            runtime.block_on(multipart.next_part()),
            Err(InvalidMultipart::TooLong)
        );
    }

    #[test]
    fn only_the_last_component_of_a_path_is_kept() {
        for (path, name) in [
            ("a.txt", "a.txt"),
            ("../../etc/passwd", "passwd"),
            ("a/b/", "b"),
            ("..", ".."),
            ("/", "/"),
            ("//", "/"),
            ("c:\\d", "c:\\d"),
        ] {
            assert_eq!(last_component(path), name);
        }
    }
}
