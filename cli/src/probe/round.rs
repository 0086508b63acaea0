//! One message of the probe: sent, waited for, measured.

use std::fmt;
use std::time::{Duration, Instant};

use natsbridge::{Bridge, Error, SmartSend, Subscription, now};
use serde_json::{Value as Json, json};
use tokio::time::timeout;

use super::kind::Kind;

/// Sends messages to its own subscription.
pub(super) struct Prober {
    pub(super) bridge: Bridge,
    pub(super) subscription: Subscription,
    pub(super) subject: String,
    pub(super) target: Duration,
    pub(super) patience: Duration,
}

/// What became of a message.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    /// From the call until the message was decoded, or given up.
    pub(super) took: Duration,
}

/// How a message fared.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It came within the target.
    Ok,
    /// It came later.
    Late,
    /// It could not be sent or read, or did not come in time.
    Failed(Option<Error>),
}

impl Prober {
    /// Sends a message and waits until it has come.
    pub(super) async fn measure(&mut self, kind: Kind, message: SmartSend) -> Measured {
        let began = Instant::now();
        let outcome = match timeout(self.patience, self.send(message)).await {
            Ok(Ok(())) if began.elapsed() <= self.target => Outcome::Ok,
            Ok(Ok(())) => Outcome::Late,
            Ok(Err(error)) => Outcome::Failed(error),
            Err(_) => Outcome::Failed(None),
        };
        Measured {
            kind,
            outcome,
            took: began.elapsed(),
        }
    }

    async fn send(&mut self, message: SmartSend) -> Result<(), Option<Error>> {
        let sent = self.bridge.publish(message).await?;
        let own_id = sent.msg_id.to_string();
        loop {
            match self.subscription.next().await {
                None => return Err(None),
                Some(Ok(message)) if message.received.envelope.msg_id == sent.msg_id => {
                    return Ok(());
                }
                Some(Err(error)) if error.msg_id() == own_id => return Err(Some(error)),
                // One that was given up has come after all.
                Some(_) => {}
            }
        }
    }
}

impl Outcome {
    /// What it is called in lines and metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Late => "late",
            Outcome::Failed(_) => "failed",
        }
    }
}

impl Measured {
    /// Milliseconds, to the microsecond.
    pub(super) fn milliseconds(&self) -> f64 {
        (self.took.as_secs_f64() * 1e6).round() / 1e3
    }

    pub(super) fn json(&self) -> Json {
        let mut members = json!({
            "kind": self.kind.name(),
            "outcome": self.outcome.name(),
            "ms": self.milliseconds(),
        });
        if let (Outcome::Failed(error), Some(members)) = (&self.outcome, members.as_object_mut()) {
            let report = match error {
                Some(error) => serde_json::from_str(&error.report(now()).to_json()),
                None => Ok(Json::Null),
            };
            members.insert("error".to_owned(), report.unwrap_or_default());
        }
        members
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, outcome) = (self.kind.name(), self.outcome.name());
        write!(f, "{kind} {outcome} {:.1} ms", self.milliseconds())?;
        match &self.outcome {
            Outcome::Failed(Some(error)) => {
                let text = error.to_string();
                write!(f, " ({})", crate::output::one_line(&text))
            }
            Outcome::Failed(None) => f.write_str(" (it did not come)"),
            _ => Ok(()),
        }
    }
}
