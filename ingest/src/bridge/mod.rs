//! A city's own broker (`--mqtt-broker URL`): stop 1 by subscription. What the broker hands over is
//! admitted by the same path as the embedded endpoint's, and acknowledged to it in order, when it is
//! durable; what was not acknowledged comes again after a reconnect.
//!
//! What this cannot promise: a sensor's acknowledgement is the broker's, so durability begins there.

mod config;
mod connection;
mod flight;

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::ids::UnitId;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tokio::task::JoinHandle;

pub use config::{BridgeConfig, BridgeError};

use crate::mqtt::directory::tasks_topic;
use crate::mqtt::session::Intake;
use crate::seams::{TaskDown, Tasks};

/// The largest packet taken from a broker, bytes. A larger one in a persistent session would come
/// again for ever: the broker's own limit has to be below.
pub const PACKET_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Packets that wait for their durability.
pub const PENDING_MAX: usize = 1_024;
/// Messages down that wait to be published.
pub const DOWNLINKS_MAX: usize = 1_024;
/// The first rest after a lost connection; it doubles up to [`REST_MAX`].
pub const REST_MIN: Duration = Duration::from_millis(250);
/// The longest rest before the next attempt.
pub const REST_MAX: Duration = Duration::from_secs(30);

/// The bridge as seen from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BridgeState {
    /// The broker has accepted us and our subscriptions.
    pub connected: bool,
    /// Whether it had kept our session at the last connect.
    pub session_present: bool,
    /// Connections made since the start.
    pub connects: u64,
    /// Packets taken.
    pub packets: u64,
    /// Packets acknowledged to the broker.
    pub acknowledged: u64,
    /// Messages that the broker has acknowledged to us.
    pub delivered: u64,
    /// Notes left out because too much was waiting to go down.
    pub dropped_notes: u64,
    /// Why the last connection ended.
    pub last_error: Option<String>,
    /// When it did.
    pub failed: Option<Instant>,
}

/// One message down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Down {
    pub(crate) topic: String,
    pub(crate) body: Bytes,
    /// The task it is, for the desk to know of its delivery.
    pub(crate) task: Option<(UnitId, u64)>,
}

/// What the bridge's task shares with its handle.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<BridgeState>);

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, BridgeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running bridge.
#[derive(Debug)]
pub struct Bridge {
    shared: Arc<Shared>,
    down: mpsc::Sender<Down>,
    task: JoinHandle<()>,
}

/// What every connection of the bridge uses.
pub(crate) struct Parts {
    pub(crate) config: BridgeConfig,
    pub(crate) intake: Intake,
    pub(crate) tasks: Arc<dyn Tasks>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) down: AsyncMutex<mpsc::Receiver<Down>>,
    /// What was taken from the queue and could not be published yet.
    pub(crate) held: Mutex<VecDeque<Down>>,
}

impl Bridge {
    /// Starts the bridge; it connects, and connects again, until `stopped` turns true.
    ///
    /// # Errors
    /// [`BridgeError`] when the configuration cannot be right.
    pub fn start(
        config: BridgeConfig,
        intake: Intake,
        tasks: Arc<dyn Tasks>,
        stopped: watch::Receiver<bool>,
    ) -> Result<Self, BridgeError> {
        config.check()?;
        let shared = Arc::new(Shared::default());
        let (down, queue) = mpsc::channel(DOWNLINKS_MAX);
        let parts = Arc::new(Parts {
            config,
            intake,
            tasks,
            shared: shared.clone(),
            down: AsyncMutex::new(queue),
            held: Mutex::default(),
        });
        let task = tokio::spawn(supervise(parts, stopped));
        Ok(Self { shared, down, task })
    }

    /// The state of this moment.
    pub fn state(&self) -> BridgeState {
        self.shared.state().clone()
    }

    /// Whether it has ended: it was told to, or a fault ended it.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Puts a task in the queue to the broker. `false`: the queue is full; the desk's open tasks
    /// are sent again by themselves.
    pub fn send_task(&self, unit: &UnitId, task: &TaskDown) -> bool {
        let down = Down {
            topic: tasks_topic(unit),
            body: task.body.clone(),
            task: Some((unit.clone(), task.key)),
        };
        self.down.try_send(down).is_ok()
    }

    /// Waits until it has ended, after a stop.
    pub async fn ended(self) {
        if self.task.await.is_err() {
            tracing::error!("the bridge broke off");
        }
    }
}

/// One connection after the other, each in a task of its own, so that a fault in the client's
/// library ends that connection only.
async fn supervise(parts: Arc<Parts>, mut stopped: watch::Receiver<bool>) {
    let mut attempt = 0u32;
    while !*stopped.borrow() {
        let before = parts.shared.state().packets;
        let run = tokio::spawn(connection::run(parts.clone(), stopped.clone()));
        let why = match run.await {
            Ok(Ok(())) => return,
            Ok(Err(why)) => why,
            Err(_) => "the connection's task broke off".to_owned(),
        };
        {
            let mut state = parts.shared.state();
            // A connection that brought something was good.
            attempt = if state.packets > before { 0 } else { attempt.saturating_add(1) };
            state.connected = false;
            (state.last_error, state.failed) = (Some(why.clone()), Some(Instant::now()));
        }
        let rest = rest(&parts.config.client_id, attempt);
        tracing::warn!(broker = %parts.config.host, %why, ?rest, "the broker's connection ended");
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
    }
}

/// Doubling, within bounds, and spread by three quarters to five quarters: many platforms do not
/// come back in one moment. The spread is of the client's name, not of chance.
fn rest(client_id: &str, attempt: u32) -> Duration {
    let base = REST_MIN.saturating_mul(1 << attempt.min(10)).min(REST_MAX);
    let mut hasher = DefaultHasher::new();
    (client_id, attempt).hash(&mut hasher);
    let spread = 0.75 + (hasher.finish() % 1_000) as f64 / 2_000.0;
    base.mul_f64(spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_within_bounds_and_differ_between_platforms() {
        let all: Vec<Duration> = (0..20).map(|attempt| rest("fenghuo-a", attempt)).collect();
        assert!(all[0] >= REST_MIN.mul_f64(0.75) && all[0] <= REST_MIN.mul_f64(1.25));
        assert!(all[19] >= REST_MAX.mul_f64(0.75) && all[19] <= REST_MAX.mul_f64(1.25));
        assert_ne!(rest("fenghuo-a", 5), rest("fenghuo-b", 5));
    }
}
