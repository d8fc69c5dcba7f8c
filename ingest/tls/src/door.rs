//! Before a listener: every connection is opened through its door, plain or with TLS.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::about::{AboutError, ClientCertificate};
use crate::certificates::{Certificates, Clients};
use crate::stream::Stream;

/// How long a handshake may take.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Why a connection does not come through the door.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// It took longer than [`HANDSHAKE_WITHIN`].
    #[error("the handshake did not end in time")]
    Late,
    /// It broke off: no TLS, nothing in common, a certificate that is not good.
    #[error("the handshake failed: {0}")]
    Failed(std::io::Error),
    /// The client's certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] AboutError),
    /// Clients must show a certificate, and no authority is configured.
    #[error("no authority for clients' certificates is configured")]
    NoAuthority,
}

/// Opens connections with TLS.
#[derive(Debug, Clone)]
pub struct Acceptor {
    certificates: Arc<Certificates>,
    clients: Clients,
}

impl Acceptor {
    pub(crate) fn new(certificates: Arc<Certificates>, clients: Clients) -> Self {
        Self { certificates, clients }
    }

    /// Does the handshake of one connection, by what is in force now.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub async fn open(
        &self,
        tcp: TcpStream,
    ) -> Result<(Stream, Option<ClientCertificate>), HandshakeError> {
        let configs = self.certificates.configs();
        let config = configs.of(self.clients).ok_or(HandshakeError::NoAuthority)?;
        let handshake = TlsAcceptor::from(config).accept(tcp);
        let opened =
            timeout(HANDSHAKE_WITHIN, handshake).await.map_err(|_| HandshakeError::Late)?;
        let stream = opened.map_err(HandshakeError::Failed)?;
        let (_, connection) = stream.get_ref();
        let shown = connection.peer_certificates().and_then(|chain| chain.first());
        let shown = shown.map(ClientCertificate::of).transpose()?;
        Ok((Stream::Tls(Box::new(stream)), shown))
    }
}

/// What stands before a listener.
#[derive(Debug, Clone, Default)]
pub enum Door {
    /// Nothing: bytes as they come.
    #[default]
    Plain,
    /// TLS.
    Tls(Acceptor),
}

impl Door {
    /// Opens a connection. Belongs into the connection's own task: a handshake waits for its peer.
    ///
    /// # Errors
    /// [`HandshakeError`]; a plain door never fails.
    pub async fn open(
        &self,
        tcp: TcpStream,
    ) -> Result<(Stream, Option<ClientCertificate>), HandshakeError> {
        match self {
            Door::Plain => Ok((Stream::Plain(tcp), None)),
            Door::Tls(acceptor) => acceptor.open(tcp).await,
        }
    }

    /// Whether it is TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self, Door::Tls(_))
    }
}
