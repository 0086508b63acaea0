//! A port that takes part.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::prepare::{Unprepared, prepare};
use super::session::Session;
use crate::adapter::{self, Breakdown, NotStarted};
use crate::case::{Abilities, capability_name};
use crate::judge::Difference;
use crate::port::Port;
use crate::protocol::{Capability, Hello};
use crate::report::{Check, Failed, Kind, PortReport, State, Verdict};
use crate::repository::Repository;

/// A port whose adapter has said hello; one process as a producer and one as a consumer.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) port: Port,
    pub(crate) hello: Hello,
    pub(crate) abilities: Abilities,
    /// Whether what it declares is coherent, and all that it must.
    declared: Result<(), Difference>,
    start_ms: u64,
    /// The consumer's, if absent.
    producer: Option<Mutex<Session>>,
    consumer: Mutex<Session>,
    further: Mutex<Further>,
}

/// What further processes of a port have shown.
#[derive(Debug, Default)]
struct Further {
    took: Duration,
    restarts: u64,
    /// That one did not stop as it should.
    failed: Option<Failed>,
}

/// A port that does not take part.
#[derive(Debug)]
pub(crate) struct Absent {
    pub(crate) port: Port,
    pub(crate) why: String,
    /// It is there, and does not do what it should.
    pub(crate) failed: Option<Breakdown>,
}

impl Contestant {
    /// Builds a port and starts its adapter.
    pub(crate) fn new(
        port: Port,
        repository: &Repository,
        check: &Arc<adapter::Check>,
    ) -> Result<Self, Box<Absent>> {
        let absent = |port: Port, why: String| {
            Box::new(Absent {
                port,
                why,
                failed: None,
            })
        };
        match prepare(&port, repository) {
            Ok(()) => {}
            Err(Unprepared::Lacking(why)) => return Err(absent(port, why)),
            Err(Unprepared::Broken(breakdown)) => return Err(broken(port, breakdown)),
        }
        let program = match port.program(repository) {
            Ok(program) => program,
            Err(NotStarted(why)) => return Err(absent(port, why)),
        };
        let mut consumer = Session::new(program, Arc::clone(check), port.patience);
        let begun = Instant::now();
        let hello = match consumer.start() {
            Ok(hello) => hello,
            Err(breakdown) => return Err(broken(port, breakdown)),
        };
        Ok(Contestant {
            abilities: Abilities::of(&hello),
            declared: coherent(&hello).and_then(|()| port.met_by(&hello, repository)),
            start_ms: millis(begun),
            producer: Some(Mutex::new(consumer.another())),
            consumer: Mutex::new(consumer),
            further: Mutex::default(),
            hello,
            port,
        })
    }

    /// An adapter that runs already; its one process is producer and consumer.
    pub(crate) fn attached(port: Port, hello: Hello, session: Session) -> Self {
        Contestant {
            abilities: Abilities::of(&hello),
            declared: coherent(&hello),
            start_ms: 0,
            producer: None,
            consumer: Mutex::new(session),
            further: Mutex::default(),
            hello,
            port,
        }
    }

    pub(crate) fn producer(&self) -> MutexGuard<'_, Session> {
        let producer = self.producer.as_ref().unwrap_or(&self.consumer);
        producer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn consumer(&self) -> MutexGuard<'_, Session> {
        self.consumer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A further process of the port.
    pub(super) fn another(&self) -> Session {
        self.producer().another()
    }

    /// Stops a further process.
    pub(super) fn dismiss(&self, mut session: Session) {
        let stopped = session
            .stop()
            .map_err(|breakdown| failed("stop", breakdown));
        let mut further = self.further();
        further.took += session.took;
        further.restarts += session.starts.saturating_sub(1);
        further.failed = further.failed.take().or(stopped.err());
    }

    /// Stops both processes; what that showed of the adapter.
    pub(crate) fn finish(&self) -> Vec<Check> {
        let check = |case: &str, result: Result<(), Failed>| Check {
            kind: Kind::Adapter,
            case: case.to_owned(),
            rule: String::new(),
            producer: None,
            consumer: Some(self.port.name.clone()),
            verdict: result.map_or_else(Verdict::Failed, |()| Verdict::Passed),
            ms: 0,
        };
        let mut stopped = self.further().failed.take().map_or(Ok(()), Err);
        for session in self.processes() {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            stopped = stopped.and(
                session
                    .stop()
                    .map_err(|breakdown| failed("stop", breakdown)),
            );
        }
        let restarts = self.restarts();
        let stays = if restarts == 0 {
            Ok(())
        } else {
            let found = format!("{restarts} restarts, after as many crashes or time-outs");
            Err(Failed::new(Difference::new("adapter", "no restart", found)))
        };
        vec![
            check("hello", self.declared.clone().map_err(Failed::new)),
            check("stays", stays),
            check("stop", stopped),
        ]
    }

    pub(crate) fn report(&self) -> PortReport {
        let took = self.each(|session| session.took).sum::<Duration>() + self.further().took;
        PortReport {
            name: self.port.name.clone(),
            title: self.port.title.clone(),
            variant_of: self.port.variant_of.clone(),
            state: State::Ran,
            why: None,
            runtime: Some(self.hello.runtime.clone()),
            version: Some(self.hello.version.clone()),
            capabilities: self
                .hello
                .capabilities
                .iter()
                .map(|one| capability_name(*one))
                .collect(),
            start_ms: self.start_ms,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            restarts: self.restarts(),
        }
    }

    fn restarts(&self) -> u64 {
        let restarts = self.each(|session| session.starts.saturating_sub(1));
        restarts.sum::<u64>() + self.further().restarts
    }

    fn processes(&self) -> impl Iterator<Item = &Mutex<Session>> {
        self.producer.iter().chain([&self.consumer])
    }

    fn each<T>(&self, of: impl Fn(&Session) -> T) -> impl Iterator<Item = T> {
        self.processes()
            .map(move |session| of(&session.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn further(&self) -> MutexGuard<'_, Further> {
        self.further.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Absent {
    pub(crate) fn report(&self) -> PortReport {
        PortReport {
            name: self.port.name.clone(),
            title: self.port.title.clone(),
            variant_of: self.port.variant_of.clone(),
            state: State::NotAvailable,
            why: Some(self.why.clone()),
            runtime: None,
            version: None,
            capabilities: Vec::new(),
            start_ms: 0,
            took_ms: 0,
            restarts: 0,
        }
    }

    /// A failure if it is one; where it `must` be there, its absence is.
    pub(crate) fn check(&self, must: bool) -> Option<Check> {
        let failed = match &self.failed {
            Some(breakdown) => failed("hello", breakdown.clone()),
            None if must => {
                Failed::new(Difference::new("adapter", "a port that starts", &self.why))
            }
            None => return None,
        };
        Some(Check {
            kind: Kind::Adapter,
            case: "hello".to_owned(),
            rule: String::new(),
            producer: None,
            consumer: Some(self.port.name.clone()),
            verdict: Verdict::Failed(failed),
            ms: 0,
        })
    }
}

/// A breakdown as a failure.
pub(super) fn failed(place: &str, breakdown: Breakdown) -> Failed {
    Failed {
        difference: Difference::new(place, "a reply of the protocol", &breakdown.what),
        stderr: breakdown.stderr,
    }
}

pub(super) fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn broken(port: Port, breakdown: Breakdown) -> Box<Absent> {
    Box::new(Absent {
        port,
        why: breakdown.what.clone(),
        failed: Some(breakdown),
    })
}

/// What an adapter declares does not contradict itself.
fn coherent(hello: &Hello) -> Result<(), Difference> {
    let pairs = [
        (
            Capability::Arrowtable,
            hello.payload_types.iter().any(|name| name == "arrowtable"),
        ),
        (
            Capability::Link,
            hello.transports.iter().any(|name| name == "link"),
        ),
    ];
    for (capability, listed) in pairs {
        let declared = hello.capabilities.contains(&capability);
        if declared != listed {
            let name = capability_name(capability);
            let (yes, no) = ("declared and listed", "only one of declared and listed");
            return Err(Difference::new(format!("hello, {name}"), yes, no));
        }
    }
    Ok(())
}
