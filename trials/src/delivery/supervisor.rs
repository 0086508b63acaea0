//! The supervisor: starts the processes, kills and restarts them at their time, and calls the judge.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::kills::{Victim, between, schedule};
use super::record::{self, Event, Plan, Record, What};
use super::{Sabotage, Trial};
use crate::failure::Failure;
use crate::nats_server::NatsServer;
use crate::process::Process;

/// Runs the whole trial.
pub(super) async fn run(trial: Trial) -> Result<(), Failure> {
    let temporary = match trial.dir {
        None => Some(TempDir::with_prefix("natsbridge-trial-")?),
        Some(_) => None,
    };
    let dir = match (&trial.dir, &temporary) {
        (Some(dir), _) => empty(dir)?,
        (None, Some(temporary)) => temporary.path(),
        (None, None) => return Err(Failure::Usage("there is no folder".to_owned())),
    };
    let outcome = supervise(&trial, dir).await;
    match (outcome, temporary) {
        (Err(Failure::Missed(message)), Some(temporary)) => {
            let kept = temporary.keep();
            Err(Failure::Missed(format!(
                "{message}\nthe files are in {}",
                kept.display()
            )))
        }
        (outcome, _) => outcome,
    }
}

fn empty(dir: &Path) -> Result<&Path, Failure> {
    fs::create_dir_all(dir)?;
    match fs::read_dir(dir)?.next() {
        None => Ok(dir),
        Some(_) => Err(Failure::Usage(format!(
            "{} is not empty: the files of two trials do not mix",
            dir.display()
        ))),
    }
}

async fn supervise(trial: &Trial, dir: &Path) -> Result<(), Failure> {
    let kills = schedule(trial.messages, trial.server_kills, trial.receiver_kills);
    let plan = Plan {
        messages: trial.messages,
        server_kills: trial.server_kills,
        receiver_kills: trial.receiver_kills,
        between: between(trial.messages, kills.len() as u32),
    };
    plan.write(dir)?;
    File::create(record::delivered(dir))?;
    let mut stage = Stage::set(trial, dir).await?;
    let mut sender = stage.sender(trial)?;
    for (at, victim) in kills {
        if !stage.reach(at, &mut sender).await? {
            break;
        }
        match victim {
            Victim::Server => stage.kill_server().await?,
            Victim::Receiver => stage.kill_receiver().await?,
        }
    }
    // A message is given up after two minutes, and as many as are under way are given up together.
    let status = sender.end(Duration::from_secs(3600)).await?;
    if !status.success() {
        eprintln!("the sender has ended with {status}");
    }
    stage.clear().await?;
    judge(dir, trial.json).await
}

/// The processes between which the messages go.
struct Stage<'a> {
    dir: &'a Path,
    server: NatsServer,
    receiver: Process,
    /// The number of the receiver, counted from 1.
    instance: u32,
    sabotage: Option<Sabotage>,
    events: Record,
    delivered: Count,
    began: Instant,
}

impl<'a> Stage<'a> {
    async fn set(trial: &Trial, dir: &'a Path) -> Result<Self, Failure> {
        let mut events = Record::open(&record::events(dir))?;
        let server = trial.nats_server.start(dir).await?;
        note(&mut events, What::ServerStarted, server.id())?;
        let receiver = start_receiver(&server, dir, 1, trial.sabotage)?;
        note(&mut events, What::ReceiverStarted, receiver.id())?;
        Ok(Stage {
            dir,
            server,
            receiver,
            instance: 1,
            sabotage: trial.sabotage,
            events,
            delivered: Count::of(&record::delivered(dir))?,
            began: Instant::now(),
        })
    }

    fn sender(&self, trial: &Trial) -> Result<Process, Failure> {
        let url = self.server.url();
        let dir = self.dir.display().to_string();
        let messages = trial.messages.to_string();
        let in_flight = trial.in_flight.to_string();
        let mut arguments = vec!["delivery", "sender", "--url", &url, "--dir", &dir];
        arguments.extend(["--messages", &messages, "--in-flight", &in_flight]);
        let sabotage = sabotage_argument(self.sabotage);
        if let Some(sabotage) = &sabotage {
            arguments.extend(["--sabotage", sabotage]);
        }
        Process::start_own("the sender", &arguments)
    }

    /// Waits until so many messages were delivered; false where the sender has ended before.
    async fn reach(&mut self, messages: u32, sender: &mut Process) -> Result<bool, Failure> {
        loop {
            if self.delivered.now()? >= messages {
                return Ok(true);
            }
            if sender.has_ended()?.is_some() {
                return Ok(false);
            }
            if let Some(status) = self.receiver.has_ended()? {
                let message = format!("the receiver has ended by itself, with {status}");
                return Err(Failure::Unavailable(message));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn kill_server(&mut self) -> Result<(), Failure> {
        // So long that messages are sent while nobody takes them.
        const DOWN: Duration = Duration::from_millis(200);
        let id = self.server.id();
        self.server.kill()?;
        note(&mut self.events, What::ServerKilled, id)?;
        self.tell(&format!("nats-server {id} killed"));
        sleep(DOWN).await;
        self.server.restart().await?;
        note(&mut self.events, What::ServerStarted, self.server.id())
    }

    async fn kill_receiver(&mut self) -> Result<(), Failure> {
        let id = self.receiver.id();
        self.receiver.kill()?;
        note(&mut self.events, What::ReceiverKilled, id)?;
        self.tell(&format!("receiver {id} killed"));
        self.instance += 1;
        self.receiver = start_receiver(&self.server, self.dir, self.instance, self.sabotage)?;
        note(&mut self.events, What::ReceiverStarted, self.receiver.id())
    }

    fn tell(&self, what: &str) {
        eprintln!(
            "{:7.1} s, {} delivered: {what}",
            self.began.elapsed().as_secs_f64(),
            self.delivered.lines
        );
    }

    async fn clear(mut self) -> Result<(), Failure> {
        self.receiver.dismiss(Duration::from_secs(40)).await?;
        self.server.quit().await
    }
}

fn start_receiver(
    server: &NatsServer,
    dir: &Path,
    instance: u32,
    sabotage: Option<Sabotage>,
) -> Result<Process, Failure> {
    let url = server.url();
    let dir = dir.display().to_string();
    let instance = instance.to_string();
    let mut arguments = vec!["delivery", "receiver", "--url", &url, "--dir", &dir];
    arguments.extend(["--instance", &instance]);
    let sabotage = sabotage_argument(sabotage);
    if let Some(sabotage) = &sabotage {
        arguments.extend(["--sabotage", sabotage]);
    }
    Process::start_own("the receiver", &arguments)
}

fn sabotage_argument(sabotage: Option<Sabotage>) -> Option<String> {
    let value = sabotage?.to_possible_value()?;
    Some(value.get_name().to_owned())
}

async fn judge(dir: &Path, json: bool) -> Result<(), Failure> {
    let dir = dir.display().to_string();
    let mut arguments = vec!["delivery", "judge", "--dir", &dir];
    if json {
        arguments.push("--json");
    }
    let mut judge = Process::start_own("the judge", &arguments)?;
    let status = judge.end(Duration::from_secs(600)).await?;
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => Err(Failure::Missed("the judge has found a fault".to_owned())),
        _ => Err(Failure::Unavailable(format!(
            "the judge has ended with {status}"
        ))),
    }
}

fn note(events: &mut Record, what: What, process: u32) -> Result<(), Failure> {
    let event = Event {
        what,
        process,
        at: record::now(),
    };
    Ok(events.append(&event)?)
}

/// Counts the lines of a file that grows.
struct Count {
    file: File,
    lines: u32,
}

impl Count {
    fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Count { file, lines: 0 })
    }

    fn now(&mut self) -> io::Result<u32> {
        let mut more = Vec::new();
        self.file.read_to_end(&mut more)?;
        self.lines += more.iter().filter(|byte| **byte == b'\n').count() as u32;
        Ok(self.lines)
    }
}
