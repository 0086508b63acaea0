//! `natsbridge demo`: a message with five payloads leaves one side and arrives at the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use natsbridge::wire::Envelope;
use natsbridge::{
    Decoder, Digest, Direction, Draft, Environment, Error, Origin, Part, Progress, Received, Value,
    arrow, new_id, now, smartreceive, smartsend,
};

use crate::failure::Failure;
use crate::fileserver::{Config, Fileserver};
use crate::listing;
use crate::output;
use crate::part;

const SUBJECT: &str = "demo.gauges";
const TEXT: &str = "Good morning! Here are the gauges of two days, with a chart. Grüße 😀";
const STATION: &[u8] = include_bytes!("../../examples/data/station.json");
const TABLE: &[u8] = include_bytes!("../../examples/data/gauges.csv");
const CHART: &[u8] = include_bytes!("../../examples/data/gauges.png");
/// Large enough to go by link.
const RECORDING_BYTES: usize = 2_000_000;

/// Send a text, a dictionary, a table, an image and a 2 MB file, receive them, and compare.
///
/// The message and the large file are made by one side and read by another, which knows the JSON text of the message and the
/// file server alone. The file server is one of the command's own on a free port of this machine, or the one that
/// FILESERVER_URL names. The exit code is 0 if every payload came back equal.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {}

const AFTER_HELP: &str = "\
Examples:
  natsbridge demo
  FILESERVER_URL=http://localhost:8080 natsbridge demo

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
    output::print(|out| writeln!(out, "file server: {whose}"))?;
    let url = server
        .as_ref()
        .map(Fileserver::url)
        .or(environment.fileserver_url);

    let items = items(&folder.path().join("recording.bin"))?;
    let sent = send(&items, url.as_deref()).await?;
    let arrived = receive(
        sent.json.clone(),
        url.as_deref(),
        &folder.path().join("received"),
    )
    .await?;
    if let Some(server) = server {
        server.shutdown().await;
    }
    report(&items, &sent, &arrived)
}

async fn start(dir: &Path) -> Result<Fileserver, Failure> {
    let config = Config {
        dir: Some(dir.to_owned()),
        ..Config::default()
    };
    let server = Fileserver::start(config).await;
    server.map_err(|error| Failure::Local(format!("no file server can be started: {error}")))
}

/// One thing to send.
struct Item {
    part: Part,
    /// What has to arrive: its bytes as they are serialized.
    bytes: Bytes,
}

fn items(recording: &Path) -> Result<Vec<Item>, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Local(format!("the example data: {error}"));
    let table = part::csv_table(TABLE).map_err(|error| wrong(&error))?;
    let stream = arrow::write(&table).map_err(|error| wrong(&error))?;
    let station: serde_json::Value =
        serde_json::from_slice(STATION).map_err(|error| wrong(&error))?;
    let recording_bytes = noise(RECORDING_BYTES);
    fs::write(recording, &recording_bytes).map_err(|error| no_space(&error))?;
    Ok(vec![
        Item {
            part: Part::text("greeting", TEXT),
            bytes: TEXT.into(),
        },
        Item {
            part: Part::dictionary("station", &station),
            bytes: station.to_string().into(),
        },
        Item {
            part: Part::arrowtable("gauges", table),
            bytes: stream.into(),
        },
        Item {
            part: Part::image("chart", CHART),
            bytes: CHART.into(),
        },
        Item {
            part: Part::binary("recording", recording),
            bytes: recording_bytes.into(),
        },
    ])
}

/// Bytes that no compression makes smaller, the same every time (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

struct Sent {
    envelope: Envelope,
    json: String,
    took: Duration,
    uploads: BTreeMap<usize, Duration>,
}

async fn send(items: &[Item], url: Option<&str>) -> Result<Sent, Failure> {
    let clock = Clock::start();
    let mut message =
        smartsend(SUBJECT, items.iter().map(|item| item.part.clone())).sender_name("demo");
    if let Some(url) = url {
        message = message.fileserver_url(url);
    }
    let (envelope, json) = message.on_progress(clock.watch()).await?;
    Ok(Sent {
        envelope,
        json,
        took: clock.elapsed(),
        uploads: clock.transfers(Direction::Upload),
    })
}

struct Arrived {
    received: Received,
    took: Duration,
    downloads: BTreeMap<usize, Duration>,
}

/// What another party does: it has the text of the message, and knows the file server.
async fn receive(json: String, url: Option<&str>, dir: &Path) -> Result<Arrived, Failure> {
    fs::create_dir(dir).map_err(|error| no_space(&error))?;
    let clock = Clock::start();
    let mut message = smartreceive(json).into_dir(dir);
    if let Some(url) = url {
        message = message.fileserver_url(url);
    }
    let received = message.on_progress(clock.watch()).await?;
    Ok(Arrived {
        received,
        took: clock.elapsed(),
        downloads: clock.transfers(Direction::Download),
    })
}

fn report(items: &[Item], sent: &Sent, arrived: &Arrived) -> Result<(), Failure> {
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
    let milliseconds = |took: Duration| took.as_secs_f64() * 1000.0;
    output::print(|out| {
        writeln!(out)?;
        listing::write_grid(out, &rows)?;
        writeln!(
            out,
            "\nmessage of {} bytes to {SUBJECT}: made in {:.1} ms, read in {:.1} ms",
            sent.json.len(),
            milliseconds(sent.took),
            milliseconds(arrived.took)
        )
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
    let (_, json) = Draft::new(SUBJECT, [part.clone()])
        .encode(timestamp, &mut new_id)?
        .finish()?;
    Decoder::new().decode(json)?.finish([])?;
    Ok(began.elapsed())
}

/// When the last byte of each transfer came.
#[derive(Clone)]
struct Clock {
    began: Instant,
    last: Arc<Mutex<BTreeMap<(bool, usize), Duration>>>,
}

impl Clock {
    fn start() -> Self {
        Clock {
            began: Instant::now(),
            last: Arc::default(),
        }
    }

    fn watch(&self) -> impl Fn(Progress<'_>) + Send + Sync + 'static {
        let clock = self.clone();
        move |progress| {
            let key = (progress.direction == Direction::Upload, progress.index);
            clock
                .last
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key, clock.began.elapsed());
        }
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn transfers(&self, direction: Direction) -> BTreeMap<usize, Duration> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let transfers = last
            .iter()
            .filter(|((upload, _), _)| *upload == (direction == Direction::Upload));
        transfers
            .map(|((_, index), took)| (*index, *took))
            .collect()
    }
}

fn no_space(error: &std::io::Error) -> Failure {
    Failure::Local(format!(
        "a temporary file cannot be written or read: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_data_is_what_the_demo_says() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let items = items(&folder.path().join("recording.bin")).expect("items");
        assert_eq!(items.len(), 5);
        assert!(items[3].bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert_eq!(items[4].bytes.len(), RECORDING_BYTES);
        let table = arrow::read(items[2].bytes.clone()).expect("a table");
        let types: Vec<String> = table
            .schema()
            .fields()
            .iter()
            .map(|field| arrow::type_name(field.data_type()))
            .collect();
        assert_eq!(
            types,
            [
                "timestamp[s]",
                "string",
                "double",
                "int64",
                "double",
                "bool"
            ]
        );
        assert_eq!(table.num_rows(), 144);
    }
}
