//! A file server for development that speaks the API of Plik 1.3.8.
//!
//! It is meant to stand where a real Plik would: uploads are created, files added, downloaded once or until
//! their time is over, and removed, with Plik's own statuses, headers and JSON. The files' bytes stream to and
//! from a folder of the server's own; everything else is kept in memory.
//!
//! What it does not do: streaming uploads, extending a time to live, archives, QR codes, accounts with
//! sessions, the web page, TLS, byte ranges (Plik has none either). The first two are refused as by a Plik
//! that has them switched off.
//!
//! Nothing survives a restart. [`Fileserver::shutdown`] removes every file; a server that was killed leaves
//! its folder behind, and the next one that starts in the same place removes it.
//!
//! ```text
//! request -> server -> route -> api -> store      (who may do what, in memory)
//!                                   -> receive    (multipart -> digest, type -> disk)
//!                                   -> answer     (disk -> response)
//! ```

mod answer;
mod api;
mod content_type;
mod error;
mod folder;
mod multipart;
mod parameters;
mod receive;
mod request;
mod route;
mod server;
mod store;
mod token;
mod upload;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::api::Api;
use self::folder::Folder;
use self::store::{Limits, Store};

const THIRTY_DAYS: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How a [`Fileserver`] is set up. The defaults are Plik's, but for the address: any free port of loopback.
#[derive(Clone)]
pub struct Config {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the server makes its folder; created if missing, and never removed. `None` stands for the
    /// system's temporary directory.
    pub dir: Option<PathBuf>,
    /// The largest file in bytes; `None` for any size. 10 GB by default.
    pub max_file_size: Option<u64>,
    /// How long an upload is kept that does not say, in whole seconds; `None` for ever. 30 days by default.
    pub default_ttl: Option<Duration>,
    /// The longest time that an upload may ask for, in whole seconds; `None` for any. 30 days by default.
    pub max_ttl: Option<Duration>,
    /// The values of `X-PlikToken` that are known. With at least one, only requests that carry one of them can
    /// create uploads, as in a Plik with `FeatureAuthentication = "forced"`; with none, the header is ignored.
    pub user_tokens: Vec<String>,
    /// The URL (scheme, host, port) that files are fetched from, where it is not this server's own. It is told
    /// to clients, and downloads by another host are refused.
    pub download_domain: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            dir: None,
            max_file_size: Some(10_000_000_000),
            default_ttl: Some(THIRTY_DAYS),
            max_ttl: Some(THIRTY_DAYS),
            user_tokens: Vec::new(),
            download_domain: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("dir", &self.dir)
            .field("max_file_size", &self.max_file_size)
            .field("default_ttl", &self.default_ttl)
            .field("max_ttl", &self.max_ttl)
            // Secrets: their number is all that a log may have.
            .field("user_tokens", &self.user_tokens.len())
            .field("download_domain", &self.download_domain)
            .finish()
    }
}

/// A running server. Dropped, it stops at once; [`Fileserver::shutdown`] lets transfers end.
#[derive(Debug)]
pub struct Fileserver {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Fileserver {
    /// Starts a server on the current tokio runtime, whose time and IO drivers must be on.
    ///
    /// # Errors
    /// The address is taken, the directory can't be written to, or the configuration contradicts itself
    /// ([`io::ErrorKind::InvalidInput`]).
    pub async fn start(config: Config) -> io::Result<Self> {
        let limits = limits(&config)?;
        let download_domain = config
            .download_domain
            .as_deref()
            .map(download_domain)
            .transpose()?;
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let base = config.dir.unwrap_or_else(std::env::temp_dir);
        let store = Store::new(Folder::create(&base)?, limits);
        let api = Api {
            store: Arc::new(store),
            user_tokens: config.user_tokens,
            download_domain,
            url: url_of(address),
        };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(server::serve(listener, Arc::new(api), stopped));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// The URL to give to clients, such as `http://127.0.0.1:8080`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        url_of(self.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, gives transfers under way two seconds, cuts the rest off and removes every file.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        // The task has no error but a panic, which there is nothing left to do about.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Fileserver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn limits(config: &Config) -> io::Result<Limits> {
    let seconds = |ttl: Option<Duration>| match ttl.map(|ttl| i64::try_from(ttl.as_secs())) {
        None => Ok(None),
        Some(Ok(seconds)) if seconds > 0 => Ok(Some(seconds)),
        Some(_) => Err(invalid(
            "a time to live must be a second at least, and not endless",
        )),
    };
    let (default_ttl, max_ttl) = (seconds(config.default_ttl)?, seconds(config.max_ttl)?);
    if max_ttl.is_some_and(|max| default_ttl.is_none_or(|default| default > max)) {
        return Err(invalid(
            "the default time to live is longer than the longest",
        ));
    }
    Ok(Limits {
        max_file_size: config.max_file_size,
        default_ttl: default_ttl.unwrap_or(-1),
        max_ttl,
        users_only: !config.user_tokens.is_empty(),
    })
}

/// The URL as it is told to clients, and the `Host` of requests to it.
fn download_domain(url: &str) -> io::Result<(String, String)> {
    let url = url.trim_end_matches('/');
    let parsed: Uri = url
        .parse()
        .map_err(|_| invalid("the download domain is not a URL"))?;
    let host = parsed
        .authority()
        .map(|authority| authority.as_str().to_owned());
    match (parsed.scheme_str(), host) {
        (Some("http" | "https"), Some(host)) if !host.contains('@') => Ok((url.to_owned(), host)),
        _ => Err(invalid("the download domain is not an http or https URL")),
    }
}

fn url_of(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests;
