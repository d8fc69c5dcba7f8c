//! `GET /v1/live`: snapshot, numbered deltas, resume, heartbeat.
//!
//! The client says `hello` with the epoch and the last number it has applied (or gives them as
//! `?epoch=&since=`). The server answers `resumed` and sends what was missed, or sends a `snapshot`.
//! Then `delta`s follow, numbered without holes: `seq ≤ last` is dropped, `last + 1` applied,
//! anything else means a hole: say `hello` again. `beat` comes every second and carries the newest
//! number. Station values come as `values`: not numbered, newest wins, may be skipped under load.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::views::{
    AlertView, EarthquakeView, FeedView, HospitalView, IncidentView, LogEntry, RecordView,
    SignalView, SituationView, StationState, TaskView, TrackView, UnitView, WarningView, ZoneView,
};

/// What a console says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First message, and after a hole.
    Hello {
        /// The epoch the client knows; absent on a first connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<String>,
        /// The last number it has applied.
        #[serde(default)]
        last: u64,
    },
}

/// What the platform says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The missed deltas follow.
    Resumed {
        /// Epoch.
        epoch: String,
        /// How many follow.
        missed: u64,
    },
    /// Everything, as of `seq`.
    Snapshot {
        /// Epoch: changes when the server has lost its ring of deltas.
        epoch: String,
        /// The number the next delta follows.
        seq: u64,
        /// The platform's clock.
        now_ms: i64,
        /// `live` or `replay`: whether ticks follow a clock or the newest frame.
        clock: String,
        /// Seconds of the platform's clock in a second; 1 but for a quickened clock.
        #[serde(default = "one")]
        speed: f64,
        /// `actual` or `exercise`.
        status: String,
        /// The picture.
        picture: Box<Picture>,
    },
    /// Changes, numbered without holes.
    Delta {
        /// Number.
        seq: u64,
        /// The changes, to be applied in order.
        changes: Vec<Change>,
    },
    /// A second has passed.
    Beat {
        /// The newest number sent.
        seq: u64,
        /// The platform's clock.
        now_ms: i64,
        /// Time of the newest frame heard, by the platform's clock; absent before the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heard_ms: Option<i64>,
    },
    /// Newest station states; latest wins, may be skipped under load.
    Values {
        /// The states that changed.
        stations: Vec<StationState>,
    },
}

fn one() -> f64 {
    1.0
}

/// The whole picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Picture {
    /// Open alerts, and cleared ones that nobody has acknowledged yet.
    pub alerts: Vec<AlertView>,
    /// Zones with level, risk and age.
    pub zones: Vec<ZoneView>,
    /// Station states.
    pub stations: Vec<StationState>,
    /// Incidents that are open, and the latest closed ones.
    pub incidents: Vec<IncidentView>,
    /// Tasks of those incidents.
    pub tasks: Vec<TaskView>,
    /// Units.
    pub units: Vec<UnitView>,
    /// Hospitals.
    pub hospitals: Vec<HospitalView>,
    /// Feeds.
    pub feeds: Vec<FeedView>,
    /// Official signals in force.
    pub signals: Vec<SignalView>,
    /// What agencies reported about situations: of every kind the newest, those first that need
    /// somebody.
    #[serde(default)]
    pub situations: Vec<SituationView>,
    /// External warnings (CAP) in force or held.
    #[serde(default)]
    pub warnings: Vec<WarningView>,
    /// Earthquakes, newest first.
    #[serde(default)]
    pub earthquakes: Vec<EarthquakeView>,
    /// Storms, newest issued first.
    #[serde(default)]
    pub tracks: Vec<TrackView>,
    /// The latest entries of the duty log, newest last.
    pub log: Vec<LogEntry>,
    /// Notices about the platform itself (disk, archive, journal).
    pub notices: Vec<Notice>,
    /// The record and its disk; absent in the first seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordView>,
}

/// Something the platform says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// A stable word, the kind of the notice: `disk_nearly_full`, `disk_full`, `archive_down`,
    /// `archive_behind`, `engine_behind`, `threshold_refused`, `cap_feed_down`, `unit_distress`, `certificate_expiring`,
    /// `certificate_refused`.
    pub id: String,
    /// `warning` or `critical`.
    pub severity: String,
    /// The same in an English sentence, for logs and scripts.
    pub detail: String,
    /// Its figures by name: `free_bytes`, `total_bytes`, `free_share` (0 to 1), `days_until_full`,
    /// `bytes_per_observation`, `behind_records`, `count`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, f64>,
    /// Thresholds that cannot be applied, where that is the notice; the first of `count`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<RefusedThreshold>,
    /// Units in distress, where that is the notice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// Since when.
    pub since_ms: i64,
}

/// A threshold of the city's files that cannot be applied at a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedThreshold {
    /// Hazard.
    pub hazard: String,
    /// Station.
    pub station: String,
    /// Its number in the hazard's file, from 1.
    pub threshold: u16,
    /// A stable word: `datum`, `property`, `window`, `not_finite`.
    pub reason: String,
    /// What the reason names: `threshold_datum`, `station_datum`, `property`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, String>,
}

/// One change of the picture: a row in its new state, or its removal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "row", rename_all = "snake_case")]
pub enum Change {
    /// An alert.
    Alert(Box<AlertView>),
    /// An alert left the list (cleared and acknowledged): its id.
    AlertGone(String),
    /// A zone.
    Zone(ZoneView),
    /// An incident.
    Incident(IncidentView),
    /// A task.
    Task(TaskView),
    /// A unit.
    Unit(UnitView),
    /// A hospital.
    Hospital(HospitalView),
    /// A feed.
    Feed(FeedView),
    /// An official signal.
    Signal(SignalView),
    /// An official signal is no longer in force: its id.
    SignalGone(String),
    /// An external warning.
    Warning(Box<WarningView>),
    /// An external warning is no longer in force, nor held: its id.
    WarningGone(String),
    /// A feed that was never heard and now is, by another channel: its id.
    FeedGone(String),
    /// A line of the duty log.
    Log(LogEntry),
    /// The record and its disk.
    Record(RecordView),
    /// A notice about the platform.
    Notice(Notice),
    /// A notice ended: its id.
    NoticeGone(String),
    /// An earthquake.
    Earthquake(Box<EarthquakeView>),
    /// An earthquake was withdrawn, or is long past: its id.
    EarthquakeGone(String),
    /// A storm's track.
    Track(Box<TrackView>),
    /// A storm is long past: its id.
    TrackGone(String),
    /// A report about a situation.
    Situation(Box<SituationView>),
    /// A report has left the picture: its id.
    SituationGone(String),
    /// The registry has changed: what it is now is at `GET /v1/city`. A word for its state.
    City(String),
}
