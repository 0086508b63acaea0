//! The way of the demonstration's message: over NATS where there is one, else within the process.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use natsbridge::wire::Envelope;
use natsbridge::{Direction, Received, SmartSend, new_id, smartreceive, smartsend};

use super::clock::Clock;
use super::item::Item;
use super::no_space;
use crate::bars::Place;
use crate::connection::{Connection, Session};
use crate::failure::Failure;
use crate::nats_server::{NatsServer, PROGRAM};

const SUBJECT: &str = "demo.gauges";

/// How the message gets from one side to the other.
pub(super) enum Way {
    /// Over a NATS server: that of NATS_URL, or one that was started for it.
    Nats(Box<Nats>),
    /// As a text within the process; with the reason.
    Process(String),
}

/// The two sides, each with a connection of its own.
pub(super) struct Nats {
    sender: Session,
    receiver: Session,
    server: Option<NatsServer>,
}

/// What one side has sent.
pub(super) struct Sent {
    pub(super) envelope: Envelope,
    /// The text of the message, in bytes.
    pub(super) length: usize,
    pub(super) took: Duration,
    pub(super) uploads: BTreeMap<usize, Duration>,
}

/// What the other side has received.
pub(super) struct Arrived {
    pub(super) received: Received,
    pub(super) took: Duration,
    pub(super) downloads: BTreeMap<usize, Duration>,
}

impl Way {
    /// Takes NATS_URL if it is set, else a `nats-server` that is on PATH, else none.
    pub(super) async fn choose(nats_url: Option<&str>) -> Result<Self, Failure> {
        if nats_url.is_some() {
            return Nats::connect(Connection::to(None), None).await;
        }
        match NatsServer::start(PROGRAM, [""; 0]).await {
            Ok(server) => {
                Nats::connect(Connection::to(Some(server.url().to_owned())), Some(server)).await
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Way::Process(format!(
                "NATS_URL is not set, and no {PROGRAM} is on PATH"
            ))),
            Err(error) => Ok(Way::Process(format!(
                "NATS_URL is not set, and the {PROGRAM} on PATH does not start: {error}"
            ))),
        }
    }

    /// Sends the items and receives them in files of `dir`, by the file server at `url`.
    pub(super) async fn exchange(
        &self,
        items: &[Item],
        url: Option<&str>,
        dir: &Path,
    ) -> Result<(Sent, Arrived), Failure> {
        fs::create_dir(dir).map_err(|error| no_space(&error))?;
        match self {
            Way::Nats(nats) => nats.exchange(items, url, dir).await,
            Way::Process(_) => within_the_process(items, url, dir).await,
        }
    }

    /// Disconnects, and stops a server that was started for it.
    pub(super) async fn end(self) -> Result<(), Failure> {
        let Way::Nats(nats) = self else { return Ok(()) };
        let Nats {
            sender,
            receiver,
            server,
        } = *nats;
        sender.end().await?;
        receiver.end().await?;
        drop(server);
        Ok(())
    }

    /// What happened at the end, as a sentence.
    pub(super) fn account(&self, sent: &Sent, arrived: &Arrived) -> String {
        let milliseconds = |took: Duration| took.as_secs_f64() * 1000.0;
        let (sent_in, read_in) = (milliseconds(sent.took), milliseconds(arrived.took));
        let Sent {
            length, envelope, ..
        } = sent;
        let subject = &envelope.send_to;
        match self {
            Way::Nats(_) => format!(
                "message of {length} bytes to {subject}: made, delivered and acknowledged in {sent_in:.1} ms, read in {read_in:.1} ms"
            ),
            Way::Process(_) => format!(
                "message of {length} bytes to {subject}: made in {sent_in:.1} ms, read in {read_in:.1} ms"
            ),
        }
    }
}

/// Which way it is, for the second line of the output.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Nats(nats) => {
                let url = nats.sender.bridge.broker_url();
                match &nats.server {
                    None => write!(f, "{url}, from NATS_URL"),
                    Some(_) => write!(f, "started for this run, at {url}"),
                }
            }
            Way::Process(reason) => write!(f, "none ({reason}); the message stays in this process"),
        }
    }
}

impl Nats {
    async fn connect(connection: Connection, server: Option<NatsServer>) -> Result<Way, Failure> {
        let place = Place::of_bars();
        Ok(Way::Nats(Box::new(Nats {
            sender: connection.connect(&place, Ok).await?,
            receiver: connection.connect(&place, Ok).await?,
            server,
        })))
    }

    async fn exchange(
        &self,
        items: &[Item],
        url: Option<&str>,
        dir: &Path,
    ) -> Result<(Sent, Arrived), Failure> {
        // Others may listen to the same server, and run the same demonstration.
        let subject = format!("{SUBJECT}.{}", new_id());
        let reading = Clock::start();
        let adapt = {
            let (clock, dir) = (reading.clone(), dir.to_owned());
            let url = url.map(str::to_owned);
            move |message: natsbridge::SmartReceive| {
                clock.restart();
                let message = message.into_dir(&dir).on_progress(clock.watch());
                match &url {
                    None => message,
                    Some(url) => message.fileserver_url(url.as_str()),
                }
            }
        };
        let subscribe = self.receiver.bridge.subscribe(&subject);
        let mut subscription = subscribe.receiving(adapt).await?;
        let receive = async {
            let message = match subscription.next().await {
                Some(message) => message?,
                None => {
                    return Err(Failure::NothingCame("the connection was closed".to_owned()));
                }
            };
            let took = reading.elapsed();
            message.ack().await?;
            Ok(Arrived {
                received: message.received,
                took,
                downloads: reading.transfers(Direction::Download),
            })
        };
        let sending = Clock::start();
        let send = async {
            let message = message(&subject, items, url).on_progress(sending.watch());
            let delivered = self.sender.bridge.deliver(message).await?;
            let text = serde_json::to_vec(&delivered.envelope)
                .map_err(|error| Failure::Local(error.to_string()))?;
            Ok(Sent {
                envelope: delivered.envelope,
                length: text.len(),
                took: sending.elapsed(),
                uploads: sending.transfers(Direction::Upload),
            })
        };
        tokio::try_join!(send, receive)
    }
}

/// The other side has the text of the message, and knows the file server.
async fn within_the_process(
    items: &[Item],
    url: Option<&str>,
    dir: &Path,
) -> Result<(Sent, Arrived), Failure> {
    let clock = Clock::start();
    let (envelope, json) = message(SUBJECT, items, url)
        .on_progress(clock.watch())
        .await?;
    let sent = Sent {
        envelope,
        length: json.len(),
        took: clock.elapsed(),
        uploads: clock.transfers(Direction::Upload),
    };
    let clock = Clock::start();
    let mut message = smartreceive(json).into_dir(dir);
    if let Some(url) = url {
        message = message.fileserver_url(url);
    }
    let received = message.on_progress(clock.watch()).await?;
    let arrived = Arrived {
        received,
        took: clock.elapsed(),
        downloads: clock.transfers(Direction::Download),
    };
    Ok((sent, arrived))
}

fn message(subject: &str, items: &[Item], url: Option<&str>) -> SmartSend {
    let parts = items.iter().map(|item| item.part.clone());
    let message = smartsend(subject, parts).sender_name("demo");
    match url {
        None => message,
        Some(url) => message.fileserver_url(url),
    }
}
