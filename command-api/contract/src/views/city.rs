//! The city as configured: what a console needs before its first picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /v1/city`: what a console needs before its first picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CityView {
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Languages, default first.
    pub languages: Vec<String>,
    /// Offset of the city's time, seconds east of UTC.
    pub offset_s: i32,
    /// Levels, lowest first.
    pub levels: Vec<LevelView>,
    /// First view of the map: `[longitude, latitude]`.
    pub center: [f64; 2],
    /// Zoom of the first view.
    pub zoom: f64,
    /// What must stand in the map's corner.
    pub attribution: String,
    /// Whether the city is invented.
    pub fictional: bool,
    /// Stations, in the order of their numbers in [`super::StationState::ix`]; for an agency's person
    /// those of the agency.
    pub stations: Vec<StationView>,
    /// Plans; none for an agency's person.
    pub plans: Vec<PlanView>,
    /// Hazards with their texts.
    pub hazards: Vec<HazardView>,
    /// GeoJSON of the zones is at this path; properties `id name name_en kind parent`.
    pub zones_path: String,
    /// GeoJSON files of the base map (rivers …), paths.
    pub base_map_paths: Vec<String>,
}

/// One level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LevelView {
    /// Id.
    pub id: String,
    /// 中文.
    pub name: String,
    /// English.
    pub name_en: String,
    /// `#rrggbb`.
    pub color: String,
}

/// A station and its datastreams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StationView {
    /// Id.
    pub id: String,
    /// 中文.
    pub name: String,
    /// English.
    pub name_en: String,
    /// Agency id.
    pub agency: String,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// District id, where it lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Township id, where it lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub township: Option<String>,
    /// Height datum of its stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// Its datastreams.
    pub datastreams: Vec<DatastreamView>,
}

/// One property at one station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatastreamView {
    /// Property's name on the wire.
    pub property: String,
    /// UCUM unit.
    pub unit: String,
    /// 中文 name of the property.
    pub name_zh: String,
    /// Expected interval, seconds.
    pub interval_s: u32,
    /// The stations that speak for it while it is not heard, in order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<String>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanView {
    /// Id.
    pub id: String,
    /// 中文.
    pub title: String,
    /// English.
    pub title_en: String,
    /// Hazards it is for.
    pub hazards: Vec<String>,
}

/// A hazard as configured, with the text of its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HazardView {
    /// Name in the log.
    pub name: String,
    /// Kind.
    pub kind: String,
    /// Source of its numbers.
    pub source: String,
    /// Markdown: what it detects, method, limits.
    pub about: String,
    /// The same in Chinese.
    pub about_zh: String,
}
