//! Earthquakes as an earthquake office publishes them: QuakeML 1.2, JSON, GeoJSON. See `README.md`.

pub(crate) mod admit;
pub mod decode;
pub mod geojson;
pub mod quakeml;

use crate::reports::kind::{Kind, an_office};

/// See [`Kind`].
pub const KIND: Kind = Kind {
    path: "/v1/reports/earthquakes",
    topic: "earthquakes",
    media: &[
        ("application/json", |rim, body| decode::json(body, rim.declared())),
        ("application/geo+json", |_, body| geojson::collection(body)),
        ("application/xml", |_, body| quakeml::document(body)),
        ("text/xml", |_, body| quakeml::document(body)),
        ("application/vnd.quakeml+xml", |_, body| quakeml::document(body)),
    ],
    may: an_office,
};
