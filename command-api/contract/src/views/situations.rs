//! What agencies reported about situations, as consoles and senders see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A report, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SituationView {
    /// `kind@agency@id`.
    pub id: String,
    /// `hotline`, `call`, `outage`, `closure`, `hazard_point`, `food`, `damage`, `forecast`.
    pub kind: String,
    /// Whose.
    pub agency: String,
    /// 中文 name of the agency.
    pub agency_name: String,
    /// English name of the agency.
    pub agency_name_en: String,
    /// The sender's own id.
    pub sender_id: String,
    /// When it was true, by the sender.
    pub t_ms: i64,
    /// When this came.
    pub received_ms: i64,
    /// `open`, `closed`, `withdrawn`: by the sender.
    pub state: String,
    /// Class, road, works, product: in the sender's words.
    pub title: String,
    /// The text; numbers of people hidden.
    pub text: String,
    /// The address as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its lines and areas, as the sender gave them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<ShapeView>,
    /// The zones it is said to lie in, by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Degrees WGS-84; absent where no point is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// `point`, `village`, `road`, `township`, `district`, `unknown`.
    pub precision: String,
    /// `point`, `address`, `text`, `zones`, `nothing`, `shape`.
    pub located_by: String,
    /// The names of the gazetteer that were found, widest first.
    pub matched: Vec<String>,
    /// The smallest zone it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What is particular to its kind, by stable words, in the sender's figures.
    pub facts: Vec<FactView>,
    /// How many times it was sent.
    pub sent: u32,
    /// `new`, `assigned` (转办), `concluded` (办结), `fed_back` (反馈).
    pub stage: String,
    /// The department that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// 核实: `confirmed`, `untrue`, `false_alarm`, `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Whether it needs nobody any more.
    pub over: bool,
    /// The report it was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// The reports that were merged into it: with it they count as one.
    pub sources: Vec<String>,
    /// An earlier report it looks like: proposed for merging, never merged by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<LikelyView>,
}

/// Lines and areas: longitude and latitude, degrees WGS-84.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShapeView {
    /// Lines.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Areas: each its outer ring, then its holes.
    pub areas: Vec<Vec<Vec<(f64, f64)>>>,
}

/// One figure or word of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactView {
    /// A stable word: the field's name. Those that end in `_ms` are times.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Why two reports look like one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LikelyView {
    /// The earlier report.
    pub with: String,
    /// Shared pairs of characters, of 100.
    pub words: u32,
    /// Metres between them, where both have a point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metres: Option<u32>,
    /// Minutes between them.
    pub minutes: u32,
}

/// `GET /v1/situations/{id}`: a report with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SituationDetail {
    /// As it stands.
    pub situation: SituationView,
    /// What was sent, newest first.
    pub history: Vec<SituationVersion>,
    /// What was done about it, oldest first.
    pub steps: Vec<SituationStep>,
    /// The reports that were merged into it.
    pub sources: Vec<SituationView>,
    /// Who answers for it, where it is a point of a register.
    pub responsible: Vec<ResponsibleView>,
    /// The values of a forecast: `[t_ms, value]`.
    pub values: Vec<(i64, f64)>,
}

/// `GET /v1/stations/{id}/forecasts`: one issue of an office's forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastView {
    /// The report: `forecast@agency@id`. A later issue may have the same.
    pub id: String,
    /// Whose.
    pub agency: String,
    /// 中文 name of the agency.
    pub agency_name: String,
    /// English name of the agency.
    pub agency_name_en: String,
    /// When it was issued.
    pub issued_ms: i64,
    /// `water_level`, `tide_level`, `surge`, …
    pub property: String,
    /// The unit of the values, UCUM.
    pub unit: String,
    /// `[t_ms, value]`, earliest first.
    pub values: Vec<(i64, f64)>,
}

/// One sending of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SituationVersion {
    /// Journal number.
    pub seq: u64,
    /// When it was true.
    pub t_ms: i64,
    /// When it came.
    pub received_ms: i64,
    /// State.
    pub state: String,
    /// Title.
    pub title: String,
    /// Text.
    pub text: String,
    /// Particulars.
    pub facts: Vec<FactView>,
}

/// One thing done about a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SituationStep {
    /// `verified`, `merged`, `took`, `kept_apart`, `split`, `assigned`, `concluded`, `fed_back`.
    pub what: String,
    /// When.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
    /// In words.
    pub text: String,
    /// The other report, the department, or the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// 责任人.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResponsibleView {
    /// 行政、技术、巡查.
    pub role: String,
    /// Name.
    pub name: String,
    /// Duty telephone.
    pub phone: String,
}

/// `GET /v1/reports/hotline/{id}`, and the note on `fh/v1/<agency>/feedback`: what became of a report,
/// for whoever sent it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportStatus {
    /// The kind.
    pub kind: String,
    /// The sender's own id.
    pub id: String,
    /// When what is known of it was true.
    pub t_ms: i64,
    /// How it stands with the sender.
    pub state: String,
    /// `new`, `assigned` (转办), `concluded` (办结), `fed_back` (反馈).
    pub stage: String,
    /// 核实.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// The department that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// How many reports are dealt with as one, this among them.
    pub reports: u32,
    /// Where the platform put it.
    pub precision: String,
    /// What was done: 转办, 办结, 反馈, with their times and words. No officer is named.
    pub steps: Vec<StatusStep>,
}

/// One step of the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusStep {
    /// `verified`, `assigned`, `concluded`, `fed_back`.
    pub what: String,
    /// When.
    pub at_ms: i64,
    /// In words.
    pub text: String,
}
