//! Blocks of HAVE 1.0: people by triage, the house, its resources.

use std::borrow::Cow;

use domain::facility::{
    Clinical, Decon, Eoc, Facility, HospitalReport, Morgue, Security, Supply, Triage,
};
use domain::refusal::Reason;

use super::read::{child, count, of, text, word};
use super::words;
use crate::judge::Why;
use crate::xml::Element;

const TRIAGE: [(&str, &str); 4] = [
    ("Red", "TriageCodeRed"),
    ("Yellow", "TriageCodeYellow"),
    ("Green", "TriageCodeGreen"),
    ("Black", "TriageCodeBlack"),
];

pub(super) fn triage(block: &Element<'_>) -> Result<Option<Triage>, Why> {
    let inner = child(block, "TriageCount").unwrap_or(block);
    let mut counts = [None; 4];
    let mut known = vec!["TriageCodeListURN", "TriageCode", "CommentText"];
    known.extend(TRIAGE.map(|(_, own)| own));
    for e in of(inner, &known)? {
        let (code, quantity) = match e.local.as_ref() {
            "TriageCode" => {
                let code = child(e, "TriageCodeValue").map(text).unwrap_or_default();
                (code, child(e, "TriageCountQuantity").or_else(|| child(e, "Quantity")))
            }
            own => {
                let Some((code, _)) = TRIAGE.iter().find(|(_, name)| *name == own) else {
                    continue;
                };
                let inner = ["TriageCountQuantity", "TriageQuantity", "Quantity"];
                let inner = inner.iter().find_map(|name| child(e, name));
                (Cow::Borrowed(*code), inner.or(Some(e)))
            }
        };
        let at = TRIAGE.iter().position(|(name, _)| name.eq_ignore_ascii_case(&code));
        let (Some(at), Some(quantity)) = (at, quantity) else {
            let said = format!("TriageCode {code:?}: Red, Yellow, Green or Black, and a quantity");
            return Err(Why::new(Reason::FieldForm, said));
        };
        if let Some(slot) = counts.get_mut(at) {
            if slot.is_some() {
                return Err(Why::new(Reason::FieldForm, format!("TriageCode {code} stands twice")));
            }
            *slot = count(quantity)?;
        }
    }
    let [red, yellow, green, black] = counts;
    let is_said = counts.iter().any(Option::is_some);
    Ok(is_said.then_some(Triage { red, yellow, green, black }))
}

pub(super) fn house(said: &mut HospitalReport, block: &Element<'_>) -> Result<(), Why> {
    let known = [
        "HospitalEOCStatus",
        "ClinicalStatus",
        "DeconCapacity",
        "MorgueCapacity",
        "FacilityStatus",
        "SecurityStatus",
        "Activity24Hr",
        "CommentText",
    ];
    for e in of(block, &known)? {
        match e.local.as_ref() {
            "HospitalEOCStatus" => said.eoc = word(e, Eoc::of_have)?,
            "ClinicalStatus" => said.clinical = word(e, Clinical::of_have)?,
            "DeconCapacity" => {
                let status = child(e, "DeconCapacityStatus");
                if status.is_some() || e.children().next().is_none() {
                    said.decon = word(status.unwrap_or(e), Decon::of_have)?;
                }
            }
            "MorgueCapacity" => {
                let (status, units) =
                    (child(e, "MorgueCapacityStatus"), child(e, "MorgueCapacityUnits"));
                if status.is_some() || e.children().next().is_none() {
                    said.morgue = word(status.unwrap_or(e), Morgue::of_have)?;
                }
                said.morgue_units = units.map(count).transpose()?.flatten();
            }
            "FacilityStatus" => said.facility = word(e, Facility::of_have)?,
            "SecurityStatus" => said.security = word(e, Security::of_have)?,
            "Activity24Hr" => {
                for e in of(e, &["Admissions", "Discharges", "Deaths"])? {
                    match e.local.as_ref() {
                        "Admissions" => said.admissions_24h = count(e)?,
                        "Discharges" => said.discharges_24h = count(e)?,
                        _ => said.deaths_24h = count(e)?,
                    }
                }
            }
            _ => words::comment(said, &text(e))?,
        }
    }
    Ok(())
}

pub(super) fn resources(said: &mut HospitalReport, block: &Element<'_>) -> Result<(), Why> {
    let known = ["Staffing", "FacilityOperations", "ClinicalOperations", "CommentText"];
    for e in of(block, &known)? {
        match e.local.as_ref() {
            "Staffing" => said.staffing = word(e, Supply::of_have)?,
            "FacilityOperations" => said.facility_operations = word(e, Supply::of_have)?,
            "ClinicalOperations" => said.clinical_operations = word(e, Supply::of_have)?,
            _ => words::comment(said, &text(e))?,
        }
    }
    Ok(())
}
