//! When the last byte of each transfer came.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use natsbridge::{Direction, Progress};

/// A clock that watches transfers. Its clones are the same clock.
#[derive(Clone)]
pub(super) struct Clock(Arc<Mutex<Times>>);

struct Times {
    began: Instant,
    last: BTreeMap<(bool, usize), Duration>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Clock(Arc::new(Mutex::new(Times {
            began: Instant::now(),
            last: BTreeMap::new(),
        })))
    }

    /// Starts anew, for what begins only when something comes.
    pub(super) fn restart(&self) {
        self.lock().began = Instant::now();
    }

    /// What is to be told of the progress of transfers.
    pub(super) fn watch(&self) -> impl Fn(Progress<'_>) + Send + Sync + 'static {
        let clock = self.clone();
        move |progress| {
            let key = (progress.direction == Direction::Upload, progress.index);
            let mut times = clock.lock();
            let elapsed = times.began.elapsed();
            times.last.insert(key, elapsed);
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.lock().began.elapsed()
    }

    /// How long each transfer of that direction took, by its payload's position.
    pub(super) fn transfers(&self, direction: Direction) -> BTreeMap<usize, Duration> {
        let times = self.lock();
        let transfers = times
            .last
            .iter()
            .filter(|((upload, _), _)| *upload == (direction == Direction::Upload));
        transfers
            .map(|((_, index), took)| (*index, *took))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
