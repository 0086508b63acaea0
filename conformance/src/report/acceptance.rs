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
        // A condition is met over a real server, not by files alone.
        Some(State::Ran) if about.iter().any(|check| check.kind == Kind::Live) => Accepted::Passed,
        Some(State::Ran) => Accepted::NotRun,
    };
    Language {
        name: name.to_owned(),
        state,
        passed: passed as u64,
        checks: about.len() as u64,
    }
}
