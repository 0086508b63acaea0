//! An event as one line: in the form of the walkthrough, or as JSON.
//!
//! Only the members of [`FIELDS`] and the event's own sentence are shown. Whatever else an event carries, in a dependency's
//! module for instance, might hold a password.

use std::fmt::{self, Write as _};

use natsbridge::now;
use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::output::one_line;

/// What a line of JSON may have of the message it is about (NFR-401), in its order. The seventh, `timestamp`, is when the
/// line was written, and stands in every line.
const FIELDS: [&str; 6] = [
    "correlation_id",
    "msg_id",
    "sender_name",
    "receiver_name",
    "payload_type",
    "transport",
];

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `[time] [Correlation: id] sentence`
    Text,
    /// One object a line: `timestamp`, `level`, what there is of [`FIELDS`], `message`.
    Json,
}

/// Writes each event as one line, with what the event and the spans around it say of the message.
#[derive(Debug)]
pub(super) struct Lines<W> {
    form: Form,
    write: W,
}

impl<W: Fn(&str)> Lines<W> {
    /// `write` gets each line as a whole, with its line feed.
    pub(super) fn new(form: Form, write: W) -> Self {
        Lines { form, write }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(said);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(said) = span.extensions_mut().get_mut::<Said>()
        {
            values.record(said);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Said>() {
                said.complete(outer);
            }
        }
        let time = now().to_string();
        (self.write)(&match self.form {
            Form::Text => said.text(&time),
            Form::Json => said.json(&time, *event.metadata().level()),
        });
    }
}

/// What an event or a span says.
#[derive(Debug, Default)]
struct Said {
    sentence: String,
    fields: [Option<String>; FIELDS.len()],
}

impl Said {
    /// Takes what is not said here from further out.
    fn complete(&mut self, outer: &Said) {
        for (own, outer) in self.fields.iter_mut().zip(&outer.fields) {
            if own.is_none() {
                own.clone_from(outer);
            }
        }
    }

    fn text(&self, time: &str) -> String {
        let [correlation_id, ..] = &self.fields;
        let correlation = correlation_id.as_ref().map_or_else(String::new, |id| {
            format!("[Correlation: {}] ", one_line(id))
        });
        format!("[{time}] {correlation}{}\n", one_line(&self.sentence))
    }

    fn json(self, time: &str, level: Level) -> String {
        let mut members = Map::new();
        let mut member = |name: &str, value: String| {
            members.insert(name.to_owned(), Json::String(value));
        };
        member("timestamp", time.to_owned());
        member("level", level.as_str().to_ascii_lowercase());
        for (name, value) in FIELDS.into_iter().zip(self.fields) {
            if let Some(value) = value {
                member(name, value);
            }
        }
        member("message", self.sentence);
        format!("{}\n", Json::Object(members))
    }

    fn set(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let place = match field.name() {
            "message" => &mut self.sentence,
            name => match FIELDS.iter().position(|known| *known == name) {
                Some(index) => match self.fields.get_mut(index) {
                    Some(place) => place.insert(String::new()),
                    None => return,
                },
                None => return,
            },
        };
        place.clear();
        // Writing to a String fails only where a value's own formatting does; what it wrote until then stays.
        let _ = place.write_fmt(value);
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.set(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::field::Empty;
    use tracing::subscriber::with_default;
    use tracing::{info, info_span, warn};
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::registry;

    use super::*;

    fn lines(form: Form, work: impl FnOnce()) -> Vec<String> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let lines = Lines::new(form, move |line: &str| {
            sink.lock().expect("no panic").push(line.to_owned());
        });
        with_default(registry().with(lines), work);
        let written = written.lock().expect("no panic");
        written.clone()
    }

    fn send() {
        let span =
            info_span!("smartsend", correlation_id = "abc", msg_id = Empty, sender_name = %"us");
        let _in = span.enter();
        info!(
            connect_info = "password=hunter2",
            "Starting for {}", "chat.room"
        );
        span.record("msg_id", "m-1");
        let payload = info_span!("payload", payload_type = "text", transport = "link");
        let _in = payload.enter();
        warn!(transport = "direct", receiver_name = ?"", "upload \u{1b}[2Jfailed\n[forged] line");
    }

    #[test]
    fn text_is_the_form_of_the_walkthrough() {
        let lines = lines(Form::Text, send);
        let rest: Vec<_> = lines
            .iter()
            .map(|line| line.split_at("[2026-03-13T07:02:50.443Z] ".len()))
            .collect();
        assert_eq!(rest[0].1, "[Correlation: abc] Starting for chat.room\n");
        assert_eq!(
            rest[1].1,
            "[Correlation: abc] upload \\u{1b}[2Jfailed\\n[forged] line\n"
        );
        for (time, _) in rest {
            let time = time.trim_start_matches('[').trim_end_matches("] ");
            assert!(
                time.parse::<natsbridge::wire::Timestamp>().is_ok(),
                "{time}"
            );
        }
        let lines = super::tests::lines(Form::Text, || info!("no message is near"));
        assert!(lines[0].ends_with("Z] no message is near\n"), "{lines:?}");
    }

    #[test]
    fn json_has_the_required_members_and_no_others() {
        let lines = lines(Form::Json, send);
        let objects: Vec<Map<String, Json>> = lines
            .iter()
            .map(|line| serde_json::from_str(line).expect("one object a line"))
            .collect();
        let names = |index: usize| {
            objects[index]
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(0),
            [
                "timestamp",
                "level",
                "correlation_id",
                "sender_name",
                "message"
            ]
        );
        assert_eq!(
            names(1),
            [
                "timestamp",
                "level",
                "correlation_id",
                "msg_id",
                "sender_name",
                "receiver_name",
                "payload_type",
                "transport",
                "message"
            ]
        );
        assert_eq!(objects[0]["level"], "info");
        assert_eq!(objects[0]["message"], "Starting for chat.room");
        assert_eq!(objects[0]["sender_name"], "us");
        assert_eq!(objects[1]["level"], "warn");
        assert_eq!(objects[1]["msg_id"], "m-1");
        // The event's own value counts, not that of a span around it.
        assert_eq!(objects[1]["transport"], "direct");
        assert_eq!(
            objects[1]["message"],
            "upload \u{1b}[2Jfailed\n[forged] line"
        );
        assert!(lines.iter().all(|line| line.lines().count() == 1));
    }
}
