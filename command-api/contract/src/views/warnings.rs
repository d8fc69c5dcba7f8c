//! External warnings: messages of the Common Alerting Protocol, of other offices. Their words are
//! text and nothing else, whatever they look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An external warning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarningView {
    /// Id: `W-` and its journal number.
    pub id: String,
    /// The agency whose feed brought it.
    pub agency: String,
    /// Who sent it, as it says.
    pub sender: String,
    /// The sender's own number.
    pub identifier: String,
    /// When it was sent.
    pub sent_ms: i64,
    /// When it came, by the platform's clock.
    pub received_ms: i64,
    /// `Actual`, `Exercise`, `System`, `Test` or `Draft`.
    pub status: String,
    /// `Alert`, `Update`, `Cancel`, `Ack` or `Error`.
    pub act: String,
    /// `in_force`, `held` (it refers to nothing heard from its sender), `superseded`, `cancelled`,
    /// `expired`, `done`, or `apart` (not actual: never on the live picture).
    pub state: String,
    /// `Public`, `Restricted` or `Private`.
    pub scope: String,
    /// `verified`, `unchecked` or `unsigned`.
    pub signature: String,
    /// Until when it holds.
    pub ends_ms: i64,
    /// Whether that is the platform's default, because it does not say.
    pub ends_by_default: bool,
    /// The warnings it updates or cancels, by id.
    pub follows: Vec<String>,
    /// Messages it refers to that it does not act on: unknown here, or another sender's.
    pub unresolved: Vec<String>,
    /// The warning that took its place, or took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// Its note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it says, in one language or several.
    pub infos: Vec<WarningInfoView>,
}

/// What a warning says in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarningInfoView {
    /// Language tag.
    pub language: String,
    /// Event in words.
    pub event: String,
    /// CAP categories.
    pub categories: Vec<String>,
    /// CAP response types.
    pub responses: Vec<String>,
    /// `Immediate`, `Expected`, `Future`, `Past` or `Unknown`.
    pub urgency: String,
    /// `Extreme`, `Severe`, `Moderate`, `Minor` or `Unknown`.
    pub severity: String,
    /// `Observed`, `Likely`, `Possible`, `Unlikely` or `Unknown`.
    pub certainty: String,
    /// The colour id that stands for the severity (`red orange yellow blue`); empty where unknown.
    pub color: String,
    /// The sender's name in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    /// Headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// A page about it; text, and never opened by the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// From when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_ms: Option<i64>,
    /// From when the event is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset_ms: Option<i64>,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
    /// Whether texts were cut or outlines simplified for the live picture.
    #[serde(default)]
    pub shortened: bool,
    /// Places.
    pub areas: Vec<WarningAreaView>,
}

/// A place of a warning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarningAreaView {
    /// In words.
    pub description: String,
    /// Closed rings of [longitude, latitude], degrees WGS-84.
    pub polygons: Vec<Vec<[f64; 2]>>,
    /// Circles.
    pub circles: Vec<CircleView>,
    /// Codes as sent.
    pub geocodes: Vec<GeocodeView>,
    /// Zones of the city that the codes name.
    pub zones: Vec<String>,
}

/// A circle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CircleView {
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// Radius, kilometres.
    pub radius_km: f64,
}

/// A code of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GeocodeView {
    /// The system of codes.
    pub name: String,
    /// The code.
    pub value: String,
}
