//! What the environment says where an argument does not (requirements 12.2, W5.3).

use std::env::{self, VarError};
use std::fmt;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::generated::{BROKER_URL, DEFAULTS, ENVIRONMENT};
use crate::link::{Link, redact, without_user_info};

/// The values of the environment variables; each is absent where its variable is not set.
#[derive(Clone, Default)]
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
        Ok(Environment {
            broker_url: broker_url()?,
            fileserver_url: fileserver_url(None)?,
            size_threshold: size_threshold()?,
        })
    }
}

/// Without the user-info of the broker's URL.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("broker_url", &self.broker_url.as_deref().map(redact))
            .field(
                "fileserver_url",
                &self.fileserver_url.as_deref().map(redact),
            )
            .field("size_threshold", &self.size_threshold)
            .finish()
    }
}

/// Fills in what was not passed as an argument, and gives the file server. Only variables that are needed are read.
pub(super) fn fill(arguments: &mut Arguments, fileserver: Option<String>) -> Result<String, Error> {
    if arguments.broker_url.is_none() {
        arguments.broker_url = broker_url()?;
    }
    if arguments.size_threshold.is_none() {
        arguments.size_threshold = size_threshold()?;
    }
    fileserver_or_default(fileserver)
}

/// The NATS servers: the argument, else what the environment says, else the default; they may hold user-info.
#[cfg(feature = "nats")]
pub(crate) fn broker_or_default(argument: Option<String>) -> Result<String, Error> {
    let urls = match argument {
        Some(urls) => Some(checked_broker_url("broker_url", urls)?),
        None => broker_url()?,
    };
    Ok(urls.unwrap_or_else(|| DEFAULTS.broker_url.to_owned()))
}

/// The file server: the argument, else what the environment says, else the default.
pub(crate) fn fileserver_or_default(argument: Option<String>) -> Result<String, Error> {
    Ok(fileserver_url(argument)?.unwrap_or_else(|| DEFAULTS.fileserver_url.to_owned()))
}

fn fileserver_url(argument: Option<String>) -> Result<Option<String>, Error> {
    let (name, url) = match argument {
        Some(url) => ("fileserver_url", Some(url)),
        None => (
            ENVIRONMENT.fileserver_url,
            variable(ENVIRONMENT.fileserver_url)?,
        ),
    };
    let Some(url) = url else { return Ok(None) };
    match url.parse::<Link>() {
        Ok(_) => Ok(Some(url)),
        Err(reason) => {
            let found = format!("{} bytes that are not: {reason}", url.len());
            Err(unreadable(
                name,
                "an absolute http or https URL such as http://localhost:8080",
                &found,
            ))
        }
    }
}

fn broker_url() -> Result<Option<String>, Error> {
    let name = ENVIRONMENT.broker_url;
    let Some(urls) = variable(name)? else {
        return Ok(None);
    };
    checked_broker_url(name, urls).map(Some)
}

fn checked_broker_url(name: &str, urls: String) -> Result<String, Error> {
    let plain: Vec<String> = urls.split(',').map(without_user_info).collect();
    if !urls.is_empty() && BROKER_URL.matches(&plain.join(",")) {
        return Ok(urls);
    }
    Err(unreadable(
        name,
        "comma-separated nats, tls, ws or wss URLs such as nats://localhost:4222",
        &format!("{} bytes that are not", urls.len()),
    ))
}

fn size_threshold() -> Result<Option<u64>, Error> {
    let name = ENVIRONMENT.size_threshold;
    let Some(text) = variable(name)? else {
        return Ok(None);
    };
    match text.parse() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(_) => Err(unreadable(
            name,
            "a number of bytes such as 500000",
            &format!("{text:?}"),
        )),
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
    Error::argument(format!(
        "{name} cannot be read: expected {expected}, found {found}"
    ))
    .expecting(expected)
    .finding(found)
}
