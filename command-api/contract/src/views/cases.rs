//! Counts of cases and syndromes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts, as they stand and as they stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CasesView {
    /// What is counted, those that have rows only.
    pub codes: Vec<CaseCodeView>,
    /// Sums by syndrome and day, oldest day first, over the places that were asked for. Nothing is
    /// counted twice: of one agency a whole counts instead of its parts (both sexes, all ages, the
    /// zone around others).
    pub days: Vec<CaseDayView>,
    /// The counts, newest day first.
    pub rows: Vec<CaseRow>,
    /// Whether there are more rows than were sent.
    pub more: bool,
}

/// A syndrome or disease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseCodeView {
    /// Code.
    pub code: String,
    /// 中文.
    pub name: String,
    /// English.
    pub name_en: String,
    /// Whether it is a syndrome and no diagnosis.
    pub syndrome: bool,
    /// `A`, `B-as-A`, `B`, `C`: 法定传染病类别.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_class: Option<String>,
    /// Within how many hours it is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_limit_h: Option<u32>,
}

/// A day's sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseDayView {
    /// Code.
    pub syndrome: String,
    /// The day, `2026-06-11`.
    pub day: String,
    /// Cases.
    pub count: u32,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRow {
    /// The day, `2026-06-11`.
    pub day: String,
    /// A zone's code or a hospital's id.
    pub place: String,
    /// 中文 name of the place.
    pub place_name: String,
    /// English name of the place.
    pub place_name_en: String,
    /// Code.
    pub syndrome: String,
    /// `0-4`, `60+`, `all`, `unknown`.
    pub age: String,
    /// `male`, `female`; absent for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// Whose count.
    pub agency: String,
    /// Cases.
    pub count: u32,
    /// Of them dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deaths: Option<u32>,
    /// When it was reported.
    pub reported_ms: i64,
    /// When it came.
    pub received_ms: i64,
    /// What it was before it was corrected (更正), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<CaseRevision>,
}

/// A count before it was corrected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRevision {
    /// Cases.
    pub count: u32,
    /// Of them dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deaths: Option<u32>,
    /// When it was reported.
    pub reported_ms: i64,
    /// When it came.
    pub received_ms: i64,
}
