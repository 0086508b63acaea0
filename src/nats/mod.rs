//! The bridge: messages over a NATS server, published, subscribed to, requested and delivered.
//!
//! [`Bridge`] holds the connection; each call of it is a builder in a file of its own. What it decides is decided in the pure core:
//! when to send again and what an answer means (`delivery.rs`), what was handled already (`window.rs`), what an answer looks
//! like (`answer.rs`).

mod bridge;
mod claim;
mod connect;
mod deliver;
mod dispatch;
mod event;
mod headers;
mod inbox;
mod message;
mod publish;
mod refusal;
mod request;
mod servers;
mod subscribe;
mod subscription;
mod tls;

pub use async_nats::HeaderMap;
pub use bridge::Bridge;
pub use connect::Connect;
pub use deliver::{Deliver, Delivered};
pub use event::Event;
pub use message::Message;
pub use publish::Publish;
pub use refusal::Refusal;
pub use request::Request;
pub use subscribe::Subscribe;
pub use subscription::Subscription;
