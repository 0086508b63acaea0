//! What the command `natsbridge` is made of. It is a library only so that its tests can use the file server and the metrics'
//! endpoint, and start nats-server, and that the adapter of the conformance suite can write tagged values; nothing else should.
//!
//! ```text
//! main -> command -> encode, send    -> compose -> part   (what is to be sent, from arguments and files)
//!                 -> decode, receive -> reading, tagged   (values as JSON that loses nothing)
//!                                    -> listing           (values for people)
//!                 -> send, receive, probe -> connection   (how NATS is reached)
//!                 -> validate, schema, demo, serve
//!                 -> telemetry  (what it tells of itself)
//! ```
//!
//! Each command is a function from its arguments to nothing or a failure, which knows its exit code.

mod arrival;
mod bars;
mod command;
mod compose;
mod connection;
mod decode;
mod demo;
mod discreet;
mod duration;
mod encode;
mod failure;
pub mod fileserver;
mod listing;
mod message;
pub mod nats_server;
mod output;
mod part;
mod probe;
mod reading;
mod receive;
mod schema;
mod send;
mod serve;
mod signal;
mod silence;
mod spool;
mod strict;
pub mod tagged;
pub mod telemetry;
mod transfer;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::command::CommandLine;
use crate::failure::Failure;

/// Runs the command with the arguments of this process.
///
/// The exit code is 0 if all went well, 1 for input that is rejected, 2 for wrong usage, 3 where a server could not be
/// reached or nobody answered, and 128 and the signal's number where a signal ended it.
pub fn main() -> ExitCode {
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => {
            // Help that nobody reads any more is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(command_line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}

fn run(command_line: CommandLine) -> Result<(), Failure> {
    command_line.log.start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Local(format!("no runtime can be started: {error}")))?;
    let outcome = runtime.block_on(command_line.run());
    // What still reads standard input, say, would hold the process up.
    runtime.shutdown_background();
    outcome
}
