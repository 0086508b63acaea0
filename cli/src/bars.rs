//! Progress bars, where a person watches and has to wait.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use natsbridge::{Direction, Progress};
use tracing::level_filters::LevelFilter;

use crate::output::one_line;

/// From this many bytes on, a transfer has a bar at once.
const LARGE: u64 = 8_000_000;

/// After this time, any other transfer gets one as well.
const LONG: Duration = Duration::from_secs(1);

/// One bar on standard error for each transfer that takes its time; none where standard error is no terminal.
#[derive(Debug)]
pub(crate) struct Bars {
    place: Option<MultiProgress>,
    transfers: Mutex<BTreeMap<usize, Transfer>>,
}

#[derive(Debug)]
struct Transfer {
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Bars {
    pub(crate) fn new() -> Self {
        let target = || MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        Bars {
            // A log on the same terminal and bars would write over each other.
            place: (io::stderr().is_terminal() && LevelFilter::current() == LevelFilter::OFF)
                .then(target),
            transfers: Mutex::default(),
        }
    }

    /// Shows how far a transfer has come.
    pub(crate) fn show(&self, progress: &Progress<'_>) {
        let Some(place) = &self.place else { return };
        let mut transfers = self
            .transfers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let transfer = transfers.entry(progress.index).or_insert_with(|| Transfer {
            began: Instant::now(),
            bar: None,
        });
        if transfer.bar.is_none() && is_long(progress.size, transfer.began.elapsed()) {
            transfer.bar = Some(place.add(bar(progress)));
        }
        if let Some(bar) = &transfer.bar {
            bar.set_position(progress.transferred);
            if progress.transferred == progress.size {
                bar.finish();
            }
        }
    }
}

/// Bars that are done, or were cut off, make room for what the command says.
impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            // A terminal that is gone shows no bars either.
            let _ = place.clear();
        }
    }
}

fn is_long(size: u64, elapsed: Duration) -> bool {
    size > LARGE || elapsed > LONG
}

fn bar(progress: &Progress<'_>) -> ProgressBar {
    const TEMPLATE: &str = "{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style =
        ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    let direction = match progress.direction {
        Direction::Upload => "up",
        Direction::Download => "down",
    };
    let name: String = one_line(progress.dataname).chars().take(24).collect();
    ProgressBar::new(progress.size)
        .with_style(style)
        .with_prefix(format!("{direction} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_short_transfers_have_no_bar() {
        assert!(!is_long(LARGE, LONG));
        assert!(is_long(LARGE + 1, Duration::ZERO));
        assert!(is_long(1, LONG + Duration::from_millis(1)));
    }
}
