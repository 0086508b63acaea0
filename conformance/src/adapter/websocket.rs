//! An adapter that comes to the runner over a WebSocket, as a browser does: one text message for each line.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message};

use super::Connection;
use super::lines::{LONGEST, Silence};

/// A connection that an adapter has opened.
#[derive(Debug)]
pub(crate) struct WebSocket {
    socket: tungstenite::WebSocket<TcpStream>,
}

impl WebSocket {
    /// Waits for one adapter; any other connection is left to wait.
    pub(crate) fn accept(listener: &TcpListener, until: Option<Instant>) -> io::Result<Self> {
        let stream = accept(listener, until)?;
        stream.set_nodelay(true)?;
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
        let patience = Some(Duration::from_secs(60));
        self.socket
            .get_ref()
            .set_write_timeout(patience)
            .map_err(|_| Silence::Closed)?;
        self.socket.send(Message::text(line)).map_err(silence)
    }

    fn read(&mut self, until: Option<Instant>) -> Result<String, Silence> {
        loop {
            let patience = match until {
                None => None,
                Some(until) => match until.saturating_duration_since(Instant::now()) {
                    Duration::ZERO => return Err(Silence::TimedOut),
                    patience => Some(patience),
                },
            };
            self.socket
                .get_ref()
                .set_read_timeout(patience)
                .map_err(|_| Silence::Closed)?;
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
