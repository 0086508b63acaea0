//! How far a transfer has come.

use std::fmt;
use std::sync::Arc;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// To the file server.
    Upload,
    /// From the file server.
    Download,
}

/// How far the transfer of one payload has come. A repeated attempt starts again from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Which way the bytes go.
    pub direction: Direction,
    /// The payload's position in the message, from 0.
    pub index: usize,
    /// The payload's name.
    pub dataname: &'a str,
    /// Bytes so far.
    pub transferred: u64,
    /// Bytes in all.
    pub size: u64,
}

/// The caller's callback with what it is called for.
#[derive(Clone)]
pub(super) struct Reporter {
    pub(super) callback: Option<Callback>,
    pub(super) direction: Direction,
    pub(super) index: usize,
    pub(super) dataname: Arc<str>,
    pub(super) size: u64,
}

pub(super) type Callback = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

impl Reporter {
    pub(super) fn silent(size: u64) -> Self {
        Reporter {
            callback: None,
            direction: Direction::Download,
            index: 0,
            dataname: "".into(),
            size,
        }
    }

    pub(super) fn report(&self, transferred: u64) {
        if let Some(callback) = &self.callback {
            callback(Progress {
                direction: self.direction,
                index: self.index,
                dataname: &self.dataname,
                transferred,
                size: self.size,
            });
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
