//! What the platform counts of itself. Hearing registers its own counters beside these.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::platform::Platform;

/// Figures that are read when the page is asked for: name, value.
pub type Figures = Box<dyn Fn() -> Vec<(String, f64)> + Send + Sync>;

/// See the module.
pub struct Metrics {
    registry: Mutex<Registry>,
    denied: Counter,
    consoles: Gauge,
    alerts: Gauge,
    deltas: Gauge,
    connections: Gauge,
    figures: Mutex<Vec<Figures>>,
    upto: AtomicU64,
    understood: Gauge,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let (denied, consoles, alerts) = (Counter::default(), Gauge::default(), Gauge::default());
        let (deltas, connections, understood) =
            (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("fenghuo_denied", "Requests refused for access", denied.clone());
        registry.register("fenghuo_consoles", "Consoles on the live socket", consoles.clone());
        registry.register("fenghuo_alerts_on_list", "Alerts on the list", alerts.clone());
        registry.register("fenghuo_live_seq", "Number of the newest delta", deltas.clone());
        registry.register("fenghuo_http_connections", "Connections open", connections.clone());
        registry.register(
            "fenghuo_understood_seq",
            "Journal number understood",
            understood.clone(),
        );
        Self {
            registry: Mutex::new(registry),
            denied,
            consoles,
            alerts,
            deltas,
            connections,
            figures: Mutex::default(),
            upto: AtomicU64::new(0),
            understood,
        }
    }
}

impl Metrics {
    /// Has others register theirs.
    pub fn register(&self, with: impl FnOnce(&mut Registry)) {
        with(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds figures that are read when the page is asked for.
    pub fn figures(&self, read: Figures) {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).push(read);
    }

    /// A request was refused for access.
    pub fn denied(&self) {
        self.denied.inc();
    }

    /// A connection was opened (+1) or closed (−1).
    pub fn connection(&self, by: i64) {
        self.connections.inc_by(by);
    }

    /// The engine has understood everything up to here.
    pub fn understood(&self, seq: u64) {
        self.upto.fetch_max(seq, Ordering::Relaxed);
    }

    /// Up to where the engine has understood the record.
    pub fn understood_upto(&self) -> u64 {
        self.upto.load(Ordering::Relaxed)
    }

    /// The page, in the text form of Prometheus and OpenMetrics.
    pub fn page(&self, platform: &Platform) -> String {
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.consoles.set(whole(platform.live.consoles()));
        self.alerts.set(whole(platform.live.board().alerts().len()));
        self.deltas.set(i64::try_from(platform.live.last()).unwrap_or(i64::MAX));
        self.understood.set(i64::try_from(self.understood_upto()).unwrap_or(i64::MAX));
        let mut page = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if encode(&mut page, &registry).is_err() {
            tracing::error!("the metrics have no text");
        }
        let end = page.rfind("# EOF").unwrap_or(page.len());
        page.truncate(end);
        for read in self.figures.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (name, value) in read() {
                page.push_str(&format!("# TYPE {name} gauge\n{name} {value}\n"));
            }
        }
        page.push_str("# EOF\n");
        page
    }
}
