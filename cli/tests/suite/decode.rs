//! `decode` prints payloads for people, or writes them to files.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::program::{command, finish, run, run_with, start};

fn message(parts: &[&str]) -> String {
    run(["encode", "s"]
        .into_iter()
        .chain(parts.iter().flat_map(|part| ["--part", part])))
    .ok()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn people_read_payloads_one_below_the_other() {
    let message = message(&[
        "t=text:Grüße\u{1b}[31m",
        "n\u{7}=dictionary:{\"a\":[1]}",
        "r=jsontable:[{\"a\":1},{}]",
        "a=arrowtable:when,level\n2026-03-12,1.5\n,\n",
        "b=binary:0123456789012345678901234567890123",
    ]);
    let printed = run_with(["decode"], &message).ok();
    let body = printed.split_once("\n\n").expect("a header").1;
    insta::assert_snapshot!(body);
    assert!(
        printed.starts_with("chat from \"NATSBridge\" to s, 20"),
        "{printed}"
    );
}

#[test]
fn long_tables_are_cut() {
    let rows: String = (0..100).map(|row| format!("{row}\n")).collect();
    let printed = run_with(["decode"], message(&[&format!("t=arrowtable:n\n{rows}")])).ok();
    assert!(
        printed.ends_with("\n18\n19\n(100 rows, 20 shown)\n"),
        "{printed}"
    );
}

#[test]
fn files_are_named_by_position_and_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("new/dir");
    let dir_text = dir.to_str().expect("UTF-8");
    let message = message(&[
        "../../evil=text:Grüße",
        "d=dictionary:{\"n\": 1}",
        "t=arrowtable:a\n1\n",
        "../../evil=image:x",
    ]);
    let printed = run_with(["decode", "--out-dir", dir_text], &message).ok();
    assert!(
        printed.contains(&format!(
            "[0] ../../evil (text, direct, 7 bytes)\nin {dir_text}/payload-0.txt\n"
        )),
        "{printed}"
    );
    assert_eq!(
        names(&dir),
        [
            "payload-0.txt",
            "payload-1.json",
            "payload-2.arrows",
            "payload-3.bin"
        ]
    );
    assert_eq!(names(folder.path()), ["new"]);
    assert_eq!(
        fs::read_to_string(dir.join("payload-0.txt")).expect("a file"),
        "Grüße"
    );
    assert_eq!(
        fs::read_to_string(dir.join("payload-1.json")).expect("a file"),
        "{\"n\": 1}"
    );

    let error = run_with(["decode", "--out-dir", dir_text], &message).error(1);
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("nothing is overwritten")),
        "{error}"
    );
}

#[test]
fn json_names_the_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("UTF-8");
    let decoded = run_with(
        ["decode", "--json", "--out-dir", dir],
        message(&["t=text:x"]),
    )
    .json();
    let expected = json!([{
        "dataname": "t", "payload_type": "text", "transport": "direct", "size": 1, "file": format!("{dir}/payload-0.txt"),
    }]);
    assert_eq!(decoded["payloads"], expected);
}

#[test]
fn no_file_appears_of_a_message_that_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("dir");
    let message = message(&["a=text:x", "b=text:y"]).replace("\"eQ==\"", "\"eR==\"");
    let error = run_with(
        ["decode", "--out-dir", dir.to_str().expect("UTF-8")],
        message,
    )
    .error(1);
    assert_eq!(error["error"]["code"], "DESERIALIZATION_ERROR");
    assert_eq!(error["error"]["details"]["pointer"], "/payloads/1/data");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn messages_come_from_files_and_have_a_bound() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("message.json");
    let message = message(&["t=text:x"]);
    fs::write(&file, &message).expect("written");
    let file = file.to_str().expect("UTF-8");
    assert_eq!(
        run(["decode", file, "--json"]).json(),
        run_with(["decode", "-", "--json"], &message).json()
    );
    let length = message.len().to_string();
    run(["decode", file, "--max-message-bytes", &length]).ok();
    let error = run([
        "decode",
        file,
        "--max-message-bytes",
        &(message.len() - 1).to_string(),
    ])
    .error(1);
    assert_eq!(
        (&error["error"]["code"], &error["error"]["details"]["phase"]),
        (&json!("PAYLOAD_TOO_LARGE"), &json!("parse"))
    );
    let error = run(["decode", file, "--max-payloads", "0"]).error(1);
    assert_eq!(
        (
            &error["error"]["code"],
            &error["error"]["details"]["pointer"]
        ),
        (&json!("INVALID_ENVELOPE"), &json!("/payloads"))
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = start(&mut command(["decode", "--json"]));
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, message(&["t=text:x"]).as_bytes())
        .expect("it reads all before it writes");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).as_ref()
        ),
        (Some(0), "")
    );
}

#[test]
fn secrets_of_links_are_not_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let big = folder.path().join("big");
    fs::write(&big, vec![b'x'; 600_000]).expect("written");
    let part = format!("b=binary@{}", big.display());
    let mut encode = command([
        "encode",
        "s",
        "--part",
        &part,
        "--max-retries",
        "1",
        "--no-fallback",
    ]);
    encode.args([
        "--fileserver-url",
        "http://127.0.0.1:1/?token=hunter2-query",
        "--token",
        "hunter2-token",
        "--login",
        "me",
        "--password",
        "hunter2-password",
    ]);
    let run = finish(&mut encode, b"");
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(!run.err.contains("hunter2"), "{}", run.err);
}
