//! `smoke`: a handful of cases against one port, for an author at the beginning.

use crate::case::Selection;
use crate::engine::{self, Order};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::{self, Check, Kind, Report, State, Verdict};
use crate::repository::Repository;

/// What an implementation can do after a day: in the order in which it is best built, with advice.
const STEPS: &[(&str, &str)] = &[
    (
        "w1.1-smallest",
        "read a message without payloads: an object with the members of docs/specification.md W1.1",
    ),
    (
        "w1.1-any-order",
        "members may come in any order; payloads are `direct` and `base64` first (W2.1)",
    ),
    ("w3.1-empty", "`text` is UTF-8 and nothing else (W3.1)"),
    (
        "w3.3-int-0",
        "tell integers from floats: a literal without `.`, `e`, `E` is an integer (W3.3)",
    ),
    (
        "w1.1-payload-id-missing",
        "refuse what breaks the schema: INVALID_ENVELOPE in phase validate, with a pointer (W7.1)",
    ),
    (
        "w1.1-send-none",
        "write a message: members in the schema's order, no white space (W4)",
    ),
    (
        "w1.1-send-defaults",
        "what is not passed has the default of schema/v1/platforms.json; new ids are version 4 (W1.3), times have three digits (W1.4)",
    ),
    (
        "w1.1-send-walkthrough",
        "several payloads in their order, each with its metadata (W1.13)",
    ),
];

/// Runs the steps; advice for the first that fails.
pub(crate) fn smoke(
    repository: &Repository,
    port: &str,
    progress: &Progress,
) -> Result<(Report, String), Failure> {
    let ids = STEPS.iter().map(|(id, _)| (*id).to_owned()).collect();
    let order = Order {
        ports: vec![port.to_owned()],
        selection: Selection::new(ids),
        kinds: Vec::new(),
        jobs: 1,
    };
    let report = engine::run(repository, &order, progress)?;
    let told = tell(&report);
    Ok((report, told))
}

fn tell(report: &Report) -> String {
    let mut out = String::new();
    for port in &report.ports {
        match (&port.runtime, port.state) {
            (Some(runtime), State::Ran) => {
                let capabilities = match port.capabilities.as_slice() {
                    [] => "no capabilities".to_owned(),
                    some => some.join(", "),
                };
                out += &format!("{}: {runtime}; it declares {capabilities}\n", port.name);
            }
            _ => {
                let why = port.why.as_deref().unwrap_or_default();
                out += &format!("{}: {} {why}\n", port.name, port.state);
            }
        }
    }
    let mut advice = None;
    for (id, hint) in STEPS {
        let own = |check: &&Check| check.case == *id && check.kind != Kind::Matrix;
        let mark = match report.checks.iter().find(own).map(|check| &check.verdict) {
            Some(Verdict::Passed) => "ok    ",
            Some(Verdict::Failed(failed)) => {
                advice = advice.or(Some((*id, hint, failed)));
                "FAILED"
            }
            Some(_) => "-     ",
            None => "?     ",
        };
        out += &format!("{mark} {id}\n");
    }
    let protocol = report
        .checks
        .iter()
        .find(|check| check.kind == Kind::Adapter && check.has_failed());
    match (advice, protocol.map(|check| &check.verdict)) {
        (Some((id, hint, failed)), _) => {
            out += &format!("\nwhat is different in {id}: {}\n", failed.difference);
            for line in &failed.stderr {
                out += &format!("  stderr {line}\n");
            }
            out += &format!("advice: {hint}\n");
        }
        (None, Some(Verdict::Failed(failed))) => {
            let difference = &failed.difference;
            out += &format!(
                "\nthe adapter itself: {difference}\nadvice: conformance/README.md says what an adapter does; `attach` shows what is said\n"
            );
            for line in &failed.stderr {
                out += &format!("  stderr {line}\n");
            }
        }
        (None, _) => out += "\nadvice: `cargo conform run --port NAME` puts every case to it\n",
    }
    out + &report::summary(report) + "\n"
}
