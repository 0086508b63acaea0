//! The command line: what can be run, and how it is told.

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::telemetry::Log;
use crate::{decode, demo, encode, part, probe, receive, schema, send, serve, signal, validate};

/// Named, typed payloads in one message over NATS, large ones by link: make such messages, send, receive and check
/// them.
#[derive(Debug, Parser)]
#[command(name = "natsbridge", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    /// What is logged.
    #[command(flatten)]
    pub(crate) log: Log,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine; 1 rejected input (the error as one line of JSON on standard error); 2 wrong usage; 3 a server could not be
reached or nobody answered; 128 and the signal's number after a signal. `natsbridge COMMAND --help` shows the options of a command, with examples.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Encode(Box<encode::Arguments>),
    Decode(Box<decode::Arguments>),
    Send(Box<send::Arguments>),
    Receive(Box<receive::Arguments>),
    Probe(Box<probe::Arguments>),
    Validate(validate::Arguments),
    Schema(schema::Arguments),
    Fileserver(serve::Arguments),
    /// Read a Parquet file for another process of this command
    #[command(hide = true)]
    ParquetToArrow(part::ParquetArguments),
}

impl CommandLine {
    /// Runs the command.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            // Dropped by a signal, these remove their temporary files.
            Command::Demo(arguments) => signal::or_stop(demo::run(arguments)).await,
            Command::Encode(arguments) => signal::or_stop(encode::run(*arguments)).await,
            Command::Decode(arguments) => signal::or_stop(decode::run(*arguments)).await,
            Command::Send(arguments) => signal::or_stop(send::run(*arguments)).await,
            // These finish what they have begun when a signal comes.
            Command::Receive(arguments) => receive::run(*arguments).await,
            Command::Probe(arguments) => probe::run(*arguments).await,
            // A signal may end these wherever they are.
            Command::Validate(arguments) => validate::run(&arguments),
            Command::Schema(arguments) => schema::run(&arguments),
            Command::ParquetToArrow(arguments) => part::run_parquet(&arguments),
            // A signal is the way to end this one.
            Command::Fileserver(arguments) => serve::run(arguments).await,
        }
    }
}
