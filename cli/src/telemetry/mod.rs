//! What a running command tells of itself: lines on standard error, and metrics that Prometheus fetches.
//!
//! ```text
//! tracing: spans and events of the library -> line      -> standard error   (--log)
//! metrics: counts and times of the library -> catalogue -> endpoint         (--metrics)
//! ```

mod catalogue;
mod endpoint;
mod line;
mod log;
mod metrics;

pub use self::catalogue::{Kind, LIBRARY, Metric, PROBE};
pub use self::endpoint::Endpoint;
pub(crate) use self::log::Log;
pub(crate) use self::metrics::Metrics;
