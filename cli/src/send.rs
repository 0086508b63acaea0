//! `natsbridge send`: a message from arguments and files, over NATS.

use std::time::Duration;

use clap::Args;
use natsbridge::wire::Envelope;
use natsbridge::{Bridge, Delivered, Plik, SmartSend};
use serde_json::{Value as Json, json};

use crate::arrival::Arrival;
use crate::bars::Place;
use crate::compose::{Compose, Composed};
use crate::connection::{Connection, login_help};
use crate::discreet::Discreet;
use crate::duration;
use crate::failure::Failure;
use crate::output::{self, one_line};
use crate::telemetry::Metrics;

/// Make a message and publish it, deliver it, or request an answer to it; large payloads are uploaded to the file server.
///
/// Without --deliver or --request the message goes to whoever subscribes now, and nobody says whether anyone does.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The NATS subject
    subject: String,
    /// Send until a receiver has acknowledged; --deadline is then the time for all of it, 120 s by default
    ///
    /// Uploads are then kept until a minute after the deadline, unless --ttl says otherwise.
    #[arg(long, conflicts_with = "request")]
    deliver: bool,
    /// How long to wait for an acknowledgement of the first sending, doubled with each further one up to 30s [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "deliver")]
    ack_wait: Option<Duration>,
    /// Remove the uploads once a receiver has acknowledged
    #[arg(long, requires = "deliver")]
    remove_when_acknowledged: bool,
    /// Wait for an answer, and print it as `receive` does
    #[arg(long)]
    request: bool,
    /// How long to wait for the answer [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "request")]
    timeout: Option<Duration>,
    /// A NATS header, NAME:VALUE; may be repeated
    #[arg(long = "header", value_name = "HEADER", value_parser = Discreet(header))]
    headers: Vec<(String, String)>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    compose: Compose,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    connection: Connection,
}

const AFTER_HELP: &str = concat!(
    "\
Examples:
  natsbridge send chat.room --part 'msg=text:Hello 😀'
  natsbridge send data.in --part t=arrowtable@table.parquet --deliver --deadline 30s --json
  natsbridge send time.now --request --timeout 2s
  natsbridge send jobs --part job=dictionary@job.json --header 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

Exit code 3 also where nobody answers in time; 1 where the receiver refuses the message.

",
    login_help!()
);

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let place = Place::of_bars_or_lines();
    let _endpoint = arguments.metrics.start(&[]).await?;
    let uploads = arguments.uploads();
    let composed = arguments.compose.load(&arguments.subject, uploads, &place);
    let Composed { message, scratch } = composed.await?;
    let transfer = &arguments.compose.transfer;
    let connecting = arguments
        .connection
        .connect(&place, |connect| transfer.connect(connect));
    let session = connecting.await?;
    let outcome = arguments.send(&session.bridge, message).await;
    drop(scratch);
    let said = outcome?;
    let ended = session.end().await;
    // What was only published is not out before the server has it.
    if !arguments.deliver && !arguments.request {
        ended?;
    }
    output::print(|out| out.write_all(said.as_bytes()))
}

impl Arguments {
    /// Where uploads go unless `--ttl` is given: one that is fetched once is no use to a message that is sent again.
    fn uploads(&self) -> Plik {
        const DEADLINE: Duration = Duration::from_secs(120);
        const AFTERWARDS: Duration = Duration::from_secs(60);
        let deadline = self.compose.transfer.deadline().unwrap_or(DEADLINE);
        match self.deliver {
            true => Plik::kept(deadline.saturating_add(AFTERWARDS)),
            false => Plik::oneshot(),
        }
    }

    /// Sends, and gives what is to be printed.
    async fn send(&self, bridge: &Bridge, message: SmartSend) -> Result<String, Failure> {
        macro_rules! with_headers {
            ($call:expr) => {
                self.headers
                    .iter()
                    .fold($call, |call, (name, value)| call.header(name, value))
            };
        }
        if self.deliver {
            let mut call = with_headers!(bridge.deliver(message))
                .remove_when_acknowledged(self.remove_when_acknowledged);
            if let Some(ack_wait) = self.ack_wait {
                call = call.ack_wait(ack_wait);
            }
            if let Some(deadline) = self.compose.transfer.deadline() {
                call = call.deadline(deadline);
            }
            return Ok(self.delivered(&call.await?));
        }
        if self.request {
            let mut call = with_headers!(bridge.request(message));
            if let Some(timeout) = self.timeout {
                call = call.timeout(timeout);
            }
            let answer = call.await?;
            let arrival = Arrival {
                message: &answer,
                number: None,
            };
            let mut text = Vec::new();
            arrival
                .write(&mut text, self.json)
                .map_err(|error| Failure::Local(format!("the answer cannot be shown: {error}")))?;
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        let envelope = with_headers!(bridge.publish(message)).await?;
        Ok(match self.json {
            true => line(&envelope, "published", json!({})),
            false => format!("{}: published\n", title(&envelope)),
        })
    }

    fn delivered(&self, delivered: &Delivered) -> String {
        let Delivered {
            envelope,
            answer,
            sendings,
            ..
        } = delivered;
        if self.json {
            let by = json!({"sender_name": answer.sender_name, "sender_id": answer.sender_id.to_string()});
            return line(
                envelope,
                "acknowledged",
                json!({"sendings": sendings, "acknowledged_by": by}),
            );
        }
        let times = match sendings {
            1 => "once".to_owned(),
            _ => format!("{sendings} times"),
        };
        format!(
            "{}: sent {times}, acknowledged by {} {}\n",
            title(envelope),
            one_line(&answer.sender_name),
            answer.sender_id
        )
    }
}

fn title(envelope: &Envelope) -> String {
    let subject = one_line(&envelope.send_to.to_string());
    format!("msg_id {} to {subject}", envelope.msg_id)
}

fn line(envelope: &Envelope, outcome: &str, more: Json) -> String {
    let mut members = json!({
        "msg_id": envelope.msg_id.to_string(),
        "correlation_id": envelope.correlation_id.to_string(),
        "send_to": envelope.send_to.to_string(),
        "outcome": outcome,
    });
    if let (Json::Object(members), Json::Object(more)) = (&mut members, more) {
        members.extend(more);
    }
    format!("{members}\n")
}

/// Splits `NAME:VALUE`, where spaces around the value do not count.
fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) => Ok((name.to_owned(), value.trim().to_owned())),
        None => Err("expected NAME:VALUE".to_owned()),
    }
}
