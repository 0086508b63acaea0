//! `natsbridge fileserver`: a file server to develop and test with.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration;
use crate::failure::Failure;
use crate::fileserver::{Config, Fileserver};
use crate::output;
use crate::signal;

/// Run a file server that speaks the API of Plik, until Ctrl-C or SIGTERM.
///
/// It is made for development and tests: no TLS, and nothing survives its end. Once it listens, it prints its URL.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder to keep files in while it runs; made if it is not there [default: the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The largest file; 0 for any size [default: 10000000000]
    #[arg(long, value_name = "BYTES")]
    max_file_size: Option<u64>,
    /// How long uploads are kept that do not say so (milliseconds, or with a unit) [default: 30days]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    default_ttl: Option<Duration>,
    /// The longest time that an upload may ask for; 0 for any [default: 30days]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    max_ttl: Option<Duration>,
    /// Let only those upload that send this token; may be repeated, or given in the environment, separated by commas
    #[arg(
        long = "user-token",
        value_name = "TOKEN",
        env = "NATSBRIDGE_USER_TOKENS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    user_tokens: Vec<String>,
    /// The URL that files are to be fetched from, where it is not this server's own
    #[arg(long, value_name = "URL")]
    download_domain: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge fileserver
  natsbridge fileserver --listen 0.0.0.0:8080 --dir /var/tmp --max-file-size 1000000000
  natsbridge fileserver --listen 127.0.0.1:0 --default-ttl 1h --max-ttl 1day";

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let listen = arguments.listen;
    let server = Fileserver::start(arguments.config())
        .await
        .map_err(|error| {
            let message = format!("no file server can be started at {listen}: {error}");
            match error.kind() {
                ErrorKind::InvalidInput => Failure::Usage(message),
                _ => Failure::Local(message),
            }
        })?;
    // That nobody reads it is no reason to end.
    match output::print(|out| writeln!(out, "{}", server.url())) {
        Ok(()) | Err(Failure::NobodyReads) => {}
        Err(failure) => return Err(failure),
    }
    let stopped = signal::next().await;
    server.shutdown().await;
    match stopped {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Local(format!(
            "signals cannot be waited for: {error}"
        ))),
    }
}

impl Arguments {
    fn config(self) -> Config {
        let defaults = Config::default();
        let unless_zero = |value: Duration| (!value.is_zero()).then_some(value);
        let max_ttl = self.max_ttl.map_or(defaults.max_ttl, unless_zero);
        let default_ttl = match (self.default_ttl, max_ttl) {
            (Some(given), _) => unless_zero(given),
            // A shorter longest time shortens what is not said.
            (None, Some(max)) => defaults.default_ttl.map(|default| default.min(max)),
            (None, None) => defaults.default_ttl,
        };
        Config {
            listen: self.listen,
            dir: self.dir,
            max_file_size: self
                .max_file_size
                .map_or(defaults.max_file_size, |size| (size > 0).then_some(size)),
            default_ttl,
            max_ttl,
            user_tokens: self.user_tokens,
            download_domain: self.download_domain,
        }
    }
}
