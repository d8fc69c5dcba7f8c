//! Stop 2 of 9 for reports: bytes → [`Report`] or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use std::fmt;

use domain::ids::{HospitalId, TaskId, UnitId, ZoneId};
use domain::refusal::Reason;
use domain::report::{
    EmergencyTraffic, HospitalStatus, OfficialSignal, SignalAct, TaskReport, UnitReport,
};
use domain::time::UtcMs;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};

use crate::json::instant;
use crate::judge::Why;

/// The longest note of a report, bytes.
pub const NOTE_MAX_BYTES: usize = 2_000;
/// The longest text of an official signal, bytes.
pub const SIGNAL_TEXT_MAX_BYTES: usize = 16_000;
/// The longest id, issuer or kind of an official signal, bytes.
pub const SIGNAL_WORD_MAX_BYTES: usize = 200;
/// The most areas of an official signal.
pub const SIGNAL_AREAS_MAX: usize = 500;
/// The official colours.
pub const COLORS: [&str; 5] = ["white", "blue", "yellow", "orange", "red"];

/// A time on the wire: RFC 3339 with an offset, or integer Unix milliseconds.
struct Time(UtcMs);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("RFC 3339 with an offset, or integer Unix milliseconds")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                instant::parse(text).map(Time).map_err(|why| E::custom(format!("time: {why}")))
            }
            fn visit_i64<E: serde::de::Error>(self, ms: i64) -> Result<Time, E> {
                UtcMs::from_millis(ms).map(Time).map_err(|why| E::custom(format!("time: {why}")))
            }
            fn visit_u64<E: serde::de::Error>(self, ms: u64) -> Result<Time, E> {
                self.visit_i64(i64::try_from(ms).unwrap_or(i64::MAX))
            }
        }
        d.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HospitalForm {
    hospital: HospitalId,
    t: Time,
    beds: u32,
    beds_occupied: u32,
    #[serde(default)]
    icu_beds: u32,
    #[serde(default)]
    icu_occupied: u32,
    #[serde(default)]
    emergency_waiting: u32,
    traffic: EmergencyTraffic,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitForm {
    unit: UnitId,
    t: Time,
    #[serde(default)]
    task: Option<TaskId>,
    #[serde(default)]
    report: Option<TaskReport>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    lon: Option<f64>,
    #[serde(default)]
    lat: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalForm {
    id: String,
    issuer: String,
    act: SignalAct,
    kind: String,
    color: String,
    areas: Vec<ZoneId>,
    t: Time,
    #[serde(default)]
    text: String,
}

/// Reads a hospital's status.
///
/// # Errors
/// [`Why`], naming the field.
pub fn hospital(body: &[u8]) -> Result<HospitalStatus, Why> {
    let form: HospitalForm = read(body)?;
    long_text("note", form.note.as_deref(), NOTE_MAX_BYTES)?;
    Ok(HospitalStatus {
        hospital: form.hospital,
        t: form.t.0,
        beds: form.beds,
        beds_occupied: form.beds_occupied,
        icu_beds: form.icu_beds,
        icu_occupied: form.icu_occupied,
        emergency_waiting: form.emergency_waiting,
        traffic: form.traffic,
        note: form.note,
    })
}

/// Reads a unit's report.
///
/// # Errors
/// [`Why`], naming the field.
pub fn unit(body: &[u8]) -> Result<UnitReport, Why> {
    let form: UnitForm = read(body)?;
    long_text("note", form.note.as_deref(), NOTE_MAX_BYTES)?;
    let missing =
        |field: &str| Why::new(Reason::MissingField, format!("field {field:?} is missing"));
    match (form.task, form.report) {
        (Some(_), None) => return Err(missing("report")),
        (None, Some(_)) => return Err(missing("task")),
        _ => {}
    }
    match (form.lon, form.lat) {
        (Some(_), None) => return Err(missing("lat")),
        (None, Some(_)) => return Err(missing("lon")),
        (Some(lon), Some(lat)) => {
            if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
                let said = format!("longitude {lon}, latitude {lat} is no place on earth");
                return Err(Why::new(Reason::OutOfRange, said));
            }
        }
        (None, None) => {}
    }
    Ok(UnitReport {
        unit: form.unit,
        t: form.t.0,
        task: form.task,
        report: form.report,
        note: form.note,
        lon: form.lon,
        lat: form.lat,
    })
}

/// Reads an official signal.
///
/// # Errors
/// [`Why`], naming the field.
pub fn signal(body: &[u8]) -> Result<OfficialSignal, Why> {
    let form: SignalForm = read(body)?;
    for (field, text) in [("id", &form.id), ("issuer", &form.issuer), ("kind", &form.kind)] {
        if text.trim().is_empty() {
            return Err(Why::new(Reason::MissingField, format!("field {field:?} is empty")));
        }
        long_text(field, Some(text), SIGNAL_WORD_MAX_BYTES)?;
    }
    long_text("text", Some(&form.text), SIGNAL_TEXT_MAX_BYTES)?;
    if !COLORS.contains(&form.color.as_str()) {
        let said = format!("field \"color\": one of {}", COLORS.join(", "));
        return Err(Why::new(Reason::FieldForm, said));
    }
    if form.areas.is_empty() || form.areas.len() > SIGNAL_AREAS_MAX {
        let said = format!("field \"areas\": 1 to {SIGNAL_AREAS_MAX} codes");
        return Err(Why::new(Reason::FieldForm, said));
    }
    Ok(OfficialSignal {
        id: form.id,
        issuer: form.issuer,
        act: form.act,
        kind: form.kind,
        color: form.color,
        areas: form.areas,
        t: form.t.0,
        text: form.text,
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Why> {
    serde_json::from_slice(body).map_err(|error| {
        let said = error.to_string();
        let reason = if !error.is_data() {
            if said.starts_with("number out of range") { Reason::NotFinite } else { Reason::Syntax }
        } else if said.starts_with("unknown field") {
            Reason::UnknownField
        } else if said.starts_with("missing field") {
            Reason::MissingField
        } else if said.starts_with("time: ") {
            Reason::Time
        } else if said.starts_with("an id ") {
            Reason::Identifier
        } else {
            Reason::FieldForm
        };
        Why::new(reason, said)
    })
}

/// Text that people read: line breaks are allowed, other control characters are not.
fn long_text(field: &str, text: Option<&str>, max_bytes: usize) -> Result<(), Why> {
    let Some(text) = text else { return Ok(()) };
    if text.len() > max_bytes {
        let said =
            format!("field {field:?} has at most {max_bytes} bytes, this has {}", text.len());
        return Err(Why::new(Reason::FieldForm, said));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        let said = format!("field {field:?} has control characters");
        return Err(Why::new(Reason::Identifier, said));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOSPITAL: &str = r#"{"hospital":"JM-H01","t":"2026-09-11T22:00:00+08:00","beds":800,"beds_occupied":640,"traffic":"strained"}"#;
    const UNIT: &str = r#"{"unit":"boat-01","t":1781118300000,"task":"T-1","report":"accept"}"#;
    const SIGNAL: &str = r#"{"id":"s1","issuer":"台山市气象台(虚构)","act":"issue","kind":"台风","color":"red","areas":["440781"],"t":"2026-09-11T22:00:00+08:00"}"#;

    #[test]
    fn the_three_forms_are_read() {
        assert_eq!(hospital(HOSPITAL.as_bytes()).unwrap().beds_occupied, 640);
        assert_eq!(unit(UNIT.as_bytes()).unwrap().task, Some(TaskId(1)));
        assert_eq!(signal(SIGNAL.as_bytes()).unwrap().color, "red");
    }

    #[test]
    fn a_mistake_is_named() {
        let of = |r: Result<UnitReport, Why>| r.unwrap_err().reason;
        assert_eq!(
            of(unit(UNIT.replace("\"task\":\"T-1\",", "").as_bytes())),
            Reason::MissingField
        );
        assert_eq!(of(unit(UNIT.replace("accept", "fly").as_bytes())), Reason::FieldForm);
        assert_eq!(of(unit(UNIT.replace("boat-01", "../x").as_bytes())), Reason::Identifier);
        assert_eq!(of(unit(UNIT.replace("1781118300000", "17").as_bytes())), Reason::Time);
        assert_eq!(of(unit(UNIT.replace("task", "tusk").as_bytes())), Reason::UnknownField);
        assert_eq!(
            of(unit(UNIT.replace("accept\"", "accept\",\"lon\":500,\"lat\":1").as_bytes())),
            Reason::OutOfRange
        );
        assert_eq!(
            of(unit(UNIT.replace("accept\"", "accept\",\"lon\":1e400,\"lat\":1").as_bytes())),
            Reason::NotFinite
        );
        assert_eq!(of(unit(UNIT.replace("}", ",\"unit\":\"x\"}").as_bytes())), Reason::FieldForm);
        assert_eq!(of(unit(b"{")), Reason::Syntax);
        let violet = signal(SIGNAL.replace("red", "violet").as_bytes()).unwrap_err();
        assert!(violet.detail.contains("color"));
        assert!(signal(SIGNAL.replace("\"440781\"", "").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..110, with in any::<u8>()) {
            let _ = (hospital(&body), unit(&body), signal(&body));
            for form in [HOSPITAL, UNIT, SIGNAL] {
                let mut bytes = form.as_bytes().to_vec();
                let at = at.min(bytes.len() - 1);
                bytes[at] = with;
                let _ = (hospital(&bytes), unit(&bytes), signal(&bytes));
            }
        }
    }
}
