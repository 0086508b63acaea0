//! The command line: which trials there are.

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::{delivery, load, overhead, slow};

/// Trials of NATSBridge against real servers: what it promises, and what it costs.
#[derive(Debug, Parser)]
#[command(name = "natsbridge-trial", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
The nats-server is that of --nats-server or NATSBRIDGE_TEST_NATS_SERVER, else the one on PATH;
`./tests/install --env nats-server` brings one and prints the line to export.
Exit codes: 0 all targets were met; 1 one was missed; 2 wrong usage; 3 a server is not available.";

#[derive(Debug, Subcommand)]
enum Command {
    Delivery(delivery::Arguments),
    Load(load::Arguments),
    Overhead(overhead::Arguments),
    Slow(slow::Arguments),
}

impl CommandLine {
    /// Runs the trial.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Delivery(arguments) => delivery::run(arguments).await,
            Command::Load(arguments) => load::run(arguments).await,
            Command::Overhead(arguments) => overhead::run(arguments).await,
            Command::Slow(arguments) => slow::run(arguments).await,
        }
    }
}
