//! The engine over the journal: its inlet is a reader, its outlet the decision store and the desk.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use domain::decision::{AlertId, Decision, DecisionKind};
use domain::ids::Seq;
use domain::status::Live as Actual;
use domain::time::UtcMs;
use journal::decisions::{DecisionLine, DecisionStore};
use journal::snapshots::{SnapshotStore, StateRow};
use journal::{DerivedError, Journal, Progress, Reader, Watermark};
use stream::silences::Silences;
use stream::snapshot::{Row, Snapshot};
use stream::{Decided, Engine, EngineConfig, Heard, InletError, OutletError};

use super::follower::{Followed, held};
use super::kept::Kept;
use super::options::{ServeError, ServeOptions};
use crate::api::metrics::Metrics;
use crate::desk::Seat;
use crate::desk::picture::FEED;

/// Records between two snapshots of the engine's state.
pub const SNAPSHOT_EVERY: u64 = 200_000;

/// Starts the live engine from its newest snapshot.
///
/// # Errors
/// What cannot be opened.
pub(super) fn start(
    journal: &Journal,
    options: &ServeOptions,
    seat: Seat,
    metrics: Arc<Metrics>,
    followed: Arc<Followed>,
) -> Result<Engine<Actual>, ServeError> {
    let dir = journal.dir();
    let durable = journal.durable();
    let mut decisions = DecisionStore::open(dir)?;
    decisions.rewind(durable)?;
    let published = decisions.position()?;
    let snapshots = SnapshotStore::open(dir, options.phase_hook.clone())?;
    // After a power cut a snapshot may be there and decisions before it not: they are made again.
    let start_from = snapshots.latest_valid(durable.min(published))?.map(from_store);
    let from = start_from.as_ref().map_or(0, |s| s.seq);
    tracing::info!(from, %published, %durable, "the engine reads the record");
    metrics.understood(from);
    let config = EngineConfig {
        workers: options.workers,
        snapshot_every: Some(options.snapshot_every),
        start_from,
        published_upto: published,
        ..EngineConfig::default()
    };
    let (reader, watermark) = (journal.reader()?, journal.watermark());
    let inlet = inlet(reader, watermark, Seq(from + 1), Arc::clone(&followed));
    let decisions = Kept::over(decisions)?;
    let outlet = Outlet { decisions, snapshots, seat, metrics, followed };
    Ok(Engine::start(config, inlet, outlet)?)
}

fn from_store(snapshot: journal::snapshots::Snapshot) -> Snapshot {
    let row = |r: StateRow| Row {
        operator: r.operator,
        key: r.key,
        version: u16::try_from(r.version).unwrap_or(u16::MAX),
        bytes: r.bytes,
    };
    Snapshot { seq: snapshot.seq.0, rows: snapshot.rows.into_iter().map(row).collect() }
}

/// Reads on from `next`; waits for the journal where there is nothing.
fn inlet(
    mut reader: Reader,
    watermark: Watermark,
    mut next: Seq,
    followed: Arc<Followed>,
) -> impl FnMut(usize, Duration) -> Result<Heard, InletError> + Send {
    let mut ended = false;
    move |max, wait| {
        let stretch = reader.read_on(next, max).map_err(|e| InletError(e.to_string()))?;
        if let Some(last) = stretch.records.last() {
            next = Seq(last.seq.0 + 1);
            // The clock of a replay is not behind what the engine is about to decide.
            followed.tick(&stretch.records);
            return Ok(Heard::Records(stretch.records));
        }
        if ended {
            return Ok(Heard::Closed);
        }
        // Once more after the end is told: what came last may not have been read.
        let before = Seq(next.0.saturating_sub(1));
        ended = matches!(watermark.wait_past(before, wait), Progress::Ended(_));
        Ok(Heard::Idle)
    }
}

/// Keeps what was decided, then tells the desk; only then a snapshot at that place is written.
struct Outlet {
    decisions: Kept,
    snapshots: SnapshotStore,
    seat: Seat,
    metrics: Arc<Metrics>,
    followed: Arc<Followed>,
}

impl stream::Outlet<Actual> for Outlet {
    fn decided(&mut self, decided: Decided<Actual>) -> Result<(), OutletError> {
        let failed = |e: &dyn std::fmt::Display| OutletError(e.to_string());
        let mut lines = lines(&decided.decisions).map_err(|e| failed(&e))?;
        name_silences(&mut lines, &decided.decisions, &self.decisions).map_err(|e| failed(&e))?;
        self.decisions.keep(lines, decided.upto).map_err(|e| failed(&e))?;
        if !decided.decisions.is_empty() && !self.seat.decided(decided.decisions) {
            return Err(OutletError("the desk has closed".into()));
        }
        {
            // An agency of which every datastream is silent is not told: it stays where it was.
            let mut complete = held(&self.followed.complete);
            let told = decided.picture.frontiers.into_iter();
            complete.extend(told.map(|frontier| (frontier.agency, frontier.complete)));
        }
        self.metrics.understood(decided.upto.0);
        // No snapshot beyond what is kept: after a restart it would be passed over.
        if let Some(snapshot) = decided.snapshot.filter(|_| self.decisions.is_whole()) {
            self.keep(snapshot);
        }
        Ok(())
    }
}

impl Outlet {
    /// Failing to keep a snapshot is no reason to stop: the record has everything.
    fn keep(&mut self, snapshot: Snapshot) {
        let row = |r: Row| StateRow {
            operator: r.operator,
            key: r.key,
            version: u32::from(r.version),
            bytes: r.bytes,
        };
        let rows = snapshot.rows.into_iter().map(row).collect();
        if let Err(error) = self.snapshots.write(Seq(snapshot.seq), UtcMs(0), rows) {
            tracing::warn!(%error, "the engine's state could not be kept");
        }
    }
}

/// Decisions with their places: those of one journal number are counted from 0.
fn lines(decisions: &[Decision]) -> Result<Vec<DecisionLine>, serde_json::Error> {
    let (mut seq, mut ordinal) = (Seq(0), 0);
    let mut lines = Vec::with_capacity(decisions.len());
    for decision in decisions {
        let at = decision.seq.unwrap_or_default();
        ordinal = if at == seq { ordinal + 1 } else { 0 };
        seq = at;
        lines.push(DecisionLine::of(at, ordinal, decision)?);
    }
    Ok(lines)
}

/// Gives the lines of a silence the id that the desk knows it by: the engine names a silence by its
/// place, and its end not at all. What falls silent at a place where something is silent already is
/// of the same alert.
fn name_silences(
    lines: &mut [DecisionLine],
    decisions: &[Decision],
    kept: &Kept,
) -> Result<(), DerivedError> {
    let mut newest: BTreeMap<&str, (Option<String>, Silences)> = BTreeMap::new();
    for (line, decision) in lines.iter_mut().zip(decisions) {
        let silent = decision.kind == DecisionKind::FeedSilent;
        if line.alert.is_some() || !(silent || decision.kind == DecisionKind::FeedReturned) {
            continue;
        }
        let place = decision.place.as_str();
        let (alert, silences) = match newest.entry(place) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(kept.newest_silence(place)?),
        };
        if let Some(raised) = line.told.filter(|_| silent && !silences.any()) {
            let id = AlertId { hazard: FEED.into(), place: place.to_owned(), raised };
            *alert = Some(id.to_string());
        }
        silences.take(decision);
        line.alert = alert.clone();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::silences_tests::two_of_one_station;

    #[test]
    fn the_silences_of_one_station_have_one_name_until_the_last_has_ended() {
        let decisions = two_of_one_station();
        for batch in [1, 2, decisions.len()] {
            let folder = tempfile::tempdir().unwrap();
            let mut kept = Kept::over(DecisionStore::open(folder.path()).unwrap()).unwrap();
            let mut names = Vec::new();
            for some in decisions.chunks(batch) {
                let mut lines = lines(some).unwrap();
                name_silences(&mut lines, some, &kept).unwrap();
                names.extend(lines.iter().map(|line| line.alert.clone().unwrap()));
                kept.keep(lines, some.last().unwrap().seq.unwrap()).unwrap();
            }
            assert!(names[..5].iter().all(|name| *name == names[0]), "{batch}: {names:#?}");
            assert_ne!(names[5], names[0], "{batch}");
        }
    }
}
