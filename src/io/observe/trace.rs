//! The trace context of W3C, for NATS headers, and what OpenTelemetry calls the attributes of messaging.
#![cfg(feature = "nats")]

use tracing::Span;

use crate::wire::Envelope;

/// What is done with a message, as OpenTelemetry's conventions for messaging tell it apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    /// It is sent, once or until it is acknowledged.
    Publish,
    /// It is taken from the broker.
    Receive,
}

/// `traceparent`, and `tracestate` where there is one, of the current span (W3C Trace Context, sections 3.2 and 3.3). None
/// without a tracer that samples or drops it, and without the feature `otel`.
pub(crate) fn trace_context() -> Option<(String, Option<String>)> {
    #[cfg(feature = "otel")]
    let context = otel::trace_context();
    #[cfg(not(feature = "otel"))]
    let context = None;
    context
}

/// Makes a span that was not entered yet part of the trace that these headers name. It starts a trace of its own where they cannot
/// be read.
pub(crate) fn continue_trace(span: &Span, traceparent: &str, tracestate: Option<&str>) {
    #[cfg(feature = "otel")]
    otel::continue_trace(span, traceparent, tracestate);
    #[cfg(not(feature = "otel"))]
    let _ = (span, traceparent, tracestate);
}

/// Says on a span what is done with a message, whose text has `body` bytes and its NATS headers `headers`. Only OpenTelemetry
/// sees it: the fields of the span stay those of NFR-401.
pub(crate) fn describe_operation(
    span: &Span,
    operation: Operation,
    envelope: &Envelope,
    body: usize,
    headers: usize,
) {
    #[cfg(feature = "otel")]
    otel::describe_operation(span, operation, envelope, body, headers);
    #[cfg(not(feature = "otel"))]
    let _ = (span, operation, envelope, body, headers);
}

#[cfg(feature = "otel")]
mod otel {
    use std::collections::HashMap;

    use opentelemetry::Context;
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry::trace::TraceContextExt;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    use super::Operation;
    use crate::wire::Envelope;

    const TRACEPARENT: &str = "traceparent";
    const TRACESTATE: &str = "tracestate";

    pub(super) fn trace_context() -> Option<(String, Option<String>)> {
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(&Span::current().context(), &mut headers);
        let tracestate = headers.remove(TRACESTATE);
        let tracestate = tracestate.filter(|tracestate| !tracestate.is_empty());
        Some((headers.remove(TRACEPARENT)?, tracestate))
    }

    pub(super) fn continue_trace(span: &Span, traceparent: &str, tracestate: Option<&str>) {
        let mut headers = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        headers.extend(tracestate.map(|tracestate| (TRACESTATE.to_owned(), tracestate.to_owned())));
        let propagator = TraceContextPropagator::new();
        let parent = propagator.extract_with_context(&Context::new(), &headers);
        if parent.span().span_context().is_valid() {
            // It fails where no tracer listens, or where the span has begun: then it has a trace already.
            let _ = span.set_parent(parent);
        }
    }

    pub(super) fn describe_operation(
        span: &Span,
        operation: Operation,
        envelope: &Envelope,
        body: usize,
        headers: usize,
    ) {
        if span.is_disabled() {
            return;
        }
        let (name, kind) = match operation {
            Operation::Publish => ("publish", "send"),
            Operation::Receive => ("receive", "receive"),
        };
        let texts = [
            ("messaging.system", "nats".to_owned()),
            ("messaging.operation.name", name.to_owned()),
            ("messaging.operation.type", kind.to_owned()),
            ("messaging.destination.name", envelope.send_to.to_string()),
            ("messaging.message.id", envelope.msg_id.to_string()),
            (
                "messaging.message.conversation_id",
                envelope.correlation_id.to_string(),
            ),
        ];
        for (name, value) in texts {
            span.set_attribute(name, value);
        }
        let bytes = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        span.set_attribute("messaging.message.body.size", bytes(body));
        let all = body.saturating_add(headers);
        span.set_attribute("messaging.message.envelope.size", bytes(all));
    }
}

#[cfg(all(test, feature = "otel"))]
mod tests {
    use opentelemetry::trace::{SpanId, TracerProvider};
    use opentelemetry::{Key, KeyValue};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::io::observe::fields::span;
    use crate::{Draft, now};

    /// What `call` makes of spans.
    fn exported(call: impl FnOnce()) -> Vec<SpanData> {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, call);
        provider.force_flush().expect("spans in memory");
        exporter.get_finished_spans().expect("spans in memory")
    }

    fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
        let mut found = spans.iter().filter(|span| span.name == name);
        found.next().expect(name)
    }

    #[test]
    fn a_receiver_continues_the_trace_of_its_sender() {
        let mut headers = None;
        let sending = exported(|| {
            let span = span!("sending");
            headers = span.in_scope(trace_context);
        });
        let (traceparent, tracestate) = headers.expect("a trace context");
        assert_eq!(tracestate, None);
        let receiving = exported(|| {
            let span = span!("receiving");
            continue_trace(&span, &traceparent, Some("vendor=1,other=2"));
            let onwards = span.in_scope(trace_context).expect("a trace context");
            assert_eq!(onwards.1.as_deref(), Some("vendor=1,other=2"));
            assert_eq!(onwards.0[..36], traceparent[..36], "the same trace");
        });
        let (sender, receiver) = (named(&sending, "sending"), named(&receiving, "receiving"));
        let (sent, received) = (&sender.span_context, &receiver.span_context);
        assert_eq!(
            traceparent,
            format!("00-{}-{}-01", sent.trace_id(), sent.span_id())
        );
        assert_eq!(received.trace_id(), sent.trace_id());
        assert_eq!(receiver.parent_span_id, sent.span_id());
        assert_ne!(received.span_id(), sent.span_id());
    }

    #[test]
    fn headers_that_cannot_be_read_start_a_trace() {
        for traceparent in [
            "",
            "00-0-0-0",
            "\u{e9}",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let spans = exported(|| {
                let span = span!("receiving");
                continue_trace(&span, traceparent, None);
            });
            let span = named(&spans, "receiving");
            assert_eq!(span.parent_span_id, SpanId::INVALID, "{traceparent}");
            assert!(span.span_context.is_valid());
        }
    }

    #[test]
    fn without_a_tracer_there_is_no_context() {
        assert_eq!(trace_context(), None);
        let span = span!("alone");
        continue_trace(&span, "00-0-0-0", None);
    }

    #[test]
    fn a_span_has_the_attributes_of_messaging() {
        let draft = Draft::new("a.b", [("t", "x", "text")]);
        let outgoing = draft.encode(now(), &mut crate::new_id).expect("a draft");
        let envelope = outgoing.envelope();
        let spans = exported(|| {
            let span = span!("sending");
            describe_operation(&span, Operation::Publish, envelope, 300, 40);
        });
        let found = &named(&spans, "sending").attributes;
        let expected = [
            KeyValue::new("messaging.system", "nats"),
            KeyValue::new("messaging.operation.name", "publish"),
            KeyValue::new("messaging.operation.type", "send"),
            KeyValue::new("messaging.destination.name", "a.b"),
            KeyValue::new("messaging.message.id", envelope.msg_id.to_string()),
            KeyValue::new(
                "messaging.message.conversation_id",
                envelope.correlation_id.to_string(),
            ),
            KeyValue::new("messaging.message.body.size", 300),
            KeyValue::new("messaging.message.envelope.size", 340),
        ];
        for attribute in &expected {
            assert!(found.contains(attribute), "{attribute:?} in {found:#?}");
        }
        let messaging = |key: &Key| key.as_str().starts_with("messaging.");
        let found = found.iter().filter(|attribute| messaging(&attribute.key));
        assert_eq!(found.count(), expected.len());
    }
}
