//! Stop 2 of 9 for counts of cases: JSON, NDJSON or a table → counts or [`Why`]. Pure and total.
//! Before it: [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use domain::cases::CaseCount;
use domain::refusal::Reason;
use domain::report::Report;
use serde_json::{Map, Value};

use super::personal;
use crate::judge::Why;
use crate::reports::form::{classified, objects};
use crate::reports::kind::Said;
use crate::reports::rows::{Rows, rows};

/// The fields of a count. There is none for words: nobody can be named in one.
pub const FIELDS: [&str; 8] =
    ["day", "place", "syndrome", "age", "sex", "count", "deaths", "reported"];
/// Columns whose cells are counts.
const COUNTS: [&str; 2] = ["count", "deaths"];
/// The most counts of one body.
pub const COUNTS_MAX: usize = 20_000;
/// The most cases of one count.
pub const COUNT_MAX: u32 = 1_000_000;

/// Reads one count.
///
/// # Errors
/// [`Why`], naming the field, never its value where that could be a person's.
pub fn count(raw: &[u8]) -> Result<CaseCount, Why> {
    plain(raw).map_or_else(|| read(raw).map_err(shown), Ok)
}

/// The most digits that stand together in a count that nobody could be found in.
const DIGITS_TOGETHER_MAX: usize = 10;

/// A count that is good, and in whose bytes no digits stand together that could be a person's
/// number: the fields' own reader knows all that is to be known of it. `None` for every other, which
/// is looked at field by field.
fn plain(raw: &[u8]) -> Option<CaseCount> {
    let mut together = 0;
    for b in raw {
        match b {
            b'0'..=b'9' => together += 1,
            // What may part the digits of one number.
            b' ' | b'-' => {}
            b'\\' | 0x80.. => return None,
            _ => together = 0,
        }
        if together > DIGITS_TOGETHER_MAX {
            return None;
        }
    }
    // A count of another agency is no field of the form, not even as null.
    if memchr::memmem::find(raw, b"\"agency\"").is_some() {
        return None;
    }
    checked(serde_json::from_slice(raw).ok()?).ok()
}

/// Nothing of a person is said back or kept in the particulars.
fn shown(why: Why) -> Why {
    Why { detail: personal::masked(&why.detail), ..why }
}

fn read(raw: &[u8]) -> Result<CaseCount, Why> {
    let syntax = |e: serde_json::Error| Why::new(Reason::Syntax, e.to_string());
    // Fields are looked at before they are understood: a number of a person is refused as such.
    let value: Value = serde_json::from_slice(raw).map_err(syntax)?;
    let Value::Object(fields) = value else {
        return Err(Why::new(Reason::Syntax, "a count is a JSON object"));
    };
    for (name, value) in &fields {
        impersonal(name, value)?;
    }
    if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let said = format!("unknown field {:?}", crate::json::error::shown(name));
        return Err(Why::new(Reason::UnknownField, said));
    }
    // From the bytes: what stands twice in them is seen there only.
    checked(serde_json::from_slice(raw).map_err(|e| classified(&e))?)
}

/// Refuses a field that looks like a person's.
fn impersonal(name: &str, value: &Value) -> Result<(), Why> {
    let personal = |what: &str| {
        let field = crate::json::error::shown(&personal::masked(name));
        Why::new(Reason::PersonalData, format!("field {field:?} {what}"))
    };
    if !FIELDS.contains(&name) && personal::is_field(name) {
        return Err(personal("is about a person"));
    }
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for text in [name, text.as_str()] {
        if let Some((.., found)) = personal::numbers(text).first() {
            return Err(personal(&format!("holds {}", found.wire())));
        }
    }
    Ok(())
}

fn checked(said: CaseCount) -> Result<CaseCount, Why> {
    if said.agency.is_some() {
        return Err(Why::new(Reason::UnknownField, "unknown field \"agency\""));
    }
    for (field, text) in [("place", &said.place), ("syndrome", &said.syndrome)] {
        if let Err(e) = domain::ids::check(text) {
            return Err(Why::new(Reason::Identifier, format!("field {field:?}: {e}")));
        }
    }
    if said.count > COUNT_MAX {
        let detail = format!("field \"count\": {}; at most {COUNT_MAX}", said.count);
        return Err(Why::new(Reason::OutOfRange, detail));
    }
    if let Some(deaths) = said.deaths
        && deaths > said.count
    {
        let detail = format!("field \"deaths\": {deaths} of {} cases", said.count);
        return Err(Why::new(Reason::Inconsistent, detail));
    }
    Ok(said)
}

/// Reads a body: an object, an array of them, or one a line.
///
/// # Errors
/// [`Why`] where it is none of these.
pub fn said(body: &[u8]) -> Result<Vec<Said<'_>>, Why> {
    let items = objects(body, COUNTS_MAX).map_err(shown)?;
    let read = |raw: &[u8]| count(raw).map(Report::Cases);
    Ok(items.into_iter().map(|raw| Said { raw: raw.into(), read: read(raw) }).collect())
}

/// Reads a table: a row a count, the header naming the fields.
///
/// # Errors
/// [`Why`] where the header names something else, or there are too many rows.
pub fn said_rows<'a>(body: &'a [u8]) -> Result<Vec<Said<'a>>, Why> {
    let needed = ["day", "place", "syndrome", "age", "count", "reported"];
    let table = rows(body, COUNTS_MAX, |name| FIELDS.contains(&name), &needed);
    let Rows { columns, rows } = table.map_err(|why| {
        let header = body.split(|b| *b == b'\n').next().unwrap_or_default();
        let header = String::from_utf8_lossy(header).into_owned();
        let names = header.split(',').map(|n| n.trim().trim_matches('"'));
        let mut about = names.filter(|n| !FIELDS.contains(n) && personal::is_field(n));
        match about.next().filter(|_| why.reason == Reason::UnknownField) {
            Some(name) => {
                let name = crate::json::error::shown(&personal::masked(name));
                Why::new(Reason::PersonalData, format!("column {name:?} is about a person"))
            }
            None => shown(why),
        }
    })?;
    let read = |cells: Vec<String>| row(&columns, cells).map(Report::Cases);
    let said = |(raw, cells): (&'a [u8], Result<Vec<String>, Why>)| Said {
        raw: raw.into(),
        read: cells.and_then(read).map_err(shown),
    };
    Ok(rows.into_iter().map(said).collect())
}

fn row(columns: &[String], cells: Vec<String>) -> Result<CaseCount, Why> {
    let mut form = Map::new();
    for (column, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        let is_ms = column == "reported" && cell.bytes().all(|b| b.is_ascii_digit());
        let value = if is_ms || COUNTS.contains(&column.as_str()) {
            match cell.parse::<i64>() {
                Ok(n) => Value::from(n),
                Err(_) => {
                    impersonal(column, &Value::from(cell.as_str()))?;
                    let said = format!("column {column:?}: no whole number");
                    return Err(Why::new(Reason::FieldForm, said));
                }
            }
        } else {
            Value::from(cell)
        };
        impersonal(column, &value)?;
        form.insert(column.clone(), value);
    }
    checked(serde_json::from_value(Value::Object(form)).map_err(|e| classified(&e))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::cases::AgeBand;
    use proptest::prelude::*;

    const COUNT: &str = r#"{"day":"2026-06-11","place":"440703","syndrome":"ili","age":"0-4","sex":"female","count":12,"deaths":0,"reported":"2026-06-12T09:00:00+08:00"}"#;

    fn refused(body: &str) -> (Reason, String) {
        let why = count(body.as_bytes()).unwrap_err();
        (why.reason, why.detail)
    }

    #[test]
    fn a_count_is_read_as_json_and_as_a_row() {
        let said_as_json = count(COUNT.as_bytes()).unwrap();
        assert_eq!((said_as_json.age, said_as_json.count), (AgeBand::Years(0, 4), 12));
        let table = "\u{feff}day,place,syndrome,age,sex,count,deaths,reported\r\n2026-06-11,440703,ili,0-4,female,12,0,2026-06-12T09:00:00+08:00\r\n2026-06-11,440703,ili,60+,,many,,1781118300000\r\n";
        let rows = said_rows(table.as_bytes()).unwrap();
        assert_eq!(rows[0].read, Ok(Report::Cases(said_as_json)));
        assert_eq!(rows[1].read.as_ref().unwrap_err().reason, Reason::FieldForm);
    }

    #[test]
    fn a_mistake_is_named() {
        let with = |from: &str, to: &str| refused(&COUNT.replace(from, to)).0;
        assert_eq!(with("\"place\":\"440703\",", ""), Reason::MissingField);
        assert_eq!(with("2026-06-11", "2026-06-31"), Reason::Time);
        assert_eq!(with("0-4", "4-0"), Reason::FieldForm);
        assert_eq!(with("440703", "../etc"), Reason::Identifier);
        assert_eq!(with("\"deaths\":0", "\"deaths\":13"), Reason::Inconsistent);
        assert_eq!(with(":12", ":1000001"), Reason::OutOfRange);
        assert_eq!(with(":12", ":-1"), Reason::FieldForm);
        assert_eq!(with("\"sex\":\"female\"", "\"severity\":\"high\""), Reason::UnknownField);
        assert_eq!(with("\"sex\":\"female\"", "\"agency\":\"cdc\""), Reason::UnknownField);
        assert_eq!(with("\"sex\":\"female\"", "\"day\":\"2026-06-10\""), Reason::FieldForm);
        assert_eq!(refused("[1]").0, Reason::Syntax);
    }

    #[test]
    fn whoever_is_named_is_refused_and_not_said_back() {
        let with = |field: &str| refused(&COUNT.replace("\"sex\":\"female\"", field));
        for field in ["\"name\":\"王小明\"", "\"id_card\":1", "\"phone\":null", "\"住址\":\"江门\""]
        {
            assert_eq!(with(field).0, Reason::PersonalData, "{field}");
        }
        let (reason, detail) = with("\"note\":\"call 13800138000\"");
        assert_eq!(reason, Reason::PersonalData);
        assert!(!detail.contains("13800138000"), "{detail}");
        for (from, to) in
            [("440703", "13800138000"), (":12", ":13800138000"), ("2026-06-11\"", "13800138000\"")]
        {
            let (reason, detail) = refused(&COUNT.replace(from, to));
            assert_eq!(reason, Reason::PersonalData, "{to}");
            assert!(!detail.contains("13800138000"), "{detail}");
        }
        let table = "day,place,syndrome,age,count,reported,姓名\n2026-06-11,440703,ili,all,1,1781118300000,王小明\n";
        assert_eq!(said_rows(table.as_bytes()).unwrap_err().reason, Reason::PersonalData);
        let row = "day,place,syndrome,age,count,reported\n2026-06-11,13800138000,ili,all,1,1781118300000\n";
        let rows = said_rows(row.as_bytes()).unwrap();
        assert_eq!(rows[0].read.as_ref().unwrap_err().reason, Reason::PersonalData);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..200, with in any::<u8>()) {
            let _ = said(&body);
            let _ = said_rows(&body);
            let mut table = b"day,place,syndrome,age,count,reported\n".to_vec();
            table.extend_from_slice(&body);
            let _ = said_rows(&table);
            let mut bytes = COUNT.as_bytes().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = with;
            let _ = count(&bytes);
        }

        #[test]
        fn what_is_taken_at_once_is_what_would_be_taken_field_by_field(
            at in 0usize..200,
            with in proptest::sample::select(&["1", "13800138000", " ", "-", "\\u0031", "x", "\"", ",", "}", "null", ",\"agency\":null", ",\"phone\":1", "患"][..]),
        ) {
            let at = at.min(COUNT.len());
            let text = format!("{}{with}{}", &COUNT[..at], &COUNT[at..]);
            if let Some(count) = plain(text.as_bytes()) {
                prop_assert_eq!(read(text.as_bytes()), Ok(count), "{}", text);
            }
        }
    }

    #[test]
    fn a_good_count_is_taken_at_once_and_one_with_a_persons_number_is_not() {
        assert!(plain(COUNT.as_bytes()).is_some());
        for with in ["138 0013 8000", "138-0013-8000", "13800138000"] {
            assert_eq!(plain(COUNT.replace("440703", with).as_bytes()), None);
        }
        let other = COUNT.replacen('{', "{\"agency\":null,", 1);
        assert_eq!(plain(other.as_bytes()), None);
        assert_eq!(count(other.as_bytes()).unwrap_err().reason, Reason::UnknownField);
    }
}
