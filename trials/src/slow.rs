//! `natsbridge-trial slow`: a subscriber that does not keep up is told what it has lost, and `deliver` loses nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use natsbridge::wire::Uuid;
use natsbridge::{Bridge, Event, Part, smartsend};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::failure::Failure;
use crate::nats_server;
use crate::report::{Report, Target};

/// Flood a subscriber that takes its time: published messages are lost and counted, delivered ones are sent again.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// How many messages are published
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// How many are delivered afterwards
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    deliveries: u32,
    /// How long the subscriber takes for each, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5)]
    pause: u64,
    /// How many messages may wait in the subscription
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    capacity: u32,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nats_server: nats_server::Choice,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge-trial slow
  natsbridge-trial slow --messages 500 --deliveries 200 --pause 2 --capacity 16";

/// Runs the trial.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let dir = TempDir::with_prefix("natsbridge-trial-")?;
    let server = arguments.nats_server.start(dir.path()).await?;
    let mut report = Report::new("a subscriber that does not keep up");
    publish(&arguments, &server.url(), &mut report).await?;
    deliver(&arguments, &server.url(), &mut report).await?;
    report.finish(arguments.json)
}

/// Everything that is published is either handled or told as lost.
async fn publish(arguments: &Arguments, url: &str, report: &mut Report) -> Result<(), Failure> {
    const SUBJECT: &str = "trial.slow.published";
    let mut subscriber = Slow::start(arguments, url, SUBJECT).await?;
    let bridge = Bridge::connect(url).name("publisher").await?;
    for number in 0..arguments.messages {
        let part = Part::text("number", number.to_string());
        bridge.publish(smartsend(SUBJECT, [part])).await?;
    }
    bridge.flush().await?;
    let handled = subscriber.handled().await.len();
    let sent = f64::from(arguments.messages);
    let lost = subscriber.lost.load(Ordering::SeqCst) as f64;
    report.add("published", sent, "");
    report.add("handled", handled as f64, "");
    report.hold("told as lost", lost, "", Target::AtLeast(1.0));
    let events = subscriber.events.load(Ordering::SeqCst) as f64;
    report.hold("in so many events", events, "", Target::AtLeast(1.0));
    report.hold(
        "handled or told as lost",
        handled as f64 + lost,
        "",
        Target::Exactly(sent),
    );
    Ok(())
}

/// What finds no room is sent again, and is handled once.
async fn deliver(arguments: &Arguments, url: &str, report: &mut Report) -> Result<(), Failure> {
    const SUBJECT: &str = "trial.slow.delivered";
    const ACK_WAIT: Duration = Duration::from_millis(500);
    let mut subscriber = Slow::start(arguments, url, SUBJECT).await?;
    let bridge = &Bridge::connect(url).name("deliverer").await?;
    let deliveries = stream::iter(0..arguments.deliveries).map(|number| {
        let part = Part::text("number", number.to_string());
        let delivery = bridge
            .deliver(smartsend(SUBJECT, [part]))
            .ack_wait(ACK_WAIT)
            .max_ack_wait(2 * ACK_WAIT);
        async move { delivery.deadline(Duration::from_secs(600)).await }
    });
    // All at once, so that most find no room.
    let outcomes: Vec<_> = deliveries
        .buffer_unordered(arguments.deliveries as usize)
        .collect()
        .await;
    let delivered: Vec<_> = outcomes.iter().flatten().collect();
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        eprintln!("not delivered: {error}");
    }
    let handled = subscriber.handled().await;
    let count = f64::from(arguments.deliveries);
    let wanted = Target::Exactly(count);
    report.hold("delivered", delivered.len() as f64, "", wanted);
    let sendings: u32 = delivered.iter().map(|delivered| delivered.sendings).sum();
    report.add("sendings", sendings.into(), "");
    let lost = subscriber.lost.load(Ordering::SeqCst) as f64;
    report.hold("sendings told as lost", lost, "", Target::AtLeast(1.0));
    let kept = delivered
        .iter()
        .filter(|delivered| handled.contains_key(&delivered.envelope.msg_id));
    report.hold("delivered and handled", kept.count() as f64, "", wanted);
    let twice = handled.values().filter(|times| **times > 1).count();
    report.hold("handled twice", twice as f64, "", Target::Exactly(0.0));
    Ok(())
}

/// A subscriber that pauses at each message. Dropped, it ends.
struct Slow {
    _bridge: Bridge,
    handled: UnboundedReceiver<Uuid>,
    /// Messages, by all events together.
    lost: Arc<AtomicU64>,
    events: Arc<AtomicU64>,
    pause: Duration,
    task: AbortHandle,
}

impl Slow {
    async fn start(arguments: &Arguments, url: &str, subject: &str) -> Result<Self, Failure> {
        let (lost, events) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (total, count) = (Arc::clone(&lost), Arc::clone(&events));
        let bridge = Bridge::connect(url)
            .name("slow subscriber")
            .on_event(move |event| {
                if let Event::SlowConsumer { lost, .. } = event {
                    total.fetch_add(*lost, Ordering::SeqCst);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
            .await?;
        let subscribe = bridge.subscribe(subject);
        let mut messages = subscribe.capacity(arguments.capacity as usize).await?;
        let pause = Duration::from_millis(arguments.pause);
        let (tell, handled) = unbounded_channel();
        let task = tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                let Ok(message) = message else { continue };
                sleep(pause).await;
                let _ = tell.send(message.received.envelope.msg_id);
                if let Err(error) = message.ack().await {
                    eprintln!("not acknowledged: {error}");
                }
            }
        });
        Ok(Slow {
            _bridge: bridge,
            handled,
            lost,
            events,
            pause,
            task: task.abort_handle(),
        })
    }

    /// How often each message was handled, once none has come for a while.
    async fn handled(&mut self) -> HashMap<Uuid, u32> {
        // Longer than the bridge keeps back its word about a loss.
        let quiet = Duration::from_secs(2) + self.pause * 4;
        let mut handled = HashMap::new();
        while let Ok(Some(id)) = timeout(quiet, self.handled.recv()).await {
            *handled.entry(id).or_default() += 1;
        }
        handled
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.task.abort();
    }
}
