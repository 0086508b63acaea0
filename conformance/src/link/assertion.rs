//! What the fault server's log must show.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::pattern::{Bounds, misfit};
use crate::faults::{Call, Entry, Log};
use crate::judge::Difference;

/// A statement about the requests of the log that are like `of`; about all of them if it is empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assertion {
    /// A pattern for the requests that are meant.
    #[serde(default)]
    of: Map<String, Value>,
    /// How many there are.
    count: Option<Bounds>,
    /// A pattern for each of them.
    each: Option<Value>,
    /// Patterns for them in the order in which they came, whose number is theirs.
    sequence: Option<Vec<Value>>,
    /// The shortest times from the beginning of each to that of the next, in milliseconds, whose number is one less than theirs.
    gaps: Option<Vec<f64>>,
    /// How much longer than told each of `gaps` may be, in milliseconds.
    #[serde(default = "generous")]
    slack: f64,
    /// How much longer than told the middle one of `gaps` may be, in milliseconds: a busy machine delays some of them, one that waits
    /// another time than it should is wrong in each.
    #[serde(default = "usual")]
    typical: f64,
    /// The most of them that were waiting for an answer at any one time.
    at_once: Option<Bounds>,
}

/// A timer may fire this much too early, in milliseconds: Node's counts whole ones.
const EARLY: f64 = 1.0;

impl Assertion {
    /// Holds it against a log.
    pub(super) fn judge(&self, log: &Log) -> Vec<Difference> {
        let entries: Vec<(&Entry, Value)> = log
            .requests
            .iter()
            .map(|entry| (entry, serde_json::to_value(entry).unwrap_or_default()))
            .filter(|(_, value)| self.is_about(value))
            .collect();
        let of = match self.of.is_empty() {
            true => "all requests".to_owned(),
            false => format!("requests like {}", Value::Object(self.of.clone())),
        };
        let mut differences = Vec::new();
        if let Some(count) = self.count
            && !count.has(entries.len() as f64)
        {
            differences.push(Difference::new(
                format!("how many {of}"),
                count,
                entries.len(),
            ));
        }
        for (index, (_, value)) in entries.iter().enumerate() {
            if let Some((place, expected, found)) =
                self.each.as_ref().and_then(|each| misfit(each, value))
            {
                differences.push(Difference::new(
                    format!("{place} of no. {} of {of}", index + 1),
                    expected,
                    found,
                ));
            }
        }
        if let Some(sequence) = &self.sequence {
            let found: Vec<Value> = entries.iter().map(|(_, value)| value.clone()).collect();
            if sequence.len() != found.len() {
                differences.push(Difference::new(
                    format!("how many {of}"),
                    sequence.len(),
                    found.len(),
                ));
            } else if let Some((place, expected, found)) =
                misfit(&sequence.clone().into(), &found.into())
            {
                differences.push(Difference::new(format!("{place} of {of}"), expected, found));
            }
        }
        if let Some(gaps) = &self.gaps {
            differences.extend(self.judge_gaps(gaps, &entries, &of));
        }
        if let Some(bounds) = self.at_once {
            let most = most_at_once(&entries);
            if !bounds.has(most as f64) {
                differences.push(Difference::new(
                    format!("how many at once of {of}"),
                    bounds,
                    most,
                ));
            }
        }
        differences
    }

    fn is_about(&self, entry: &Value) -> bool {
        misfit(&Value::Object(self.of.clone()), entry).is_none()
    }

    fn judge_gaps(
        &self,
        wanted: &[f64],
        entries: &[(&Entry, Value)],
        of: &str,
    ) -> Option<Difference> {
        let gaps: Vec<f64> = entries
            .windows(2)
            .map(|pair| pair[1].0.at - pair[0].0.at)
            .collect();
        let fits = |(gap, least): (&f64, &f64)| *gap >= least - EARLY && *gap <= least + self.slack;
        let excess = gaps.iter().zip(wanted).map(|(gap, least)| gap - least);
        let is_typical = middle(excess.collect()).is_none_or(|middle| middle <= self.typical);
        match gaps.len() == wanted.len() && gaps.iter().zip(wanted).all(fits) && is_typical {
            true => None,
            false => Some(Difference::new(
                format!("the times in ms between {of}"),
                format!(
                    "{wanted:?}, each at most {} longer, the middle one at most {}",
                    self.slack, self.typical
                ),
                format!("{gaps:.1?}"),
            )),
        }
    }
}

/// What must be so of every log: the scenario is understood, and nothing else is asked for.
pub(super) fn judge_always(log: &Log) -> Vec<Difference> {
    let mut differences = Vec::new();
    for entry in &log.requests {
        if entry.call == Call::Unknown || entry.misuse.is_some() {
            let why = entry.misuse.as_deref().unwrap_or("it is not known");
            let found = format!("{} {} ({why})", entry.method, entry.path);
            differences.push(Difference::new(
                "what the server is asked for",
                "what is there",
                found,
            ));
        }
    }
    if log.left_out > 0 {
        differences.push(Difference::new(
            "requests beyond those of the log",
            0,
            log.left_out,
        ));
    }
    differences
}

fn most_at_once(entries: &[(&Entry, Value)]) -> usize {
    let is_waiting = |entry: &Entry, time: f64| {
        let until = entry.answered.or(entry.ended).unwrap_or(f64::INFINITY);
        entry.at <= time && time < until
    };
    let at = |time| {
        entries
            .iter()
            .filter(|(entry, _)| is_waiting(entry, time))
            .count()
    };
    entries
        .iter()
        .map(|(entry, _)| at(entry.at))
        .max()
        .unwrap_or(0)
}

/// The median, of an even number the lower one.
fn middle(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len().saturating_sub(1) / 2).copied()
}

fn generous() -> f64 {
    1500.0
}

fn usual() -> f64 {
    400.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Three requests, 100 and 200 ms after each other, of which the first two overlap.
    fn log() -> Log {
        let entry = |at: f64, attempt, call, answered| Entry {
            at,
            attempt,
            call,
            answered: Some(answered),
            sent: 10,
            ..Entry::default()
        };
        Log {
            requests: vec![
                entry(0.0, 1, Call::Get, 150.0),
                entry(100.0, 2, Call::Get, 110.0),
                entry(300.0, 3, Call::Get, 310.0),
            ],
            left_out: 0,
        }
    }

    fn differences(assertion: Value) -> usize {
        let assertion: Assertion = serde_json::from_value(assertion).expect("an assertion");
        assertion.judge(&log()).len()
    }

    #[test]
    fn a_right_log_is_right() {
        for assertion in [
            json!({"count": 3}),
            json!({"of": {"attempt": 2}, "count": 1}),
            json!({"of": {"call": "create"}, "count": 0}),
            json!({"each": {"sent": {"most": 10}, "upload": ""}}),
            json!({"sequence": [{"attempt": 1}, {}, {"call": "get"}]}),
            json!({"gaps": [100, 200]}),
            json!({"gaps": [100.9, 150], "slack": 50}),
            json!({"gaps": [95, 100], "typical": 5}),
            json!({"at_once": 2}),
            json!({"at_once": {"least": 1, "most": 4}}),
        ] {
            assert_eq!(differences(assertion.clone()), 0, "{assertion}");
        }
    }

    #[test]
    fn a_wrong_log_is_found_out() {
        for assertion in [
            json!({"count": 2}),
            json!({"count": {"most": 2}}),
            json!({"of": {"attempt": 2}, "count": 0}),
            json!({"sequence": [{}, {}]}),
            json!({"sequence": [{}, {"attempt": 3}, {}]}),
            json!({"gaps": [100]}),
            json!({"gaps": [102, 200]}),
            json!({"gaps": [100, 100], "slack": 50}),
            json!({"gaps": [95, 100], "typical": 4}),
            json!({"at_once": 1}),
            json!({"at_once": {"least": 3}}),
        ] {
            assert_eq!(differences(assertion.clone()), 1, "{assertion}");
        }
        assert_eq!(differences(json!({"each": {"sent": {"most": 9}}})), 3);
    }

    #[test]
    fn what_nobody_should_ask_for_is_found_out() {
        assert!(judge_always(&log()).is_empty());
        let mut log = log();
        log.requests[1].call = Call::Unknown;
        log.requests[2].misuse = Some("no fault".to_owned());
        log.left_out = 1;
        assert_eq!(judge_always(&log).len(), 3);
    }
}
