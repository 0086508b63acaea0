//! The repository as it stands: generated files are up to date, and the examples are valid.

use std::{
    fs,
    path::{Path, PathBuf},
};

use natsbridge_codegen::{
    load,
    output::{self, MENDING_COMMAND},
    outputs,
};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn generated_files_are_up_to_date() {
    let outputs = outputs(&root()).expect("a schema that can be generated from");
    let drifted = output::drifted(&root(), &outputs).expect("readable files");
    let paths: Vec<_> = drifted
        .iter()
        .map(|output| output.path.display().to_string())
        .collect();
    assert!(
        paths.is_empty(),
        "not what schema/v1 says: {paths:?}; run `{MENDING_COMMAND}`"
    );
}

#[test]
fn drift_is_seen_and_mended() {
    let folder = std::env::temp_dir().join(format!("natsbridge-codegen-{}", std::process::id()));
    let outputs = outputs(&root()).expect("a schema that can be generated from");
    assert_eq!(
        output::drifted(&folder, &outputs).expect("readable").len(),
        outputs.len(),
        "missing is drift"
    );
    assert_eq!(
        output::write(&folder, &outputs).expect("writable").len(),
        outputs.len()
    );
    assert!(
        output::drifted(&folder, &outputs)
            .expect("readable")
            .is_empty()
    );
    fs::write(
        folder.join(&outputs[0].path),
        format!("{} ", outputs[0].text),
    )
    .expect("writable");
    let drifted = output::drifted(&folder, &outputs).expect("readable");
    assert_eq!(drifted, [&outputs[0]], "one more blank is drift");
    fs::remove_dir_all(&folder).expect("a folder of our own");
}

#[test]
fn generating_twice_gives_the_same_bytes() {
    let first = outputs(&root()).expect("a schema that can be generated from");
    assert_eq!(
        first,
        outputs(&root()).expect("a schema that can be generated from")
    );
}

#[test]
fn output_is_marked_ascii_and_free_of_times_and_paths() {
    let here = env!("CARGO_MANIFEST_DIR");
    for output in outputs(&root()).expect("a schema that can be generated from") {
        let name = output.path.display();
        assert!(output.text.is_ascii(), "{name}");
        assert!(
            output.text.contains("cargo codegen"),
            "{name} says how it is made"
        );
        for word in [here, "/tmp/", "SystemTime", "Generated at", "Generated on"] {
            assert!(!output.text.contains(word), "{name} holds {word}");
        }
        assert!(
            output.text.ends_with('\n') && !output.text.contains('\r'),
            "{name}"
        );
    }
}

#[test]
fn generated_rust_uses_no_foreign_types() {
    let outputs = outputs(&root()).expect("a schema that can be generated from");
    let text = &outputs[0].text;
    for word in [
        "regress", "chrono", "::uuid", "HashMap", "BTreeMap", "unwrap", "panic!", "unsafe",
    ] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn the_model_names_every_definition_once() {
    let (_, model) = load(&root()).expect("a good schema");
    let mut names: Vec<&str> = model.definitions.iter().map(|d| d.name.as_str()).collect();
    let mut titles: Vec<&str> = model.definitions.iter().map(|d| d.title.as_str()).collect();
    for list in [&mut names, &mut titles] {
        let count = list.len();
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), count);
    }
    assert_eq!(model.roots, ["envelope", "payload", "error"]);
    assert_eq!(model.version, "v1");
}

/// The samples of the two documents, with UUIDs in the place of `abc123...`.
#[test]
fn examples_are_valid() {
    let (source, _) = load(&root()).expect("a good schema");
    for name in ["envelope", "error"] {
        let path = root().join(format!("schema/v1/examples/{name}.json"));
        let text = fs::read_to_string(path).expect("an example");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let validator = source
            .validator(&format!("{name}.schema.json"))
            .expect("a usable schema");
        if let Err(error) = validator.validate(&value) {
            panic!("{name}: {error} at {}", error.instance_path());
        }
        let mut broken = value.clone();
        broken["timestamp"] = "2026-02-29T00:00:00Z".into();
        assert!(!validator.is_valid(&broken), "{name}: formats are on");
        broken = value;
        broken.as_object_mut().expect("an object").remove("send_to");
        assert!(!validator.is_valid(&broken), "{name}: members are required");
    }
}

/// The automata of the model against the validator's own reading of the same patterns.
#[test]
fn automata_agree_with_the_validator() {
    let (source, model) = load(&root()).expect("a good schema");
    let definitions = &source.file("definitions.schema.json").expect("there").value;
    let mut seen = [0_u32; 2];
    for definition in &model.definitions {
        let natsbridge_codegen::model::Shape::Text(text) = &definition.shape else {
            continue;
        };
        let Some(pattern) = &text.pattern else {
            continue;
        };
        let schema = serde_json::json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "pattern": definitions["$defs"][&definition.name]["pattern"],
        });
        let validator = jsonschema::validator_for(&schema).expect("a usable pattern");
        for sample in samples() {
            let agreed = pattern.automaton.matches(&sample);
            assert_eq!(
                agreed,
                validator.is_valid(&Value::from(&*sample)),
                "{}: {sample:?}",
                definition.name
            );
            seen[usize::from(agreed)] += 1;
        }
    }
    assert!(seen[0] > 1_000 && seen[1] > 500, "{seen:?}");
}

/// Good texts of every kind, each also with one character put in, replaced or taken out at each place.
fn samples() -> Vec<String> {
    let good = [
        "00112233-4455-6677-8899-AABBCCDDEEFF",
        "2026-03-13T07:02:50.443Z",
        "2026-03-13T23:59:59Z",
        "/chat/user/v1/message",
        "a.*b.>>",
        "nats://localhost:4222,wss://[::1]:80/x?y=%20",
        "https://h.example:80/file/a%20b?x=1",
        &"aB".repeat(32),
        "",
    ];
    let odd = [
        "\0",
        " ",
        "!",
        "*",
        ">",
        ".",
        "\u{7f}",
        "\u{80}",
        "é",
        "\u{10ffff}",
        "/",
        "@",
        "#",
        "%",
        "\\",
        ",",
        "9",
        "g",
        "Z",
        ":",
    ];
    let mut samples = Vec::new();
    for text in good {
        samples.push(text.to_owned());
        let places: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        for (index, &at) in places.iter().enumerate() {
            let next = places.get(index + 1).copied().unwrap_or(at);
            samples.push(format!("{}{}", &text[..at], &text[next..]));
            for odd in odd {
                samples.push(format!("{}{odd}{}", &text[..at], &text[at..]));
                samples.push(format!("{}{odd}{}", &text[..at], &text[next..]));
            }
        }
    }
    samples
}
