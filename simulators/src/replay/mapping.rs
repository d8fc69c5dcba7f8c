//! The mapping of a recorded table to observations: which column is the time, which column is which
//! datastream.

use std::collections::BTreeSet;

use domain::ids::StationId;
use domain::time::UtcMs;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

pub use super::file::Missing;
use super::file::{MappingFile, OneOrMany, StreamFile, TimeFile};

/// Cells that are missing whatever the mapping says.
const ALWAYS_MISSING: [&str; 6] = ["", "NA", "NaN", "nan", "null", "NULL"];

/// What is wrong with a mapping or a cell.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MappingError {
    /// The file is no TOML of this form.
    #[error("{0}")]
    Form(String),
    /// A column that the table has not.
    #[error("{of}: the table has no column {column:?}; it has {known}")]
    Column {
        /// `time.column` or the stream.
        of: String,
        /// The column.
        column: String,
        /// What the table has.
        known: String,
    },
    /// No streams.
    #[error("no [[stream]]: nothing would be sent")]
    NoStreams,
    /// The same datastream twice.
    #[error("{0} is given by two [[stream]]s")]
    Twice(String),
    /// A station or property that cannot be an id.
    #[error("{0}")]
    Id(String),
    /// A scale of zero, or not finite.
    #[error("{0}: scale and offset are finite and scale is not 0")]
    Scale(String),
    /// The zone is unknown or missing.
    #[error("time.zone: {0}")]
    Zone(String),
    /// The format cannot be used.
    #[error("time.format: {0}")]
    Format(String),
    /// A cell of the time column.
    #[error("line {line}: {cell:?} is no time of the form {form}{hint}")]
    Time {
        /// Line of the file.
        line: u64,
        /// The cell.
        cell: String,
        /// The format.
        form: String,
        /// Why.
        hint: String,
    },
    /// A cell of a stream.
    #[error(
        "line {line}, column {column}: {cell:?} is no number; if it means missing, say `missing = {cell:?}`"
    )]
    Value {
        /// Line of the file.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        cell: String,
    },
    /// The table cannot be read.
    #[error("{0}")]
    Table(String),
}

/// A mapping bound to a table's header.
#[derive(Debug, Clone)]
pub struct Mapping {
    time_at: Vec<usize>,
    form: Form,
    form_text: String,
    zone: TimeZone,
    /// The series starts now.
    pub shift_to_now: bool,
    /// The agency that sends, where the mapping names it.
    pub agency: Option<String>,
    streams: Vec<Stream>,
}

#[derive(Debug, Clone)]
struct Stream {
    at: usize,
    column: String,
    station: StationId,
    property: String,
    scale: f64,
    offset: f64,
    missing: Missing,
}

#[derive(Debug, Clone)]
enum Form {
    Strftime(String),
    Rfc3339,
    Unix,
    UnixMs,
    Step { ms: f64, start: Option<UtcMs> },
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<'a> {
    /// The station.
    pub station: &'a str,
    /// The property.
    pub property: &'a str,
    /// The value, scaled.
    pub value: f64,
}

impl Mapping {
    /// Reads a mapping's text and binds it to the names of a table's columns.
    ///
    /// # Errors
    /// [`MappingError`] says what is wrong and what would be right.
    pub fn bind(text: &str, header: &csv::StringRecord) -> Result<Self, MappingError> {
        let file = Self::file(text)?;
        let find = |column: &str, of: String| {
            let known = || header.iter().collect::<Vec<_>>().join(", ");
            header.iter().position(|h| h.trim() == column).ok_or_else(|| MappingError::Column {
                of,
                column: column.to_owned(),
                known: known(),
            })
        };
        let columns = match &file.time.column {
            OneOrMany::One(one) => vec![one.clone()],
            OneOrMany::Many(many) => many.clone(),
        };
        let time_at =
            columns.iter().map(|c| find(c, "time.column".into())).collect::<Result<Vec<_>, _>>()?;
        if file.streams.is_empty() {
            return Err(MappingError::NoStreams);
        }
        let mut seen = BTreeSet::new();
        let mut streams = Vec::new();
        for stream in &file.streams {
            let name = format!("{} of {}", stream.property, stream.station);
            if !seen.insert(name.clone()) {
                return Err(MappingError::Twice(name));
            }
            let at = find(&stream.column, format!("[[stream]] {name}"))?;
            streams.push(Stream::bind(stream, at, &name)?);
        }
        let (form, form_text) = Form::of(&file.time)?;
        let zone = zone_of(&file.time, &form)?;
        let shift_to_now = file.time.shift_to_now;
        let agency = file.agency.clone();
        Ok(Self { time_at, form, form_text, zone, shift_to_now, agency, streams })
    }

    /// The character between cells.
    ///
    /// # Errors
    /// As [`Mapping::bind`].
    pub fn delimiter(text: &str) -> Result<u8, MappingError> {
        let wanted = Self::file(text)?.delimiter.unwrap_or(',');
        u8::try_from(wanted)
            .map_err(|_| MappingError::Form(format!("delimiter {wanted:?} is not ASCII")))
    }

    fn file(text: &str) -> Result<MappingFile, MappingError> {
        toml::from_str(text).map_err(|e| MappingError::Form(e.to_string()))
    }

    /// The instant of a row; `first` is the first row's step, for tables of steps.
    ///
    /// # Errors
    /// [`MappingError::Time`].
    pub fn time(
        &self,
        row: &csv::StringRecord,
        line: u64,
        first: &mut Option<f64>,
    ) -> Result<UtcMs, MappingError> {
        let cells: Vec<&str> =
            self.time_at.iter().map(|at| row.get(*at).unwrap_or_default().trim()).collect();
        let cell = cells.join(" ");
        let fail = |hint: String| MappingError::Time {
            line,
            cell: cell.clone(),
            form: self.form_text.clone(),
            hint,
        };
        let ms = match &self.form {
            Form::Step { ms, start } => {
                let step: f64 = cell.parse().map_err(|_| fail(String::new()))?;
                let since = (step - *first.get_or_insert(step)) * ms;
                return Ok(start.unwrap_or_default().plus_ms(round_ms(since)));
            }
            Form::Unix => {
                cell.parse::<f64>().map(|s| round_ms(s * 1e3)).map_err(|_| fail(String::new()))?
            }
            Form::UnixMs => cell.parse::<i64>().map_err(|_| fail(String::new()))?,
            Form::Rfc3339 => return UtcMs::parse(&cell).map_err(|e| fail(format!(" ({e})"))),
            Form::Strftime(form) => {
                self.broken_down(form, &cell).map_err(|e| fail(format!(" ({e})")))?
            }
        };
        UtcMs::from_millis(ms).map_err(|e| fail(format!(" ({e})")))
    }

    fn broken_down(&self, form: &str, cell: &str) -> Result<i64, jiff::Error> {
        let parsed = strtime::parse(form, cell)?;
        if parsed.offset().is_some() {
            return parsed.to_timestamp().map(jiff::Timestamp::as_millisecond);
        }
        let civil = match parsed.to_datetime() {
            Ok(civil) => civil,
            Err(_) if parsed.hour().is_some() => {
                // Hours without minutes: the whole hour.
                parsed.to_date()?.at(parsed.hour().unwrap_or(0), 0, 0, 0)
            }
            Err(_) => parsed.to_date()?.at(0, 0, 0, 0),
        };
        let zoned = self.zone.to_ambiguous_zoned(civil).compatible()?;
        Ok(zoned.timestamp().as_millisecond())
    }

    /// The values of a row that are not missing, in the order of the streams; the second number is
    /// how many were missing.
    ///
    /// # Errors
    /// [`MappingError::Value`].
    pub fn values(
        &self,
        row: &csv::StringRecord,
        line: u64,
    ) -> Result<(Vec<Value<'_>>, u64), MappingError> {
        let mut values = Vec::with_capacity(self.streams.len());
        let mut missing = 0;
        for stream in &self.streams {
            let cell = row.get(stream.at).unwrap_or_default().trim();
            if ALWAYS_MISSING.contains(&cell) || stream.missing.is(cell) {
                missing += 1;
                continue;
            }
            let parsed = cell.parse::<f64>().ok().filter(|v| v.is_finite());
            let raw = parsed.ok_or_else(|| MappingError::Value {
                line,
                column: stream.column.clone(),
                cell: cell.to_owned(),
            })?;
            values.push(Value {
                station: stream.station.as_str(),
                property: &stream.property,
                value: raw * stream.scale + stream.offset,
            });
        }
        Ok((values, missing))
    }
}

fn round_ms(ms: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // saturates; the range is checked after
    let whole = ms.round() as i64;
    whole
}

impl Stream {
    fn bind(file: &StreamFile, at: usize, name: &str) -> Result<Self, MappingError> {
        let station = StationId::new(&file.station)
            .map_err(|e| MappingError::Id(format!("station {:?}: {e}", file.station)))?;
        if file.property.is_empty() || file.property.chars().any(|c| c.is_whitespace() || c == '/')
        {
            return Err(MappingError::Id(format!("property {:?} is no name", file.property)));
        }
        if !file.scale.is_finite() || file.scale == 0.0 || !file.offset.is_finite() {
            return Err(MappingError::Scale(name.to_owned()));
        }
        let (column, property) = (file.column.clone(), file.property.clone());
        let (scale, offset, missing) = (file.scale, file.offset, file.missing.clone());
        Ok(Self { at, column, station, property, scale, offset, missing })
    }
}

impl Form {
    fn of(time: &TimeFile) -> Result<(Self, String), MappingError> {
        let text = time.format.clone().unwrap_or_else(|| "rfc3339".into());
        let form = match text.as_str() {
            "rfc3339" => Form::Rfc3339,
            "unix" | "unix_s" | "%s" => Form::Unix,
            "unix_ms" => Form::UnixMs,
            step if step == "step" || step.starts_with("step:") => {
                let written = step.strip_prefix("step:").map(str::parse::<f64>);
                let seconds = match (written, time.step_s) {
                    (Some(Ok(s)), _) | (None, Some(s)) if s.is_finite() && s > 0.0 => s,
                    _ => {
                        let hint = "a table of steps needs `step:<seconds>` (or `step_s`)";
                        return Err(MappingError::Format(hint.into()));
                    }
                };
                let start = match &time.start {
                    Some(text) => Some(
                        UtcMs::parse(text)
                            .map_err(|e| MappingError::Format(format!("time.start: {e}")))?,
                    ),
                    None if time.shift_to_now => None,
                    None => {
                        let hint = "a table of steps has no dates: give `time.start` (RFC 3339, \
                                    the instant of the first row) or `shift_to_now = true`";
                        return Err(MappingError::Format(hint.into()));
                    }
                };
                Form::Step { ms: seconds * 1e3, start }
            }
            form if form.contains('%') => Form::Strftime(text.clone()),
            other => {
                let hint = "is no strftime; known words: rfc3339, unix, unix_ms, step:<seconds>";
                return Err(MappingError::Format(format!("{other:?} {hint}")));
            }
        };
        Ok((form, text))
    }
}

fn zone_of(time: &TimeFile, form: &Form) -> Result<TimeZone, MappingError> {
    let Some(name) = &time.zone else {
        let needed = matches!(form, Form::Strftime(f) if !f.contains("%z") && !f.contains("%:z"));
        if needed {
            let hint = "missing: the cells have no offset; write an IANA name, UTC, or +08:00";
            return Err(MappingError::Zone(hint.into()));
        }
        return Ok(TimeZone::UTC);
    };
    if let Some(zone) = fixed(name) {
        return Ok(zone);
    }
    TimeZone::get(name).map_err(|e| MappingError::Zone(format!("{name:?}: {e}")))
}

fn fixed(name: &str) -> Option<TimeZone> {
    if name == "UTC" || name == "Z" {
        return Some(TimeZone::UTC);
    }
    let (sign, rest) = match name.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let seconds = hours.parse::<i32>().ok()?.checked_mul(3600)? + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}
