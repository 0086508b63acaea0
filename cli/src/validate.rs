//! `natsbridge validate`: what is wrong with messages.

use std::path::{Path, PathBuf};

use clap::Args;
use natsbridge::wire::{Envelope, ErrorCode, Transport};
use natsbridge::{Decoder, Error, Violation};
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::message;
use crate::output::{self, one_line};

/// Check messages: everything that can be told without fetching what they link to.
///
/// Prints `FILE: ok`, or one line for each fault with its place as a JSON pointer. The exit code is 1 if any message has one.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The messages; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print a line of JSON for each message: file, ok, and the violations
    #[arg(long)]
    json: bool,
    /// A message, at most [default: 67108864]
    #[arg(long, value_name = "BYTES")]
    max_message_bytes: Option<u64>,
    /// Payloads of a message, at most [default: 10000]
    #[arg(long, value_name = "NUMBER")]
    max_payloads: Option<u64>,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge validate message.json
  natsbridge encode chat --part msg=text:hi | natsbridge validate -
  natsbridge validate --json inbox/*.json";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut all_ok = true;
    let max_bytes = arguments.max_message_bytes.unwrap_or(message::MAX_BYTES);
    let mut decoder = Decoder::new().max_message_bytes(max_bytes);
    if let Some(max_payloads) = arguments.max_payloads {
        decoder = decoder.max_payloads(max_payloads);
    }
    for file in &arguments.files {
        let text = message::read(file, max_bytes)?;
        let faults = faults(&decoder, &text);
        all_ok &= faults.is_empty();
        let name = name(file);
        let printed = output::print(|out| match arguments.json {
            true => {
                let violations: Vec<Json> = faults.iter().map(Fault::to_json).collect();
                writeln!(
                    out,
                    "{}",
                    json!({"file": name, "ok": faults.is_empty(), "violations": violations})
                )
            }
            false if faults.is_empty() => writeln!(out, "{}: ok", one_line(&name)),
            false => faults
                .iter()
                .try_for_each(|fault| writeln!(out, "{}: {}", one_line(&name), fault.line())),
        });
        match printed {
            // The exit code says it all the same.
            Err(Failure::NobodyReads) if !all_ok => return Err(Failure::Found),
            printed => printed?,
        }
    }
    if all_ok { Ok(()) } else { Err(Failure::Found) }
}

fn name(file: &Path) -> String {
    match message::is_input(file) {
        true => "standard input".to_owned(),
        false => file.to_string_lossy().into_owned(),
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Eq, PartialEq)]
struct Fault {
    code: ErrorCode,
    pointer: String,
    message: String,
}

impl Fault {
    fn line(&self) -> String {
        let place = if self.pointer.is_empty() {
            "the message"
        } else {
            &self.pointer
        };
        one_line(&format!("{place}: {}: {}", self.code, self.message))
    }

    fn to_json(&self) -> Json {
        json!({"code": self.code, "pointer": self.pointer, "message": self.message})
    }
}

impl From<&Violation> for Fault {
    fn from(violation: &Violation) -> Self {
        let message = format!(
            "expected {}, found {} ({})",
            violation.expected(),
            violation.found(),
            violation.rule()
        );
        Fault {
            code: violation.code(),
            pointer: violation.pointer().to_owned(),
            message,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let pointer = error.pointer().unwrap_or_default().to_owned();
        Fault {
            code: error.code(),
            pointer,
            message: error.message().to_owned(),
        }
    }
}

fn faults(decoder: &Decoder, text: &[u8]) -> Vec<Fault> {
    let violations = match decoder.violations(text) {
        Ok(violations) => violations,
        Err(error) => return vec![error.into()],
    };
    // Where links may lead is for each receiver to say.
    let violations = violations
        .iter()
        .filter(|violation| violation.code() != ErrorCode::UrlNotAllowed);
    let faults: Vec<Fault> = violations.map(Fault::from).collect();
    match faults.is_empty() {
        true => contents(decoder, text),
        false => faults,
    }
}

/// What is wrong with the contents of direct payloads, each looked at in a message of its own, so that one does not hide the
/// next.
fn contents(decoder: &Decoder, text: &[u8]) -> Vec<Fault> {
    let Ok(mut envelope) = serde_json::from_slice::<Envelope>(text) else {
        return Vec::new();
    };
    let decoder = decoder.clone().max_message_bytes(u64::MAX);
    let mut faults = Vec::new();
    for (index, payload) in std::mem::take(&mut envelope.payloads)
        .into_iter()
        .enumerate()
    {
        if payload.transport == Transport::Link {
            continue;
        }
        envelope.payloads = vec![payload];
        let alone = serde_json::to_vec(&envelope).unwrap_or_default();
        if let Err(error) = decoder
            .decode(alone)
            .and_then(|incoming| incoming.finish([]))
        {
            let fault = Fault::from(error);
            let pointer = fault
                .pointer
                .replacen("/payloads/0", &format!("/payloads/{index}"), 1);
            let message = fault
                .message
                .replacen("payload 0", &format!("payload {index}"), 1);
            faults.push(Fault {
                pointer,
                message,
                ..fault
            });
        }
    }
    faults
}
