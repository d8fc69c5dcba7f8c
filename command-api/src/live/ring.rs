//! The ring: numbered deltas as prepared frames, the newest station states, and a reader's place in
//! both. Clients hold a [`Cursor`] and nothing else: no queue of their own, so none can grow.

use std::collections::VecDeque;

use bytes::Bytes;
use contract::ServerMessage;
use contract::live::Change;
use contract::views::StationState;

use super::frames::{self, FrameError};

/// Deltas that are kept for those who come back.
pub const RING_DELTAS: usize = 8_192;
/// Bytes of deltas that are kept.
pub const RING_BYTES: usize = 32 * 1024 * 1024;
/// A client that is more deltas behind than this is brought up to date by a snapshot.
pub const BEHIND_DELTAS: u64 = 1_024;
/// Frames of station values that are kept; who is further behind gets what changed, in one.
pub const RING_VALUES: usize = 8;
/// Frames handed to a client at one time.
pub const BATCH: usize = 32;

/// A client's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The last delta it has.
    pub seq: u64,
    /// The last change of station values it has.
    pub values: u64,
    /// The last beat it has.
    pub beat: u64,
}

/// What is there for a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Pending {
    /// Nothing new.
    Nothing,
    /// These frames, in order; the cursor stands behind them.
    Frames,
    /// It is too far behind: a fresh snapshot is due.
    Snapshot,
}

/// See the module.
#[derive(Debug)]
pub struct Ring {
    epoch: String,
    deltas: VecDeque<Bytes>,
    bytes: usize,
    /// Number of the newest delta.
    last: u64,
    values: VecDeque<Bytes>,
    /// Number of the newest change of values.
    values_last: u64,
    /// Newest state of each station with the number of its change; position is the station's number.
    stations: Vec<Option<(u64, StationState)>>,
    beat: Bytes,
    beats: u64,
    /// The newest delta when the beat was made.
    beat_after: u64,
}

impl Ring {
    /// An empty ring of an epoch.
    pub fn new(epoch: String) -> Self {
        Self {
            epoch,
            deltas: VecDeque::new(),
            bytes: 0,
            last: 0,
            values: VecDeque::new(),
            values_last: 0,
            stations: Vec::new(),
            beat: Bytes::new(),
            beats: 0,
            beat_after: 0,
        }
    }

    /// The epoch.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The newest delta's number.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Numbers of the newest change of values, and of the newest beat.
    pub fn now(&self) -> Cursor {
        Cursor { seq: self.last, values: self.values_last, beat: self.beats }
    }

    /// Number of the delta that stands first in the ring.
    fn first(&self) -> u64 {
        self.last + 1 - self.deltas.len() as u64
    }

    /// Appends changes as the next delta.
    ///
    /// # Errors
    /// [`FrameError`]; the number is then not used.
    pub fn push(&mut self, changes: Vec<Change>) -> Result<(), FrameError> {
        let frame = frames::prepare(&ServerMessage::Delta { seq: self.last + 1, changes })?;
        self.last += 1;
        self.bytes += frame.len();
        self.deltas.push_back(frame);
        while self.deltas.len() > RING_DELTAS || self.bytes > RING_BYTES {
            let Some(old) = self.deltas.pop_front() else { break };
            self.bytes -= old.len();
        }
        Ok(())
    }

    /// Takes newest station states, and gives the frame out that tells them.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn push_values(&mut self, stations: Vec<StationState>) -> Result<(), FrameError> {
        let number = self.values_last + 1;
        for state in &stations {
            let ix = state.ix as usize;
            if self.stations.len() <= ix {
                self.stations.resize(ix + 1, None);
            }
            self.stations[ix] = Some((number, state.clone()));
        }
        let frame = frames::prepare(&ServerMessage::Values { stations })?;
        self.values_last = number;
        self.values.push_back(frame);
        if self.values.len() > RING_VALUES {
            self.values.pop_front();
        }
        Ok(())
    }

    /// Takes the beat of this second.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn push_beat(&mut self, now_ms: i64, heard_ms: Option<i64>) -> Result<(), FrameError> {
        self.beat = frames::prepare(&ServerMessage::Beat { seq: self.last, now_ms, heard_ms })?;
        self.beats += 1;
        self.beat_after = self.last;
        Ok(())
    }

    /// Newest state of every station that has one.
    pub fn stations(&self) -> Vec<StationState> {
        self.stations.iter().flatten().map(|(_, state)| state.clone()).collect()
    }

    /// Newest state of one station.
    pub fn station(&self, ix: u32) -> Option<StationState> {
        self.stations.get(ix as usize)?.as_ref().map(|(_, state)| state.clone())
    }

    /// Whether a client that has applied `last` of `epoch` can go on from there.
    pub fn can_resume(&self, epoch: &str, last: u64) -> bool {
        epoch == self.epoch
            && last <= self.last
            && last + 1 >= self.first()
            && self.last - last <= BEHIND_DELTAS
    }

    /// What is there for a client: deltas and, at its place among them, the beat; then station values.
    pub fn take(&self, cursor: &mut Cursor, out: &mut Vec<Bytes>) -> Pending {
        out.clear();
        let behind = self.last.saturating_sub(cursor.seq);
        if cursor.seq > self.last || cursor.seq + 1 < self.first() || behind > BEHIND_DELTAS {
            return Pending::Snapshot;
        }
        let skip = (cursor.seq + 1 - self.first()) as usize;
        self.take_beat(cursor, out);
        for frame in self.deltas.iter().skip(skip).take(BATCH) {
            out.push(frame.clone());
            cursor.seq += 1;
            self.take_beat(cursor, out);
        }
        if out.len() >= BATCH {
            return Pending::Frames;
        }
        self.take_values(cursor, out);
        if out.is_empty() { Pending::Nothing } else { Pending::Frames }
    }

    /// The beat belongs behind the delta that was the newest when it was made.
    fn take_beat(&self, cursor: &mut Cursor, out: &mut Vec<Bytes>) {
        if cursor.beat < self.beats && cursor.seq >= self.beat_after {
            cursor.beat = self.beats;
            if cursor.seq == self.beat_after {
                out.push(self.beat.clone());
            }
        }
    }

    fn take_values(&self, cursor: &mut Cursor, out: &mut Vec<Bytes>) {
        let behind = self.values_last.saturating_sub(cursor.values) as usize;
        if behind == 0 {
            return;
        }
        let kept = self.values.len();
        if behind <= kept && (behind == 1 || out.is_empty()) {
            out.extend(self.values.iter().skip(kept - behind).cloned());
        } else {
            // Too far behind for each step: what has changed since, newest of each, in one.
            let since = self.stations.iter().flatten().filter(|(n, _)| *n > cursor.values);
            let stations = since.map(|(_, state)| state.clone()).collect();
            match frames::prepare(&ServerMessage::Values { stations }) {
                Ok(frame) => out.push(frame),
                Err(error) => tracing::error!(%error, "station values were not told"),
            }
        }
        cursor.values = self.values_last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(n: u64) -> Vec<Change> {
        vec![Change::AlertGone(n.to_string())]
    }

    fn state(ix: u32, level: &str) -> StationState {
        StationState { ix, level: level.into(), data: "live".into(), values: Vec::new() }
    }

    #[test]
    fn a_client_gets_every_delta_once_and_in_order() {
        let mut ring = Ring::new("e".into());
        let (mut cursor, mut out, mut got) = (Cursor::default(), Vec::new(), Vec::new());
        for n in 1..=100u64 {
            ring.push(gone(n)).unwrap();
            if n % 7 == 0 {
                while ring.take(&mut cursor, &mut out) == Pending::Frames {
                    got.append(&mut out);
                }
            }
        }
        while ring.take(&mut cursor, &mut out) == Pending::Frames {
            got.append(&mut out);
        }
        assert_eq!(got.len(), 100);
        assert_eq!(cursor.seq, 100);
        assert!(String::from_utf8_lossy(&got[41]).contains("\"seq\":42"));
    }

    #[test]
    fn who_is_too_far_behind_gets_a_snapshot_and_memory_stays_bounded() {
        let mut ring = Ring::new("e".into());
        for n in 0..RING_DELTAS as u64 + 500 {
            ring.push(gone(n)).unwrap();
        }
        assert_eq!(ring.deltas.len(), RING_DELTAS);
        let mut out = Vec::new();
        assert_eq!(ring.take(&mut Cursor::default(), &mut out), Pending::Snapshot);
        let last = ring.last();
        let mut behind = Cursor { seq: last - BEHIND_DELTAS - 1, ..ring.now() };
        assert_eq!(ring.take(&mut behind, &mut out), Pending::Snapshot);
        assert!(!ring.can_resume("e", last - BEHIND_DELTAS - 1));
        assert!(ring.can_resume("e", last - BEHIND_DELTAS));
        assert!(!ring.can_resume("other", last));
        assert!(!ring.can_resume("e", last + 1));
    }

    #[test]
    fn a_beat_stands_behind_the_delta_it_names() {
        let mut ring = Ring::new("e".into());
        ring.push(gone(1)).unwrap();
        ring.push_beat(5, None).unwrap();
        ring.push(gone(2)).unwrap();
        let (mut cursor, mut out) = (Cursor::default(), Vec::new());
        assert_eq!(ring.take(&mut cursor, &mut out), Pending::Frames);
        let kinds: Vec<bool> =
            out.iter().map(|f| String::from_utf8_lossy(f).contains("\"beat\"")).collect();
        assert_eq!(kinds, [false, true, false]);
    }

    #[test]
    fn station_values_coalesce_to_the_newest_for_who_is_late() {
        let mut ring = Ring::new("e".into());
        for n in 0..50u32 {
            ring.push_values(vec![state(n % 3, &format!("level{n}"))]).unwrap();
        }
        let (mut cursor, mut out) = (Cursor::default(), Vec::new());
        assert_eq!(ring.take(&mut cursor, &mut out), Pending::Frames);
        assert_eq!(out.len(), 1);
        let text = String::from_utf8_lossy(&out[0]).into_owned();
        assert!(text.contains("level49") && text.contains("level48") && text.contains("level47"));
        assert!(!text.contains("level46"));
        assert_eq!(ring.take(&mut cursor, &mut out), Pending::Nothing);
    }
}
