//! An authority of a test's own, and clients that trust it.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tls::TlsFiles;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{WITHIN, now_ms};

/// A certificate and its key, PEM.
pub struct Pair {
    pub cert: String,
    pub key: String,
}

/// See the module.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Signs a certificate for a common name and other names, good for so many days.
    pub fn sign(&self, name: &str, others: &[&str], days: i64) -> Pair {
        self.sign_from(name, others, (0, now_ms() + days * 86_400_000))
    }

    /// The same, good from when until when, Unix ms.
    pub fn sign_from(&self, name: &str, others: &[&str], (from, end): (i64, i64)) -> Pair {
        let others: Vec<String> = others.iter().map(|n| (*n).to_owned()).collect();
        let mut params = CertificateParams::new(others).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let instant = |ms: i64| {
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(u64::try_from(ms).unwrap())
        };
        (params.not_before, params.not_after) = (instant(from), instant(end));
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { cert, key: key.serialize_pem() }
    }

    /// A client that trusts this authority, with a certificate of its own or none.
    pub fn connector(&self, own: Option<&Pair>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let begun = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => begun.with_no_client_auth(),
            Some(pair) => {
                let cert = CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                begun.with_client_auth_cert(vec![cert], key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

/// Writes a certificate and its key where a platform reads them: each file at once.
pub fn put(folder: &Path, pair: &Pair, authority: Option<&Authority>) -> TlsFiles {
    let at = |name: &str| folder.join(name);
    let write = |name: &str, text: &str| {
        let fresh = at(&format!("{name}.new"));
        std::fs::write(&fresh, text).unwrap();
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(&fresh, at(name)).unwrap();
    };
    write("key.pem", &pair.key);
    write("cert.pem", &pair.cert);
    let client_ca = authority.map(|authority| {
        write("clients.pem", &authority.pem);
        at("clients.pem")
    });
    TlsFiles { cert: at("cert.pem"), key: at("key.pem"), client_ca }
}

/// A connection over TLS, as it is after the handshake.
pub async fn connect(by: &TlsConnector, at: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    by.connect(name, TcpStream::connect(at).await?).await
}

/// An MQTT 3.1.1 CONNECT.
pub fn connect_packet(id: &str, user: Option<&str>, password: Option<&str>) -> Vec<u8> {
    let mut body = b"\0\x04MQTT\x04".to_vec();
    let flags = u8::from(user.is_some()) << 7 | u8::from(password.is_some()) << 6 | 2;
    body.extend([flags, 0, 60]);
    for text in [Some(id), user, password].into_iter().flatten() {
        body.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        body.extend(text.as_bytes());
    }
    packet(0x10, &body)
}

/// A PUBLISH at QoS 1.
pub fn publish_packet(topic: &str, body: &str, id: u16) -> Vec<u8> {
    let mut bytes = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(topic.as_bytes());
    bytes.extend(id.to_be_bytes());
    bytes.extend(body.as_bytes());
    packet(0x32, &bytes)
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length % 128).unwrap();
        length /= 128;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

/// The certificate that a door shows.
pub async fn shown(by: &TlsConnector, at: SocketAddr) -> Vec<u8> {
    let stream = connect(by, at).await.unwrap();
    let (_, session) = stream.get_ref();
    session.peer_certificates().unwrap()[0].to_vec()
}

/// The certificate of a pair.
pub fn der(pair: &Pair) -> Vec<u8> {
    CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap().to_vec()
}

/// The return code of a CONNECT by certificate or password; `None` where no connection came of it.
pub async fn mqtt(
    by: &TlsConnector,
    at: SocketAddr,
    user: Option<&str>,
    password: Option<&str>,
) -> Option<(TlsStream<TcpStream>, u8)> {
    let mut stream = connect(by, at).await.ok()?;
    let id = format!("{}-tls", user.unwrap_or("nameless"));
    stream.write_all(&connect_packet(&id, user, password)).await.ok()?;
    let mut answer = [0; 4];
    tokio::time::timeout(WITHIN, stream.read_exact(&mut answer)).await.ok()?.ok()?;
    Some((stream, answer[3]))
}

/// Publishes and waits for the acknowledgement: whether it came.
pub async fn published(
    stream: &mut TlsStream<TcpStream>,
    topic: &str,
    body: &str,
    id: u16,
) -> bool {
    if stream.write_all(&publish_packet(topic, body, id)).await.is_err() {
        return false;
    }
    let mut answer = [0; 4];
    let read = tokio::time::timeout(WITHIN, stream.read_exact(&mut answer)).await;
    read.is_ok_and(|read| read.is_ok()) && answer[..2] == [0x40, 2]
}
