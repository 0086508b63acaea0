//! The judge: compares the files of a trial, and believes nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use natsbridge::wire::Uuid;

use super::record::{self, Delivered, Event, Found, Handled, Plan, What};
use crate::failure::Failure;
use crate::nats_server::NatsServer;
use crate::report::{Report, Target};

/// Compare the files of a trial.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder of the trial
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the figures.
///
/// # Errors
///
/// [`Failure::Missed`] where a promise was broken.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = Files::read(&arguments.dir)?;
    files.judge().finish(arguments.json)
}

/// Everything that the processes have left behind.
#[derive(Debug)]
struct Files {
    plan: Plan,
    delivered: Found<Delivered>,
    /// Of each receiver in turn.
    handled: Vec<Found<Handled>>,
    events: Found<Event>,
    server_log: String,
}

impl Files {
    fn read(dir: &Path) -> io::Result<Self> {
        let events: Found<Event> = record::read(&record::events(dir))?;
        let started = count(&events, What::ReceiverStarted);
        let handled = (1..=started as u32).map(|instance| {
            match record::read(&record::handled(dir, instance)) {
                // A receiver that was killed before it was connected has none.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found {
                    lines: Vec::new(),
                    unreadable: 0,
                }),
                found => found,
            }
        });
        let handled = handled.collect::<io::Result<_>>()?;
        let log = fs::read(dir.join(NatsServer::LOG))?;
        Ok(Files {
            plan: Plan::read(dir)?,
            delivered: record::read(&record::delivered(dir))?,
            handled,
            events,
            server_log: String::from_utf8_lossy(&log).into_owned(),
        })
    }

    fn judge(&self) -> Report {
        const NONE: Target = Target::Exactly(0.0);
        let mut report = Report::new("delivery while the server and the receiver are killed");
        self.judge_deliveries(&mut report);
        self.judge_handlings(&mut report);
        self.judge_kills(&mut report);
        let torn = self
            .handled
            .iter()
            .map(|found| found.unreadable)
            .sum::<usize>();
        let unreadable = torn + self.delivered.unreadable + self.events.unreadable;
        report.hold("lines that say nothing", unreadable as f64, "", NONE);
        report
    }

    fn judge_deliveries(&self, report: &mut Report) {
        let wanted = f64::from(self.plan.messages);
        let numbers: HashSet<u32> = self
            .delivered
            .lines
            .iter()
            .map(|line| line.number)
            .collect();
        let ids: HashSet<Uuid> = self.delivered.lines.iter().map(|line| line.id).collect();
        report.hold(
            "messages delivered",
            numbers.len() as f64,
            "",
            Target::Exactly(wanted),
        );
        report.hold("their ids", ids.len() as f64, "", Target::Exactly(wanted));
        let sendings: u64 = self
            .delivered
            .lines
            .iter()
            .map(|line| u64::from(line.sendings))
            .sum();
        report.add("sendings", sendings as f64, "");
        let most = self.delivered.lines.iter().map(|line| line.sendings).max();
        report.add(
            "most sendings of one message",
            f64::from(most.unwrap_or_default()),
            "",
        );
        let first = self.events.lines.iter().map(|event| event.at).min();
        let last = self.delivered.lines.iter().map(|line| line.at).max();
        if let (Some(first), Some(last)) = (first, last) {
            let seconds = last.saturating_sub(first) as f64 / 1e3;
            report.add("duration", seconds, "s");
            report.add(
                "rate",
                self.delivered.lines.len() as f64 / seconds.max(1e-3),
                "messages/s",
            );
        }
    }

    fn judge_handlings(&self, report: &mut Report) {
        const NONE: Target = Target::Exactly(0.0);
        let mut times: HashMap<(u32, Uuid), u32> = HashMap::new();
        let mut twice = 0;
        for receiver in &self.handled {
            let mut here = HashSet::new();
            for line in &receiver.lines {
                *times.entry((line.number, line.id)).or_default() += 1;
                if !here.insert(line.id) {
                    twice += 1;
                }
            }
        }
        let numbers: HashSet<u32> = times.keys().map(|(number, _)| *number).collect();
        let never = (0..self.plan.messages).filter(|number| !numbers.contains(number));
        report.hold("messages never handled", never.count() as f64, "", NONE);
        let lost = self.delivered.lines.iter();
        let lost = lost.filter(|line| !times.contains_key(&(line.number, line.id)));
        report.hold(
            "delivered for the sender, and handled by nobody",
            lost.count() as f64,
            "",
            NONE,
        );
        let delivered: HashSet<(u32, Uuid)> = self
            .delivered
            .lines
            .iter()
            .map(|line| (line.number, line.id))
            .collect();
        let foreign = times.keys().filter(|key| !delivered.contains(key)).count();
        report.hold("handled, and not delivered", foreign as f64, "", NONE);
        report.hold(
            "handled twice by one living receiver",
            f64::from(twice),
            "",
            NONE,
        );
        let all: usize = self.handled.iter().map(|found| found.lines.len()).sum();
        report.add("handlings", all as f64, "");
        let repeats = all - times.len();
        report.add(
            "handled again by another receiver",
            repeats as f64 - f64::from(twice),
            "",
        );
    }

    fn judge_kills(&self, report: &mut Report) {
        let log = ServerLog::read(&self.server_log);
        let kills = f64::from(self.plan.server_kills);
        let wanted = Target::Exactly(kills + 1.0);
        report.hold("starts in the server's log", log.starts as f64, "", wanted);
        let wanted = Target::Exactly(kills);
        report.hold(
            "ends in the server's log without a goodbye",
            log.killed.len() as f64,
            "",
            wanted,
        );
        // The log and the supervisor speak of the same processes.
        let killed: Vec<u32> = self.processes(What::ServerKilled).collect();
        let agreed = killed.iter().filter(|process| log.killed.contains(process));
        report.hold(
            "of them killed by the supervisor",
            agreed.count() as f64,
            "",
            wanted,
        );
        report.hold(
            "receivers killed",
            self.processes(What::ReceiverKilled).count() as f64,
            "",
            Target::Exactly(f64::from(self.plan.receiver_kills)),
        );
        let started: Vec<u32> = self.processes(What::ReceiverStarted).collect();
        let at_work = started
            .iter()
            .zip(&self.handled)
            .filter(|(process, found)| {
                !found.lines.is_empty() && found.lines.iter().all(|line| line.process == **process)
            });
        report.hold(
            "receivers that have handled messages",
            at_work.count() as f64,
            "",
            Target::Exactly(f64::from(self.plan.receiver_kills) + 1.0),
        );
        report.hold(
            "messages handled between the first kill and the last",
            self.between() as f64,
            "",
            Target::AtLeast(f64::from(self.plan.between)),
        );
    }

    fn between(&self) -> usize {
        let kills = self
            .events
            .lines
            .iter()
            .filter(|event| matches!(event.what, What::ServerKilled | What::ReceiverKilled));
        let moments: Vec<u64> = kills.map(|event| event.at).collect();
        let (Some(first), Some(last)) = (moments.iter().min(), moments.iter().max()) else {
            return 0;
        };
        let mut earliest: HashMap<Uuid, u64> = HashMap::new();
        for line in self.handled.iter().flat_map(|found| &found.lines) {
            let at = earliest.entry(line.id).or_insert(line.at);
            *at = line.at.min(*at);
        }
        earliest
            .values()
            .filter(|at| (*first..=*last).contains(at))
            .count()
    }

    fn processes(&self, what: What) -> impl Iterator<Item = u32> {
        let events = self.events.lines.iter();
        events
            .filter(move |event| event.what == what)
            .map(|event| event.process)
    }
}

fn count(events: &Found<Event>, what: What) -> usize {
    events
        .lines
        .iter()
        .filter(|event| event.what == what)
        .count()
}

/// What the server's own log says about its lives.
#[derive(Debug, Eq, PartialEq)]
struct ServerLog {
    /// How often it was ready.
    starts: usize,
    /// The processes that were ready and have not said that they end.
    killed: Vec<u32>,
}

impl ServerLog {
    /// Each line begins with the process in brackets.
    fn read(text: &str) -> Self {
        let mut has_ended: BTreeMap<u32, bool> = BTreeMap::new();
        for line in text.lines() {
            let Some((process, said)) =
                line.strip_prefix('[').and_then(|line| line.split_once(']'))
            else {
                continue;
            };
            let Ok(process) = process.parse() else {
                continue;
            };
            if said.ends_with("Server is ready") {
                has_ended.insert(process, false);
            } else if said.ends_with("Server Exiting..") {
                has_ended.entry(process).and_modify(|ended| *ended = true);
            }
        }
        let killed = has_ended.iter().filter(|(_, ended)| !**ended);
        ServerLog {
            starts: has_ended.len(),
            killed: killed.map(|(process, _)| *process).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
[11] 2026/11/22 10:00:00.000000 [INF] Starting nats-server
[11] 2026/11/22 10:00:00.000000 [INF] Server is ready
[12] 2026/11/22 10:00:01.000000 [INF] Starting nats-server
[12] 2026/11/22 10:00:01.000000 [INF] Server is ready
[12] 2026/11/22 10:00:02.000000 [INF] Server Exiting..
";

    fn found<L>(lines: Vec<L>) -> Found<L> {
        Found {
            lines,
            unreadable: 0,
        }
    }

    fn event(what: What, process: u32, at: u64) -> Event {
        Event { what, process, at }
    }

    /// A trial of ten messages in which all went well: the fourth was handled by both receivers.
    fn good() -> Files {
        let ids: Vec<Uuid> = (0..10).map(|_| natsbridge::new_id()).collect();
        let handled = |numbers: std::ops::Range<u32>, process| {
            let line = |number: u32| Handled {
                number,
                id: ids[number as usize],
                process,
                at: 100 + u64::from(number),
            };
            found(numbers.map(line).collect())
        };
        let delivered = (0..10).map(|number| Delivered {
            number,
            id: ids[number as usize],
            sendings: 1,
            at: 101 + u64::from(number),
        });
        Files {
            plan: Plan {
                messages: 10,
                server_kills: 1,
                receiver_kills: 1,
                between: 2,
            },
            delivered: found(delivered.collect()),
            handled: vec![handled(0..4, 21), handled(3..10, 22)],
            events: found(vec![
                event(What::ServerStarted, 11, 90),
                event(What::ReceiverStarted, 21, 91),
                event(What::ServerKilled, 11, 102),
                event(What::ServerStarted, 12, 103),
                event(What::ReceiverKilled, 21, 104),
                event(What::ReceiverStarted, 22, 104),
            ]),
            server_log: LOG.to_owned(),
        }
    }

    fn verdict(files: &Files) -> String {
        match files.judge().verdict() {
            Ok(()) => "fine".to_owned(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn a_repeat_across_receivers_is_allowed() {
        assert_eq!(verdict(&good()), "fine");
        assert_eq!(good().between(), 3);
    }

    #[test]
    fn what_nobody_has_handled_is_lost() {
        let mut files = good();
        files.handled[1].lines.remove(4);
        assert_eq!(
            verdict(&files),
            "missed: messages never handled; delivered for the sender, and handled by nobody"
        );
    }

    #[test]
    fn handling_under_another_id_is_no_handling() {
        let mut files = good();
        files.delivered.lines[0].id = natsbridge::new_id();
        assert_eq!(
            verdict(&files),
            "missed: delivered for the sender, and handled by nobody; handled, and not delivered"
        );
    }

    #[test]
    fn one_receiver_handles_once() {
        let mut files = good();
        let line = files.handled[0].lines[0];
        files.handled[0].lines.push(line);
        assert_eq!(
            verdict(&files),
            "missed: handled twice by one living receiver"
        );
    }

    #[test]
    fn every_message_is_delivered() {
        let mut files = good();
        files.delivered.lines.pop();
        assert_eq!(
            verdict(&files),
            "missed: messages delivered; their ids; handled, and not delivered"
        );
    }

    #[test]
    fn kills_are_read_in_the_servers_log() {
        let mut files = good();
        files.server_log = LOG.replace("[12]", "[11]");
        assert_eq!(
            verdict(&files),
            "missed: starts in the server's log; ends in the server's log without a goodbye; of them killed by the supervisor"
        );
        let log = ServerLog::read(&format!("{LOG}not a line\n[x] Server is ready\n"));
        let killed = vec![11];
        assert_eq!(log, ServerLog { starts: 2, killed });
    }

    #[test]
    fn kills_that_nothing_happens_between_prove_nothing() {
        let mut files = good();
        files.plan.between = 4;
        assert_eq!(
            verdict(&files),
            "missed: messages handled between the first kill and the last"
        );
    }

    #[test]
    fn a_line_that_says_nothing_is_a_fault() {
        let mut files = good();
        files.handled[0].unreadable = 1;
        assert_eq!(verdict(&files), "missed: lines that say nothing");
    }
}
