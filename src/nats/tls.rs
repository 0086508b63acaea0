//! TLS towards the NATS server with certificates of the caller's own.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::error::Error;

/// Who is trusted, and who this client is.
#[derive(Clone, Debug, Default)]
pub(super) struct Certificates {
    /// PEM; in place of the system's roots.
    pub(super) authorities: Option<PathBuf>,
    /// PEM: the certificate chain, and its private key.
    pub(super) own: Option<(PathBuf, PathBuf)>,
}

impl Certificates {
    pub(super) fn are_given(&self) -> bool {
        self.authorities.is_some() || self.own.is_some()
    }

    /// # Errors
    ///
    /// INVALID_ENVELOPE naming the file that cannot be used.
    pub(super) fn config(&self) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::argument(format!("TLS cannot be set up: {error}")))?;
        let builder = match &self.authorities {
            None => builder.with_platform_verifier().map_err(|error| {
                Error::argument(format!("the system's root certificates: {error}"))
            })?,
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots
                        .add(certificate)
                        .map_err(|error| unusable(path, error))?;
                }
                builder.with_root_certificates(roots)
            }
        };
        match &self.own {
            None => Ok(builder.with_no_client_auth()),
            Some((chain, key)) => {
                let private =
                    PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
                builder
                    .with_client_auth_cert(certificates(chain)?, private)
                    .map_err(|error| unusable(chain, error))
            }
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(path, error))?;
    match found.is_empty() {
        true => Err(unusable(path, "there is no certificate in it")),
        false => Ok(found),
    }
}

fn unusable(path: &Path, reason: impl Display) -> Error {
    Error::argument(format!(
        "{} cannot be used for TLS: {reason}",
        path.display()
    ))
    .expecting("a PEM file")
    .finding(reason.to_string())
}
