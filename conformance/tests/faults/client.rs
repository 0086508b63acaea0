//! A client that sees each byte, and when it came.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Everything that came before the connection ended.
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    /// How it ended.
    pub(crate) end: End,
    pub(crate) took: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
    /// Nothing came for so long that the client has left.
    Silent,
}

/// A connection to the server of a URL.
pub(crate) fn connect(url: &str) -> TcpStream {
    let address = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .expect("an address");
    TcpStream::connect(address).expect("a connection")
}

pub(crate) fn get(url: &str) -> Answer {
    ask(url, "GET", "", b"")
}

/// One request; a second of silence is the end.
pub(crate) fn ask(url: &str, method: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = connect(url);
    let path = &url[url[7..].find('/').expect("a path") + 7..];
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: identity\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a head");
    // A server that breaks the connection may do so before it has read all of this, and a reset is told once: to whichever call
    // comes first.
    let written = stream.write_all(body);
    let reset = written.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
    let mut answer = read(stream);
    if reset && answer.bytes.is_empty() && answer.end == End::Closed {
        answer.end = End::Reset;
    }
    answer
}

pub(crate) fn read(mut stream: TcpStream) -> Answer {
    let start = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .expect("a time-out");
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    let end = loop {
        match stream.read(&mut piece) {
            Ok(0) => break End::Closed,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break End::Reset,
            Err(_) => break End::Silent,
        }
    };
    Answer {
        bytes,
        end,
        took: start.elapsed(),
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        let line = String::from_utf8_lossy(&self.bytes);
        line.split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0)
    }

    pub(crate) fn head(&self) -> String {
        let end = self.body_start().expect("a whole head");
        String::from_utf8_lossy(&self.bytes[..end - 2]).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.head();
        let line = head
            .lines()
            .find(|line| line.starts_with(&format!("{name}: ")))?;
        Some(line[name.len() + 2..].to_owned())
    }

    /// As it came, chunks and all.
    pub(crate) fn body(&self) -> &[u8] {
        self.body_start().map_or(b"", |start| &self.bytes[start..])
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    fn body_start(&self) -> Option<usize> {
        self.bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|at| at + 4)
    }
}
