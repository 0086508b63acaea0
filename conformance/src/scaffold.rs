//! `new`: the files that a further implementation begins with.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, SystemTime};

use crate::failure::Failure;
use crate::repository::Repository;

/// How long a new implementation may lack what its platform has.
const UNFINISHED: Duration = Duration::from_secs(90 * 24 * 3_600);

/// Where each template goes; `NAME` stands for the name.
const FILES: &[(&str, &str)] = &[
    ("ports/NAME/README.md", include_str!("template/README.md")),
    (
        "ports/NAME/conformance/adapter.sh",
        include_str!("template/adapter.sh"),
    ),
    (
        "conformance/ports/NAME.toml",
        include_str!("template/port.toml"),
    ),
];

/// Writes them; nothing that is there is overwritten, and nothing is written if one is. The paths that were written.
pub(crate) fn new(repository: &Repository, name: &str) -> Result<Vec<String>, Failure> {
    let is_name = !name.is_empty()
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
        });
    if !is_name {
        return Err(Failure::Usage(format!(
            "{name:?} is no name for a port: lower-case letters, digits, `-` and `.`, a letter first"
        )));
    }
    let paths: Vec<String> = FILES
        .iter()
        .map(|(path, _)| path.replace("NAME", name))
        .collect();
    if let Some(there) = paths
        .iter()
        .find(|path| repository.root().join(path).exists())
    {
        return Err(Failure::Usage(format!(
            "{there} is there already; nothing was written"
        )));
    }
    let mut first = name.chars();
    let title: String = first
        .next()
        .map(|letter| letter.to_ascii_uppercase())
        .into_iter()
        .chain(first)
        .collect();
    let until = humantime::format_rfc3339_seconds(SystemTime::now() + UNFINISHED).to_string();
    let until: String = until.chars().take("YYYY-MM-DD".len()).collect();
    for (path, (_, template)) in paths.iter().zip(FILES) {
        let path = repository.root().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = template
            .replace("{{NAME}}", name)
            .replace("{{TITLE}}", &title)
            .replace("{{UNTIL}}", &until);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(paths)
}
