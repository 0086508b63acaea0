//! The report as JUnit XML, for CI servers: one suite for each port or pair and kind.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Check, Report, Verdict, replay};
use crate::failure::Failure;

/// The report as JUnit XML.
pub(crate) fn junit(report: &Report) -> Result<String, Failure> {
    let mut suites: BTreeMap<String, Vec<&Check>> = BTreeMap::new();
    for check in &report.checks {
        let name = format!("{}: {}", check.kind.name(), check.who());
        suites.entry(name).or_default().push(check);
    }
    let mut document = quick_junit::Report::new("natsbridge-conformance");
    document.set_time(Duration::from_millis(report.took_ms));
    for (name, checks) in suites {
        let mut suite = TestSuite::new(name);
        suite.set_time(Duration::from_millis(
            checks.iter().map(|check| check.ms).sum(),
        ));
        suite.add_test_cases(checks.into_iter().map(test_case));
        document.add_test_suite(suite);
    }
    if !report.problems.is_empty() {
        let mut suite = TestSuite::new("the run as a whole");
        for problem in &report.problems {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(problem.as_str());
            suite.add_test_case(TestCase::new(problem.as_str(), status));
        }
        document.add_test_suite(suite);
    }
    document
        .to_string()
        .map_err(|error| Failure::Broken(error.to_string()))
}

fn test_case(check: &Check) -> TestCase {
    let status = match &check.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::LeftOut(lacking) => skipped(&format!("left out: {lacking} is not declared")),
        Verdict::Known(known) => skipped(&format!("known until {}: {}", known.until, known.reason)),
        Verdict::Failed(failed) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(failed.difference.to_string());
            let stderr = failed.stderr.join("\n");
            status.set_description(format!("{}\n{stderr}", replay::check(check)));
            status
        }
    };
    let mut case = TestCase::new(check.case.as_str(), status);
    case.set_classname(check.rule.as_str());
    case.set_time(Duration::from_millis(check.ms));
    case
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}
