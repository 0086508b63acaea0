//! A link case, ready to be run against one adapter.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::assertion::judge_always;
use super::case::{Case, Request};
use super::expand::{Holes, expand, filled};
use crate::faults::{End, Faults, Log, content};
use crate::judge::Difference;
use crate::protocol::{Operation, Outcome};

/// One run of a case. Dropped, its files and its log are gone.
pub struct Scenario<'a> {
    case: &'a Case,
    faults: &'a Faults,
    token: String,
    holes: Holes,
    operation: Operation,
    folder: TempDir,
}

/// How long what must happen may still take after the reply, such as a removal in the background.
const LATE: Duration = Duration::from_secs(3);

impl<'a> Scenario<'a> {
    /// Fills in the holes and writes the files.
    ///
    /// # Errors
    ///
    /// What is wrong with the case, or with the temporary folder.
    pub fn new(case: &'a Case, faults: &'a Faults) -> Result<Self, String> {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = case
            .id
            .chars()
            .map(|character| if character == '+' { '-' } else { character });
        let token: String = format!("{number}-").chars().chain(name).take(60).collect();
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (given, out) = (folder.path().join("in"), folder.path().join("out"));
        write(case, &given, &out).map_err(|error| error.to_string())?;
        let holes = vec![
            ("${server}", format!("{}/{token}", faults.url())),
            ("${origin}", faults.url()),
            ("${other}", format!("{}/{token}", faults.other_url())),
            ("${other-origin}", faults.other_url()),
            ("${full}", faults.full_url()),
            ("${nobody}", faults.nobody_url()),
            ("${in}", given.display().to_string()),
            ("${out}", out.display().to_string()),
        ];
        let (op, members) = match &case.request {
            Request::Decode(members) => ("decode", members),
            Request::Encode(members) => ("encode", members),
        };
        let mut request = Value::Object(members.clone());
        expand(&mut request, &holes);
        request["op"] = op.into();
        let operation = serde_json::from_value(request).map_err(|error| error.to_string())?;
        Ok(Scenario {
            case,
            faults,
            token,
            holes,
            operation,
            folder,
        })
    }

    /// Variables that the adapter's process needs; empty if any process will do.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let variables = self.case.environment.iter();
        variables
            .map(|(name, value)| (name.clone(), filled(value, &self.holes)))
            .collect()
    }

    /// What the adapter is to be asked for.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// How long the adapter may take: much longer than any case does.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// The fault server's log, as it is now.
    pub fn log(&self) -> Log {
        self.faults.log(&self.token)
    }

    /// Holds what came of it against the case; `elapsed` is the time from the request to the reply.
    pub fn judge(&self, outcome: &Outcome, elapsed: Duration) -> Vec<Difference> {
        let mut differences = self.case.expect.judge(outcome, &self.holes);
        let milliseconds = elapsed.as_secs_f64() * 1e3;
        if let Some(took) = self.case.took
            && !took.has(milliseconds)
        {
            differences.push(Difference::new(
                "the time of the call in ms",
                took,
                format!("{milliseconds:.0}"),
            ));
        }
        thread::sleep(Duration::from_millis(self.case.settle));
        let until = Instant::now() + LATE;
        differences.extend(loop {
            let log = self.log();
            let about_log = self.judge_log(&log);
            let is_open = log.requests.iter().any(|entry| entry.end == End::Open);
            // While a connection is open, more may come.
            if (about_log.is_empty() && !is_open) || Instant::now() >= until {
                break about_log;
            }
            thread::sleep(Duration::from_millis(10));
        });
        differences.extend(self.judge_files());
        differences
    }

    fn judge_log(&self, log: &Log) -> Vec<Difference> {
        let mut differences = judge_always(log);
        for assertion in &self.case.log {
            differences.extend(assertion.judge(log));
        }
        differences
    }

    fn judge_files(&self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let beside = names(self.folder.path());
        if beside != ["in", "out"] {
            differences.push(Difference::new(
                "what is beside the folder of files",
                "nothing else",
                format!("{beside:?}"),
            ));
        }
        let left = names(&self.folder.path().join("out"));
        if self
            .case
            .left
            .is_some_and(|expected| expected != left.len())
        {
            let expected = self.case.left.unwrap_or(0);
            differences.push(Difference::new(
                "how many files are left",
                expected,
                format!("{left:?}"),
            ));
        }
        differences
    }
}

impl Drop for Scenario<'_> {
    fn drop(&mut self) {
        self.faults.forget(&self.token);
    }
}

fn write(case: &Case, given: &Path, out: &Path) -> std::io::Result<()> {
    fs::create_dir(given)?;
    fs::create_dir(out)?;
    for (name, size) in &case.files {
        fs::write(given.join(name), content(*size))?;
    }
    Ok(())
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
