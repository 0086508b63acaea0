//! What is kept for each token: its log, its attempts, its uploads.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::log::{Entry, Log};

/// All that the server remembers; bounded, the oldest tokens are forgotten.
pub(super) struct State {
    start: Instant,
    tokens: Mutex<Tokens>,
}

/// What is remembered of one token.
#[derive(Default)]
pub(super) struct Scenario {
    pub(super) log: Log,
    attempts: BTreeMap<String, usize>,
    pub(super) uploads: Vec<Upload>,
}

/// An upload of the Plik-compatible interface. Its id is `U` and its number, counted from 1, and its file is `F`.
#[derive(Default)]
pub(super) struct Upload {
    pub(super) is_removed: bool,
    pub(super) is_oneshot: bool,
    pub(super) file: Option<Vec<u8>>,
}

/// One entry of a log.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) token: String,
    index: Option<usize>,
}

#[derive(Default)]
struct Tokens {
    known: BTreeMap<String, Scenario>,
    order: VecDeque<String>,
}

/// More than any run has at a time.
const MAX_TOKENS: usize = 512;
const MAX_ENTRIES: usize = 2_000;
const MAX_UPLOADS: usize = 500;
/// Of one token, in bytes.
const MAX_STORED: usize = 64 << 20;

impl State {
    pub(super) fn new() -> Self {
        State {
            start: Instant::now(),
            tokens: Mutex::default(),
        }
    }

    /// Milliseconds since the start, to the microsecond.
    pub(super) fn now(&self) -> f64 {
        (self.start.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }

    /// Changes what is remembered of a token.
    pub(super) fn with<T>(&self, token: &str, change: impl FnOnce(&mut Scenario) -> T) -> T {
        let mut tokens = self.tokens();
        if !tokens.known.contains_key(token) {
            if tokens.order.len() >= MAX_TOKENS
                && let Some(oldest) = tokens.order.pop_front()
            {
                tokens.known.remove(&oldest);
            }
            tokens.order.push_back(token.to_owned());
        }
        change(tokens.known.entry(token.to_owned()).or_default())
    }

    pub(super) fn log(&self, token: &str) -> Log {
        let tokens = self.tokens();
        tokens
            .known
            .get(token)
            .map(|scenario| scenario.log.clone())
            .unwrap_or_default()
    }

    pub(super) fn forget(&self, token: &str) {
        let mut tokens = self.tokens();
        tokens.known.remove(token);
        tokens.order.retain(|known| known != token);
    }

    /// Begins an entry; its attempt is counted under `key`.
    pub(super) fn begin(&self, token: &str, mut entry: Entry) -> Place {
        let now = self.now();
        let index = self.with(token, |scenario| {
            entry.at = now;
            let log = &mut scenario.log;
            if log.requests.len() >= MAX_ENTRIES {
                log.left_out += 1;
                return None;
            }
            log.requests.push(entry);
            Some(log.requests.len() - 1)
        });
        Place {
            token: token.to_owned(),
            index,
        }
    }

    /// Changes an entry that was begun.
    pub(super) fn note(&self, place: &Place, change: impl FnOnce(&mut Entry)) {
        let mut tokens = self.tokens();
        let scenario = tokens.known.get_mut(&place.token);
        let entry = scenario
            .zip(place.index)
            .and_then(|(scenario, index)| scenario.log.requests.get_mut(index));
        if let Some(entry) = entry {
            change(entry);
        }
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scenario {
    /// How many attempts there were under this key, this one not counted.
    pub(super) fn attempt(&mut self, key: &str) -> usize {
        let count = self.attempts.entry(key.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// A new upload's number; none where there are too many.
    pub(super) fn create(&mut self, is_oneshot: bool) -> Option<usize> {
        if self.uploads.len() >= MAX_UPLOADS {
            return None;
        }
        self.uploads.push(Upload {
            is_oneshot,
            ..Upload::default()
        });
        Some(self.uploads.len())
    }

    /// The upload of an id such as `U1`, unless it was removed.
    pub(super) fn upload(&mut self, id: &str) -> Option<&mut Upload> {
        let number: usize = id.strip_prefix('U')?.parse().ok()?;
        let upload = self.uploads.get_mut(number.checked_sub(1)?)?;
        (!upload.is_removed).then_some(upload)
    }

    /// Whether so many bytes more may be kept.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let kept = self
            .uploads
            .iter()
            .filter_map(|upload| upload.file.as_ref());
        kept.map(Vec::len).sum::<usize>() + bytes <= MAX_STORED
    }
}
