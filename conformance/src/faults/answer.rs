//! Answers, written as a step says.

use std::io::Write;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::connection::{Connection, Gone};
use super::log::{End, Origin};
use super::step::{Fault, Framing, Location, RetryAfter, Step};

/// What would be answered without a fault.
pub(super) struct Usual {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Where this is, behind the origin.
    pub(super) path: String,
    /// Where it can be had without a fault.
    pub(super) whole_path: String,
}

/// Bytes of a body without an end.
pub(super) const POURED: u64 = 64 << 20;
/// MiB of zeros in a bomb.
const BOMB_MIB: usize = 256;

/// Writes an answer, with the fault of the step.
pub(super) fn answer(connection: &mut Connection, step: &Step, usual: Usual) -> Result<End, Gone> {
    connection.pause(step.wait)?;
    if let Some(status) = step.interim {
        connection.write_head(format!("HTTP/1.1 {status} Interim\r\n\r\n").as_bytes())?;
    }
    let Usual {
        status,
        content_type,
        body,
        ..
    } = &usual;
    let size = body.len() as u64;
    let mut head = Head::new(*status, step, content_type);
    match &step.fault {
        Fault::Ok | Fault::SlowRead(_) | Fault::NoId | Fault::Long | Fault::Html => {
            whole(connection, step, head, body)
        }
        Fault::Status(status, _) => {
            head.status = *status;
            if let Some(location) = step.location {
                head.add("Location", &location_of(connection, location, &usual));
            }
            let text = format!("the step says {status}\n");
            // A status of success comes with what would be right with 200.
            let body = match status {
                200..=203 | 205..=299 => body.as_slice(),
                204 | 304 => b"",
                _ => text.as_bytes(),
            };
            whole(connection, step, head, body)
        }
        Fault::Reset(None) => Err(connection.reset()),
        Fault::Reset(Some(at)) => {
            partly(connection, step, head, body, *at)?;
            // What was written is to arrive before the break does.
            connection.pause(Duration::from_millis(20))?;
            Err(connection.reset())
        }
        Fault::Short(at) => {
            partly(connection, step, head, body, *at)?;
            Err(Gone::Cut)
        }
        Fault::Close => Err(Gone::Cut),
        Fault::HalfHead | Fault::StuckHead => {
            let bytes = head.framed(Framing::Length, size);
            connection.write_head(&bytes[..bytes.len() / 2])?;
            Err(match step.fault {
                Fault::HalfHead => Gone::Cut,
                _ => connection.hold(),
            })
        }
        Fault::Hang(None) => Err(connection.hold()),
        Fault::Hang(Some(at)) => {
            partly(connection, step, head, body, *at)?;
            Err(connection.hold())
        }
        Fault::Length(length) => {
            head.begin(connection, Framing::Length, *length)?;
            Err(connection.hold())
        }
        Fault::Flip(at) => {
            let mut body = body.clone();
            if let Some(byte) = usize::try_from(*at).ok().and_then(|at| body.get_mut(at)) {
                *byte ^= 1;
            }
            whole(connection, step, head, &body)
        }
        Fault::Extra(more) => {
            let body = [
                body.as_slice(),
                &vec![b'+'; usize::try_from(*more).unwrap_or(0)],
            ]
            .concat();
            whole(connection, step, head, &body)
        }
        Fault::Beyond(more) => {
            head.begin(connection, step.framing, size)?;
            connection.write_body(&ended(step.framing, body))?;
            connection.write_body(&vec![b'+'; usize::try_from(*more).unwrap_or(0)])?;
            Ok(End::Whole)
        }
        Fault::Pour => pour(connection, step, head, body),
        Fault::Drip(pause) => {
            head.begin(connection, step.framing, size)?;
            for piece in pieces(body, step.pieces) {
                connection.pause(*pause)?;
                connection.write_body(&framed(step.framing, piece))?;
            }
            connection.write_body(&ended(step.framing, b""))?;
            Ok(End::Whole)
        }
        Fault::SlowHead(pause) => {
            connection.note(|entry| entry.status = Some(head.status));
            let bytes = head.framed(step.framing, size);
            for piece in pieces(&bytes, step.pieces) {
                connection.pause(*pause)?;
                connection.write_head(piece)?;
            }
            connection.write_body(&ended(step.framing, body))?;
            Ok(End::Whole)
        }
        Fault::Gzip => {
            head.add("Content-Encoding", "gzip");
            whole(connection, step, head, &gzip(body))
        }
        Fault::Bomb => {
            head.add("Content-Encoding", "gzip");
            whole(connection, step, head, &bomb())
        }
    }
}

/// A short answer of the server itself.
pub(super) fn plain(connection: &mut Connection, status: u16, text: &str) -> Result<End, Gone> {
    typed(
        connection,
        status,
        "text/plain; charset=utf-8",
        text.as_bytes(),
    )
}

pub(super) fn typed(
    connection: &mut Connection,
    status: u16,
    content_type: &str,
    body: &[u8],
) -> Result<End, Gone> {
    let head = Head {
        status,
        headers: vec![("Content-Type", content_type.to_owned())],
    };
    head.begin(connection, Framing::Length, body.len() as u64)?;
    connection.write_body(body)?;
    Ok(End::Whole)
}

struct Head {
    status: u16,
    headers: Vec<(&'static str, String)>,
}

impl Head {
    fn new(status: u16, step: &Step, content_type: &str) -> Self {
        let mut head = Head {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
        };
        match &step.retry_after {
            Some(RetryAfter::Text(text)) => head.add("Retry-After", text),
            Some(RetryAfter::Date(seconds)) => head.add("Retry-After", &date(*seconds)),
            None => {}
        }
        if let Some(coding) = &step.encoding {
            head.add("Content-Encoding", coding);
        }
        head
    }

    fn add(&mut self, name: &'static str, value: &str) {
        // What came out of a URL cannot end the line.
        let value = value
            .chars()
            .filter(|character| !character.is_control())
            .collect();
        self.headers.push((name, value));
    }

    /// Writes it.
    fn begin(
        &self,
        connection: &mut Connection,
        framing: Framing,
        length: u64,
    ) -> Result<(), Gone> {
        connection.note(|entry| entry.status = Some(self.status));
        connection.write_head(&self.framed(framing, length))
    }

    fn framed(&self, framing: Framing, length: u64) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        match (framing, self.status) {
            (_, 204 | 304) | (Framing::Plain, _) => {}
            (Framing::Length, _) => text.push_str(&format!("Content-Length: {length}\r\n")),
            (Framing::Chunked, _) => text.push_str("Transfer-Encoding: chunked\r\n"),
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

fn whole(connection: &mut Connection, step: &Step, head: Head, body: &[u8]) -> Result<End, Gone> {
    head.begin(connection, step.framing, body.len() as u64)?;
    connection.write_body(&ended(step.framing, body))?;
    Ok(End::Whole)
}

/// The head for the whole body, and its first bytes.
fn partly(
    connection: &mut Connection,
    step: &Step,
    head: Head,
    body: &[u8],
    at: u64,
) -> Result<(), Gone> {
    head.begin(connection, step.framing, body.len() as u64)?;
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
    connection.write_body(&framed(step.framing, &body[..at]))
}

fn pour(connection: &mut Connection, step: &Step, head: Head, body: &[u8]) -> Result<End, Gone> {
    head.begin(connection, step.framing, POURED)?;
    let piece = match body.is_empty() {
        true => vec![b'+'; 16 * 1024],
        false => body.iter().copied().cycle().take(16 * 1024).collect(),
    };
    // A client that takes all of this will take anything.
    for _ in 0..POURED / piece.len() as u64 {
        connection.write_body(&framed(step.framing, &piece))?;
    }
    connection.write_body(&ended(step.framing, b""))?;
    Ok(End::Whole)
}

/// A piece of a body.
fn framed(framing: Framing, piece: &[u8]) -> Vec<u8> {
    match framing {
        Framing::Chunked if !piece.is_empty() => {
            [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
        }
        _ => piece.to_vec(),
    }
}

/// The last piece of a body.
fn ended(framing: Framing, piece: &[u8]) -> Vec<u8> {
    let mut bytes = framed(framing, piece);
    if framing == Framing::Chunked {
        bytes.extend_from_slice(b"0\r\n\r\n");
    }
    bytes
}

fn pieces(bytes: &[u8], count: u64) -> impl Iterator<Item = &[u8]> {
    let length = bytes
        .len()
        .div_ceil(usize::try_from(count).unwrap_or(1).max(1));
    bytes.chunks(length.max(1))
}

fn location_of(connection: &Connection, location: Location, usual: &Usual) -> String {
    let shared = connection.shared();
    match location {
        Location::Same => format!("{}{}", shared.url(Origin::Main), usual.whole_path),
        Location::Other => format!("{}{}", shared.url(Origin::Other), usual.whole_path),
        Location::Loop => format!("{}{}", shared.url(Origin::Main), usual.path),
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Neither can fail: a vector takes everything.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// Members of a gzip may stand behind each other.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let _ = encoder.write_all(&vec![0; 1 << 20]);
    encoder.finish().unwrap_or_default().repeat(BOMB_MIB)
}

/// An HTTP date so many seconds from now.
fn date(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds.min(1 << 32)))
}
