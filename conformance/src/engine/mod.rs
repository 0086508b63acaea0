//! A run: ports are started, every case is put to them, and what came of it becomes a report.

mod arena;
mod contestant;
mod known;
mod link;
mod live;
mod plan;
mod prepare;
mod session;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};

pub(crate) use contestant::{Absent, Contestant};
pub(crate) use session::Session;

use crate::adapter;
use crate::case::{Body, Case, Library, Places, Selection, coverage, floors};
use crate::child::is_stopped;
use crate::failure::Failure;
use crate::faults::Faults;
use crate::judge::Difference;
use crate::port::{NAMED, Port};
use crate::progress::Progress;
use crate::protocol::Capability;
use crate::report::{
    Check, FORMAT, Failed, Kind, PortReport, Report, RuleReport, State, Verdict, acceptance,
};
use crate::repository::Repository;
use crate::server::{Server, Unserved, nowhere};
use arena::Arena;
use plan::{LANES, LINK_STAGE, Planned, Unit, plan};

/// Deep values are compared by functions that call themselves.
pub(crate) const STACK: usize = 256 << 20;

/// What is said of a selection that has nothing.
pub(crate) const NO_CASE: &str =
    "no case has such an id; `list` shows them all, and * stands for any letters, as in 'w2*'";

/// What a run is about.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Names of ports; all if empty.
    pub(crate) ports: Vec<String>,
    pub(crate) selection: Selection,
    /// Kinds of checks; all if empty.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) jobs: usize,
}

/// Runs everything that is ordered.
pub(crate) fn run(
    repository: &Repository,
    order: &Order,
    progress: &Progress,
) -> Result<Report, Failure> {
    let begun = (SystemTime::now(), Instant::now());
    let library = Library::read(repository)?;
    let built: Vec<String> = Port::all(repository)?
        .into_iter()
        .map(|port| port.name)
        .collect();
    let ports = Port::select(repository, &order.ports)?;
    let mut problems = Vec::new();
    let everything =
        order.ports.is_empty() && order.selection.is_everything() && order.kinds.is_empty();
    let (rules, uncovered) = coverage(repository, &library.cases)?;
    if order.selection.is_everything() {
        problems.extend(uncovered);
        problems.extend(lost(&library.cases));
    }
    let mut cases = library.cases;
    cases.retain(|case| order.selection.has(&case.id));
    if cases.is_empty() {
        return Err(Failure::Usage(NO_CASE.to_owned()));
    }
    let check = Arc::new(adapter::Check::new(repository)?);
    let (contestants, absent) = start(&ports, repository, &check, progress)?;
    // Who asks for a port by its name, and CI, are not content with less.
    let must = !order.ports.is_empty() || is_ci();
    let mut checks: Vec<Check> = absent.iter().filter_map(|one| one.check(must)).collect();
    let mut notes = Vec::new();
    let servers = Servers::start(
        &cases,
        &contestants,
        repository,
        must,
        &mut notes,
        &mut problems,
    )?;
    let has_links = cases.iter().any(|case| matches!(case.body, Body::Link(_)));
    let faults = has_links.then(|| Faults::start(0)).transpose()?;
    let arena = Arena::new(&cases, &contestants, servers.places.clone(), faults);
    let mut units = plan(&cases, &contestants);
    if !order.kinds.is_empty() {
        for unit in &mut units {
            unit.checks
                .retain(|planned| order.kinds.contains(&planned.kind));
        }
    }
    checks.extend(work(&arena, &units, order.jobs, progress)?);
    for contestant in &contestants {
        checks.extend(contestant.finish());
    }
    if is_stopped() {
        return Err(Failure::Stopped);
    }
    if !checks.iter().any(is_answered) {
        problems.push("no case was answered: all that were selected were left out".to_owned());
    }
    let known: Vec<&Port> = ports.iter().collect();
    problems.extend(known::apply(&known, &mut checks, everything));
    let ports = reports(ports, &contestants, &absent, order);
    Ok(Report {
        format: FORMAT,
        started: humantime::format_rfc3339_seconds(begun.0).to_string(),
        took_ms: contestant::millis(begun.1),
        everything,
        notes,
        problems,
        cases: cases.len() as u64,
        acceptance: acceptance(&cases, &built, &ports, &checks),
        ports,
        checks,
        rules: rules
            .into_iter()
            .map(|rule| RuleReport {
                rule: rule.rule,
                title: rule.title,
                cases: rule.cases as u64,
                instead: rule.instead,
            })
            .collect(),
    })
}

/// CI has everything.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Whether an implementation has done something in it, right or wrong.
fn is_answered(check: &Check) -> bool {
    check.kind != Kind::Adapter && !matches!(check.verdict, Verdict::LeftOut(_))
}

/// Puts cases to one adapter that runs already; one after the other.
pub(crate) fn run_attached(
    repository: &Repository,
    selection: &Selection,
    contestant: Contestant,
    progress: &Progress,
) -> Result<Vec<Check>, Failure> {
    let mut cases = Library::read(repository)?.cases;
    cases.retain(|case| selection.has(&case.id) && can_be_attached(&case.body));
    if cases.is_empty() {
        return Err(Failure::Usage(
            "no case that one process can do has such an id".to_owned(),
        ));
    }
    let (mut notes, mut problems) = (Vec::new(), Vec::new());
    let contestants = [contestant];
    let servers = Servers::start(
        &cases,
        &contestants,
        repository,
        false,
        &mut notes,
        &mut problems,
    )?;
    if let Some(problem) = problems.first() {
        return Err(Failure::Broken(problem.clone()));
    }
    notes.iter().for_each(|note| progress.line(note));
    let arena = Arena::new(&cases, &contestants, servers.places.clone(), None);
    let mut units = plan(&cases, &contestants);
    for unit in &mut units {
        let is_done = |kind| matches!(kind, Kind::Decode | Kind::Encode | Kind::Answer);
        unit.checks.retain(|planned| is_done(planned.kind));
    }
    let mut checks = work(&arena, &units, 1, progress)?;
    checks.extend(contestants.iter().flat_map(Contestant::finish));
    Ok(checks)
}

fn can_be_attached(body: &Body) -> bool {
    match body {
        Body::Decode(_) | Body::Answer(_) => true,
        Body::Encode(encode) => !encode.has_environment(),
        Body::Delivery(_) | Body::Link(_) => false,
    }
}

/// Does all checks, in as many threads as are allowed, and stage by stage.
fn work(
    arena: &Arena<'_>,
    units: &[Unit],
    jobs: usize,
    progress: &Progress,
) -> Result<Vec<Check>, Failure> {
    let total = units.iter().map(|unit| unit.checks.len()).sum();
    progress.begin(total);
    let mut checks = Vec::with_capacity(total);
    let last = units.iter().map(|unit| unit.stage).max().unwrap_or(0);
    for stage in 0..=last {
        let of_stage: Vec<&Unit> = units.iter().filter(|unit| unit.stage == stage).collect();
        let jobs = if stage == LINK_STAGE {
            jobs * LANES
        } else {
            jobs
        };
        checks.extend(side_by_side(arena, &of_stage, jobs, progress)?);
    }
    progress.end();
    Ok(checks)
}

type Slot = OnceLock<(Verdict, u64)>;

fn side_by_side(
    arena: &Arena<'_>,
    units: &[&Unit],
    jobs: usize,
    progress: &Progress,
) -> Result<Vec<Check>, Failure> {
    let slots: Vec<Vec<Slot>> = units
        .iter()
        .map(|unit| unit.checks.iter().map(|_| Slot::new()).collect())
        .collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        while let Some((unit, slots)) = {
            let index = next.fetch_add(1, Ordering::SeqCst);
            units.get(index).zip(slots.get(index))
        } {
            let port = unit.alone.and_then(|index| arena.ports.get(index));
            let mut own = port.map(Contestant::another);
            for (planned, slot) in unit.checks.iter().zip(slots) {
                if is_stopped() {
                    return;
                }
                let begun = Instant::now();
                let verdict = arena.check(*planned, own.as_mut());
                progress.step(
                    &name(arena, *planned),
                    matches!(verdict, Verdict::Failed(_)),
                );
                // Each slot has one writer.
                let _ = slot.set((verdict, contestant::millis(begun)));
            }
            if let Some((port, own)) = port.zip(own) {
                port.dismiss(own);
            }
        }
    };
    std::thread::scope(|scope| -> Result<(), Failure> {
        for _ in 0..jobs.clamp(1, units.len().max(1)) {
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, worker)?;
        }
        Ok(())
    })?;
    let checks = units.iter().zip(slots).flat_map(|(unit, slots)| {
        let pairs = unit.checks.iter().zip(slots);
        pairs.map(|(planned, slot)| result(arena, *planned, slot.into_inner()))
    });
    Ok(checks.collect())
}

/// A check's result; without one it has failed, whatever the reason.
fn result(arena: &Arena<'_>, planned: Planned, outcome: Option<(Verdict, u64)>) -> Check {
    let (verdict, ms) = outcome.unwrap_or_else(|| {
        let lost = Difference::new("run", "a result", "none");
        (Verdict::Failed(Failed::new(lost)), 0)
    });
    let port = |index: Option<usize>| {
        let port = index.and_then(|index| arena.ports.get(index));
        port.map(|port| port.port.name.clone())
    };
    let case = arena.cases.get(planned.case);
    Check {
        kind: planned.kind,
        case: case.map(|case| case.id.clone()).unwrap_or_default(),
        rule: case.map(|case| case.rule.clone()).unwrap_or_default(),
        producer: port(planned.producer),
        consumer: port(planned.consumer),
        verdict,
        ms,
    }
}

fn name(arena: &Arena<'_>, planned: Planned) -> String {
    let check = result(arena, planned, None);
    format!("{} {} {}", check.kind.name(), check.who(), check.case)
}

/// Builds and starts every port.
pub(crate) fn start(
    ports: &[Port],
    repository: &Repository,
    check: &Arc<adapter::Check>,
    progress: &Progress,
) -> Result<(Vec<Contestant>, Vec<Absent>), Failure> {
    let (mut there, mut absent) = (Vec::new(), Vec::new());
    for port in ports {
        progress.say(&format!("starting {}", port.name));
        match Contestant::new(port.clone(), repository, check) {
            Ok(contestant) => there.push(contestant),
            Err(one) => {
                progress.line(&format!("!! {}: not available: {}", port.name, one.why));
                absent.push(*one);
            }
        }
        if is_stopped() {
            return Err(Failure::Stopped);
        }
    }
    Ok((there, absent))
}

/// Kinds of which there are fewer cases than there must be.
fn lost(cases: &[Case]) -> Vec<String> {
    let floors = floors(cases)
        .into_iter()
        .filter(|floor| floor.count < floor.least);
    floors
        .map(|floor| {
            format!(
                "there are {} {}, not {} at least",
                floor.count, floor.what, floor.least
            )
        })
        .collect()
}

/// Every port that was asked for, in the order of the tables, those not built yet included.
fn reports(
    ports: Vec<Port>,
    contestants: &[Contestant],
    absent: &[Absent],
    order: &Order,
) -> Vec<PortReport> {
    let there = contestants.iter().map(Contestant::report);
    let mut reports: Vec<PortReport> = there.chain(absent.iter().map(Absent::report)).collect();
    if order.ports.is_empty() {
        for name in NAMED {
            if !ports.iter().any(|port| port.name == *name) {
                reports.push(not_built_yet(name));
            }
        }
    }
    let rank = |name: &str| {
        NAMED
            .iter()
            .position(|named| *named == name)
            .unwrap_or(NAMED.len())
    };
    reports.sort_by_key(|port| rank(&port.name));
    reports
}

fn not_built_yet(name: &str) -> PortReport {
    PortReport {
        name: name.to_owned(),
        title: name.to_owned(),
        variant_of: None,
        state: State::NotBuiltYet,
        why: None,
        runtime: None,
        version: None,
        capabilities: Vec::new(),
        start_ms: 0,
        took_ms: 0,
        restarts: 0,
    }
}

/// The servers of a run.
struct Servers {
    places: Places,
    _running: Vec<Server>,
}

impl Servers {
    /// Starts those that the cases need and anybody can use; one that does not work is a problem, one that is not there is told loudly, and is a problem
    /// where it `must` be.
    fn start(
        cases: &[Case],
        contestants: &[Contestant],
        repository: &Repository,
        must: bool,
        notes: &mut Vec<String>,
        problems: &mut Vec<String>,
    ) -> Result<Self, Failure> {
        let can = |capability| contestants.iter().any(|one| one.abilities.has(capability));
        let needs_nats = cases.iter().any(|case| match &case.body {
            Body::Encode(encode) => encode.live,
            Body::Delivery(_) => true,
            _ => false,
        }) && can(Capability::Nats);
        let needs_files = cases.iter().any(|case| match &case.body {
            Body::Encode(encode) => encode.needs_files(),
            Body::Delivery(delivery) => delivery.uploads(),
            _ => false,
        }) && can(Capability::Link);
        let mut running = Vec::new();
        let mut url_of = |needed: bool, start: fn(&Repository) -> Result<Server, Unserved>| {
            if !needed {
                return String::new();
            }
            match start(repository) {
                Ok(server) => {
                    if server.what == "natsbridge fileserver" {
                        notes.push("!! there is no real Plik here (NATSBRIDGE_TEST_PLIK, or plikd on PATH); `natsbridge fileserver` stands in".to_owned());
                    }
                    let url = server.url.clone();
                    running.push(server);
                    url
                }
                Err(Unserved::Absent(why)) if !must => {
                    notes.push(format!("!! not available: {why}"));
                    String::new()
                }
                Err(Unserved::Absent(why) | Unserved::Broken(why)) => {
                    problems.push(why);
                    String::new()
                }
            }
        };
        let places = Places {
            nats: url_of(needs_nats, Server::nats),
            fileserver: url_of(needs_files, Server::files),
            nowhere: nowhere()?,
        };
        Ok(Servers {
            places,
            _running: running,
        })
    }
}
