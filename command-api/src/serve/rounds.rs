//! The rounds: what is done again and again while the platform is served.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contract::live::Notice;
use ingest::hearing::HearingHandle;
use ingest::seams::Credentials;
use journal::Journal;
use tls::Certificates;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::feeds;
use super::follower::{Followed, held};
use super::options::ClockKind;
use crate::access::{Access, REFRESH_EVERY};
use crate::platform::Platform;
use crate::readings::TELL_EVERY;

/// How often consoles are told that a second has passed.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How often the risk of zones is told where it changed: not with every decision.
const ZONES_EVERY: Duration = Duration::from_secs(1);
/// The age alone of what is known of a zone is told once in so many of those rounds.
const AGES_EVERY_ROUNDS: u32 = 30;
/// How often the desk is asked for corrections.
const CORRECTIONS_EVERY: Duration = Duration::from_millis(500);
/// How often feeds, units' sessions and notices are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The rounds that run. None of them ends by itself.
#[derive(Default)]
pub(super) struct Rounds {
    tasks: JoinSet<()>,
    each: Vec<(&'static str, AbortHandle)>,
}

impl Rounds {
    /// Begins one.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        round: impl Future<Output = ()> + Send + 'static,
    ) {
        self.each.push((name, self.tasks.spawn(round)));
    }

    /// One that has ended, by a fault of ours.
    pub(super) fn died(&self) -> Option<&'static str> {
        self.each.iter().find(|(_, round)| round.is_finished()).map(|(name, _)| *name)
    }

    /// Ends them all.
    pub(super) async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}

/// Tells consoles the newest readings.
pub(super) async fn readings(platform: Arc<Platform>) {
    let mut ticks = every(TELL_EVERY);
    loop {
        ticks.tick().await;
        platform.live.tell_values();
    }
}

/// Tells consoles what has become of the zones' risk, and how old what is known of them is.
pub(super) async fn zones(platform: Arc<Platform>) {
    let mut ticks = every(ZONES_EVERY);
    let mut rounds = 0u32;
    loop {
        ticks.tick().await;
        rounds = rounds.wrapping_add(1);
        if !platform.live.board().risk.is_settled() {
            platform.live.change(|board| (board.assess(), ()));
        }
        if rounds % AGES_EVERY_ROUNDS == 1 {
            let stations = platform.live.stations();
            platform.live.change(|board| (board.age(&stations), ()));
        }
    }
}

/// A second has passed.
pub(super) async fn beat(platform: Arc<Platform>, followed: Arc<Followed>) {
    let mut ticks = every(BEAT_EVERY);
    loop {
        ticks.tick().await;
        let now = platform.now();
        held(&followed.readings).age(now);
        platform.live.beat(now);
    }
}

/// Admission takes over the corrections that hold at the desk.
pub(super) async fn corrections(platform: Arc<Platform>, hearing: Arc<HearingHandle>) {
    let mut ticks = every(CORRECTIONS_EVERY);
    let mut taken = BTreeMap::new();
    loop {
        ticks.tick().await;
        let now = platform.live.board().picture.corrections.clone();
        if now == taken {
            continue;
        }
        let admission = hearing.admission().clone();
        let list: Vec<_> = now.values().cloned().collect();
        // The history is asked for what is corrected.
        let submitted = tokio::task::spawn_blocking(move || admission.correct(&list)).await;
        let durable = match submitted {
            Ok(Some(admitted)) => admitted.durable().await.map(|_| ()),
            Ok(None) => {
                taken = now;
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "the corrections broke off");
                taken = now;
                continue;
            }
        };
        match durable {
            // There may be more to say.
            Ok(()) => {}
            // A full disk: what was not written is forgotten, and said again when there is room.
            Err(error) => {
                tracing::warn!(%error, "a correction could not be written");
                hearing.admission().correct_again();
            }
        }
    }
}

/// Access takes over what others have changed; who came in by a credential that has ended is shown
/// out.
pub(super) async fn access(access: Arc<Access>, hearing: Arc<HearingHandle>) {
    let mut ticks = every(REFRESH_EVERY);
    loop {
        ticks.tick().await;
        let refreshing = Arc::clone(&access);
        match tokio::task::spawn_blocking(move || refreshing.refresh()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "access was not refreshed"),
            Err(error) => tracing::error!(%error, "access"),
        }
        show_out(&access, &hearing);
    }
}

/// Closes the connections that came in by a credential that has expired or was revoked.
pub(super) fn show_out(access: &Access, hearing: &HearingHandle) {
    let closed = hearing.show_out(|credential| access.holds(credential));
    if closed > 0 {
        tracing::info!(closed, "connections were closed: their credentials have ended");
    }
}

/// Feeds, units' sessions, and what the platform has to say about itself.
pub(super) async fn look(
    platform: Arc<Platform>,
    hearing: Arc<HearingHandle>,
    journal: Arc<Journal>,
    followed: Arc<Followed>,
    clock: ClockKind,
    certificates: Option<Arc<Certificates>>,
) {
    let mut ticks = every(LOOK_EVERY);
    loop {
        ticks.tick().await;
        let now = platform.now();
        let at_disk = Arc::clone(&journal);
        let Ok(mut figures) = tokio::task::spawn_blocking(move || at_disk.figures()).await else {
            continue;
        };
        if clock != ClockKind::Wall {
            // Data at any other speed says nothing about how fast the disk fills.
            figures.days_until_full = None;
        }
        let well = journal.failed().is_none() && !figures.full;
        platform.health.journal_writes.store(well, Ordering::Relaxed);
        let mut standing: Vec<Notice> = Vec::new();
        standing.extend(feeds::disk(&figures, now));
        let understood = platform.metrics.understood_upto();
        standing.extend(feeds::engine(understood, journal.durable().0, now));
        standing.extend(super::archive::notice(&hearing, now));
        if let Some(certificates) = &certificates {
            standing.extend(super::certificates::notices(&certificates.state(), now));
        }
        standing.extend(super::archive::cap_feeds(&hearing, now));
        let plans = (platform.plans)();
        let refused = plans.last().map(|plan| plan.refused.as_slice()).unwrap_or_default();
        standing.extend(feeds::thresholds(refused, now));
        let record = feeds::record(&figures);
        let heard = hearing.feeds();
        let complete = held(&followed.complete).clone();
        let connected = super::archive::units_connected(&hearing);
        platform.live.change(|board| {
            let views = feeds::views(&board.city, &board.picture, &heard, &complete, now);
            let mut changes = board.feeds(views);
            standing.extend(feeds::distress(&board.picture));
            changes.extend(board.notices(standing));
            changes.extend(board.record(record));
            changes.extend(board.units_connected(connected));
            (changes, ())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_round_that_ends_is_named() {
        let mut rounds = Rounds::default();
        rounds.spawn("one that goes on", std::future::pending());
        assert_eq!(rounds.died(), None);
        rounds.spawn("one that breaks off", async { panic!("as it should") });
        for _ in 0..1_000 {
            if rounds.died().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(rounds.died(), Some("one that breaks off"));
        rounds.shutdown().await;
        assert_eq!(rounds.died(), Some("one that goes on"), "all have ended");
    }
}
