//! Which messages a receiver is handling or has handled, so that a repeat is answered and not handled again (W8.3). Pure:
//! the time comes in.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::generated::DELIVERY;
use crate::wire::{ErrorReport, Uuid};

/// How a message was settled, which is what a repeat of it is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Acknowledged,
    Refused(Box<ErrorReport>),
}

/// What is to be done with a message that has arrived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Admission {
    /// It is handled from now on, until it is settled or forgotten.
    New,
    /// It is being handled already.
    Running,
    /// It was handled before.
    Settled(Outcome),
}

/// The ids of messages under way and of those settled lately: `window_ids` of these and `window_ms` long.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// None while the message is being handled.
    outcomes: HashMap<Uuid, Option<Outcome>>,
    /// When each was settled, the oldest first.
    settled: VecDeque<(Duration, Uuid)>,
}

impl Window {
    /// A message with this id has arrived at `now`, a moment on a clock that never goes back.
    pub(crate) fn admit(&mut self, id: Uuid, now: Duration) -> Admission {
        self.expire(now);
        match self.outcomes.get(&id) {
            Some(None) => Admission::Running,
            Some(Some(outcome)) => Admission::Settled(outcome.clone()),
            None => {
                self.outcomes.insert(id, None);
                Admission::New
            }
        }
    }

    /// The message was handled, with this outcome.
    pub(crate) fn settle(&mut self, id: Uuid, outcome: Outcome, now: Duration) {
        if let Some(running @ None) = self.outcomes.get_mut(&id) {
            *running = Some(outcome);
            self.settled.push_back((now, id));
        }
        self.expire(now);
    }

    /// The message was not handled after all: a repeat is as good as new.
    pub(crate) fn forget(&mut self, id: Uuid) {
        if let Some(None) = self.outcomes.get(&id) {
            self.outcomes.remove(&id);
        }
    }

    /// Whether nothing is being handled and nothing was lately.
    pub(crate) fn is_empty(&mut self, now: Duration) -> bool {
        self.expire(now);
        self.outcomes.is_empty()
    }

    fn expire(&mut self, now: Duration) {
        const AGE: Duration = Duration::from_millis(DELIVERY.window_ms);
        while let Some((at, id)) = self.settled.front() {
            let is_many = self.settled.len() as u64 > DELIVERY.window_ids;
            if !is_many && now.saturating_sub(*at) < AGE {
                break;
            }
            self.outcomes.remove(id);
            self.settled.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Uuid::from_bytes(bytes)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_repeat_is_told_what_became_of_the_message() {
        let mut window = Window::default();
        assert_eq!(window.admit(id(1), SECOND), Admission::New);
        assert_eq!(window.admit(id(1), SECOND), Admission::Running);
        assert_eq!(window.admit(id(2), SECOND), Admission::New);
        window.settle(id(1), Outcome::Acknowledged, SECOND);
        let settled = Admission::Settled(Outcome::Acknowledged);
        assert_eq!(window.admit(id(1), SECOND), settled);
        assert_eq!(window.admit(id(2), SECOND), Admission::Running);
    }

    #[test]
    fn what_was_not_handled_is_handled_when_it_comes_again() {
        let mut window = Window::default();
        window.admit(id(1), SECOND);
        window.forget(id(1));
        assert_eq!(window.admit(id(1), SECOND), Admission::New);
        window.settle(id(1), Outcome::Acknowledged, SECOND);
        window.forget(id(1));
        let settled = Admission::Settled(Outcome::Acknowledged);
        assert_eq!(window.admit(id(1), SECOND), settled);
    }

    #[test]
    fn ids_are_forgotten_after_ten_minutes_but_not_while_they_are_handled() {
        let mut window = Window::default();
        window.admit(id(1), SECOND);
        window.admit(id(2), SECOND);
        window.settle(id(1), Outcome::Acknowledged, SECOND);
        let last = SECOND * 600;
        assert!(matches!(window.admit(id(1), last), Admission::Settled(_)));
        assert_eq!(window.admit(id(1), last + SECOND), Admission::New);
        assert_eq!(window.admit(id(2), last * 9), Admission::Running);
    }

    #[test]
    fn the_oldest_ids_make_room() {
        let mut window = Window::default();
        for number in 0..=65_536 {
            window.admit(id(number), SECOND);
            window.settle(id(number), Outcome::Acknowledged, SECOND);
        }
        assert_eq!(window.outcomes.len(), 65_536);
        assert_eq!(window.admit(id(0), SECOND), Admission::New);
        assert!(matches!(window.admit(id(1), SECOND), Admission::Settled(_)));
    }

    #[test]
    fn the_first_outcome_stays() {
        let mut window = Window::default();
        window.settle(id(1), Outcome::Acknowledged, SECOND);
        assert_eq!(window.admit(id(1), SECOND), Admission::New);
    }
}
