//! Link cases: the scenarios of the fault server.

use std::time::Instant;

use super::arena::{Arena, NotPassed, able, broken, different, lost};
use super::plan::Planned;
use super::session::Session;
use crate::case::{Case, Part};
use crate::judge::Difference;
use crate::link::{self, Scenario};

impl Arena<'_> {
    /// One scenario, with a process that does nothing else meanwhile.
    pub(super) fn link(
        &self,
        planned: Planned,
        case: &Case,
        scenario: &link::Case,
        session: &mut Session,
    ) -> Result<(), NotPassed> {
        let port = self.port(planned.consumer)?;
        able(case, Part::Consumer, port)?;
        let Some(faults) = &self.faults else {
            return Err(NotPassed::Failed(lost("the fault server")));
        };
        let wrong = |error| different(Difference::new("case", "a scenario that can be run", error));
        let scenario = Scenario::new(scenario, faults).map_err(wrong)?;
        let variables = scenario.environment();
        let mut own = (!variables.is_empty()).then(|| session.with_environment(variables));
        let asked = own.as_mut().unwrap_or(session);
        // Its start is not part of what is measured.
        asked
            .ready()
            .map_err(|breakdown| broken("adapter", breakdown))?;
        let begun = Instant::now();
        let outcome = asked.ask(scenario.operation().clone(), scenario.patience());
        let elapsed = begun.elapsed();
        let outcome = outcome.map_err(|breakdown| broken("adapter", breakdown))?;
        if let Some(own) = &mut own {
            own.stop().map_err(|breakdown| broken("stop", breakdown))?;
        }
        let mut differences = scenario.judge(&outcome, elapsed).into_iter();
        let Some(mut first) = differences.next() else {
            return Ok(());
        };
        for other in differences.take(3) {
            first.found.push_str(&format!("; and {other}"));
        }
        Err(different(first))
    }
}
