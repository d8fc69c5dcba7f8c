//! What flows: items down into the dataflow, rulings out of it.

use std::sync::Arc;

use domain::decision::DecisionKind;
use domain::ids::DatastreamIx;
use domain::level::Level;
use domain::observation::{Observation, Quality};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

use crate::series::{MICRO, Row, micro};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// An observation; `key` is its datastream.
    Observation,
    /// A hazard's watermark has reached `t`; `key` is the hazard's number.
    Watermark,
    /// A datastream has been silent since `t`; `key` is the datastream.
    Silent,
    /// The plan with the number `key` holds from here on.
    Configure,
    /// The platform's clock stands at `t`.
    Tick,
}

/// One record as it goes down: small, `Copy`, with the journal number that brought it about.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Item {
    /// The journal number.
    pub seq: u64,
    /// Event time, watermark, deadline or clock, ms.
    pub t: i64,
    /// An observation's value.
    pub value: f64,
    /// An observation's result time, ms.
    pub result_time: i64,
    /// See [`What`].
    pub key: u32,
    /// The worker it is for.
    pub to: u16,
    /// What it is.
    pub what: What,
    /// An observation's quality: origin × 3 + trust; with [`BACKLOG`] where it is of a backlog.
    pub quality: u8,
}

/// The bit of [`Item::quality`] that says *backlog*.
pub const BACKLOG: u8 = 1 << 6;

/// The observations a ruling was made from: rows of one datastream. Their ids are written out when
/// the decision is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Because {
    /// The datastream.
    pub stream: u32,
    /// The rows, in order of time.
    pub rows: Arc<[Row]>,
    /// Of the rows that are out of the ordinary (not: result at its own time, original, reliable) the
    /// instant, and the part of the id that is made of the content.
    pub odd: Vec<(i64, u32)>,
    /// Whether there was nothing better than doubtful values.
    pub doubtful: bool,
}

impl Because {
    /// No observation.
    pub fn none() -> Self {
        Self { stream: u32::MAX, rows: Arc::from([]), odd: Vec::new(), doubtful: false }
    }

    /// Instant and content's part of the id, of each.
    pub fn ids(&self) -> impl Iterator<Item = (i64, u32)> + '_ {
        self.rows.iter().map(|row| {
            let odd = self.odd.iter().find(|(t, _)| *t == row.t);
            (row.t, odd.map_or_else(|| ordinary_crc(row), |(_, crc)| *crc))
        })
    }
}

/// See [`Observation::content_crc`].
fn ordinary_crc(row: &Row) -> u32 {
    let (datastream, t, quality) = (DatastreamIx(0), UtcMs(row.t), Quality::default());
    Observation { datastream, t, result_time: t, value: row.value, quality, backlog: false }
        .content_crc()
}

/// Where a ruling holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Where {
    /// A station, by number.
    Station(u32),
    /// A zone, by number.
    Zone(u32),
    /// All of an agency, by number.
    Agency(u32),
}

/// Why a ruling was made, as far as the criterion alone does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Why {
    /// A criterion of the rules in force at the instant: its position.
    Criterion {
        /// Position in [`crate::plan::Rules::criteria`].
        number: u16,
        /// Until when an amended final differs from what was said, ms; 0 where it is not an
        /// amendment or still differs.
        until: i64,
    },
    /// Nothing was heard for so many expected intervals.
    NoData,
    /// The highest of a zone's stations: this one.
    HighestOf(u32),
    /// No frame of these datastreams of the station (a bit each, by position), or of a whole agency.
    Silence(u64),
    /// The hazard, or the station, is no longer in the city's files.
    Withdrawn,
    /// These datastreams of the station are not, which were silent (a bit each, by position); or none
    /// of a silent agency is.
    Unexpected(u64),
}

/// One decision before it is written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    /// The journal number.
    pub seq: u64,
    /// The kind.
    pub kind: DecisionKind,
    /// The hazard's number; [`FEED`] for silences.
    pub line: u16,
    /// The place.
    pub place: Where,
    /// The instant it is about, ms.
    pub t: i64,
    /// The level now.
    pub level: Level,
    /// The level before.
    pub was: Level,
    /// The value judged; NaN where there is none.
    pub value: f64,
    /// The observations.
    pub because: Because,
    /// Why.
    pub why: Why,
    /// The plan that was in force.
    pub plan: u32,
    /// Whether it is about an instant that the watermark has passed.
    pub settled: bool,
    /// The event time of the alert's raise, ms, for kinds that are about one.
    pub alert: i64,
}

/// Rows that a ruling of no level keeps on its way to a zone.
const CALM_ROWS_MAX: usize = 4;

impl Ruling {
    /// Leaves, of what a calm place was judged by, the newest row: a day of rows for many stations is
    /// much to keep. For sums of values of nought and more only: there one row of them is calm too.
    pub(crate) fn lighten(&mut self) {
        let rows = &self.because.rows;
        let Some(newest) = rows.last().copied() else { return };
        if self.level.is_raised()
            || rows.len() <= CALM_ROWS_MAX
            || rows.iter().any(|row| row.value < 0.0)
        {
            return;
        }
        self.value = micro(newest.value) as f64 / MICRO;
        self.because.rows = Arc::from([newest]);
        self.because.odd.retain(|(t, _)| *t == newest.t);
    }
}

/// The hazard number of silences.
pub const FEED: u16 = u16::MAX;
