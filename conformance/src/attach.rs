//! `attach`: talks to an adapter that a person has started, so that a debugger can be in it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::adapter::{self, Adapter, Connection, Direction, Lines, Tail, WebSocket};
use crate::case::Selection;
use crate::engine::{self, Contestant, Session};
use crate::failure::Failure;
use crate::port::Port;
use crate::progress::Progress;
use crate::report::{Check, Verdict};
use crate::repository::Repository;

/// Where the adapter comes from.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// It connects to this address; lines as over standard input and output.
    Tcp(SocketAddr),
    /// It connects to this address; a text message for each line.
    WebSocket(SocketAddr),
    /// It is started by this command.
    Command(Vec<String>),
}

/// Puts the cases to it, shows what is said, and never loses patience.
pub(crate) fn attach(
    repository: &Repository,
    door: Door,
    selection: &Selection,
) -> Result<Vec<Check>, Failure> {
    let check = Arc::new(adapter::Check::new(repository)?);
    let (connection, child): (Box<dyn Connection>, _) = match door {
        Door::Tcp(address) => {
            let (stream, _) = listen(address, "tcp")?.accept()?;
            stream.set_nodelay(true)?;
            (Box::new(Lines::new(stream.try_clone()?, stream)), None)
        }
        Door::WebSocket(address) => {
            let listener = listen(address, "ws")?;
            (Box::new(WebSocket::accept(&listener, None)?), None)
        }
        Door::Command(words) => return with_command(repository, words, &check, selection),
    };
    let mut adapter =
        Adapter::new(connection, child, Tail::default(), Arc::clone(&check)).traced(trace);
    let hello = adapter
        .hello(None)
        .map_err(|broken| Failure::Broken(broken.to_string()))?;
    let port = Port::unnamed(&hello.implementation);
    let session = Session::attached(adapter, check);
    let contestant = Contestant::attached(port, hello, session);
    engine::run_attached(repository, selection, contestant, &Progress::quiet())
}

/// What came of it, a line each.
pub(crate) fn tell(checks: &[Check]) -> String {
    let lines = checks.iter().map(|check| match &check.verdict {
        Verdict::Passed => format!("ok     {}\n", check.case),
        Verdict::LeftOut(lacking) => format!("-      {} (left out: {lacking})\n", check.case),
        Verdict::Failed(failed) => format!("FAILED {}: {}\n", check.case, failed.difference),
        Verdict::Known(known) => format!("known  {}: {}\n", check.case, known.reason),
    });
    lines.collect()
}

fn with_command(
    repository: &Repository,
    words: Vec<String>,
    check: &Arc<adapter::Check>,
    selection: &Selection,
) -> Result<Vec<Check>, Failure> {
    let program = adapter::Program {
        command: words,
        folder: repository.root().to_owned(),
        environment: Default::default(),
        transport: adapter::Transport::Stdio,
        patience: Session::FOR_EVER,
        shows_stderr: true,
    };
    let mut session =
        Session::new(program, Arc::clone(check), Session::FOR_EVER).traced(Some(trace));
    let hello = session
        .start()
        .map_err(|broken| Failure::Broken(broken.to_string()))?;
    let contestant = Contestant::attached(Port::unnamed(&hello.implementation), hello, session);
    engine::run_attached(repository, selection, contestant, &Progress::quiet())
}

fn listen(address: SocketAddr, scheme: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address)
        .map_err(|error| Failure::Usage(format!("{address}: {error}")))?;
    let address = listener.local_addr()?;
    eprintln!("waiting for an adapter at {scheme}://{address}");
    Ok(listener)
}

fn trace(direction: Direction, line: &str) {
    const SHOWN: usize = 2_000;
    let arrow = match direction {
        Direction::ToAdapter => "-->",
        Direction::FromAdapter => "<--",
    };
    let end = line
        .char_indices()
        .nth(SHOWN)
        .map_or(line.len(), |(end, _)| end);
    let more = if end < line.len() { "..." } else { "" };
    // A reader that has gone away does not matter here.
    let _ = writeln!(std::io::stdout(), "{arrow} {}{more}", &line[..end]);
}
