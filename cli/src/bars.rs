//! How far transfers have come: bars where a person watches and has to wait, lines where a file or a program does.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use natsbridge::{Direction, Progress};
use tracing::level_filters::LevelFilter;

use crate::failure::Failure;
use crate::output::one_line;

/// From this many bytes on, a transfer has a bar at once.
const LARGE: u64 = 8_000_000;

/// After this time, any other transfer gets one as well.
const LONG: Duration = Duration::from_secs(1);

/// From one line about a transfer to the next, at least.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Where transfers are shown: a terminal, or lines, or nowhere. Its clones are the same place.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    terminal: Option<MultiProgress>,
    lines: bool,
}

impl Place {
    /// Standard error if it is a terminal, else nowhere.
    pub(crate) fn of_bars() -> Self {
        let target = || MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        // A log on the same terminal and bars would write over each other.
        let is_free = io::stderr().is_terminal() && LevelFilter::current() == LevelFilter::OFF;
        Place {
            terminal: is_free.then(target),
            lines: false,
        }
    }

    /// Standard error: bars if it is a terminal, else lines.
    pub(crate) fn of_bars_or_lines() -> Self {
        Place {
            lines: true,
            ..Place::of_bars()
        }
    }

    /// Runs what writes to standard output or standard error, with no bar in its way.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.terminal {
            None => write(),
            Some(terminal) => terminal.suspend(write),
        }
    }

    /// Writes a line about what happens to standard error.
    pub(crate) fn say(&self, text: &str) {
        // There is nobody left to tell that this could not be written.
        let _ = self.aside(|| writeln!(io::stderr(), "{}{}", Failure::PREFIX, one_line(text)));
    }
}

/// The transfers of one message. On a terminal, each that takes its time has a bar; elsewhere, a line now and then.
#[derive(Debug)]
pub(crate) struct Bars {
    place: Place,
    transfers: Mutex<BTreeMap<usize, Transfer>>,
}

#[derive(Debug)]
struct Transfer {
    began: Instant,
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl Bars {
    pub(crate) fn new(place: &Place) -> Self {
        Bars {
            place: place.clone(),
            transfers: Mutex::default(),
        }
    }

    /// Shows how far a transfer has come.
    pub(crate) fn show(&self, progress: &Progress<'_>) {
        if self.place.terminal.is_none() && !self.place.lines {
            return;
        }
        let mut transfers = self
            .transfers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let transfer = transfers.entry(progress.index).or_insert_with(|| Transfer {
            began: Instant::now(),
            bar: None,
            last_line: None,
        });
        if !is_long(progress.size, transfer.began.elapsed()) {
            return;
        }
        match &self.place.terminal {
            Some(terminal) => transfer.draw(terminal, progress),
            None => transfer.tell(&self.place, progress),
        }
    }
}

impl Transfer {
    fn draw(&mut self, terminal: &MultiProgress, progress: &Progress<'_>) {
        let bar = self.bar.get_or_insert_with(|| terminal.add(bar(progress)));
        bar.set_position(progress.transferred);
        if progress.transferred == progress.size {
            bar.finish();
        }
    }

    fn tell(&mut self, place: &Place, progress: &Progress<'_>) {
        let is_due = match self.last_line {
            None => true,
            Some(last) => last.elapsed() >= BETWEEN_LINES,
        };
        if !is_due && progress.transferred < progress.size {
            return;
        }
        self.last_line = Some(Instant::now());
        place.say(&format!(
            "{}, {} of {} bytes",
            title(progress),
            progress.transferred,
            progress.size
        ));
    }
}

/// Bars that are done, or were cut off, make room for what the command says.
impl Drop for Bars {
    fn drop(&mut self) {
        let Some(terminal) = &self.place.terminal else {
            return;
        };
        let transfers = self
            .transfers
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for bar in transfers
            .values()
            .filter_map(|transfer| transfer.bar.as_ref())
        {
            bar.finish_and_clear();
            terminal.remove(bar);
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
    ProgressBar::new(progress.size)
        .with_style(style)
        .with_prefix(title(progress))
}

fn title(progress: &Progress<'_>) -> String {
    let direction = match progress.direction {
        Direction::Upload => "up",
        Direction::Download => "down",
    };
    let name: String = one_line(progress.dataname).chars().take(24).collect();
    format!("{direction} {name}")
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
