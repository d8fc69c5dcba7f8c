//! Stop 2 of 9 for `text/csv`: the header names the fields of an observation, every row is one.
//! Pure and total. Before it: [`crate::http::session`]; after it: [`crate::admit`].

use std::borrow::Cow;

use domain::status::WireStatus;
use domain::time::{TimeError, UtcMs};

use crate::json::batch::{BATCH_ITEMS_MAX, BatchError, Item};
use crate::json::decode::{RawObservation, SENDER_ID_MAX_BYTES, UNIT_MAX_BYTES};
use crate::json::error::{DecodeError, shown};
use crate::json::instant;
use crate::json::text;
use crate::reports::rows::{QUOTE_OPEN, ends_in_quotes};

/// The columns, in their usual order: the first four must be there.
pub const COLUMNS: [&str; 10] =
    ["station", "property", "t", "v", "unit", "id", "q", "status", "result_time", "backlog"];

/// Reads CSV with a header row. Rows are counted from 0, the header not among them.
///
/// # Errors
/// [`BatchError`] where there is no header, it names a column that does not exist or one twice, or
/// there are too many rows.
pub fn decode_csv(body: &[u8]) -> Result<Vec<Item<'_>>, BatchError> {
    // What spreadsheets save as "CSV UTF-8" begins with a mark.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let columns = header(reader.byte_headers().map_err(|e| DecodeError::Syntax(e.to_string()))?)?;
    let mut items = Vec::new();
    let mut row = csv::ByteRecord::new();
    loop {
        let from = at(&reader, body);
        match reader.read_byte_record(&mut row) {
            Ok(false) => break,
            Ok(true) if items.len() == BATCH_ITEMS_MAX => return Err(BatchError::TooMany),
            Ok(true) => {
                let raw = body.get(from..at(&reader, body)).unwrap_or_default();
                items.push(Item { raw: raw.trim_ascii(), read: read(&columns, &row) });
            }
            Err(error) => return Err(DecodeError::Syntax(error.to_string()).into()),
        }
    }
    if let Some(last) = items.last_mut().filter(|_| ends_in_quotes(body)) {
        last.read = Err(DecodeError::Syntax(QUOTE_OPEN.into()));
    }
    Ok(items)
}

fn at(reader: &csv::Reader<&[u8]>, body: &[u8]) -> usize {
    usize::try_from(reader.position().byte()).map_or(body.len(), |n| n.min(body.len()))
}

fn header(row: &csv::ByteRecord) -> Result<Vec<&'static str>, DecodeError> {
    let mut columns: Vec<&'static str> = Vec::with_capacity(row.len());
    for cell in row {
        let name = std::str::from_utf8(cell).map_err(|_| DecodeError::Utf8)?.trim();
        let Some(column) = COLUMNS.iter().copied().find(|c| *c == name) else {
            return Err(DecodeError::UnknownColumn(shown(name)));
        };
        if columns.contains(&column) {
            return Err(DecodeError::DuplicateField(column));
        }
        columns.push(column);
    }
    match ["station", "property", "t", "v"].into_iter().find(|c| !columns.contains(c)) {
        _ if columns.is_empty() => Err(DecodeError::Empty),
        Some(missing) => Err(DecodeError::MissingField(missing)),
        None => Ok(columns),
    }
}

fn read<'a>(
    columns: &[&'static str],
    row: &csv::ByteRecord,
) -> Result<RawObservation<'a>, DecodeError> {
    if row.len() != columns.len() {
        let said = format!("the row has {} cells, the header {}", row.len(), columns.len());
        return Err(DecodeError::Syntax(said));
    }
    let mut seen = RawObservation::bare("", "", UtcMs(0), 0.0);
    for (column, cell) in columns.iter().copied().zip(row) {
        let cell = std::str::from_utf8(cell).map_err(|_| DecodeError::Utf8)?.trim();
        let required = matches!(column, "station" | "property" | "t" | "v");
        if cell.is_empty() {
            if required {
                return Err(DecodeError::MissingField(column));
            }
            continue;
        }
        field(&mut seen, column, cell)?;
    }
    Ok(seen)
}

fn field(
    seen: &mut RawObservation<'_>,
    column: &'static str,
    cell: &str,
) -> Result<(), DecodeError> {
    let own = || Cow::Owned(cell.to_owned());
    match column {
        "station" | "property" => {
            text::identifier(column, cell)?;
            let slot = if column == "station" { &mut seen.station } else { &mut seen.property };
            *slot = own();
        }
        "t" => seen.t = time(column, cell)?,
        "result_time" => seen.result_time = Some(time(column, cell)?),
        "v" => seen.v = value(cell)?,
        "unit" => {
            text::plain_text(column, cell, UNIT_MAX_BYTES)?;
            seen.unit = Some(own());
        }
        "id" => {
            text::plain_text(column, cell, SENDER_ID_MAX_BYTES)?;
            seen.id = Some(own());
        }
        "backlog" => {
            seen.backlog = match cell {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => {
                    return Err(DecodeError::Form {
                        field: column,
                        expected: "true or false is wanted",
                    });
                }
            };
        }
        "q" => seen.q = Some(crate::json::quality::quality(cell)?),
        _ => {
            seen.status = match cell {
                "actual" => WireStatus::Actual,
                "exercise" => WireStatus::Exercise,
                other => return Err(DecodeError::UnknownStatus(shown(other))),
            };
        }
    }
    Ok(())
}

fn time(field: &'static str, cell: &str) -> Result<UtcMs, DecodeError> {
    let read = match cell.parse::<i64>() {
        Ok(ms) => UtcMs::from_millis(ms),
        Err(_) if cell.bytes().all(|b| b.is_ascii_digit()) => Err(TimeError::Range),
        Err(_) => instant::parse(cell),
    };
    read.map_err(|why| DecodeError::Time { field, why })
}

fn value(cell: &str) -> Result<f64, DecodeError> {
    let v: f64 = cell
        .parse()
        .map_err(|_| DecodeError::Form { field: "v", expected: "a number is wanted" })?;
    if v.is_finite() { Ok(v) } else { Err(DecodeError::NotFinite("v")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_is_read_as_spreadsheets_write_it_and_a_wrong_one_says_what_there_is() {
        let marked = "\u{feff}\"station\",property,t,v\r\n\"JM-1\",rainfall,1781118300000,2.5\r\n";
        let items = decode_csv(marked.as_bytes()).unwrap();
        assert_eq!(items[0].read.as_ref().map(|read| &*read.station), Ok("JM-1"));
        assert_eq!(items[0].raw, b"\"JM-1\",rainfall,1781118300000,2.5");
        for wrong in ["station,property,time,v\n", "JM-1,rainfall,1781118300000,2.5\n", "a;b\n"] {
            let said = decode_csv(wrong.as_bytes()).unwrap_err().to_string();
            assert!(said.contains("the columns are station, property, t, v"), "{said}");
        }
        assert_eq!(decode_csv(b"station,property,t,v\n").unwrap().len(), 0);
    }

    #[test]
    fn a_bad_row_is_that_row_only() {
        let body = b"station,property,t,v,q\r\nJM-1,rainfall,1781118300000,2.5,\r\nJM-1,rainfall,soon,2.5,\r\n\
            JM-1,rainfall,2026-06-11T03:05:00+08:00,nan,\r\nJM-1,rainfall\r\nJM-2,rainfall,1781118300000,1,doubtful\r\n";
        let items = decode_csv(body).unwrap();
        let good: Vec<bool> = items.iter().map(|i| i.read.is_ok()).collect();
        assert_eq!(good, [true, false, false, false, true]);
        assert_eq!(items[1].raw, b"JM-1,rainfall,soon,2.5,");
        assert_eq!(items[2].read, Err(DecodeError::NotFinite("v")));
    }

    #[test]
    fn a_header_that_names_no_field_is_refused_with_its_name() {
        let refused = decode_csv(b"station,property,t,v,colour\n").unwrap_err();
        assert_eq!(refused, DecodeError::UnknownColumn("colour".into()).into());
        assert!(decode_csv(b"station,property,t\n").is_err());
        assert!(decode_csv(b"station,station,t,v,property\n").is_err());
        assert!(decode_csv(b"").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode_csv(&body);
            let mut with_header = b"station,property,t,v,unit,id,q,status,result_time\n".to_vec();
            with_header.extend_from_slice(&body);
            let _ = decode_csv(&with_header);
        }
    }

    #[test]
    fn a_body_that_was_cut_off_within_quotes_loses_its_last_row_only() {
        let cut = b"station,property,t,v\nR-1,rainfall,1781118300000,\"2.5\"\nR-1,rainfall,1781118600000,\"2";
        let items = decode_csv(cut).unwrap();
        assert!(items[0].read.is_ok());
        assert!(
            matches!(&items[1].read, Err(DecodeError::Syntax(said)) if said.contains("cut off"))
        );
    }
}
