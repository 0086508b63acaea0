//! The packages of the workspace, their manifests and what cargo says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::checkout::{root, run};

/// The names of all packages that `cargo tree` lists.
pub(super) fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let arguments = [&["tree", "--prefix", "none", "--format", "{p}"], arguments].concat();
    let output = cargo(&arguments);
    output
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// The workspace's packages and the paths of their manifests from the root.
pub(super) fn members() -> BTreeMap<String, String> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"]))
            .expect("cargo metadata writes JSON");
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo metadata lists packages");
    let member = |package: &Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?)
            .strip_prefix(root())
            .ok()?;
        Some((
            package["name"].as_str()?.to_owned(),
            manifest.to_str()?.to_owned(),
        ))
    };
    packages
        .iter()
        .map(|package| {
            member(package).expect("each package has a name and a manifest below the root")
        })
        .collect()
}

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = run(&program, arguments);
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// The `key = value` lines of one section of a manifest; enough of TOML for manifests in the usual form.
pub(super) fn toml_section(text: &str, section: &str) -> Vec<(String, String)> {
    let header = format!("[{section}]");
    let body = text
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1);
    let pairs = body
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
