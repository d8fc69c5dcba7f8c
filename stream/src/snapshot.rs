//! Snapshots: the state at the end of a closed batch, as ordered, keyed rows that any number of
//! workers can start from.
//!
//! What can be worked out again is not kept: running sums are added up from the rows, plans compiled
//! from the configurations' files.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::driver::DriverState;
use crate::operators::raise::Standing;
use crate::series::{Kept, Series};
use crate::watch::Watch;
use crate::zones::{Zone, ZoneKey, Zones};
use domain::level::Level;

/// The version of all rows that this program writes; others are not read: the record is, from its
/// beginning.
pub const ROW_VERSION: u16 = 6;

/// One row: which operator, which key, how it is written, what it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    /// `driver`, `assess`, `rollup`.
    pub operator: String,
    /// The key's bytes, so written that their order is the keys' order.
    pub key: Vec<u8>,
    /// The version of the encoding.
    pub version: u16,
    /// postcard.
    pub bytes: Vec<u8>,
}

/// The state of an engine at a journal number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Everything up to here is in it, and every decision up to here was published before it.
    pub seq: u64,
    /// Its rows, ordered.
    pub rows: Vec<Row>,
}

/// Why a snapshot cannot be started from. The record still can: from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Written by another version.
    #[error("rows of version {0}, this program reads version {ROW_VERSION}")]
    Version(u16),
    /// A row does not read.
    #[error("a row of {0} does not read")]
    Row(String),
    /// The driver's row is missing.
    #[error("the driver's row is missing")]
    NoDriver,
    /// A configuration in it does not compile.
    #[error("a configuration in it does not compile")]
    Configuration,
}

/// The state of a station: its datastreams by number, its places by hazard.
#[derive(Debug, Serialize, Deserialize)]
struct StationState {
    streams: Vec<(u32, Kept)>,
    places: Vec<PlaceState>,
}

/// The state of a place.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlaceState {
    pub(crate) line: u16,
    pub(crate) now_at: i64,
    pub(crate) level: Level,
    pub(crate) settled_at: i64,
    pub(crate) settled_level: Level,
    pub(crate) standing: Option<Box<Standing>>,
}

fn row(operator: &str, key: Vec<u8>, holds: &impl Serialize) -> Row {
    // postcard fails on types without a length only; there are none here.
    let bytes = postcard::to_stdvec(holds).unwrap_or_default();
    Row { operator: operator.to_owned(), key, version: ROW_VERSION, bytes }
}

fn read<T: DeserializeOwned>(row: &Row) -> Result<T, SnapshotError> {
    if row.version != ROW_VERSION {
        return Err(SnapshotError::Version(row.version));
    }
    postcard::from_bytes(&row.bytes).map_err(|_| SnapshotError::Row(row.operator.clone()))
}

fn number(key: &[u8]) -> Option<u32> {
    key.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

impl Snapshot {
    /// Rows in their order.
    pub(crate) fn new(seq: u64, mut rows: Vec<Row>) -> Self {
        rows.sort_unstable();
        Self { seq, rows }
    }

    fn of(&self, operator: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.operator == operator)
    }

    /// The driver's state.
    pub(crate) fn driver(&self) -> Result<DriverState, SnapshotError> {
        read(self.of("driver").next().ok_or(SnapshotError::NoDriver)?)
    }

    /// Fills a worker's keyed state; its plan is taken up already.
    pub(crate) fn fill_watch(&self, watch: &mut Watch) -> Result<(), SnapshotError> {
        for row in self.of("assess") {
            let Some(station) = number(&row.key) else { continue };
            if !watch.is_mine(station) {
                continue;
            }
            let state: StationState = read(row)?;
            for (stream, kept) in state.streams {
                watch.put_series(stream, Series::of_kept(kept));
            }
            for place in state.places {
                watch.put_place(station, place);
            }
        }
        Ok(())
    }

    /// The zones that fall to a worker.
    pub(crate) fn zones(&self, index: usize, peers: usize) -> Result<Zones, SnapshotError> {
        let mut zones = Zones::default();
        for row in self.of("rollup") {
            let (key, zone): (ZoneKey, Zone) = read(row)?;
            if key.zone as usize % peers == index {
                zones.zones.insert(key, zone);
            }
        }
        Ok(zones)
    }
}

impl DriverState {
    /// Its row.
    pub(crate) fn row(&self) -> Row {
        row("driver", Vec::new(), self)
    }
}

impl Watch {
    /// The rows of this worker's keyed state, one a station.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.each_station(|station, streams, places| {
            let streams = streams.into_iter().map(|(number, s)| (number, s.keep())).collect();
            row("assess", station.to_be_bytes().to_vec(), &StationState { streams, places })
        })
    }
}

impl Zones {
    /// The rows of this worker's zones.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = self.zones.iter().map(|(key, zone)| {
            let mut bytes = key.zone.to_be_bytes().to_vec();
            bytes.extend(key.line.to_be_bytes());
            bytes.push(u8::from(key.settled));
            row("rollup", bytes, &(key, zone))
        });
        rows.collect()
    }
}
