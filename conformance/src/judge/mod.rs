//! What came out, held against what must.

mod message;
mod number;
mod received;
mod refusal;
mod table;
mod value;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use message::{Surroundings, message};
pub(crate) use received::received;
pub(crate) use refusal::{refusal, show};
pub(crate) use value::show as show_value;

use crate::case::Abilities;
use crate::protocol::Capability;

/// The first difference.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Difference {
    /// Where, such as `payloads[0].value["a"]`.
    pub place: String,
    /// What must be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// What is not held against an implementation, because it has declared it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Leniency {
    /// 1 and 1.0 are the same.
    pub(crate) one_number_type: bool,
    /// Floats are equal to 1e-6.
    pub(crate) approximate_floats: bool,
    /// The order of members matters.
    pub(crate) ordered: bool,
}

impl Leniency {
    /// For a message that went from end to end; the case itself stands for the other end where there is one only.
    pub(crate) fn between(ends: &[&Abilities]) -> Self {
        let any = |capability| ends.iter().any(|end| end.has(capability));
        Leniency {
            one_number_type: any(Capability::OneNumberType),
            approximate_floats: any(Capability::ApproximateFloats),
            ordered: ends.iter().all(|end| end.has(Capability::OrderedObjects)),
        }
    }
}

impl Difference {
    pub(crate) fn new(
        place: impl Into<String>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Difference {
            place: place.into(),
            expected: short(&expected.to_string()),
            found: short(&found.to_string()),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.place, self.expected, self.found
        )
    }
}

/// As much of a text as a person reads.
pub(crate) fn short(text: &str) -> String {
    const SHOWN: usize = 400;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
