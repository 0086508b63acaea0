//! The command that does a check again.

use super::Check;

/// Runs one check again.
pub(super) fn check(check: &Check) -> String {
    let case = match check.kind {
        super::Kind::Adapter => None,
        _ => Some(check.case.as_str()),
    };
    command(check.ports(), case)
}

/// Runs the matrix of one producer and one consumer again.
pub(super) fn cell(producer: &str, consumer: &str) -> String {
    let same = producer == consumer;
    let second = (!same).then_some(consumer);
    command(std::iter::once(producer).chain(second), None)
}

fn command<'a>(ports: impl Iterator<Item = &'a str>, case: Option<&str>) -> String {
    let mut words = "cargo conform run".to_owned();
    for port in ports {
        words.push_str(" --port ");
        words.push_str(port);
    }
    if let Some(case) = case {
        // Ids have nothing that a shell would read.
        words.push_str(" --case ");
        words.push_str(case);
    }
    words
}
