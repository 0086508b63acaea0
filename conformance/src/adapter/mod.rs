//! One running adapter: a request goes out, its reply comes back, held against the protocol.

mod check;
mod lines;
mod program;
mod stderr;
mod websocket;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use check::Check;
pub(crate) use lines::{Lines, Silence};
pub(crate) use program::{NotStarted, Program, Transport};
pub(crate) use stderr::Tail;
pub(crate) use websocket::WebSocket;

use crate::child::Child;
use crate::protocol::{Hello, Operation, Outcome, Reply, Request, VERSION};

/// How long an adapter may take for its way out.
const TO_STOP: Duration = Duration::from_secs(20);

/// A connection over which lines go to an adapter and come back.
pub(crate) trait Connection: Send {
    /// Sends one line; it may not have arrived yet.
    fn write(&mut self, line: String) -> Result<(), Silence>;

    /// The next line, without its end.
    fn read(&mut self, until: Option<Instant>) -> Result<String, Silence>;
}

/// A running adapter. Dropped, its process is killed.
pub(crate) struct Adapter {
    connection: Box<dyn Connection>,
    child: Option<Child>,
    stderr: Tail,
    check: Arc<Check>,
    next_id: u64,
    /// Whoever wants to see what is said.
    trace: Option<Trace>,
}

/// Sees each line: towards the adapter, or from it.
pub(crate) type Trace = fn(Direction, &str);

/// Which way a line goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    ToAdapter,
    FromAdapter,
}

/// Why an adapter cannot be asked any more.
#[derive(Clone, Debug)]
pub(crate) struct Breakdown {
    pub(crate) what: String,
    /// The last lines of its standard error.
    pub(crate) stderr: Vec<String>,
}

impl Adapter {
    pub(crate) fn new(
        connection: Box<dyn Connection>,
        child: Option<Child>,
        stderr: Tail,
        check: Arc<Check>,
    ) -> Self {
        Adapter {
            connection,
            child,
            stderr,
            check,
            next_id: 0,
            trace: None,
        }
    }

    pub(crate) fn traced(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// The first request.
    pub(crate) fn hello(&mut self, patience: Option<Duration>) -> Result<Hello, Breakdown> {
        match self.ask(Operation::Hello { protocol: VERSION }, patience)? {
            Outcome::Hello(hello) if hello.protocol == VERSION => Ok(hello),
            Outcome::Hello(hello) => Err(self.broken(format!(
                "it speaks version {} of the protocol, not {VERSION}",
                hello.protocol
            ))),
            other => Err(self.broken(format!("it answered hello by {}", name(&other)))),
        }
    }

    /// One request and its reply; `None` waits for ever.
    pub(crate) fn ask(
        &mut self,
        operation: Operation,
        patience: Option<Duration>,
    ) -> Result<Outcome, Breakdown> {
        let id = self.next_id;
        self.next_id += 1;
        let line = serde_json::to_string(&Request { id, operation });
        let line = line.map_err(|error| self.broken(format!("the request is no JSON: {error}")))?;
        let line = one_line(line);
        if let Some(trace) = self.trace {
            trace(Direction::ToAdapter, &line);
        }
        if let Err(silence) = self.connection.write(line) {
            return Err(self.silent(silence, None));
        }
        self.reply(id, patience)
    }

    /// A further reply to the last request: `receive` has two.
    pub(crate) fn next(&mut self, patience: Option<Duration>) -> Result<Outcome, Breakdown> {
        self.reply(self.next_id.saturating_sub(1), patience)
    }

    /// The last request: it has to answer and to end with code 0.
    pub(crate) fn stop(mut self) -> Result<(), Breakdown> {
        match self.ask(Operation::Stop, Some(TO_STOP))? {
            Outcome::Stopped(true) => {}
            other => return Err(self.broken(format!("it answered stop by {}", name(&other)))),
        }
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        match child.end(TO_STOP) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.broken(format!("after stop it ended with {status}"))),
            None => Err(self.broken(format!("it has not ended {TO_STOP:?} after stop"))),
        }
    }

    fn reply(&mut self, id: u64, patience: Option<Duration>) -> Result<Outcome, Breakdown> {
        let until = patience.map(|patience| Instant::now() + patience);
        let line = match self.connection.read(until) {
            Ok(line) => line,
            Err(silence) => return Err(self.silent(silence, patience)),
        };
        if let Some(trace) = self.trace {
            trace(Direction::FromAdapter, &line);
        }
        let reply: Reply = match self.check.reply(&line) {
            Ok(reply) => reply,
            Err(why) => return Err(self.broken(format!("{why}; its line was {}", start(&line)))),
        };
        if reply.id != id {
            return Err(self.broken(format!("it answered request {}, not {id}", reply.id)));
        }
        Ok(reply.outcome)
    }

    fn silent(&mut self, silence: Silence, patience: Option<Duration>) -> Breakdown {
        let what = match (silence, &mut self.child) {
            (Silence::TimedOut, _) => {
                format!("no reply within {:?}", patience.unwrap_or_default())
            }
            (Silence::Closed, Some(child)) => match child.end(Duration::from_secs(2)) {
                Some(status) => format!("it ended with {status} instead of a reply"),
                None => "it closed its output instead of a reply".to_owned(),
            },
            (Silence::Closed, None) => "it closed the connection instead of a reply".to_owned(),
            (Silence::Bad(why), _) => why,
        };
        self.broken(what)
    }

    fn broken(&mut self, what: String) -> Breakdown {
        if let Some(child) = &mut self.child {
            child.kill();
        }
        Breakdown {
            what,
            stderr: self.stderr.lines(),
        }
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter")
            .field("child", &self.child)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// An outcome's name, as in the protocol.
pub(crate) fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Hello(_) => "hello",
        Outcome::Encoded(_) => "encoded",
        Outcome::Decoded(_) => "decoded",
        Outcome::Error(_) => "error",
        Outcome::Unsupported(_) => "unsupported",
        Outcome::Subscribed(_) => "subscribed",
        Outcome::Stopped(_) => "stopped",
    }
}

/// Some languages end lines at more characters than the line feed; in JSON these can only stand in strings.
fn one_line(line: String) -> String {
    let breaks = [
        ('\u{85}', "\\u0085"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    breaks.into_iter().fold(line, |line, (character, escaped)| {
        if line.contains(character) {
            line.replace(character, escaped)
        } else {
            line
        }
    })
}

fn start(line: &str) -> String {
    const SHOWN: usize = 300;
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}... ({} bytes)", &line[..end], line.len()),
        None => format!("{line:?}"),
    }
}
