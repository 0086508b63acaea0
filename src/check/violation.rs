//! What a check found.

use std::fmt;

use crate::generated::ErrorCode;

/// The keyword of a bound in bytes, which JSON Schema does not have.
pub(super) const MAX_BYTES: &str = "x-max-bytes";

/// What stands for the keyword of a rule that is not in the schema at all.
const RULE: &str = "rule";

/// One place where a message is not what the schema says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    pub(super) pointer: String,
    pub(super) keyword: &'static str,
    pub(super) code: ErrorCode,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) rule: &'static str,
}

impl Violation {
    /// A violation of a rule that is not in the schema.
    pub(crate) fn of_rule(
        pointer: impl Into<String>,
        code: ErrorCode,
        expected: impl Into<String>,
        found: impl Into<String>,
        rule: &'static str,
    ) -> Self {
        let (pointer, expected, found) = (pointer.into(), expected.into(), found.into());
        Violation {
            pointer,
            keyword: RULE,
            code,
            expected,
            found,
            rule,
        }
    }

    /// The place, as a JSON pointer (RFC 6901); empty for the whole message. A member that is missing has the place where
    /// it should be.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The keyword of the schema, such as `type`, `required`, `enum` or `pattern`; `false` for a member that must not be
    /// there, `rule` for a rule that the schema does not state.
    pub fn keyword(&self) -> &'static str {
        self.keyword
    }

    /// The code that a receiver refuses the message with.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What should have been there, in words.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What was there: JSON cut to about 80 characters, or words.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The rule of the wire specification, such as `W1.3`.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// Whether a validator of JSON Schema would let it pass: a bound in bytes, where JSON Schema counts characters, and
    /// every rule that the schema does not state.
    pub fn beyond_schema(&self) -> bool {
        matches!(self.keyword, MAX_BYTES | RULE)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "the message"
        } else {
            &self.pointer
        };
        write!(
            f,
            "{place}: expected {}, found {} ({})",
            self.expected, self.found, self.rule
        )
    }
}
