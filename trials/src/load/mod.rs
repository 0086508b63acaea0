//! `natsbridge-trial load`: latency and loss under a steady load, and the figures of NFR-101 to NFR-107.

mod greatest;
mod single;
mod steady;

use clap::Args;
use natsbridge::{Bridge, Part, SmartSend, smartsend};
use tempfile::TempDir;

use crate::failure::Failure;
use crate::report::{Report, Target};
use crate::{file_server, nats_server, size};

/// Put a steady load on many connections, and measure end to end how long each message takes.
///
/// Every connection sends to the next one and receives from the one before. Messages are sent on a schedule that does not wait for
/// anybody, and their time counts from the moment at which they were to be sent: what is held up by others is not hidden.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// How many connections there are at once
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Messages a second, over all connections
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// How long the load lasts
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// The payload of a message, such as 10KB
    #[arg(long, value_name = "SIZE", default_value = "10KB", value_parser = size::parse)]
    size: usize,
    /// One message in so many goes by link; 0 for none, without a file server
    #[arg(long, value_name = "N", default_value_t = 100)]
    link_every: u32,
    /// The payload that goes by link
    #[arg(long, value_name = "SIZE", default_value = "0.5MB", value_parser = size::parse)]
    link_size: usize,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nats_server: nats_server::Choice,
    #[command(flatten)]
    file_server: file_server::Choice,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge-trial load
  natsbridge-trial load --connections 20 --rate 200 --seconds 5 --json";

/// The servers of the trial, and how messages are made for them.
#[derive(Clone, Debug)]
struct Ground {
    broker_url: String,
    fileserver_url: String,
}

/// Runs the trial.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let dir = TempDir::with_prefix("natsbridge-trial-")?;
    let server = arguments.nats_server.start(dir.path()).await?;
    // Only what goes by link needs one.
    let file_server = match arguments.link_every {
        0 => None,
        _ => Some(arguments.file_server.start().await?),
    };
    let ground = Ground {
        broker_url: server.url(),
        fileserver_url: file_server
            .as_ref()
            .map_or_else(|| NOWHERE.to_owned(), |server| server.url.clone()),
    };
    let mut report = Report::new("load, and NFR-101 to NFR-107");
    let (size, link_size) = (arguments.size, arguments.link_size);
    eprintln!("one at a time ...");
    single::codec(&ground, size, &mut report).await?;
    single::set_up(&ground, &mut report).await?;
    if file_server.is_some() {
        single::transfers(&ground, link_size, &mut report).await?;
    }
    eprintln!("{} s of steady load ...", arguments.seconds);
    let steady = steady::Steady {
        connections: arguments.connections,
        rate: arguments.rate,
        seconds: arguments.seconds,
        size,
        link_every: arguments.link_every,
        link_size,
    };
    steady.run(&ground, &mut report).await?;
    eprintln!("as fast as it goes ...");
    let rate = greatest::rate(&ground, size, arguments.seconds.min(5)).await?;
    report.hold(
        format!(
            "NFR-107: greatest rate of {}, closed loop",
            size::show(size)
        ),
        rate,
        "messages/s",
        Target::AtLeast(1000.0),
    );
    report.finish(arguments.json)
}

impl Ground {
    async fn connect(&self, name: &str) -> Result<Bridge, Failure> {
        let connect = Bridge::connect(&self.broker_url).name(name);
        Ok(connect.fileserver_url(&self.fileserver_url).await?)
    }

    /// A message with one payload, by link or not.
    fn message(&self, subject: &str, payload: Vec<u8>, by_link: bool) -> SmartSend {
        let threshold = match by_link {
            true => 1,
            false => payload.len() as u64 + 1,
        };
        smartsend(subject, [Part::binary(PAYLOAD, payload)])
            .size_threshold(threshold)
            .fileserver_url(&self.fileserver_url)
    }
}

/// A file server's URL where none is needed.
const NOWHERE: &str = "http://localhost:8080";

/// The name of the payload of every message.
const PAYLOAD: &str = "payload";

/// A payload that begins with a number, by which it is known when it comes.
fn numbered(number: u64, size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..size.max(8))
        .map(|index| (index * 7919 % 251) as u8)
        .collect();
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The number of such a payload.
fn number_of(message: &natsbridge::Message) -> Option<u64> {
    let bytes = message.received.bytes(PAYLOAD).ok()?;
    Some(u64::from_be_bytes(*bytes.first_chunk()?))
}
