//! When to try again (FR-010, W6.1): a pure schedule, without a clock.

use std::time::Duration;

#[cfg(feature = "http")]
use crate::error::Error;
use crate::generated::TRANSFER;

/// How often something is tried, and how long to wait between the attempts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retry {
    /// Attempts in all, at least 1; 5 by default.
    pub max_retries: u32,
    /// The wait after the first failed attempt, doubled after each further one; 100 ms by default.
    pub base_delay: Duration,
    /// The longest wait; 5,000 ms by default.
    pub max_delay: Duration,
    /// Whether a wait may take up to twice its time, at random, so that many clients do not come back at once; off by
    /// default.
    pub jitter: bool,
}

impl Retry {
    /// How long to wait after the failed attempt of this number, counted from 1; `None` if it was the last.
    ///
    /// `retry_after` is what the server asked for; it lengthens the wait up to `max_delay`. `random` from 0 to 1 places the
    /// wait within its range where `jitter` is on.
    pub fn delay(
        &self,
        attempt: u32,
        retry_after: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if attempt >= self.max_retries {
            return None;
        }
        let doublings = attempt.saturating_sub(1).min(31);
        let scheduled = self
            .base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay);
        let asked = retry_after.unwrap_or_default().min(self.max_delay);
        let delay = scheduled.max(asked);
        Some(match self.jitter {
            true => {
                let extra =
                    Duration::try_from_secs_f64(delay.as_secs_f64() * random.clamp(0.0, 1.0));
                delay.saturating_add(extra.unwrap_or(delay))
            }
            false => delay,
        })
    }

    /// # Errors
    ///
    /// INVALID_ENVELOPE where `max_retries` is 0.
    #[cfg(feature = "http")]
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.max_retries {
            0 => Err(Error::argument(
                "max_retries counts attempts and must be at least 1, found 0",
            )
            .expecting("at least 1")
            .finding("0")),
            _ => Ok(()),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            max_retries: TRANSFER.max_retries,
            base_delay: Duration::from_millis(TRANSFER.base_delay_ms),
            max_delay: Duration::from_millis(TRANSFER.max_delay_ms),
            jitter: false,
        }
    }
}

/// Whether a request that got this HTTP status is worth another attempt.
pub fn is_retryable_status(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(retry: Retry) -> Vec<u64> {
        let attempts = 1..=retry.max_retries;
        attempts
            .map_while(|attempt| retry.delay(attempt, None, 0.5))
            .map(|delay| delay.as_millis() as u64)
            .collect()
    }

    #[test]
    fn the_default_is_five_attempts() {
        assert_eq!(delays(Retry::default()), [100, 200, 400, 800]);
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let retry = Retry {
            max_retries: 9,
            ..Retry::default()
        };
        assert_eq!(delays(retry), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        let once = Retry {
            max_retries: 1,
            ..retry
        };
        assert_eq!(once.delay(1, None, 0.0), None);
        let short = Retry {
            max_delay: Duration::from_millis(50),
            ..retry
        };
        assert_eq!(short.delay(1, None, 0.0), Some(Duration::from_millis(50)));
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        let retry = Retry {
            max_retries: u32::MAX,
            base_delay: Duration::MAX,
            max_delay: Duration::MAX,
            jitter: true,
        };
        assert_eq!(retry.delay(u32::MAX - 1, None, 1.0), Some(Duration::MAX));
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_ever() {
        let after = |seconds| Retry::default().delay(1, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(after(0), Some(Duration::from_millis(100)));
        assert_eq!(after(2), Some(Duration::from_secs(2)));
        assert_eq!(after(3600), Some(Duration::from_secs(5)));
    }

    #[test]
    fn jitter_only_adds() {
        let retry = Retry {
            jitter: true,
            ..Retry::default()
        };
        assert_eq!(retry.delay(1, None, 0.0), Some(Duration::from_millis(100)));
        assert_eq!(retry.delay(1, None, 0.5), Some(Duration::from_millis(150)));
        assert_eq!(retry.delay(1, None, 7.0), Some(Duration::from_millis(200)));
    }

    #[test]
    fn some_statuses_are_worth_another_attempt() {
        let worth: Vec<u16> = (100..600)
            .filter(|status| is_retryable_status(*status))
            .collect();
        assert_eq!(worth[..3], [408, 425, 429]);
        assert_eq!(worth[3..], (500..600).collect::<Vec<_>>());
    }
}
