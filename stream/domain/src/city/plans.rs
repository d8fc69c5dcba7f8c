//! `plans/*.toml`: the plans (预案) and their measures, one plan a file.

use serde::{Deserialize, Serialize};

use super::faults::{Faults, words};
use super::page;
use crate::ids::PlanId;
use crate::level::Levels;

/// The longest time a measure may take, minutes (a week).
const MAX_LIMIT_MIN: u32 = 7 * 24 * 60;

/// A plan (预案).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Id.
    pub id: PlanId,
    /// 中文 title.
    pub title: String,
    /// English title.
    #[serde(default)]
    pub title_en: String,
    /// Hazards it is for; empty: any.
    #[serde(default)]
    pub hazards: Vec<String>,
    /// Where its text comes from.
    pub source: String,
    /// Its measures.
    #[serde(default, rename = "measure")]
    pub measures: Vec<Measure>,
}

/// One measure (响应措施) of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The clause: 「§3.2」.
    pub clause: String,
    /// From which level on (id of the city's list).
    pub from_level: String,
    /// What is to be done, in Chinese.
    pub text: String,
    /// The same in English.
    #[serde(default)]
    pub text_en: String,
    /// The kind of unit that does it.
    #[serde(default)]
    pub unit_kind: String,
    /// Minutes it may take.
    pub limit_min: u32,
}

/// Reads one plan. `hazards` are the names that `hazards/*.toml` give; `None` where one of those files
/// gave none.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    levels: &Levels,
    hazards: Option<&[String]>,
    faults: &Faults,
) -> Option<Plan> {
    let mut top = page::read(file, bytes, faults)?;
    let id = top.need_id::<PlanId>("id", "like \"P-FLOOD\"");
    let title = top.need_text("title", "the plan's title");
    let title_en = top.text("title_en").or_else(|| title.clone());
    let named = top.texts("hazards").unwrap_or_default();
    let unknown = |name: &&String| hazards.is_some_and(|list| !list.contains(name));
    for name in named.iter().filter(unknown) {
        let known = words(hazards.into_iter().flatten().map(String::as_str));
        top.fault("hazards", format!("unknown hazard {name:?}; hazards/ has: {known}"));
    }
    let source =
        top.need_text("source", "where its text comes from; \"city policy\" for the city's own");
    let mut measures = Vec::new();
    for section in top.sections("measure") {
        measures.extend(measure(section, levels));
    }
    top.finish();
    Some(Plan {
        id: id?,
        title: title?,
        title_en: title_en?,
        hazards: named,
        source: source?,
        measures,
    })
}

fn measure(mut section: page::Section<'_>, levels: &Levels) -> Option<Measure> {
    let clause = section.need_text("clause", "like \"§3.2\"");
    let from_level = section.need_text("from_level", "a level of the city");
    if let Some(level) = &from_level
        && !levels.0.iter().any(|l| l.id == *level)
    {
        let known = words(levels.0.iter().map(|l| l.id.as_str()));
        section.fault("from_level", format!("unknown level {level:?}; the city has: {known}"));
    }
    let text = section.need_text("text", "what is to be done");
    let text_en = section.text("text_en").or_else(|| text.clone());
    let unit_kind = section.text("unit_kind").unwrap_or_default();
    let limit_min = section.count("limit_min", 1..=MAX_LIMIT_MIN);
    if limit_min.is_none() && section.line_of("limit_min") == section.line() {
        section.fault("limit_min", "the key limit_min is missing (minutes it may take)");
    }
    section.finish();
    Some(Measure {
        clause: clause?,
        from_level: from_level?,
        text: text?,
        text_en: text_en?,
        unit_kind,
        limit_min: limit_min?,
    })
}
