//! The platform's clock goes into the journal once a second, more often where it is quickened: the
//! engine's only now.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::admit::Admission;

/// How often the ticks of a clock that goes as the machine's does come.
pub const TICK_EVERY: Duration = Duration::from_secs(1);

/// Ticks once in `every` until `stopped` turns true. What cannot be made durable is left out: the next tick says
/// the time as well.
pub async fn run(admission: Admission, every: Duration, mut stopped: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(every);
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = admission.tick().await {
            tracing::warn!(%error, "a tick is missing");
        }
    }
}
