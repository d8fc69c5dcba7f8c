//! The platform's certificate, read from files and read again when they change.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::time::UtcMs;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::about;
use crate::door::Acceptor;

/// The largest file that is read, bytes.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and what leads from it to its authority, PEM.
    pub cert: PathBuf,
    /// Its key, PEM; nobody else may read it.
    pub key: PathBuf,
    /// The authority that signs clients' certificates, PEM; without it none is asked for.
    pub client_ca: Option<PathBuf>,
}

/// Why files are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The key can be read by everybody.
    #[error("{0} can be read by everybody: run `chmod 600 {0}`", .path.display())]
    Readable {
        /// The key's file.
        path: PathBuf,
    },
    /// Certificate and key cannot be used: they do not fit each other, or are of a kind unknown.
    #[error("certificate and key: {0}")]
    Unfit(String),
    /// The clients' authority cannot be used.
    #[error("the clients' authority: {0}")]
    Authority(String),
}

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// They are not asked.
    Unasked,
    /// They may: one that is shown is good, or the connection is not.
    May,
    /// They must.
    Must,
}

/// What a look at the files came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reload {
    /// They are as they were.
    Same,
    /// They were taken over; new connections have the new certificate, open ones stay.
    Taken,
    /// They cannot be used: those of before hold on.
    Kept(TlsError),
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Until when the certificate is good.
    pub not_after: UtcMs,
    /// Why newer files are not in force.
    pub refused: Option<TlsError>,
    /// How often files were taken over since the start.
    pub taken: u64,
}

/// A configuration for each answer to whether clients show a certificate.
#[derive(Debug)]
pub(crate) struct Configs {
    unasked: Arc<ServerConfig>,
    may: Arc<ServerConfig>,
    must: Option<Arc<ServerConfig>>,
}

impl Configs {
    pub(crate) fn of(&self, clients: Clients) -> Option<Arc<ServerConfig>> {
        match clients {
            Clients::Unasked => Some(self.unasked.clone()),
            Clients::May => Some(self.may.clone()),
            Clients::Must => self.must.clone(),
        }
    }
}

/// How a file looked: its place, size and times.
type Look = Vec<Option<(u64, u64, i64, i64)>>;

#[derive(Debug)]
struct InForce {
    configs: Arc<Configs>,
    state: State,
    seen: Look,
}

/// See the module. Shared by the acceptors that are made of it.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    in_force: Mutex<InForce>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let seen = look(&files);
        let (configs, not_after) = read(&files)?;
        let state = State { not_after, refused: None, taken: 0 };
        let in_force = InForce { configs: Arc::new(configs), state, seen };
        Ok(Arc::new(Self { files, in_force: Mutex::new(in_force) }))
    }

    fn held(&self) -> MutexGuard<'_, InForce> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether the files have changed, and takes them over where they can be used. To be called
    /// every few seconds, off the async threads. Certificate and key are two files: a look between
    /// the two writes finds them unfit, keeps what is in force, and the next look finds them whole.
    pub fn reload(&self) -> Reload {
        let seen = look(&self.files);
        {
            let held = self.held();
            if held.seen == seen && held.state.refused.is_none() {
                return Reload::Same;
            }
        }
        let read = read(&self.files);
        let mut held = self.held();
        match read {
            Ok((configs, not_after)) => {
                let taken = held.state.taken + 1;
                let state = State { not_after, refused: None, taken };
                *held = InForce { configs: Arc::new(configs), state, seen };
                Reload::Taken
            }
            Err(error) => {
                let told = held.seen == seen && held.state.refused.as_ref() == Some(&error);
                held.seen = seen;
                held.state.refused = Some(error.clone());
                if told { Reload::Same } else { Reload::Kept(error) }
            }
        }
    }

    /// What is in force.
    pub fn state(&self) -> State {
        self.held().state.clone()
    }

    /// Whether clients' certificates can be checked.
    pub fn has_authority(&self) -> bool {
        self.files.client_ca.is_some()
    }

    /// An acceptor by what is in force at each connection. [`Clients::Must`] lets nobody in while no
    /// authority is configured.
    pub fn acceptor(self: &Arc<Self>, clients: Clients) -> Acceptor {
        Acceptor::new(self.clone(), clients)
    }

    pub(crate) fn configs(&self) -> Arc<Configs> {
        self.held().configs.clone()
    }
}

fn look(files: &TlsFiles) -> Look {
    let all = [Some(&files.cert), Some(&files.key), files.client_ca.as_ref()];
    let of = |path: &PathBuf| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
    };
    all.into_iter().flatten().map(of).collect()
}

fn text(path: &Path) -> Result<Vec<u8>, TlsError> {
    let fault = |why: String| TlsError::File { path: path.to_owned(), why };
    let about = std::fs::metadata(path).map_err(|e| fault(e.to_string()))?;
    if about.len() > FILE_MAX_BYTES {
        return Err(fault(format!("larger than {FILE_MAX_BYTES} bytes")));
    }
    std::fs::read(path).map_err(|e| fault(e.to_string()))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |why: String| TlsError::File { path: path.to_owned(), why };
    let read = CertificateDer::pem_slice_iter(&text(path)?).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|e| fault(e.to_string()))?;
    if read.is_empty() { Err(fault("no certificate in it".into())) } else { Ok(read) }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let fault = |why: String| TlsError::File { path: path.to_owned(), why };
    let about = std::fs::metadata(path).map_err(|e| fault(e.to_string()))?;
    if about.permissions().mode() & 0o007 != 0 {
        return Err(TlsError::Readable { path: path.to_owned() });
    }
    PrivateKeyDer::from_pem_slice(&text(path)?).map_err(|e| fault(e.to_string()))
}

fn read(files: &TlsFiles) -> Result<(Configs, UtcMs), TlsError> {
    let chain = chain(&files.cert)?;
    let key = key(&files.key)?;
    let unfit = |e: &dyn std::fmt::Display| TlsError::Unfit(e.to_string());
    let first = chain.first().ok_or_else(|| unfit(&"no certificate"))?;
    let not_after = about::not_after(first).map_err(|e| unfit(&e))?;
    let provider = Arc::new(ring::default_provider());
    let config = |verifier: Option<Arc<dyn rustls::server::danger::ClientCertVerifier>>| {
        let begun = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|e| unfit(&e))?;
        let begun = match verifier {
            Some(verifier) => begun.with_client_cert_verifier(verifier),
            None => begun.with_no_client_auth(),
        };
        let made = begun.with_single_cert(chain.clone(), key.clone_key());
        Ok::<_, TlsError>(Arc::new(made.map_err(|e| unfit(&e))?))
    };
    let unasked = config(None)?;
    let Some(authority) = &files.client_ca else {
        return Ok((Configs { may: unasked.clone(), unasked, must: None }, not_after));
    };
    let mut roots = RootCertStore::empty();
    for root in self::chain(authority)? {
        roots.add(root).map_err(|e| TlsError::Authority(e.to_string()))?;
    }
    let roots = Arc::new(roots);
    let verifier = |may_be_nobody: bool| {
        let begun = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone());
        let begun = if may_be_nobody { begun.allow_unauthenticated() } else { begun };
        begun.build().map_err(|e| TlsError::Authority(e.to_string()))
    };
    let (may, must) = (config(Some(verifier(true)?))?, config(Some(verifier(false)?))?);
    Ok((Configs { unasked, may, must: Some(must) }, not_after))
}
