//! The user's acceptance conditions that are about several languages.

use super::{Acceptance, Accepted, Check, Kind, Language, PortReport, State, Verdict};
use crate::case::Case;

/// Id, what it asks for, and the ports that it is about.
const CONDITIONS: &[(&str, &str, &[&str])] = &[
    (
        "AC-003",
        "a text message goes across platforms (Julia, JavaScript, Python)",
        &["julia", "node", "python"],
    ),
    (
        "AC-004",
        "a table goes across platforms as Arrow IPC (desktop)",
        &["rust", "python", "node", "dart", "julia"],
    ),
    (
        "AC-005",
        "a table goes across platforms as a JSON table (browser)",
        &["browser"],
    ),
    (
        "AC-006",
        "a large file goes by way of the file server",
        &["rust", "python", "node", "dart", "julia"],
    ),
    (
        "AC-007",
        "all payload types in one message",
        &["rust", "python", "node", "dart", "julia"],
    ),
];

/// How far each is met; `built` are the names of all ports that there are, run or not.
pub(crate) fn acceptance(
    cases: &[Case],
    built: &[String],
    ports: &[PortReport],
    checks: &[Check],
) -> Vec<Acceptance> {
    let conditions = CONDITIONS.iter().map(|(id, title, languages)| {
        let about = cases
            .iter()
            .filter(|case| case.acceptance.iter().any(|other| other == id));
        let cases: Vec<String> = about.map(|case| case.id.clone()).collect();
        let languages = languages.iter();
        Acceptance {
            id: (*id).to_owned(),
            title: (*title).to_owned(),
            languages: languages
                .map(|name| {
                    let is_built = built.iter().any(|other| other == name);
                    language(name, is_built, &cases, ports, checks)
                })
                .collect(),
            cases,
        }
    });
    conditions.collect()
}

fn language(
    name: &str,
    is_built: bool,
    cases: &[String],
    ports: &[PortReport],
    checks: &[Check],
) -> Language {
    // Over the wire and between implementations: that is what the conditions ask for.
    let is_about = |check: &&Check| {
        matches!(check.kind, Kind::Live | Kind::Matrix)
            && check.ports().any(|port| port == name)
            && cases.contains(&check.case)
    };
    let is_answered = |check: &&Check| !matches!(check.verdict, Verdict::LeftOut(_));
    let about: Vec<&Check> = checks.iter().filter(is_about).filter(is_answered).collect();
    let passed = about
        .iter()
        .filter(|check| check.verdict == Verdict::Passed)
        .count();
    let port = ports.iter().find(|port| port.name == name);
    let state = match port.map(|port| port.state) {
        _ if !is_built => Accepted::NotBuiltYet,
        None => Accepted::NotRun,
        Some(State::NotBuiltYet) => Accepted::NotBuiltYet,
        Some(State::NotAvailable) => Accepted::NotAvailable,
        Some(State::Ran) if passed < about.len() => Accepted::Failed,
        // A condition is met over a real server, not by files alone; to and from another implementation, not the same on another
        // runtime.
        Some(State::Ran) if has_met_others(name, ports, &about) => Accepted::Passed,
        Some(State::Ran) => Accepted::NotRun,
    };
    Language {
        name: name.to_owned(),
        state,
        passed: passed as u64,
        checks: about.len() as u64,
    }
}

/// Whether a message went over a server in each direction, from and to an implementation that is not this one on another runtime.
fn has_met_others(name: &str, ports: &[PortReport], about: &[&Check]) -> bool {
    let base = |name: &str| {
        let port = ports.iter().find(|port| port.name == name);
        let base = port.and_then(|port| port.variant_of.clone());
        base.unwrap_or_else(|| name.to_owned())
    };
    let is_other = |other: &Option<String>| {
        other
            .as_deref()
            .is_some_and(|other| base(other) != base(name))
    };
    let is_own = |end: &Option<String>| end.as_deref() == Some(name);
    let passed = |is: &dyn Fn(&Check) -> bool| {
        about
            .iter()
            .any(|check| check.kind == Kind::Live && check.verdict == Verdict::Passed && is(check))
    };
    passed(&|check| is_own(&check.producer) && is_other(&check.consumer))
        && passed(&|check| is_own(&check.consumer) && is_other(&check.producer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, variant_of: Option<&str>) -> PortReport {
        PortReport {
            name: name.to_owned(),
            title: name.to_owned(),
            variant_of: variant_of.map(str::to_owned),
            state: State::Ran,
            why: None,
            runtime: None,
            version: None,
            capabilities: Vec::new(),
            start_ms: 0,
            took_ms: 0,
            restarts: 0,
        }
    }

    /// The state of `python` after these checks, each `KIND PRODUCER CONSUMER`.
    fn state(checks: &[&str]) -> Accepted {
        let ports = [
            port("rust", None),
            port("python", None),
            port("python-3.9", Some("python")),
        ];
        let checks: Vec<Check> = checks
            .iter()
            .map(|check| {
                let words: Vec<&str> = check.split(' ').collect();
                let [kind, producer, consumer] = words[..] else {
                    panic!("{check}");
                };
                Check {
                    kind: if kind == "live" {
                        Kind::Live
                    } else {
                        Kind::Matrix
                    },
                    case: "a-case".to_owned(),
                    rule: "W1".to_owned(),
                    producer: Some(producer.to_owned()),
                    consumer: Some(consumer.to_owned()),
                    verdict: Verdict::Passed,
                    ms: 0,
                }
            })
            .collect();
        language("python", true, &["a-case".to_owned()], &ports, &checks).state
    }

    #[test]
    fn a_language_has_to_meet_another_in_both_directions_over_a_server() {
        let there = "live python rust";
        let back = "live rust python";
        assert_eq!(state(&[there, back]), Accepted::Passed);
        for few in [
            &[there][..],
            &[back],
            &["live python python"],
            &["live python python-3.9", "live python-3.9 python"],
            &["matrix python rust", "matrix rust python"],
            &[there, "matrix rust python"],
        ] {
            assert_eq!(state(few), Accepted::NotRun, "{few:?}");
        }
    }
}
