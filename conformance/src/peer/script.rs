//! What the runner answers as a receiver, and what its sender must have done.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Log, Sending};
use crate::judge::Difference;
use crate::link::Bounds;

/// The runner as the receiver of a message that is delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// What is answered to each sending; nothing to those beyond.
    pub(crate) answers: Vec<Vec<Answer>>,
    /// How often the message comes.
    sendings: Bounds,
    /// The shortest times in milliseconds before each sending but the first: from the one before, or from the last status after it.
    #[serde(default)]
    waits: Vec<f64>,
    /// How long to go on listening after the call, in milliseconds: something must not happen meanwhile.
    #[serde(default)]
    pub(crate) settle: u64,
}

/// One answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    kind: Kind,
    /// Milliseconds after the sending came.
    #[serde(default)]
    pub(crate) after: u64,
    /// Which message it names as the one that it answers.
    #[serde(default)]
    names: Names,
    /// For a NACK: the member `error` of the error's JSON.
    #[serde(default)]
    error: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Ack,
    Nack,
    UpdateStatus,
    /// No message at all.
    Unreadable,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Names {
    #[default]
    TheMessage,
    Another,
    Nothing,
}

/// A timer may fire this much too early, in milliseconds: Node's counts whole ones.
const EARLY: f64 = 1.0;
/// How much longer than told each wait may be, and the middle one, in milliseconds.
const SLACK: f64 = 1500.0;
const TYPICAL: f64 = 400.0;

impl Answer {
    pub(crate) fn is_status(&self) -> bool {
        self.kind == Kind::UpdateStatus
    }

    /// Its text, as an answer to this message.
    pub(crate) fn text(&self, message: &Value, reply: &str) -> String {
        let now = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        let own = "0c0ffee0-0000-4000-8000-000000000001";
        let purpose = match self.kind {
            Kind::Ack => "ACK",
            Kind::Nack => "NACK",
            Kind::UpdateStatus => "updateStatus",
            Kind::Unreadable => return "{\"msg_purpose\":\"ACK\"".to_owned(),
        };
        let named = match self.names {
            Names::TheMessage => message["msg_id"].clone(),
            Names::Another => "0c0ffee0-0000-4000-8000-000000000002".into(),
            Names::Nothing => "".into(),
        };
        let payloads = match self.kind {
            Kind::Nack => {
                let report = json!({"correlation_id": message["correlation_id"], "msg_id": message["msg_id"], "timestamp": now,
                    "send_to": message["send_to"], "error": self.error});
                let size = report.to_string().len();
                json!([{"id": own, "dataname": "error", "payload_type": "dictionary", "transport": "direct", "encoding": "json",
                    "size": size, "data": report, "metadata": {"payload_bytes": size}}])
            }
            _ => json!([]),
        };
        json!({"correlation_id": message["correlation_id"], "msg_id": own, "timestamp": now, "send_to": reply, "msg_purpose": purpose,
            "sender_name": "runner", "sender_id": own, "receiver_name": message["sender_name"], "receiver_id": message["sender_id"],
            "reply_to": "", "reply_to_msg_id": named, "broker_url": "", "metadata": {}, "payloads": payloads})
        .to_string()
    }
}

impl Script {
    /// The first difference between what came since then and what must come.
    pub(crate) fn judge(&self, log: &Log, begun: Instant) -> Result<(), Difference> {
        if let Some(error) = &log.broken {
            return Err(Difference::new(
                "the runner's connection",
                "one that stands",
                error,
            ));
        }
        if !self.sendings.has(log.sendings.len() as f64) {
            let found = format!("{} at {:?}", log.sendings.len(), times(log, begun));
            return Err(Difference::new(
                "how often the message was sent",
                self.sendings,
                found,
            ));
        }
        let Some(first) = log.sendings.first() else {
            return Ok(());
        };
        if first.reply.is_empty() {
            return Err(Difference::new(
                "the NATS reply field",
                "the inbox's subject",
                "none",
            ));
        }
        if first.message["reply_to"] != first.reply.as_str() {
            return Err(Difference::new(
                "reply_to",
                &first.reply,
                &first.message["reply_to"],
            ));
        }
        for (index, other) in log.sendings.iter().enumerate() {
            let place = |what: &str| format!("{what} of sending no. {}", index + 1);
            for name in ["msg_id", "correlation_id"] {
                if other.message[name] != first.message[name] {
                    return Err(Difference::new(
                        place(name),
                        &first.message[name],
                        &other.message[name],
                    ));
                }
            }
            if other.message != first.message || other.reply != first.reply {
                let (wanted, found) = (first.shown(), other.shown());
                return Err(Difference::new(place("the message"), wanted, found));
            }
        }
        self.judge_waits(log, begun)
    }

    fn judge_waits(&self, log: &Log, begun: Instant) -> Result<(), Difference> {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
        let (mut least, mut longer) = (0.0, Vec::new());
        let mut is_early = false;
        for (pair, wait) in log.sendings.windows(2).zip(&self.waits) {
            let (before, after) = (&pair[0], &pair[1]);
            // A sending may come late and the next one not: only what came before the call is sure to be before its sending.
            least += wait;
            is_early |= milliseconds(after.at.duration_since(begun)) < least - EARLY;
            let since = before.status.unwrap_or(before.at);
            if before.status.is_some() {
                is_early |= milliseconds(after.at.saturating_duration_since(since)) < wait - EARLY;
            }
            longer.push(milliseconds(after.at.saturating_duration_since(since)) - wait);
        }
        longer.sort_by(f64::total_cmp);
        let middle = longer.get(longer.len().saturating_sub(1) / 2);
        let is_late = longer.iter().any(|longer| *longer > SLACK)
            || middle.is_some_and(|middle| *middle > TYPICAL);
        match is_early || is_late {
            false => Ok(()),
            true => Err(Difference::new(
                "the times in ms of the sendings",
                format!(
                    "waits of {:?}, each at most {SLACK} longer, the middle one at most {TYPICAL}",
                    self.waits
                ),
                format!("{:?}", times(log, begun)),
            )),
        }
    }
}

impl Sending {
    fn shown(&self) -> String {
        format!("{} with the reply field {:?}", self.message, self.reply)
    }
}

fn times(log: &Log, begun: Instant) -> Vec<u128> {
    let sendings = log.sendings.iter();
    sendings
        .map(|sending| sending.at.saturating_duration_since(begun).as_millis())
        .collect()
}
