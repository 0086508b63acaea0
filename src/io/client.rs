//! The HTTP client that every transfer uses, set up as the wire wants it (W6.2 and W6.6).

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::runtime;

use super::handler::HandlerError;
use super::resolver::Resolver;
use crate::reach::Reach;

/// Plik answers errors with a page for people unless the user agent starts like this.
const USER_AGENT: &str = concat!("plik_client/natsbridge-", env!("CARGO_PKG_VERSION"));

/// How long a connection is kept that nobody uses: shorter than servers do, which would end it just as it is used again.
const IDLE: Duration = Duration::from_secs(15);

/// A client that follows no redirect, asks for no content coding and uses no proxy of the environment.
pub(super) fn client(connect_timeout: Duration) -> Result<Client, HandlerError> {
    kept(connect_timeout, None)
}

/// As [`client`], for names whose addresses are within reach.
pub(super) fn guarded_client(
    connect_timeout: Duration,
    reach: &Reach,
) -> Result<Client, HandlerError> {
    kept(connect_timeout, Some(reach.clone()))
}

/// One client for all transfers of a runtime with the same settings, so that connections are used again. A connection must not
/// outlive the runtime that drives it, nor serve a caller who would not have made it.
fn kept(connect_timeout: Duration, reach: Option<Reach>) -> Result<Client, HandlerError> {
    type Key = (runtime::Id, Duration, Option<Reach>);
    /// Nobody has many settings; whoever makes them up as they go gets a new client each time.
    const MOST: usize = 16;
    static CLIENTS: Mutex<Vec<(Key, Client)>> = Mutex::new(Vec::new());
    let Ok(runtime) = runtime::Handle::try_current() else {
        return build(connect_timeout, reach.map(Resolver::new));
    };
    let key = (runtime.id(), connect_timeout, reach);
    let clients = || CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, client)) = clients().iter().find(|(known, _)| *known == key) {
        return Ok(client.clone());
    }
    let client = build(connect_timeout, key.2.clone().map(Resolver::new))?;
    let mut clients = clients();
    if clients.len() >= MOST {
        clients.remove(0);
    }
    clients.push((key, client.clone()));
    Ok(client)
}

/// A client that no other transfer shares.
pub(super) fn build(
    connect_timeout: Duration,
    resolver: Option<Resolver>,
) -> Result<Client, HandlerError> {
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    let builder = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .user_agent(USER_AGENT)
        .default_headers(headers)
        .redirect(Policy::none())
        .no_proxy()
        // Whatever features the user's tree switches on, a coded body must be seen as one.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .pool_idle_timeout(IDLE)
        .connect_timeout(connect_timeout);
    let builder = match resolver {
        None => builder,
        Some(resolver) => builder.dns_resolver(resolver),
    };
    Ok(builder.build()?)
}

/// TLS with the system's roots; a system without any can still speak http. They are read once in a process, since that takes
/// longer than a small transfer does.
fn tls() -> Result<ClientConfig, HandlerError> {
    static TLS: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = TLS.get() {
        return Ok(config.clone());
    }
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| HandlerError::new(format!("TLS cannot be set up: {error}")))
    };
    let config = match builder()?.with_platform_verifier() {
        Ok(verified) => verified.with_no_client_auth(),
        Err(_) => builder()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    };
    Ok(TLS.get_or_init(|| config).clone())
}
