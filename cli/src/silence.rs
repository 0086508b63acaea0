//! How long nothing has happened.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

/// The time since messages were last seen at work. Its clones are the same silence.
#[derive(Clone)]
pub(crate) struct Silence(Arc<watch::Sender<State>>);

#[derive(Clone, Copy)]
struct State {
    under_way: usize,
    /// When the last of them came or was done with.
    last: Instant,
}

impl Default for Silence {
    fn default() -> Self {
        Silence(Arc::new(watch::Sender::new(State {
            under_way: 0,
            last: Instant::now(),
        })))
    }
}

impl Silence {
    /// There is no silence as long as the value lives; then it starts anew.
    pub(crate) fn interrupt(&self) -> Interruption {
        self.0.send_modify(|state| {
            state.under_way += 1;
            state.last = Instant::now();
        });
        Interruption(self.clone())
    }

    /// Waits until it has lasted so long, counted from this call at the earliest.
    pub(crate) async fn has_lasted(&self, timeout: Option<Duration>) {
        let Some(timeout) = timeout else {
            return pending().await;
        };
        let (called, mut states) = (Instant::now(), self.0.subscribe());
        loop {
            let State { under_way, last } = *states.borrow_and_update();
            let left = timeout.saturating_sub(last.max(called).elapsed());
            tokio::select! {
                // The sender is here, so this does not fail.
                _ = states.changed() => {}
                () = sleep(left), if under_way == 0 => return,
            }
        }
    }
}

/// Something is under way; dropped when it is not any more.
pub(crate) struct Interruption(Silence);

impl Drop for Interruption {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| {
            state.under_way -= 1;
            state.last = Instant::now();
        });
    }
}
