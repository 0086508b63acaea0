//! The claim of one receiver on one message: it is handled here and now, and a repeat of it is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::bridge::Shared;
use crate::window::{Outcome, Window};
use crate::wire::Uuid;

/// Keeps repeats of a message away while it is handled. Dropped before it was settled, it lets them in again.
pub(super) struct Claim {
    shared: Arc<Shared>,
    window: Arc<Mutex<Window>>,
    id: Uuid,
    is_open: AtomicBool,
}

impl Claim {
    pub(super) fn new(shared: Arc<Shared>, window: Arc<Mutex<Window>>, id: Uuid) -> Self {
        Claim {
            shared,
            window,
            id,
            is_open: AtomicBool::new(true),
        }
    }

    /// The message was handled, with this outcome; the first one stays.
    pub(super) fn settle(&self, outcome: Outcome) {
        if self.is_open.swap(false, Ordering::Relaxed) {
            let now = self.shared.now();
            self.lock().settle(self.id, outcome, now);
        }
    }

    /// The message was not handled: let it come again.
    pub(super) fn give_up(&self) {
        if self.is_open.swap(false, Ordering::Relaxed) {
            self.lock().forget(self.id);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.give_up();
    }
}
