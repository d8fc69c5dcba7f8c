//! Answers to questions: a series, a reason, a refusal, a trace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::feeds::LetterActView;
use super::picture::AlertView;

/// `GET /v1/stations/{id}/series`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesView {
    /// Station.
    pub station: String,
    /// Property.
    pub property: String,
    /// Unit.
    pub unit: String,
    /// Expected interval, seconds: a longer hole is a gap, drawn as a gap.
    pub interval_s: u32,
    /// `[t_ms, value]`; `value` null marks a gap.
    pub points: Vec<(i64, Option<f64>)>,
    /// Thresholds in force for this datastream.
    pub thresholds: Vec<ThresholdView>,
}

/// One threshold, for a chart and for "why?".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdView {
    /// Hazard.
    pub hazard: String,
    /// Level id.
    pub level: String,
    /// Value, in the property's unit.
    pub at_least: f64,
    /// Window, seconds; absent: the instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
    /// `warning`, `guarantee`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Source.
    pub source: String,
}

/// `GET /v1/alerts/{id}/explanation`: why?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplanationView {
    /// The alert.
    pub alert: AlertView,
    /// Every decision about it, oldest first, as in the decision log.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub decisions: Vec<domain::decision::Decision>,
    /// The rule of the newest decision in its parts; absent where no threshold spoke (no data,
    /// silence), and where the city's files have changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleView>,
    /// The observations behind the newest decision.
    pub observations: Vec<ObservationView>,
    /// The thresholds that apply.
    pub thresholds: Vec<ThresholdView>,
    /// What recomputing from those observations gives: must equal the decision.
    pub recomputed: Option<RecomputedView>,
}

/// A rule in its parts: `statistic` of `property` over `window_s`, `comparison` `threshold` `unit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleView {
    /// Hazard.
    pub hazard: String,
    /// Its number in the hazard's file, from 1.
    pub number: u32,
    /// `latest`, `sum`, `mean`, `rise_per_hour` or `highest`.
    pub statistic: String,
    /// Property.
    pub property: String,
    /// Window, seconds; absent: the instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
    /// `at_least`.
    pub comparison: String,
    /// The number compared with.
    pub threshold: f64,
    /// Its unit (UCUM); of a rise, an hour.
    pub unit: String,
    /// Level id that it gives.
    pub level: String,
    /// `warning`, `guarantee`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Datum of a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// Source of the number.
    pub source: String,
}

/// A recomputation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecomputedView {
    /// Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Level id.
    pub level: String,
    /// Whether both equal the decision's.
    pub agrees: bool,
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservationView {
    /// Id.
    pub id: String,
    /// Journal number.
    pub seq: u64,
    /// Event time.
    pub t_ms: i64,
    /// Value.
    pub v: f64,
    /// Unit.
    pub unit: String,
    /// Trust.
    pub trust: String,
    /// `original`, `corrected` by a person, or `completed`: another spoke for a gauge not heard.
    pub origin: String,
}

/// `GET /v1/rejections`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RejectionView {
    /// Journal number.
    pub seq: u64,
    /// Agency.
    pub agency: String,
    /// Channel.
    pub channel: String,
    /// Topic or resource.
    pub source: String,
    /// When.
    pub received_ms: i64,
    /// Stable reason.
    pub reason: String,
    /// Particulars.
    pub detail: String,
    /// What to do.
    pub what_to_do: String,
    /// Raw bytes, base64.
    pub raw_base64: String,
    /// Whether it was quarantined for its date.
    pub quarantined: bool,
    /// Whether only the first 65,536 bytes of it were kept.
    #[serde(default)]
    pub cut: bool,
    /// `open`, `replayed` or `dismissed`.
    #[serde(default)]
    pub state: String,
    /// What was done about it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LetterActView>,
}

/// `GET /v1/trace/{id}`: the nine stops of one observation, alert or task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceView {
    /// The id asked for.
    pub id: String,
    /// The stops it has passed, in order.
    pub stops: Vec<TraceStop>,
}

/// One stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStop {
    /// 1 to 9.
    pub stop: u8,
    /// `heard`, `decoded`, `admitted`, `ordered`, `understood`, `raised`, `decided`, `shown`, `answered`.
    pub name: String,
    /// When, by the platform's clock; absent where no time is recorded for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// What happened, with ids.
    pub what: String,
    /// Ids that lead on (observations, alerts, incidents, tasks).
    pub leads_to: Vec<String>,
}
