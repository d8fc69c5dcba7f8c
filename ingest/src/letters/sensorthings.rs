//! Letters of the SensorThings door over HTTP, read as that door reads them: one Observation, or data
//! arrays of them. Of a refused row of data arrays the Observation that it stands for is kept, so a
//! letter of `CreateObservations` is either.

use domain::time::UtcMs;

use crate::admit::rate::TooFast;
use crate::admit::{Admission, Admitted, Source};
use crate::json::batch::Item;
use crate::mqtt::session::whole;
use crate::sensorthings::decode::{Row, data_arrays, observation};
use crate::sensorthings::resource::{ROOT, Resource, resource};

/// The part of a place below the service's root.
fn below(place: &str) -> Option<&str> {
    place.strip_prefix('/')?.strip_prefix(ROOT)?.strip_prefix('/')
}

/// Whether a letter came by this door.
pub(super) fn is_place(place: &str) -> bool {
    below(place).is_some()
}

/// Judges it again. What says no phenomenon time was of the moment it first came.
pub(super) fn posted(
    admission: &Admission,
    source: Source<'_>,
    received: UtcMs,
    body: &[u8],
) -> Result<Admitted, TooFast> {
    let named = below(source.place).and_then(resource);
    let is_list = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    if is_list && named == Some(Resource::DataArrays) {
        let rows = match data_arrays(body) {
            Ok(rows) => rows,
            Err(error) => return Ok(admission.refuse(source, whole(&error), body)),
        };
        let item = |row| {
            let row: &Row = row;
            Item { raw: &row.entity, read: row.read(received) }
        };
        return admission.admit(source, &rows.iter().map(item).collect::<Vec<Item<'_>>>());
    }
    let of = match named {
        Some(Resource::OfDatastream { station, property }) => Some((station, property)),
        _ => None,
    };
    admission.admit(source, &[Item { raw: body, read: observation(body, of, received) }])
}
