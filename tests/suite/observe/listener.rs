//! A subscriber that remembers the spans and events of the thread that it was started on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Listens until it is dropped.
pub(super) struct Listener {
    heard: Heard,
    _guard: DefaultGuard,
}

/// A span or an event.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) target: String,
    pub(super) level: Level,
    /// The sentence of an event.
    pub(super) message: String,
    /// The span that an event is in, or none.
    pub(super) span: String,
    fields: BTreeMap<&'static str, String>,
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Hearing>>);

/// What was heard, in its order.
#[derive(Default)]
struct Hearing {
    spans: Vec<(Id, Told)>,
    events: Vec<Told>,
}

impl Listener {
    pub(super) fn start() -> Self {
        let heard = Heard::default();
        let subscriber = Registry::default().with(heard.clone());
        Listener {
            heard,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(super) fn spans(&self) -> Vec<Told> {
        let spans = &self.heard.lock().spans;
        let own = spans.iter().map(|(_, told)| told);
        own.filter(|told| told.target == "natsbridge")
            .cloned()
            .collect()
    }

    pub(super) fn events(&self) -> Vec<Told> {
        let events = &self.heard.lock().events;
        let own = events.iter();
        own.filter(|told| told.target.starts_with("natsbridge"))
            .cloned()
            .collect()
    }

    /// The sentences of all warnings.
    pub(super) fn warnings(&self) -> Vec<String> {
        let events = self.events().into_iter();
        events
            .filter(|told| told.level == Level::WARN)
            .map(|told| told.message)
            .collect()
    }
}

impl Told {
    fn of(metadata: &tracing::Metadata<'_>) -> Self {
        Told {
            name: metadata.name().to_owned(),
            target: metadata.target().to_owned(),
            level: *metadata.level(),
            message: String::new(),
            span: String::new(),
            fields: BTreeMap::new(),
        }
    }

    /// The names of the fields that have a value.
    pub(super) fn names(&self) -> BTreeSet<&'static str> {
        self.fields.keys().copied().collect()
    }

    #[track_caller]
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => {
                self.fields.insert(name, format!("{value:?}"));
            }
        }
    }
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, Hearing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Heard {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut told = Told::of(attributes.metadata());
        attributes.record(&mut told);
        self.lock().spans.push((id.clone(), told));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        // An id may come again once its span is closed, so the last counts.
        let mut heard = self.lock();
        if let Some((_, told)) = heard.spans.iter_mut().rev().find(|(known, _)| known == id) {
            values.record(told);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut told = Told::of(event.metadata());
        event.record(&mut told);
        if let Some(span) = context.event_span(event) {
            told.span = span.name().to_owned();
        }
        self.lock().events.push(told);
    }
}
