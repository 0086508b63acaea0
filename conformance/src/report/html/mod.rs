//! The report as one static page: no script, nothing from elsewhere; colours only repeat what words and signs say.

mod failures;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::{Report, Tally};

const STYLE: &str = include_str!("page.css");

/// The report as HTML.
pub(crate) fn html(report: &Report) -> String {
    let title = "NATSBridge: conformance";
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p.sub {
                    "Run of " (report.started) ", " (seconds(report.took_ms)) ", " (report.cases) " cases"
                    @if !report.everything { "; a selection, not everything" }
                }
                (verdict(report))
                (notes(report))
                (tables::matrices(report))
                (tables::ports(report))
                (tables::acceptance(report))
                (failures::failures(report))
                (failures::known(report))
                (tables::rules(report))
            }
        }
    };
    page.into_string()
}

/// ✓ passed, ✗ failed, ~ known to fail, - nothing asked.
fn sign(tally: Tally) -> (&'static str, &'static str) {
    if tally.failed > 0 {
        ("✗", "bad")
    } else if tally.known > 0 {
        ("~", "warn")
    } else if tally.passed > 0 {
        ("✓", "good")
    } else {
        ("-", "none")
    }
}

/// `✓ 12 of 12`, with what was left out apart.
fn count(tally: Tally) -> Markup {
    let (sign, _) = sign(tally);
    let asked = tally.all() - tally.left_out;
    markup! {
        (sign) @if asked > 0 { " " (tally.passed) " of " (asked) }
        @if tally.left_out > 0 { span.none { " (" (tally.left_out) " left out)" } }
    }
}

fn seconds(ms: u64) -> String {
    let seconds = std::time::Duration::from_millis(ms).as_secs_f64();
    format!("{seconds:.1} s")
}

fn verdict(report: &Report) -> Markup {
    let (class, word) = if report.is_good() {
        ("good", "✓ Everything is as expected")
    } else {
        ("bad", "✗ Not everything is as expected")
    };
    let tally = Tally::of(&report.checks);
    markup! {
        div class={ "verdict " (class) } {
            strong { (word) }
            span { (tally.passed) " passed" }
            span { (tally.failed) " failed" }
            span { (tally.known) " known to fail" }
            span { (tally.left_out) " left out, since not declared" }
            @if !report.problems.is_empty() { span { (report.problems.len()) " problems" } }
        }
    }
}

fn notes(report: &Report) -> Markup {
    markup! {
        @if !report.problems.is_empty() {
            h2 { "Problems" }
            ul { @for problem in &report.problems { li.bad { "✗ " (problem) } } }
        }
        @for note in &report.notes { p.note { (note) } }
    }
}
