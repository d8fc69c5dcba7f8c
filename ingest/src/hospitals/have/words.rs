//! What stands beside the standard: `fenghuo:<name>=<value>` in a comment.

use domain::facility::{HospitalReport, Ventilators};
use domain::refusal::Reason;
use domain::report::EmergencyTraffic;
use domain::time::UtcMs;

use crate::judge::Why;

/// What such a comment begins with.
pub(super) const MARK: &str = "fenghuo:";

/// `EMSTrafficStatus`. 接诊紧张 has no word there: it goes as an advisory, with its own beside it.
pub(super) fn have(traffic: EmergencyTraffic) -> &'static str {
    match traffic {
        EmergencyTraffic::Normal => "Normal",
        EmergencyTraffic::Strained | EmergencyTraffic::DivertAdvised => "Advisory",
        EmergencyTraffic::Suspended => "Closed",
        EmergencyTraffic::NotApplicable => "NotApplicable",
    }
}

/// Reads `EMSTrafficStatus`.
pub(super) fn of_have(word: &str) -> Option<EmergencyTraffic> {
    [
        EmergencyTraffic::Normal,
        EmergencyTraffic::DivertAdvised,
        EmergencyTraffic::Suspended,
        EmergencyTraffic::NotApplicable,
    ]
    .into_iter()
    .find(|traffic| have(*traffic).eq_ignore_ascii_case(word))
}

/// The comments of a report.
pub(super) fn comments(said: &HospitalReport) -> Vec<String> {
    let mut out = Vec::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push(format!("{MARK}{name}={value}"));
        }
    };
    let count = |n: Option<u32>| n.map(|n| n.to_string());
    put("beds", count(said.beds));
    put("beds_occupied", count(said.beds_occupied));
    put("icu_beds", count(said.icu_beds));
    put("icu_occupied", count(said.icu_occupied));
    put("emergency_waiting", count(said.emergency_waiting));
    let strained = said.traffic == Some(EmergencyTraffic::Strained);
    put("traffic", strained.then(|| EmergencyTraffic::Strained.wire().to_owned()));
    put("traffic_until", said.traffic_until.map(|t| t.rfc3339(0)));
    put("traffic_approved_by", said.traffic_approved_by.clone());
    if let Some(ventilators) = said.ventilators {
        put("ventilators.baseline", count(ventilators.baseline));
        put("ventilators.available", count(ventilators.available));
    }
    put("note", said.note.clone());
    out
}

/// Takes a comment up: one of ours by its name, any other as the note.
pub(super) fn comment(said: &mut HospitalReport, text: &str) -> Result<(), Why> {
    let Some(ours) = text.strip_prefix(MARK) else {
        if !text.is_empty() && said.note.is_none() {
            said.note = Some(text.to_owned());
        }
        return Ok(());
    };
    let (name, value) = ours.split_once('=').unwrap_or((ours, ""));
    let field = || format!("CommentText {MARK}{name}");
    let count = || {
        let n = value.parse::<u32>();
        n.map(Some).map_err(|_| Why::new(Reason::FieldForm, format!("{}: no count", field())))
    };
    match name {
        "beds" => said.beds = count()?,
        "beds_occupied" => said.beds_occupied = count()?,
        "icu_beds" => said.icu_beds = count()?,
        "icu_occupied" => said.icu_occupied = count()?,
        "emergency_waiting" => said.emergency_waiting = count()?,
        "traffic" if value == EmergencyTraffic::Strained.wire() => {
            said.traffic = Some(EmergencyTraffic::Strained);
        }
        "traffic_until" => {
            let until = UtcMs::parse(value);
            let until = until.map_err(|e| Why::new(Reason::Time, format!("{}: {e}", field())))?;
            said.traffic_until = Some(until);
        }
        "traffic_approved_by" => said.traffic_approved_by = Some(value.to_owned()),
        "ventilators.baseline" => {
            said.ventilators.get_or_insert_with(Ventilators::default).baseline = count()?;
        }
        "ventilators.available" => {
            said.ventilators.get_or_insert_with(Ventilators::default).available = count()?;
        }
        "note" => said.note = Some(value.to_owned()),
        _ => return Err(Why::new(Reason::UnknownField, format!("{} is not known", field()))),
    }
    Ok(())
}
