//! Known failures: what fails as expected is not held against a port, what does not fail as expected is.

use super::live::NO_SERVER;
use crate::port::{Known, Port, today};
use crate::report::{Check, Failed, KnownFailure, Verdict};

/// Marks the failures that are known. What is wrong with the lists: entries that are not narrow, a day that is over, a failure that did
/// not come, and, in a run of everything, entries that are about nothing.
pub(super) fn apply(ports: &[&Port], checks: &mut [Check], everything: bool) -> Vec<String> {
    let today = today();
    let mut problems = Vec::new();
    for port in ports {
        for known in &port.known {
            if let Some(fault) = known.fault(&today) {
                problems.push(format!("{}: {fault}", port.name));
                continue;
            }
            let (mut about, mut left_out, mut unknown) = (0, 0, false);
            for check in checks.iter_mut() {
                if !known.is_about(&check.case, check.kind.name()) || !concerns(known, port, check)
                {
                    continue;
                }
                let check_name = format!("{} {} {}", check.kind.name(), check.who(), check.case);
                match &check.verdict {
                    // Without a server nothing is known of it.
                    Verdict::LeftOut(lacking) if lacking == NO_SERVER => {
                        unknown = true;
                        continue;
                    }
                    Verdict::LeftOut(_) => {
                        left_out += 1;
                        continue;
                    }
                    Verdict::Failed(failed) if known.what.as_deref().is_none_or(|what| says(failed, what)) => {
                        check.verdict = Verdict::Known(KnownFailure {
                            reason: known.reason.clone().unwrap_or_default(),
                            until: known.last_day(),
                            failed: failed.clone(),
                        });
                    }
                    Verdict::Passed => problems.push(format!(
                        "{}: {check_name} passes, though it is listed as a known failure: take it off the list",
                        port.name
                    )),
                    _ => {}
                }
                about += 1;
            }
            if about > 0 || unknown {
                continue;
            }
            if left_out > 0 {
                problems.push(format!(
                    "{}: the known failure of {} is stale: all its {left_out} checks were left out",
                    port.name, known.case
                ));
            } else if everything {
                problems.push(format!(
                    "{}: the known failure of {} is about no check",
                    port.name, known.case
                ));
            }
        }
    }
    problems
}

fn concerns(known: &Known, port: &Port, check: &Check) -> bool {
    let is = |end: &Option<String>| end.as_deref() == Some(&port.name);
    match known.role.as_deref() {
        Some("producer") => is(&check.producer),
        Some("consumer") => is(&check.consumer),
        _ => is(&check.producer) || is(&check.consumer),
    }
}

fn says(failed: &Failed, what: &str) -> bool {
    failed.difference.found.contains(what) || failed.difference.place.contains(what)
}
