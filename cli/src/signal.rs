//! The signals that end a command.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::failure::Failure;

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(
    not(unix),
    allow(dead_code, reason = "other systems have Ctrl-C alone")
)]
pub(crate) enum Signal {
    /// The terminal was closed.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    /// What `kill` and service managers send.
    Terminate,
}

impl Signal {
    /// 128 and the signal's number, as shells have it.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::Hangup => 129,
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

/// Runs `work` until a signal comes; then drops it, and with it all that it holds. What it had uploaded for nothing is removed by
/// the end of this call, unless another signal comes.
pub(crate) async fn or_stop<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut signals = Signals::listen().map_err(|error| no_signals(&error))?;
    let outcome = tokio::select! {
        outcome = work => outcome,
        signal = signals.next() => Err(Failure::Stopped(signal)),
    };
    signals.or_removed().await;
    outcome
}

/// Runs `work` to its end, and says which signal it ended by. A first signal asks it to finish what it has begun; a second one
/// drops it, and ends the removal of what it had uploaded for nothing as well.
pub(crate) async fn or_drain<T, F>(
    work: impl FnOnce(Stop) -> F,
) -> Result<(T, Option<Signal>), Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut signals = Signals::listen().map_err(|error| no_signals(&error))?;
    let (ask, asked) = watch::channel(false);
    let outcome = drained(work(Stop(asked)), &mut signals, &ask).await;
    if !matches!(outcome, Err(Failure::Stopped(_))) {
        signals.or_removed().await;
    }
    outcome
}

async fn drained<T>(
    work: impl Future<Output = Result<T, Failure>>,
    signals: &mut Signals,
    ask: &watch::Sender<bool>,
) -> Result<(T, Option<Signal>), Failure> {
    let mut work = pin!(work);
    let first = tokio::select! {
        outcome = &mut work => return outcome.map(|value| (value, None)),
        signal = signals.next() => signal,
    };
    // Work that has just ended does not hear it.
    let _ = ask.send(true);
    tokio::select! {
        outcome = &mut work => outcome.map(|value| (value, Some(first))),
        second = signals.next() => Err(Failure::Stopped(second)),
    }
}

/// How long removals may hold up the end.
const REMOVAL: Duration = Duration::from_secs(5);

/// Tells work that it is to finish.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until a signal came; returns at once if one has.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending().await
        }
    }
}

/// Waits for a signal.
pub(crate) async fn next() -> io::Result<Signal> {
    Ok(Signals::listen()?.next().await)
}

impl Signals {
    /// Waits until what was uploaded for nothing is removed, but not for long, nor beyond the next signal.
    async fn or_removed(&mut self) {
        tokio::select! {
            biased;
            // A server that hangs has had its time; nothing can be done about it.
            _ = timeout(REMOVAL, natsbridge::removals_done()) => {}
            _ = self.next() => {}
        }
    }
}

/// Signals from now on, none of which is missed.
#[cfg(unix)]
struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Signals {
            hangup: unix::signal(unix::SignalKind::hangup())?,
            interrupt: unix::signal(unix::SignalKind::interrupt())?,
            terminate: unix::signal(unix::SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// Signals from now on.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Signals)
    }

    async fn next(&mut self) -> Signal {
        // It always has another one.
        let _ = self.0.recv().await;
        Signal::Interrupt
    }
}

fn no_signals(error: &io::Error) -> Failure {
    Failure::Local(format!("signals cannot be waited for: {error}"))
}
