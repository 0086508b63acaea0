//! The tests of the library's public interface, one module per topic.

#[cfg(feature = "arrow")]
mod arrow_claims;
#[cfg(feature = "arrow")]
mod arrow_hostile;
#[cfg(feature = "arrow")]
mod arrow_pyarrow;
#[cfg(feature = "arrow")]
mod arrow_samples;
#[cfg(feature = "arrow")]
mod arrow_streams;
#[cfg(feature = "nats")]
mod bridge;
mod cases;
#[cfg(feature = "http")]
mod connections;
mod differential;
#[cfg(feature = "http")]
mod faults;
mod hostile;
mod house;
#[cfg(feature = "http")]
mod log;
mod messages;
#[cfg(feature = "http")]
mod observe;
#[cfg(feature = "http")]
mod open_mode;
mod properties;
mod roundtrip;
mod verdicts;
