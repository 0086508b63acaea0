//! The report for a terminal: what a person reads in five seconds, with the failures above it.

use std::fmt::Write as _;

use super::{Acceptance, Accepted, Check, Kind, Report, State, Tally, Verdict, replay};

/// At most this many failures of one port or pair and kind are told.
const TOLD: usize = 10;

/// The report as text.
pub(crate) fn text(report: &Report) -> String {
    let mut out = String::new();
    failures(&mut out, report);
    known(&mut out, report);
    ports(&mut out, report);
    matrix(&mut out, report);
    acceptance(&mut out, &report.acceptance, report.everything);
    for note in &report.notes {
        line(&mut out, &format!("note: {note}"));
    }
    for problem in &report.problems {
        line(&mut out, &format!("PROBLEM: {problem}"));
    }
    line(&mut out, &summary(report));
    out
}

/// The last line.
pub(crate) fn summary(report: &Report) -> String {
    let tally = Tally::of(&report.checks);
    let ran: Vec<&str> = report.ran().map(|port| port.name.as_str()).collect();
    let verdict = if report.is_good() { "green" } else { "RED" };
    let problems = match report.problems.len() {
        0 => String::new(),
        1 => ", 1 problem".to_owned(),
        count => format!(", {count} problems"),
    };
    format!(
        "{verdict}: {tally}{problems}; {} cases, {} in {:.1} s",
        report.cases,
        if ran.is_empty() {
            "no port".to_owned()
        } else {
            ran.join(", ")
        },
        seconds(report.took_ms),
    )
}

fn failures(out: &mut String, report: &Report) {
    let mut told: Vec<((Kind, String), usize)> = Vec::new();
    for (check, failed) in report.failures() {
        let group = (check.kind, check.who());
        let index = told
            .iter()
            .position(|(other, _)| *other == group)
            .unwrap_or_else(|| {
                told.push((group, 0));
                told.len() - 1
            });
        let count = told.get_mut(index).map_or(0, |(_, count)| {
            *count += 1;
            *count
        });
        if count > TOLD {
            continue;
        }
        let name = check.kind.name();
        line(
            out,
            &format!(
                "FAILED {name} {} {} ({})",
                check.who(),
                check.case,
                check.rule
            ),
        );
        let difference = &failed.difference;
        line(out, &format!("  at       {}", difference.place));
        line(out, &format!("  expected {}", difference.expected));
        line(out, &format!("  found    {}", difference.found));
        for said in failed.stderr.iter().rev().take(12).rev() {
            line(out, &format!("  stderr   {said}"));
        }
        line(out, &format!("  again    {}", replay::check(check)));
    }
    for ((kind, who), count) in told {
        if count > TOLD {
            let more = count - TOLD;
            line(
                out,
                &format!(
                    "FAILED {} {who}: {more} more (`--out DIR` has them all)",
                    kind.name()
                ),
            );
        }
    }
}

fn known(out: &mut String, report: &Report) {
    for check in &report.checks {
        if let Verdict::Known(known) = &check.verdict {
            let (who, case) = (check.who(), &check.case);
            line(
                out,
                &format!(
                    "known  {} {who} {case} until {}: {}",
                    check.kind.name(),
                    known.until,
                    known.reason
                ),
            );
        }
    }
}

fn ports(out: &mut String, report: &Report) {
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| !matches!(kind, Kind::Matrix | Kind::Live | Kind::Delivery))
        .filter(|kind| report.checks.iter().any(|check| check.kind == *kind))
        .collect();
    let mut rows = vec![heading("port", kinds.iter().map(|kind| kind.name()))];
    if let Some(row) = rows.first_mut() {
        row.push("took".to_owned());
    }
    for port in &report.ports {
        let mut row = vec![port.name.clone()];
        if port.state != State::Ran {
            let why = port.why.as_deref().unwrap_or_default();
            let mark = if port.state == State::NotAvailable {
                "!! "
            } else {
                ""
            };
            row.push(format!("{mark}{} {why}", port.state).trim_end().to_owned());
            rows.push(row);
            continue;
        }
        for kind in &kinds {
            let own =
                |check: &&Check| check.kind == *kind && check.ports().any(|name| name == port.name);
            row.push(cell(Tally::of(report.checks.iter().filter(own))));
        }
        row.push(format!("{:.1} s", seconds(port.took_ms)));
        rows.push(row);
    }
    table(out, &rows);
}

fn matrix(out: &mut String, report: &Report) {
    for (kind, title) in [
        (Kind::Matrix, "files"),
        (Kind::Live, "over NATS"),
        (Kind::Delivery, "delivered"),
    ] {
        let about: Vec<&Check> = of_kind(report, kind);
        if about.is_empty() {
            continue;
        }
        let names: Vec<&str> = report.ran().map(|port| port.name.as_str()).collect();
        let mut consumers: Vec<Option<&str>> = names.iter().copied().map(Some).collect();
        if about.iter().any(|check| check.consumer.is_none()) {
            consumers.push(None);
        }
        let titles = consumers.iter().map(|name| name.unwrap_or("nobody"));
        let mut rows = vec![heading(&format!("{title}, from \\ to"), titles)];
        for producer in &names {
            let mut row = vec![(*producer).to_owned()];
            for consumer in &consumers {
                let is_cell = |check: &&&Check| {
                    check.producer.as_deref() == Some(producer)
                        && check.consumer.as_deref() == *consumer
                };
                row.push(cell(Tally::of(about.iter().filter(is_cell).copied())));
            }
            rows.push(row);
        }
        table(out, &rows);
    }
}

fn of_kind(report: &Report, kind: Kind) -> Vec<&Check> {
    let checks = report.checks.iter();
    checks.filter(|check| check.kind == kind).collect()
}

fn acceptance(out: &mut String, conditions: &[Acceptance], everything: bool) {
    for condition in conditions {
        // A run of something else says nothing about it.
        if condition
            .languages
            .iter()
            .all(|language| language.checks == 0)
            && !everything
        {
            continue;
        }
        let languages = condition.languages.iter();
        // What has one state is told in one piece.
        let mut states: Vec<(Accepted, Vec<&str>)> = Vec::new();
        for language in languages {
            match states
                .iter_mut()
                .find(|(state, _)| *state == language.state)
            {
                Some((_, names)) => names.push(&language.name),
                None => states.push((language.state, vec![&language.name])),
            }
        }
        let states = states
            .iter()
            .map(|(state, names)| format!("{state}: {}", names.join(", ")));
        let states = states.collect::<Vec<_>>().join("; ");
        line(out, &format!("{} {states}", condition.id));
    }
}

fn heading<'a>(first: &'a str, others: impl Iterator<Item = &'a str>) -> Vec<String> {
    std::iter::once(first)
        .chain(others)
        .map(str::to_owned)
        .collect()
}

/// `12/12` passed, with what was left out apart.
fn cell(tally: Tally) -> String {
    if tally.all() == 0 {
        return "-".to_owned();
    }
    let asked = tally.all() - tally.left_out;
    let mut text = format!("{}/{asked}", tally.passed);
    if tally.failed > 0 {
        text.push_str(" FAILED");
    }
    if tally.left_out > 0 {
        let _ = write!(text, " -{}", tally.left_out);
    }
    text
}

fn table(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        // A row of two cells is a name and a sentence.
        let cells = rows.iter().filter(|row| column == 0 || row.len() > 2);
        let cells = cells.filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        line(out, text.trim_end());
    }
    line(out, "");
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}
