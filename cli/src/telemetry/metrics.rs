//! `--metrics`, for the commands that run for long.

use std::io::{self, Write};
use std::net::SocketAddr;

use clap::Args;

use super::catalogue::{LIBRARY, Metric};
use super::endpoint::Endpoint;
use crate::failure::Failure;

/// The options of a command that are about its metrics.
#[derive(Args, Debug)]
#[command(next_help_heading = "Metrics")]
pub(crate) struct Metrics {
    /// Serve metrics to Prometheus at http://ADDRESS/metrics; port 0 takes a free one, and standard error names it
    #[arg(long = "metrics", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Metrics {
    /// Starts to serve the library's metrics and the command's `own`, if they are wanted: until the result is dropped.
    ///
    /// The address is said on standard error, as one line of its own.
    pub(crate) async fn start(&self, own: &'static [Metric]) -> Result<Option<Endpoint>, Failure> {
        let Some(listen) = self.listen else {
            return Ok(None);
        };
        let endpoint = Endpoint::start(listen, LIBRARY.iter().chain(own))
            .await
            .map_err(|error| {
                Failure::Local(format!("metrics cannot be served at {listen}: {error}"))
            })?;
        // That nobody reads it is no reason to end.
        let _ = writeln!(
            io::stderr(),
            "{}metrics at {}",
            Failure::PREFIX,
            endpoint.url()
        );
        Ok(Some(endpoint))
    }
}
