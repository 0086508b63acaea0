//! Lines over two pipes or a socket: read and written by threads, so that neither side can make the runner wait for ever.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use super::Connection;

/// The longest line: a message of the reader's bound, 64 MiB, as tagged values.
pub(super) const LONGEST: u64 = 256 << 20;

/// Why there is no line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Silence {
    TimedOut,
    Closed,
    /// What came is no line.
    Bad(String),
}

/// A connection of lines.
#[derive(Debug)]
pub(crate) struct Lines {
    out: Sender<String>,
    back: Receiver<Result<String, Silence>>,
}

impl Lines {
    /// The threads end when the other side closes its ends, or is killed.
    pub(crate) fn new(
        input: impl Write + Send + 'static,
        output: impl Read + Send + 'static,
    ) -> Self {
        let (out, to_write) = mpsc::channel::<String>();
        let (read, back) = mpsc::sync_channel(16);
        thread::spawn(move || write_all(input, &to_write));
        thread::spawn(move || {
            let mut output = BufReader::with_capacity(1 << 16, output);
            loop {
                let line = line(&mut output);
                let last = line.is_err();
                if read.send(line).is_err() || last {
                    return;
                }
            }
        });
        Lines { out, back }
    }
}

impl Connection for Lines {
    fn write(&mut self, line: String) -> Result<(), Silence> {
        self.out.send(line).map_err(|_| Silence::Closed)
    }

    fn read(&mut self, until: Option<Instant>) -> Result<String, Silence> {
        match until {
            None => self.back.recv().unwrap_or(Err(Silence::Closed)),
            Some(until) => {
                let patience = until.saturating_duration_since(Instant::now());
                match self.back.recv_timeout(patience) {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout) => Err(Silence::TimedOut),
                    Err(RecvTimeoutError::Disconnected) => Err(Silence::Closed),
                }
            }
        }
    }
}

fn write_all(mut input: impl Write, lines: &Receiver<String>) {
    for line in lines {
        let written = input
            .write_all(line.as_bytes())
            .and_then(|()| input.write_all(b"\n"))
            .and_then(|()| input.flush());
        // Whoever reads the other pipe sees that the adapter is gone.
        if written.is_err() {
            return;
        }
    }
}

fn line(output: &mut impl BufRead) -> Result<String, Silence> {
    let mut bytes = Vec::new();
    match output.take(LONGEST).read_until(b'\n', &mut bytes) {
        Err(_) => return Err(Silence::Closed),
        Ok(0) => return Err(Silence::Closed),
        Ok(_) => {}
    }
    if bytes.pop_if(|last| *last == b'\n').is_none() {
        return Err(if bytes.len() as u64 == LONGEST {
            Silence::Bad(format!("its line is longer than {LONGEST} bytes"))
        } else {
            Silence::Bad("it ended in the middle of a line".to_owned())
        });
    }
    bytes.pop_if(|last| *last == b'\r');
    String::from_utf8(bytes).map_err(|_| Silence::Bad("its line is no UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(output: &'static [u8]) -> Vec<Result<String, Silence>> {
        let mut lines = Lines::new(std::io::sink(), output);
        let until = Some(Instant::now() + Duration::from_secs(5));
        let mut all = vec![lines.read(until)];
        while all.last().is_some_and(Result::is_ok) {
            all.push(lines.read(until));
        }
        all
    }

    #[test]
    fn lines_end_with_a_line_feed_and_are_utf_8() {
        assert_eq!(
            read(b"a\nb\r\n"),
            [Ok("a".into()), Ok("b".into()), Err(Silence::Closed)]
        );
        assert!(matches!(read(b"\xFF\n")[..], [Err(Silence::Bad(_))]));
        assert!(matches!(read(b"half")[..], [Err(Silence::Bad(_))]));
    }
}
