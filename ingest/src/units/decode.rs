//! Stop 2 of 9 for units' reports: bytes → report or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use domain::ids::{TaskId, UnitId};
use domain::refusal::Reason;
use domain::report::{TaskReport, UnitReport};
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
    Ok(UnitReport {
        unit: form.unit,
        t: form.t.0,
        task: form.task,
        report: form.report,
        note: form.note,
        lon: at.map(|(lon, _)| lon),
        lat: at.map(|(_, lat)| lat),
    })
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
