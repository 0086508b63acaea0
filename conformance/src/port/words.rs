//! Words of a command line that are filled in: `${env:NAME}`, `${env:NAME|otherwise}`, `${bin}`, `${profile}`.

use std::path::{Path, PathBuf};

use crate::adapter::NotStarted;
use crate::repository::Repository;

/// The words with everything filled in but `${url}`, which is known when the runner listens.
pub(super) fn fill(words: &[String], repository: &Repository) -> Result<Vec<String>, NotStarted> {
    words
        .iter()
        .map(|word| fill_one(word, repository))
        .collect()
}

/// One word.
pub(super) fn fill_one(word: &str, repository: &Repository) -> Result<String, NotStarted> {
    let mut filled = String::new();
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            return Err(NotStarted(format!("`{word}` has a ${{ without its }}")));
        };
        filled.push_str(&value(name, repository)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A program: a path from the root of the repository if it has a `/`, else one that PATH has to lead to.
pub(super) fn program(word: &str, repository: &Repository) -> Result<String, NotStarted> {
    let is_path = word.contains('/') || word.contains('\\');
    let found = if is_path {
        let path = repository.root().join(word);
        path.is_file().then_some(path)
    } else {
        on_path(word)
    };
    match found {
        Some(path) => Ok(path.display().to_string()),
        None if is_path => Err(NotStarted(format!("{word} is not there"))),
        None => Err(NotStarted(format!("{word} is not on PATH"))),
    }
}

/// The folder of the runner's own program, where cargo puts those of the same profile.
fn bin() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new("."));
    // Tests run from a folder below.
    if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder).to_owned()
    } else {
        folder.to_owned()
    }
}

fn value(name: &str, repository: &Repository) -> Result<String, NotStarted> {
    match name {
        "bin" => return Ok(bin().display().to_string()),
        "profile" => {
            return Ok(if cfg!(debug_assertions) {
                "dev"
            } else {
                "release"
            }
            .to_owned());
        }
        "root" => return Ok(repository.root().display().to_string()),
        "url" => return Ok("${url}".to_owned()),
        _ => {}
    }
    let Some(variable) = name.strip_prefix("env:") else {
        return Err(NotStarted(format!("`${{{name}}}` means nothing here")));
    };
    let (variable, otherwise) = match variable.split_once('|') {
        Some((variable, otherwise)) => (variable, Some(otherwise)),
        None => (variable, None),
    };
    let set = std::env::var(variable).ok();
    match (set.filter(|value| !value.is_empty()), otherwise) {
        (Some(value), _) => Ok(value),
        (None, Some(otherwise)) => fill_one(otherwise, repository),
        (None, None) => Err(NotStarted(format!("{variable} is not set"))),
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH")?;
    let mut candidates = std::env::split_paths(&path).map(|folder| folder.join(&name));
    candidates.find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_a_fallback_or_are_missed() {
        let repository = Repository::at(Path::new("/checkout"));
        let fill = |word: &str| fill_one(word, &repository).map_err(|error| error.0);
        assert_eq!(fill("plain"), Ok("plain".to_owned()));
        assert_eq!(fill("${root}/a"), Ok("/checkout/a".to_owned()));
        assert_eq!(fill("a${env:NO_SUCH|b}c"), Ok("abc".to_owned()));
        assert_eq!(fill("${env:NO_SUCH}"), Err("NO_SUCH is not set".to_owned()));
        assert!(fill("${what}").is_err());
        assert!(fill("${open").is_err());
        assert_eq!(fill("${url}"), Ok("${url}".to_owned()));
    }
}
