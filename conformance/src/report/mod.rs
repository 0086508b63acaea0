//! The result of a run: one type, from which every form of the report is made.

mod acceptance;
mod html;
mod json;
mod junit;
mod replay;
mod tally;
mod text;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use acceptance::acceptance;
pub(crate) use html::html;
pub use json::schema;
pub(crate) use json::{read, write};
pub(crate) use junit::junit;
pub(crate) use tally::Tally;
pub(crate) use text::{summary, text};

pub use crate::judge::Difference;

/// The version of this format.
pub(crate) const FORMAT: u32 = 1;

/// What a run has found.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of the report's format.
    pub format: u32,
    /// When it began, in UTC: `2026-11-22T05:00:00Z`.
    pub started: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Whether all cases and all ports were asked for.
    pub everything: bool,
    /// What a reader should know, such as which file server was used.
    pub notes: Vec<String>,
    /// What is wrong beyond single checks: rules without a case, lost cases, bad entries of known failures.
    pub problems: Vec<String>,
    /// How many cases there were.
    pub cases: u64,
    /// The ports, those that are not there included.
    pub ports: Vec<PortReport>,
    /// Every check.
    pub checks: Vec<Check>,
    /// The rules of the specification, and how they are covered.
    pub rules: Vec<RuleReport>,
    /// The user's acceptance conditions that this run is about.
    pub acceptance: Vec<Acceptance>,
}

/// One port.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortReport {
    /// Its name, that of its file.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The port of which it is the same code on another runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<String>,
    /// Whether it took part.
    pub state: State,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What runs it, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Its version, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it has declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// How long it took from its start to its first answer, in milliseconds.
    pub start_ms: u64,
    /// How long it took for all requests, in milliseconds.
    pub took_ms: u64,
    /// How often it had to be started anew after a crash or a time-out.
    pub restarts: u64,
}

/// Whether a port took part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It did.
    Ran,
    /// It could not be built or started here.
    NotAvailable,
    /// It has no file yet.
    NotBuiltYet,
}

/// One case with one implementation, or with two.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was done.
    pub kind: Kind,
    /// The case's id; for `adapter`, what the adapter itself had to do.
    pub case: String,
    /// The case's rule; empty for `adapter`.
    pub rule: String,
    /// Who made the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producer: Option<String>,
    /// Who read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// What was done.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The adapter was started and stopped, and not more often than needed.
    Adapter,
    /// A message was read.
    Decode,
    /// A message was made.
    Encode,
    /// A message was answered.
    Answer,
    /// A message from one implementation was read by another.
    Matrix,
    /// The same over a NATS server.
    Live,
    /// A message was delivered and acknowledged, or not.
    Delivery,
    /// A file server that misbehaves.
    Link,
}

/// What came of a check.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed(Failed),
    /// The implementation lacks this, and has said so.
    LeftOut(String),
    /// Not as expected, which is known until a day.
    Known(KnownFailure),
}

/// A failure.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// What is different, and where.
    pub difference: Difference,
    /// The last lines of the adapter's standard error, where it broke down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stderr: Vec<String>,
}

/// A failure that was expected.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// Why it fails.
    pub reason: String,
    /// The last day on which it may.
    pub until: String,
    /// What was found.
    pub failed: Failed,
}

/// One rule of the specification.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleReport {
    /// Its number: `W1.3`.
    pub rule: String,
    /// Its heading.
    pub title: String,
    /// How many cases name it.
    pub cases: u64,
    /// What covers it where no case can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// One acceptance condition of the user's requirements.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// `AC-003`.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// The cases that show it.
    pub cases: Vec<String>,
    /// Each language that it is about.
    pub languages: Vec<Language>,
}

/// One language's part in an acceptance condition.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// The port's name.
    pub name: String,
    /// What came of it.
    pub state: Accepted,
    /// Checks that passed, of these that are about it.
    pub passed: u64,
    /// Checks that are about it.
    pub checks: u64,
}

/// Whether a language does what an acceptance condition asks for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    /// Every check passed.
    Passed,
    /// Some did not.
    Failed,
    /// This run did not show it: not selected, no server, or no other implementation in one of the directions.
    NotRun,
    /// The port could not be started here.
    NotAvailable,
    /// There is no such port yet.
    NotBuiltYet,
}

impl Report {
    /// Whether everything is as expected.
    pub(crate) fn is_good(&self) -> bool {
        self.problems.is_empty() && !self.checks.iter().any(Check::has_failed)
    }

    /// The ports that took part, in their order.
    pub(crate) fn ran(&self) -> impl Iterator<Item = &PortReport> {
        self.ports.iter().filter(|port| port.state == State::Ran)
    }

    pub(crate) fn failures(&self) -> impl Iterator<Item = (&Check, &Failed)> {
        self.checks.iter().filter_map(|check| match &check.verdict {
            Verdict::Failed(failed) => Some((check, failed)),
            _ => None,
        })
    }
}

impl Check {
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }

    /// The ports that it is about.
    pub(crate) fn ports(&self) -> impl Iterator<Item = &str> {
        let consumer = self
            .consumer
            .iter()
            .filter(|name| self.producer.as_ref() != Some(name));
        self.producer.iter().chain(consumer).map(String::as_str)
    }

    /// `python -> node`, or the one port that it is about.
    pub(crate) fn who(&self) -> String {
        match (&self.producer, &self.consumer) {
            (Some(producer), Some(consumer)) => format!("{producer} -> {consumer}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => String::new(),
        }
    }
}

impl Failed {
    pub(crate) fn new(difference: Difference) -> Self {
        Failed {
            difference,
            stderr: Vec::new(),
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Kind; 8] = [
        Kind::Adapter,
        Kind::Decode,
        Kind::Encode,
        Kind::Answer,
        Kind::Matrix,
        Kind::Live,
        Kind::Delivery,
        Kind::Link,
    ];

    /// Whether it is about a producer and a consumer.
    pub(crate) fn is_between_two(self) -> bool {
        matches!(self, Kind::Matrix | Kind::Live | Kind::Delivery)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Adapter => "adapter",
            Kind::Decode => "decode",
            Kind::Encode => "encode",
            Kind::Answer => "answer",
            Kind::Matrix => "matrix",
            Kind::Live => "live",
            Kind::Delivery => "delivery",
            Kind::Link => "link",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Ran => "ran",
            State::NotAvailable => "not available",
            State::NotBuiltYet => "not built yet",
        })
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Accepted::Passed => "passed",
            Accepted::Failed => "failed",
            Accepted::NotRun => "not run",
            Accepted::NotAvailable => "not available",
            Accepted::NotBuiltYet => "not built yet",
        })
    }
}
