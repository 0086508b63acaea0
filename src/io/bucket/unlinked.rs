//! An object that no message links to yet.

use object_store::path::Path;
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::Bucket;
use super::object::SETTLING;
use crate::io::handler::Timeouts;

/// Held from before the first request of an upload until its link is handed over. Where the upload is dropped meanwhile, since a
/// deadline has passed or another payload failed, the object is removed in the background, as far as the runtime lives on: the
/// store may have all of it by then, and nobody else knows its name.
pub(super) struct Unlinked {
    bucket: Bucket,
    path: Option<Path>,
    timeouts: Timeouts,
}

impl Unlinked {
    pub(super) fn new(bucket: &Bucket, path: &Path, timeouts: Timeouts) -> Self {
        Unlinked {
            bucket: bucket.clone(),
            path: Some(path.clone()),
            timeouts,
        }
    }

    /// The upload has come to its end, and has removed by itself what it leaves.
    pub(super) fn end(mut self) {
        self.path = None;
    }
}

impl Drop for Unlinked {
    fn drop(&mut self) {
        let (Some(path), Ok(runtime)) = (self.path.take(), Handle::try_current()) else {
            return;
        };
        let (bucket, timeouts) = (self.bucket.clone(), self.timeouts);
        runtime.spawn(async move {
            bucket.clean_up(&path, timeouts).await;
            // What was on its way may have arrived meanwhile, or the parts have been put together.
            sleep(SETTLING).await;
            bucket.clean_up(&path, timeouts).await;
        });
    }
}
