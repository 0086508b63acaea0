//! How far a run is: one line that changes on a terminal, plain lines elsewhere. Both on standard error.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Tells a person how far it is.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    is_quiet: bool,
    total: AtomicUsize,
    done: AtomicUsize,
    failed: AtomicUsize,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Progress::with(stderr().is_terminal(), false)
    }

    /// Says nothing.
    pub(crate) fn quiet() -> Self {
        Progress::with(false, true)
    }

    /// What is being done at the moment.
    pub(crate) fn say(&self, what: &str) {
        if self.is_terminal {
            self.bar.set_message(what.to_owned());
            self.bar.tick();
        }
    }

    /// A line that stays.
    pub(crate) fn line(&self, text: &str) {
        if self.is_terminal {
            self.bar.println(text);
        } else if !self.is_quiet {
            eprintln!("{text}");
        }
    }

    /// So many checks are to come.
    pub(crate) fn begin(&self, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        self.bar.set_length(total as u64);
    }

    /// One check is done.
    pub(crate) fn step(&self, what: &str, has_failed: bool) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if has_failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        let failed = self.failed.load(Ordering::Relaxed);
        if self.is_terminal {
            self.bar.set_position(done as u64);
            self.bar.set_message(format!("{failed} failed  {what}"));
            return;
        }
        let total = self.total.load(Ordering::Relaxed).max(1);
        let tenth = |done: usize| done * 10 / total;
        if !self.is_quiet && tenth(done) > tenth(done - 1) {
            eprintln!("{done}/{total} checks, {failed} failed");
        }
    }

    /// There is nothing more to come.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn with(is_terminal: bool, is_quiet: bool) -> Self {
        let target = if is_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Progress {
            bar,
            is_terminal,
            is_quiet,
            total: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
        }
    }
}
