//! The files of a trial: what each process has written down of what it did.
//!
//! One line for each thing, its members separated by spaces, appended with a single write. That survives the death of the
//! process at any moment, but not that of the machine, which is not on trial.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use natsbridge::wire::Uuid;
use serde::{Deserialize, Serialize};

/// What the supervisor set out to do; the file `plan.json`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Plan {
    pub(super) messages: u32,
    pub(super) server_kills: u32,
    pub(super) receiver_kills: u32,
    /// Messages that have to be handled between the first kill and the last.
    pub(super) between: u32,
}

/// A message that a receiver has acknowledged, as the sender knows it; a line of the file `delivered`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Delivered {
    /// From 0 to the number of messages.
    pub(super) number: u32,
    pub(super) id: Uuid,
    pub(super) sendings: u32,
    /// Unix time in milliseconds, here and below.
    pub(super) at: u64,
}

/// A message that a receiver has handled; a line of the file `handled-INSTANCE`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Handled {
    pub(super) number: u32,
    pub(super) id: Uuid,
    /// The receiver's process.
    pub(super) process: u32,
    pub(super) at: u64,
}

/// Something that the supervisor did to a process; a line of the file `events`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Event {
    pub(super) what: What,
    pub(super) process: u32,
    pub(super) at: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What {
    ServerStarted,
    ServerKilled,
    ReceiverStarted,
    ReceiverKilled,
}

/// A file that is appended to.
#[derive(Debug)]
pub(super) struct Record(File);

/// A line of a record.
pub(super) trait Line: fmt::Display + Sized {
    /// `None` where the text is none.
    fn read(text: &str) -> Option<Self>;
}

/// A record as it was found.
#[derive(Debug)]
pub(super) struct Found<L> {
    pub(super) lines: Vec<L>,
    /// Lines that say nothing, but for the last of a process that was killed.
    pub(super) unreadable: usize,
}

impl Plan {
    const FILE: &'static str = "plan.json";

    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        fs::write(dir.join(Plan::FILE), text)
    }

    pub(super) fn read(dir: &Path) -> io::Result<Self> {
        let text = fs::read(dir.join(Plan::FILE))?;
        Ok(serde_json::from_slice(&text)?)
    }
}

impl Record {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Record(file))
    }

    /// Appends a line; the system has it when this returns.
    pub(super) fn append(&mut self, line: &impl Line) -> io::Result<()> {
        self.0.write_all(format!("{line}\n").as_bytes())
    }
}

/// Reads the record of a process that may have died while it wrote: a last line without its end was not written.
pub(super) fn read<L: Line>(path: &Path) -> io::Result<Found<L>> {
    let text = fs::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut found = Found {
        lines: Vec::new(),
        unreadable: 0,
    };
    for line in whole.lines() {
        match L::read(line) {
            Some(line) => found.lines.push(line),
            None => found.unreadable += 1,
        }
    }
    Ok(found)
}

pub(super) fn delivered(dir: &Path) -> PathBuf {
    dir.join("delivered")
}

/// Instances are counted from 1.
pub(super) fn handled(dir: &Path, instance: u32) -> PathBuf {
    dir.join(format!("handled-{instance}"))
}

pub(super) fn events(dir: &Path) -> PathBuf {
    dir.join("events")
}

/// Unix time in milliseconds.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Delivered {
            number,
            id,
            sendings,
            at,
        } = self;
        write!(f, "{number} {id} {sendings} {at}")
    }
}

impl Line for Delivered {
    fn read(text: &str) -> Option<Self> {
        let mut members = text.split(' ');
        let line = Delivered {
            number: members.next()?.parse().ok()?,
            id: members.next()?.parse().ok()?,
            sendings: members.next()?.parse().ok()?,
            at: members.next()?.parse().ok()?,
        };
        members.next().is_none().then_some(line)
    }
}

impl fmt::Display for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Handled {
            number,
            id,
            process,
            at,
        } = self;
        write!(f, "{number} {id} {process} {at}")
    }
}

impl Line for Handled {
    fn read(text: &str) -> Option<Self> {
        let mut members = text.split(' ');
        let line = Handled {
            number: members.next()?.parse().ok()?,
            id: members.next()?.parse().ok()?,
            process: members.next()?.parse().ok()?,
            at: members.next()?.parse().ok()?,
        };
        members.next().is_none().then_some(line)
    }
}

impl What {
    const ALL: [(What, &'static str); 4] = [
        (What::ServerStarted, "nats-server-started"),
        (What::ServerKilled, "nats-server-killed"),
        (What::ReceiverStarted, "receiver-started"),
        (What::ReceiverKilled, "receiver-killed"),
    ];
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = What::ALL.iter();
        let name = names.filter(|(what, _)| *what == self.what);
        let name = name.map(|(_, name)| *name).next().unwrap_or_default();
        write!(f, "{name} {} {}", self.process, self.at)
    }
}

impl Line for Event {
    fn read(text: &str) -> Option<Self> {
        let mut members = text.split(' ');
        let name = members.next()?;
        let (what, _) = What::ALL.into_iter().find(|(_, other)| *other == name)?;
        let line = Event {
            what,
            process: members.next()?.parse().ok()?,
            at: members.next()?.parse().ok()?,
        };
        members.next().is_none().then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_without_a_torn_end() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = handled(dir.path(), 1);
        let line = Handled {
            number: 7,
            id: natsbridge::new_id(),
            process: 42,
            at: now(),
        };
        let mut record = Record::open(&path).expect("a file");
        record.append(&line).expect("written");
        drop(record);
        let mut record = Record::open(&path).expect("the same file");
        record.append(&line).expect("written");
        let torn = line.to_string();
        record
            .0
            .write_all(&torn.as_bytes()[..20])
            .expect("half a line");
        let found = read::<Handled>(&path).expect("the file");
        assert_eq!((found.lines, found.unreadable), (vec![line, line], 0));
        record.0.write_all(b"\n").expect("an end of line");
        let found = read::<Handled>(&path).expect("the file");
        assert_eq!(found.unreadable, 1);
    }

    #[test]
    fn events_come_back() {
        for (what, _) in What::ALL {
            let event = Event {
                what,
                process: 3,
                at: 5,
            };
            assert_eq!(Event::read(&event.to_string()), Some(event));
        }
        assert_eq!(Event::read("receiver-started 1 2 3"), None);
    }
}
