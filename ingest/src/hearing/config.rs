//! What hearing is started with, and what can keep it from starting.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use journal::{OpenError, ReadError};
use mqtt_edge::EdgeConfig;
use tls::Certificates;

use crate::admit::{Ticks, Unavailable};
use crate::archive::{ArchiveConfig, ArchiveError};
use crate::bridge::{BridgeConfig, BridgeError};
use crate::cot::listen::CotConfig;
use crate::http::keys::KeysError;
use crate::register::Register;
use crate::seams::{Credentials, Tasks};
use crate::sl651::listen::ListenConfig;

/// How MQTT comes in.
#[derive(Debug, Clone)]
pub enum Mqtt {
    /// Not at all.
    Off,
    /// By the embedded endpoint: a bound listener's address, port 0 for a free one.
    Embedded(SocketAddr, Box<EdgeConfig>),
    /// From a city's own broker.
    Bridge(BridgeConfig),
}

/// TLS for what is heard: whoever puts a listener up opens its connections through a
/// [`tls::Door`] made of these certificates.
#[derive(Debug, Clone)]
pub struct HearingTls {
    /// The platform's certificate, and the authority of clients'.
    pub certificates: Arc<Certificates>,
    /// MQTT over TLS at this address too, beside the plain one.
    pub mqtt: Option<SocketAddr>,
    /// SL 651 telemetry over TLS: a certificate names the agency.
    pub sl651: Option<ListenConfig>,
    /// Units by Cursor-on-Target over TLS: a certificate names the agency, or the unit.
    pub cot: Option<SocketAddr>,
}

/// What hearing is started with.
pub struct HearingConfig {
    /// The data directory: the journal's, with its history.
    pub dir: PathBuf,
    /// The city's register.
    pub register: Arc<Register>,
    /// Whose clock the ticks follow.
    pub ticks: Ticks,
    /// How often a live clock ticks: [`crate::ticker::TICK_EVERY`], more often where it is quickened.
    pub tick_every: Duration,
    /// How MQTT comes in.
    pub mqtt: Mqtt,
    /// The port for SL 651 telemetry, where there is one.
    pub sl651: Option<ListenConfig>,
    /// The port for units by Cursor-on-Target, where there is one.
    pub cot: Option<CotConfig>,
    /// The archive, where there is one.
    pub archive: Option<ArchiveConfig>,
    /// Feeds' and units' credentials.
    pub credentials: Arc<dyn Credentials>,
    /// The desk's tasks.
    pub tasks: Arc<dyn Tasks>,
    /// Where TLS is spoken, if anywhere.
    pub tls: Option<HearingTls>,
    /// `https://…` where the platform is reached through a reverse proxy: addresses in answers.
    pub public_url: Option<String>,
}

impl std::fmt::Debug for HearingConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HearingConfig").field("mqtt", &self.mqtt).finish_non_exhaustive()
    }
}

/// Why hearing cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be opened for reading.
    #[error("the journal cannot be read: {0}")]
    Open(#[from] OpenError),
    /// Its end cannot be read.
    #[error("the journal cannot be read: {0}")]
    Read(#[from] ReadError),
    /// The first tick could not be made durable.
    #[error("the journal takes nothing: {0}")]
    Tick(Unavailable),
    /// The address for MQTT cannot be had.
    #[error("MQTT cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The port for units by Cursor-on-Target cannot be opened.
    #[error("CoT cannot listen on {address}: {source}")]
    Cot {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The port for SL 651 telemetry cannot be opened.
    #[error("SL 651 cannot listen on {address}: {source}")]
    Sl651 {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The idempotency keys cannot be opened.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The bridge's configuration is wrong.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// The archive's configuration or position is wrong.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}
