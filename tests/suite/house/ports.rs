//! The rules for implementations in other languages and for their adapters.

use super::files::{has_word, repository_files, source_files};

/// The most lines that an adapter may have.
const ADAPTER: usize = 150;

/// What an adapter has no business with: processes, inner modules of its port, limits, and the codes of errors.
const NOT_IN_AN_ADAPTER: &[&str] = &[
    "subprocess",
    "Popen",
    "child_process",
    "spawn",
    "500000",
    "500_000",
    "1048576",
    "1_048_576",
    "67108864",
    "INVALID_ENVELOPE",
    "INVALID_PAYLOAD_TYPE",
    "INVALID_TRANSPORT",
    "SERIALIZATION_ERROR",
    "PAYLOAD_TOO_LARGE",
    "UPLOAD_FAILED",
    "DOWNLOAD_FAILED",
    "CHECKSUM_MISMATCH",
    "SIZE_MISMATCH",
    "URL_NOT_ALLOWED",
    "NOT_ACKNOWLEDGED",
];

#[test]
fn adapters_are_thin() {
    let mut adapters = 0;
    for file in source_files() {
        if !file.is_under("ports/") || !file.path.contains("/conformance/adapter.") {
            continue;
        }
        adapters += 1;
        let lines = file.text.lines().count();
        assert!(
            lines <= ADAPTER,
            "{} has {lines} lines, {ADAPTER} is the most: what it works out belongs into the port",
            file.path
        );
        for (index, line) in file.text.lines().enumerate() {
            let word = NOT_IN_AN_ADAPTER.iter().find(|word| has_word(line, word));
            let inner = line.contains("natsbridge._") && !line.contains("natsbridge.__version__")
                || line.contains("/src/core/");
            assert!(
                word.is_none() && !inner,
                "{}:{} uses {}: an adapter calls the public functions of its port and judges nothing",
                file.path,
                index + 1,
                word.unwrap_or(&"an inner module")
            );
        }
    }
    assert!(adapters >= 2, "{adapters} adapters were found in ports/");
}

#[test]
fn ports_do_not_read_each_other() {
    let names: Vec<String> = repository_files()
        .iter()
        .filter_map(|path| path.strip_prefix("ports/")?.split_once('/'))
        .map(|(name, _)| name.to_owned())
        .collect();
    for file in source_files() {
        let Some((own, _)) = file
            .path
            .strip_prefix("ports/")
            .and_then(|path| path.split_once('/'))
        else {
            continue;
        };
        for other in names.iter().filter(|name| *name != own) {
            let places = [format!("ports/{other}/"), format!("../{other}/")];
            assert!(
                !places.iter().any(|place| file.text.contains(place)),
                "{} reads the port {other}: each implements the wire on its own",
                file.path
            );
        }
    }
}
