//! `natsbridge decode`: the payloads of a message.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use natsbridge::wire::Envelope;
use natsbridge::{Origin, Received, ReceivedPayload, Value, smartreceive};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json};

use crate::failure::Failure;
use crate::tagged::Tagged;
use crate::transfer::Transfer;
use crate::{listing, message, output};

/// Read a message, fetch its linked payloads, check them all, and print them or write them to files.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The message; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Write each payload to a file of this folder: payload-0.txt, payload-1.json, payload-2.arrows, payload-3.bin, ...
    ///
    /// The number is the position in the message; the name that the sender gave is not used. The folder is made if it is not
    /// there. No file is overwritten, and none appears before the whole message is verified.
    #[arg(long, short, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Print JSON that loses nothing: every value with its type, integers and doubles as text
    ///
    /// With --out-dir, each payload has `file` in place of `value`.
    #[arg(long)]
    json: bool,
    /// Follow links to this origin (scheme, host, port), and to no other that is not named so; may be repeated
    /// [default: the file server's]
    #[arg(long = "allow-origin", value_name = "URL")]
    allowed_origins: Vec<Origin>,
    /// The message, at most [default: 67108864]
    #[arg(long, value_name = "BYTES")]
    max_message_bytes: Option<u64>,
    /// Payloads, at most [default: 10000]
    #[arg(long, value_name = "NUMBER")]
    max_payloads: Option<u64>,
    #[command(flatten)]
    transfer: Transfer,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge decode message.json
  natsbridge encode chat --part 'n=dictionary:[1, 1.0]' | natsbridge decode --json
  natsbridge decode message.json --out-dir received --fileserver-url https://files.example
  natsbridge decode message.json --allow-origin https://a.example --allow-origin https://b.example:8443

The environment variable FILESERVER_URL stands in for the option of this name.";

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let max_bytes = arguments.max_message_bytes.unwrap_or(message::MAX_BYTES);
    let file = arguments.file.clone();
    let text = tokio::task::spawn_blocking(move || message::read(&file, max_bytes))
        .await
        .map_err(|error| Failure::Local(format!("the message cannot be read: {error}")))??;
    let mut message = arguments.transfer.receive(smartreceive(text))?;
    if !arguments.allowed_origins.is_empty() {
        message = message.allowed_origins(arguments.allowed_origins.clone());
    }
    if let Some(max_message_bytes) = arguments.max_message_bytes {
        message = message.max_message_bytes(max_message_bytes);
    }
    if let Some(max_payloads) = arguments.max_payloads {
        message = message.max_payloads(max_payloads);
    }
    let received = match &arguments.out_dir {
        None => message.await?,
        Some(dir) => {
            let folder = Folder::make(dir)?;
            let received = message.into_dir(dir).await?;
            folder.keep();
            received
        }
    };
    output::print(|out| match arguments.json {
        true => {
            serde_json::to_writer(&mut *out, &Message(&received))?;
            writeln!(out)
        }
        false => listing::write(out, &received),
    })
}

/// The folder that files are written to; removed again if it was made for nothing.
struct Folder<'a> {
    path: &'a Path,
    is_new: bool,
}

impl<'a> Folder<'a> {
    fn make(path: &'a Path) -> Result<Self, Failure> {
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(|error| {
            Failure::Usage(format!(
                "the folder {} cannot be made: {error}",
                path.display()
            ))
        })?;
        Ok(Folder { path, is_new })
    }

    fn keep(mut self) {
        self.is_new = false;
    }
}

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        if self.is_new {
            // It stays if something is in it after all.
            let _ = fs::remove_dir(self.path);
        }
    }
}

/// A message as `--json` prints it.
struct Message<'a>(&'a Received);

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry(
            "envelope",
            &header(&self.0.envelope).map_err(S::Error::custom)?,
        )?;
        members.serialize_entry(
            "payloads",
            &self.0.payloads.iter().map(Payload).collect::<Vec<_>>(),
        )?;
        members.end()
    }
}

/// The members of the envelope but for its payloads.
fn header(envelope: &Envelope) -> serde_json::Result<Map<String, Json>> {
    let header = Envelope {
        payloads: Vec::new(),
        ..envelope.clone()
    };
    match serde_json::to_value(&header)? {
        Json::Object(mut members) => {
            members.shift_remove("payloads");
            Ok(members)
        }
        _ => Ok(Map::new()),
    }
}

struct Payload<'a>(&'a ReceivedPayload);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let payload = self.0;
        let mut members = serializer.serialize_map(Some(5))?;
        members.serialize_entry("dataname", &payload.dataname)?;
        members.serialize_entry("payload_type", &payload.payload_type)?;
        members.serialize_entry("transport", &payload.transport)?;
        members.serialize_entry("size", &payload.size)?;
        match &payload.data {
            Value::File(path) => members.serialize_entry("file", &path.to_string_lossy())?,
            value => members.serialize_entry("value", &Tagged(value))?,
        }
        members.end()
    }
}
