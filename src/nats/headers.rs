//! NATS headers: those of the protocol, those of a trace, and the caller's own.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use tracing::Span;

use crate::error::Error;
use crate::io::observe;

/// The `msg_id`, under the name by which NATS itself tells repeats.
pub(super) const MSG_ID: &str = "Nats-Msg-Id";

/// The W3C trace context (<https://www.w3.org/TR/trace-context/>), which an answer takes over from the message.
pub(super) const TRACE: [&str; 2] = ["traceparent", "tracestate"];

/// The caller's headers as NATS takes them.
///
/// # Errors
///
/// INVALID_ENVELOPE naming the header that NATS cannot carry, or that the bridge writes itself.
pub(super) fn checked(given: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if name.eq_ignore_ascii_case(MSG_ID) {
            let message =
                format!("the header {MSG_ID} is the msg_id; pass that as an argument instead");
            return Err(Error::argument(message));
        }
        let header: HeaderName = name.parse().map_err(|error| {
            Error::argument(format!("the header name {name:?} cannot be sent: {error}"))
        })?;
        // The value may be a secret.
        let value: HeaderValue = value.parse().map_err(|error| {
            Error::argument(format!(
                "the value of the header {name:?} cannot be sent: {error}"
            ))
        })?;
        headers.append(header, value);
    }
    Ok(headers)
}

/// The headers of an answer to a message that came with these.
pub(super) fn of_answer(headers: &HeaderMap) -> HeaderMap {
    let mut answer = HeaderMap::new();
    for name in TRACE {
        for value in headers.get_all(name) {
            answer.append(name, value.clone());
        }
    }
    answer
}

/// The inherited headers, but for those of which the caller gives new values, and the caller's.
pub(super) fn merged(inherited: HeaderMap, own: &HeaderMap) -> HeaderMap {
    let mut merged = inherited;
    for (name, values) in own.iter() {
        let mut values = values.iter();
        if let Some(first) = values.next() {
            merged.insert(name.clone(), first.clone());
        }
        for value in values {
            merged.append(name.clone(), value.clone());
        }
    }
    merged
}

/// The trace context of the current span, where there is one and the caller gives no other.
pub(super) fn add_trace(headers: &mut HeaderMap) {
    let [traceparent, tracestate] = TRACE;
    if headers.get(traceparent).is_some() {
        return;
    }
    if let Some((parent, state)) = observe::trace_context() {
        headers.insert(traceparent, parent);
        if let Some(state) = state {
            headers.insert(tracestate, state);
        }
    }
}

/// The span of a received message, part of the trace that its headers name.
pub(super) fn receiving(headers: &HeaderMap) -> Span {
    let span = observe::receiving();
    let [traceparent, tracestate] = TRACE;
    if let Some(parent) = headers.get(traceparent) {
        let state = headers.get(tracestate).map(|state| state.as_str());
        observe::continue_trace(&span, parent.as_str(), state);
    }
    span
}

/// The bytes that the headers take on the wire: `NATS/1.0`, one line for each value, an empty line.
pub(super) fn length(headers: &HeaderMap) -> u64 {
    const FRAME: usize = "NATS/1.0\r\n".len() + "\r\n".len();
    const LINE: usize = ": ".len() + "\r\n".len();
    let lines = headers.iter().map(|(name, values)| {
        let values = values
            .iter()
            .map(|value| AsRef::<str>::as_ref(name).len() + LINE + value.as_str().len());
        values.sum::<usize>()
    });
    (FRAME + lines.sum::<usize>()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_the_lines() {
        let mut headers = HeaderMap::new();
        headers.append("A", "b");
        headers.append("A", "cd");
        headers.append("Ef", "");
        let lines = "NATS/1.0\r\nA: b\r\nA: cd\r\nEf: \r\n\r\n";
        assert_eq!(length(&headers), lines.len() as u64);
    }

    #[test]
    fn what_nats_cannot_carry_is_named() {
        let refused = |name: &str, value: &str| {
            let given = [(name.to_owned(), value.to_owned())];
            checked(&given).expect_err(name).to_string()
        };
        assert!(refused("a b", "c").contains("\"a b\""));
        assert!(refused("a", "b\r\nsecret: d").contains("\"a\""));
        assert!(!refused("a", "b\r\nsecret: d").contains("secret"));
        assert!(refused("nats-msg-id", "1").contains("msg_id"));
    }
}
