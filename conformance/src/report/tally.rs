//! Counts of verdicts.

use std::fmt;

use super::{Check, Verdict};

/// How many checks came out how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) left_out: usize,
    pub(crate) known: usize,
}

impl Tally {
    pub(crate) fn of<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Self {
        let mut tally = Tally::default();
        for check in checks {
            match check.verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Failed(_) => tally.failed += 1,
                Verdict::LeftOut(_) => tally.left_out += 1,
                Verdict::Known(_) => tally.known += 1,
            }
        }
        tally
    }

    pub(crate) fn all(self) -> usize {
        self.passed + self.failed + self.left_out + self.known
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed", self.passed)?;
        for (count, what) in [
            (self.failed, "FAILED"),
            (self.known, "known to fail"),
            (self.left_out, "left out"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
