//! What the environment says where an argument does not (requirements 12.2, wire.md W5.3).

use std::env::{self, VarError};

use crate::error::Error;
use crate::generated::{DEFAULTS, ENVIRONMENT};

/// The values of the environment variables; each is absent where its variable is not set.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Environment {
    /// `NATS_URL`.
    pub broker_url: Option<String>,
    /// `FILESERVER_URL`.
    pub fileserver_url: Option<String>,
    /// `SIZE_THRESHOLD`, in bytes.
    pub size_threshold: Option<u64>,
}

impl Environment {
    /// Reads the variables of this process.
    ///
    /// # Errors
    ///
    /// INVALID_ENVELOPE naming the variable whose value cannot be read.
    pub fn read() -> Result<Self, Error> {
        let size_threshold = match variable(ENVIRONMENT.size_threshold)? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                unreadable(ENVIRONMENT.size_threshold, "a number of bytes such as 500000", &format!("{text:?}"))
            })?),
        };
        Ok(Environment {
            broker_url: variable(ENVIRONMENT.broker_url)?,
            fileserver_url: variable(ENVIRONMENT.fileserver_url)?,
            size_threshold,
        })
    }
}

/// The file server: the argument, else what the environment says, else the default.
pub(super) fn fileserver_url(argument: Option<String>, environment: &Environment) -> Result<String, Error> {
    let given = argument.is_some();
    let url = argument.or_else(|| environment.fileserver_url.clone());
    let url = url.unwrap_or_else(|| DEFAULTS.fileserver_url.to_owned());
    match url.parse::<crate::Link>() {
        Ok(_) => Ok(url),
        Err(reason) => {
            let name = if given { "fileserver_url" } else { ENVIRONMENT.fileserver_url };
            let found = format!("{}: {reason}", crate::link::redact(&url));
            Err(unreadable(name, "an absolute http or https URL such as http://localhost:8080", &found))
        }
    }
}

fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(unreadable(name, "UTF-8", "other bytes")),
    }
}

fn unreadable(name: &str, expected: &str, found: &str) -> Error {
    Error::argument(format!("{name} cannot be read: expected {expected}, found {found}"))
        .expecting(expected)
        .finding(found)
}
