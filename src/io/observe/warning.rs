//! What will probably not reach a receiver as its sender means it.

use std::net::IpAddr;

use super::fields::{Fields, shown, tell};
use crate::link::{Link, without_user_info};
use crate::wire::{Data, Envelope, Payload, Transport};

/// A link leads to this very machine, while the message goes to a broker elsewhere: once for each message.
pub(crate) fn loopback_link(envelope: &Envelope) {
    let local = |payload: &&Payload| match (&payload.data, payload.transport) {
        (Data::Text(url), Transport::Link) => is_loopback(url),
        _ => false,
    };
    let Some(payload) = envelope.payloads.iter().find(local) else {
        return;
    };
    if envelope.broker_url.is_empty() || envelope.broker_url.split(',').any(is_loopback) {
        return;
    }
    let origin = match &payload.data {
        Data::Text(url) => url.parse::<Link>().map(|link| link.origin().to_string()),
        _ => return,
    };
    tell!(
        WARN,
        Fields::of_payload(envelope, payload),
        "The link of payload '{}' leads to {}, which only this machine reaches, and the broker is elsewhere",
        shown(&payload.dataname),
        origin.unwrap_or_default()
    );
}

/// A message for everyone links to what only the first receiver can fetch.
pub(crate) fn broadcast_by_oneshot(envelope: &Envelope) {
    let linked = |payload: &&Payload| payload.transport == Transport::Link;
    let broadcast = envelope.receiver_name.is_empty() && envelope.receiver_id.0.is_none();
    let Some(payload) = envelope.payloads.iter().find(linked).filter(|_| broadcast) else {
        return;
    };
    tell!(
        WARN,
        Fields::of_payload(envelope, payload),
        "Payload '{}' can be fetched only once, and the message names no receiver: one of several gets it",
        shown(&payload.dataname)
    );
}

/// Whether the URL, of whatever scheme, leads to the machine that it is read on.
fn is_loopback(url: &str) -> bool {
    let bare = without_user_info(url);
    let rest = bare.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let inner = name.trim_start_matches('[').trim_end_matches(']');
    match inner.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        // RFC 6761 section 6.3.
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_elsewhere() {
        for url in [
            "http://localhost:8080/x",
            "nats://LOCALHOST",
            "nats://u:p@localhost:4222",
            "tls://a.localhost.",
            "http://127.0.0.1/",
            "ws://127.9.9.9:80/x",
            "http://[::1]:8080/x",
            "nats://[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://a/localhost",
            "nats://localhost.example",
            "nats://localhost@a:4222",
            "http://128.0.0.1",
            "http://[::2]/",
            "localhost",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
