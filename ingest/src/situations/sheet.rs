//! Part of stop 2: a table's rows as the objects they stand for. Which column is a number, a list or
//! a flag is known by its name, the same in every kind.

use domain::refusal::Reason;
use serde_json::{Map, Number, Value};

use super::body::REPORTS_MAX;
use crate::json::error::shown;
use crate::judge::Why;
use crate::reports::rows::{QUOTE_OPEN, ends_in_quotes};

/// Columns that are numbers.
const NUMBERS: &[&str] = &[
    "lon",
    "lat",
    "people",
    "trapped",
    "injured",
    "dead",
    "households",
    "threatened",
    "ill",
    "hospitalised",
    "affected",
    "evacuated",
    "missing",
    "rooms_collapsed",
    "crops_ha",
    "loss_10k_yuan",
];
/// Columns that are `true` or `false`.
const FLAGS: &[&str] = &["urgent", "drug", "passed"];
/// Columns that are times: RFC 3339, or Unix milliseconds.
const TIMES: &[&str] = &["t", "since", "restored_by", "until"];
/// Columns that are lists, parted by `;`.
const LISTS: &[&str] = &["zones", "important"];
/// The column of responsible persons: `role/name/phone`, parted by `;`.
const RESPONSIBLE: &str = "responsible";
/// Fields that no cell can hold.
const NO_COLUMNS: &[&str] = &["values", "geometry"];

/// The rows of a table as JSON objects.
///
/// # Errors
/// [`Why`]: no CSV, no header, a column that does not exist or stands there twice.
pub(super) fn objects(body: &[u8], fields: &[&str]) -> Result<Vec<Vec<u8>>, Why> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let syntax = |said: String| Why::new(Reason::Syntax, said);
    let text = std::str::from_utf8(body)
        .map_err(|_| syntax("not UTF-8: save the file as \"CSV UTF-8\"".into()))?;
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| syntax(e.to_string()))?.clone();
    for (at, name) in header.iter().enumerate() {
        if !fields.contains(&name) || NO_COLUMNS.contains(&name) {
            let detail = format!("column {:?} does not exist", shown(name));
            return Err(Why::new(Reason::UnknownField, detail));
        }
        if header.iter().take(at).any(|earlier| earlier == name) {
            return Err(Why::new(Reason::FieldForm, format!("column {name:?} stands there twice")));
        }
    }
    let mut rows = Vec::new();
    let is_cut_off = ends_in_quotes(body);
    let mut records = reader.records().peekable();
    while let Some(row) = records.next() {
        let row = row.map_err(|e| syntax(e.to_string()))?;
        if row.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() == REPORTS_MAX {
            let detail = format!("more than {REPORTS_MAX} rows in one body");
            return Err(Why::new(Reason::TooLarge, detail));
        }
        let mut object = Map::new();
        for (name, cell) in header.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            object.insert(name.to_owned(), value(name, cell));
        }
        // A row of another length is no row: said by a field that no report has.
        if row.len() != header.len() {
            let said = format!("{} cells, the header has {}", row.len(), header.len());
            object.insert("cells".into(), said.into());
        }
        if is_cut_off && records.peek().is_none() {
            object.insert("quote".into(), QUOTE_OPEN.into());
        }
        rows.push(serde_json::to_vec(&object).unwrap_or_default());
    }
    Ok(rows)
}

/// A cell's value. What should be a number and is none stays a text, and is refused by its field.
fn value(name: &str, cell: &str) -> Value {
    let text = || Value::from(cell);
    if NUMBERS.contains(&name) {
        let whole = cell.parse::<i64>().ok().map(Number::from);
        let number = whole.or_else(|| cell.parse().ok().and_then(Number::from_f64));
        return number.map_or_else(text, Value::Number);
    }
    if TIMES.contains(&name) {
        return cell.parse::<i64>().map_or_else(|_| text(), Value::from);
    }
    if FLAGS.contains(&name) {
        return match cell {
            "true" | "1" | "是" => true.into(),
            "false" | "0" | "否" => false.into(),
            _ => text(),
        };
    }
    let parts = || cell.split([';', ';']).map(str::trim).filter(|part| !part.is_empty());
    if LISTS.contains(&name) {
        return parts().collect();
    }
    if name == RESPONSIBLE {
        return parts().map(responsible).collect();
    }
    text()
}

fn responsible(person: &str) -> Value {
    let mut cells = person.split('/').map(str::trim);
    let (first, second, third) = (cells.next(), cells.next(), cells.next());
    let (role, name) = if second.is_some() { (first, second) } else { (None, first) };
    serde_json::json!({
        "role": role.unwrap_or_default(),
        "name": name.unwrap_or_default(),
        "phone": third.unwrap_or_default(),
    })
}
