//! What was uploaded for one message, which is taken back unless somebody keeps it.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::upload::{AnyUploadHandler, Uploaded};
use crate::generated::TRANSFER;

/// Waits until no removal of an upload is under way in the background any more.
///
/// A send that is dropped before its message is on its way takes back what it had uploaded. It does so in the background, so that
/// a process which ends right then, or drops its runtime, leaves the files behind unless it waits here first. A server that does
/// not answer is given up after a few seconds; whoever wants to wait less sets a time for this call.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn example() {
/// use std::future::IntoFuture;
///
/// let file = natsbridge::Part::binary("film", std::path::Path::new("film.mp4"));
/// let send = natsbridge::smartsend("files", [file]).into_future();
/// if tokio::time::timeout(Duration::from_millis(100), send).await.is_err() {
///     natsbridge::removals_done().await;
/// }
/// # }
/// ```
pub async fn removals_done() {
    REMOVALS.wait().await;
}

/// All removals of the process that run in the background.
static REMOVALS: LazyLock<TaskTracker> = LazyLock::new(|| {
    let removals = TaskTracker::new();
    // It takes new ones all the same; only a closed one can be waited for.
    removals.close();
    removals
});

/// Lets a removal go on although its call was dropped, as far as a runtime is there to run it.
pub(super) fn in_background(removal: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        REMOVALS.spawn_on(removal, &runtime);
    }
}

/// The uploads of one message. Dropped before [`Uploads::keep`], as with the future of a call, they are removed in the
/// background, as far as the runtime lives on.
pub(crate) struct Uploads {
    handler: Arc<dyn AnyUploadHandler>,
    uploaded: Mutex<Vec<Uploaded>>,
    is_kept: AtomicBool,
}

impl Uploads {
    pub(super) fn new(handler: Arc<dyn AnyUploadHandler>) -> Self {
        Uploads {
            handler,
            uploaded: Mutex::default(),
            is_kept: AtomicBool::new(false),
        }
    }

    pub(super) fn handler(&self) -> &dyn AnyUploadHandler {
        &*self.handler
    }

    pub(super) fn note(&self, uploaded: &Uploaded) {
        self.lock().push(uploaded.clone());
    }

    /// The message is on its way: they stay until they are removed for a reason.
    pub(crate) fn keep(&self) {
        self.is_kept.store(true, Ordering::Relaxed);
    }

    /// Removes them; that it fails changes nothing, since the caller hears of the cause already, and is not kept waiting for
    /// it by a server that hangs.
    pub(crate) async fn remove(self) {
        let uploaded = mem::take(&mut *self.lock());
        remove(Arc::clone(&self.handler), uploaded).await;
    }

    /// Whether another sending of the message needs other uploads, since each of these can be fetched once.
    #[cfg(feature = "nats")]
    pub(crate) fn are_spent_by_fetching(&self) -> bool {
        self.handler.is_oneshot() && !self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Uploaded>> {
        self.uploaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        let uploaded = mem::take(&mut *self.lock());
        if uploaded.is_empty() || self.is_kept.load(Ordering::Relaxed) {
            return;
        }
        in_background(remove(Arc::clone(&self.handler), uploaded));
    }
}

async fn remove(handler: Arc<dyn AnyUploadHandler>, uploaded: Vec<Uploaded>) {
    let calls: Vec<_> = uploaded
        .iter()
        .map(|uploaded| handler.remove(uploaded))
        .collect();
    let removals = stream::iter(calls)
        .buffer_unordered(TRANSFER.max_concurrent as usize)
        .for_each(|_| std::future::ready(()));
    let bound = Duration::from_millis(TRANSFER.connect_timeout_ms);
    let _ = tokio::time::timeout(bound, removals).await;
}
