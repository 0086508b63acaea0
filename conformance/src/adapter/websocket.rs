//! An adapter that comes to the runner over a WebSocket, as a browser does: one text message for each line.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message};

use super::Connection;
use super::lines::{LONGEST, Silence};

/// How long whoever connects may take to say that it wants a WebSocket.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a line may take on its way to the adapter.
const SENDING: Duration = Duration::from_secs(60);

/// A connection that an adapter has opened.
#[derive(Debug)]
pub(crate) struct WebSocket {
    socket: tungstenite::WebSocket<Patient>,
}

/// A stream that gives up at a time, however little may come in between.
#[derive(Debug)]
struct Patient {
    stream: TcpStream,
    until: Option<Instant>,
}

impl WebSocket {
    /// Waits for one adapter; a connection that does not become a WebSocket is closed.
    pub(crate) fn accept(listener: &TcpListener, until: Option<Instant>) -> io::Result<Self> {
        loop {
            let stream = accept(listener, until)?;
            let soon = Instant::now() + HANDSHAKE;
            let soon = until.map_or(soon, |until| until.min(soon));
            match WebSocket::shake_hands(stream, soon) {
                Ok(socket) => return Ok(socket),
                Err(error) if until.is_some_and(|until| Instant::now() >= until) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
    }

    fn shake_hands(stream: TcpStream, until: Instant) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let stream = Patient {
            stream,
            until: Some(until),
        };
        let longest = usize::try_from(LONGEST).unwrap_or(usize::MAX);
        let config = WebSocketConfig::default()
            .max_message_size(Some(longest))
            .max_frame_size(Some(longest));
        let socket = tungstenite::accept_with_config(stream, Some(config))
            .map_err(|error| io::Error::other(error.to_string()))?;
        Ok(WebSocket { socket })
    }
}

impl Connection for WebSocket {
    fn write(&mut self, line: String) -> Result<(), Silence> {
        self.socket.get_mut().until = Some(Instant::now() + SENDING);
        self.socket.send(Message::text(line)).map_err(silence)
    }

    fn read(&mut self, until: Option<Instant>) -> Result<String, Silence> {
        loop {
            self.socket.get_mut().until = until;
            match self.socket.read().map_err(silence)? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Binary(_) => {
                    return Err(Silence::Bad("its message is binary, not text".to_owned()));
                }
                Message::Close(_) => return Err(Silence::Closed),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

impl Patient {
    /// What is left of the patience.
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        match left {
            Some(Duration::ZERO) => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }
}

impl Read for Patient {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes)
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A connection that comes in time.
pub(crate) fn accept(listener: &TcpListener, until: Option<Instant>) -> io::Result<TcpStream> {
    let Some(until) = until else {
        return listener.accept().map(|(stream, _)| stream);
    };
    listener.set_nonblocking(true)?;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if Instant::now() >= until || crate::child::is_stopped() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn silence(error: Error) -> Silence {
    match error {
        Error::Io(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            Silence::TimedOut
        }
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) => Silence::Closed,
        other => Silence::Bad(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn listening() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        (listener, address)
    }

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_secs(1))
    }

    #[test]
    fn strangers_do_not_keep_the_adapter_out() {
        let (listener, address) = listening();
        let client = thread::spawn(move || {
            let _silent = TcpStream::connect(&address).expect("a connection");
            let mut other = TcpStream::connect(&address).expect("a connection");
            other.write_all(b"HELO\r\n\r\n").expect("it is sent");
            let stream = TcpStream::connect(&address).expect("a connection");
            let (mut socket, _) =
                tungstenite::client(format!("ws://{address}"), stream).expect("a handshake");
            socket.send(Message::text("line")).expect("it is sent");
        });
        let until = Some(Instant::now() + Duration::from_secs(60));
        let mut socket = WebSocket::accept(&listener, until).expect("the adapter");
        assert_eq!(socket.read(until), Ok("line".to_owned()));
        client.join().expect("the client");
    }

    #[test]
    fn a_stranger_alone_does_not_outlive_the_patience() {
        let (listener, address) = listening();
        let _silent = TcpStream::connect(address).expect("a connection");
        let begun = Instant::now();
        assert!(WebSocket::accept(&listener, soon()).is_err());
        assert!(begun.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_message_that_drips_does_not_outlive_the_patience() {
        let (listener, address) = listening();
        thread::spawn(move || {
            let stream = TcpStream::connect(&address).expect("a connection");
            let (mut socket, _) =
                tungstenite::client(format!("ws://{address}"), stream).expect("a handshake");
            // A masked text of 125 bytes, one in a tenth of a second.
            let stream = socket.get_mut();
            stream.write_all(&[0x81, 0xFD, 0, 0, 0, 0]).expect("a head");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        });
        let until = Some(Instant::now() + Duration::from_secs(60));
        let mut socket = WebSocket::accept(&listener, until).expect("the adapter");
        let begun = Instant::now();
        assert_eq!(socket.read(soon()), Err(Silence::TimedOut));
        assert!(begun.elapsed() < Duration::from_secs(4));
    }
}
