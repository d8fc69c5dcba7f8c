//! One TOML file, key by key with line numbers. The tree is walked by hand, not by serde, since
//! serde stops at the first error and knows no line.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::{Faults, unprintable, words};
use crate::time::UtcMs;

/// The longest text of a TOML value, in characters.
const MAX_TEXT: usize = 10_000;

/// A file, for turning byte offsets into lines.
struct Page<'a> {
    file: &'a str,
    faults: &'a Faults,
    line_ends: Vec<usize>,
}

impl Page<'_> {
    fn line(&self, offset: usize) -> u32 {
        let before = self.line_ends.partition_point(|end| *end < offset);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// The byte of its line that an offset is, counted from 1: keys are written in ASCII.
    fn column(&self, offset: usize) -> u32 {
        let before = self.line_ends.partition_point(|end| *end < offset);
        let begins = before.checked_sub(1).and_then(|n| self.line_ends.get(n)).map_or(0, |e| e + 1);
        u32::try_from(offset.saturating_sub(begins) + 1).unwrap_or(u32::MAX)
    }
}

/// One table of a TOML file. Keys are taken one by one; [`Section::finish`] refuses what is left.
pub(super) struct Section<'a> {
    page: std::rc::Rc<Page<'a>>,
    name: String,
    line: u32,
    entries: Vec<Entry<'a>>,
    asked: Vec<&'static str>,
}

struct Entry<'a> {
    key: String,
    line: u32,
    column: u32,
    value: Option<DeValue<'a>>,
}

/// Reads a file; `None` where it is no TOML at all (the errors are noted).
pub(super) fn read<'a>(file: &'a str, bytes: &'a [u8], faults: &'a Faults) -> Option<Section<'a>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(e) => {
            let line = bytes.iter().take(e.valid_up_to()).filter(|b| **b == b'\n').count() + 1;
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            faults.add(file, line, "not UTF-8: save the file as UTF-8");
            return None;
        }
    };
    let line_ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at);
    let page = std::rc::Rc::new(Page { file, faults, line_ends: line_ends.collect() });
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(0, |span| page.line(span.start));
        faults.add(file, line, format!("not TOML: {}", error.message()));
    }
    errors.is_empty().then(|| Section::of(page, String::new(), 1, table.into_inner()))
}

impl<'a> Section<'a> {
    fn of(page: std::rc::Rc<Page<'a>>, name: String, line: u32, table: DeTable<'a>) -> Self {
        let entry =
            |(key, value): (Spanned<std::borrow::Cow<'a, str>>, Spanned<DeValue<'a>>)| Entry {
                line: page.line(key.span().start),
                column: page.column(key.span().start),
                key: key.into_inner().into_owned(),
                value: Some(value.into_inner()),
            };
        let mut entries: Vec<_> = table.into_iter().map(entry).collect();
        entries.sort_by_key(|e| e.line);
        Self { page, name, line, entries, asked: Vec::new() }
    }

    /// The line the table begins on.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The line of a key, or of the table where the key is missing.
    pub(super) fn line_of(&self, key: &str) -> u32 {
        self.entries.iter().find(|e| e.key == key).map_or(self.line, |e| e.line)
    }

    /// Whether a key is there, rightly or wrongly written.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// Notes an error at a key.
    pub(super) fn fault(&self, key: &str, reason: impl std::fmt::Display) {
        let column = self.entries.iter().find(|e| e.key == key).map_or(0, |e| e.column);
        let at = (self.line_of(key), column);
        self.page.faults.add_at(self.page.file, at, format!("{}{reason}", self.name));
    }

    fn take(&mut self, key: &'static str) -> Option<DeValue<'a>> {
        self.asked.push(key);
        self.entries.iter_mut().find(|e| e.key == key)?.value.take()
    }

    fn missing(&self, key: &str, what: &str) {
        self.fault("", format!("the key {key} is missing ({what})"));
    }

    fn wrong(&self, key: &str, wanted: &str, found: &DeValue<'_>) {
        self.fault(key, format!("{key} must be {wanted}, not {}", kind(found)));
    }

    fn sound(&self, key: &str, text: &str) -> bool {
        if let Some(c) = unprintable(text, true) {
            self.fault(key, format!("{key} holds the control character {c:?}"));
            return false;
        }
        if text.chars().count() > MAX_TEXT {
            self.fault(key, format!("{key} is longer than {MAX_TEXT} characters"));
            return false;
        }
        true
    }

    /// A text; `None` where the key is missing, empty or wrong.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            DeValue::String(text) => {
                let text = text.trim();
                (!text.is_empty() && self.sound(key, text)).then(|| text.to_owned())
            }
            other => {
                self.wrong(key, "a text in quotes", &other);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn need_text(&mut self, key: &'static str, what: &str) -> Option<String> {
        let before = self.page.faults.count();
        let text = self.text(key);
        if text.is_none() && self.page.faults.count() == before {
            if self.has(key) {
                self.fault(key, format!("{key} is empty ({what})"));
            } else {
                self.missing(key, what);
            }
        }
        text
    }

    /// A list of texts; a single text is a list of one.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        match self.take(key)? {
            DeValue::String(text) => self.sound(key, &text).then(|| vec![text.trim().to_owned()]),
            DeValue::Array(list) => {
                let mut texts = Vec::new();
                for value in list {
                    match value.into_inner() {
                        DeValue::String(text) if self.sound(key, &text) => {
                            texts.push(text.trim().to_owned());
                        }
                        DeValue::String(_) => return None,
                        other => {
                            self.wrong(key, "a list of texts", &other);
                            return None;
                        }
                    }
                }
                Some(texts)
            }
            other => {
                self.wrong(key, "a list of texts", &other);
                None
            }
        }
    }

    /// A typed id that must be there.
    pub(super) fn need_id<T>(&mut self, key: &'static str, what: &str) -> Option<T>
    where
        T: std::str::FromStr<Err = crate::ids::IdError>,
    {
        let text = self.need_text(key, what)?;
        text.parse().map_err(|e| self.fault(key, format!("{key} {text:?}: {e}"))).ok()
    }

    /// A finite number.
    pub(super) fn number(&mut self, key: &'static str) -> Option<f64> {
        let value = self.take(key)?;
        match number(&value) {
            Some(number) if number.is_finite() => Some(number),
            Some(_) => {
                self.fault(key, format!("{key} must be a finite number"));
                None
            }
            None => {
                self.wrong(key, "a number", &value);
                None
            }
        }
    }

    /// A number within limits.
    pub(super) fn number_in(
        &mut self,
        key: &'static str,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        let number = self.number(key)?;
        if range.contains(&number) {
            return Some(number);
        }
        let (low, high) = (range.start(), range.end());
        self.fault(key, format!("{key} is {number}; it must be {low} to {high}"));
        None
    }

    /// A number that must be there.
    pub(super) fn need_number(&mut self, key: &'static str, what: &str) -> Option<f64> {
        let before = self.page.faults.count();
        let number = self.number(key);
        if number.is_none() && self.page.faults.count() == before {
            self.missing(key, what);
        }
        number
    }

    /// A list of finite numbers.
    pub(super) fn numbers(&mut self, key: &'static str) -> Option<Vec<f64>> {
        let value = self.take(key)?;
        let DeValue::Array(list) = value else {
            self.wrong(key, "a list of numbers", &value);
            return None;
        };
        let read: Option<Vec<f64>> =
            list.iter().map(|v| number(v.get_ref()).filter(|n| n.is_finite())).collect();
        if read.is_none() {
            self.fault(key, format!("{key} must be a list of finite numbers"));
        }
        read
    }

    /// A whole number within limits.
    pub(super) fn whole(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.take(key)?;
        let DeValue::Integer(digits) = &value else {
            self.wrong(key, "a whole number", &value);
            return None;
        };
        let whole = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
        let within = whole.filter(|n| range.contains(n));
        if within.is_none() {
            let (low, high) = (range.start(), range.end());
            self.fault(key, format!("{key} is {digits}; it must be {low} to {high}"));
        }
        within
    }

    /// The same, as an unsigned number of 32 bits.
    pub(super) fn count(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let range = i64::from(*range.start())..=i64::from(*range.end());
        self.whole(key, range).and_then(|n| u32::try_from(n).ok())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            DeValue::Boolean(flag) => Some(flag),
            other => {
                self.wrong(key, "true or false", &other);
                None
            }
        }
    }

    /// An instant, RFC 3339 with an offset, in quotes or not.
    pub(super) fn time(&mut self, key: &'static str) -> Option<UtcMs> {
        let text = match self.take(key)? {
            DeValue::String(text) if text.trim().is_empty() => return None,
            DeValue::String(text) => text.trim().to_owned(),
            DeValue::Datetime(stamp) => stamp.to_string(),
            other => {
                self.wrong(key, "a time", &other);
                return None;
            }
        };
        UtcMs::parse(&text).map_err(|e| self.fault(key, format!("{key} {text:?}: {e}"))).ok()
    }

    /// A table within this one.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let line = self.line_of(key);
        match self.take(key)? {
            DeValue::Table(table) => {
                Some(Section::of(self.page.clone(), format!("[{key}] "), line, table))
            }
            other => {
                self.wrong(key, &format!("a table [{key}]"), &other);
                None
            }
        }
    }

    /// A list of tables (`[[key]]`); empty where the key is missing.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let list = match self.take(key) {
            None => return Vec::new(),
            Some(DeValue::Array(list)) => list,
            Some(other) => {
                self.wrong(key, &format!("a list of tables [[{key}]]"), &other);
                return Vec::new();
            }
        };
        let mut sections = Vec::new();
        for (n, value) in list.into_iter().enumerate() {
            let line = self.page.line(value.span().start);
            match value.into_inner() {
                DeValue::Table(table) => {
                    let name = format!("[[{key}]] {}: ", n + 1);
                    sections.push(Section::of(self.page.clone(), name, line, table));
                }
                other => self.wrong(key, &format!("a list of tables [[{key}]]"), &other),
            }
        }
        sections
    }

    /// Whether the key holds a list of plain texts rather than of tables.
    pub(super) fn is_text_list(&self, key: &str) -> bool {
        let value = self.entries.iter().find(|e| e.key == key).and_then(|e| e.value.as_ref());
        match value {
            Some(DeValue::Array(list)) => list.iter().all(|v| v.get_ref().is_str()),
            _ => false,
        }
    }

    /// Refuses every key that was not asked for, by name; the last call on a table.
    pub(super) fn finish(mut self) {
        self.check_unknown();
    }

    /// The same, where the table is still needed for its lines.
    pub(super) fn check_unknown(&mut self) {
        self.asked.sort_unstable();
        for entry in &self.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let known = words(self.asked.iter().copied());
                self.fault(&entry.key, format!("unknown key {}; known here: {known}", entry.key));
            }
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(digits) => digits.as_str().parse().ok(),
        DeValue::Integer(digits) => {
            // Beyond 2^53 a float would not hold it; no number of a city comes near.
            let whole = i64::from_str_radix(digits.as_str(), digits.radix()).ok()?;
            (whole.abs() < (1 << 53)).then_some(whole as f64)
        }
        _ => None,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true/false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
