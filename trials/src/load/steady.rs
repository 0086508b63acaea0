//! The steady load: a schedule that waits for nobody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use natsbridge::{Bridge, Subscription};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Ground, number_of, numbered};
use crate::failure::Failure;
use crate::report::{Report, Target};

/// A load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steady {
    pub(super) connections: u32,
    /// Messages a second, over all connections.
    pub(super) rate: u32,
    pub(super) seconds: u32,
    pub(super) size: usize,
    /// One in so many goes by link; 0 for none.
    pub(super) link_every: u32,
    pub(super) link_size: usize,
}

impl Steady {
    /// Opens the connections, runs the load and waits for what is late.
    pub(super) async fn run(self, ground: &Ground, report: &mut Report) -> Result<(), Failure> {
        let bridges: Vec<Bridge> = stream::iter(0..self.connections)
            .map(|index| async move { ground.connect(&format!("load {index}")).await })
            .buffered(16)
            .try_collect()
            .await?;
        let mut tasks = JoinSet::new();
        let tally = Arc::new(Mutex::new(Tally::new(self.total())?));
        for (index, bridge) in bridges.iter().enumerate() {
            let messages = bridge.subscribe(subject(index)).await?;
            tasks.spawn(self.receive(messages, Arc::clone(&tally)));
        }
        // Time for the senders to be there when it begins.
        let start = Instant::now() + Duration::from_millis(200);
        lock(&tally).start = start;
        let mut senders = JoinSet::new();
        for (index, bridge) in bridges.iter().enumerate() {
            let ground = ground.clone();
            let to = subject((index + 1) % bridges.len());
            senders.spawn(self.send(bridge.clone(), ground, index, to, start));
        }
        let mut failed = 0;
        while let Some(outcome) = senders.join_next().await {
            failed += outcome.unwrap_or(1);
        }
        self.wait_for_the_late(&tally).await;
        let up = bridges
            .iter()
            .filter(|bridge| bridge.is_connected())
            .count();
        lock(&tally).tell(&self, up, failed, report);
        tasks.shutdown().await;
        Ok(())
    }

    fn total(self) -> u32 {
        self.rate.saturating_mul(self.seconds)
    }

    /// When a message is to be sent, from the start on.
    fn moment(self, number: u32) -> Duration {
        Duration::from_secs(1) * number / self.rate
    }

    /// One of each so many, at another place each time, so that it is not always the same connections.
    fn is_linked(self, number: u32) -> bool {
        let Some(part) = number.checked_div(self.link_every) else {
            return false;
        };
        number % self.link_every == part.wrapping_mul(37) % self.link_every
    }

    /// Sends the messages of one connection; gives the number of those that could not be.
    async fn send(
        self,
        bridge: Bridge,
        ground: Ground,
        index: usize,
        to: String,
        start: Instant,
    ) -> u32 {
        let mut under_way = JoinSet::new();
        for number in (index as u32..self.total()).step_by(self.connections as usize) {
            sleep_until(start + self.moment(number)).await;
            let by_link = self.is_linked(number);
            let size = match by_link {
                true => self.link_size,
                false => self.size,
            };
            let message = ground.message(&to, numbered(number.into(), size), by_link);
            let message = message.fallback(false);
            let bridge = bridge.clone();
            // The next one does not wait for an upload.
            under_way.spawn(async move { bridge.publish(message).await });
        }
        let mut failed = 0;
        while let Some(outcome) = under_way.join_next().await {
            if let Ok(Err(error)) = &outcome {
                eprintln!("not sent: {error}");
            }
            failed += u32::from(!matches!(outcome, Ok(Ok(_))));
        }
        failed
    }

    async fn receive(self, mut messages: Subscription, tally: Arc<Mutex<Tally>>) {
        while let Some(message) = messages.next().await {
            let now = Instant::now();
            let number = match &message {
                Ok(message) => number_of(message).and_then(|number| u32::try_from(number).ok()),
                Err(error) => {
                    eprintln!("not received: {error}");
                    None
                }
            };
            let mut tally = lock(&tally);
            match number {
                Some(number) => tally.add(&self, number, now),
                None => tally.unreadable += 1,
            }
        }
    }

    async fn wait_for_the_late(self, tally: &Mutex<Tally>) {
        const PATIENCE: Duration = Duration::from_secs(30);
        let until = Instant::now() + PATIENCE;
        while lock(tally).received < self.total() && Instant::now() < until {
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What was received.
#[derive(Debug)]
struct Tally {
    start: Instant,
    last: Instant,
    /// By number.
    seen: Vec<bool>,
    /// Different messages.
    received: u32,
    repeated: u32,
    unreadable: u32,
    in_time: u32,
    /// Microseconds.
    direct: Histogram<u64>,
    linked: Histogram<u64>,
}

/// 95 % of all messages take no longer (requirements 1.3).
const IN_TIME: Duration = Duration::from_millis(200);
/// What took longer counts as this.
const LONGEST: Duration = Duration::from_secs(3600);

impl Tally {
    fn new(total: u32) -> Result<Self, Failure> {
        let histogram = || {
            // One that grows does not do so for a value that it may cut.
            Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, 3).map_err(|error| {
                Failure::Unavailable(format!("a histogram cannot be made: {error}"))
            })
        };
        let now = Instant::now();
        Ok(Tally {
            start: now,
            last: now,
            seen: vec![false; total as usize],
            received: 0,
            repeated: 0,
            unreadable: 0,
            in_time: 0,
            direct: histogram()?,
            linked: histogram()?,
        })
    }

    fn add(&mut self, load: &Steady, number: u32, now: Instant) {
        match self.seen.get_mut(number as usize) {
            None => {
                self.unreadable += 1;
                return;
            }
            Some(true) => {
                self.repeated += 1;
                return;
            }
            Some(seen) => *seen = true,
        }
        self.received += 1;
        self.last = now;
        let took = now.saturating_duration_since(self.start + load.moment(number));
        self.in_time += u32::from(took <= IN_TIME);
        let histogram = match load.is_linked(number) {
            true => &mut self.linked,
            false => &mut self.direct,
        };
        histogram.saturating_record(took.as_micros() as u64);
    }

    fn tell(&self, load: &Steady, up: usize, failed: u32, report: &mut Report) {
        const NONE: Target = Target::Exactly(0.0);
        let connections = f64::from(load.connections);
        report.hold(
            "NFR-106: connections that stand at the end",
            up as f64,
            "",
            Target::Exactly(connections),
        );
        let total = load.total();
        report.hold("messages that could not be sent", failed.into(), "", NONE);
        let lost = total - self.received;
        report.hold(format!("messages lost of {total}"), lost.into(), "", NONE);
        report.hold("received twice", self.repeated.into(), "", NONE);
        report.hold("not readable", self.unreadable.into(), "", NONE);
        let took = self
            .last
            .saturating_duration_since(self.start)
            .as_secs_f64();
        report.hold(
            "NFR-107: rate of the steady load, received",
            f64::from(self.received) / took.max(1e-3),
            "messages/s",
            Target::AtLeast(f64::from(load.rate) * 0.99),
        );
        report.hold(
            "end to end within 200 ms",
            f64::from(self.in_time) * 100.0 / f64::from(total.max(1)),
            "%",
            Target::AtLeast(95.0),
        );
        let kinds = [("direct", &self.direct), ("by link", &self.linked)];
        for (kind, histogram) in kinds {
            if histogram.is_empty() {
                continue;
            }
            let milliseconds = |value: u64| value as f64 / 1e3;
            report.add(format!("{kind}: messages"), histogram.len() as f64, "");
            for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                let value = milliseconds(histogram.value_at_quantile(quantile));
                report.add(format!("{kind}: {name} end to end"), value, "ms");
            }
            let most = milliseconds(histogram.max());
            report.add(format!("{kind}: longest end to end"), most, "ms");
        }
    }
}

fn subject(index: usize) -> String {
    format!("trial.load.{index}")
}

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_even_links_are_spread_and_the_late_count_in_full() {
        let load = Steady {
            connections: 200,
            rate: 1000,
            seconds: 30,
            size: 10_000,
            link_every: 100,
            link_size: 500_000,
        };
        assert_eq!(load.moment(0), Duration::ZERO);
        assert_eq!(load.moment(1500), Duration::from_millis(1500));
        let linked: Vec<u32> = (0..load.total())
            .filter(|number| load.is_linked(*number))
            .collect();
        assert_eq!(linked.len(), 300);
        let connections: std::collections::HashSet<u32> = linked
            .iter()
            .map(|number| number % load.connections)
            .collect();
        assert!(connections.len() > 50, "{}", connections.len());
        let mut tally = Tally::new(load.total()).expect("a tally");
        let late = Duration::from_secs(20);
        let number = linked[0];
        tally.add(&load, number, tally.start + load.moment(number) + late);
        assert_eq!((tally.received, tally.in_time), (1, 0));
        let most = tally.linked.max().abs_diff(late.as_micros() as u64);
        assert!(most < 20_000, "{most} us off");
        let none = Steady {
            link_every: 0,
            ..load
        };
        assert!((0..1000).all(|number| !none.is_linked(number)));
    }
}
