//! Stop 2 of 9 for a hospital desk's spreadsheet: `text/csv`, a row a hospital. Pure and total. The
//! header names the figures as the console and `GET /v1/hospitals/{id}` do: `hospital`, `t`, `beds`,
//! `traffic`, `bed.adult_icu.available` … An empty cell says nothing.

use domain::facility::{BedType, HospitalReport};
use domain::refusal::Reason;
use domain::report::Report;
use serde_json::{Map, Value};

use super::check;
use super::decode::HOSPITALS_MAX;
use crate::judge::Why;
use crate::reports::form::classified;
use crate::reports::kind::Said;
use crate::reports::rows::{Rows, rows};

/// Columns whose cells are counts.
const COUNTS: [&str; 10] = [
    "beds",
    "beds_occupied",
    "icu_beds",
    "icu_occupied",
    "emergency_waiting",
    "offload_minutes",
    "morgue_units",
    "admissions_24h",
    "discharges_24h",
    "deaths_24h",
];
/// Columns whose cells are words.
const WORDS: [&str; 17] = [
    "hospital",
    "t",
    "traffic",
    "traffic_reason",
    "traffic_until",
    "traffic_approved_by",
    "offload",
    "eoc",
    "clinical",
    "decon",
    "morgue",
    "facility",
    "security",
    "staffing",
    "facility_operations",
    "clinical_operations",
    "note",
];
/// The figures of a type of beds.
const OF_BEDS: [&str; 5] = ["status", "baseline", "available", "additional_24h", "additional_72h"];

/// Whether there is a column of this name.
fn is_column(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        [one] => COUNTS.contains(one) || WORDS.contains(one),
        ["bed", kind, figure] => BedType::of_wire(kind).is_some() && OF_BEDS.contains(figure),
        ["ems_capacity" | "ems_census", triage] => {
            ["red", "yellow", "green", "black"].contains(triage)
        }
        ["ventilators", figure] => ["baseline", "available"].contains(figure),
        _ => false,
    }
}

/// Reads a table: its rows.
///
/// # Errors
/// [`Why`] where the header names a column that does not exist, or there are too many rows.
pub fn said(body: &[u8]) -> Result<Vec<Said<'_>>, Why> {
    let Rows { columns, rows } = rows(body, HOSPITALS_MAX, is_column, &["hospital", "t"])?;
    let read = |cells: Vec<String>| row(&columns, cells).map(Report::Facility);
    Ok(rows
        .into_iter()
        .map(|(raw, cells)| Said { raw: raw.into(), read: cells.and_then(read) })
        .collect())
}

fn row(columns: &[String], cells: Vec<String>) -> Result<HospitalReport, Why> {
    let mut form = Map::new();
    let mut beds: Vec<Map<String, Value>> = Vec::new();
    for (column, cell) in columns.iter().zip(cells) {
        if cell.is_empty() {
            continue;
        }
        let parts: Vec<&str> = column.split('.').collect();
        let is_count = parts.len() > 1 && parts.last() != Some(&"status");
        let value = if is_count || COUNTS.contains(&column.as_str()) || millis(column, &cell) {
            let n: i64 = cell.parse().map_err(|_| {
                let said = format!("column {column:?}: {cell:?} is no whole number");
                Why::new(Reason::FieldForm, said)
            })?;
            Value::from(n)
        } else {
            Value::from(cell)
        };
        match parts.as_slice() {
            ["bed", kind, figure] => {
                let known = beds.iter().position(|b| b.get("type") == Some(&Value::from(*kind)));
                let at = known.unwrap_or_else(|| {
                    beds.push(Map::from_iter([("type".to_owned(), Value::from(*kind))]));
                    beds.len() - 1
                });
                if let Some(bed) = beds.get_mut(at) {
                    bed.insert((*figure).to_owned(), value);
                }
            }
            [field, part] => {
                let whole = form.entry(*field).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(whole) = whole {
                    whole.insert((*part).to_owned(), value);
                }
            }
            _ => {
                form.insert(column.clone(), value);
            }
        }
    }
    if !beds.is_empty() {
        form.insert("bed_capacity".into(), beds.into_iter().map(Value::Object).collect());
    }
    check::whole(serde_json::from_value(Value::Object(form)).map_err(|e| classified(&e))?)
}

/// A time that is written in milliseconds.
fn millis(column: &str, cell: &str) -> bool {
    matches!(column, "t" | "traffic_until") && cell.bytes().all(|b| b.is_ascii_digit())
}
