//! NATSBridge carries a list of named, typed payloads from one program to another, whatever languages they are written in.
//!
//! One call turns the list into one JSON message for NATS; one call turns the message back into the list. Small payloads
//! ride in the message; large ones go to an HTTP file server, Plik by default, and the message carries the link (the
//! Claim-Check pattern). A JSON Schema is the source of truth: the wire types, the check of every message and all limits and
//! defaults are generated from it.
//!
//! [`smartsend`] and [`smartreceive`] do *not* publish or subscribe: the caller hands the message to its own NATS client, or
//! uses [`Bridge`] (feature `nats`), which does both and delivers at least once. Nothing compresses, encrypts or stores messages.
//!
//! ```
//! # #[cfg(feature = "http")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), natsbridge::Error> {
//! use natsbridge::{Part, smartreceive, smartsend};
//! use serde_json::json;
//!
//! let payloads = [Part::text("msg", "Hello"), Part::dictionary("options", &json!({"n": 9007199254740993_u64}))];
//! let (envelope, json) = smartsend("/chat/user/v1/message", payloads).await?;
//! assert_eq!(envelope.payloads.len(), 2);
//!
//! // Publish `json` to `envelope.send_to`; at the other end:
//! let received = smartreceive(json).await?;
//! assert_eq!(received.text("msg")?, "Hello");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "http"))]
//! # fn main() {}
//! ```
//!
//! # The way of a message
//!
//! ```text
//!  parts ──▶ Draft ──encode──▶ Outgoing ──link / fall_back──▶ finish ──▶ JSON text
//!            validate          uploads()                      limit
//!            serialize            │                                        │
//!            limit                ▼                                        ▼ NATS
//!                            file server                                   │
//!                                 ▲                                        │
//!  values ◀──finish── Incoming ───┘ downloads() ◀──decode── Decoder ◀──────┘
//!            decode                                          parse, validate
//! ```
//!
//! The core, [`Draft`] and [`Decoder`], is pure: no clock, no sockets, no files, no runtime; time, ids and fetched bytes come
//! in as arguments. The functions [`smartsend`] and [`smartreceive`] (feature `http`) add these around it.
//!
//! # Features
//!
//! `arrow` (default) has Arrow tables as payloads; `http` (default) has file servers, `smartsend` and `smartreceive`; `nats`
//! (default) has [`Bridge`]. Without them, the core alone is left. `s3`, `gcs` and `azure` have `Bucket` for these object stores, and `object-store` has it for any
//! other that the crate `object_store` knows.
// The public interface is:

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod schema;
pub mod wire;

pub use answer::{ack, nack, reply, update_status};
pub use check::{UnknownName, Violation};
pub use digest::{Digest, InvalidDigest};
pub use draft::Draft;
pub use error::{Error, ErrorKind};
pub use incoming::{Decoder, Incoming, PendingDownload};
#[cfg(feature = "object-store")]
pub use io::Bucket;
#[cfg(feature = "metrics")]
pub use io::describe_metrics;
#[cfg(feature = "http")]
pub use io::{
    Direction, Download, DownloadHandler, Environment, Fetch, FetchWithBackoff, FileServers,
    Folder, HandlerError, Memory, Plik, Progress, Sink, SmartReceive, SmartSend, Source, Timeouts,
    Upload, UploadHandler, Uploaded, fetch_with_backoff, new_id, now, plik_oneshot_upload,
    removals_done, smartreceive, smartsend,
};
pub use link::{InvalidLink, Link, Origin};
#[cfg(feature = "nats")]
pub use nats::{
    Bridge, Connect, Deliver, Delivered, Event, HeaderMap, Message, Publish, Refusal, Request,
    Subscribe, Subscription,
};
#[cfg(feature = "object-store")]
pub use object_store;
pub use outgoing::{Outgoing, PendingUpload};
pub use part::Part;
pub use reach::{InvalidNetwork, Network};
pub use received::{Received, ReceivedPayload};
pub use retry::{Retry, is_retryable_status};
pub use value::Value;

mod answer;
mod arguments;
mod base64;
mod check;
mod choice;
mod content;
#[cfg(feature = "nats")]
mod delivery;
mod digest;
mod draft;
mod error;
mod generated;
mod header;
mod incoming;
#[cfg(feature = "http")]
mod io;
mod json;
mod link;
#[cfg(feature = "nats")]
mod nats;
mod outgoing;
mod part;
mod pattern;
mod reach;
mod received;
mod retry;
mod rules;
mod value;
#[cfg(feature = "nats")]
mod window;

#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../README.md")]
struct Readme;
