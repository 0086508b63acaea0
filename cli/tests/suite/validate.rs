//! `validate` tells every fault and its place.

use std::fs;

use serde_json::{Value as Json, json};

use crate::program::{Run, parse, run, run_with};

fn message(parts: &[&str]) -> String {
    run(["encode", "s"]
        .into_iter()
        .chain(parts.iter().flat_map(|part| ["--part", part])))
    .ok()
}

fn validate(text: &str) -> Run {
    run_with(["validate", "-"], text)
}

#[test]
fn a_message_is_ok() {
    let message = message(&[
        "t=text:x",
        "d=dictionary:[1]",
        "a=arrowtable:n\n1\n",
        "b=binary:",
    ]);
    assert_eq!(validate(&message).ok(), "standard input: ok\n");
}

#[test]
fn a_link_to_anywhere_is_ok_and_not_fetched() {
    let mut message = parse(&message(&["t=text:x"]));
    message["payloads"][0]["transport"] = json!("link");
    message["payloads"][0]["encoding"] = json!("none");
    message["payloads"][0]["data"] = json!("https://nowhere.example/x");
    assert_eq!(validate(&message.to_string()).ok(), "standard input: ok\n");
}

#[test]
fn every_fault_is_told() {
    let mut faulty = parse(&message(&["t=text:x", "u=text:y"]));
    faulty["send_to"] = json!("a..b");
    faulty["msg_purpose"] = json!("shout");
    faulty["payloads"][1]["size"] = json!(-1);
    faulty
        .as_object_mut()
        .expect("an object")
        .remove("sender_id");
    let run = validate(&faulty.to_string());
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    insta::assert_snapshot!(run.out);
}

#[test]
fn contents_are_looked_at_as_well_each_on_its_own() {
    let mut faulty = parse(&message(&[
        "a=text:x",
        "b=text:y",
        "c=dictionary:{}",
        "d=text:z",
    ]));
    faulty["payloads"][1]["data"] = json!("eR==");
    faulty["payloads"][2]["data"] = json!("eHg=");
    faulty["payloads"][3]["metadata"]["sha256"] = json!("0".repeat(64));
    let run = validate(&faulty.to_string());
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    insta::assert_snapshot!(run.out);
}

#[test]
fn each_file_has_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = file("good.json", &message(&["t=text:x"]));
    let bad = file("bad\n.json", "[]");
    let ugly = file("ugly.json", "{\"a\":1,\"a\":1}");
    let run_all = run(["validate", &good, &bad, &ugly]);
    assert_eq!(run_all.code, 1);
    let lines: Vec<&str> = run_all.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run_all.out);
    assert_eq!(lines[0], format!("{good}: ok"));
    assert!(
        lines[1].contains("bad\\n.json: the message: INVALID_ENVELOPE: expected an object"),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains("ugly.json: /a: INVALID_ENVELOPE: the message is not strict JSON: "),
        "{}",
        lines[2]
    );

    let run_json = run(["validate", "--json", &good, &ugly]);
    assert_eq!(run_json.code, 1);
    let reports: Vec<Json> = run_json.out.lines().map(parse).collect();
    assert_eq!(
        reports[0],
        json!({"file": good, "ok": true, "violations": []})
    );
    assert_eq!(
        (&reports[1]["ok"], &reports[1]["violations"][0]["pointer"]),
        (&json!(false), &json!("/a"))
    );
}

#[test]
fn its_bounds_can_be_set() {
    let message = message(&["t=text:x", "u=text:y"]);
    assert_eq!(
        run_with(["validate", "-", "--max-payloads", "2"], &message).code,
        0
    );
    assert_eq!(
        run_with(["validate", "-", "--max-payloads", "1"], &message).code,
        1
    );
    assert_eq!(
        run_with(
            [
                "validate",
                "-",
                "--max-message-bytes",
                &message.len().to_string()
            ],
            &message
        )
        .code,
        0
    );
    let short = (message.len() - 1).to_string();
    assert_eq!(
        run_with(["validate", "-", "--max-message-bytes", &short], &message).code,
        1
    );
}
