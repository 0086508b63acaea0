//! What failed, and what was known to.

use maud::{Markup, html as markup};

use super::super::{Report, Verdict, replay};

/// More than these are in the JSON result.
const SHOWN: usize = 200;

/// Each failure with what was expected and found, and how to do it again.
pub(super) fn failures(report: &Report) -> Markup {
    let count = report.failures().count();
    markup! {
        @if count > 0 {
            h2 { "Failures" }
            @if count > SHOWN { p.note { "The first " (SHOWN) " of " (count) "; the JSON result has all." } }
            @for (check, failed) in report.failures().take(SHOWN) {
                div.failure {
                    strong { "✗ " (check.kind.name()) " " (check.who()) " " code { (check.case) } }
                    " " (check.rule)
                    dl {
                        dt { "at" } dd { code { (failed.difference.place) } }
                        dt { "expected" } dd { code { (failed.difference.expected) } }
                        dt { "found" } dd { code { (failed.difference.found) } }
                        dt { "again" } dd { code { (replay::check(check)) } }
                    }
                    @if !failed.stderr.is_empty() {
                        details { summary { "its standard error" } pre { (failed.stderr.join("\n")) } }
                    }
                }
            }
        }
    }
}

/// The failures that are known, with reason and last day.
pub(super) fn known(report: &Report) -> Markup {
    let all = report
        .checks
        .iter()
        .filter_map(|check| match &check.verdict {
            Verdict::Known(known) => Some((check, known)),
            _ => None,
        });
    let all: Vec<_> = all.collect();
    markup! {
        h2 { "Known failures" }
        @if all.is_empty() { p.sub { "None." } } @else {
            div.scroll { table {
                tr { th { "check" } th { "reason" } th { "until" } th { "found" } }
                @for (check, known) in all {
                    tr {
                        td.warn { "~ " (check.kind.name()) " " (check.who()) " " (check.case) }
                        td { (known.reason) }
                        td { (known.until) }
                        td { code { (known.failed.difference.found) } }
                    }
                }
            } }
        }
    }
}
