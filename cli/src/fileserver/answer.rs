//! The bodies of answers, files among them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, EXPIRES, HeaderName,
    LOCATION, PRAGMA, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

use super::content_type::served;
use super::error::Refusal;
use super::store::Opened;

/// An answer to a request.
pub(super) type Answer = Response<Either<Full<Bytes>, FileBody>>;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 256 * 1024;

/// 200 with a text, JSON included: Plik calls both plain text.
pub(super) fn text(body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(Either::Left(Full::new(body.into())));
    answer.headers_mut().insert(CONTENT_TYPE, TEXT);
    answer
}

/// A status alone.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::new(Either::Left(Full::default()));
    *answer.status_mut() = status;
    answer
}

/// 301 to `location`.
pub(super) fn moved(location: &str) -> Answer {
    let mut answer = empty(StatusCode::MOVED_PERMANENTLY);
    answer
        .headers_mut()
        .insert(LOCATION, header_text(location.as_bytes()));
    answer
}

/// The status and the reason of a refusal.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    let mut answer = text(format!("{}\n", refusal.message));
    *answer.status_mut() = refusal.status;
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"plik\""),
        );
    }
    answer
}

/// A file, or its head alone. With `as_attachment` a browser saves it in place of showing it.
pub(super) fn file(opened: Opened, as_attachment: bool) -> Answer {
    let size = u64::try_from(opened.file.size).unwrap_or_default();
    let is_head = opened.content.is_none();
    let body = match opened.content {
        Some(content) => Either::Right(FileBody {
            file: File::from_std(content),
            remaining: size,
            buffer: BytesMut::new(),
        }),
        None => Either::Left(Full::default()),
    };
    let mut answer = Answer::new(body);
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        header_text(served(&opened.file.content_type).as_bytes()),
    );
    let kind = if as_attachment { "attachment; " } else { "" };
    let name = opened.file.name.replace('\\', "\\\\").replace('"', "\\\"");
    headers.insert(
        CONTENT_DISPOSITION,
        header_text(format!("{kind}filename=\"{name}\"").as_bytes()),
    );
    if is_head && size > 0 {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    if opened.one_shot {
        let never: [(HeaderName, &str); 3] = [
            (CACHE_CONTROL, "no-cache, no-store, must-revalidate"),
            (PRAGMA, "no-cache"),
            (EXPIRES, "0"),
        ];
        for (name, value) in never {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    answer
}

/// A header's value; what may not stand in one becomes a space.
fn header_text(value: &[u8]) -> HeaderValue {
    let clean: Vec<u8> = value
        .iter()
        .map(|b| if b.is_ascii_control() { b' ' } else { *b })
        .collect();
    HeaderValue::from_bytes(&clean).unwrap_or(HeaderValue::from_static(""))
}

/// The bytes of a file, read as they are sent.
pub(super) struct FileBody {
    file: File,
    remaining: u64,
    buffer: BytesMut,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        if body.remaining == 0 {
            return Poll::Ready(None);
        }
        let wanted = usize::try_from(body.remaining).unwrap_or(CHUNK).min(CHUNK);
        if body.buffer.len() < wanted {
            body.buffer = BytesMut::zeroed(wanted);
        }
        let mut space = ReadBuf::new(body.buffer.get_mut(..wanted).unwrap_or_default());
        ready!(Pin::new(&mut body.file).poll_read(cx, &mut space))?;
        let read = space.filled().len();
        if read == 0 {
            // The connection is cut, so that the client sees that bytes are missing.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        body.remaining -= read as u64;
        Poll::Ready(Some(Ok(Frame::data(body.buffer.split_to(read).freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
