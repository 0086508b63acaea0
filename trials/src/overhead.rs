//! `natsbridge-trial overhead`: what the bridge costs beside async-nats used plainly, in turns within one run.

use std::time::{Duration, Instant};

use async_nats::{Client, HeaderMap, Subscriber};
use bytes::Bytes;
use clap::Args;
use futures_util::StreamExt;
use natsbridge::{Bridge, Part, SmartSend, smartreceive, smartsend};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::report::Report;
use crate::spread::Spread;
use crate::{nats_server, size};

/// Measure what publishing and receiving cost beside async-nats used plainly, with the same bytes.
///
/// Publishing: `bridge.publish(smartsend(...))`, from the payload to the server, beside `Client::publish` of the text made beforehand
/// and of the text as `smartsend` makes it, all closed by a round trip. Receiving: a subscription of each, while another connection publishes the same texts. All ways take
/// turns, and each ratio is that of two ways in the same round.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// How often each way has its turn
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The payloads, in turn
    #[arg(long, value_name = "SIZE", value_delimiter = ',', default_values = ["100B", "10KB", "500KB"], value_parser = size::parse)]
    sizes: Vec<usize>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nats_server: nats_server::Choice,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge-trial overhead
  natsbridge-trial overhead --rounds 3 --sizes 100B,10KB";

/// Runs the trial.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let dir = TempDir::with_prefix("natsbridge-trial-")?;
    let server = arguments.nats_server.start(dir.path()).await?;
    let mut report = Report::new("overhead beside async-nats used plainly");
    for &size in &arguments.sizes {
        eprintln!("{} ...", size::show(size));
        let bench = Bench::new(&server.url(), size).await?;
        bench.publishing(arguments.rounds, &mut report).await?;
        bench.receiving(arguments.rounds, &mut report).await?;
    }
    report.remark("each figure is the median of the rounds, with the smallest and the largest");
    report.finish(arguments.json)
}

/// Both clients, and one message.
struct Bench {
    bridge: Bridge,
    plain: Plain,
    size: usize,
    payload: Bytes,
    /// The message as the bridge writes it.
    text: Bytes,
    headers: HeaderMap,
    /// Messages in a turn.
    count: u32,
}

const PUBLISHED: &str = "trial.overhead.published";
const RECEIVED: &str = "trial.overhead.received";
/// How long a turn may take.
const PATIENCE: Duration = Duration::from_secs(120);

impl Bench {
    async fn new(url: &str, size: usize) -> Result<Self, Failure> {
        // The bytes of a turn stay well within what the server keeps for a slow reader, 64 MB.
        const BYTES: usize = 30_000_000;
        let bridge = Bridge::connect(url).await?;
        let plain = Plain::connect(url).await?;
        let payload: Bytes = (0..size).map(|index| (index * 7919 % 251) as u8).collect();
        // What the bridge itself sends, so that both send the same.
        let mut sample = plain.client.subscribe(RECEIVED).await.map_err(refused)?;
        plain.round_trip().await?;
        bridge.publish(message(RECEIVED, &payload)).await?;
        let sample = timeout(PATIENCE, sample.next()).await.ok().flatten();
        let sample = sample.ok_or_else(|| Failure::Unavailable("nothing comes".to_owned()))?;
        Ok(Bench {
            bridge,
            plain,
            size,
            payload,
            text: sample.payload,
            headers: sample.headers.unwrap_or_default(),
            count: (BYTES / (size + 1000)).min(10_000) as u32,
        })
    }

    async fn publishing(&self, rounds: u32, report: &mut Report) -> Result<(), Failure> {
        let mut times: [Spread; 5] = Default::default();
        let mut ratios: [Spread; 3] = Default::default();
        for round in 0..=rounds {
            let plain = self.publish_plainly(false).await?;
            let headers = self.publish_plainly(true).await?;
            let by_hand = self.publish_by_hand().await?;
            let ours = self.publish().await?;
            let codec = self.encode().await?;
            // The first round only warms up.
            if round > 0 {
                for (spread, time) in times.iter_mut().zip([plain, headers, by_hand, ours, codec]) {
                    spread.add(time);
                }
                for (spread, base) in ratios.iter_mut().zip([plain, headers, by_hand]) {
                    spread.add(ours / base);
                }
            }
        }
        let size = size::show(self.size);
        let names = [
            "async-nats publish",
            "async-nats publish with headers",
            "smartsend(..), then that",
            "bridge.publish(smartsend(..))",
            "smartsend(..) alone",
        ];
        for (name, spread) in names.iter().zip(&times) {
            report.add_spread(format!("{size}: {name}"), spread, "us");
        }
        for (name, spread) in names.iter().zip(&ratios) {
            report.add_spread(
                format!("{size}: publishing, ratio to {name}"),
                spread,
                "times",
            );
        }
        Ok(())
    }

    async fn receiving(&self, rounds: u32, report: &mut Report) -> Result<(), Failure> {
        let mut times: [Spread; 3] = Default::default();
        let mut ratio = Spread::default();
        for round in 0..=rounds {
            let plain = self.receive_plainly().await?;
            let ours = self.receive().await?;
            let codec = self.decode().await?;
            if round > 0 {
                for (spread, time) in times.iter_mut().zip([plain, ours, codec]) {
                    spread.add(time);
                }
                ratio.add(ours / plain);
            }
        }
        let size = size::show(self.size);
        let names = [
            "async-nats subscription",
            "bridge.subscribe(..)",
            "smartreceive(..) alone",
        ];
        for (name, spread) in names.iter().zip(&times) {
            report.add_spread(format!("{size}: {name}"), spread, "us");
        }
        report.add_spread(format!("{size}: receiving, ratio"), &ratio, "times");
        Ok(())
    }

    async fn publish_plainly(&self, with_headers: bool) -> Result<f64, Failure> {
        let client = &self.plain.client;
        let began = Instant::now();
        for _ in 0..self.count {
            let text = self.text.clone();
            let sent = match with_headers {
                false => client.publish(PUBLISHED, text).await,
                true => {
                    let headers = self.headers.clone();
                    client.publish_with_headers(PUBLISHED, headers, text).await
                }
            };
            sent.map_err(refused)?;
        }
        self.plain.round_trip().await?;
        Ok(self.microseconds(began))
    }

    /// As a program would without the bridge.
    async fn publish_by_hand(&self) -> Result<f64, Failure> {
        let client = &self.plain.client;
        let began = Instant::now();
        for _ in 0..self.count {
            let message = message(PUBLISHED, &self.payload);
            let (envelope, text) = message.into_bytes().await?;
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Msg-Id", envelope.msg_id.to_string());
            let sent = client.publish_with_headers(PUBLISHED, headers, text.into());
            sent.await.map_err(refused)?;
        }
        self.plain.round_trip().await?;
        Ok(self.microseconds(began))
    }

    async fn publish(&self) -> Result<f64, Failure> {
        let began = Instant::now();
        for _ in 0..self.count {
            self.bridge
                .publish(message(PUBLISHED, &self.payload))
                .await?;
        }
        self.bridge.flush().await?;
        Ok(self.microseconds(began))
    }

    async fn encode(&self) -> Result<f64, Failure> {
        let began = Instant::now();
        for _ in 0..self.count {
            message(PUBLISHED, &self.payload).into_bytes().await?;
        }
        Ok(self.microseconds(began))
    }

    async fn decode(&self) -> Result<f64, Failure> {
        let began = Instant::now();
        for _ in 0..self.count {
            smartreceive(self.text.clone()).await?;
        }
        Ok(self.microseconds(began))
    }

    async fn receive_plainly(&self) -> Result<f64, Failure> {
        let client = &self.plain.client;
        let mut messages = client.subscribe(RECEIVED).await.map_err(refused)?;
        self.plain.round_trip().await?;
        let counting = async {
            for _ in 0..self.count {
                if messages.next().await.is_none() {
                    return Err(closed());
                }
            }
            Ok(())
        };
        self.receive_by(counting).await
    }

    async fn receive(&self) -> Result<f64, Failure> {
        let subscribe = self.bridge.subscribe(RECEIVED);
        let mut messages = subscribe.capacity_bytes(1 << 30).await?;
        let counting = async {
            for _ in 0..self.count {
                messages.next().await.ok_or_else(closed)??;
            }
            Ok(())
        };
        self.receive_by(counting).await
    }

    /// Publishes as fast as it goes over a third connection, while that counts.
    async fn receive_by(
        &self,
        counting: impl Future<Output = Result<(), Failure>>,
    ) -> Result<f64, Failure> {
        // The subscription of the turn before is gone for the server as well.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let publisher = self.plain.publisher.clone();
        let (text, headers, count) = (self.text.clone(), self.headers.clone(), self.count);
        let began = Instant::now();
        let publishing = tokio::spawn(async move {
            for _ in 0..count {
                let sent = publisher.publish_with_headers(RECEIVED, headers.clone(), text.clone());
                if sent.await.is_err() {
                    break;
                }
            }
        });
        let counted = timeout(PATIENCE, counting).await;
        let time = self.microseconds(began);
        publishing.abort();
        counted.unwrap_or_else(|_| {
            Err(Failure::Unavailable(
                "not all messages have come".to_owned(),
            ))
        })?;
        Ok(time)
    }

    /// For each message of a turn.
    fn microseconds(&self, began: Instant) -> f64 {
        began.elapsed().as_secs_f64() * 1e6 / f64::from(self.count)
    }
}

/// async-nats used plainly.
struct Plain {
    client: Client,
    publisher: Client,
    inbox: String,
    answers: tokio::sync::Mutex<Subscriber>,
}

impl Plain {
    async fn connect(url: &str) -> Result<Self, Failure> {
        let connect = || async { async_nats::connect(url).await.map_err(refused) };
        let client = connect().await?;
        let inbox = client.new_inbox();
        let answers = client.subscribe(inbox.clone()).await.map_err(refused)?;
        Ok(Plain {
            publisher: connect().await?,
            client,
            inbox,
            answers: tokio::sync::Mutex::new(answers),
        })
    }

    /// Returns once the server has taken all that was published before.
    async fn round_trip(&self) -> Result<(), Failure> {
        let published = self.client.publish(self.inbox.clone(), Bytes::new()).await;
        published.map_err(refused)?;
        match self.answers.lock().await.next().await {
            Some(_) => Ok(()),
            None => Err(closed()),
        }
    }
}

/// A message that goes direct, whatever its size.
fn message(subject: &str, payload: &Bytes) -> SmartSend {
    smartsend(subject, [Part::binary("payload", payload.clone())])
        .size_threshold(payload.len() as u64 + 1)
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(format!("async-nats: {error}"))
}

fn closed() -> Failure {
    Failure::Unavailable("the connection is closed".to_owned())
}
