//! Adapters that do wrong, each in its own way: every one turns the run red, and the report says why.

use crate::program::{Ports, failures, finish};

/// Runs a mode; what failed.
fn red(mode: &str) -> Vec<String> {
    let (run, report) = Ports::scripted(mode, "").run(&[]);
    assert_eq!(run.code, 1, "{mode}: {}{}", run.out, run.err);
    failures(&report)
}

fn first(mode: &str, expected: &str) {
    let failures = red(mode);
    let found = failures.first().map(String::as_str).unwrap_or_default();
    assert!(found.contains(expected), "{mode}: {failures:#?}");
}

/// A port's part in a report.
fn port<'a>(report: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let mut ports = report["ports"].as_array().expect("ports").iter();
    ports.find(|port| port["name"] == name).expect("the port")
}

#[test]
fn a_right_adapter_is_green() {
    let (run, report) = Ports::scripted("good", "").run(&[]);
    assert_eq!(
        (run.code, failures(&report)),
        (0, Vec::new()),
        "{}",
        run.err
    );
    let checks = report["checks"].as_array().map(Vec::len);
    assert_eq!(checks, Some(5), "two cases, and hello, stays, stop");
    assert_eq!(port(&report, "scripted")["runtime"], "a script");
    assert_eq!(port(&report, "julia")["state"], "not_built_yet");
    assert_eq!(report["everything"], false);
}

#[test]
fn a_crash_is_a_failure_of_its_case_and_of_the_adapter() {
    let failures = red("crash");
    assert!(failures[0].contains("exit status: 3"), "{failures:#?}");
    assert!(
        failures
            .iter()
            .any(|failure| failure.starts_with("adapter stays: 1 restarts")),
        "{failures:#?}"
    );
    let (_, report) = Ports::scripted("crash", "").run(&[]);
    let stderr = &report["checks"][0]["verdict"]["failed"]["stderr"];
    assert_eq!(stderr.to_string(), r#"["the last words"]"#);
}

#[test]
fn a_hang_is_a_failure_after_a_time_and_the_adapter_is_started_anew() {
    let failures = red("hang");
    assert!(failures[0].contains("no reply within 1s"), "{failures:#?}");
    assert_eq!(
        failures.len(),
        3,
        "both cases, and that it does not stay: {failures:#?}"
    );
}

#[test]
fn what_is_no_reply_of_the_protocol_is_a_failure() {
    first("garbage", "its line is no JSON");
    first("binary", "its line is no UTF-8");
    first("no-reply-of-the-protocol", "its line is no reply");
    first("wrong-id", "it answered request");
    first("bad-report", "breaks error.schema.json");
}

#[test]
fn unsupported_is_for_what_was_not_declared_and_is_needed() {
    first("unsupported", "unsupported: ordered-objects");
    first("undeclared", "unsupported: link");
}

#[test]
fn a_wrong_value_and_a_wrong_code_are_failures() {
    first("wrong-value", "1 payloads");
    first("wrong-code", "URL_NOT_ALLOWED in phase validate");
}

#[test]
fn an_adapter_has_to_say_hello_and_to_end_well() {
    first("no-hello", "exit status: 1");
    first("incoherent", "only one of declared and listed");
    first("bad-exit", "after stop it ended with exit status: 4");
}

#[test]
fn a_port_that_this_machine_cannot_run_is_told_loudly() {
    let ports = Ports::scripted("good", "");
    ports.write(
        "absent",
        "title = 'absent'\ncommand = ['no-such-program-anywhere']",
    );
    ports.add(
        "lacking",
        &["good"],
        "requires = [['python3', '-c', 'import no_such_module']]",
    );
    let (run, report) = ports.run(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.err
            .contains("!! absent: not available: no-such-program-anywhere is not on PATH"),
        "{}",
        run.err
    );
    assert!(run.err.contains("No module named"), "{}", run.err);
    for (name, state) in [
        ("absent", "not_available"),
        ("lacking", "not_available"),
        ("scripted", "ran"),
    ] {
        assert_eq!(port(&report, name)["state"], state, "{name}");
    }
    let in_ci = ports
        .command(["run", "--case", "w1.1-smallest"])
        .env("CI", "true")
        .status();
    assert_eq!(
        in_ci.expect("the runner starts").code(),
        Some(1),
        "CI has everything"
    );
    let (by_name, _) = ports.run(&["--port", "absent"]);
    assert_eq!(by_name.code, 1, "who names a port wants it");
}

#[test]
fn a_build_that_fails_is_a_failure() {
    let (run, report) =
        Ports::scripted("good", "build = [['sh', '-c', 'echo broken >&2; exit 7']]").run(&[]);
    assert_eq!(run.code, 1);
    assert!(
        failures(&report)[0].contains("exit status: 7"),
        "{report:#}"
    );
}

#[test]
fn what_a_port_must_declare_cannot_be_left_out() {
    let hello = |mode: &str, more: &str| {
        let (run, report) = Ports::scripted(mode, more).run(&[]);
        (run.code, failures(&report))
    };
    for (mode, more, missing) in [
        (
            "good",
            "capabilities = ['nats', 'ordered-objects']",
            "nats is not declared",
        ),
        ("good", "platform = 'desktop'", "micropython"),
        ("forgetful", "", "dictionary is not declared"),
        ("desktop", "", "arrowtable is not declared"),
        (
            "weak",
            "",
            "one-number-type, which the port's file does not list",
        ),
        (
            "nowhere",
            "",
            "which schema/v1/platforms.json does not have",
        ),
    ] {
        let (code, failures) = hello(mode, more);
        assert_eq!(code, 1, "{mode} {more}: {failures:?}");
        let found = failures.first().map(String::as_str).unwrap_or_default();
        assert!(
            failures.len() == 1 && found.starts_with("adapter hello: ") && found.contains(missing),
            "{mode} {more}: {failures:?}"
        );
    }
    let content = hello(
        "good",
        "capabilities = ['ordered-objects']\nplatform = 'micropython'",
    );
    assert_eq!(content, (0, Vec::new()));
}

#[test]
fn a_selection_of_which_nothing_was_answered_is_red() {
    let ports = Ports::scripted("good", "");
    let arguments = ["run", "--format", "json", "--case", "w8.1-deliver-ack"];
    let run = finish(&mut ports.command(arguments));
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("no case was answered"), "{}", run.out);
}

#[test]
fn a_message_is_read_as_text_and_as_bytes() {
    let (run, report) = Ports::scripted("text-only", "").run(&[]);
    assert_eq!(run.code, 1);
    let failed = &report["checks"][0]["verdict"]["failed"];
    let place = failed["difference"]["place"].as_str();
    assert_eq!(place, Some("as bytes, outcome"), "{report:#}");
}
