//! Stop 2 of 9 for storm tracks in JSON: bytes → reports or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use std::borrow::Cow;

use domain::bulletin::{KNOT_MPS, NAUTICAL_MILE_KM, StormTrack, TrackPoint, WindRadius};
use domain::refusal::Reason;
use domain::report::Report;
use gis::Crs;
use serde::Deserialize;

use crate::judge::Why;
use crate::reports::form::{Time, long_text, mixture, objects, place, read};
use crate::reports::kind::Said;

/// The most storms in one body.
pub const TRACKS_MAX: usize = 200;
/// The most points of one track, and of its forecast.
pub const POINTS_MAX: usize = 500;
/// The most wind radii of one point.
pub const RADII_MAX: usize = 6;
/// The longest number of a storm, its name, its office, a grade: bytes.
pub const WORDS_MAX_BYTES: usize = 100;
/// Pressures at a centre that can be, hPa.
pub const PRESSURE_HPA: (f64, f64) = (840.0, 1_050.0);
/// Winds that can be, metres a second.
pub const WIND_MPS: (f64, f64) = (0.0, 130.0);
/// How far a wind can reach, kilometres.
pub const RADIUS_KM: (f64, f64) = (0.0, 3_000.0);
/// Averaging times that are in use, seconds.
pub const AVERAGING_S: [u32; 4] = [60, 120, 180, 600];

/// The unit of a report's winds and radii.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum WindUnit {
    #[serde(rename = "m/s")]
    MetresASecond,
    #[serde(rename = "kt")]
    Knots,
    #[serde(rename = "km/h")]
    KilometresAnHour,
}

impl WindUnit {
    fn mps(self, wind: f64) -> f64 {
        match self {
            WindUnit::MetresASecond => wind,
            WindUnit::Knots => wind * KNOT_MPS,
            WindUnit::KilometresAnHour => wind / 3.6,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum RadiusUnit {
    #[serde(rename = "km")]
    Kilometres,
    #[serde(rename = "nmi")]
    NauticalMiles,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrackForm {
    id: String,
    name: String,
    #[serde(default)]
    issuer: String,
    issued: Time,
    wind_unit: WindUnit,
    averaging_min: u32,
    #[serde(default)]
    radius_unit: Option<RadiusUnit>,
    #[serde(default)]
    crs: Option<Crs>,
    points: Vec<PointForm>,
    #[serde(default)]
    forecast: Vec<PointForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointForm {
    t: Time,
    lat: f64,
    lon: f64,
    #[serde(default)]
    pressure: Option<f64>,
    #[serde(default)]
    wind: Option<f64>,
    #[serde(default)]
    grade: String,
    #[serde(default)]
    radii: Vec<RadiusForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RadiusForm {
    wind: f64,
    longest: f64,
    #[serde(default)]
    shortest: Option<f64>,
    #[serde(default)]
    toward_deg: Option<f64>,
}

/// Reads one track or an array of them. `declared`: see [`crate::reports::form::place`].
///
/// # Errors
/// [`Why`] the body is refused as a whole; a track that cannot be read is refused by itself.
pub fn json(body: &[u8], declared: Option<Crs>) -> Result<Vec<Said<'_>>, Why> {
    let each = objects(body, TRACKS_MAX)?;
    let mixed = mixture(each.iter().copied());
    let judged = |raw| match &mixed {
        Some(why) => Err(why.clone()),
        None => one(raw, declared),
    };
    Ok(each.into_iter().map(|raw| Said { raw: Cow::Borrowed(raw), read: judged(raw) }).collect())
}

fn one(raw: &[u8], declared: Option<Crs>) -> Result<Report, Why> {
    let form: TrackForm = read(raw)?;
    let points = |points: &[PointForm]| {
        points.iter().map(|p| point(&form, p, declared)).collect::<Result<Vec<_>, Why>>()
    };
    checked(StormTrack {
        points: points(&form.points)?,
        forecast: points(&form.forecast)?,
        averaging_s: form.averaging_min.saturating_mul(60),
        issued: form.issued.0,
        id: form.id,
        name: form.name,
        issuer: form.issuer,
    })
}

fn point(form: &TrackForm, said: &PointForm, declared: Option<Crs>) -> Result<TrackPoint, Why> {
    let at = place(Some(said.lon), Some(said.lat), form.crs, declared)?;
    let (lon, lat) = at.unwrap_or((said.lon, said.lat));
    let km = match form.radius_unit {
        None | Some(RadiusUnit::Kilometres) => 1.0,
        Some(RadiusUnit::NauticalMiles) => NAUTICAL_MILE_KM,
    };
    let radius = |r: &RadiusForm| WindRadius {
        wind_mps: form.wind_unit.mps(r.wind),
        longest_km: r.longest * km,
        shortest_km: r.shortest.unwrap_or(r.longest) * km,
        toward_deg: r.toward_deg,
    };
    Ok(TrackPoint {
        t: said.t.0,
        lon,
        lat,
        pressure_hpa: said.pressure,
        wind_mps: said.wind.map(|w| form.wind_unit.mps(w)),
        grade: said.grade.clone(),
        radii: said.radii.iter().map(radius).collect(),
    })
}

fn within(what: &str, value: f64, (least, most): (f64, f64)) -> Result<(), Why> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let said = format!("{what} is {least} to {most}, this is {value}");
    Err(Why::new(Reason::OutOfRange, said))
}

/// What holds for a track in whichever form it came.
///
/// # Errors
/// [`Why`], naming the field.
pub(super) fn checked(said: StormTrack) -> Result<Report, Why> {
    for (field, word) in [("id", &said.id), ("name", &said.name)] {
        if word.trim().is_empty() {
            return Err(Why::new(Reason::MissingField, format!("field {field:?} is empty")));
        }
        if word.chars().any(char::is_control) {
            let said = format!("field {field:?} has control characters");
            return Err(Why::new(Reason::Identifier, said));
        }
    }
    for (field, word) in [("id", &said.id), ("name", &said.name), ("issuer", &said.issuer)] {
        long_text(field, Some(word), WORDS_MAX_BYTES)?;
    }
    if !AVERAGING_S.contains(&said.averaging_s) {
        let detail =
            format!("winds are averaged over 1, 2, 3 or 10 minutes, not {} s", said.averaging_s);
        return Err(Why::new(Reason::FieldForm, detail));
    }
    if said.points.is_empty() && said.forecast.is_empty() {
        return Err(Why::new(Reason::MissingField, "a track without a point"));
    }
    for (field, points) in [("points", &said.points), ("forecast", &said.forecast)] {
        if points.len() > POINTS_MAX {
            let said = format!("at most {POINTS_MAX} {field}, this has {}", points.len());
            return Err(Why::new(Reason::TooLarge, said));
        }
        if points.windows(2).any(|two| two[0].t >= two[1].t) {
            let said = format!("the {field} are not one after the other in time");
            return Err(Why::new(Reason::FieldForm, said));
        }
        points.iter().try_for_each(point_checked)?;
    }
    Ok(Report::Track(said))
}

fn point_checked(point: &TrackPoint) -> Result<(), Why> {
    long_text("grade", Some(&point.grade), WORDS_MAX_BYTES)?;
    point.pressure_hpa.map_or(Ok(()), |p| within("pressure", p, PRESSURE_HPA))?;
    point.wind_mps.map_or(Ok(()), |w| within("wind in m/s", w, WIND_MPS))?;
    if point.radii.len() > RADII_MAX {
        let said = format!("at most {RADII_MAX} radii of one point");
        return Err(Why::new(Reason::TooLarge, said));
    }
    for radius in &point.radii {
        within("wind of a radius in m/s", radius.wind_mps, WIND_MPS)?;
        within("longest radius in km", radius.longest_km, RADIUS_KM)?;
        within("shortest radius in km", radius.shortest_km, (0.0, radius.longest_km))?;
        radius.toward_deg.map_or(Ok(()), |d| within("toward_deg", d, (0.0, 360.0)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACK: &str = r#"{"id":"202613","name":"榕兰(虚构)","issuer":"省气象台(虚构)","issued":"2026-09-11T20:00:00+08:00","wind_unit":"m/s","averaging_min":2,"points":[{"t":"2026-09-11T14:00:00+08:00","lat":20.9,"lon":114.6,"pressure":955,"wind":42,"grade":"STY","radii":[{"wind":24.5,"longest":90,"shortest":70,"toward_deg":45}]},{"t":"2026-09-11T20:00:00+08:00","lat":21.4,"lon":113.7}],"forecast":[{"t":"2026-09-12T02:00:00+08:00","lat":22.0,"lon":112.8,"wind":38}]}"#;

    fn only(body: &str) -> Result<StormTrack, Why> {
        match json(body.as_bytes(), None).unwrap().remove(0).read? {
            Report::Track(said) => Ok(said),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_form_is_read_with_its_unit_and_a_slip_is_named() {
        let said = only(TRACK).unwrap();
        assert_eq!((said.points.len(), said.forecast.len(), said.averaging_s), (2, 1, 120));
        let knots = only(&TRACK.replace("m/s", "kt")).unwrap();
        assert!((knots.points[0].wind_mps.unwrap() - 42.0 * 0.514_444).abs() < 1e-3);
        let of = |from: &str, to: &str| only(&TRACK.replacen(from, to, 1)).unwrap_err().reason;
        assert_eq!(of("\"averaging_min\":2", "\"averaging_min\":7"), Reason::FieldForm);
        assert_eq!(
            of("\"averaging_min\":2,", ""),
            Reason::MissingField,
            "no wind without its averaging"
        );
        assert_eq!(of("\"wind\":42", "\"wind\":420"), Reason::OutOfRange);
        assert_eq!(of("\"shortest\":70", "\"shortest\":170"), Reason::OutOfRange);
        assert_eq!(
            of("20:00:00+08:00\",\"lat\":21.4", "13:00:00+08:00\",\"lat\":21.4"),
            Reason::FieldForm
        );
        assert_eq!(of("202613", ""), Reason::MissingField);
    }

    #[test]
    fn another_system_is_converted_and_one_body_has_one() {
        let gcj02 = TRACK.replacen("\"issued\"", "\"crs\":\"gcj02\",\"issued\"", 1);
        let (plain, moved) = (only(TRACK).unwrap(), only(&gcj02).unwrap());
        let by = plain.points[0].lon - moved.points[0].lon;
        assert!((0.001..0.02).contains(&by) || by == 0.0, "{by}");
        let near = plain.forecast[0].lon - moved.forecast[0].lon;
        assert!((0.001..0.02).contains(&near), "{near}");
        let both = format!("[{TRACK},{gcj02}]");
        let said = json(both.as_bytes(), None).unwrap();
        let why = said.iter().map(|said| said.read.as_ref().unwrap_err().reason);
        assert_eq!(why.collect::<Vec<_>>(), [Reason::Coordinates; 2]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            at in 0usize..TRACK.len(), with in any::<u8>(),
        ) {
            let _ = json(&body, None);
            let mut bytes = TRACK.as_bytes().to_vec();
            bytes[at] = with;
            let _ = json(&bytes, Some(Crs::Bd09));
        }
    }
}
