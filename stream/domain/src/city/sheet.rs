//! One CSV file, row by row with line numbers. Lines that begin with `#` are comments; the first
//! other line names the columns.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use csv::StringRecord;

use super::faults::{Faults, unprintable, words};
use crate::ids::IdError;
use crate::time::{EARLIEST, UtcMs};

/// The longest cell, in characters.
const MAX_CELL: usize = 2_000;

/// A column of a sheet: its name, and whether the header must have it.
pub(super) type Column = (&'static str, bool);

/// One row.
pub(super) struct Row<'a> {
    file: &'a str,
    line: u32,
    header: &'a [&'static str],
    cells: &'a StringRecord,
    faults: &'a Faults,
}

/// Reads a sheet, calling `each` for every row whose cells are sound. False where a row, or all of
/// it, could not be read (the errors are noted): then nobody knows what it would have named.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    columns: &[Column],
    faults: &Faults,
    mut each: impl FnMut(&Row<'_>),
) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(e) = std::str::from_utf8(bytes) {
        let line = line_at(bytes, e.valid_up_to());
        faults.add(file, line, "not UTF-8: save the file as \"CSV UTF-8\"");
        return false;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut header: Option<Vec<&'static str>> = None;
    let mut cells = StringRecord::new();
    let mut lines = Lines { bytes, at: 0, line: 1 };
    let mut whole = true;
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let line = lines.of_record(start);
        match reader.read_record(&mut cells) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                faults.add(file, line, format!("not CSV: {e}"));
                return false;
            }
        }
        let Some(header) = &header else {
            match read_header(file, line, &cells, columns, faults) {
                Some(names) => header = Some(names),
                None => return false,
            }
            continue;
        };
        if cells.iter().all(str::is_empty) {
            continue;
        }
        let row = Row { file, line, header, cells: &cells, faults };
        if row.sound() {
            each(&row);
        } else {
            whole = false;
        }
    }
    if header.is_none() {
        let names = words(columns.iter().map(|c| c.0));
        faults.add(file, 1, format!("empty: the first line names the columns: {names}"));
        return false;
    }
    whole
}

fn line_at(bytes: &[u8], offset: usize) -> u32 {
    let before = bytes.iter().take(offset).filter(|b| **b == b'\n').count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

/// Counts lines forward: the CSV reader gives the place where it stood, which may be before blank
/// lines and comments that it then skips.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of_record(&mut self, start: usize) -> u32 {
        self.forward_to(start);
        while let Some(rest) = self.bytes.get(self.at..) {
            match rest.first() {
                Some(b'\r') if rest.get(1) == Some(&b'\n') => self.forward_to(self.at + 2),
                Some(b'\n') => self.forward_to(self.at + 1),
                Some(b'#') => {
                    let end = rest.iter().position(|b| *b == b'\n');
                    self.forward_to(end.map_or(self.bytes.len(), |n| self.at + n + 1));
                }
                _ => break,
            }
        }
        self.line
    }

    fn forward_to(&mut self, to: usize) {
        let to = to.min(self.bytes.len());
        let passed = self.bytes.get(self.at..to).unwrap_or_default();
        let ends = passed.iter().filter(|b| **b == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.at = self.at.max(to);
    }
}

fn read_header(
    file: &str,
    line: u32,
    cells: &StringRecord,
    columns: &[Column],
    faults: &Faults,
) -> Option<Vec<&'static str>> {
    let known = || words(columns.iter().map(|c| c.0));
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    let mut good = true;
    for cell in cells {
        match columns.iter().find(|c| c.0 == cell) {
            Some((name, _)) if seen.insert(*name) => names.push(*name),
            Some((name, _)) => {
                faults.add(file, line, format!("the column {name} stands twice"));
                good = false;
            }
            None => {
                faults.add(file, line, format!("unknown column {cell:?}; known: {}", known()));
                good = false;
            }
        }
    }
    for (name, _) in columns.iter().filter(|(name, needed)| *needed && !seen.contains(name)) {
        faults.add(file, line, format!("the column {name} is missing; known: {}", known()));
        good = false;
    }
    good.then_some(names)
}

impl Row<'_> {
    /// Its line, counted from 1.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// Notes an error of this row.
    pub(super) fn fault(&self, reason: impl Into<String>) {
        let reason = reason.into();
        // What is wrong with a cell begins with the name of its column.
        let named = reason.split([' ', ':']).next().unwrap_or_default();
        let at = self.header.iter().position(|name| *name == named);
        let column = at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0);
        self.faults.add_at(self.file, (self.line, column), reason);
    }

    fn sound(&self) -> bool {
        if self.cells.iter().any(|cell| cell.contains('\n')) {
            self.fault("a cell runs over the end of the line: a double quote is not closed");
            return false;
        }
        if self.cells.len() != self.header.len() {
            let (has, wants) = (self.cells.len(), self.header.len());
            self.fault(format!("{has} cells, but the header names {wants} columns"));
            return false;
        }
        let mut good = true;
        for (name, cell) in self.header.iter().zip(self.cells) {
            if let Some(c) = unprintable(cell, false) {
                self.fault(format!("{name} holds the control character {c:?}"));
                good = false;
            } else if cell.chars().count() > MAX_CELL {
                self.fault(format!("{name} is longer than {MAX_CELL} characters"));
                good = false;
            }
        }
        good
    }

    /// A cell; empty where the column is not there.
    pub(super) fn text(&self, column: &str) -> &str {
        let at = self.header.iter().position(|name| *name == column);
        at.and_then(|at| self.cells.get(at)).unwrap_or_default()
    }

    /// A cell that may be left empty.
    pub(super) fn or(&self, column: &str, otherwise: &str) -> String {
        let text = self.text(column);
        if text.is_empty() { otherwise.to_owned() } else { text.to_owned() }
    }

    /// A text that must be there.
    pub(super) fn need_text(&self, column: &str) -> Option<String> {
        let text = self.text(column);
        if text.is_empty() {
            self.fault(format!("{column} is empty"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A typed id that must be there.
    pub(super) fn id<T: std::str::FromStr<Err = IdError>>(&self, column: &str) -> Option<T> {
        let text = self.text(column);
        text.parse().map_err(|e| self.fault(format!("{column} {text:?}: {e}"))).ok()
    }

    /// A finite number that may be left empty.
    pub(super) fn number(&self, column: &str) -> Option<f64> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            Ok(_) => {
                self.fault(format!("{column} {text:?} is not a finite number"));
                None
            }
            Err(_) => {
                self.fault(format!("{column} {text:?} is not a number"));
                None
            }
        }
    }

    /// A finite number within limits that may be left empty.
    pub(super) fn number_in(&self, column: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = self.number(column)?;
        if range.contains(&number) {
            return Some(number);
        }
        let (low, high) = (range.start(), range.end());
        self.fault(format!("{column} is {number}; it must be {low} to {high}"));
        None
    }

    /// A whole number within limits that may be left empty.
    pub(super) fn whole(&self, column: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let whole = text.parse::<u32>().ok().filter(|n| range.contains(n));
        if whole.is_none() {
            let (low, high) = (range.start(), range.end());
            self.fault(format!("{column} {text:?} must be a whole number, {low} to {high}"));
        }
        whole
    }

    /// A whole number that must be there.
    pub(super) fn need_whole(&self, column: &str, range: RangeInclusive<u32>) -> Option<u32> {
        if self.text(column).is_empty() {
            self.fault(format!("{column} is empty"));
        }
        self.whole(column, range)
    }

    /// From when the row holds; empty is from the beginning of time as the platform knows it.
    pub(super) fn valid_from(&self) -> UtcMs {
        let text = self.text("valid_from");
        if text.is_empty() {
            return EARLIEST;
        }
        UtcMs::parse(text).unwrap_or_else(|e| {
            self.fault(format!("valid_from {text:?}: {e}"));
            EARLIEST
        })
    }

    /// `lon` and `lat`.
    pub(super) fn position(&self) -> Option<gis::Position> {
        let before = self.faults.count();
        let (lon, lat) = (self.number("lon"), self.number("lat"));
        let (Some(lon), Some(lat)) = (lon, lat) else {
            if self.faults.count() == before {
                self.fault("lon and lat must both be given, degrees WGS-84");
            }
            return None;
        };
        let swapped = gis::Position::new(lat, lon).is_ok();
        match gis::Position::new(lon, lat) {
            Ok(position) => {
                if let Some(reason) = self.faults.far_away(position) {
                    self.fault(reason);
                }
                Some(position)
            }
            Err(e) if swapped => {
                self.fault(format!("{e}: are lon and lat exchanged?"));
                None
            }
            Err(e) => {
                self.fault(e.to_string());
                None
            }
        }
    }
}
