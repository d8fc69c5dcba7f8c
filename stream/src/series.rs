//! The history of one datastream: what was measured, in order of its own time.
//!
//! Rows are kept in event-time order whatever order they came in, so that every fold over them gives
//! the same answer for any order of arrival. The newest rows lie open; older ones are packed (about
//! five bytes a row) and opened again only when something late reaches into them.

mod packed;
mod reading;

use std::collections::{BTreeMap, VecDeque};

use domain::observation::{Instant, Observation, OriginFlag, Quality, Trust};
use domain::time::{HOUR_MS, UtcMs};

use packed::Packed;
pub use reading::Reading;

/// How far behind the newest row of its datastream an observation may lie and still be told from a
/// duplicate, and amend what was published: 72 h.
pub const HORIZON_MS: i64 = 72 * HOUR_MS;
/// Rows that are packed at once.
pub const PACKED_ROWS: usize = 16;

/// One millionth: the unit of the exact sums.
pub const MICRO: f64 = 1e6;

/// A value in millionths of its unit, rounded half away from zero: sums of these are exact, so that
/// no sum depends on the order of its terms. What is not a number counts nothing.
pub fn micro(value: f64) -> i64 {
    (value * MICRO + 0.5f64.copysign(value)) as i64
}

/// One row: an instant and its value (NaN: a value that must not be used).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// The instant, ms.
    pub t: i64,
    /// The value, in the property's unit.
    pub value: f64,
}

/// What sets a row apart from the ordinary (result at its own time, original, reliable).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Odd {
    pub(crate) result_time: i64,
    pub(crate) quality: Quality,
    /// The value as sent, where the row itself says NaN.
    pub(crate) value: f64,
}

impl Odd {
    fn of(seen: &Observation) -> Self {
        Self { result_time: seen.result_time.0, quality: seen.quality, value: seen.value }
    }

    /// The observation that it is of, of the same instant as another.
    fn observation(self, like: &Observation) -> Observation {
        let Self { result_time, quality, value } = self;
        let result_time = UtcMs(result_time);
        Observation { result_time, quality, value, backlog: false, ..*like }
    }
}

/// What became of an observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Placed {
    /// Newer than all before.
    Appended,
    /// Late: it now stands at this position.
    Inserted(u64),
    /// A correction: the row at this position had this value before.
    Replaced(u64, f64),
    /// The same again, or an older result than the one that stands.
    Ignored,
    /// Older than [`HORIZON_MS`]: it is in the journal, and changes nothing any more.
    BeyondHorizon,
}

/// A history as a snapshot keeps it: all rows packed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Kept {
    first: u64,
    packed: Vec<Packed>,
    open: Packed,
    odd: BTreeMap<i64, Odd>,
    beneath: BTreeMap<i64, Odd>,
}

/// The rows of one datastream. Positions count from the first row ever and stay valid while rows are
/// packed.
#[derive(Debug, Clone, Default)]
#[repr(C)]
pub struct Series {
    first: u64,
    rows: VecDeque<Row>,
    packed: VecDeque<Packed>,
    odd: BTreeMap<i64, Odd>,
    /// Of instants of which the gauge and another for it have spoken, what does not hold.
    beneath: BTreeMap<i64, Odd>,
}

impl Series {
    /// The newest row.
    pub fn newest(&self) -> Option<Row> {
        self.rows.back().copied()
    }
    /// The instant of the oldest row held.
    pub fn first_t(&self) -> Option<i64> {
        self.packed.front().map(Packed::first_t).or(self.rows.front().map(|row| row.t))
    }
    /// The position after the newest row.
    pub fn end(&self) -> u64 {
        self.first + self.rows.len() as u64
    }
    /// The position of the oldest open row.
    pub fn open_from(&self) -> u64 {
        self.first
    }
    /// The row at a position that lies open.
    #[inline]
    pub fn row(&self, at: u64) -> Option<Row> {
        self.rows.get(at.checked_sub(self.first)? as usize).copied()
    }

    /// Whether an observation would only be added at the end.
    #[inline]
    pub fn appends(&self, t: i64) -> bool {
        self.rows.back().is_none_or(|last| t > last.t)
    }

    /// Takes an observation that is newer than all before.
    #[inline]
    pub fn append(&mut self, seen: &Observation) {
        self.push(seen);
    }

    /// Takes an observation.
    pub fn place(&mut self, seen: &Observation) -> Placed {
        let t = seen.t.0;
        let Some(newest) = self.rows.back().map(|row| row.t) else {
            self.push(seen);
            return Placed::Appended;
        };
        if t > newest {
            self.push(seen);
            return Placed::Appended;
        }
        if t <= newest - HORIZON_MS {
            return Placed::BeyondHorizon;
        }
        self.open(t);
        let at = self.rows.partition_point(|row| row.t < t);
        match self.rows.get(at).copied() {
            Some(row) if row.t == t => self.correct(at, row, seen),
            _ => {
                self.rows.insert(at, row_of(seen));
                self.note(seen);
                Placed::Inserted(self.first + at as u64)
            }
        }
    }

    /// Two values for one instant ([`Instant`]).
    fn correct(&mut self, at: usize, row: Row, seen: &Observation) -> Placed {
        let t = seen.t.0;
        let stands = self.observation(row, seen);
        let mut told = Instant::default();
        told.take(&stands);
        if let Some(beneath) = self.beneath.get(&t) {
            told.take(&beneath.observation(seen));
        }
        if !told.take(seen) {
            return Placed::Ignored;
        }
        match told.beneath() {
            Some(beneath) => self.beneath.insert(t, Odd::of(&beneath)),
            None => self.beneath.remove(&t),
        };
        let Some(holds) = told.holds().filter(|holds| *holds != stands) else {
            return Placed::Ignored;
        };
        self.rows[at] = row_of(&holds);
        self.odd.remove(&t);
        self.note(&holds);
        Placed::Replaced(self.first + at as u64, row.value)
    }

    #[inline]
    fn push(&mut self, seen: &Observation) {
        // Of many rows room is made for an eighth more, and not for as many again: there are thousands
        // of datastreams.
        let count = self.rows.len();
        if count == self.rows.capacity() && count >= 2 * PACKED_ROWS {
            self.rows.reserve_exact(PACKED_ROWS.max(count / 8));
        }
        self.rows.push_back(row_of(seen));
        self.note(seen);
    }

    #[inline]
    fn note(&mut self, seen: &Observation) {
        if seen.result_time != seen.t || seen.quality != Quality::default() {
            self.odd.insert(seen.t.0, Odd::of(seen));
        }
    }

    fn observation(&self, row: Row, like: &Observation) -> Observation {
        let (result_time, quality, value) = self.origin(row);
        Observation {
            datastream: like.datastream,
            t: UtcMs(row.t),
            result_time,
            quality,
            value,
            backlog: false,
        }
    }

    fn origin(&self, row: Row) -> (UtcMs, Quality, f64) {
        match self.odd.get(&row.t) {
            Some(odd) => (UtcMs(odd.result_time), odd.quality, odd.value),
            None => (UtcMs(row.t), Quality::default(), row.value),
        }
    }

    /// The part of a row's id that is made of its content, where the row is out of the ordinary.
    pub fn odd_crc(&self, row: Row) -> u32 {
        if self.odd.is_empty() || !self.odd.contains_key(&row.t) {
            return 0;
        }
        let (result_time, quality, value) = self.origin(row);
        let datastream = domain::ids::DatastreamIx(0);
        Observation { datastream, t: UtcMs(row.t), result_time, quality, value, backlog: false }
            .content_crc()
    }

    /// Whether any row is out of the ordinary.
    pub fn has_odd(&self) -> bool {
        !self.odd.is_empty()
    }

    /// Whether a row was filled in from neighbours or a model.
    pub fn is_completed(&self, row: Row) -> bool {
        self.odd.get(&row.t).is_some_and(|odd| odd.quality.origin == OriginFlag::Completed)
    }

    /// The position of the first open row later than `t`.
    #[inline]
    pub fn after(&self, t: i64) -> u64 {
        self.first + self.rows.partition_point(|row| row.t <= t) as u64
    }

    /// The newest usable row at or before `t`, among the open ones.
    pub fn latest(&self, t: i64) -> Option<Row> {
        if let Some(last) = self.rows.back()
            && last.t <= t
            && !last.value.is_nan()
        {
            return Some(*last);
        }
        let end = self.rows.partition_point(|row| row.t <= t);
        self.rows.range(..end).rev().find(|row| !row.value.is_nan()).copied()
    }

    /// The usable open rows between two positions, in order.
    pub fn between(&self, lo: u64, hi: u64) -> impl Iterator<Item = Row> + '_ {
        let end = self.rows.len();
        let at = |position: u64| (position.saturating_sub(self.first) as usize).min(end);
        let (lo, hi) = (at(lo), at(hi));
        self.rows.range(lo..hi.max(lo)).copied().filter(|row| !row.value.is_nan())
    }

    /// The usable open rows of `(from, to]`, in order.
    pub fn within(&self, from: i64, to: i64) -> impl DoubleEndedIterator<Item = Row> + '_ {
        let start = self.rows.partition_point(|row| row.t <= from);
        let end = self.rows.partition_point(|row| row.t <= to).max(start);
        self.rows.range(start..end).copied().filter(|row| !row.value.is_nan())
    }

    /// A row's value where it is only doubtful.
    fn doubted(&self, row: Row) -> Option<Row> {
        let odd = self.odd.get(&row.t).filter(|odd| odd.quality.trust == Trust::Doubtful)?;
        Some(Row { t: row.t, value: odd.value })
    }

    /// The rows as one reads them: those that may be used, and, where nothing better is, the
    /// doubtful ones too.
    pub fn read(&self, doubtful: bool) -> Reading<'_> {
        Reading { series: self, doubtful: doubtful && !self.odd.is_empty() }
    }

    /// Opens packed rows down to `t`.
    pub fn open(&mut self, t: i64) {
        while self.rows.front().is_none_or(|row| row.t > t) {
            let Some(packed) = self.packed.pop_back() else { return };
            let rows = packed.rows();
            self.first -= rows.len() as u64;
            for row in rows.into_iter().rev() {
                self.rows.push_front(row);
            }
        }
    }

    /// Packs the oldest rows, as long as a whole parcel of them lies before `keep`, and forgets what
    /// is older than the horizon.
    pub fn pack(&mut self, keep: u64) {
        while self.first + (PACKED_ROWS as u64) < keep && self.rows.len() > PACKED_ROWS {
            let mut parcel = [Row { t: 0, value: 0.0 }; PACKED_ROWS];
            for (slot, row) in parcel.iter_mut().zip(self.rows.drain(..PACKED_ROWS)) {
                *slot = row;
            }
            self.first += PACKED_ROWS as u64;
            match self.packed.back_mut().filter(|last| !last.is_full()) {
                Some(last) => last.append(&parcel),
                None => self.packed.push_back(Packed::new(&parcel)),
            }
        }
        let Some(newest) = self.newest() else { return };
        let oldest = newest.t - HORIZON_MS - HOUR_MS;
        while self.packed.front().is_some_and(|packed| packed.last_t() < oldest) {
            self.packed.pop_front();
            let from = self.packed.front().map(Packed::first_t).or(self.rows.front().map(|r| r.t));
            if let Some(from) = from {
                self.odd = self.odd.split_off(&from);
                self.beneath = self.beneath.split_off(&from);
            }
        }
    }

    /// The history as a snapshot keeps it.
    pub(crate) fn keep(&self) -> Kept {
        let open: Vec<Row> = self.rows.iter().copied().collect();
        Kept {
            first: self.first,
            packed: self.packed.iter().cloned().collect(),
            open: Packed::new(&open),
            odd: self.odd.clone(),
            beneath: self.beneath.clone(),
        }
    }

    /// The history that a snapshot kept.
    pub(crate) fn of_kept(kept: Kept) -> Self {
        Self {
            first: kept.first,
            rows: kept.open.rows().into(),
            packed: kept.packed.into(),
            odd: kept.odd,
            beneath: kept.beneath,
        }
    }

    /// How many rows are held, open and packed.
    pub fn len(&self) -> usize {
        self.rows.len() + self.packed.iter().map(Packed::count).sum::<usize>()
    }
    /// Whether nothing was ever measured.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.packed.is_empty()
    }
}

#[inline]
fn row_of(seen: &Observation) -> Row {
    let value = if seen.quality.trust.is_judged() { seen.value } else { f64::NAN };
    Row { t: seen.t.0, value }
}
