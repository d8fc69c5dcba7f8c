//! `hazards/*.toml`: by which numbers the city judges. The types; the reading is in `read`.

pub(super) mod read;
mod thresholds;

use serde::{Deserialize, Serialize};

use crate::ids::StationId;
use crate::level::Level;
use crate::time::UtcMs;

/// The kinds of hazard this version can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardKind {
    /// Accumulated rain.
    Rainfall,
    /// Stage of a river.
    RiverStage,
    /// Stage of a reservoir.
    ReservoirStage,
    /// Tidal stage, judged by its high waters.
    TidalStage,
    /// Wind and gusts.
    Gale,
    /// Discharge against a city's own thresholds.
    Discharge,
    /// Ponding depth.
    Ponding,
    /// Hospital load.
    HospitalLoad,
}

/// One hazard's rules: one epoch of one file of `hazards/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazard {
    /// Which model judges.
    pub kind: HazardKind,
    /// The name in the decision log; the kind's own word unless the file says otherwise.
    pub name: String,
    /// Where its numbers come from, where a threshold does not say itself.
    pub source: String,
    /// From when it holds (event time).
    pub valid_from: UtcMs,
    /// Grid of final assessments, seconds.
    pub step_s: u32,
    /// How late an observation may come and still be part of the final assessment, seconds.
    pub lateness_s: u32,
    /// Thresholds, in file order.
    pub thresholds: Vec<Threshold>,
    /// How long a level must hold before an alert is raised or stepped up, seconds (event time).
    pub raise_hold_s: u32,
    /// How long it must be below before an alert steps down or clears, seconds.
    pub clear_hold_s: u32,
    /// How far below its threshold a value must be before the level counts as left, in the property's unit.
    pub clear_margin: f64,
    /// For areal hazards, how stations speak for cells.
    pub spread: Spread,
    /// Reach of a station's word, metres (0: its own cell only).
    pub reach_m: f64,
    /// Score of a cell per level rank, 0 to 1; index 0 is none.
    pub scores: Vec<f64>,
}

/// How point hazards are spread to cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Inverse distance, power 2, of the stations within reach.
    InverseDistance,
    /// The nearest station within reach.
    Nearest,
    /// The station's own cell and those within reach of it.
    #[default]
    Own,
}

/// One threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The level it gives.
    pub level: Level,
    /// The property judged.
    pub property: String,
    /// Window of the sum, seconds, for accumulations; the window of W is (W−n, W]. For wind, the
    /// averaging the threshold is stated for. `None`: the instant.
    pub window_s: Option<u32>,
    /// Shifts the window's edges: with `shift_ms` the window of W is (W−n−shift, W−shift].
    pub shift_ms: i64,
    /// Met when the value is at or above this, in the property's unit. For stages, in the datum named.
    pub at_least: f64,
    /// The datum of a stage's `at_least`; must be the station's, or both convertible.
    pub datum: Option<String>,
    /// For this station only.
    pub station: Option<StationId>,
    /// What the number is called: `warning` 警戒, `guarantee` 保证, `record` 历史最高, `flood_limit` 汛限, …
    pub mark: Option<String>,
    /// Rate of rise instead of the value: units an hour over the window.
    pub rate_per_h: bool,
    /// Source of the number; `city policy` where it is the city's own.
    pub source: String,
}

impl HazardKind {
    /// Every kind, with its word in files.
    pub const ALL: [(HazardKind, &'static str); 8] = [
        (HazardKind::Rainfall, "rainfall"),
        (HazardKind::RiverStage, "river_stage"),
        (HazardKind::ReservoirStage, "reservoir_stage"),
        (HazardKind::TidalStage, "tidal_stage"),
        (HazardKind::Gale, "gale"),
        (HazardKind::Discharge, "discharge"),
        (HazardKind::Ponding, "ponding"),
        (HazardKind::HospitalLoad, "hospital_load"),
    ];

    /// Its word in files and in the decision log.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// The properties that a model of this kind can judge; the first is the usual one.
    pub fn properties(self) -> &'static [&'static str] {
        match self {
            HazardKind::Rainfall => &["rainfall", "rain_intensity"],
            HazardKind::RiverStage => &["water_level"],
            HazardKind::ReservoirStage => &["water_level", "storage"],
            HazardKind::TidalStage => &["tide_level", "water_level"],
            HazardKind::Gale => &["wind_speed", "wind_gust"],
            HazardKind::Discharge => &["discharge", "inflow", "outflow"],
            HazardKind::Ponding => &["ponding_depth"],
            HazardKind::HospitalLoad => {
                &["bed_occupancy", "emergency_waiting", "emergency_traffic"]
            }
        }
    }

    /// How stations speak for cells where the file does not say, and how far (metres): rain is
    /// spread between gauges, wind is taken from the nearest, water stays where it is measured.
    pub fn usual_spread(self) -> (Spread, f64) {
        match self {
            HazardKind::Rainfall => (Spread::InverseDistance, 12_000.0),
            HazardKind::Gale => (Spread::Nearest, 10_000.0),
            _ => (Spread::Own, 0.0),
        }
    }
}
