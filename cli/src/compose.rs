//! What is to be sent, as `encode` and `send` are told it: parts, the message around them, limits and transfers.

use std::time::Duration;

use clap::Args;
use natsbridge::wire::Checksum;
use natsbridge::{Plik, SmartSend, smartsend};
use serde_json::{Map, Value as Json};
use tempfile::TempDir;

use crate::bars::Place;
use crate::failure::Failure;
use crate::part::{self, Spec};
use crate::strict;
use crate::transfer::Transfer;

/// The parts of a message and everything that may be said about it, but for its subject.
#[derive(Args, Debug)]
pub(crate) struct Compose {
    /// A payload, NAME=TYPE:VALUE or NAME=TYPE@FILE; may be repeated, and their order stays
    ///
    /// TYPE is one of text, dictionary, arrowtable, jsontable, image, audio, video, binary. It is split at the first `=`, then
    /// at the first `:` or `@`. VALUE is the payload itself: a text, JSON for dictionary and jsontable, CSV for arrowtable, the
    /// UTF-8 bytes of VALUE for the others. FILE is a file, or `-` for standard input: an arrowtable is read from an Arrow IPC
    /// stream or file, Parquet or CSV, a jsontable from JSON, NDJSON or CSV (the first line of CSV has the names; an empty field
    /// is null), and all others are sent as they are.
    #[arg(long = "part", short, value_name = "PART")]
    parts: Vec<Spec>,
    /// Keep uploads for so many seconds, for any number of receivers [default: until the first receiver has them]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    ttl: Option<u64>,
    /// The file server's token of a user; better in the environment than here, where others see it
    #[arg(long, env = "NATSBRIDGE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Fail where an upload fails; otherwise the payload goes in the message if it fits
    #[arg(long)]
    no_fallback: bool,
    /// Digests of which payloads stand in the message
    #[arg(long, value_name = "WHICH", default_value = "link", value_parser = clap::builder::PossibleValuesParser::new(Checksum::NAMES))]
    checksum: String,
    /// Let dictionaries and jsontables stand in the message as JSON, not as base64
    #[arg(long)]
    inline_json: bool,
    #[command(flatten)]
    header: Header,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    pub(crate) transfer: Transfer,
}

/// What the message says about itself.
#[derive(Args, Debug)]
#[command(next_help_heading = "Message")]
struct Header {
    /// The message's UUID [default: a new one]
    #[arg(long, value_name = "UUID")]
    msg_id: Option<String>,
    /// The UUID that follows an exchange [default: a new one]
    #[arg(long, value_name = "UUID")]
    correlation_id: Option<String>,
    /// ACK, NACK, updateStatus, shutdown, chat, command or event [default: chat]
    #[arg(long, value_name = "PURPOSE")]
    msg_purpose: Option<String>,
    /// The sending application [default: NATSBridge]
    #[arg(long, value_name = "NAME")]
    sender_name: Option<String>,
    /// The sending instance [default: a new UUID]
    #[arg(long, value_name = "UUID")]
    sender_id: Option<String>,
    /// The receiving application [default: everyone]
    #[arg(long, value_name = "NAME")]
    receiver_name: Option<String>,
    /// The receiving instance [default: everyone]
    #[arg(long, value_name = "UUID")]
    receiver_id: Option<String>,
    /// The subject that answers go to
    #[arg(long, value_name = "SUBJECT")]
    reply_to: Option<String>,
    /// The msg_id of the message that this one answers
    #[arg(long, value_name = "UUID")]
    reply_to_msg_id: Option<String>,
    /// The NATS servers, separated by commas [default: $NATS_URL, else nats://localhost:4222]
    #[arg(long, value_name = "URLS")]
    broker_url: Option<String>,
    /// The message's metadata, a JSON object
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
}

/// How large it may become.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// From this size on, a payload is uploaded [default: $SIZE_THRESHOLD, else 500000]
    #[arg(long, value_name = "BYTES")]
    size_threshold: Option<u64>,
    /// The message as written, at most [default: 1048576]
    #[arg(long, value_name = "BYTES")]
    max_message_bytes: Option<u64>,
    /// Payloads, at most [default: 10000]
    #[arg(long, value_name = "NUMBER")]
    max_payloads: Option<u64>,
}

/// Calls the builder method of the same name for each value that was given.
macro_rules! given {
    ($builder:ident, $from:expr, [$($argument:ident),*]) => {
        $(if let Some(value) = &$from.$argument {
            $builder = $builder.$argument(value.clone());
        })*
    };
}

/// A message that is about to be made, and the files that it is made from.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) message: SmartSend,
    /// Removed with all in it once the message is made, or given up.
    pub(crate) scratch: TempDir,
}

impl Compose {
    /// Loads the parts of a message to `subject`.
    ///
    /// Where no `--ttl` says how long uploads are kept, `uploads` does. Transfers are shown in `place`.
    pub(crate) async fn load(
        &self,
        subject: &str,
        uploads: Plik,
        place: &Place,
    ) -> Result<Composed, Failure> {
        let scratch = tempfile::Builder::new()
            .prefix("natsbridge-")
            .tempdir()
            .map_err(|error| Failure::Local(format!("no temporary folder can be made: {error}")))?;
        let metadata = self
            .header
            .parsed_metadata()
            .map_err(|failure| self.header.explain(failure, subject))?;
        let (parts, folder) = (self.parts.clone(), scratch.path().to_owned());
        let parts = tokio::task::spawn_blocking(move || part::load(parts, &folder))
            .await
            .map_err(|error| Failure::Local(format!("the parts cannot be read: {error}")))?
            .map_err(|failure| self.header.explain(failure, subject))?;
        let message = smartsend(subject, parts).metadata(metadata);
        Ok(Composed {
            message: self.options(message, uploads, place),
            scratch,
        })
    }

    fn options(&self, mut message: SmartSend, uploads: Plik, place: &Place) -> SmartSend {
        given!(
            message,
            self.limits,
            [size_threshold, max_message_bytes, max_payloads]
        );
        given!(
            message,
            self.header,
            [
                msg_id,
                correlation_id,
                msg_purpose,
                sender_name,
                sender_id,
                receiver_name,
                receiver_id,
                reply_to,
                reply_to_msg_id,
                broker_url
            ]
        );
        if let Ok(checksum) = self.checksum.parse() {
            message = message.checksum(checksum);
        }
        let handler = match self.ttl {
            None => uploads,
            Some(seconds) => Plik::kept(Duration::from_secs(seconds)),
        };
        let handler = match &self.token {
            None => handler,
            Some(token) => handler.token(token),
        };
        let message = message
            .inline_json(self.inline_json)
            .fallback(!self.no_fallback);
        self.transfer.send(message, handler, place)
    }
}

impl Header {
    fn parsed_metadata(&self) -> Result<Map<String, Json>, Failure> {
        match &self.metadata {
            None => Ok(Map::new()),
            Some(text) => strict::object(text)
                .map_err(|(expected, found)| Failure::of_argument("/metadata", expected, found)),
        }
    }

    /// Puts what is known of the message into its error.
    fn explain(&self, failure: Failure, subject: &str) -> Failure {
        let known = |id: &Option<String>| id.clone().unwrap_or_default();
        failure.about(&known(&self.correlation_id), &known(&self.msg_id), subject)
    }
}
