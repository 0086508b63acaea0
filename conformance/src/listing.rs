//! `list`: which cases, ports and rules there are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::case::{Library, Selection, coverage, floors};
use crate::failure::Failure;
use crate::port::{NAMED, Port};
use crate::repository::Repository;

/// Every case: id, rule, kind, title.
pub(crate) fn cases(repository: &Repository, selection: &Selection) -> Result<String, Failure> {
    let library = Library::read(repository)?;
    let chosen = library.cases.iter().filter(|case| selection.has(&case.id));
    let mut out = String::new();
    for case in chosen {
        let kind = case.body.kind();
        let _ = writeln!(
            out,
            "{:<44} {:<6} {kind:<8} {}",
            case.id, case.rule, case.title
        );
    }
    Ok(out)
}

/// Every port, those not built yet included.
pub(crate) fn ports(repository: &Repository) -> Result<String, Failure> {
    let ports = Port::all(repository)?;
    let mut out = String::new();
    for port in &ports {
        let _ = write!(out, "{:<12} {}", port.name, port.title);
        if let Some(original) = &port.variant_of {
            let _ = write!(out, " (variant of {original})");
        }
        let known = port.known.len();
        if known > 0 {
            let _ = write!(out, ", {known} known failures");
        }
        let _ = writeln!(out, ", {}", repository.short(&port.path(repository)));
    }
    for name in NAMED {
        if !ports.iter().any(|port| port.name == *name) {
            let _ = writeln!(out, "{name:<12} not built yet");
        }
    }
    Ok(out)
}

/// Every rule, with how many cases of each kind it has; and how many cases there are at least.
pub(crate) fn rules(repository: &Repository) -> Result<String, Failure> {
    let library = Library::read(repository)?;
    let (rules, problems) = coverage(repository, &library.cases)?;
    let mut out = String::new();
    for rule in rules {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for case in library.cases.iter().filter(|case| case.rule == rule.rule) {
            *kinds.entry(case.body.kind()).or_default() += 1;
        }
        let kinds = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
        let covered = match &rule.instead {
            Some(instead) => instead.clone(),
            None => kinds.collect::<Vec<_>>().join(", "),
        };
        let _ = writeln!(out, "{:<6} {:<38} {covered}", rule.rule, rule.title);
    }
    for floor in floors(&library.cases) {
        let _ = writeln!(
            out,
            "{:>5} {} ({} at least)",
            floor.count, floor.what, floor.least
        );
    }
    for problem in problems {
        let _ = writeln!(out, "PROBLEM: {problem}");
    }
    Ok(out)
}
