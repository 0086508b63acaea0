//! A text that names none of an enum's values.

use std::fmt;

/// The text is none of the names that the wire has for such a thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownName {
    what: &'static str,
    names: &'static [&'static str],
}

impl UnknownName {
    pub(crate) const fn new(what: &'static str, names: &'static [&'static str]) -> Self {
        UnknownName { what, names }
    }

    /// The names that there are.
    pub fn names(&self) -> &'static [&'static str] {
        self.names
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a {}; expected one of {}",
            self.what,
            self.names.join(", ")
        )
    }
}

impl std::error::Error for UnknownName {}
