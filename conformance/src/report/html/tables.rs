//! The tables of the page.

use maud::{Markup, html as markup};

use super::super::{Accepted, Check, Kind, Report, State, Tally, replay};
use super::{count, seconds, sign};

/// Producers and consumers.
pub(super) fn matrices(report: &Report) -> Markup {
    let kinds = [
        (
            Kind::Matrix,
            "Matrix: each message of a producer, read by each consumer",
            "Rows make a message, columns read it. A cell opens to the command that does it again.",
        ),
        (
            Kind::Live,
            "Live: the same over a NATS server, each with its language's own client",
            "Files go by way of the file server.",
        ),
        (
            Kind::Delivery,
            "Delivery: sent until acknowledged, answered by ack, nack, status or nothing",
            "Rows are the implementations that can deliver.",
        ),
    ];
    markup! {
        @for (kind, title, about) in kinds {
            @let checks = of_kind(report, kind);
            @if !checks.is_empty() {
                h2 { (title) }
                p.sub { (about) }
                (matrix(report, &checks, kind))
            }
        }
    }
}

/// Each port alone.
pub(super) fn ports(report: &Report) -> Markup {
    let kinds = [
        Kind::Decode,
        Kind::Encode,
        Kind::Answer,
        Kind::Link,
        Kind::Adapter,
    ];
    markup! {
        h2 { "Implementations" }
        div.scroll { table {
            tr {
                th { "port" } th { "runs on" }
                @for kind in kinds { th { (kind.name()) } }
                th { "took" } th { "declares" }
            }
            @for port in &report.ports {
                tr {
                    th { (port.name) @if let Some(original) = &port.variant_of { span.none { " (" (original) ")" } } }
                    @if port.state == State::Ran {
                        td { (port.runtime.as_deref().unwrap_or_default()) }
                        @for kind in kinds {
                            @let tally = Tally::of(of_kind(report, kind).into_iter().filter(|check| check.ports().any(|name| name == port.name)));
                            td class=(sign(tally).1) { (count(tally)) }
                        }
                        td.number { (seconds(port.took_ms)) }
                        td { (port.capabilities.join(", ")) }
                    } @else {
                        td.warn colspan="8" {
                            (port.state) @if let Some(why) = &port.why { ": " (why) }
                        }
                    }
                }
            }
        } }
    }
}

/// The user's acceptance conditions.
pub(super) fn acceptance(report: &Report) -> Markup {
    markup! {
        h2 { "Acceptance conditions" }
        p.sub { "Only what was shown over a real server counts as passed." }
        div.scroll { table {
            tr { th { "condition" } th { "what it asks for" } th { "languages" } }
            @for condition in &report.acceptance {
                tr {
                    th { (condition.id) }
                    td { (condition.title) }
                    td {
                        @for language in &condition.languages {
                            div class=(accepted(language.state)) {
                                (language.name) ": " (language.state)
                                @if language.checks > 0 { " (" (language.passed) " of " (language.checks) ")" }
                            }
                        }
                    }
                }
            }
        } }
    }
}

/// The rules of the specification.
pub(super) fn rules(report: &Report) -> Markup {
    markup! {
        h2 { "Rules" }
        p.sub { "Every rule of docs/specification.md, with the checks of this run." }
        div.scroll { table {
            tr { th { "rule" } th { "what it is about" } th { "cases" } th { "checks" } }
            @for rule in &report.rules {
                @let tally = Tally::of(report.checks.iter().filter(|check| check.rule == rule.rule));
                tr {
                    th { (rule.rule) }
                    td {
                        (rule.title)
                        @if let Some(instead) = &rule.instead { div.none { "instead of cases: " (instead) } }
                    }
                    td.number { (rule.cases) }
                    td class=(sign(tally).1) { (count(tally)) }
                }
            }
        } }
    }
}

fn matrix(report: &Report, checks: &[&Check], kind: Kind) -> Markup {
    let names: Vec<&str> = report.ran().map(|port| port.name.as_str()).collect();
    let cell = |producer: &str, consumer: Option<&str>| {
        let own = checks.iter().copied().filter(|check| {
            check.producer.as_deref() == Some(producer) && check.consumer.as_deref() == consumer
        });
        Tally::of(own)
    };
    let has_row = |name: &&&str| {
        kind != Kind::Delivery
            || checks
                .iter()
                .any(|check| check.producer.as_deref() == Some(**name))
    };
    let missing = report.ports.iter().filter(|port| port.state != State::Ran);
    let missing: Vec<String> = missing
        .map(|port| format!("{}: {}", port.name, port.state))
        .collect();
    markup! {
        div.scroll { table {
            tr {
                th { "from \\ to" }
                @for name in &names { th { (name) } }
                @if kind == Kind::Delivery { th { "nobody, or the runner" } }
            }
            @for producer in names.iter().filter(has_row) {
                tr {
                    th { (producer) }
                    @for consumer in &names { (filled(cell(producer, Some(consumer)), &replay::cell(producer, consumer))) }
                    @if kind == Kind::Delivery { (filled(cell(producer, None), &replay::cell(producer, producer))) }
                }
            }
        } }
        @if !missing.is_empty() { p.note { (missing.join("; ")) } }
    }
}

fn filled(tally: Tally, again: &str) -> Markup {
    markup! {
        td class=(sign(tally).1) {
            @if tally.all() == 0 { "-" } @else {
                details { summary { (count(tally)) } code { (again) } }
            }
        }
    }
}

fn of_kind(report: &Report, kind: Kind) -> Vec<&Check> {
    report
        .checks
        .iter()
        .filter(|check| check.kind == kind)
        .collect()
}

fn accepted(state: Accepted) -> &'static str {
    match state {
        Accepted::Passed => "good",
        Accepted::Failed => "bad",
        Accepted::NotRun | Accepted::NotAvailable | Accepted::NotBuiltYet => "warn",
    }
}
