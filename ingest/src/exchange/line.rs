//! One line: whose item, of which kind, when the sender had heard it, and the item. Stop 2 of 9; pure
//! and total.

use domain::facility::HospitalReport;
use domain::ids::AgencyId;
use domain::observation::{Observation, OriginFlag, Trust};
use domain::refusal::Reason;
use domain::report::Report;
use domain::situation::Situation;
use domain::time::UtcMs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::sound::sound;
use crate::json::decode::{RawObservation, decode_line};
use crate::judge::Why;
use crate::reports::form::{classified, read};
use crate::situations::hidden::hide;
use crate::{cap, hospitals, signals, units};

/// The kind of an observation.
pub const OBSERVATION: &str = "observation";

/// A line as it stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'a> {
    /// Whose.
    pub agency: AgencyId,
    /// Of which kind ([`domain::city::exchange::ITEM_KINDS`]).
    pub kind: &'a str,
    /// When the sender had heard it.
    pub heard_ms: UtcMs,
    /// The item. A CAP message is a text: its XML as received.
    #[serde(borrow)]
    pub item: &'a RawValue,
}

/// What a line brings.
#[derive(Debug)]
pub enum Brought<'a> {
    /// An observation, in the form in which agencies send them.
    Observation(RawObservation<'a>),
    /// A report, and the resource its kind comes in by.
    Report(&'static str, Box<Report>),
}

/// Reads a line.
///
/// # Errors
/// [`Why`], naming the field.
pub fn line(bytes: &[u8]) -> Result<Line<'_>, Why> {
    read(bytes)
}

impl<'a> Line<'a> {
    /// What it brings.
    ///
    /// # Errors
    /// [`Why`]: an unknown kind, an item that is none of its kind.
    pub fn brought(&self) -> Result<Brought<'a>, Why> {
        let raw: &'a str = self.item.get();
        let (path, report) = match self.kind {
            OBSERVATION => {
                let read = decode_line(raw.as_bytes());
                let read = read.map_err(|error| Why::new(error.reason(), error.to_string()))?;
                return Ok(Brought::Observation(read));
            }
            // By the very decoders of their doors.
            "hospital" => {
                let said = hospitals::decode::hospital(raw.as_bytes())?;
                ("/v1/reports/hospital", Report::Facility(said))
            }
            "unit" => {
                // A point in a file is WGS-84, whatever its agency sends.
                ("/v1/reports/units", Report::Unit(units::decode::unit(raw.as_bytes(), None)?))
            }
            "signal" => ("/v1/warnings", Report::Signal(signals::decode::signal(raw.as_bytes())?)),
            "warning" => ("/v1/warnings", warning(raw)?),
            "situation" => {
                let mut said: Situation = typed(raw)?;
                said.text = hide(&said.text);
                said.place.address = said.place.address.map(|address| hide(&address));
                (situation_path(&said), Report::Situation(Box::new(said)))
            }
            "earthquake" => ("/v1/reports/earthquakes", Report::Earthquake(typed(raw)?)),
            "track" => ("/v1/reports/tracks", Report::Track(typed(raw)?)),
            "cases" => ("/v1/reports/cases", Report::Cases(typed(raw)?)),
            other => {
                let said = format!("field \"kind\": no kind {other:?} is known here");
                return Err(Why::new(Reason::FieldForm, said));
            }
        };
        Ok(Brought::Report(path, Box::new(report)))
    }
}

fn checked(raw: &str) -> Result<Value, Why> {
    let value: Value = read(raw.as_bytes())?;
    sound(&value)?;
    Ok(value)
}

fn typed<T: DeserializeOwned>(raw: &str) -> Result<T, Why> {
    serde_json::from_value(checked(raw)?).map_err(|error| classified(&error))
}

/// A CAP message goes through the decoder of CAP.
fn warning(raw: &str) -> Result<Report, Why> {
    let text: String = read(raw.as_bytes())?;
    let said = cap::said(text.as_bytes())?;
    match said.into_iter().next().map(|said| said.read) {
        Some(read) => read,
        None => Err(Why::new(Reason::Syntax, "no message")),
    }
}

/// The resource that a report of a situation comes in by.
fn situation_path(said: &Situation) -> &'static str {
    use domain::situation::Kind;
    match said.body.kind() {
        Kind::Hotline => "/v1/reports/hotline",
        Kind::Call => "/v1/reports/calls",
        Kind::Outage => "/v1/reports/outages",
        Kind::Closure => "/v1/reports/closures",
        Kind::HazardPoint => "/v1/reports/hazard-points",
        Kind::Food => "/v1/reports/food",
        Kind::Damage => "/v1/reports/damage",
        Kind::Forecast => "/v1/reports/forecasts",
    }
}

/// The sender's word for a quality; nothing for the usual one.
fn quality(observation: &Observation) -> Option<String> {
    let origin = match observation.quality.origin {
        OriginFlag::Original => None,
        OriginFlag::Corrected => Some("corrected"),
        OriginFlag::Completed => Some("completed"),
    };
    let trust = match observation.quality.trust {
        Trust::Reliable => None,
        Trust::Doubtful => Some("doubtful"),
        Trust::Unreliable => Some("unreliable"),
    };
    let words: Vec<&str> = origin.into_iter().chain(trust).collect();
    (!words.is_empty()).then(|| words.join("+"))
}

/// An observation as an item.
pub fn observation_item(station: &str, property: &str, seen: &Observation) -> Value {
    let mut item =
        json!({ "station": station, "property": property, "t": seen.t, "v": seen.value });
    if seen.result_time != seen.t {
        item["result_time"] = json!(seen.result_time);
    }
    if let Some(word) = quality(seen) {
        item["q"] = json!(word);
    }
    if seen.backlog {
        item["backlog"] = json!(true);
    }
    item
}

/// A report as an item, and its kind; nothing where the format cannot carry it: pictures of stations,
/// and what a unit says of a task of its own platform.
pub fn report_item(report: &Report) -> Option<(&'static str, Value)> {
    // Reports are plain data: writing them out cannot fail.
    let written = |value: Result<Value, serde_json::Error>| value.ok();
    Some(match report {
        Report::Unit(said) if said.task.is_some() || said.report.is_some() => return None,
        Report::Unit(said) => ("unit", written(serde_json::to_value(said))?),
        Report::Hospital(said) => {
            let said = HospitalReport::from(said.clone());
            ("hospital", written(serde_json::to_value(said))?)
        }
        Report::Facility(said) => ("hospital", written(serde_json::to_value(said))?),
        Report::Signal(said) => ("signal", written(serde_json::to_value(said))?),
        Report::Warning(said) => ("warning", Value::String(said.original.clone())),
        Report::Situation(said) => ("situation", written(serde_json::to_value(said))?),
        Report::Earthquake(said) => ("earthquake", written(serde_json::to_value(said))?),
        Report::Track(said) => ("track", written(serde_json::to_value(said))?),
        Report::Cases(said) => ("cases", written(serde_json::to_value(said))?),
        Report::Attachment(_) => return None,
    })
}

/// A line, written; with its line end.
pub fn write(agency: &AgencyId, kind: &str, heard: UtcMs, item: &Value) -> Vec<u8> {
    #[derive(Serialize)]
    struct Out<'a> {
        agency: &'a AgencyId,
        kind: &'a str,
        heard_ms: UtcMs,
        item: &'a Value,
    }
    let out = Out { agency, kind, heard_ms: heard, item };
    // Plain data again.
    let mut bytes = serde_json::to_vec(&out).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// For fuzzing: whether anything was read in these bytes.
pub fn reads(bytes: &[u8]) -> bool {
    line(bytes).and_then(|line| line.brought().map(|_| ())).is_ok()
}
