//! The HTTP client that every transfer uses, set up as the wire wants it (wire.md W6.2 and W6.6).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::handler::HandlerError;

/// Plik answers errors with a page for people unless the user agent starts like this.
const USER_AGENT: &str = concat!("plik_client/natsbridge-", env!("CARGO_PKG_VERSION"));

/// A client that follows no redirect, asks for no content coding and uses no proxy of the environment.
pub(super) fn client(connect_timeout: Duration) -> Result<reqwest::Client, HandlerError> {
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    let client = reqwest::Client::builder()
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
        .connect_timeout(connect_timeout)
        .build()?;
    Ok(client)
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
