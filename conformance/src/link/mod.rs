//! Link cases: a request to an adapter whose links and uploads meet the fault server, and what its log must show afterwards.
//!
//! ```text
//! let case = Case::read(value)?;                       a case of conformance/cases/link
//! let scenario = Scenario::new(&case, &faults)?;       holes filled in, files written, a token of its own
//! start an adapter with scenario.environment(), if there is any
//! ask for scenario.operation(), at most scenario.patience()
//! let findings = scenario.judge(&outcome, elapsed);    none if all is as it must be
//! ```
//!
//! Scenarios do not disturb each other: one server serves as many adapters at a time as there are.

mod assertion;
mod case;
mod expand;
mod pattern;
mod scenario;
mod verdict;

pub use assertion::Assertion;
pub use case::Case;
pub use pattern::Bounds;
pub use scenario::Scenario;
pub use verdict::{Expect, ExpectedError};

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub what: String,
    /// What must be.
    pub expected: String,
    /// What is.
    pub found: String,
}

impl Finding {
    fn new(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Finding {
            what: what.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.what, self.expected, self.found
        )
    }
}
