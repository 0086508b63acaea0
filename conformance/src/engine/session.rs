//! One port's adapter, started when it is needed, and anew after it broke down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::adapter::{Adapter, Breakdown, Check, NotStarted, Program, Trace};
use crate::child::is_stopped;
use crate::protocol::{Hello, Operation, Outcome};

/// After this many restarts it is not started any more.
const RESTARTS: u64 = 200;

/// Requests to one port, one after the other.
#[derive(Debug)]
pub(crate) struct Session {
    program: Program,
    check: Arc<Check>,
    environment: BTreeMap<String, String>,
    patience: Duration,
    trace: Option<Trace>,
    adapter: Option<Adapter>,
    pub(crate) starts: u64,
    /// Spent waiting for it.
    pub(crate) took: Duration,
}

impl Session {
    /// The patience with an adapter that a person looks into.
    pub(crate) const FOR_EVER: Duration = Duration::from_secs(24 * 3_600);

    pub(crate) fn new(program: Program, check: Arc<Check>, patience: Duration) -> Self {
        Session {
            program,
            check,
            environment: BTreeMap::new(),
            patience,
            trace: None,
            adapter: None,
            starts: 0,
            took: Duration::ZERO,
        }
    }

    /// An adapter that runs already; it is never started anew.
    pub(crate) fn attached(adapter: Adapter, check: Arc<Check>) -> Self {
        let program = Program {
            command: Vec::new(),
            folder: ".".into(),
            environment: BTreeMap::new(),
            transport: crate::adapter::Transport::Stdio,
            patience: Duration::ZERO,
            shows_stderr: false,
        };
        let mut session = Session::new(program, check, Session::FOR_EVER);
        session.starts = 1;
        session.adapter = Some(adapter);
        session
    }

    /// The same port with further variables of its environment, as a process of its own.
    pub(crate) fn with_environment(&self, environment: BTreeMap<String, String>) -> Self {
        let mut session =
            Session::new(self.program.clone(), Arc::clone(&self.check), self.patience);
        session.environment = environment;
        session.trace = self.trace;
        session
    }

    /// A further process of the same port.
    pub(crate) fn another(&self) -> Self {
        self.with_environment(self.environment.clone())
    }

    pub(crate) fn traced(mut self, trace: Option<Trace>) -> Self {
        self.trace = trace;
        self
    }

    /// Starts it; what it says of itself.
    pub(crate) fn start(&mut self) -> Result<Hello, Breakdown> {
        let begun = Instant::now();
        let mut adapter = self.launch().map_err(|NotStarted(what)| Breakdown {
            what,
            stderr: Vec::new(),
        })?;
        let hello = adapter.hello(Some(self.program.patience));
        self.took += begun.elapsed();
        let hello = hello?;
        self.adapter = Some(adapter);
        Ok(hello)
    }

    /// Starts it if it does not run.
    pub(crate) fn ready(&mut self) -> Result<(), Breakdown> {
        match self.adapter {
            Some(_) => Ok(()),
            None => self.start().map(drop),
        }
    }

    /// One request; patience beyond the usual is `more`.
    pub(crate) fn ask(
        &mut self,
        operation: Operation,
        more: Duration,
    ) -> Result<Outcome, Breakdown> {
        self.ready()?;
        self.converse(|adapter, patience| adapter.ask(operation, Some(patience + more)))
    }

    /// A further reply to the last request.
    pub(crate) fn next(&mut self, more: Duration) -> Result<Outcome, Breakdown> {
        self.converse(|adapter, patience| adapter.next(Some(patience + more)))
    }

    /// Asks it to stop, if it runs.
    pub(crate) fn stop(&mut self) -> Result<(), Breakdown> {
        self.adapter.take().map_or(Ok(()), Adapter::stop)
    }

    /// Ends it without a word: what it would answer is of no use any more.
    pub(crate) fn forget(&mut self) {
        self.adapter = None;
    }

    fn converse(
        &mut self,
        talk: impl FnOnce(&mut Adapter, Duration) -> Result<Outcome, Breakdown>,
    ) -> Result<Outcome, Breakdown> {
        let Some(adapter) = &mut self.adapter else {
            return Err(Breakdown {
                what: "it does not run".to_owned(),
                stderr: Vec::new(),
            });
        };
        let begun = Instant::now();
        let outcome = talk(adapter, self.patience);
        self.took += begun.elapsed();
        if outcome.is_err() {
            self.adapter = None;
        }
        outcome
    }

    fn launch(&mut self) -> Result<Adapter, NotStarted> {
        if is_stopped() {
            return Err(NotStarted("the run was stopped".to_owned()));
        }
        if self.program.command.is_empty() {
            return Err(NotStarted("it is gone; attach it again".to_owned()));
        }
        if self.starts > RESTARTS {
            return Err(NotStarted(format!(
                "it was given up after {RESTARTS} restarts"
            )));
        }
        self.starts += 1;
        let adapter = self.program.start(&self.check, &self.environment)?;
        Ok(match self.trace {
            Some(trace) => adapter.traced(trace),
            None => adapter,
        })
    }
}
