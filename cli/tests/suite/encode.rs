//! `encode` reads its parts from files of many forms and from standard input.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::program::{command, finish, run, run_with};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A part that is read from a file of this name and content, as `decode --json` tells its value.
fn value_of(payload_type: &str, name: &str, content: &[u8]) -> Json {
    let folder = folder();
    let part = part(&folder, payload_type, name, content);
    let message = run(["encode", "s", "--part", &part]).ok();
    run_with(["decode", "--json"], message).json()["payloads"][0]["value"].take()
}

fn part(folder: &TempDir, payload_type: &str, name: &str, content: &[u8]) -> String {
    let file: PathBuf = folder.path().join(name);
    fs::write(&file, content).expect("written");
    format!("p={payload_type}@{}", file.display())
}

fn batch() -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "😀"]));
    RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("s", names, true)])
        .expect("a batch")
}

fn table() -> Json {
    json!({"type": "table", "rows": 2, "columns": [
        {"name": "n", "type": "int64", "nullable": true, "values": ["1", null]},
        {"name": "s", "type": "string", "nullable": true, "values": ["a", "😀"]},
    ]})
}

#[test]
fn tables_come_from_arrow_parquet_and_csv() {
    let schema = batch().schema();
    let mut stream = StreamWriter::try_new(Vec::new(), &schema).expect("a writer");
    stream.write(&batch()).expect("written");
    let stream = stream.into_inner().expect("a stream");
    let mut file = FileWriter::try_new(Vec::new(), &schema).expect("a writer");
    file.write(&batch()).expect("written");
    let file = file.into_inner().expect("a file");
    let mut parquet = ArrowWriter::try_new(Vec::new(), schema, None).expect("a writer");
    parquet.write(&batch()).expect("written");
    let parquet = parquet.into_inner().expect("a file");
    for (name, content) in [
        ("t.arrows", stream.as_slice()),
        ("t", &stream),
        ("t.arrow", &file),
        ("t.feather", &file),
        ("t.parquet", &parquet),
        ("t.data", &parquet),
        ("t.csv", "n,s\n1,a\n,😀\n".as_bytes()),
        ("t", "n,s\r\n1,a\r\n,\"😀\"".as_bytes()),
        ("t.tsv", "n\ts\n1\ta\n\t😀\n".as_bytes()),
    ] {
        assert_eq!(value_of("arrowtable", name, content), table(), "{name}");
    }
}

#[test]
fn a_damaged_parquet_file_is_an_error_or_a_table() {
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch().schema(), None).expect("a writer");
    parquet.write(&batch()).expect("written");
    let parquet = parquet.into_inner().expect("a file");
    let folder = folder();
    for at in (0..parquet.len()).step_by(9) {
        let mut damaged = parquet.clone();
        damaged[at] ^= 0xFF;
        let part = part(&folder, "arrowtable", "t.parquet", &damaged);
        let run = run(["encode", "s", "--part", &part]);
        if run.code != 0 {
            let error = run.error(1);
            assert_eq!(error["error"]["code"], "SERIALIZATION_ERROR", "{error}");
        }
    }
}

#[test]
fn rows_come_from_json_ndjson_and_csv() {
    let row = |n: Json, s: &str| json!({"type": "object", "value": [["n", n], ["s", {"type": "string", "value": s}]]});
    let rows = json!({"type": "array", "value": [
        row(json!({"type": "int", "value": "9007199254740993"}), "a"), row(json!({"type": "null"}), "😀"),
    ]});
    for (name, content) in [
        (
            "r.json",
            r#"[{"n":9007199254740993,"s":"a"},{"n":null,"s":"😀"}]"#,
        ),
        (
            "r",
            r#" [{"n":9007199254740993,"s":"a"},{"n":null,"s":"😀"}]"#,
        ),
        (
            "r.ndjson",
            "{\"n\":9007199254740993,\"s\":\"a\"}\n\n{\"n\":null,\"s\":\"😀\"}\n",
        ),
        (
            "r.jsonl",
            "{\"n\":9007199254740993,\"s\":\"a\"}\r\n{\"n\":null,\"s\":\"😀\"}",
        ),
        (
            "r",
            "{\"n\":9007199254740993,\"s\":\"a\"}\n{\"n\":null,\"s\":\"😀\"}\n",
        ),
        ("r.csv", "n,s\n9007199254740993,a\n,😀\n"),
        ("r.tsv", "n\ts\n9007199254740993\ta\n\t😀\n"),
    ] {
        assert_eq!(
            value_of("jsontable", name, content.as_bytes()),
            rows,
            "{name}"
        );
    }
}

#[test]
fn standard_input_is_a_part_once() {
    for (payload_type, input) in [
        ("binary", "\0\u{7f}"),
        ("text", "Hello"),
        ("dictionary", "[1]"),
        ("jsontable", "{\"a\":1}\n"),
        ("arrowtable", "a\n1\n"),
    ] {
        let message = run_with(
            ["encode", "s", "--part", &format!("p={payload_type}@-")],
            input,
        )
        .ok();
        let by_input =
            run_with(["decode", "--json"], message).json()["payloads"][0]["value"].take();
        assert_eq!(
            by_input,
            value_of(payload_type, "p", input.as_bytes()),
            "{payload_type}"
        );
    }
    let twice = run(["encode", "s", "--part", "a=text@-", "--part", "b=text@-"]);
    assert_eq!((twice.code, twice.out.as_str()), (2, ""));
    assert_eq!(
        twice.err,
        "natsbridge: standard input (@-) can be one part only\n"
    );
}

#[test]
fn what_is_no_table_and_no_rows_is_refused_with_its_place() {
    let folder = folder();
    for (payload_type, name, content, message) in [
        (
            "arrowtable",
            "a.csv",
            "a,b\n1\n",
            "payload 1 (arrowtable): the CSV cannot be read: ",
        ),
        (
            "arrowtable",
            "a.parquet",
            "PAR1",
            "payload 1 (arrowtable): the Parquet file cannot be read: ",
        ),
        (
            "arrowtable",
            "a.arrow",
            "ARROW1",
            "payload 1 (arrowtable): the Arrow file is cut short: ",
        ),
        ("arrowtable", "a.arrows", "", "payload 1 (arrowtable): "),
        (
            "jsontable",
            "a.ndjson",
            "{}\n{",
            "payload 1 (jsontable): line 2 of the NDJSON is no JSON value: ",
        ),
        ("jsontable", "a.json", "[{},1]", "payload 1 (jsontable): "),
        (
            "jsontable",
            "a.csv",
            "a,a\n1,2\n",
            "payload 1 (jsontable): expected names that occur once in an object",
        ),
        (
            "dictionary",
            "a.json",
            "{\"a\":NaN}",
            "payload 1 (dictionary): ",
        ),
        ("text", "a.txt", "\u{0}", ""),
    ] {
        let part = part(&folder, payload_type, name, content.as_bytes());
        let run = run(["encode", "a.b", "--part", "first=text:x", "--part", &part]);
        if message.is_empty() {
            run.ok();
            continue;
        }
        let report = run.error(1);
        let error = &report["error"];
        assert_eq!(error["code"], "SERIALIZATION_ERROR", "{report}");
        assert_eq!(
            (&report["send_to"], &error["details"]["phase"]),
            (&json!("a.b"), &json!("serialize"))
        );
        assert_eq!(
            (&error["details"]["dataname"], &error["details"]["pointer"]),
            (&json!("p"), &json!("/payloads/1/data"))
        );
        let text = error["message"].as_str().expect("a message");
        assert!(text.starts_with(message), "{text}");
    }
}

#[test]
fn nothing_is_left_in_the_folder_for_temporary_files() {
    let folder = folder();
    for part in [
        "d=dictionary:{}",
        "d=dictionary:{",
        "j=jsontable:{}\n",
        "x=nope@-",
    ] {
        finish(
            command(["encode", "s", "--part", part]).env("TMPDIR", folder.path()),
            b"x",
        );
        assert_eq!(
            fs::read_dir(folder.path()).expect("a folder").count(),
            0,
            "{part}"
        );
    }
}

#[test]
fn the_environment_stands_in_for_arguments() {
    let mut with_environment = command(["encode", "s", "--part", "t=text:x"]);
    let message = finish(with_environment.env("NATS_URL", "tls://u:p@a:1"), b"").json();
    assert_eq!(message["broker_url"], "tls://a:1");
    let error = finish(with_environment.env("SIZE_THRESHOLD", "many"), b"").error(1);
    assert_eq!(error["error"]["code"], "INVALID_ENVELOPE");
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("SIZE_THRESHOLD "))
    );
    with_environment.args(["--size-threshold", "10", "--broker-url", "nats://b"]);
    let message = finish(&mut with_environment, b"").json();
    assert_eq!(message["broker_url"], "nats://b");
}
