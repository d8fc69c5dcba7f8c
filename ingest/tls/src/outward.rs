//! Connections that the platform opens itself: to a server whose certificate leads to an authority
//! that the city names, or to one that the operating system trusts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificates::TlsError;

/// Where operating systems keep the authorities they trust, PEM; the first that is there is read.
pub const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// The largest file of authorities that is read, bytes.
pub const ROOTS_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Opens connections with TLS 1.2 or 1.3, and checks whom it has on the other end. Clones are the
/// same.
#[derive(Clone)]
pub struct Outward(TlsConnector);

impl std::fmt::Debug for Outward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outward").finish_non_exhaustive()
    }
}

impl Outward {
    /// Trusts these authorities (or a server's own certificate, where it is its own authority) and
    /// no others.
    ///
    /// # Errors
    /// [`TlsError::Authority`]: no certificate that can be used is among them.
    pub fn trusting(pem: &[u8]) -> Result<Self, TlsError> {
        let fault = |why: String| TlsError::Authority(why);
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| fault(e.to_string()))?;
            // A system's list may have one of a kind that is not known here.
            if let Err(error) = roots.add(certificate) {
                tracing::debug!(%error, "an authority is passed over");
            }
        }
        if roots.is_empty() {
            return Err(fault("no certificate in it".into()));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|e| fault(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Trusts whom the operating system trusts.
    ///
    /// # Errors
    /// [`TlsError`]: it keeps no list in the usual places, or one that cannot be read.
    pub fn by_the_system() -> Result<Self, TlsError> {
        let there = SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.is_file());
        let none = || TlsError::Authority("this machine keeps no list of authorities".into());
        let path = there.ok_or_else(none)?;
        let fault = |why: String| TlsError::File { path: PathBuf::from(path), why };
        let about = std::fs::metadata(path).map_err(|e| fault(e.to_string()))?;
        if about.len() > ROOTS_MAX_BYTES {
            return Err(fault(format!("larger than {ROOTS_MAX_BYTES} bytes")));
        }
        Self::trusting(&std::fs::read(path).map_err(|e| fault(e.to_string()))?)
    }

    /// Does the handshake with the server of this name or address.
    ///
    /// # Errors
    /// The name is none, or the handshake failed: no TLS, nothing in common, a certificate that is
    /// not good or not this server's.
    pub async fn open(&self, host: &str, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
        self.0.connect(name, tcp).await
    }
}
