//! Link cases as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::assertion::Assertion;
use super::pattern::Bounds;
use super::verdict::Expect;
use crate::protocol::Capability;

/// One case of `conformance/cases/link`; `link.schema.json` says what its members are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique among all cases.
    pub(super) id: String,
    #[serde(rename = "rule")]
    _rule: String,
    #[serde(rename = "title")]
    _title: String,
    /// What an adapter without may leave the case out for.
    pub(crate) needs: Vec<Capability>,
    /// Variables of a process of its own, with holes; none if any process will do.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Files that are there before, by name, in the folder `${in}`; their content is that of their size.
    #[serde(default)]
    pub(super) files: BTreeMap<String, u64>,
    /// The members of a request, with holes.
    #[serde(flatten)]
    pub(super) request: Request,
    /// What must come of it.
    pub(super) expect: Expect,
    /// What the log must show.
    #[serde(default)]
    pub(super) log: Vec<Assertion>,
    /// How many files there are in the folder `${out}` afterwards, whatever their names.
    pub(super) left: Option<usize>,
    /// How long the call takes, in milliseconds.
    pub(super) took: Option<Bounds>,
    /// How long to wait before the log is looked at, in milliseconds: something must not happen meanwhile.
    #[serde(default)]
    pub(super) settle: u64,
}

/// What the adapter is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// The members of `Decode`.
    Decode(Map<String, Value>),
    /// The members of `Encode`; bytes may be told as the content of so many.
    Encode(Map<String, Value>),
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(value: Value) -> Result<Self, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}
