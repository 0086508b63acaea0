//! The rules of a message that no schema states, and the order in which its faults count (W7.1).

use crate::check::{MOST, Violation, violations};
use crate::content::depth;
use crate::generated::{
    ENVELOPE_MEMBERS, JSON_MAX_DEPTH, PAYLOAD_MEMBERS, PAYLOAD_METADATA_MEMBERS,
};
use crate::json::{Node, Object};
use crate::link::{Link, Origin};
use crate::part::Part;
use crate::reach::Reach;
use crate::wire::{Encoding, ErrorCode, PayloadType, Transport};

/// What a receiver holds a message against, beyond the schema.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) max_payloads: u64,
    pub(crate) allowed_origins: Vec<Origin>,
    pub(crate) reach: Reach,
}

impl Policy {
    /// Whether a link may lead there. Of a name it is known only once it is resolved.
    fn allows(&self, origin: &Origin) -> bool {
        self.allowed_origins.contains(origin)
            || (self.reach.is_open()
                && origin
                    .address()
                    .is_none_or(|address| self.reach.allows(address)))
    }
}

/// Everything that is wrong with an envelope that was received; of the schema's and of the other faults the first 1,000 each, so
/// that the very first is always among them.
pub(crate) fn incoming(envelope: &Node<'_>, policy: &Policy) -> Vec<Violation> {
    let mut found = violations(envelope);
    let Some(payloads) = payloads(envelope) else {
        return found;
    };
    let of_schema = found.len();
    found.extend(too_many(payloads.len(), policy.max_payloads));
    for (index, payload) in payloads.iter().enumerate() {
        if found.len() - of_schema >= MOST {
            break;
        }
        if let Node::Object(payload) = payload {
            found.extend(unsupported(index, payload));
            found.extend(size_mismatch(index, payload));
            found.extend(link(index, payload, policy));
        }
    }
    found
}

/// Everything that is wrong with the arguments of a message to be sent. `envelope` is what they would become.
pub(crate) fn outgoing(envelope: &Node<'_>, parts: &[Part], max_payloads: u64) -> Vec<Violation> {
    /// The envelope alone is open around its metadata; around a payload's there are the list and the payload as well.
    const AROUND: [u64; 2] = [1, 3];
    let mut found = violations(envelope);
    found.extend(too_many(parts.len(), max_payloads));
    if let Node::Object(envelope) = envelope {
        found.extend(too_deep(
            "/metadata".to_owned(),
            envelope.get("metadata"),
            AROUND[0],
        ));
    }
    found.extend(doubtful_broker(envelope));
    let payloads = payloads(envelope).unwrap_or_default();
    for (index, (payload, part)) in payloads.iter().zip(parts).enumerate() {
        let Node::Object(payload) = payload else {
            continue;
        };
        found.extend(unsupported(index, payload));
        found.extend(too_deep(
            format!("/payloads/{index}/metadata"),
            payload.get("metadata"),
            AROUND[1],
        ));
        for name in PAYLOAD_METADATA_MEMBERS {
            if part.metadata.contains_key(*name) {
                found.push(Violation::of_rule(
                    format!("/payloads/{index}/metadata/{name}"),
                    ErrorCode::InvalidEnvelope,
                    "metadata without the reserved names payload_bytes and sha256",
                    *name,
                    "W1.13",
                ));
            }
        }
    }
    found
}

/// An `@` that is left once user-info was removed: a password with `/`, `?` or `#` in it would go out as a path.
fn doubtful_broker(envelope: &Node<'_>) -> Option<Violation> {
    let Node::Object(envelope) = envelope else {
        return None;
    };
    let urls = envelope.get("broker_url")?.as_str()?;
    urls.contains('@').then(|| {
        Violation::of_rule(
            "/broker_url",
            ErrorCode::InvalidEnvelope,
            "URLs without @ behind the host; / ? # @ in a password are percent-encoded",
            format!("a string of {} bytes", urls.len()),
            "W1.8",
        )
    })
}

/// The violation that decides: the first by envelope member in schema order, then by payload, by its member, and by that of
/// its metadata.
pub(crate) fn first(found: &mut [Violation]) -> Option<&Violation> {
    found.sort_by_key(|violation| position(violation.pointer()));
    found.first()
}

/// The index of the payload that a violation is about.
pub(crate) fn payload_of(violation: &Violation) -> Option<usize> {
    let mut tokens = violation.pointer().split('/').skip(1);
    match (tokens.next(), tokens.next()) {
        (Some("payloads"), Some(index)) => index.parse().ok(),
        _ => None,
    }
}

fn position(pointer: &str) -> [usize; 4] {
    let mut tokens = pointer.split('/').skip(1);
    let rank = |members: &[&str], token: Option<&str>| match token {
        None => 0,
        Some(token) => {
            1 + members
                .iter()
                .position(|member| *member == token)
                .unwrap_or(members.len())
        }
    };
    let member = rank(ENVELOPE_MEMBERS, tokens.next());
    let payload = tokens
        .next()
        .and_then(|index| index.parse().ok())
        .map_or(0, |index: usize| index + 1);
    [
        member,
        payload,
        rank(PAYLOAD_MEMBERS, tokens.next()),
        rank(PAYLOAD_METADATA_MEMBERS, tokens.next()),
    ]
}

fn payloads<'a, 'b>(envelope: &'b Node<'a>) -> Option<&'b [Node<'a>]> {
    match envelope {
        Node::Object(envelope) => match envelope.get("payloads") {
            Some(Node::Array(payloads)) => Some(payloads),
            _ => None,
        },
        _ => None,
    }
}

fn too_many(payloads: usize, max_payloads: u64) -> Option<Violation> {
    (payloads as u64 > max_payloads).then(|| {
        Violation::of_rule(
            "/payloads",
            ErrorCode::InvalidEnvelope,
            format!("at most {max_payloads} payloads (max_payloads)"),
            payloads.to_string(),
            "W1.10",
        )
    })
}

fn too_deep(pointer: String, value: Option<&Node<'_>>, around: u64) -> Option<Violation> {
    let depth = depth(&serde_json::Value::from(value?.clone()));
    (depth + around > JSON_MAX_DEPTH).then(|| {
        let expected = format!(
            "at most {} arrays and objects within each other",
            JSON_MAX_DEPTH - around
        );
        Violation::of_rule(
            pointer,
            ErrorCode::InvalidEnvelope,
            expected,
            depth.to_string(),
            "W3.2",
        )
    })
}

/// A payload type that exists, but not in this build.
fn unsupported(index: usize, payload: &Object<'_>) -> Option<Violation> {
    let payload_type: PayloadType = payload.get("payload_type")?.as_str()?.parse().ok()?;
    (payload_type == PayloadType::Arrowtable && !cfg!(feature = "arrow")).then(|| {
        Violation::of_rule(
            format!("/payloads/{index}/payload_type"),
            ErrorCode::InvalidPayloadType,
            "a payload type of this build, which lacks the feature `arrow`",
            payload_type.as_str(),
            "W5",
        )
    })
}

fn size_mismatch(index: usize, payload: &Object<'_>) -> Option<Violation> {
    if payload.get("encoding")?.as_str() == Some(Encoding::Json.as_str()) {
        return None;
    }
    let Node::Object(metadata) = payload.get("metadata")? else {
        return None;
    };
    let (said, size) = (
        metadata.get("payload_bytes")?.as_size()?,
        payload.get("size")?.as_size()?,
    );
    (said != size).then(|| {
        Violation::of_rule(
            format!("/payloads/{index}/metadata/payload_bytes"),
            ErrorCode::SizeMismatch,
            format!("{size}, as in size"),
            said.to_string(),
            "W1.13",
        )
    })
}

fn link(index: usize, payload: &Object<'_>, policy: &Policy) -> Option<Violation> {
    if payload.get("transport")?.as_str() != Some(Transport::Link.as_str()) {
        return None;
    }
    let url = payload.get("data")?.as_str()?;
    let pointer = || format!("/payloads/{index}/data");
    match url.parse::<Link>() {
        // The schema's own pattern has told it already.
        Err(_) if !crate::generated::LINK.matches(url) => None,
        Err(reason) => Some(Violation::of_rule(
            pointer(),
            ErrorCode::InvalidEnvelope,
            "a link whose host is written literally",
            format!("{}: {reason}", crate::link::redact(url)),
            "W2.4",
        )),
        Ok(link) if policy.allows(link.origin()) => None,
        Ok(link) => {
            let listed: Vec<String> = policy
                .allowed_origins
                .iter()
                .map(Origin::to_string)
                .collect();
            let listed = if listed.is_empty() {
                "none".to_owned()
            } else {
                listed.join(", ")
            };
            let open = match policy.reach.is_open() {
                true => format!("{}, or ", policy.reach),
                false => String::new(),
            };
            Some(Violation::of_rule(
                pointer(),
                ErrorCode::UrlNotAllowed,
                format!("a link to {open}one of allowed_origins ({listed})"),
                link.origin().to_string(),
                "W6.5",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_count_in_schema_order_then_list_order() {
        let pointers = [
            "",
            "/correlation_id",
            "/send_to",
            "/metadata",
            "/payloads",
            "/payloads/0/id",
            "/payloads/0/transport",
            "/payloads/0/metadata",
            "/payloads/0/metadata/payload_bytes",
            "/payloads/0/metadata/sha256",
            "/payloads/1/id",
            "/payloads/10/id",
            "/other",
        ];
        let positions: Vec<_> = pointers.iter().map(|pointer| position(pointer)).collect();
        assert!(positions.is_sorted(), "{positions:?}");
    }
}
