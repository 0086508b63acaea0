//! Link cases: the scenarios of the fault server.

use serde_json::Value;

use super::arena::{Arena, NotPassed};
use super::plan::Planned;

/// The fault server of a run.
#[derive(Debug)]
pub(super) struct Link;

impl Arena<'_> {
    pub(super) fn link_case(&self, planned: Planned, scenario: &Value) -> Result<(), NotPassed> {
        let _ = (self.port(planned.consumer)?, scenario);
        Err(NotPassed::LeftOut("the fault server".to_owned()))
    }
}
