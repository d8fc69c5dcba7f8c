//! Bulletins of earthquake and weather offices: where the earth shook, where a storm is and is
//! expected to go. Inputs that are shown; nothing here judges them.

use serde::{Deserialize, Serialize};

use crate::time::UtcMs;

/// Metres a second in a knot, exactly (1852 m / 3600 s).
pub const KNOT_MPS: f64 = 1_852.0 / 3_600.0;
/// Kilometres in a nautical mile, exactly.
pub const NAUTICAL_MILE_KM: f64 = 1.852;

/// How far an earthquake's figures may be relied upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuakeState {
    /// 自动测定: by a machine.
    Automatic,
    /// 正式测定: looked at by a person.
    Reviewed,
    /// There was none: its office has withdrawn it.
    Withdrawn,
}

impl QuakeState {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            QuakeState::Automatic => "automatic",
            QuakeState::Reviewed => "reviewed",
            QuakeState::Withdrawn => "withdrawn",
        }
    }
}

/// An earthquake as its office has it: one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earthquake {
    /// The office's own id (QuakeML's publicID): every version carries the same.
    pub id: String,
    /// The office: 「省地震局(虚构)」, `us`.
    #[serde(default)]
    pub issuer: String,
    /// Origin time.
    pub t: UtcMs,
    /// When this version was made: the later replaces.
    pub updated: UtcMs,
    /// Epicentre, degrees WGS-84.
    pub lon: f64,
    /// Epicentre, degrees WGS-84.
    pub lat: f64,
    /// Depth of the hypocentre, kilometres below the sea.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth_km: Option<f64>,
    /// Magnitude; absent where its office has none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnitude: Option<f64>,
    /// Which magnitude: `M`, `Ms`, `Mw`, `ML`, …
    #[serde(default)]
    pub magnitude_kind: String,
    /// Where, in words.
    #[serde(default)]
    pub place: String,
    /// How far the figures may be relied upon.
    pub state: QuakeState,
}

/// Wind of at least this speed blows out to here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindRadius {
    /// The speed, metres a second (30 kt: 7级风圈; 50 kt: 10级).
    pub wind_mps: f64,
    /// Where it reaches farthest, kilometres from the centre.
    pub longest_km: f64,
    /// Where it reaches least.
    pub shortest_km: f64,
    /// Towards where it reaches farthest, degrees clockwise from north; absent for a circle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toward_deg: Option<f64>,
}

/// A storm at an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackPoint {
    /// The instant.
    pub t: UtcMs,
    /// Centre, degrees WGS-84.
    pub lon: f64,
    /// Centre, degrees WGS-84.
    pub lat: f64,
    /// Pressure at the centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_hpa: Option<f64>,
    /// Greatest sustained wind, metres a second, averaged over [`StormTrack::averaging_s`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_mps: Option<f64>,
    /// Grade by its office: `TD`, `TS`, `STS`, `TY`, `STY`, `SuperTY`, `L`, …
    #[serde(default)]
    pub grade: String,
    /// How far winds reach, strongest first.
    #[serde(default)]
    pub radii: Vec<WindRadius>,
}

/// A storm's way so far, and what its office expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StormTrack {
    /// The office's number of the storm: `1714`, `202613`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The office.
    #[serde(default)]
    pub issuer: String,
    /// When this version was issued: the later replaces.
    pub issued: UtcMs,
    /// Over which time winds are averaged, seconds: 120 in China, 600 in Japan, 60 in the United
    /// States. Numbers of two of them are not the same wind.
    pub averaging_s: u32,
    /// The way so far, oldest first.
    pub points: Vec<TrackPoint>,
    /// What is expected, nearest first.
    #[serde(default)]
    pub forecast: Vec<TrackPoint>,
}
