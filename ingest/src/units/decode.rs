//! Stop 2 of 9 for units' reports: bytes → report or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use domain::ids::{TaskId, UnitId};
use domain::refusal::Reason;
use domain::report::{TaskReport, UnitReport, UnitStatus};
use gis::Crs;
use serde::Deserialize;

use crate::judge::Why;
use crate::reports::form::{NOTE_MAX_BYTES, Time, long_text, place, read};

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
    #[serde(default)]
    crs: Option<Crs>,
    #[serde(default)]
    status: Option<UnitStatus>,
    #[serde(default)]
    speed_mps: Option<f32>,
    #[serde(default)]
    course_deg: Option<f32>,
    #[serde(default)]
    battery_percent: Option<f32>,
    #[serde(default)]
    accuracy_m: Option<f32>,
}

/// Faster than any unit: 1,000 km/h.
pub const SPEED_MAX_MPS: f32 = 278.0;
/// A position that is worse says nothing.
pub const ACCURACY_MAX_M: f32 = 100_000.0;

/// A number within its range.
///
/// # Errors
/// [`Why`], naming the field.
pub(crate) fn within(field: &str, value: Option<f32>, range: (f32, f32)) -> Result<(), Why> {
    match value {
        Some(value) if !(range.0..=range.1).contains(&value) => {
            let said = format!("field {field:?} is {} to {}, this is {value}", range.0, range.1);
            Err(Why::new(Reason::OutOfRange, said))
        }
        _ => Ok(()),
    }
}

/// Speed, course, battery, accuracy: each within what can be.
pub(crate) fn moves(said: &UnitReport) -> Result<(), Why> {
    within("speed_mps", said.speed_mps, (0.0, SPEED_MAX_MPS))?;
    within("course_deg", said.course_deg, (0.0, 360.0))?;
    within("accuracy_m", said.accuracy_m, (0.0, ACCURACY_MAX_M))
}

/// Reads a unit's report. `declared` is the coordinate system of its agency, see
/// [`crate::reports::form::place`].
///
/// # Errors
/// [`Why`], naming the field.
pub fn unit(body: &[u8], declared: Option<Crs>) -> Result<UnitReport, Why> {
    let form: UnitForm = read(body)?;
    long_text("note", form.note.as_deref(), NOTE_MAX_BYTES)?;
    let missing =
        |field: &str| Why::new(Reason::MissingField, format!("field {field:?} is missing"));
    match (form.task, form.report) {
        (Some(_), None) => return Err(missing("report")),
        (None, Some(_)) => return Err(missing("task")),
        _ => {}
    }
    let at = place(form.lon, form.lat, form.crs, declared)?;
    within("battery_percent", form.battery_percent, (0.0, 100.0))?;
    let said = UnitReport {
        task: form.task,
        report: form.report,
        note: form.note,
        lon: at.map(|(lon, _)| lon),
        lat: at.map(|(_, lat)| lat),
        status: form.status,
        speed_mps: form.speed_mps,
        // North is one number.
        course_deg: form.course_deg.map(|c| if c == 360.0 { 0.0 } else { c }),
        // Rounded, within 0 to 100.
        battery_percent: form.battery_percent.map(|b| b.round() as u8),
        accuracy_m: form.accuracy_m,
        ..UnitReport::of(form.unit, form.t.0)
    };
    moves(&said)?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: &str = r#"{"unit":"boat-01","t":1781118300000,"task":"T-1","report":"accept"}"#;

    #[test]
    fn a_mistake_is_named() {
        let of = |r: Result<UnitReport, Why>| r.unwrap_err().reason;
        assert_eq!(
            of(unit(UNIT.replace("\"task\":\"T-1\",", "").as_bytes(), None)),
            Reason::MissingField
        );
        assert_eq!(of(unit(UNIT.replace("accept", "fly").as_bytes(), None)), Reason::FieldForm);
        assert_eq!(of(unit(UNIT.replace("boat-01", "../x").as_bytes(), None)), Reason::Identifier);
        assert_eq!(of(unit(UNIT.replace("1781118300000", "17").as_bytes(), None)), Reason::Time);
        assert_eq!(of(unit(UNIT.replace("task", "tusk").as_bytes(), None)), Reason::UnknownField);
        assert_eq!(
            of(unit(UNIT.replace("accept\"", "accept\",\"lon\":500,\"lat\":1").as_bytes(), None)),
            Reason::OutOfRange
        );
        assert_eq!(
            of(unit(UNIT.replace("accept\"", "accept\",\"lon\":1e400,\"lat\":1").as_bytes(), None)),
            Reason::NotFinite
        );
        assert_eq!(
            of(unit(UNIT.replace("}", ",\"unit\":\"x\"}").as_bytes(), None)),
            Reason::FieldForm
        );
        assert_eq!(of(unit(b"{", None)), Reason::Syntax);
        assert_eq!(unit(UNIT.as_bytes(), None).unwrap().task, Some(TaskId(1)));
        let pair =
            UNIT.replace("accept\"", "accept\",\"lon\":113.08,\"lat\":22.58,\"crs\":\"gcj02\"");
        assert_ne!(unit(pair.as_bytes(), None).unwrap().lon, Some(113.08));
        assert_eq!(of(unit(pair.as_bytes(), Some(Crs::Wgs84))), Reason::Coordinates);
        assert_eq!(of(unit(pair.replace("gcj02", "mars").as_bytes(), None)), Reason::FieldForm);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..110, with in any::<u8>()) {
            let _ = unit(&body, None);
            let mut bytes = UNIT.as_bytes().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = with;
            let _ = unit(&bytes, None);
        }
    }
}
