//! What is checked in is what the runner's types say.

use crate::program::{command, finish};

fn same(arguments: &[&str], checked_in: &str, path: &str) {
    let run = finish(&mut command(arguments));
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out == checked_in,
        "{path} differs from what the types say; `cargo conform {} > {path}` mends it",
        arguments.join(" ")
    );
}

#[test]
fn the_schema_of_the_protocol_is_that_of_the_types() {
    let checked_in = include_str!("../../protocol.schema.json");
    same(
        &["protocol"],
        checked_in,
        "conformance/protocol.schema.json",
    );
}

#[test]
fn the_schema_of_results_is_that_of_the_types() {
    let checked_in = include_str!("../../report.schema.json");
    same(
        &["protocol", "--report"],
        checked_in,
        "conformance/report.schema.json",
    );
}

#[test]
fn every_port_has_a_file_that_can_be_read() {
    let run = finish(&mut command(["list", "ports"]));
    assert_eq!(run.code, 0, "{}", run.err);
    for port in ["rust", "python", "python-3.9", "node", "node-16"] {
        let is_it = |line: &str| line.starts_with(&format!("{port} ")) && line.ends_with(".toml");
        assert!(run.out.lines().any(is_it), "{port}: {}", run.out);
    }
    for port in ["browser", "dart", "julia", "micropython"] {
        assert!(
            run.out
                .lines()
                .any(|line| line.starts_with(&format!("{port} "))),
            "{port}: {}",
            run.out
        );
    }
}

#[test]
fn every_port_says_what_it_must_declare() {
    for port in ["rust", "python", "python-3.9", "node", "node-16"] {
        let path = format!("{}/ports/{port}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("the port's file");
        for word in [
            "platform = \"desktop\"",
            "\"arrowtable\"",
            "\"link\"",
            "\"nats\"",
        ] {
            assert!(text.contains(word), "{port}.toml lacks {word}");
        }
    }
}

#[test]
fn every_rule_has_a_case_and_no_kind_of_case_is_lost() {
    let run = finish(&mut command(["list", "rules"]));
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!run.out.contains("PROBLEM"), "{}", run.out);
    for line in run.out.lines().filter(|line| line.contains("at least")) {
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<usize>().ok());
        let count = number(line.split_whitespace().next());
        let least = number(
            line.rsplit_once('(')
                .and_then(|(_, least)| least.split(' ').next()),
        );
        assert!(count.is_some() && count >= least, "{line}");
    }
}
