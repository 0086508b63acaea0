//! The last lines of an adapter's standard error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const LINES: usize = 40;
const BYTES: u64 = 2_000;

/// What was said last; nothing if nobody listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Reads in a thread of its own until the end.
    pub(crate) fn of(stderr: impl Read + Send + 'static) -> Self {
        let tail = Tail::default();
        let kept = Arc::clone(&tail.0);
        thread::spawn(move || {
            let mut stderr = BufReader::new(stderr);
            let mut bytes = Vec::new();
            // A line that is longer counts as several.
            while let Ok(1..) = {
                bytes.clear();
                (&mut stderr).take(BYTES).read_until(b'\n', &mut bytes)
            } {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        tail
    }

    /// The last lines, oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        // What the process said before it ended has a moment to arrive.
        thread::sleep(std::time::Duration::from_millis(20));
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }
}
