//! Bulletins of earthquake and weather offices, and cameras: what is shown beside what is judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An earlier version of an earthquake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EarthquakeVersion {
    /// When it was made.
    pub updated_ms: i64,
    /// Magnitude.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnitude: Option<f64>,
    /// Epicentre, degrees WGS-84.
    pub lon: f64,
    /// Epicentre, degrees WGS-84.
    pub lat: f64,
    /// Depth, kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth_km: Option<f64>,
    /// `automatic` or `reviewed`.
    pub state: String,
}

/// An earthquake, by its newest version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EarthquakeView {
    /// The office's id.
    pub id: String,
    /// The office.
    pub issuer: String,
    /// Origin time.
    pub t_ms: i64,
    /// When this version was made.
    pub updated_ms: i64,
    /// Epicentre, degrees WGS-84.
    pub lon: f64,
    /// Epicentre, degrees WGS-84.
    pub lat: f64,
    /// Depth, kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth_km: Option<f64>,
    /// Magnitude.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnitude: Option<f64>,
    /// Which magnitude: `M`, `Ms`, `Mw`, …
    pub magnitude_kind: String,
    /// Where, in words.
    pub place: String,
    /// `automatic` or `reviewed`; withdrawn ones leave the list.
    pub state: String,
    /// Kilometres from the middle of the city's map.
    pub distance_km: f64,
    /// Earlier versions, oldest first; of many the newest.
    pub earlier: Vec<EarthquakeVersion>,
}

/// Wind of at least a speed blows out to here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindRadiusView {
    /// The speed, metres a second.
    pub wind_mps: f64,
    /// Farthest, kilometres.
    pub longest_km: f64,
    /// Least, kilometres.
    pub shortest_km: f64,
    /// Towards where it reaches farthest, degrees clockwise from north; absent for a circle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toward_deg: Option<f64>,
}

/// A storm at an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrackPointView {
    /// The instant.
    pub t_ms: i64,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// Pressure at the centre, hPa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_hpa: Option<f64>,
    /// Greatest sustained wind, metres a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_mps: Option<f64>,
    /// Grade by its office.
    pub grade: String,
    /// How far winds reach, strongest first.
    pub radii: Vec<WindRadiusView>,
}

/// A storm's way so far, and what its office expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrackView {
    /// The office's number of the storm.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The office.
    pub issuer: String,
    /// When this version was issued.
    pub issued_ms: i64,
    /// Over which time winds are averaged, seconds.
    pub averaging_s: u32,
    /// The way so far, oldest first.
    pub points: Vec<TrackPointView>,
    /// What is expected, nearest first.
    pub forecast: Vec<TrackPointView>,
}

/// A camera of the city's register. Streams are addresses: nothing is loaded by the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CameraStreams {
    /// HLS: `https://…/index.m3u8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hls: Option<String>,
    /// WHEP (WebRTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whep: Option<String>,
    /// A still picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// RTSP, to be copied: no browser opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtsp: Option<String>,
    /// GB/T 28181 device id, 20 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gb28181: Option<String>,
}

/// A camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CameraView {
    /// Id.
    pub id: String,
    /// 中文.
    pub name: String,
    /// English.
    pub name_en: String,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// Agency id.
    pub agency: String,
    /// `river`, `reservoir`, `road`, `ponding`, …
    pub kind: String,
    /// Whither it looks, degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction_deg: Option<f64>,
    /// The zone it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How to see what it sees.
    pub streams: CameraStreams,
}

/// A camera near a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NearCameraView {
    /// Metres from the place.
    pub distance_m: f64,
    /// The camera.
    pub camera: CameraView,
}
