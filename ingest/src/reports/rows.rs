//! Reports as a table, part of stop 2: CSV with a header row, as spreadsheets write it. Pure and
//! total. A byte order mark is passed over (Excel's "CSV UTF-8" has one); any other encoding than
//! UTF-8 is refused with the row it was met in; a cell that a spreadsheet would run as a formula is
//! refused.

use domain::refusal::Reason;

use crate::json::error::shown;
use crate::judge::Why;

/// The longest cell, bytes.
pub const CELL_MAX_BYTES: usize = 4_000;
/// The most columns.
pub const COLUMNS_MAX: usize = 200;

/// What to do about a table in another encoding.
const SAVE_AS_UTF8: &str = "is not UTF-8: save the sheet as \"CSV UTF-8\"";

/// A row: its bytes as they were sent, and its cells.
pub type Row<'a> = (&'a [u8], Result<Vec<String>, Why>);

/// A table: its header, and its rows as they were sent with their cells.
#[derive(Debug)]
pub struct Rows<'a> {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// Every row: its bytes, and as many cells as there are columns.
    pub rows: Vec<Row<'a>>,
}

/// Reads a table of at most `most` rows.
///
/// # Errors
/// [`Why`]: there is no header, it names a column that is not there or one twice, or leaves out one
/// of `needed`; there are too many rows.
pub fn rows<'a>(
    body: &'a [u8],
    most: usize,
    is_column: impl Fn(&str) -> bool,
    needed: &[&str],
) -> Result<Rows<'a>, Why> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let syntax = |e: csv::Error| Why::new(Reason::Syntax, e.to_string());
    let columns = header(reader.byte_headers().map_err(syntax)?, is_column, needed)?;
    let (mut rows, mut row) = (Vec::new(), csv::ByteRecord::new());
    loop {
        let from = at(&reader, body);
        match reader.read_byte_record(&mut row) {
            Ok(false) => break,
            // What a spreadsheet leaves below its rows: commas and nothing between them.
            Ok(true) if row.iter().all(<[u8]>::is_empty) => {}
            Ok(true) if rows.len() == most => {
                return Err(Why::new(Reason::TooLarge, format!("at most {most} rows")));
            }
            Ok(true) => {
                let raw = body.get(from..at(&reader, body)).unwrap_or_default().trim_ascii();
                rows.push((raw, cells(&columns, &row, rows.len())));
            }
            Err(error) => return Err(syntax(error)),
        }
    }
    if let Some((_, last)) = rows.last_mut().filter(|_| ends_in_quotes(body)) {
        *last = Err(Why::new(Reason::Syntax, QUOTE_OPEN));
    }
    if rows.is_empty() {
        return Err(Why::new(Reason::Syntax, "the table has a header and no row"));
    }
    Ok(Rows { columns, rows })
}

/// What is wrong with the last row where [`ends_in_quotes`].
pub(crate) const QUOTE_OPEN: &str = "a quote is not closed: the table was cut off";

/// Whether a table ends within a quoted cell, as one that was cut off on the way does. (The reader of
/// CSV takes the end for the quote.)
pub(crate) fn ends_in_quotes(body: &[u8]) -> bool {
    let (mut is_start, mut is_quoted) = (true, false);
    for byte in body {
        if is_quoted {
            // Of a doubled quote the first closes, and the second opens again.
            is_quoted = *byte != b'"';
            is_start = !is_quoted;
        } else {
            is_quoted = is_start && *byte == b'"';
            is_start = matches!(byte, b',' | b'\n' | b'\r');
        }
    }
    is_quoted
}

fn at(reader: &csv::Reader<&[u8]>, body: &[u8]) -> usize {
    usize::try_from(reader.position().byte()).map_or(body.len(), |n| n.min(body.len()))
}

fn header(
    row: &csv::ByteRecord,
    is_column: impl Fn(&str) -> bool,
    needed: &[&str],
) -> Result<Vec<String>, Why> {
    if row.len() > COLUMNS_MAX {
        return Err(Why::new(Reason::TooLarge, format!("at most {COLUMNS_MAX} columns")));
    }
    if row.is_empty() {
        return Err(Why::new(
            Reason::Syntax,
            "there is nothing here: a table begins with its header",
        ));
    }
    // All of it first: 医院 in GBK happens to be UTF-8, and says ҽԺ.
    if row.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
        return Err(Why::new(Reason::Syntax, format!("the header {SAVE_AS_UTF8}")));
    }
    let mut columns: Vec<String> = Vec::with_capacity(row.len());
    for cell in row {
        let name = std::str::from_utf8(cell).unwrap_or_default().trim();
        if !is_column(name) {
            let said = format!("unknown column {:?}", shown(name));
            return Err(Why::new(Reason::UnknownField, said));
        }
        if !name.is_empty() && columns.iter().any(|c| c == name) {
            return Err(Why::new(Reason::FieldForm, format!("the column {name:?} stands twice")));
        }
        columns.push(name.to_owned());
    }
    match needed.iter().find(|name| !columns.iter().any(|c| c == **name)) {
        Some(name) => Err(Why::new(Reason::MissingField, format!("missing column {name:?}"))),
        None => Ok(columns),
    }
}

fn cells(columns: &[String], row: &csv::ByteRecord, n: usize) -> Result<Vec<String>, Why> {
    if row.len() != columns.len() {
        let said = format!("the row has {} cells, the header {}", row.len(), columns.len());
        return Err(Why::new(Reason::Syntax, said));
    }
    let mut cells = Vec::with_capacity(row.len());
    for (column, cell) in columns.iter().zip(row) {
        let cell = std::str::from_utf8(cell)
            .map_err(|_| Why::new(Reason::Syntax, format!("row {} {SAVE_AS_UTF8}", n + 1)))?
            .trim();
        if cell.len() > CELL_MAX_BYTES {
            let said = format!("column {column:?}: a cell has at most {CELL_MAX_BYTES} bytes");
            return Err(Why::new(Reason::FieldForm, said));
        }
        if cell.starts_with(['=', '+', '-', '@']) {
            let said = format!("column {column:?}: a cell that begins like a formula");
            return Err(Why::new(Reason::FieldForm, said));
        }
        cells.push(cell.to_owned());
    }
    Ok(cells)
}
