//! `natsbridge demo`: a message with five payloads leaves one side and arrives at the other.

mod clock;
mod item;
mod way;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use natsbridge::{Decoder, Digest, Draft, Environment, Error, Origin, Part, Value, new_id, now};

use self::item::{Item, items};
use self::way::{Arrived, Sent, Way};
use crate::failure::Failure;
use crate::fileserver::{Config, Fileserver};
use crate::listing;
use crate::output;

/// Send a text, a dictionary, a table, an image and a 2 MB file, receive them, and compare.
///
/// The message and the large file are made by one side and read by another. They go over the NATS server that NATS_URL names, else
/// over a nats-server that is on PATH, started on a free port of this machine and stopped afterwards; without both, the other side
/// gets the JSON text of the message within this process. The file server is one of the command's own on a free port of this
/// machine, or the one that FILESERVER_URL names. The exit code is 0 if every payload came back equal.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {}

const AFTER_HELP: &str = "\
Examples:
  natsbridge demo
  NATS_URL=nats://localhost:4222 FILESERVER_URL=http://localhost:8080 natsbridge demo

ms is the time that an upload and the download took for a linked payload; for a direct one, what its encoding and decoding took.";

pub(crate) async fn run(_: Arguments) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("natsbridge-demo-")
        .tempdir()
        .map_err(|error| no_space(&error))?;
    let environment = Environment::read()?;
    let given = environment
        .fileserver_url
        .as_deref()
        .map(str::parse::<Origin>)
        .transpose();
    let given = given
        .map_err(|reason| Failure::Usage(format!("FILESERVER_URL cannot be used: {reason}")))?;
    let server = match given {
        Some(_) => None,
        None => Some(start(&folder.path().join("server")).await?),
    };
    let whose = match (&server, given) {
        (Some(server), _) => format!("embedded, at {}", server.url()),
        (None, Some(origin)) => format!("{origin}, from FILESERVER_URL"),
        (None, None) => String::new(),
    };
    let way = Way::choose(environment.broker_url.as_deref()).await?;
    output::print(|out| writeln!(out, "file server: {whose}\nNATS server: {way}"))?;
    let url = server
        .as_ref()
        .map(Fileserver::url)
        .or(environment.fileserver_url);

    let items = items(&folder.path().join("recording.bin"))?;
    let received = folder.path().join("received");
    let (sent, arrived) = way.exchange(&items, url.as_deref(), &received).await?;
    let account = way.account(&sent, &arrived);
    way.end().await?;
    if let Some(server) = server {
        server.shutdown().await;
    }
    report(&items, &sent, &arrived, &account)
}

async fn start(dir: &Path) -> Result<Fileserver, Failure> {
    let config = Config {
        dir: Some(dir.to_owned()),
        ..Config::default()
    };
    let server = Fileserver::start(config).await;
    server.map_err(|error| Failure::Local(format!("no file server can be started: {error}")))
}

fn report(items: &[Item], sent: &Sent, arrived: &Arrived, account: &str) -> Result<(), Failure> {
    let titles = [
        "name",
        "type",
        "transport",
        "encoding",
        "    bytes",
        "SHA-256 equal",
        "     ms",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    let mut all_equal = items.len() == arrived.received.payloads.len();
    for (index, (item, payload)) in items.iter().zip(&arrived.received.payloads).enumerate() {
        let bytes = match &payload.data {
            Value::File(path) => fs::read(path).map_err(|error| no_space(&error))?,
            _ => Vec::new(),
        };
        let equal = Digest::of(&bytes) == Digest::of(&item.bytes);
        all_equal &= equal;
        let took = match (sent.uploads.get(&index), arrived.downloads.get(&index)) {
            (Some(upload), Some(download)) => *upload + *download,
            _ => direct_time(&item.part)?,
        };
        rows.push(vec![
            payload.dataname.clone(),
            payload.payload_type.to_string(),
            payload.transport.to_string(),
            sent.envelope
                .payloads
                .get(index)
                .map_or_else(String::new, |payload| payload.encoding.to_string()),
            format!("{:>9}", bytes.len()),
            if equal {
                "yes".to_owned()
            } else {
                "NO".to_owned()
            },
            format!("{:>7.2}", took.as_secs_f64() * 1000.0),
        ]);
    }
    output::print(|out| {
        writeln!(out)?;
        listing::write_grid(out, &rows)?;
        writeln!(out, "\n{account}")
    })?;
    if all_equal {
        Ok(())
    } else {
        Err(Failure::Local(
            "not every payload came back equal".to_owned(),
        ))
    }
}

/// How long a payload takes into a message of its own and out of it again.
fn direct_time(part: &Part) -> Result<Duration, Error> {
    let (timestamp, began) = (now(), Instant::now());
    let (_, json) = Draft::new("demo", [part.clone()])
        .encode(timestamp, &mut new_id)?
        .finish()?;
    Decoder::new().decode(json)?.finish([])?;
    Ok(began.elapsed())
}

/// A temporary file failed.
pub(super) fn no_space(error: &std::io::Error) -> Failure {
    Failure::Local(format!(
        "a temporary file cannot be written or read: {error}"
    ))
}
