//! The example city that `fenghuo init` writes: small, commented, fictional, and it runs.

use super::{City, CityFiles};

const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("README.md")),
    ("agencies.toml", include_str!("scaffold/agencies.toml")),
    ("cameras.csv", include_str!("scaffold/cameras.csv")),
    ("cap/feeds.toml", include_str!("scaffold/cap/feeds.toml")),
    ("city.toml", include_str!("scaffold/city.toml")),
    ("datastreams.csv", include_str!("scaffold/datastreams.csv")),
    ("diseases.csv", include_str!("scaffold/diseases.csv")),
    ("exchange.toml", include_str!("scaffold/exchange.toml")),
    ("exposure/places.csv", include_str!("scaffold/exposure/places.csv")),
    ("gazetteer.csv", include_str!("scaffold/gazetteer.csv")),
    ("hazards/rainfall.toml", include_str!("scaffold/hazards/rainfall.toml")),
    ("hazards/river_stage.toml", include_str!("scaffold/hazards/river_stage.toml")),
    ("hospitals.csv", include_str!("scaffold/hospitals.csv")),
    ("plans/flood.toml", include_str!("scaffold/plans/flood.toml")),
    ("quality.toml", include_str!("scaffold/quality.toml")),
    ("roster.toml", include_str!("scaffold/roster.toml")),
    ("shelters.csv", include_str!("scaffold/shelters.csv")),
    ("stations.csv", include_str!("scaffold/stations.csv")),
    ("units.csv", include_str!("scaffold/units.csv")),
    ("zones.geojson", include_str!("scaffold/zones.geojson")),
];

impl City {
    /// The files of the example city, with the description of the format beside them.
    pub fn scaffold() -> CityFiles {
        FILES.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }
}
