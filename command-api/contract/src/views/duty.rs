//! The duty room beside the picture: its record, corrections, official signals, the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A manual correction of a datastream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectionView {
    /// Its number.
    pub id: u64,
    /// The station.
    pub station: String,
    /// The property.
    pub property: String,
    /// `unreliable`: shown and not used; `offset`: `amount` is added; `value`: the one instant has
    /// the value `amount`.
    pub act: String,
    /// In the property's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<f64>,
    /// From which instant on, Unix ms.
    pub from_ms: i64,
    /// Until which instant, Unix ms, not included.
    pub until_ms: i64,
    /// Whether it holds still.
    pub holds: bool,
    /// When it was taken back as a mistake, Unix ms: what it changed was given back as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_ms: Option<i64>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When, Unix ms.
    pub at_ms: i64,
}

/// The record and the disk it is on: how long there is room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordView {
    /// Records in the journal.
    pub records: u64,
    /// Observations among them.
    pub observations: u64,
    /// Bytes of everything in the data directory.
    pub directory_bytes: u64,
    /// Bytes of the journal for each observation; absent in a young journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_observation: Option<f64>,
    /// Bytes free in the file system; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// Bytes of the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// Days until it is full if it fills as in the last minutes; absent where nothing came, or at any
    /// other speed than the wall's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_until_full: Option<f64>,
    /// Whether the last commit was refused because the disk is full.
    pub full: bool,
}

/// An official signal in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SignalView {
    /// The issuer's id.
    pub id: String,
    /// Issuing office.
    pub issuer: String,
    /// `issue` or `change` (lifted and withdrawn ones leave the list).
    pub act: String,
    /// Kind in words.
    pub signal: String,
    /// Official colour id.
    pub color: String,
    /// Areas by code.
    pub areas: Vec<String>,
    /// When it was issued.
    pub t_ms: i64,
    /// Text.
    pub text: String,
}

/// A line of the duty log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogEntry {
    /// Journal number of the record behind it.
    pub seq: u64,
    /// When, by the platform's clock.
    pub at_ms: i64,
    /// Who: a person, a unit, or `platform`.
    pub by: String,
    /// A stable word: the decision's or desk event's kind.
    pub what: String,
    /// The alert, incident or task it is about.
    pub about: String,
    /// Particulars: level, note, reason, unit.
    pub detail: String,
}
