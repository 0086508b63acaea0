//! Checks over a NATS server.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Contestant;
use super::arena::{
    Arena, NotPassed, able, ask, ask_for, broken, different, has_links, received_as, unexpected,
};
use super::plan::Planned;
use crate::case::{Case, DeliveryCase, EncodeCase, Part, Received, Receiver};
use crate::judge::{self, Difference, Leniency};
use crate::peer::{Peer, Script};
use crate::protocol::{AnswerKind, Operation, Outcome, Receive, Send, Transfer};

/// How long a receiver waits for its message.
const PATIENCE: Duration = Duration::from_secs(15);
/// Why a check is left out where there is no server.
pub(super) const NO_SERVER: &str = "a nats-server on this machine";
/// Every message has a subject of its own, so that none comes to another check.
static SUBJECTS: AtomicU64 = AtomicU64::new(0);

impl Arena<'_> {
    /// One message, from one implementation to another.
    pub(super) fn live(
        &self,
        planned: Planned,
        case: &Case,
        encode: &EncodeCase,
    ) -> Result<(), NotPassed> {
        let (producer, consumer) = (self.port(planned.producer)?, self.port(planned.consumer)?);
        able(case, Part::LiveProducer, producer)?;
        able(case, Part::LiveConsumer, consumer)?;
        able(case, Part::Consumer, consumer)?;
        self.server()?;
        let Some(expected) = &encode.expect.received else {
            return Ok(());
        };
        let mut request = self.request(encode)?;
        request.subject = own_subject(&request.subject);
        let expected = addressed(expected, &request.subject);
        let files = has_links(&expected).then(|| self.places.fileserver.clone());
        let send = Send {
            nats_url: self.places.nats.clone(),
            encode: request,
            deliver: None,
        };
        let sent =
            |producer: &Contestant| match ask(&mut producer.producer(), Operation::Send(send))? {
                Outcome::Encoded(_) => Ok(()),
                other => Err(unexpected("a message that was sent", &other)),
            };
        let subject = expected_subject(&expected);
        let outcome = self.exchange(consumer, subject, files, None, || sent(producer))?;
        let ends = Leniency::between(&[&producer.abilities, &consumer.abilities]);
        received_as(&expected, &outcome, ends)
    }

    /// One message that is delivered, and answered or not.
    pub(super) fn delivery(
        &self,
        planned: Planned,
        case: &Case,
        delivery: &DeliveryCase,
    ) -> Result<(), NotPassed> {
        let producer = self.port(planned.producer)?;
        able(case, Part::LiveProducer, producer)?;
        self.server()?;
        let request = delivery.request(&self.places);
        let mut request = request.map_err(|error| {
            different(Difference::new("case", "a request of the protocol", error))
        })?;
        request.subject = own_subject(&request.subject);
        let subject = request.subject.clone();
        let files = delivery.uploads().then(|| self.places.fileserver.clone());
        let send = Send {
            nats_url: self.places.nats.clone(),
            encode: request,
            deliver: Some(delivery.deliver.clone()),
        };
        let deadline = Duration::from_millis(delivery.deliver.deadline);
        let delivered = || {
            let mut session = producer.producer();
            // Its start is not part of what is measured.
            session
                .ready()
                .map_err(|breakdown| broken("adapter", breakdown))?;
            let begun = Instant::now();
            let outcome = ask_for(&mut session, Operation::Send(send), deadline)?;
            let took = begun.elapsed().as_secs_f64() * 1e3;
            match (&outcome, &delivery.expect.error) {
                (Outcome::Encoded(_), None) => Ok(()),
                (Outcome::Error(refused), Some(error)) => {
                    judge::refusal(error, &refused.report).map_err(different)
                }
                (other, None) => Err(unexpected("a message that was delivered", other)),
                (other, Some(error)) => {
                    let wanted = format!("{} in phase {}", error.code, error.phase);
                    Err(unexpected(&wanted, other))
                }
            }?;
            match delivery.took {
                Some(bounds) if !bounds.has(took) => {
                    let place = "the time of the call in ms";
                    Err(different(Difference::new(
                        place,
                        bounds,
                        format!("{took:.0}"),
                    )))
                }
                _ => Ok(begun),
            }
        };
        if planned.consumer.is_none() {
            return match &delivery.receiver {
                Receiver::Runner(script) => self.to_runner(script, &subject, delivered),
                _ => delivered().map(drop),
            };
        }
        let consumer = self.port(planned.consumer)?;
        able(case, Part::LiveConsumer, consumer)?;
        let answer = delivery.receiver.answer();
        let outcome = self.exchange(consumer, &subject, files, answer, || delivered().map(drop))?;
        match &delivery.expect.received {
            Some(received) => {
                let expected = addressed(received, &subject);
                let ends = Leniency::between(&[&producer.abilities, &consumer.abilities]);
                received_as(&expected, &outcome, ends)
            }
            None => match outcome {
                Outcome::Decoded(_) => Ok(()),
                other => Err(unexpected("a message that was read", &other)),
            },
        }
    }

    /// A delivery to the runner itself, which says when it began; what the runner saw of it is held against the script.
    fn to_runner(
        &self,
        script: &Script,
        subject: &str,
        delivered: impl FnOnce() -> Result<Instant, NotPassed>,
    ) -> Result<(), NotPassed> {
        let peer = Peer::start(&self.places.nats, subject, script).map_err(|error| {
            let place = "the runner's connection";
            different(Difference::new(place, "one that stands", error))
        })?;
        let begun = delivered()?;
        thread::sleep(Duration::from_millis(script.settle));
        script.judge(&peer.stop(), begun).map_err(different)
    }

    /// A subscription, what happens while it is in place, and what came of it.
    fn exchange(
        &self,
        consumer: &Contestant,
        subject: &str,
        fileserver_url: Option<String>,
        answer: Option<AnswerKind>,
        meanwhile: impl FnOnce() -> Result<(), NotPassed>,
    ) -> Result<Outcome, NotPassed> {
        let receive = Operation::Receive(Receive {
            nats_url: self.places.nats.clone(),
            subject: subject.to_owned(),
            timeout: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
            answer,
            fileserver_url,
            transfer: Transfer::default(),
        });
        let mut session = consumer.consumer();
        match ask(&mut session, receive)? {
            Outcome::Subscribed(true) => {}
            other => return Err(unexpected("subscribed", &other)),
        }
        if let Err(why) = meanwhile() {
            // Its second reply would be taken for that of the next request.
            match session.next(PATIENCE) {
                Ok(_) => {}
                Err(_) => session.forget(),
            }
            return Err(why);
        }
        session
            .next(PATIENCE)
            .map_err(|breakdown| broken("adapter", breakdown))
    }

    fn server(&self) -> Result<(), NotPassed> {
        if self.places.nats.is_empty() {
            return Err(NotPassed::LeftOut(NO_SERVER.to_owned()));
        }
        Ok(())
    }
}

fn own_subject(subject: &str) -> String {
    let number = SUBJECTS.fetch_add(1, Ordering::Relaxed);
    format!("{subject}.{}.{number}", std::process::id())
}

/// The same expectation for a message with this subject, over this server.
fn addressed(expected: &Received, subject: &str) -> Received {
    let mut expected = expected.clone();
    expected
        .envelope
        .insert("send_to".to_owned(), subject.into());
    // Which server is named there is the server's that the message really goes over, where a bridge writes it.
    expected.envelope.remove("broker_url");
    expected
}

fn expected_subject(expected: &Received) -> &str {
    let subject = expected
        .envelope
        .get("send_to")
        .and_then(serde_json::Value::as_str);
    subject.unwrap_or_default()
}
