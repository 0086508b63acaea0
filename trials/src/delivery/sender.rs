//! The sender: delivers every message and writes down each that was acknowledged.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use natsbridge::{Bridge, Part, new_id, smartsend};

use super::Sabotage;
use super::record::{self, Delivered, Record};
use crate::failure::Failure;
use crate::process::parent_is_gone;

/// The subject of all messages.
pub(super) const SUBJECT: &str = "trial.delivery";
/// The name of the payload, which is the message's number.
pub(super) const NUMBER: &str = "number";

/// Deliver messages and write down which were acknowledged.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[arg(long)]
    url: String,
    #[arg(long)]
    dir: PathBuf,
    #[arg(long)]
    messages: u32,
    #[arg(long)]
    in_flight: u32,
    #[arg(long)]
    sabotage: Option<Sabotage>,
}

/// Runs until every message was acknowledged or given up.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    tokio::select! {
        outcome = send(arguments) => outcome,
        () = parent_is_gone() => Err(Failure::Unavailable("the supervisor is gone".to_owned())),
    }
}

async fn send(arguments: Arguments) -> Result<(), Failure> {
    let bridge = Bridge::connect(&arguments.url).name("sender").await?;
    let mut record = Record::open(&record::delivered(&arguments.dir))?;
    let mut deliveries = stream::iter(0..arguments.messages)
        .map(|number| deliver(&bridge, number, arguments.sabotage))
        .buffer_unordered(arguments.in_flight as usize);
    let mut given_up = 0;
    while let Some(outcome) = deliveries.next().await {
        match outcome {
            Ok(delivered) => record.append(&delivered)?,
            Err(error) => {
                given_up += 1;
                eprintln!("sender: {error}");
            }
        }
    }
    match given_up {
        0 => Ok(()),
        _ => Err(Failure::Missed(format!(
            "sender: {given_up} messages were not delivered"
        ))),
    }
}

async fn deliver(
    bridge: &Bridge,
    number: u32,
    sabotage: Option<Sabotage>,
) -> Result<Delivered, natsbridge::Error> {
    // Shorter than a killed server is down, so that what was under way comes several times to the receiver that handles it.
    const ACK_WAIT: Duration = Duration::from_millis(100);
    const MAX_ACK_WAIT: Duration = Duration::from_secs(2);
    const DEADLINE: Duration = Duration::from_secs(120);
    if Sabotage::hits(sabotage, Sabotage::ClaimDelivered, number) {
        return Ok(Delivered {
            number,
            id: new_id(),
            sendings: 1,
            at: record::now(),
        });
    }
    let message = smartsend(SUBJECT, [Part::text(NUMBER, number.to_string())]);
    let delivered = bridge
        .deliver(message)
        .ack_wait(ACK_WAIT)
        .max_ack_wait(MAX_ACK_WAIT)
        .deadline(DEADLINE)
        .await?;
    Ok(Delivered {
        number,
        id: delivered.envelope.msg_id,
        sendings: delivered.sendings,
        at: record::now(),
    })
}
