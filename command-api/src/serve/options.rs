//! How the platform is served, and what can keep it from being served.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use ingest::archive::ArchiveConfig;
use ingest::cot::listen::CotConfig;
use ingest::sl651::listen::ListenConfig;
use journal::PhaseHook;
use tls::TlsFiles;

use super::clock::Scale;

/// How MQTT comes in.
#[derive(Debug, Clone)]
pub enum Mqtt {
    /// By the embedded endpoint, on this address.
    Listen(SocketAddr),
    /// From a city's own broker.
    Broker(Box<ingest::bridge::BridgeConfig>),
}

/// Whose time the ticks follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockKind {
    /// The machine's.
    Wall,
    /// A clock of its own, for demonstrations and drills: it goes so many times as fast.
    Scaled(Scale),
    /// The newest frame's: recorded data at any speed.
    Replay,
}

/// Where TLS is spoken: HTTP at its address, MQTT at one of its own beside the plain one.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Certificate, key, and the authority of clients'.
    pub files: TlsFiles,
    /// MQTT over TLS; port 0 takes a free one.
    pub mqtt: Option<SocketAddr>,
    /// SL 651 telemetry over TLS; port 0 takes a free one. Clients show a certificate.
    pub sl651: Option<ListenConfig>,
    /// Cursor-on-Target over TLS; port 0 takes a free one. Clients show a certificate.
    pub cot: Option<SocketAddr>,
}

/// Says a line to whoever started the platform.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What the platform is served with.
#[derive(Clone)]
pub struct ServeOptions {
    /// The city's folder.
    pub city_dir: PathBuf,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Console and API; port 0 takes a free one.
    pub http: SocketAddr,
    /// How MQTT comes in.
    pub mqtt: Mqtt,
    /// The port for SL 651 telemetry, where there is one.
    pub sl651: Option<ListenConfig>,
    /// Where TLS is spoken, if anywhere.
    pub tls: Option<TlsOptions>,
    /// A port for units by Cursor-on-Target.
    pub cot: Option<CotConfig>,
    /// The archive, where there is one.
    pub archive: Option<ArchiveConfig>,
    /// Whose time the ticks follow.
    pub clock: ClockKind,
    /// Threads of the engine.
    pub workers: usize,
    /// Where a sign of life is sent, and how often.
    pub heartbeat: Option<(Uri, Duration)>,
    /// The console's built files.
    pub console_dir: Option<PathBuf>,
    /// `https://…` where people reach it through a reverse proxy.
    pub public_url: Option<String>,
    /// Makes people and tokens for itself and prints them.
    pub demo: bool,
    /// Records between two snapshots of the engine's state.
    pub snapshot_every: u64,
    /// Bytes of the record's log before it is taken over into its file, where not the journal's own.
    pub checkpoint_bytes: Option<u64>,
    /// Called at the moments of the record's life; does nothing but in tests that kill.
    pub phase_hook: PhaseHook,
    /// Says a line: the set-up link, the demo's sign-in, `ready …`.
    pub say: Say,
}

impl std::fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeOptions")
            .field("city_dir", &self.city_dir)
            .field("data_dir", &self.data_dir)
            .field("http", &self.http)
            .field("mqtt", &self.mqtt)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Why the platform is not served, or ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// The city.
    #[error("{0}")]
    City(crate::city_folder::FolderError),
    /// The data directory.
    #[error("the data directory {0}: {1}")]
    Data(PathBuf, std::io::Error),
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] journal::OpenError),
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] journal::ReadError),
    /// The configurations of the record cannot be read.
    #[error("{0}")]
    Unread(String),
    /// The journal takes nothing.
    #[error("the journal: {0}")]
    Append(#[from] journal::AppendError),
    /// A derived file.
    #[error(transparent)]
    Derived(#[from] journal::DerivedError),
    /// The picture cannot be read back.
    #[error(transparent)]
    Ledger(#[from] crate::desk::ledger::LedgerError),
    /// People and tokens.
    #[error(transparent)]
    Access(#[from] crate::access::AccessError),
    /// The engine cannot be started.
    #[error(transparent)]
    Engine(#[from] stream::EngineError),
    /// Hearing cannot be started.
    #[error(transparent)]
    Hearing(#[from] ingest::hearing::StartError),
    /// The address for HTTP cannot be had.
    #[error("HTTP cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// A thread or a file of our own.
    #[error("{0}: {1}")]
    System(&'static str, std::io::Error),
    /// Something it cannot do without has ended.
    #[error("{0} has ended: {1}")]
    Died(&'static str, String),
}
