//! The town that is told about: gauges under load, streets with holds, an agency that falls silent.

use std::path::{Path, PathBuf};

use system_tests::town::Town;

/// Gauges under load; their alerts have no holds.
pub(crate) const STATIONS: usize = 12;
pub(crate) const YELLOW: f64 = 30.0;
pub(crate) const RED: f64 = 300.0;
/// Streets whose alerts are raised and cleared only after five minutes.
pub(crate) const STREETS: usize = 4;
pub(crate) const FLOODED_CM: f64 = 40.0;
/// Stations of the agency that falls silent, each heard once a minute.
pub(crate) const METRO: usize = 8;
pub(crate) const MINUTE_MS: i64 = 60_000;
/// A step of the story: longer than the holds, and than the three intervals of a silence.
pub(crate) const STEP_MINUTES: usize = 9;
/// Longer than all of a run: who is not part of the story is not silent.
pub(crate) const DAY_S: u32 = 86_400;

/// The id of a gauge.
pub(crate) fn gauge(number: usize) -> String {
    format!("D{number:02}")
}

/// Writes the town's folder.
pub(crate) fn town(folder: &Path) -> PathBuf {
    let mut town = Town::new()
        .hazard("discharge", &[("yellow", YELLOW, None), ("red", RED, None)])
        .file(
            "hazards/ponding.toml",
            "hazard = \"ponding\"\nsource = \"city policy\"\nraise_hold_s = 300\n\
             clear_hold_s = 300\n[[threshold]]\nlevel = \"orange\"\nat_least = 30.0\n",
        )
        .file(
            "agencies.toml",
            "[[agency]]\nid = \"hydro\"\nname = \"水文(虚构)\"\n\
             [[agency]]\nid = \"metro\"\nname = \"地铁(虚构)\"\n",
        )
        .station("K0", &[("battery", DAY_S)]);
    for number in 0..STATIONS {
        town = town.station(&gauge(number), &[("discharge", DAY_S)]);
    }
    for number in 0..STREETS {
        town = town.station(&format!("P{number}"), &[("ponding_depth", DAY_S)]);
    }
    for number in 0..METRO {
        town = town.station_of("metro", &format!("M{number}"), &[("battery", 60)]);
    }
    town.write(folder)
}
