//! The rows of the live picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The newest state of a station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StationState {
    /// Number: position in [`super::CityView::stations`].
    pub ix: u32,
    /// Level: `nodata`, `none` or one of the city's.
    pub level: String,
    /// `live`, `late`, `dead` or `never`: by the platform, not by the console.
    pub data: String,
    /// Newest values.
    pub values: Vec<ValueView>,
}

/// One newest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValueView {
    /// Property.
    pub property: String,
    /// Event time.
    pub t_ms: i64,
    /// Value, in the property's unit.
    pub v: f64,
    /// `reliable`, `doubtful` or `unreliable`.
    pub trust: String,
    /// `original`, `corrected` by a person, or `completed`: another speaks for a gauge that is not heard.
    pub origin: String,
    /// The station that speaks for it, where the value is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why another speaks for it, where the value is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<InsteadView>,
}

/// Why a gauge's own values are not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InsteadView {
    /// `never` (nothing was ever heard of it), `silent` (nothing since then), or it is heard and what
    /// it says is `doubtful` or `unreliable` since then.
    pub why: String,
    /// Event time of its newest own value; of its newest reliable one where it is heard. Absent where
    /// there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}

/// A zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZoneView {
    /// Id.
    pub id: String,
    /// Greatest level of its stations, over all hazards; `nodata` where nothing is known.
    pub level: String,
    /// Risk 0 to 1 (hazard × exposure × vulnerability, rolled up); absent where there is no data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<f64>,
    /// Share of its exposed cells that have data, 0 to 1.
    pub covered: f64,
    /// People in cells at a level above none.
    pub people: f64,
    /// Event time of the newest observation it is judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_ms: Option<i64>,
    /// Terms of the score, greatest first.
    pub terms: Vec<RiskTerm>,
}

/// One term of a risk score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RiskTerm {
    /// Hazard's name.
    pub hazard: String,
    /// Hazard score 0 to 1.
    pub hazard_score: f64,
    /// People exposed.
    pub exposure: f64,
    /// Vulnerability 0 to 1.
    pub vulnerability: f64,
    /// What it adds to the score.
    pub contribution: f64,
    /// Where the numbers come from.
    pub sources: Vec<String>,
    /// Observation ids.
    pub because: Vec<String>,
}

/// An alert as the desk sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertView {
    /// Id: `hazard@place@raised`.
    pub id: String,
    /// Hazard's name; `feed` for silences.
    pub hazard: String,
    /// Station id, zone id, or `agency:<id>`.
    pub place: String,
    /// 中文 name of the place.
    pub place_name: String,
    /// English name of the place.
    pub place_name_en: String,
    /// District id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Level now (its last one, once cleared).
    pub level: String,
    /// Highest level it has had.
    pub peak: String,
    /// Value judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Property of the value.
    pub property: String,
    /// Unit of the value.
    pub unit: String,
    /// The threshold met and its name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// `warning`, `guarantee`, …; the console has words for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Window of the rule, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
    /// The rule that spoke.
    pub rule: String,
    /// Event time of the raise.
    pub raised_ms: i64,
    /// Event time of its newest decision.
    pub changed_ms: i64,
    /// Event time of the clear (消警), once cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_ms: Option<i64>,
    /// `rising`, `falling`, `steady`: of the value, over its last steps.
    pub trend: String,
    /// How many decisions it has joined (×n).
    pub steps: u32,
    /// The newest amendment (更正), if any: what was said and what is said now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<String>,
    /// 签收: by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// 签收: when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_ms: Option<i64>,
    /// 暂挂 until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelved_until_ms: Option<i64>,
    /// 暂挂: by whom and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelved_because: Option<String>,
    /// The incident it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// `actual` or `exercise`.
    pub status: String,
    /// `doubtful` where the newest decision rests on doubtful data, since there was nothing better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentView {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// The alert it was opened from.
    pub alert: String,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_ms: i64,
    /// When it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_ms: Option<i64>,
    /// Plans started.
    pub plans: Vec<String>,
    /// Tasks.
    pub tasks: Vec<String>,
}

/// A task: `proposed`, `sent`, `delivered`, `accepted`, `refused`, `en_route`, `on_scene`, `done`, `cancelled`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskView {
    /// Id.
    pub id: String,
    /// Incident.
    pub incident: String,
    /// What is to be done.
    pub text: String,
    /// The plan's clause it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// Unit, or the one proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// State.
    pub state: String,
    /// Its states so far with their times, oldest first.
    pub history: Vec<TaskStep>,
    /// Minutes it may take, where it is only proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_min: Option<u32>,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// 超时.
    pub overdue: bool,
    /// Reason of a refusal, or the newest note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One step of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskStep {
    /// State.
    pub state: String,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub by: String,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnitView {
    /// Id.
    pub id: String,
    /// 中文.
    pub name: String,
    /// English.
    pub name_en: String,
    /// Kind.
    pub kind: String,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// `idle`, `assigned`, `en_route`, `on_scene`.
    pub state: String,
    /// Its open task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// When it was last heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<i64>,
    /// Whether its session to the platform's own MQTT endpoint is up. Absent where that cannot be
    /// known: behind a city's own broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<bool>,
    /// As it says itself: `available`, `busy`, `off_duty`, `distress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// 求救, since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distress_ms: Option<i64>,
    /// When it was where it is shown; absent where it stands by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// Speed, metres a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f32>,
    /// Course, degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course_deg: Option<f32>,
    /// Its device's battery, per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
}

/// A hospital's newest figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HospitalView {
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
    /// Beds staffed.
    pub beds: u32,
    /// Beds occupied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beds_occupied: Option<u32>,
    /// ICU beds staffed.
    pub icu_beds: u32,
    /// ICU beds occupied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icu_occupied: Option<u32>,
    /// People waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_waiting: Option<u32>,
    /// `normal`, `strained`, `divert_advised`, `suspended`, `not_applicable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<String>,
    /// When the newest figures were true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t_ms: Option<i64>,
    /// Since when the beds are as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beds_changed_ms: Option<i64>,
    /// Since when the ICU beds are as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icu_changed_ms: Option<i64>,
    /// Since when so many wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_changed_ms: Option<i64>,
    /// Since when it takes patients so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_changed_ms: Option<i64>,
    /// Why it takes patients so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_reason: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_until_ms: Option<i64>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_approved_by: Option<String>,
    /// What about the newest report cannot all be true: `over_baseline`, `icu_beyond_beds`,
    /// `types_beyond_beds`, `available_yet_not`, `unapproved`, `offload_long`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Every figure it has said; only where one hospital is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<FigureView>,
}

/// One figure of a hospital: a count, a word of a closed list, a text or an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureView {
    /// Its name: `beds`, `bed.adult_icu.available`, `ems_capacity.red`, `ventilators.available` …
    pub figure: String,
    /// A count, or minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// A word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// Words of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// An instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// When it was last changed.
    pub changed_ms: i64,
    /// When it was last said.
    pub said_ms: i64,
}

/// A feed: one agency over one protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedView {
    /// `agency/channel`.
    pub id: String,
    /// Agency id.
    pub agency: String,
    /// 中文 name of the agency.
    pub agency_name: String,
    /// English name of the agency.
    pub agency_name_en: String,
    /// `mqtt`, `mqtt_bridge`, `http`.
    pub channel: String,
    /// `live`, `late`, `dead` or `never`; `heard` of an agency of which nothing is expected.
    pub data: String,
    /// Last frame, by the platform's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<i64>,
    /// 资料完整至, event time: every datastream of the agency that is not silent has been heard up to
    /// here, by whichever channel. Absent until the engine has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_ms: Option<i64>,
    /// Accepted since the start.
    pub accepted: u64,
    /// Duplicates since the start.
    pub duplicate: u64,
    /// Refused since the start, not counting the quarantined.
    pub refused: u64,
    /// Dated ahead and kept aside since the start.
    #[serde(default)]
    pub quarantined: u64,
    /// Stations of the agency, and how many of them are silent.
    pub stations: u32,
    /// Silent stations.
    pub silent: u32,
}
