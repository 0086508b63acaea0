//! `natsbridge-trial`: trials of the library against real servers, through its public interface.
//!
//! ```text
//! main -> command -> delivery   (kept deliveries while servers and receivers are killed: four processes)
//!                 -> load       (latency and loss under a steady load, and the figures of the requirements)
//!                 -> overhead   (beside async-nats used plainly, in turns within one run)
//!                 -> slow       (a subscriber that does not keep up)
//! ```
//!
//! Each trial starts the servers it needs on free ports of loopback and stops them, whatever ends it.

mod command;
mod delivery;
mod failure;
mod file_server;
mod load;
mod nats_server;
mod overhead;
mod process;
mod report;
mod signal;
mod size;
mod slow;
mod spread;

use std::process::ExitCode;

use clap::Parser;

use crate::command::CommandLine;
use crate::failure::Failure;

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    match run(command_line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

fn run(command_line: CommandLine) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unavailable(format!("no runtime can be started: {error}")))?;
    // Dropped by a signal, a trial takes its servers and processes with it.
    runtime.block_on(signal::or_stop(command_line.run()))
}
