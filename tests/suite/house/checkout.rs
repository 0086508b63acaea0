//! The checkout that the tests stand in.

use std::path::PathBuf;
use std::process::{Command, Output};

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output();
    output.unwrap_or_else(|error| panic!("{program} does not start: {error}"))
}
