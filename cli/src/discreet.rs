//! Arguments that may hold a secret: one that is wrong is refused without being quoted (W6.10).

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// Reads an argument by a function whose reason for a refusal does not quote it; clap's own message would.
#[derive(Clone, Copy)]
pub(crate) struct Discreet<T>(pub(crate) fn(&str) -> Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Discreet<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, Error> {
        let read = || self.0(value.to_str().ok_or("expected UTF-8")?);
        read().map_err(|reason| {
            let argument = argument.map(ToString::to_string).unwrap_or_default();
            let message = format!("invalid value for '{argument}': {reason}");
            Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}
