//! One message of the probe: sent, waited for, measured.

use std::fmt;
use std::time::{Duration, Instant};

use natsbridge::{Bridge, Error, SmartSend, Subscription, new_id, now};
use serde_json::{Value as Json, json};
use tokio::time::timeout;

use super::kind::Kind;

/// Sends messages to its own subscription.
pub(super) struct Prober {
    bridge: Bridge,
    own: Own,
    /// A message failed, and may still come.
    is_stale: bool,
    target: Duration,
    patience: Duration,
}

/// A subscription that nobody else knows of.
struct Own {
    subject: String,
    subscription: Subscription,
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
    Failed(Reason),
}

/// Why a message failed.
#[derive(Debug)]
pub(super) enum Reason {
    /// It could not be sent or read.
    Error(Box<Error>),
    /// It did not come in time.
    Missing,
    /// It was not sent, since there is no connection to the NATS server.
    Unconnected,
}

impl Prober {
    pub(super) async fn new(
        bridge: Bridge,
        target: Duration,
        patience: Duration,
    ) -> Result<Self, Error> {
        Ok(Prober {
            own: Own::open(&bridge).await?,
            bridge,
            is_stale: false,
            target,
            patience,
        })
    }

    /// Sends a message, made for the subject that it is given, and waits until it has come.
    pub(super) async fn measure(
        &mut self,
        kind: Kind,
        message: impl FnOnce(&str) -> SmartSend,
    ) -> Measured {
        let mut began = Instant::now();
        // The client would keep it until it is connected again, with its upload.
        let outcome = match self.bridge.is_connected() {
            false => Err(Reason::Unconnected),
            true => timeout(self.patience, async {
                self.renew().await?;
                began = Instant::now();
                self.send(message(&self.own.subject)).await
            })
            .await
            .unwrap_or(Err(Reason::Missing)),
        };
        let took = began.elapsed();
        self.is_stale |= outcome.is_err();
        let outcome = match outcome {
            Ok(()) if took <= self.target => Outcome::Ok,
            Ok(()) => Outcome::Late,
            Err(reason) => Outcome::Failed(reason),
        };
        Measured {
            kind,
            outcome,
            took,
        }
    }

    /// What was given up and comes after all must not stand before what is measured: it goes to a subject that nobody reads any more.
    async fn renew(&mut self) -> Result<(), Reason> {
        if self.is_stale {
            self.own = Own::open(&self.bridge).await?;
            self.is_stale = false;
        }
        Ok(())
    }

    async fn send(&mut self, message: SmartSend) -> Result<(), Reason> {
        let sent = self.bridge.publish(message).await?;
        let own_id = sent.msg_id.to_string();
        loop {
            match self.own.subscription.next().await {
                None => return Err(Reason::Missing),
                Some(Ok(message)) if message.received.envelope.msg_id == sent.msg_id => {
                    return Ok(());
                }
                Some(Err(error)) if error.msg_id() == own_id => return Err(error.into()),
                // One that was given up has come after all.
                Some(_) => {}
            }
        }
    }
}

impl Own {
    async fn open(bridge: &Bridge) -> Result<Self, Error> {
        let subject = format!("natsbridge.probe.{}", new_id());
        Ok(Own {
            subscription: bridge.subscribe(&subject).await?,
            subject,
        })
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        Reason::Error(Box::new(error))
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
        if let (Outcome::Failed(reason), Some(members)) = (&self.outcome, members.as_object_mut()) {
            let report = match reason {
                Reason::Error(error) => serde_json::from_str(&error.report(now()).to_json()),
                Reason::Missing | Reason::Unconnected => Ok(Json::Null),
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
            Outcome::Failed(Reason::Error(error)) => {
                let text = error.to_string();
                write!(f, " ({})", crate::output::one_line(&text))
            }
            Outcome::Failed(Reason::Missing) => f.write_str(" (it did not come)"),
            Outcome::Failed(Reason::Unconnected) => {
                f.write_str(" (there is no connection to the NATS server)")
            }
            _ => Ok(()),
        }
    }
}
