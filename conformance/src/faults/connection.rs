//! One connection: reading and writing with bounds, and what of it is noted.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::log::End;
use super::shared::Shared;
use super::state::Place;

/// A connection with what was read ahead.
pub(super) struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    /// Read, and not yet consumed.
    ahead: Vec<u8>,
    ends_by: Instant,
    place: Option<Place>,
    is_reset: bool,
}

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum Gone {
    /// The client has closed it, or broken it.
    Client,
    /// The step says so.
    Cut,
    /// It took too long, or the server ends.
    Expired,
}

/// No connection lives longer.
const LIFE: Duration = Duration::from_secs(60);

impl Connection {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        Connection {
            stream,
            shared,
            ahead: Vec::new(),
            ends_by: Instant::now() + LIFE,
            place: None,
            is_reset: false,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What happens from here on is noted there.
    pub(super) fn note_at(&mut self, place: Place) {
        self.place = Some(place);
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut super::log::Entry)) {
        if let Some(place) = &self.place {
            self.shared.state.note(place, change);
        }
    }

    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Takes so many bytes of what was read ahead.
    pub(super) fn consume(&mut self, bytes: usize) -> Vec<u8> {
        let rest = self.ahead.split_off(bytes.min(self.ahead.len()));
        std::mem::replace(&mut self.ahead, rest)
    }

    /// Reads more; false at the end.
    pub(super) fn fill(&mut self) -> Result<bool, Gone> {
        let mut piece = [0; 16 * 1024];
        let read = self.read(&mut piece)?;
        self.ahead.extend_from_slice(&piece[..read]);
        Ok(read > 0)
    }

    /// Writes the head of an answer.
    pub(super) fn write_head(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let now = self.shared.state.now();
        self.note(|entry| {
            entry.answered.get_or_insert(now);
        });
        self.write(bytes)
    }

    /// Writes a piece of the body.
    pub(super) fn write_body(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        for piece in bytes.chunks(16 * 1024) {
            self.write(piece)?;
            self.note(|entry| entry.sent += piece.len() as u64);
        }
        Ok(())
    }

    /// Waits.
    pub(super) fn pause(&self, time: Duration) -> Result<(), Gone> {
        match self
            .shared
            .sleep_until((Instant::now() + time).min(self.ends_by))
        {
            true => Err(Gone::Expired),
            false if Instant::now() >= self.ends_by => Err(Gone::Expired),
            false => Ok(()),
        }
    }

    /// Reads and forgets until the client has gone.
    pub(super) fn hold(&mut self) -> Gone {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.read(&mut piece) {
                Ok(0) => return Gone::Client,
                Ok(_) => {}
                Err(gone) => return gone,
            }
        }
    }

    /// Reads nothing until the client has gone.
    pub(super) fn ignore(&mut self) -> Gone {
        // A client that has gone is seen by peeking only if it has sent nothing more: so this ends by time as well.
        let mut piece = [0; 1];
        loop {
            match self.stream.peek(&mut piece) {
                Ok(0) => return Gone::Client,
                Err(error) if !is_timeout(&error) => return Gone::Client,
                _ => {}
            }
            if SockRef::from(&self.stream)
                .take_error()
                .ok()
                .flatten()
                .is_some()
            {
                return Gone::Client;
            }
            if let Err(gone) = self.pause(Duration::from_millis(20)) {
                return gone;
            }
        }
    }

    /// Ends it as a crashed process would.
    pub(super) fn reset(&mut self) -> Gone {
        self.is_reset = SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .is_ok();
        Gone::Cut
    }

    pub(super) fn is_reset(&self) -> bool {
        self.is_reset
    }

    /// Ends it behind the last byte that was written; closed with bytes unread it would be reset, and the answer lost.
    pub(super) fn close(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.ends_by = self.ends_by.min(Instant::now() + Duration::from_secs(5));
        self.hold();
    }

    pub(super) fn ended(&mut self, end: End) {
        let now = self.shared.state.now();
        self.note(|entry| {
            entry.end = end;
            entry.ended = Some(now);
        });
    }

    fn read(&mut self, piece: &mut [u8]) -> Result<usize, Gone> {
        loop {
            self.arm(|stream, time| stream.set_read_timeout(time))?;
            match self.stream.read(piece) {
                Ok(read) => return Ok(read),
                Err(error) => self.judge(&error)?,
            }
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Gone> {
        while !bytes.is_empty() {
            self.arm(|stream, time| stream.set_write_timeout(time))?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(Gone::Client),
                Ok(written) => bytes = &bytes[written..],
                Err(error) => self.judge(&error)?,
            }
        }
        Ok(())
    }

    /// Sets a time-out for the rest of the connection's life.
    fn arm(
        &self,
        set: impl Fn(&TcpStream, Option<Duration>) -> io::Result<()>,
    ) -> Result<(), Gone> {
        let rest = self.ends_by.saturating_duration_since(Instant::now());
        if rest.is_zero() || self.shared.is_over() {
            return Err(Gone::Expired);
        }
        set(&self.stream, Some(rest)).map_err(|_| Gone::Client)
    }

    /// Whether to go on after an error.
    fn judge(&self, error: &io::Error) -> Result<(), Gone> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            _ if is_timeout(error) || self.shared.is_over() => Err(Gone::Expired),
            _ => Err(Gone::Client),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
