//! Snapshots: the state at the end of a closed batch, as ordered, keyed rows that any number of
//! workers can start from.

use serde::{Deserialize, Serialize};

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

impl crate::watch::Watch {
    /// The rows of this worker's keyed state.
    pub(crate) fn rows(&self) -> Vec<Row> {
        Vec::new()
    }
}
impl crate::zones::Zones {
    /// The rows of this worker's zones.
    pub(crate) fn rows(&self) -> Vec<Row> {
        Vec::new()
    }
}
