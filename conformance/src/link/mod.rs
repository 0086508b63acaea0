//! Link cases: a request to an adapter whose links and uploads meet the fault server, and what its log must show afterwards.
//!
//! ```text
//! let case = Case::read(value)?;                       a case of conformance/cases/link
//! let scenario = Scenario::new(&case, &faults)?;       holes filled in, files written, a token of its own
//! start an adapter with scenario.environment(), if there is any
//! ask for scenario.operation(), at most scenario.patience()
//! let differences = scenario.judge(&outcome, elapsed); none if all is as it must be
//! ```
//!
//! Scenarios do not disturb each other: one server serves as many adapters at a time as there are.

mod assertion;
mod case;
mod expand;
mod pattern;
mod scenario;
mod verdict;

pub use crate::judge::Difference;
pub use case::Case;
pub(crate) use pattern::Bounds;
pub use scenario::Scenario;
