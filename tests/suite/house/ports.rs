//! The rules for implementations in other languages and for their adapters.

use std::collections::BTreeMap;

use super::files::{has_word, repository_files, source_files};

/// The most lines that an adapter may have, without the conversion of tagged values where that stands in a file beside it.
const ADAPTER: usize = 150;

/// The most lines of both together.
const WITH_VALUES: usize = 200;

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

/// The code of a `nack` that a case asks for: the protocol has it, in one place of an adapter.
const ONCE: &str = "DESERIALIZATION_ERROR";

#[test]
fn adapters_are_thin() {
    // A port's adapter may stand in several files; together they are the adapter.
    let mut adapters: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for file in source_files() {
        let below = file.path.strip_prefix("ports/");
        let Some((port, _)) = below.and_then(|below| below.split_once("/conformance/")) else {
            continue;
        };
        let (lines, once) = adapters.entry(port.to_owned()).or_default();
        let own = file.text.lines().count();
        assert!(
            own <= ADAPTER,
            "{} has {own} lines, {ADAPTER} is the most: what it works out belongs into the port",
            file.path
        );
        *lines += own;
        *once += file
            .text
            .lines()
            .filter(|line| has_word(line, ONCE))
            .count();
        for (index, line) in file.text.lines().enumerate() {
            let word = NOT_IN_AN_ADAPTER.iter().find(|word| has_word(line, word));
            // `natsbridge.__version__` is public, `natsbridge._codec` is not.
            let mut private = line.split("natsbridge._").skip(1);
            let inner = private.any(|name| !name.starts_with('_')) || line.contains("/src/core/");
            assert!(
                word.is_none() && !inner,
                "{}:{} uses {}: an adapter calls the public functions of its port and judges nothing",
                file.path,
                index + 1,
                word.unwrap_or(&"an inner module")
            );
        }
    }
    for (port, (lines, once)) in &adapters {
        assert!(
            *lines <= WITH_VALUES,
            "the adapter of {port} has {lines} lines, {WITH_VALUES} is the most: what it works out belongs into the port"
        );
        assert!(
            *once <= 1,
            "the adapter of {port} has {ONCE} in {once} places; only the `nack` of `receive` needs it"
        );
    }
    assert!(
        adapters.len() >= 2,
        "{adapters:?} were found in ports/ only"
    );
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
