//! What is wrong with a schema file, and how to put it right.

use std::{fmt, io};

/// One problem, with its place and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, without its folder.
    pub file: String,
    /// The place in the file, as a JSON pointer; empty for the whole file.
    pub pointer: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub way_out: String,
}

impl Problem {
    pub(crate) fn new(
        file: &str,
        pointer: &str,
        what: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            pointer: pointer.to_owned(),
            what: what.into(),
            way_out: way_out.into(),
        }
    }

    pub(crate) fn unreadable(file: &str, error: &io::Error) -> Self {
        Self::new(
            file,
            "",
            format!("cannot be read: {error}"),
            "see that it is there",
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}#{}: {}; {}",
            self.file, self.pointer, self.what, self.way_out
        )
    }
}
