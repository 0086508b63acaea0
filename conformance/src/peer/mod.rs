//! The runner itself as the receiver of messages that are delivered: what it saw of the sender is held against the case.

mod connection;
mod script;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use connection::Connection;
pub(crate) use script::{Answer, Script};

/// A subscription that answers as its script says, until it is stopped.
#[derive(Debug)]
pub(crate) struct Peer {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Log>>,
}

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Log {
    sendings: Vec<Sending>,
    /// What was wrong with the connection.
    broken: Option<String>,
}

/// One time that the message came.
#[derive(Debug)]
struct Sending {
    at: Instant,
    reply: String,
    /// Its JSON; null if it is none.
    message: Value,
    /// When the last status went out that answers it.
    status: Option<Instant>,
}

/// How often it is looked whether it is over.
const PULSE: Duration = Duration::from_millis(20);

impl Peer {
    /// Subscribes; the subscription is in place when this returns.
    pub(crate) fn start(url: &str, subject: &str, script: &Script) -> io::Result<Self> {
        let connection = Connection::subscribe(url, subject)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (answers, over) = (script.answers.clone(), Arc::clone(&is_over));
        let thread = thread::Builder::new().spawn(move || {
            let mut log = Log::default();
            if let Err(error) = listen(connection, &answers, &over, &mut log) {
                log.broken = Some(error.to_string());
            }
            log
        })?;
        Ok(Peer {
            is_over,
            thread: Some(thread),
        })
    }

    /// Ends the subscription.
    pub(crate) fn stop(mut self) -> Log {
        self.is_over.store(true, Ordering::Relaxed);
        let log = self.thread.take().map(JoinHandle::join);
        log.and_then(Result::ok).unwrap_or_else(|| Log {
            sendings: Vec::new(),
            broken: Some("the runner's receiver has ended".to_owned()),
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn listen(
    mut connection: Connection,
    answers: &[Vec<Answer>],
    is_over: &AtomicBool,
    log: &mut Log,
) -> io::Result<()> {
    // When which answer goes to which sending.
    let mut due: Vec<(Instant, usize, &Answer)> = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let now = Instant::now();
        due.sort_by_key(|(at, ..)| *at);
        while due.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, index, answer) = due.remove(0);
            let sending = &mut log.sendings[index];
            if answer.is_status() {
                sending.status = Some(Instant::now());
            }
            let text = answer.text(&sending.message, &sending.reply);
            if !sending.reply.is_empty() {
                connection.publish(&sending.reply, text.as_bytes())?;
            }
        }
        let next = due
            .first()
            .map_or(now + PULSE, |(at, ..)| (*at).min(now + PULSE));
        if let Some(message) = connection.next(next)? {
            let at = Instant::now();
            let index = log.sendings.len();
            log.sendings.push(Sending {
                at,
                reply: message.reply,
                message: serde_json::from_slice(&message.payload).unwrap_or_default(),
                status: None,
            });
            let own = answers.get(index).into_iter().flatten();
            due.extend(own.map(|answer| (at + Duration::from_millis(answer.after), index, answer)));
        }
    }
    Ok(())
}
