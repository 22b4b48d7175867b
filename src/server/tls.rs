//! Reads a certificate and its key, and makes what answers TLS with them.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::TlsFiles;

/// Why TLS cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not what it has to be.
    #[error("{} holds no {what}: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What was found.
        why: String,
    },
    /// The two do not go together.
    #[error("the certificate and the key do not fit")]
    Mismatch(#[source] rustls::Error),
}

pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let broken =
        |path: &PathBuf, what, why: String| TlsError::File { path: path.clone(), what, why };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| broken(&files.cert, "certificate", error.to_string()))?;
    if chain.is_empty() {
        return Err(broken(&files.cert, "certificate", "no PEM block of one".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| broken(&files.key, "private key", error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
