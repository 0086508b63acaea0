//! Known failures.

use serde_json::Value;

use crate::program::{Ports, Run, failures, finish};

const LATER: &str = "reason = 'not built'\nuntil = 2999-01-01";
const READ: &str = "kind = 'decode'\nwhat = 'URL_NOT_ALLOWED'";

fn run(mode: &str, known: &str) -> (Run, Value) {
    Ports::scripted(mode, &format!("[[known]]\n{known}")).run(&[])
}

fn problems(report: &Value) -> String {
    report["problems"].to_string()
}

#[test]
fn a_failure_that_is_known_does_not_fail_the_run() {
    let (run, report) = self::run(
        "wrong-code",
        &format!("case = 'w1.1-payload-*'\n{READ}\n{LATER}"),
    );
    assert_eq!(
        (run.code, failures(&report)),
        (0, Vec::new()),
        "{}",
        run.err
    );
    let known: Vec<&Value> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter_map(|check| check["verdict"].get("known"))
        .collect();
    assert_eq!(known.len(), 1);
    assert_eq!(
        (&known[0]["reason"], &known[0]["until"]),
        (&"not built".into(), &"2999-01-01".into())
    );
}

#[test]
fn one_that_fails_otherwise_does() {
    let what = format!("case = 'w1.1-payload-*'\nkind = 'decode'\nwhat = 'SIZE_MISMATCH'\n{LATER}");
    assert_eq!(run("wrong-code", &what).0.code, 1);
    let kind =
        format!("case = 'w1.1-payload-*'\nkind = 'answer'\nwhat = 'URL_NOT_ALLOWED'\n{LATER}");
    assert_eq!(run("wrong-code", &kind).0.code, 1);
}

#[test]
fn one_that_passes_fails_the_run() {
    let (run, report) = self::run("good", &format!("case = 'w1.1-smallest'\n{READ}\n{LATER}"));
    assert_eq!(run.code, 1);
    assert!(
        problems(&report).contains("take it off the list"),
        "{report:#}"
    );
}

#[test]
fn it_needs_a_reason_and_a_day_to_come() {
    for (known, wrong) in [
        (
            "case = 'w1.1-payload-*'\nuntil = 2999-01-01",
            "has no reason",
        ),
        ("case = 'w1.1-payload-*'\nreason = 'r'", "has no last day"),
        (
            "case = 'w1.1-payload-*'\nreason = 'r'\nuntil = 2020-01-01",
            "which is over",
        ),
    ] {
        let (run, report) = self::run("wrong-code", &format!("{READ}\n{known}"));
        assert_eq!(run.code, 1);
        assert!(problems(&report).contains(wrong), "{wrong}: {report:#}");
    }
}

#[test]
fn it_has_to_be_narrow() {
    let case = "case = 'w1.1-payload-*'";
    for (known, wrong) in [
        ("kind = 'decode'", "(what)"),
        ("what = 'URL_NOT_ALLOWED'", "(kind: adapter, decode"),
        ("what = 'URL_NOT_ALLOWED'\nkind = 'matrix'", "(role)"),
    ] {
        let (run, report) = self::run("wrong-code", &format!("{case}\n{known}\n{LATER}"));
        assert_eq!(run.code, 1);
        assert_eq!(failures(&report).len(), 1, "{known}: it excuses nothing");
        assert!(problems(&report).contains(wrong), "{wrong}: {report:#}");
    }
}

#[test]
fn one_whose_checks_were_all_left_out_is_stale() {
    let ports = Ports::scripted(
        "good",
        &format!("[[known]]\ncase = 'w3.6-hostile-*'\n{READ}\n{LATER}"),
    );
    let arguments = [
        "run",
        "--format",
        "json",
        "--case",
        "w1.1-smallest",
        "--case",
        "w3.6-hostile-*",
    ];
    let report = finish(&mut ports.command(arguments)).out;
    let report: Value = serde_json::from_str(&report).expect("a report");
    assert!(problems(&report).contains("is stale"), "{report:#}");
}
