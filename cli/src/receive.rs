//! `natsbridge receive`: messages as they come over NATS.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use natsbridge::{Error, Message, SmartReceive, Subscription, now};

use crate::arrival::Arrival;
use crate::bars::Place;
use crate::connection::{Connection, login_help};
use crate::duration;
use crate::failure::Failure;
use crate::output;
use crate::reading::Reading;
use crate::signal::{self, Stop};
use crate::silence::Silence;
use crate::spool::{Scratch, Spool};
use crate::telemetry::Metrics;

/// Subscribe to a subject, and print each message as it comes, or write its payloads to files.
///
/// Ctrl-C (or SIGTERM) ends the subscription, finishes what was received by then, and ends the command; a second one ends it at
/// once. A message that cannot be read is reported and ends nothing.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The NATS subject; `*` stands for one token, `>` at the end for one or more
    subject: String,
    /// Share the messages with all receivers that name this queue group
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// End after so many messages, those that cannot be read among them
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End when no message came for so long; exit code 3 where --count asks for more
    ///
    /// It does not run while a message is being fetched.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    timeout: Option<Duration>,
    /// Write the payloads of each message into a sub-folder of this one: 000001, 000002, ...
    ///
    /// The files in it are called payload-0.txt, payload-1.json, payload-2.arrows, payload-3.bin, ... as `decode --out-dir` does. A
    /// sub-folder appears once its whole message is verified; numbers go on behind those that are there. The sender's names are
    /// not used.
    #[arg(long, short, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print one line of JSON for each message, with every value and its type; a message that cannot be read has its error
    #[arg(long)]
    json: bool,
    /// Acknowledge each message, after its payloads are written and its lines are printed
    ///
    /// Without this, a sender that delivers sends the message again, and it is printed again.
    #[arg(long)]
    ack: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    connection: Connection,
}

const AFTER_HELP: &str = concat!(
    "\
Examples:
  natsbridge receive 'chat.>'
  natsbridge receive jobs --queue workers --dir inbox --ack --json
  natsbridge receive replies --count 1 --timeout 10s

Exit code 1 where a message could not be read, 130 after Ctrl-C, 143 after SIGTERM.

",
    login_help!()
);

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut scratch = None;
    let received = signal::or_drain(|stop| receive(arguments, &mut scratch, stop)).await;
    if let Some(scratch) = scratch {
        scratch.remove().await;
    }
    let (bad, signal) = received?;
    match (signal, bad) {
        (Some(signal), _) => Err(Failure::Stopped(signal)),
        (None, 0) => Ok(()),
        (None, _) => Err(Failure::Found),
    }
}

/// Receives until the end, and gives the number of messages that could not be read.
///
/// `scratch` is set to what the caller has to remove when this has ended or was dropped.
async fn receive(
    arguments: Arguments,
    scratch: &mut Option<Scratch>,
    stop: Stop,
) -> Result<u64, Failure> {
    let Arguments {
        subject,
        queue,
        count,
        timeout,
        dir,
        json,
        ack,
        reading,
        metrics,
        connection,
    } = arguments;
    let place = Place::of_bars_or_lines();
    let _endpoint = metrics.start(&[]).await?;
    let mut spool = None;
    if let Some(dir) = &dir {
        let (opened, removable) = Spool::open(dir)?;
        spool = Some(opened);
        *scratch = Some(removable);
    }
    let staging = spool.as_ref().map(Spool::staging);
    let silence = Silence::default();
    let watched = silence.clone();
    let options = reading.apply(place.clone(), move || watched.interrupt())?;
    let session = connection.connect(&place, Ok).await?;
    let subscribe = match queue {
        None => session.bridge.subscribe(&subject),
        Some(queue) => session.bridge.queue_subscribe(&subject, queue),
    };
    let subscribe = subscribe.receiving(move |message: SmartReceive| match &staging {
        None => options(message),
        Some(staging) => staging.receive(options(message)),
    });
    let subscribe = match count {
        None => subscribe,
        // What comes behind the last one must stay where it is.
        Some(_) => subscribe.fetch_ahead(1),
    };
    let mut subscription = subscribe.await?;
    place.say(&format!(
        "subscribed to {subject} at {}",
        session.bridge.broker_url()
    ));
    let mut receiver = Receiver {
        count,
        timeout,
        silence,
        json,
        ack,
        place,
        spool,
        number: 0,
        seen: 0,
        bad: 0,
    };
    let outcome = receiver.run(&mut subscription, stop).await;
    // What still waits in it would keep the session open.
    drop(subscription);
    if outcome.is_err() && !session.bridge.is_connected() {
        return outcome.map(|()| receiver.bad);
    }
    // Acknowledgements may still be on their way.
    let ended = session.end().await;
    outcome?;
    ended?;
    Ok(receiver.bad)
}

struct Receiver {
    count: Option<u64>,
    timeout: Option<Duration>,
    silence: Silence,
    json: bool,
    ack: bool,
    place: Place,
    spool: Option<Spool>,
    /// The number of the last message that could be read.
    number: u64,
    seen: u64,
    bad: u64,
}

impl Receiver {
    async fn run(
        &mut self,
        subscription: &mut Subscription,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let mut is_draining = false;
        while self.count.is_none_or(|count| self.seen < count) {
            let item = tokio::select! {
                // A flood of messages must not drown the signal.
                biased;
                () = stop.asked(), if !is_draining => {
                    is_draining = true;
                    subscription.drain();
                    continue;
                }
                item = subscription.next() => item,
                () = self.silence.has_lasted(self.timeout), if !is_draining => return self.nothing_came(),
            };
            let Some(item) = item else { break };
            self.seen += 1;
            match item {
                Ok(message) => self.take(message).await?,
                Err(error) => self.report(&error)?,
            }
        }
        Ok(())
    }

    async fn take(&mut self, mut message: Message) -> Result<(), Failure> {
        self.number = match &mut self.spool {
            None => self.number + 1,
            Some(spool) => spool.keep(&mut message.received)?,
        };
        let arrival = Arrival {
            message: &message,
            number: Some(self.number),
        };
        let print = || output::print(|out| arrival.write(out, self.json));
        self.place.aside(print)?;
        if self.ack {
            message.ack().await?;
        }
        Ok(())
    }

    fn report(&mut self, error: &Error) -> Result<(), Failure> {
        self.bad += 1;
        let report = error.report(now()).to_json();
        self.place.aside(|| match self.json {
            true => output::print(|out| writeln!(out, "{report}")),
            false => {
                // There is nobody left to tell that this could not be written.
                let _ = writeln!(io::stderr(), "{report}");
                Ok(())
            }
        })
    }

    fn nothing_came(&self) -> Result<(), Failure> {
        match self.count {
            None => Ok(()),
            Some(count) => Err(Failure::NothingCame(format!(
                "{} of {count} messages came",
                self.seen
            ))),
        }
    }
}
