//! Part of stop 2: one report, a flat JSON object. The fields of the envelope are the same for every
//! kind; each kind adds its own. Unknown fields are refused, so that no caller's name can be sent.

use domain::ids::{ReportId, ZoneId};
use domain::refusal::Reason;
use domain::situation::{Body, Located, SaidPlace, Situation, State};
use gis::Crs;
use serde::de::DeserializeOwned;

use super::geometry::Geometry;
use super::hidden;
use crate::judge::Why;
use crate::reports::form::{Time, long_text, place, read};

/// The longest text of a report, bytes.
pub const TEXT_MAX_BYTES: usize = 6_000;
/// The longest address, and the longest of all other words, bytes.
pub const WORDS_MAX_BYTES: usize = 600;
/// The most zones of one report.
pub const ZONES_MAX: usize = 200;

/// What every report has.
#[derive(Debug, Default)]
pub struct Envelope {
    pub(super) id: Option<ReportId>,
    pub(super) t: Option<Time>,
    pub(super) text: Option<String>,
    pub(super) state: Option<State>,
    pub(super) lon: Option<f64>,
    pub(super) lat: Option<f64>,
    pub(super) crs: Option<Crs>,
    pub(super) address: Option<String>,
    pub(super) zones: Option<Vec<ZoneId>>,
    pub(super) geometry: Option<Geometry>,
}

/// A form: the envelope's fields and a kind's own.
pub trait Enveloped: DeserializeOwned {
    /// The names of its fields.
    const FIELDS: &'static [&'static str];
    /// Takes the envelope out.
    fn envelope(&mut self) -> Envelope;
}

/// A kind's form.
pub trait Form: Enveloped {
    /// What is particular to the kind, checked.
    ///
    /// # Errors
    /// [`Why`], naming the field.
    fn body(self) -> Result<Body, Why>;
}

/// Writes a form: the envelope's fields, and those that are given.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            id: Option<domain::ids::ReportId>,
            t: Option<crate::reports::form::Time>,
            text: Option<String>,
            state: Option<domain::situation::State>,
            lon: Option<f64>,
            lat: Option<f64>,
            crs: Option<gis::Crs>,
            address: Option<String>,
            zones: Option<Vec<domain::ids::ZoneId>>,
            geometry: Option<crate::situations::geometry::Geometry>,
            $($field: $type),*
        }

        impl $crate::situations::envelope::Enveloped for $name {
            const FIELDS: &'static [&'static str] = &[
                "id", "t", "text", "state", "lon", "lat", "crs", "address", "zones",
                "geometry",
                $(stringify!($field)),*
            ];
            fn envelope(&mut self) -> $crate::situations::envelope::Envelope {
                $crate::situations::envelope::Envelope {
                    id: self.id.take(),
                    t: self.t.take(),
                    text: self.text.take(),
                    state: self.state.take(),
                    lon: self.lon.take(),
                    lat: self.lat.take(),
                    crs: self.crs.take(),
                    address: self.address.take(),
                    zones: self.zones.take(),
                    geometry: self.geometry.take(),
                }
            }
        }
    };
}
pub(super) use form;

/// Reads one report. `declared` is the coordinate system of its agency, see
/// [`crate::reports::form::place`].
///
/// # Errors
/// [`Why`], naming the field.
pub fn one<F: Form>(bytes: &[u8], declared: Option<Crs>) -> Result<Situation, Why> {
    let mut form: F = read(bytes)?;
    let said = form.envelope();
    let missing =
        |field: &str| Why::new(Reason::MissingField, format!("field {field:?} is missing"));
    let id = said.id.ok_or_else(|| missing("id"))?;
    let t = said.t.ok_or_else(|| missing("t"))?.0;
    if hidden::is_a_person(id.as_str()) {
        let detail =
            "field \"id\" looks like a telephone or identity number: send the report's own";
        return Err(Why::new(Reason::Identifier, detail));
    }
    long_text("text", said.text.as_deref(), TEXT_MAX_BYTES)?;
    words("address", said.address.as_deref())?;
    let zones = said.zones.unwrap_or_default();
    if zones.len() > ZONES_MAX {
        return Err(Why::new(Reason::FieldForm, format!("field \"zones\": at most {ZONES_MAX}")));
    }
    let point = place(said.lon, said.lat, said.crs, declared)?;
    let shape = said.geometry.map(|geometry| geometry.shape(said.crs, declared)).transpose()?;
    let crs = said.crs.or(declared).filter(|_| point.is_some() || shape.is_some());
    Ok(Situation {
        id,
        t,
        text: said.text.map(|text| hidden::hide(&text)).unwrap_or_default(),
        state: said.state.unwrap_or_default(),
        place: SaidPlace {
            point,
            crs,
            address: said.address.filter(|a| !a.trim().is_empty()).map(|a| hidden::hide(&a)),
            zones,
            shape,
        },
        located: Located::default(),
        body: form.body()?,
    })
}

/// Words of one line.
///
/// # Errors
/// [`Why`], naming the field.
pub(super) fn words(field: &str, words: Option<&str>) -> Result<(), Why> {
    long_text(field, words, WORDS_MAX_BYTES)
}

/// Words of one line, numbers of people hidden; empty where there are none.
///
/// # Errors
/// [`Why`], naming the field.
pub(super) fn kept(field: &str, said: Option<String>) -> Result<String, Why> {
    words(field, said.as_deref())?;
    Ok(said.map(|text| hidden::hide(&text)).unwrap_or_default())
}

/// Words of one line that must be there.
///
/// # Errors
/// [`Why`], naming the field.
pub(super) fn needed(field: &str, said: Option<String>) -> Result<String, Why> {
    let kept = kept(field, said)?;
    if kept.trim().is_empty() {
        return Err(Why::new(Reason::MissingField, format!("field {field:?} is missing")));
    }
    Ok(kept)
}

/// A figure of hectares or money: finite, and no less than nothing.
///
/// # Errors
/// [`Why`], naming the field.
pub(super) fn amount(field: &str, said: Option<f64>) -> Result<Option<f64>, Why> {
    match said {
        Some(v) if !(0.0..=1e12).contains(&v) => {
            Err(Why::new(Reason::OutOfRange, format!("field {field:?}: {v} is no amount")))
        }
        other => Ok(other),
    }
}
