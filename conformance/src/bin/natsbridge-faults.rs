//! The command `natsbridge-faults`: the fault server, for a person.

use std::process::ExitCode;

use clap::Parser;
use natsbridge_conformance::faults::{ABOUT, Faults};

/// A file server on loopback that fails as its URLs say, and keeps a log of what it saw
#[derive(Parser)]
#[command(name = "natsbridge-faults", after_long_help = ABOUT)]
struct Arguments {
    /// The port to listen on; a free one unless told
    #[arg(long, default_value_t = 0)]
    port: u16,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let faults = match Faults::start(arguments.port) {
        Ok(faults) => faults,
        Err(error) => {
            eprintln!(
                "natsbridge-faults: cannot listen on port {}: {error}",
                arguments.port
            );
            return ExitCode::FAILURE;
        }
    };
    println!("{}", faults.url());
    eprintln!("other origin:            {}", faults.other_url());
    eprintln!("connections never come:  {}", faults.full_url());
    eprintln!("connections are refused: {}", faults.nobody_url());
    eprintln!(
        "`curl {}/` tells what can be asked for; Ctrl-C ends it",
        faults.url()
    );
    faults.wait();
    ExitCode::SUCCESS
}
