//! The commands, and what they say about themselves.

use std::path::Path;

use crate::program::{CASES, Ports, command, finish};

fn help(arguments: &[&str]) -> String {
    let run = finish(&mut command(arguments.iter().chain(&["--help"])));
    assert_eq!(run.code, 0, "{}", run.err);
    let lines: Vec<&str> = run.out.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn help_of_all() {
    insta::assert_snapshot!(help(&[]));
}

#[test]
fn help_of_each_command() {
    for name in [
        "run", "list", "smoke", "attach", "new", "report", "protocol", "kill", "fuzz",
    ] {
        insta::assert_snapshot!(format!("help_of_{name}"), help(&[name]));
    }
}

#[test]
fn wrong_usage_has_a_code_of_its_own() {
    for arguments in [
        &["run", "--nonsense"][..],
        &["run", "--port", "cobol"],
        &["run", "--port", "julia"],
        &["run", "--case", "no-such-case"],
        &["run", "--jobs", "0"],
        &["fuzz", "--count", "0"],
        &["fuzz", "--port", "rust"],
        &["attach", "--case", "w1.1-smallest"],
        &["report", "no-such-file.json"],
        &["new", "No Name"],
    ] {
        let run = finish(&mut command(arguments));
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(!run.err.is_empty());
    }
}

#[test]
fn every_form_of_the_report_is_made_of_one_result() {
    let ports = Ports::scripted("wrong-code", "");
    let out = ports.folder().join("out");
    let folder = out.to_str().expect("a path that is UTF-8");
    let own = ["run", "--out", folder];
    let run = finish(&mut ports.command(own.iter().chain(&CASES)));
    assert_eq!(run.code, 1);
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect("the report");
    assert_eq!(read("report.txt"), run.out);
    for (name, format) in [
        ("report.txt", "text"),
        ("report.json", "json"),
        ("report.xml", "junit"),
        ("report.html", "html"),
    ] {
        let result = out.join("report.json");
        let again = finish(command(["report", "--format", format]).arg(result));
        assert_eq!(again.code, 0, "{}", again.err);
        assert!(again.out == read(name), "{name} rendered anew is another");
        assert!(again.out.contains("w1.1-payload-id-missing"), "{name}");
        assert!(again.out.contains("URL_NOT_ALLOWED"), "{name}");
    }
    let command = "cargo conform run --port scripted --case w1.1-payload-id-missing";
    assert!(read("report.html").contains(command) && read("report.txt").contains(command));
    let page = read("report.html");
    assert!(
        !page.contains("src=") && !page.contains("href=") && !page.contains("<script"),
        "nothing from elsewhere"
    );
    let schema = include_str!("../../report.schema.json");
    let schema = serde_json::from_str(schema).expect("a schema");
    let result = serde_json::from_str(&read("report.json")).expect("a result");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(
        validator.is_valid(&result),
        "{:?}",
        validator.iter_errors(&result).next()
    );
}

#[cfg(unix)]
#[test]
fn a_new_port_says_hello_at_once() {
    let checkout = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::create_dir(checkout.path().join("conformance")).expect("a folder");
    for path in ["conformance/cases", "schema", "docs"] {
        let there = root
            .join(path)
            .canonicalize()
            .expect("a folder of the checkout");
        std::os::unix::fs::symlink(there, checkout.path().join(path)).expect("a link");
    }
    let new = || finish(command(["new", "swift"]).current_dir(checkout.path()));
    let first = new();
    assert_eq!(first.code, 0, "{}", first.err);
    let written = |path: &str| checkout.path().join(path).is_file();
    for path in [
        "ports/swift/README.md",
        "ports/swift/conformance/adapter.sh",
        "conformance/ports/swift.toml",
    ] {
        assert!(first.out.contains(path) && written(path), "{path}");
    }
    let again = new();
    assert_eq!(again.code, 2);
    assert!(again.err.contains("nothing was written"), "{}", again.err);
    let smoke = finish(command(["smoke", "--port", "swift"]).current_dir(checkout.path()));
    assert_eq!(smoke.code, 1, "{}", smoke.err);
    assert!(
        smoke.out.starts_with("swift: sh; it declares"),
        "{}{}",
        smoke.out,
        smoke.err
    );
    assert!(
        smoke.out.contains("FAILED w1.1-smallest\n"),
        "{}",
        smoke.out
    );
    assert!(
        smoke
            .out
            .contains("advice: read a message without payloads"),
        "{}",
        smoke.out
    );
}
