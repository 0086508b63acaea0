//! What a case needs of an implementation.

use super::decode::Expect;
use super::{Abilities, Body, Case};
use crate::protocol::Capability;
use crate::strict;

/// What the implementation lacks for its part in the case, as a name; `None` if nothing.
pub(crate) fn missing(case: &Case, part: Part, abilities: &Abilities) -> Option<String> {
    let needed = needed(case, part);
    if let Some(lacking) = needed
        .iter()
        .find(|capability| !abilities.has(**capability))
    {
        return Some(name(*lacking));
    }
    match &case.body {
        Body::Decode(decode) => match &decode.payload_types {
            Some(types) => {
                let mut theirs = types.clone();
                let mut ours = abilities.payload_types.clone();
                theirs.sort();
                ours.sort();
                (theirs != ours).then(|| "other payload types".to_owned())
            }
            None => None,
        },
        Body::Encode(encode) if part == Part::Consumer => {
            let payloads = encode
                .expect
                .received
                .iter()
                .flat_map(|received| &received.payloads);
            let mut payloads = payloads.flatten();
            payloads.find_map(|payload| {
                if !abilities.transports.contains(&payload.transport) {
                    Some(payload.transport.clone())
                } else if !abilities.payload_types.contains(&payload.payload_type) {
                    Some(payload.payload_type.clone())
                } else {
                    None
                }
            })
        }
        _ => None,
    }
}

/// Which end of a message an implementation is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Producer,
    Consumer,
    /// Both ends over NATS.
    LiveProducer,
    LiveConsumer,
}

/// Its name in the protocol.
pub(crate) fn name(capability: Capability) -> String {
    match serde_json::to_value(capability) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{capability:?}"),
    }
}

fn needed(case: &Case, part: Part) -> Vec<Capability> {
    let mut needed = Vec::new();
    let named = |names: &[String], needed: &mut Vec<Capability>| {
        for name in names {
            // The schema of the cases lists the names that there are.
            if let Ok(capability) = strict::typed(serde_json::Value::String(name.clone())) {
                needed.push(capability);
            }
        }
    };
    match (&case.body, part) {
        (Body::Decode(decode), _) => {
            named(&decode.needs, &mut needed);
            if matches!(decode.expect, Expect::Pending(_)) {
                needed.push(Capability::Link);
            }
        }
        (Body::Encode(encode), Part::Producer | Part::LiveProducer) => {
            named(&encode.needs, &mut needed);
            if encode.has_environment() {
                needed.push(Capability::Environment);
            }
            if encode.uploads() {
                needed.push(Capability::Link);
            }
        }
        (Body::Link(scenario), _) => needed.extend(&scenario.needs),
        (Body::Answer(_), _) => needed.push(Capability::Answers),
        (Body::Delivery(delivery), part) => {
            if delivery.uploads() {
                needed.push(Capability::Link);
            }
            if matches!(part, Part::Producer | Part::LiveProducer) {
                needed.push(Capability::Deliver);
            } else if delivery.receiver.answer().is_some() {
                needed.push(Capability::Answers);
            }
        }
        _ => {}
    }
    if matches!(part, Part::LiveProducer | Part::LiveConsumer) {
        needed.push(Capability::Nats);
    }
    needed
}
