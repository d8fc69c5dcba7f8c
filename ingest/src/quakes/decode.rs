//! Stop 2 of 9 for earthquakes in JSON: bytes → reports or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use std::borrow::Cow;

use domain::bulletin::{Earthquake, QuakeState};
use domain::refusal::Reason;
use domain::report::Report;
use gis::Crs;
use serde::Deserialize;

use crate::judge::Why;
use crate::reports::form::{Time, long_text, mixture, objects, place, read};
use crate::reports::kind::Said;

/// The most earthquakes in one body.
pub const QUAKES_MAX: usize = 1_000;
/// The longest id, bytes (a QuakeML resource identifier of 255 characters).
pub const ID_MAX_BYTES: usize = 255;
/// The longest name of a place or an office, bytes.
pub const WORDS_MAX_BYTES: usize = 300;
/// Depths that can be, kilometres: a summit above the sea to the deepest that was ever located.
pub const DEPTH_KM: (f64, f64) = (-10.0, 800.0);
/// Magnitudes that can be.
pub const MAGNITUDE: (f64, f64) = (-5.0, 10.0);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuakeForm {
    id: String,
    t: Time,
    #[serde(default)]
    updated: Option<Time>,
    lon: f64,
    lat: f64,
    #[serde(default)]
    crs: Option<Crs>,
    #[serde(default)]
    depth_km: Option<f64>,
    #[serde(default)]
    magnitude: Option<f64>,
    #[serde(default)]
    magnitude_kind: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    issuer: String,
    status: QuakeState,
}

/// Reads one earthquake or an array of them. `declared`: see [`crate::reports::form::place`].
///
/// # Errors
/// [`Why`] the body is refused as a whole; an item that cannot be read is refused by itself.
pub fn json(body: &[u8], declared: Option<Crs>) -> Result<Vec<Said<'_>>, Why> {
    let each = objects(body, QUAKES_MAX)?;
    let mixed = mixture(each.iter().copied());
    let judged = |raw| match &mixed {
        Some(why) => Err(why.clone()),
        None => one(raw, declared),
    };
    Ok(each.into_iter().map(|raw| Said { raw: Cow::Borrowed(raw), read: judged(raw) }).collect())
}

fn one(raw: &[u8], declared: Option<Crs>) -> Result<Report, Why> {
    let form: QuakeForm = read(raw)?;
    let at = place(Some(form.lon), Some(form.lat), form.crs, declared)?;
    let (lon, lat) = at.unwrap_or((form.lon, form.lat));
    checked(Earthquake {
        id: form.id,
        issuer: form.issuer,
        t: form.t.0,
        updated: form.updated.unwrap_or(form.t).0,
        lon,
        lat,
        depth_km: form.depth_km,
        magnitude: form.magnitude,
        magnitude_kind: form.magnitude_kind,
        place: form.place,
        state: form.status,
    })
}

/// What holds for an earthquake in whichever form it came.
///
/// # Errors
/// [`Why`], naming the field.
pub(super) fn checked(said: Earthquake) -> Result<Report, Why> {
    if said.id.trim().is_empty() {
        return Err(Why::new(Reason::MissingField, "the id of the event is empty"));
    }
    if said.id.len() > ID_MAX_BYTES || said.id.chars().any(|c| c.is_control() || c == ' ') {
        let said = format!("an id of an event has at most {ID_MAX_BYTES} bytes and no white space");
        return Err(Why::new(Reason::Identifier, said));
    }
    for (field, text) in
        [("magnitude_kind", &said.magnitude_kind), ("place", &said.place), ("issuer", &said.issuer)]
    {
        long_text(field, Some(text), WORDS_MAX_BYTES)?;
    }
    let out = |field: &str, value: f64, (least, most): (f64, f64)| {
        Why::new(Reason::OutOfRange, format!("{field} is {least} to {most}, this is {value}"))
    };
    if let Some(depth) = said.depth_km.filter(|d| !(DEPTH_KM.0..=DEPTH_KM.1).contains(d)) {
        return Err(out("depth_km", depth, DEPTH_KM));
    }
    if let Some(magnitude) = said.magnitude.filter(|m| !(MAGNITUDE.0..=MAGNITUDE.1).contains(m)) {
        return Err(out("magnitude", magnitude, MAGNITUDE));
    }
    Ok(Report::Earthquake(said))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUAKE: &str = r#"{"id":"gd2026-0917","t":"2026-09-11T21:58:03.5+08:00","updated":"2026-09-11T22:04:00+08:00","lon":112.9,"lat":21.6,"depth_km":12,"magnitude":4.3,"magnitude_kind":"Ms","place":"台山近海(虚构)","issuer":"省地震局(虚构)","status":"reviewed"}"#;

    fn only(body: &str) -> Result<Earthquake, Why> {
        match json(body.as_bytes(), None).unwrap().remove(0).read? {
            Report::Earthquake(said) => Ok(said),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_form_is_read_and_a_slip_is_named() {
        let said = only(QUAKE).unwrap();
        assert_eq!((said.magnitude, said.depth_km), (Some(4.3), Some(12.0)));
        assert_eq!(said.state, QuakeState::Reviewed);
        let of = |from: &str, to: &str| only(&QUAKE.replace(from, to)).unwrap_err().reason;
        assert_eq!(of("4.3", "43"), Reason::OutOfRange);
        assert_eq!(of("21.6", "216"), Reason::OutOfRange);
        assert_eq!(of("gd2026-0917", ""), Reason::MissingField);
        assert_eq!(of("gd2026-0917", "a b"), Reason::Identifier);
        assert_eq!(of("reviewed", "felt"), Reason::FieldForm);
        assert_eq!(of("magnitude_kind", "mag_kind"), Reason::UnknownField);
        // Another system is converted (BD-09 by some 0.012° here); one body has one system.
        let bd09 = QUAKE.replace("\"lon\"", "\"crs\":\"bd09\",\"lon\"");
        let moved = only(&bd09).unwrap();
        assert!((0.005..0.02).contains(&(112.9 - moved.lon)), "{}", moved.lon);
        assert_eq!(only(&bd09.replace("bd09", "wgs84")).unwrap().lon, 112.9);
        for mixed in
            [format!("[{QUAKE},{bd09}]"), format!("[{bd09},{}]", bd09.replace("bd09", "gcj02"))]
        {
            let said = json(mixed.as_bytes(), None).unwrap();
            let why = said.iter().map(|said| said.read.as_ref().unwrap_err().reason);
            assert_eq!(why.collect::<Vec<_>>(), [Reason::Coordinates; 2]);
        }
        let alike = format!("[{bd09},{bd09}]");
        assert!(json(alike.as_bytes(), None).unwrap().iter().all(|said| said.read.is_ok()));
        let two = format!("[{QUAKE},{{}}]");
        let said = json(two.as_bytes(), None).unwrap();
        assert!(said[0].read.is_ok() && said[1].read.is_err());
        assert_eq!(&*said[1].raw, b"{}");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            at in 0usize..QUAKE.len(), with in any::<u8>(),
        ) {
            let _ = json(&body, None);
            let mut bytes = QUAKE.as_bytes().to_vec();
            bytes[at] = with;
            let _ = json(&bytes, Some(Crs::Gcj02));
        }
    }
}
