//! What all messages of the probe came to, in numbers and as metrics.

use std::collections::VecDeque;
use std::io::{self, Write};

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use serde_json::{Value as Json, json};

use super::kind::Kind;
use super::round::{Measured, Outcome};
use crate::listing;

/// Messages that the gauge looks back on: those of the last 20 rounds.
const RECENT: usize = 20 * Kind::ALL.len();

/// The results so far.
pub(super) struct Tally {
    target_ms: u64,
    target_ratio: f64,
    rounds: u64,
    kinds: [Figures; Kind::ALL.len()],
    /// Which of the last messages came within the target.
    recent: VecDeque<bool>,
}

/// The results of one kind.
#[derive(Clone, Copy, Default)]
struct Figures {
    ok: u64,
    late: u64,
    failed: u64,
    /// Of those that came, in milliseconds.
    sum_ms: f64,
    max_ms: f64,
}

/// Tells an exporter what the metrics mean.
pub(super) fn describe() {
    describe_counter!(
        "probe_messages_total",
        "Messages that the probe sent itself, by kind (small, 10kb, link) and outcome (ok, late, failed)."
    );
    describe_histogram!(
        "probe_duration_seconds",
        Unit::Seconds,
        "From the call that sends until the message is decoded, of those that came, by kind."
    );
    describe_gauge!(
        "probe_within_target_ratio",
        "The part of the messages of the last 20 rounds that came within the target."
    );
}

impl Tally {
    pub(super) fn new(target_ms: u64, target_ratio: f64) -> Self {
        Tally {
            target_ms,
            target_ratio,
            rounds: 0,
            kinds: Default::default(),
            recent: VecDeque::with_capacity(RECENT + 1),
        }
    }

    pub(super) fn add(&mut self, measured: &Measured) {
        let (kind, outcome) = (measured.kind.name(), measured.outcome.name());
        let Some(figures) = self.kinds.get_mut(measured.kind.index()) else {
            return;
        };
        match measured.outcome {
            Outcome::Ok => figures.ok += 1,
            Outcome::Late => figures.late += 1,
            Outcome::Failed(_) => figures.failed += 1,
        }
        if !matches!(measured.outcome, Outcome::Failed(_)) {
            let milliseconds = measured.milliseconds();
            figures.sum_ms += milliseconds;
            figures.max_ms = figures.max_ms.max(milliseconds);
            histogram!("probe_duration_seconds", "kind" => kind)
                .record(measured.took.as_secs_f64());
        }
        counter!("probe_messages_total", "kind" => kind, "outcome" => outcome).increment(1);
        self.recent
            .push_back(matches!(measured.outcome, Outcome::Ok));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let within = self.recent.iter().filter(|is_within| **is_within).count();
        gauge!("probe_within_target_ratio").set(within as f64 / self.recent.len() as f64);
    }

    pub(super) fn end_round(&mut self) {
        self.rounds += 1;
    }

    /// Rounds that were completed.
    pub(super) fn rounds(&self) -> u64 {
        self.rounds
    }

    /// The part of all messages that came within the target; none before the first.
    pub(super) fn ratio(&self) -> Option<f64> {
        let total = self.total();
        (total.messages() > 0).then(|| total.ok as f64 / total.messages() as f64)
    }

    fn total(&self) -> Figures {
        let mut total = Figures::default();
        for figures in &self.kinds {
            total.ok += figures.ok;
            total.late += figures.late;
            total.failed += figures.failed;
            total.sum_ms += figures.sum_ms;
            total.max_ms = total.max_ms.max(figures.max_ms);
        }
        total
    }

    /// One line for programs.
    pub(super) fn json(&self) -> Json {
        let kinds = Kind::ALL.into_iter().zip(&self.kinds);
        let kinds: serde_json::Map<String, Json> = kinds
            .map(|(kind, figures)| (kind.name().to_owned(), figures.json()))
            .collect();
        let total = self.total();
        json!({"summary": {
            "rounds": self.rounds,
            "messages": total.messages(),
            "within_target_ratio": self.ratio(),
            "target_ms": self.target_ms,
            "target_ratio": self.target_ratio,
            "total": total.json(),
            "kinds": kinds,
        }})
    }

    /// A table for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let titles = ["kind", "ok", "late", "failed", "mean ms", "max ms"];
        let mut rows = vec![titles.map(str::to_owned).to_vec()];
        let kinds = Kind::ALL.into_iter().zip(&self.kinds);
        rows.extend(kinds.map(|(kind, figures)| {
            vec![
                kind.name().to_owned(),
                figures.ok.to_string(),
                figures.late.to_string(),
                figures.failed.to_string(),
                format!("{:.1}", figures.mean_ms().unwrap_or(0.0)),
                format!("{:.1}", figures.max_ms),
            ]
        }));
        writeln!(out)?;
        listing::write_grid(out, &rows)?;
        let Some(ratio) = self.ratio() else {
            return writeln!(out, "\nnothing was measured");
        };
        writeln!(
            out,
            "\n{:.1} % of {} messages within {} ms; the target is {:.1} %",
            ratio * 100.0,
            self.total().messages(),
            self.target_ms,
            self.target_ratio * 100.0
        )
    }
}

impl Figures {
    fn messages(&self) -> u64 {
        self.ok + self.late + self.failed
    }

    /// None where no message came.
    fn mean_ms(&self) -> Option<f64> {
        let came = self.ok + self.late;
        (came > 0).then(|| self.sum_ms / came as f64)
    }

    fn json(&self) -> Json {
        json!({
            "ok": self.ok,
            "late": self.late,
            "failed": self.failed,
            "mean_ms": self.mean_ms(),
            "max_ms": self.max_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::round::Reason;
    use super::*;

    fn measured(outcome: Outcome) -> Measured {
        Measured {
            kind: Kind::Small,
            outcome,
            took: Duration::from_millis(3),
        }
    }

    #[test]
    fn what_failed_is_not_within_the_target_and_has_no_time() {
        let mut tally = Tally::new(200, 0.95);
        assert_eq!(tally.ratio(), None);
        for outcome in [
            Outcome::Ok,
            Outcome::Late,
            Outcome::Failed(Reason::Missing),
            Outcome::Ok,
        ] {
            tally.add(&measured(outcome));
        }
        assert_eq!(tally.ratio(), Some(0.5));
        assert_eq!(tally.total().mean_ms(), Some(3.0));
        let summary = tally.json();
        assert_eq!(summary["summary"]["kinds"]["small"]["failed"], 1);
        assert_eq!(summary["summary"]["kinds"]["link"]["mean_ms"], Json::Null);
    }

    #[test]
    fn the_gauge_forgets_what_is_long_ago() {
        let mut tally = Tally::new(200, 0.95);
        for _ in 0..RECENT {
            tally.add(&measured(Outcome::Late));
        }
        for _ in 0..RECENT {
            tally.add(&measured(Outcome::Ok));
        }
        assert_eq!(tally.recent.len(), RECENT);
        assert!(tally.recent.iter().all(|is_within| *is_within));
        assert_eq!(tally.ratio(), Some(0.5));
    }
}
