//! The attempts of one upload, whichever of its requests failed (W6.1).

use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
use tokio::time::Instant;

use crate::io::handler::{HandlerError, before_next_attempt};
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
use crate::io::observe;
use crate::retry::Retry;

/// Counts what failed. A part that fails is sent again by itself, and that is an attempt of the upload; what fails beyond a part
/// makes the whole upload start anew.
#[derive(Debug)]
pub(super) struct Attempts {
    retry: Retry,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failed: u32,
    /// When the last failure was counted, and when the wait behind it ends.
    #[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
    counted: Option<(Instant, Instant)>,
}

impl Attempts {
    pub(super) fn new(retry: Retry) -> Self {
        Attempts {
            retry,
            state: Mutex::default(),
        }
    }

    /// Waits out the delay behind an upload that failed, or hands the error back.
    pub(super) async fn again(&self, error: HandlerError) -> Result<(), HandlerError> {
        let attempt = {
            let mut state = self.state();
            // The failure of a part that used up the last attempt is counted already.
            state.failed = (state.failed + 1).min(self.retry.max_retries);
            state.failed
        };
        before_next_attempt(&self.retry, attempt, error).await
    }

    /// Waits out the delay behind a part that failed and whose request began then; false where it is not to be sent again.
    #[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
    pub(super) async fn part_again(&self, began: Instant, error: HandlerError) -> bool {
        if !error.is_retryable() {
            return false;
        }
        let wait_ends = {
            let mut state = self.state();
            match state.counted {
                // Parts that are on their way together fail together, and that is one failure.
                Some((counted, wait_ends)) if began < counted => wait_ends,
                _ => {
                    state.failed = (state.failed + 1).min(self.retry.max_retries);
                    let (now, attempt) = (Instant::now(), state.failed);
                    let random = f64::from(crate::io::new_id().as_bytes()[0]) / 255.0;
                    let Some(delay) = self.retry.delay(attempt, error.retry_after, random) else {
                        return false;
                    };
                    observe::retried(&self.retry, attempt, delay, &error);
                    let wait_ends = now.checked_add(delay).unwrap_or(now);
                    state.counted = Some((now, wait_ends));
                    wait_ends
                }
            }
        };
        tokio::time::sleep_until(wait_ends).await;
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
