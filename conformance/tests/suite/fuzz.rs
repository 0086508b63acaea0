//! Messages made from the schema, on which all have to agree.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Ports, Run, finish};
use crate::signal;

fn fuzz(modes: [&str; 2], seed: &str) -> (Run, Ports) {
    let ports = Ports::scripted(modes[0], "");
    ports.add("other", &[modes[1]], "");
    let out = ports.folder().join("found");
    let out = out.to_str().expect("a path that is UTF-8");
    let arguments = ["fuzz", "--count", "60", "--seed", seed, "--out", out];
    (finish(&mut ports.command(arguments)), ports)
}

#[test]
fn those_who_agree_are_told_so_with_what_came_of_the_messages() {
    let (run, ports) = fuzz(["refuses", "refuses"], "3");
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        run.out,
        "60 messages of seed 3: other, scripted agree\n      60 INVALID_ENVELOPE (validate)\n"
    );
    assert!(!ports.folder().join("found").exists());
}

#[test]
fn a_message_on_which_two_differ_is_made_smaller_and_becomes_a_case() {
    for (modes, verdict) in [
        (["refuses", "refuses-chat-in-another-way"], "error"),
        (["reads", "reads-chat-in-another-way"], "ok"),
    ] {
        let (run, ports) = fuzz(modes, "3");
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.out.contains("other and scripted differ"), "{}", run.out);
        let (text, case) = found(&ports);
        let message = case[0]["input"]["text"].as_str().expect("a text");
        assert!(message.contains("\"chat\""), "{message}");
        assert!(message.len() < 700, "made smaller: {message}");
        assert!(run.out.contains(message), "it is shown: {}", run.out);
        assert!(case[0]["expect"][verdict].is_object(), "{text}");
        assert!(schema_of_cases().is_valid(&case), "{text}");
        let (again, _) = fuzz(modes, "3");
        let head = |run: &Run| {
            run.out
                .lines()
                .take(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            head(&again),
            head(&run),
            "the same seed gives the same messages"
        );
    }
}

#[test]
fn one_that_does_not_answer_differs_from_one_that_does() {
    let (run, ports) = fuzz(["refuses", "crash"], "3");
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out.contains("what is different: verdict: "),
        "{}",
        run.out
    );
    let (text, case) = found(&ports);
    assert!(schema_of_cases().is_valid(&case), "{text}");
}

#[test]
fn without_any_answer_there_is_no_case() {
    let (run, ports) = fuzz(["crash", "crash"], "3");
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("no case was written"), "{}", run.out);
    assert!(!ports.folder().join("found").exists());
}

#[test]
fn a_signal_while_a_message_is_made_smaller_leaves_nothing() {
    let ports = Ports::scripted("refuses", "");
    let differs = ports.folder().join("differs");
    let path = differs.to_str().expect("a path that is UTF-8");
    ports.add("other", &["refuses-chat-in-another-way", path], "");
    let out = ports.folder().join("found");
    let arguments = [
        "fuzz",
        "--seed",
        "3",
        "--out",
        out.to_str().expect("a path that is UTF-8"),
    ];
    let mut runner = ports.command(arguments).spawn().expect("the runner starts");
    let adapter = signal::wait_for(&differs);
    std::thread::sleep(Duration::from_millis(500));
    signal::kill("-INT", runner.id());
    let status = runner.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert!(
        !signal::is_running(adapter),
        "the adapter {adapter} is still there"
    );
    assert!(!out.exists());
}

/// The one case that was written.
fn found(ports: &Ports) -> (String, Value) {
    let files = std::fs::read_dir(ports.folder().join("found")).expect("a folder");
    let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    let [path] = files.as_slice() else {
        panic!("one case, not {files:?}");
    };
    let text = std::fs::read_to_string(path).expect("a case");
    let case = serde_json::from_str(&text).expect("JSON");
    (text, case)
}

fn schema_of_cases() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/case.schema.json");
    let schema = std::fs::read_to_string(path).expect("a schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}
