//! `natsbridge-trial delivery`: what `deliver` promises, while the server and the receiver are killed.
//!
//! ```text
//!  supervisor ── starts, kills, restarts ──▶ nats-server ── its own log ─────────┐
//!      │  └───── starts, kills, restarts ──▶ receiver ──── handled-1, handled-2 ─┼──▶ judge
//!      └──────── starts ───────────────────▶ sender ────── delivered ────────────┘
//! ```
//!
//! All of them are processes of their own, and what the judge knows it knows from the files.

mod judge;
mod kills;
mod receiver;
mod record;
mod sender;
mod supervisor;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::failure::Failure;
use crate::nats_server;

/// Deliver messages while the nats-server and the receiver are killed, and judge by the files that nothing was lost.
///
/// Sender, receiver and judge are processes of their own. The receiver appends each id that it handles to a file before it
/// acknowledges; the sender appends each id that was acknowledged to another. The judge compares them, and reads in the server's own
/// log how often it was killed.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    trial: Trial,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge-trial delivery
  natsbridge-trial delivery --messages 3000 --server-kills 2 --receiver-kills 1
  natsbridge-trial delivery judge --dir DIR";

/// The whole trial.
#[derive(Args, Debug)]
struct Trial {
    /// How many messages are delivered
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// How often the nats-server is killed with SIGKILL and restarted
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=1000))]
    server_kills: u32,
    /// How often the receiver is killed with SIGKILL and restarted
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(..=1000))]
    receiver_kills: u32,
    /// How many messages are being delivered at once
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=2000))]
    in_flight: u32,
    /// An empty folder for the files, which stay there [default: a temporary one, which stays if the judge finds a fault]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print the judge's figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nats_server: nats_server::Choice,
    /// Break a promise on purpose, to see that the judge notices
    #[arg(long, hide = true)]
    sabotage: Option<Sabotage>,
}

/// One of the processes of the trial.
#[derive(Debug, Subcommand)]
enum Role {
    Judge(judge::Arguments),
    #[command(hide = true)]
    Receiver(receiver::Arguments),
    #[command(hide = true)]
    Sender(sender::Arguments),
}

/// A promise that is broken for one message in a thousand.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Sabotage {
    /// The sender says that a message was delivered which it has not sent.
    ClaimDelivered,
    /// The receiver handles a message twice.
    HandleTwice,
    /// The receiver acknowledges a message that it has not handled.
    SkipHandling,
}

impl Sabotage {
    /// Whether this message, counted from 0, is one of those.
    fn hits(chosen: Option<Sabotage>, this: Sabotage, number: u32) -> bool {
        chosen == Some(this) && number % 1000 == 500
    }
}

/// Runs the trial, or one of its processes.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.role {
        None => supervisor::run(arguments.trial).await,
        Some(Role::Judge(arguments)) => judge::run(&arguments),
        Some(Role::Receiver(arguments)) => receiver::run(arguments).await,
        Some(Role::Sender(arguments)) => sender::run(arguments).await,
    }
}
