//! The metrics that there are: the one list that the endpoint, the alerts and the dashboard are held to.
//!
//! No label names a subject, a URL or an id: the number of series does not grow with the traffic.

use metrics::{Label, Unit};

/// A metric, as Prometheus sees it.
#[derive(Debug)]
pub struct Metric {
    /// Its name, without the suffixes of a histogram's series.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The name and all values of each label.
    pub labels: &'static [(&'static str, &'static [&'static str])],
    /// What it says, in words.
    pub help: &'static str,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// How many took how long, in seconds.
    Histogram,
}

/// The upper bounds of a histogram's buckets, in seconds; 0.2 is the time that most messages have to keep (1.3 of the
/// requirements), 30 the time after which an attempt of a transfer is given up, 120 that after which a delivery is.
pub(super) const BUCKETS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
];

const DIRECTION: &[(&str, &[&str])] = &[("direction", &["upload", "download"])];

const PROBES: (&str, &[&str]) = ("kind", &["small", "10kb", "link"]);

/// What the library counts and measures, its bridge included (NFR-402).
pub const LIBRARY: &[Metric] = &[
    counter(
        "messages_sent_total",
        "Messages made for sending, or published.",
    ),
    counter("messages_received_total", "Messages received as a whole."),
    histogram(
        "file_upload_duration_seconds",
        "Time of uploads that succeeded, further attempts included.",
    ),
    histogram(
        "file_download_duration_seconds",
        "Time of downloads that succeeded, further attempts included.",
    ),
    Metric {
        labels: DIRECTION,
        ..counter(
            "retry_attempts_total",
            "Attempts of transfers after the first.",
        )
    },
    counter(
        "download_retry_exceeded_total",
        "Downloads that were given up after further attempts, or at the deadline.",
    ),
    counter(
        "slow_consumer_lost_total",
        "Messages lost because the subscriber did not keep up.",
    ),
    counter(
        "nats_reconnects_total",
        "Connections to the NATS server that were made again.",
    ),
    counter(
        "redeliveries_total",
        "Messages sent again because no acknowledgement came in time.",
    ),
    histogram(
        "delivery_duration_seconds",
        "Time from the first sending of a message to its acknowledgement.",
    ),
];

/// What `natsbridge probe` adds.
pub const PROBE: &[Metric] = &[
    Metric {
        labels: &[PROBES, ("outcome", &["ok", "late", "failed"])],
        ..counter("probe_messages_total", "Probes, by what became of them.")
    },
    Metric {
        labels: &[PROBES],
        ..histogram(
            "probe_duration_seconds",
            "Time from a probe's sending to its receipt.",
        )
    },
    Metric {
        name: "probe_within_target_ratio",
        kind: Kind::Gauge,
        labels: &[],
        help: "Share of probes that came back in time, from 0 to 1.",
    },
];

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: Kind::Counter,
        labels: &[],
        help,
    }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: Kind::Histogram,
        labels: &[],
        help,
    }
}

impl Metric {
    /// Makes the metric known to the process's recorder. Counters begin at 0 with all their labels, since the step from
    /// nothing to 1 is none that an alert could see.
    pub(super) fn begin(&self) {
        match self.kind {
            Kind::Counter => {
                metrics::describe_counter!(self.name, self.help);
                for labels in self.series() {
                    metrics::counter!(self.name, labels).increment(0);
                }
            }
            Kind::Gauge => metrics::describe_gauge!(self.name, self.help),
            Kind::Histogram => {
                metrics::describe_histogram!(self.name, Unit::Seconds, self.help);
            }
        }
    }

    /// Every combination of the labels' values.
    fn series(&self) -> Vec<Vec<Label>> {
        let extended = |series: Vec<Vec<Label>>,
                        (name, values): &(&'static str, &[&'static str])| {
            let with = |labels: &Vec<Label>, value: &&'static str| {
                let mut labels = labels.clone();
                labels.push(Label::from_static_parts(name, value));
                labels
            };
            let each = |labels: Vec<Label>| {
                values
                    .iter()
                    .map(move |value| with(&labels, value))
                    .collect::<Vec<_>>()
            };
            series.into_iter().flat_map(each).collect()
        };
        self.labels.iter().fold(vec![Vec::new()], extended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_a_metric_are_all_its_labels() {
        let [probe, ..] = PROBE else {
            panic!("there are metrics")
        };
        let series = probe.series();
        assert_eq!(series.len(), 9);
        let last = [
            Label::from_static_parts("kind", "link"),
            Label::from_static_parts("outcome", "failed"),
        ];
        assert_eq!(series.last().map(Vec::as_slice), Some(last.as_slice()));
        assert_eq!(counter("a", "b").series(), [Vec::new()]);
    }

    #[test]
    fn the_target_of_most_messages_is_a_bound_of_the_buckets() {
        assert!(BUCKETS.contains(&0.2));
        // The default deadline of a delivery.
        assert_eq!(BUCKETS.last(), Some(&120.0));
        assert!(BUCKETS.is_sorted());
    }
}
