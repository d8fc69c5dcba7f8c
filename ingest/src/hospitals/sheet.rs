//! Stop 2 of 9 for a hospital desk's spreadsheet: `text/csv`, a row a hospital. Pure and total. The
//! header names the figures as the console and `GET /v1/hospitals/{id}` do (`hospital`, `t`, `beds`,
//! `traffic`, `bed.adult_icu.available` …) or in Chinese ([`super::headings`]). An empty cell says
//! nothing. What a spreadsheet makes of a time, `2026/6/11 9:05`, is the city's local time.

use domain::facility::HospitalReport;
use domain::refusal::Reason;
use domain::report::Report;
use serde_json::{Map, Value};

use super::check;
use super::decode::HOSPITALS_MAX;
use super::headings::{COUNTS, column};
use crate::judge::Why;
use crate::reports::form::classified;
use crate::reports::kind::Said;
use crate::reports::rows::{Rows, rows};

/// Reads a table: its rows. `offset_s` is the city's, east of UTC.
///
/// # Errors
/// [`Why`] where the header names a column that does not exist or one twice, or there are too many
/// rows.
pub fn said(body: &[u8], offset_s: i32) -> Result<Vec<Said<'_>>, Why> {
    let table = rows(body, HOSPITALS_MAX, |name| column(name).is_some(), &[])?;
    let Rows { columns: headings, rows } = table;
    let mut columns: Vec<String> = Vec::with_capacity(headings.len());
    for heading in &headings {
        let named = column(heading).unwrap_or_default().into_owned();
        if !named.is_empty() && columns.contains(&named) {
            let said = format!("the column {named:?} stands twice");
            return Err(Why::new(Reason::FieldForm, said));
        }
        columns.push(named);
    }
    if let Some(name) = ["hospital", "t"].iter().find(|name| !columns.iter().any(|c| c == *name)) {
        return Err(Why::new(Reason::MissingField, format!("missing column {name:?}")));
    }
    let read = |cells: Vec<String>| row(&columns, cells, offset_s).map(Report::Facility);
    Ok(rows
        .into_iter()
        .map(|(raw, cells)| Said { raw: raw.into(), read: cells.and_then(read) })
        .collect())
}

fn row(columns: &[String], cells: Vec<String>, offset_s: i32) -> Result<HospitalReport, Why> {
    let mut form = Map::new();
    let mut beds: Vec<Map<String, Value>> = Vec::new();
    for (column, cell) in columns.iter().zip(cells) {
        if cell.is_empty() {
            continue;
        }
        if column.is_empty() {
            let said = format!("the cell {cell:?} stands in a column without a name");
            return Err(Why::new(Reason::UnknownField, said));
        }
        let cell = if is_time(column) { dated(cell, offset_s) } else { cell };
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

fn is_time(column: &str) -> bool {
    matches!(column, "t" | "traffic_until")
}

/// A time that is written in milliseconds.
fn millis(column: &str, cell: &str) -> bool {
    is_time(column) && cell.bytes().all(|b| b.is_ascii_digit())
}

/// A local time as spreadsheets write it (`2026/6/11 9:05`, `2026-06-11 09:05:30`) with the city's
/// offset; any other text as it is.
fn dated(cell: String, offset_s: i32) -> String {
    let local = || {
        let (day, time) = cell.split_once(' ')?;
        let mark = if day.contains('/') { '/' } else { '-' };
        let day: Vec<u32> = day.split(mark).map(|n| n.parse().ok()).collect::<Option<_>>()?;
        let time: Vec<u32> =
            time.trim().split(':').map(|n| n.parse().ok()).collect::<Option<_>>()?;
        let ([y, mo, d], [h, mi, rest @ ..]) = (day.as_slice(), time.as_slice()) else {
            return None;
        };
        let s = match rest {
            [] => 0,
            [s] => *s,
            _ => return None,
        };
        let (sign, east) = (if offset_s < 0 { '-' } else { '+' }, offset_s.unsigned_abs() / 60);
        let (hours, minutes) = (east / 60, east % 60);
        Some(format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}{sign}{hours:02}:{minutes:02}"))
    };
    local().unwrap_or(cell)
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
mod tests;
