//! What the threads of a server share: what it remembers, its addresses, and its end.

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::log::Origin;
use super::state::State;

pub(super) struct Shared {
    pub(super) state: State,
    main: SocketAddr,
    other: SocketAddr,
    life: Mutex<Life>,
    over: Condvar,
}

#[derive(Default)]
struct Life {
    is_over: bool,
    next: u64,
    open: BTreeMap<u64, TcpStream>,
}

/// As many at a time are served; further ones are closed at once.
const MAX_CONNECTIONS: usize = 256;

impl Shared {
    pub(super) fn new(main: SocketAddr, other: SocketAddr) -> Self {
        Shared {
            state: State::new(),
            main,
            other,
            life: Mutex::default(),
            over: Condvar::new(),
        }
    }

    pub(super) fn url(&self, origin: Origin) -> String {
        match origin {
            Origin::Main => format!("http://{}", self.main),
            Origin::Other => format!("http://{}", self.other),
        }
    }

    /// Waits; true once the server ends.
    pub(super) fn sleep_until(&self, time: Instant) -> bool {
        let mut life = self.life();
        loop {
            let rest = time.saturating_duration_since(Instant::now());
            if life.is_over || rest.is_zero() {
                return life.is_over;
            }
            let waited = self.over.wait_timeout(life, rest);
            life = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.life().is_over
    }

    /// Takes a connection in; none where there are too many.
    pub(super) fn admit(&self, stream: &TcpStream) -> Option<u64> {
        let mut life = self.life();
        if life.is_over || life.open.len() >= MAX_CONNECTIONS {
            return None;
        }
        let number = life.next;
        life.next += 1;
        life.open.insert(number, stream.try_clone().ok()?);
        Some(number)
    }

    pub(super) fn dismiss(&self, number: u64) {
        self.life().open.remove(&number);
    }

    /// Ends all connections and all waiting.
    pub(super) fn end(&self) {
        let mut life = self.life();
        life.is_over = true;
        for stream in life.open.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.over.notify_all();
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
