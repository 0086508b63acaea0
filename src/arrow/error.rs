//! What is wrong with a table or with a stream.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// Why a table cannot be written, or a stream cannot be read: a sentence, and where they say more, what was expected and
/// what was found instead (a type, a column, a count, a byte position).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    message: String,
    expected: Option<String>,
    found: Option<String>,
}

impl TableError {
    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What should have been there.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What was there.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            expected: None,
            found: None,
        }
    }

    pub(super) fn expecting(mut self, expected: impl Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    pub(super) fn finding(mut self, found: impl Display) -> Self {
        self.found = Some(found.to_string());
        self
    }
}

impl Display for TableError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => write!(f, ": expected {expected}, found {found}"),
            (Some(expected), None) => write!(f, ": expected {expected}"),
            (None, Some(found)) => write!(f, ": found {found}"),
            (None, None) => Ok(()),
        }
    }
}

impl Error for TableError {}

/// A name in an error message: quoted, and cut where it is long, as a stranger's may be of any length.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(100) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}...", &self.0[..end]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut() {
        assert_eq!(Quoted("\u{1}a").to_string(), r#""\u{1}a""#);
        assert_eq!(Quoted(&"ü".repeat(100)).to_string().chars().count(), 102);
        let long = "ü".repeat(1_000_000);
        assert_eq!(
            Quoted(&long).to_string(),
            format!("\"{}\"...", "ü".repeat(100))
        );
    }

    #[test]
    fn shows_what_it_knows() {
        let error = TableError::new("no such type");
        assert_eq!(error.to_string(), "no such type");
        let error = error.finding("list");
        assert_eq!(error.to_string(), "no such type: found list");
        let error = error.expecting("int8");
        assert_eq!(error.to_string(), "no such type: expected int8, found list");
        assert_eq!(
            (error.message(), error.expected(), error.found()),
            ("no such type", Some("int8"), Some("list"))
        );
    }
}
