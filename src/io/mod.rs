//! The edges: files, file servers, the clock and the environment. Everything else in the crate is pure.

#[cfg(feature = "object-store")]
mod bucket;
pub(crate) mod client;
mod clock;
pub(crate) mod download;
pub(crate) mod environment;
mod fetch;
mod file;
mod file_servers;
mod folder;
mod handler;
mod memory;
pub(crate) mod observe;
mod plik;
mod progress;
pub(crate) mod receive;
mod resolver;
mod send;
mod sink;
mod source;
pub(crate) mod upload;
pub(crate) mod uploading;
pub(crate) mod uploads;

#[cfg(feature = "object-store")]
pub use bucket::Bucket;
pub use clock::{new_id, now};
pub use download::{Download, DownloadHandler};
pub use environment::Environment;
pub use fetch::{Fetch, FetchWithBackoff, fetch_with_backoff};
pub use file_servers::FileServers;
pub use folder::Folder;
pub use handler::{HandlerError, Timeouts};
pub use memory::Memory;
#[cfg(feature = "metrics")]
pub use observe::describe_metrics;
pub use plik::{Plik, plik_oneshot_upload};
pub use progress::{Direction, Progress};
pub use receive::{SmartReceive, smartreceive};
pub use send::{SmartSend, smartsend};
pub use sink::Sink;
pub use source::Source;
pub use upload::{Upload, UploadHandler, Uploaded};
pub use uploads::removals_done;
