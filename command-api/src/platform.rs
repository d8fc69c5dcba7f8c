//! What every request reaches: the parts of the running platform, and where each finds what it asks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use domain::city::Registry;
use domain::time::{Clock, UtcMs};
use tokio::sync::watch;

use crate::access::Access;
use crate::api::metrics::Metrics;
use crate::desk::Seat;
use crate::feed_health::Sight;
use crate::letters::LetterDesk;
use crate::live::Live;
use crate::registry::change::Counter;
use crate::shelf::Shelf;

/// A file of the city that consoles may read.
pub type CityFile = (String, Bytes);

/// Gives the plans that the engine has compiled so far.
pub type Plans = Box<dyn Fn() -> Vec<Arc<stream::plan::Plan>> + Send + Sync>;

/// Whether the platform may be used, part by part.
#[derive(Debug, Default)]
pub struct Health {
    /// The engine has understood the record up to where it stood at the start.
    pub caught_up: AtomicBool,
    /// The journal takes records.
    pub journal_writes: AtomicBool,
    /// It has been told to end.
    pub ending: AtomicBool,
}

impl Health {
    /// What keeps the platform from being ready; empty when it is.
    pub fn not_ready(&self) -> Vec<&'static str> {
        let mut why = Vec::new();
        if self.ending.load(Ordering::Relaxed) {
            why.push("the platform is ending");
        }
        if !self.caught_up.load(Ordering::Relaxed) {
            why.push("the engine has not caught up with the record");
        }
        if !self.journal_writes.load(Ordering::Relaxed) {
            why.push("the journal does not take records");
        }
        why
    }
}

/// See the module.
pub struct Platform {
    /// People and tokens.
    pub access: Arc<Access>,
    /// The board and its consoles.
    pub live: Arc<Live>,
    /// A seat at the desk.
    pub seat: Seat,
    /// What is kept: history, decisions, journal.
    pub shelf: Shelf,
    /// Which number is which datastream.
    pub registry: RwLock<Arc<Registry>>,
    /// The platform's clock.
    pub clock: Arc<dyn Clock>,
    /// Whether it may be used.
    pub health: Arc<Health>,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// `https://…` where it is reached through a reverse proxy.
    pub public_url: Option<String>,
    /// `mqtt://…` of the embedded endpoint, where there is one.
    pub mqtt: Option<String>,
    /// Whether its own listener speaks TLS.
    pub tls: bool,
    /// The console's built files.
    pub console: Option<PathBuf>,
    /// `zones.geojson` and the files of `map/`, by name.
    pub city_files: RwLock<Arc<BTreeMap<String, CityFile>>>,
    /// Turns true when everything is to end.
    pub stop: watch::Receiver<bool>,
    /// The plans that the engine has compiled, oldest first: to recompute by.
    pub plans: Plans,
    /// What the running parts know of feeds.
    pub sight: Box<dyn Sight>,
    /// Refused items sent again.
    pub letters: LetterDesk,
    /// Where changes of the registry are asked for.
    pub registrar: Counter,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("health", &self.health).finish_non_exhaustive()
    }
}

impl Platform {
    /// The registry in force.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The files of the city that consoles may read.
    pub fn city_files(&self) -> Arc<BTreeMap<String, CityFile>> {
        Arc::clone(&self.city_files.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The platform's now: never behind the newest tick.
    pub fn now(&self) -> UtcMs {
        self.clock.now().max(self.live.board().picture.now)
    }

    /// Whether people reach it by https.
    pub fn is_https(&self) -> bool {
        self.tls || self.public_url.as_deref().is_some_and(|u| u.starts_with("https://"))
    }
}
