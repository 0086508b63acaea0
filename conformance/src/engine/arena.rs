//! What all checks of a run share, and how each is done.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::Contestant;
use super::contestant::failed;
use super::plan::Planned;
use super::session::Session;
use crate::adapter::{self, Breakdown};
use crate::case::{
    AnswerCase, Body, Case, DecodeCase, EncodeCase, Expect, Made, Part, Places, Received,
    capability_name, missing,
};
use crate::faults::Faults;
use crate::judge::{self, Difference, Leniency, Surroundings};
use crate::protocol::{Decode, Decoded, Encode, Message, Operation, Outcome, Transfer};
use crate::report::{Failed, Kind, Verdict};

/// The cases, the ports, the servers, and the messages that were made.
pub(super) struct Arena<'a> {
    pub(super) cases: &'a [Case],
    pub(super) ports: &'a [Contestant],
    pub(super) places: Places,
    /// By case and producer.
    made: Mutex<HashMap<(usize, usize), String>>,
    /// The fault server, where a case needs it.
    pub(super) faults: Option<Faults>,
}

/// Why a check has no result of its own.
pub(super) enum NotPassed {
    Failed(Failed),
    LeftOut(String),
}

impl<'a> Arena<'a> {
    pub(super) fn new(
        cases: &'a [Case],
        ports: &'a [Contestant],
        places: Places,
        faults: Option<Faults>,
    ) -> Self {
        Arena {
            cases,
            ports,
            places,
            made: Mutex::default(),
            faults,
        }
    }

    /// Does one check; `own` is a process of the port that nobody else asks meanwhile.
    pub(super) fn check(&self, planned: Planned, own: Option<&mut Session>) -> Verdict {
        let Some(case) = self.cases.get(planned.case) else {
            return Verdict::Failed(lost("the case"));
        };
        let result = match (&case.body, planned.kind) {
            (Body::Encode(encode), Kind::Matrix) => self.matrix(planned, case, encode),
            (Body::Encode(encode), Kind::Live) => self.live(planned, case, encode),
            (Body::Decode(decode), _) => self.decode(planned, case, decode),
            (Body::Encode(encode), _) => self.encode(planned, case, encode),
            (Body::Answer(answer), _) => self.answer(planned, case, answer),
            (Body::Delivery(delivery), _) => self.delivery(planned, case, delivery),
            (Body::Link(scenario), _) => match own {
                Some(own) => self.link(planned, case, scenario, own),
                None => Err(NotPassed::Failed(lost("a process of its own"))),
            },
        };
        match result {
            Ok(()) => Verdict::Passed,
            Err(NotPassed::Failed(failed)) => Verdict::Failed(failed),
            Err(NotPassed::LeftOut(lacking)) => Verdict::LeftOut(lacking),
        }
    }

    /// The port of an index.
    pub(super) fn port(&self, index: Option<usize>) -> Result<&'a Contestant, NotPassed> {
        let port = index.and_then(|index| self.ports.get(index));
        port.ok_or_else(|| NotPassed::Failed(lost("the port")))
    }

    fn decode(&self, planned: Planned, case: &Case, decode: &DecodeCase) -> Result<(), NotPassed> {
        let port = self.port(planned.consumer)?;
        able(case, Part::Consumer, port)?;
        // What comes over a wire is bytes, and many implementations read them by another way than text.
        for request in decode.requests() {
            let is_bytes = matches!(request.message, Message::Base64(_));
            self.read(port, decode, request).map_err(|why| match why {
                NotPassed::Failed(failed) if is_bytes => NotPassed::Failed(as_bytes(failed)),
                other => other,
            })?;
        }
        Ok(())
    }

    fn read(
        &self,
        port: &Contestant,
        decode: &DecodeCase,
        request: Decode,
    ) -> Result<(), NotPassed> {
        let outcome = ask(&mut port.consumer(), Operation::Decode(request))?;
        let leniency = Leniency::between(&[&port.abilities]);
        read_as(&decode.expect, &outcome, leniency).map_err(different)?;
        match (&decode.canonical, &outcome) {
            (Some(canonical), Outcome::Decoded(decoded))
                if port.abilities.has(crate::protocol::Capability::Rewrite) =>
            {
                let written = decoded.written.as_deref().unwrap_or_default();
                judge::message(canonical, written, &self.surroundings()).map_err(different)
            }
            _ => Ok(()),
        }
    }

    fn encode(&self, planned: Planned, case: &Case, encode: &EncodeCase) -> Result<(), NotPassed> {
        let port = self.port(planned.producer)?;
        able(case, Part::Producer, port)?;
        let outcome = self.make(port, encode)?;
        if let (Outcome::Encoded(encoded), Some(producer)) = (&outcome, planned.producer) {
            self.keep(planned.case, producer, &encoded.message);
        }
        self.made_as(&encode.expect, &outcome)
    }

    fn answer(&self, planned: Planned, case: &Case, answer: &AnswerCase) -> Result<(), NotPassed> {
        let port = self.port(planned.producer)?;
        able(case, Part::Producer, port)?;
        let mut session = port.producer();
        let outcome = ask(&mut session, Operation::Answer(answer.request.clone()))?;
        let leniency = Leniency::between(&[&port.abilities]);
        self.made_as(&answer.expect, &outcome)?;
        // What it says is read by the implementation itself; the matrix has the rest.
        if let (Some(received), Outcome::Encoded(encoded)) = (&answer.expect.received, &outcome) {
            let request = Operation::Decode(plain(encoded.message.clone(), None));
            return received_as(received, &ask(&mut session, request)?, leniency);
        }
        Ok(())
    }

    fn matrix(&self, planned: Planned, case: &Case, encode: &EncodeCase) -> Result<(), NotPassed> {
        let (producer, consumer) = (self.port(planned.producer)?, self.port(planned.consumer)?);
        able(case, Part::Producer, producer)?;
        able(case, Part::Consumer, consumer)?;
        let Some(received) = &encode.expect.received else {
            return Ok(());
        };
        let linked = has_links(received);
        let message = if linked && encode.is_one_shot() {
            // The first download takes the file away.
            message_of(self.make(producer, encode)?)?
        } else {
            self.kept(planned).ok_or_else(|| {
                let nothing = Difference::new("message", "one from the producer", "none");
                NotPassed::Failed(Failed::new(nothing))
            })?
        };
        let files = linked.then(|| self.places.fileserver.clone());
        let request = Operation::Decode(plain(message, files));
        let outcome = ask(&mut consumer.consumer(), request)?;
        let ends = Leniency::between(&[&producer.abilities, &consumer.abilities]);
        received_as(received, &outcome, ends)
    }

    /// What a producer makes of a case, in a process of its own if the case has an environment.
    pub(super) fn make(
        &self,
        port: &Contestant,
        encode: &EncodeCase,
    ) -> Result<Outcome, NotPassed> {
        let request = self.request(encode)?;
        if encode.has_environment() {
            let variables = encode.environment(&self.places);
            let mut own = port.producer().with_environment(variables);
            let outcome = ask(&mut own, Operation::Encode(request))?;
            own.stop().map_err(|breakdown| broken("stop", breakdown))?;
            return Ok(outcome);
        }
        ask(&mut port.producer(), Operation::Encode(request))
    }

    pub(super) fn request(&self, encode: &EncodeCase) -> Result<Encode, NotPassed> {
        encode.request(&self.places).map_err(|error| {
            let broken = Difference::new("case", "a request of the protocol", error);
            NotPassed::Failed(Failed::new(broken))
        })
    }

    fn made_as(&self, expected: &Made, outcome: &Outcome) -> Result<(), NotPassed> {
        match (outcome, &expected.error) {
            (Outcome::Encoded(encoded), None) => match &expected.message {
                Some(template) => judge::message(template, &encoded.message, &self.surroundings())
                    .map_err(different),
                None => Ok(()),
            },
            (Outcome::Error(refused), Some(error)) => {
                judge::refusal(error, &refused.report).map_err(different)
            }
            (other, Some(error)) => Err(unexpected(&wanted(error), other)),
            (other, None) => Err(unexpected("a message", other)),
        }
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            fileserver: self.places.fileserver.clone(),
            now: SystemTime::now(),
        }
    }

    fn keep(&self, case: usize, producer: usize, message: &str) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.insert((case, producer), message.to_owned());
    }

    fn kept(&self, planned: Planned) -> Option<String> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(&(planned.case, planned.producer?)).cloned()
    }
}

/// Something that the runner itself has to have.
pub(super) fn lost(what: &str) -> Failed {
    Failed::new(Difference::new("run", what, "none"))
}

/// Leaves the case out where the port lacks what it needs.
pub(super) fn able(case: &Case, part: Part, port: &Contestant) -> Result<(), NotPassed> {
    match missing(case, part, &port.abilities) {
        Some(lacking) => Err(NotPassed::LeftOut(lacking)),
        None => Ok(()),
    }
}

/// One request.
pub(super) fn ask(session: &mut Session, operation: Operation) -> Result<Outcome, NotPassed> {
    ask_for(session, operation, Duration::ZERO)
}

/// One request that may take longer.
pub(super) fn ask_for(
    session: &mut Session,
    operation: Operation,
    more: Duration,
) -> Result<Outcome, NotPassed> {
    session
        .ask(operation, more)
        .map_err(|breakdown| broken("adapter", breakdown))
}

pub(super) fn broken(place: &str, breakdown: Breakdown) -> NotPassed {
    NotPassed::Failed(failed(place, breakdown))
}

pub(super) fn different(difference: Difference) -> NotPassed {
    NotPassed::Failed(Failed::new(difference))
}

fn as_bytes(mut failed: Failed) -> Failed {
    failed.difference.place = format!("as bytes, {}", failed.difference.place);
    failed
}

/// Another kind of outcome than the one that must come.
pub(super) fn unexpected(wanted: &str, outcome: &Outcome) -> NotPassed {
    different(Difference::new("outcome", wanted, told(outcome)))
}

pub(super) fn message_of(outcome: Outcome) -> Result<String, NotPassed> {
    match outcome {
        Outcome::Encoded(encoded) => Ok(encoded.message),
        other => Err(unexpected("a message", &other)),
    }
}

/// What a consumer must make of a message, held against what it made.
pub(super) fn received_as(
    expected: &Received,
    outcome: &Outcome,
    leniency: Leniency,
) -> Result<(), NotPassed> {
    match outcome {
        Outcome::Decoded(decoded) => {
            judge::received(expected, decoded, leniency).map_err(different)
        }
        other => Err(unexpected("a message that was read", other)),
    }
}

pub(super) fn has_links(received: &Received) -> bool {
    let mut payloads = received.payloads.iter().flatten();
    payloads.any(|payload| payload.transport == "link")
}

/// A message that is read with all defaults.
fn plain(message: String, fileserver_url: Option<String>) -> Decode {
    Decode {
        message: Message::Text(message),
        allowed_origins: None,
        max_message_bytes: None,
        max_payloads: None,
        fileserver_url,
        handler: None,
        into_folder: None,
        transfer: Transfer::default(),
    }
}

fn read_as(expected: &Expect, outcome: &Outcome, leniency: Leniency) -> Result<(), Difference> {
    let unexpected = |wanted: &str| Err(Difference::new("outcome", wanted, told(outcome)));
    match (expected, outcome) {
        (Expect::Ok(received), Outcome::Decoded(decoded)) => {
            judge::received(received, decoded, leniency)
        }
        (Expect::Ok(_), _) => unexpected("a message that was read"),
        (Expect::Error(error), Outcome::Error(refused)) => judge::refusal(error, &refused.report),
        (Expect::Error(error), _) => unexpected(&wanted(error)),
        (Expect::Pending(links), Outcome::Error(refused)) => {
            asked_for(links, &refused.report, &refused.asked)
        }
        (Expect::Pending(_), _) => unexpected("DOWNLOAD_FAILED in phase fetch"),
        (Expect::Any(verdicts), _) => {
            let mut first = None;
            for verdict in verdicts {
                match read_as(verdict, outcome, leniency) {
                    Ok(()) => return Ok(()),
                    Err(difference) => first = first.or(Some(difference)),
                }
            }
            first.map_or(Ok(()), Err)
        }
    }
}

/// The handler knows no link, so reading fails; it must have been asked for the first one, and for nothing but links.
fn asked_for(
    links: &[String],
    report: &serde_json::Map<String, Value>,
    asked: &[String],
) -> Result<(), Difference> {
    let failed = crate::case::ExpectedError {
        code: "DOWNLOAD_FAILED".to_owned(),
        phase: "fetch".to_owned(),
        pointer: None,
        dataname: None,
        details: serde_json::Map::new(),
        about: serde_json::Map::new(),
        names: Vec::new(),
        hides: Vec::new(),
    };
    judge::refusal(&failed, report)?;
    let has_first = links.first().is_some_and(|first| asked.contains(first));
    if has_first && asked.iter().all(|url| links.contains(url)) {
        return Ok(());
    }
    let wanted = format!("the first and none but these: {links:?}");
    Err(Difference::new("asked", wanted, format!("{asked:?}")))
}

fn wanted(error: &crate::case::ExpectedError) -> String {
    format!("{} in phase {}", error.code, error.phase)
}

/// An outcome in few words.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Error(refused) => judge::show(&refused.report),
        Outcome::Unsupported(capability) => {
            let name = capability_name(*capability);
            format!("unsupported: {name}, though it has declared it or the case does not need it")
        }
        Outcome::Encoded(encoded) => format!("a message: {}", encoded.message),
        Outcome::Decoded(decoded) => format!("a message that was read: {}", contents(decoded)),
        other => adapter::name(other).to_owned(),
    }
}

fn contents(decoded: &Decoded) -> String {
    let payloads = decoded.payloads.iter().map(|payload| {
        let value = judge::show_value(&payload.value);
        format!("{:?} {} {value}", payload.dataname, payload.payload_type)
    });
    let payloads: Vec<String> = payloads.take(5).collect();
    match decoded.payloads.len() {
        0 => "no payloads".to_owned(),
        _ => payloads.join("; "),
    }
}
