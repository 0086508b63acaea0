//! The receiver: writes down each message, and then acknowledges it.

use std::path::PathBuf;

use clap::Args;
use natsbridge::{Bridge, Message};

use super::Sabotage;
use super::record::{self, Handled, Record};
use super::sender::{NUMBER, SUBJECT};
use crate::failure::Failure;
use crate::process::parent_is_gone;

/// Write down each message and acknowledge it.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[arg(long)]
    url: String,
    #[arg(long)]
    dir: PathBuf,
    /// How many receivers there were before this one, and this one
    #[arg(long)]
    instance: u32,
    #[arg(long)]
    sabotage: Option<Sabotage>,
}

/// Runs until it is killed or the supervisor is gone.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let bridge = Bridge::connect(&arguments.url)
        .name(format!("receiver {}", arguments.instance))
        .await?;
    let mut messages = bridge.subscribe(SUBJECT).await?;
    let mut record = Record::open(&record::handled(&arguments.dir, arguments.instance))?;
    let mut gone = std::pin::pin!(parent_is_gone());
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            () = &mut gone => return Ok(()),
        };
        match message {
            None => return Ok(()),
            Some(Ok(message)) => handle(&message, &mut record, arguments.sabotage).await?,
            Some(Err(error)) => eprintln!("receiver {}: {error}", arguments.instance),
        }
    }
}

async fn handle(
    message: &Message,
    record: &mut Record,
    sabotage: Option<Sabotage>,
) -> Result<(), Failure> {
    let number = message.received.text(NUMBER)?;
    let number = number
        .parse()
        .map_err(|_| Failure::Unavailable(format!("{number:?} is no number of a message")))?;
    let handled = Handled {
        number,
        id: message.received.envelope.msg_id,
        process: std::process::id(),
        at: record::now(),
    };
    if !Sabotage::hits(sabotage, Sabotage::SkipHandling, number) {
        record.append(&handled)?;
    }
    if Sabotage::hits(sabotage, Sabotage::HandleTwice, number) {
        record.append(&handled)?;
    }
    Ok(message.ack().await?)
}
