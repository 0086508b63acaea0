//! `natsbridge probe`: a synthetic monitor, which sends itself messages and measures how long they take.

mod kind;
mod round;
mod tally;

use std::time::Duration;

use clap::Args;
use natsbridge::{Plik, now};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use self::kind::Kind;
use self::round::Prober;
use self::tally::Tally;
use crate::bars::Place;
use crate::connection::{Connection, login_help};
use crate::duration;
use crate::failure::Failure;
use crate::output;
use crate::signal::{self, Stop};
use crate::telemetry::{Metrics, PROBE};
use crate::transfer::Transfer;

/// Send small, 10 KB and linked messages over NATS to itself, and measure how long each takes from the call until it is decoded.
///
/// Each round sends one message of each kind: `small`, a text of 40 bytes; `10kb`, 10,000 bytes; `link`, 500,000 bytes by way of the
/// file server. It is `ok` within --target-ms, `late` beyond it, and `failed` where it could not be sent or did not come within
/// --patience; without a connection none is sent and each has failed. Ctrl-C (or SIGTERM) ends the rounds and prints the summary.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// From the start of one round to that of the next
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "10s")]
    interval: Duration,
    /// Rounds [default: until Ctrl-C]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Milliseconds within which a message is to arrive
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    target_ms: u64,
    /// The part of all messages that is to arrive in that time, from 0 to 1
    #[arg(long, value_name = "RATIO", default_value_t = 0.95, value_parser = ratio)]
    target_ratio: f64,
    /// How long to wait for a message before it counts as failed
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "10s")]
    patience: Duration,
    /// Print one line of JSON for each round, and one for the summary
    #[arg(long)]
    json: bool,
    /// The file server's token of a user; better in the environment than here, where others see it
    #[arg(long, env = "NATSBRIDGE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    transfer: Transfer,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    connection: Connection,
}

const AFTER_HELP: &str = concat!(
    "\
Examples:
  natsbridge probe --count 10 --interval 1s
  natsbridge probe --server tls://nats.example --fileserver-url https://files.example --json

Exit code 1 where fewer messages than --target-ratio arrived within --target-ms, 3 where NATS cannot be reached at the start.

",
    login_help!()
);

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let target_ratio = arguments.target_ratio;
    let (tally, signal) = signal::or_drain(|stop| probe(arguments, stop)).await?;
    match (tally.ratio(), signal) {
        (Some(ratio), _) if ratio < target_ratio => Err(Failure::Found),
        (Some(_), _) | (None, None) => Ok(()),
        // Nothing was measured, so nothing can be said of it.
        (None, Some(signal)) => Err(Failure::Stopped(signal)),
    }
}

async fn probe(arguments: Arguments, mut stop: Stop) -> Result<Tally, Failure> {
    let place = Place::of_bars_or_lines();
    let _endpoint = arguments.metrics.start(PROBE).await?;
    let transfer = &arguments.transfer;
    let session = arguments
        .connection
        .connect(&place, |connect| transfer.connect(connect))
        .await?;
    let uploads = match &arguments.token {
        None => Plik::oneshot(),
        Some(token) => Plik::oneshot().token(token),
    };
    let target = Duration::from_millis(arguments.target_ms);
    let mut prober = Prober::new(session.bridge.clone(), target, arguments.patience).await?;
    tally::describe();
    let mut tally = Tally::new(arguments.target_ms, arguments.target_ratio);
    // A time of none would be a wrong argument for the ticker.
    let mut ticker = interval(arguments.interval.max(Duration::from_millis(1)));
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while arguments.count.is_none_or(|count| tally.rounds() < count) {
        tokio::select! {
            biased;
            () = stop.asked() => break,
            _ = ticker.tick() => {}
        }
        let mut results = Vec::new();
        for kind in Kind::ALL {
            let message = |subject: &str| {
                let message = kind.message(subject);
                transfer.send(message, uploads.clone(), &place)
            };
            let measured = tokio::select! {
                biased;
                () = stop.asked() => break,
                measured = prober.measure(kind, message) => measured,
            };
            tally.add(&measured);
            results.push(measured);
        }
        // One that was cut off is no round.
        if results.len() < Kind::ALL.len() {
            break;
        }
        tally.end_round();
        let line = match arguments.json {
            true => json!({
                "round": tally.rounds(),
                "timestamp": now().to_string(),
                "messages": results.iter().map(round::Measured::json).collect::<Vec<_>>(),
            })
            .to_string(),
            false => {
                let results = results.iter().map(ToString::to_string);
                format!(
                    "round {}: {}",
                    tally.rounds(),
                    results.collect::<Vec<_>>().join(", ")
                )
            }
        };
        place.aside(|| output::print(|out| writeln!(out, "{line}")))?;
    }
    drop(prober);
    // What was measured counts, whatever becomes of the connection now.
    let _ = session.end().await;
    output::print(|out| match arguments.json {
        true => writeln!(out, "{}", tally.json()),
        false => tally.write(out),
    })?;
    Ok(tally)
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}
