//! The claim of one receiver on one message: it is handled here and now, and a repeat of it is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::task::task_tracker::TaskTrackerToken;

use super::bridge::Shared;
use crate::error::Error;
use crate::window::{Outcome, Window};
use crate::wire::Uuid;

/// Keeps repeats of a message away while it is handled. Dropped before it was settled, it lets them in again.
pub(super) struct Claim {
    shared: Arc<Shared>,
    window: Arc<Mutex<Window>>,
    id: Uuid,
    state: Mutex<State>,
    /// The bridge is not drained before the message is answered.
    open: Mutex<Option<TaskTrackerToken>>,
}

/// What the receiver has said of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Nothing,
    Acknowledged,
    Refused,
    /// It may come again.
    GivenUp,
}

impl Claim {
    pub(super) fn new(shared: &Arc<Shared>, window: &Arc<Mutex<Window>>, id: Uuid) -> Self {
        Claim {
            shared: Arc::clone(shared),
            window: Arc::clone(window),
            id,
            state: Mutex::new(State::Nothing),
            open: Mutex::new(Some(shared.open.token())),
        }
    }

    /// The message was handled, with this outcome. It may be said again, but not otherwise.
    pub(super) fn settle(&self, outcome: Outcome) -> Result<(), Error> {
        let said = match outcome {
            Outcome::Acknowledged => State::Acknowledged,
            Outcome::Refused(_) => State::Refused,
        };
        if self.say(said)? {
            let now = self.shared.now();
            lock(&self.window).settle(self.id, outcome, now);
        }
        Ok(())
    }

    /// The message was not handled: let it come again.
    pub(super) fn give_up(&self) -> Result<(), Error> {
        if self.say(State::GivenUp)? {
            lock(&self.window).forget(self.id);
        }
        Ok(())
    }

    /// The answer is on its way.
    pub(super) fn is_answered(&self) {
        lock(&self.open).take();
    }

    /// Whether it is said for the first time.
    fn say(&self, said: State) -> Result<bool, Error> {
        let mut state = lock(&self.state);
        match *state {
            State::Nothing => {
                *state = said;
                Ok(true)
            }
            known if known == said => Ok(false),
            State::Acknowledged => Err(Error::argument("the message was acknowledged already")),
            _ => Err(Error::argument("the message was refused already")),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // It fails where the receiver has said something, and then nothing is to be done.
        let _ = self.give_up();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
