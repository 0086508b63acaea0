//! A connection to a NATS server: as much of its protocol as a receiver that is written down in a case needs.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// One subscription, and publishing.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
}

/// A message as it came.
#[derive(Debug, PartialEq)]
pub(super) struct Incoming {
    /// Where an answer goes; empty if nobody waits for one.
    pub(super) reply: String,
    pub(super) payload: Vec<u8>,
}

#[derive(Debug, PartialEq)]
enum Frame {
    Message(Incoming),
    Ping,
    Pong,
    Error(String),
    Other,
}

const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: &str = concat!(
    r#"CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"#,
    r#""name":"conformance","lang":"rust","version":"1","protocol":1}"#,
    "\r\n"
);

impl Connection {
    /// Connects and subscribes; the subscription is in place when this returns.
    pub(super) fn subscribe(url: &str, subject: &str) -> io::Result<Self> {
        let address = url.strip_prefix("nats://").unwrap_or(url);
        let address = address.to_socket_addrs()?.next();
        let address = address.ok_or(ErrorKind::AddrNotAvailable)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Connection {
            stream,
            buffer: Vec::new(),
        };
        let hello = format!("{CONNECT}SUB {subject} 1\r\nPING\r\n");
        connection.stream.write_all(hello.as_bytes())?;
        let until = Instant::now() + PATIENCE;
        loop {
            match connection.frame(until)? {
                Some(Frame::Pong) => return Ok(connection),
                Some(Frame::Error(error)) => return Err(io::Error::other(error)),
                Some(_) => {}
                None => return Err(ErrorKind::TimedOut.into()),
            }
        }
    }

    pub(super) fn publish(&mut self, subject: &str, payload: &[u8]) -> io::Result<()> {
        let mut text = format!("PUB {subject} {}\r\n", payload.len()).into_bytes();
        text.extend_from_slice(payload);
        text.extend_from_slice(b"\r\n");
        self.stream.write_all(&text)
    }

    /// The next message, until then.
    pub(super) fn next(&mut self, until: Instant) -> io::Result<Option<Incoming>> {
        loop {
            match self.frame(until)? {
                Some(Frame::Message(message)) => return Ok(Some(message)),
                Some(Frame::Ping) => self.stream.write_all(b"PONG\r\n")?,
                Some(Frame::Error(error)) => return Err(io::Error::other(error)),
                Some(Frame::Pong | Frame::Other) => {}
                None => return Ok(None),
            }
        }
    }

    fn frame(&mut self, until: Instant) -> io::Result<Option<Frame>> {
        loop {
            if let Some((frame, length)) = first(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(Some(frame));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.set_read_timeout(Some(left))?;
            let mut piece = [0; 16_384];
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.buffer.extend_from_slice(&piece[..length]),
                Err(error) if is_no_answer(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_no_answer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// The first frame and its length; `None` if it has not come as a whole.
fn first(buffer: &[u8]) -> io::Result<Option<(Frame, usize)>> {
    let Some(end) = buffer.windows(2).position(|pair| pair == b"\r\n") else {
        return Ok(None);
    };
    let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let begin = end + 2;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let wrong = || io::Error::new(ErrorKind::InvalidData, line.clone());
    let number = |word: &str| word.parse::<usize>().map_err(|_| wrong());
    let (reply, header, length) = match words.as_slice() {
        ["MSG", _, _, length] => ("", 0, number(length)?),
        ["MSG", _, _, reply, length] => (*reply, 0, number(length)?),
        ["HMSG", _, _, header, length] => ("", number(header)?, number(length)?),
        ["HMSG", _, _, reply, header, length] => (*reply, number(header)?, number(length)?),
        ["PING"] => return Ok(Some((Frame::Ping, begin))),
        ["PONG"] => return Ok(Some((Frame::Pong, begin))),
        ["-ERR", ..] => return Ok(Some((Frame::Error(line), begin))),
        _ => return Ok(Some((Frame::Other, begin))),
    };
    if header > length {
        return Err(wrong());
    }
    let Some(payload) = buffer.get(begin + header..begin + length) else {
        return Ok(None);
    };
    if buffer.len() < begin + length + 2 {
        return Ok(None);
    }
    let message = Incoming {
        reply: reply.to_owned(),
        payload: payload.to_vec(),
    };
    Ok(Some((Frame::Message(message), begin + length + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_as_a_whole_and_without_their_headers() {
        let text = b"HMSG a.b 1 r.s 4 7\r\nH\r\n\x00{}\r\r\nPING\r\n";
        let (frame, length) = first(text).expect("frames").expect("a frame");
        let message = Incoming {
            reply: "r.s".to_owned(),
            payload: b"{}\r".to_vec(),
        };
        assert_eq!(frame, Frame::Message(message));
        assert_eq!(&text[length..], b"PING\r\n");
        for part in 0..length {
            assert_eq!(first(&text[..part]).expect("no fault"), None, "{part}");
        }
        assert!(first(b"MSG a.b 1 x\r\n").is_err());
        assert!(first(b"HMSG a.b 1 9 2\r\nab\r\n").is_err());
    }
}
