//! What an agency's getting-started page is filled with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DoorView;

/// `GET /v1/feeds/start`: what is registered of one agency, and where it comes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StartView {
    /// Agency id.
    pub agency: String,
    /// Whether it may publish official signals, forecasts, earthquakes and storm tracks.
    pub official_signals: bool,
    /// The coordinate system it has declared for all it sends: `wgs84`, `gcj02`, `bd09`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<String>,
    /// Where feeds come in.
    pub doors: Vec<DoorView>,
    /// Its stations that report by SL 651.
    pub telemetry: Vec<TelemetryStation>,
    /// Whether every SL 651 frame must carry a password.
    pub sl651_password: bool,
    /// Its units.
    pub units: Vec<StartUnit>,
    /// Whether units by Cursor-on-Target are heard as this agency's.
    pub cot: bool,
    /// Its hospitals.
    pub hospitals: Vec<StartName>,
    /// Its cameras.
    pub cameras: Vec<StartName>,
    /// The CAP feeds of it that are looked at.
    pub polled: Vec<PolledFeed>,
    /// A zone of the city, for examples: a district where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<StartName>,
}

/// Something that has an id and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartName {
    /// Id.
    pub id: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
}

/// A station that reports by SL 651.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TelemetryStation {
    /// Id.
    pub id: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Its address: ten hexadecimal digits.
    pub address: String,
    /// The properties it is registered with.
    pub properties: Vec<String>,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartUnit {
    /// Id.
    pub id: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The uid of its Cursor-on-Target device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cot_uid: Option<String>,
}

/// A feed of warnings that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolledFeed {
    /// Where.
    pub url: String,
    /// How often, seconds.
    pub interval_s: u32,
}
