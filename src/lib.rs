//! NATSBridge carries a list of named, typed payloads from one program to another, in whatever languages they are written.
//!
//! (front page follows)
mod base64;
mod check;
mod choice;
mod content;
mod digest;
mod draft;
mod error;
mod generated;
mod incoming;
#[cfg(feature = "http")]
mod io;
mod json;
mod link;
mod outgoing;
mod part;
mod pattern;
mod received;
mod retry;
mod rules;
mod value;

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod wire;

pub use check::{UnknownName, Violation};
pub use digest::{Digest, InvalidDigest};
pub use draft::Draft;
pub use error::{Error, ErrorKind};
#[cfg(feature = "http")]
pub use io::{
    Direction, Download, DownloadHandler, Environment, Fetch, FetchWithBackoff, Folder, HandlerError, Memory, Plik,
    Progress, Sink, SmartReceive, SmartSend, Source, Timeouts, Upload, UploadHandler, Uploaded, fetch_with_backoff,
    new_id, now, plik_oneshot_upload, smartreceive, smartsend,
};
pub use incoming::{Decoder, Incoming, PendingDownload};
pub use link::{InvalidLink, Link, Origin};
pub use outgoing::{Outgoing, PendingUpload};
pub use part::Part;
pub use received::{Received, ReceivedPayload};
pub use retry::{Retry, is_retryable_status};
pub use value::Value;
