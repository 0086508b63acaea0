//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::case::Selection;
use crate::child;
use crate::engine::{self, Order};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report;
use crate::repository::Repository;

/// Holds every implementation of NATSBridge against the wire specification and against every other
#[derive(Debug, Parser)]
#[command(name = "natsbridge-conformance", version, max_term_width = 100)]
#[command(after_help = "Exit code 0 if everything is as expected, 1 if not, 2 for wrong usage.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Run),
}

/// Puts all cases to all ports
#[derive(Debug, clap::Args)]
struct Run {
    /// A port to run, by its name; again for more [default: all]
    #[arg(long, value_name = "NAME")]
    port: Vec<String>,
    /// Cases whose id matches, with * and ?; again for more [default: all]
    #[arg(long, value_name = "GLOB")]
    case: Vec<String>,
    /// A form of the report; again for more [default: text; with --out all]
    #[arg(long, value_enum)]
    format: Vec<Format>,
    /// Write the reports into this folder as well
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many adapters work side by side [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
    Junit,
    Html,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let stack = std::thread::Builder::new().stack_size(engine::STACK);
    let outcome = stack
        .spawn(|| command_line.command.run())
        .map_err(Failure::from)
        .and_then(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Unexpected) {
                eprintln!("natsbridge-conformance: {failure}");
            }
            failure.exit_code()
        }
    }
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        child::end_all_on_signal()?;
        match self {
            Command::Run(run) => run.run(),
        }
    }
}

impl Run {
    fn run(self) -> Result<(), Failure> {
        let repository = Repository::find()?;
        let order = Order {
            ports: self.port,
            selection: Selection::new(self.case),
            jobs: self.jobs.unwrap_or_else(processors),
        };
        let report = engine::run(&repository, &order, &Progress::new())?;
        print!("{}", report::text(&report));
        if report.is_good() { Ok(()) } else { Err(Failure::Unexpected) }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
