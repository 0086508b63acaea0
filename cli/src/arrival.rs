//! A message that came over NATS, as the commands print it.

use std::io::{self, Write};

use natsbridge::Message;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::listing;
use crate::output::one_line;
use crate::tagged::TaggedMessage;

/// A message to be printed.
pub(crate) struct Arrival<'a> {
    pub(crate) message: &'a Message,
    /// Its number among those that were received; an answer has none.
    pub(crate) number: Option<u64>,
}

impl Arrival<'_> {
    /// Writes it for people, or as one line of JSON that loses nothing.
    pub(crate) fn write(&self, out: &mut dyn Write, as_json: bool) -> io::Result<()> {
        if as_json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        let subject = one_line(&self.message.subject);
        match self.number {
            Some(number) => writeln!(out, "message {number} on {subject}")?,
            None => writeln!(out, "answer on {subject}")?,
        }
        listing::write(out, &self.message.received)?;
        writeln!(out)
    }
}

impl Serialize for Arrival<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        if let Some(number) = self.number {
            members.serialize_entry("number", &number)?;
        }
        members.serialize_entry("subject", &self.message.subject)?;
        members.serialize_entry("headers", &Headers(self.message))?;
        TaggedMessage(&self.message.received).write_members(&mut members)?;
        members.end()
    }
}

/// Each name with all its values.
struct Headers<'a>(&'a Message);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers = self.0.headers.iter();
        serializer.collect_map(headers.map(|(name, values)| {
            let values: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
            (name.to_string(), values)
        }))
    }
}
