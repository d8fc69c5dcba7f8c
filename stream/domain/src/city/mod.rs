//! A city: the place, its instruments, its people, its rules. A folder of plain files that a user
//! writes; here it is data. [`City::read`] takes the files' contents (no I/O) and gives a checked
//! city, or every error with file, line and reason.

//!
//! Each file of the folder has a module here, with its types and its reader: [`about`] (`city.toml`),
//! [`zones`], [`stations`], [`datastreams`], [`exposure`], [`hazards`], [`plans`], [`places`] (units,
//! hospitals, shelters), [`gazetteer`] (names of places; [`address`] finds them), [`agencies`] (and the roster). The format, for who writes a city, is in the
//! README beside this file.

use std::collections::BTreeMap;

use serde::Serialize;

pub mod about;
pub mod address;
pub mod agencies;
pub mod cameras;
pub mod cap;
pub mod cot;
pub mod datastreams;
mod diseases;
pub mod exchange;
pub mod exposure;
mod faults;
pub mod gazetteer;
pub mod hazards;
mod page;
pub mod places;
pub mod plans;
pub mod quality;
mod queries;
mod read;
mod registry;
mod scaffold;
mod sheet;
pub mod stations;
pub mod telemetry;
#[cfg(test)]
mod tests;
pub mod zones;

pub use about::{About, MapView, Ports};
pub use address::AddressBook;
pub use agencies::{Agency, RosterEntry};
pub use cameras::Camera;
pub use cap::{Cap, CapFeed};
pub use cot::Cot;
pub use datastreams::Datastream;
pub use exchange::{Exchange, Peer};
pub use exposure::{Exposure, ExposurePlace};
pub use gazetteer::{NamedKind, NamedPlace};
pub use hazards::{Hazard, HazardKind, Spread, Threshold};
pub use places::{Hospital, Shelter, Unit};
pub use plans::{Measure, Plan};
pub use quality::{Fallback, Neighbours};
pub use queries::Property;
pub use read::{hash, is_city_file};
pub use registry::Registry;
pub use stations::Station;
pub use telemetry::{Sl651, Sl651Answer};
pub use zones::{Zone, ZoneKind};

/// Words of the topics (`fh/v1/…`), which no agency, station or property may be called.
pub const RESERVED_WORDS: [&str; 5] = ["obs", "rejected", "tasks", "report", "units"];

/// The files of a city's folder: path within it (`hazards/rainfall.toml`), content. Ordered.
pub type CityFiles = BTreeMap<String, Vec<u8>>;

/// One error of a city's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{file}{}: {reason}", place(*line, *column))]
pub struct CityError {
    /// The file.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<u32>,
    /// Where one is known: of CSV the number of the cell, of TOML the character of the line that the
    /// key begins at; counted from 1.
    pub column: Option<u32>,
    /// What is wrong and what would be right.
    pub reason: String,
}

fn place(line: Option<u32>, column: Option<u32>) -> String {
    let number = |n: Option<u32>| n.map(|n| format!(":{n}")).unwrap_or_default();
    number(line) + &number(line.and(column))
}

/// A checked city.
#[derive(Debug, Clone)]
pub struct City {
    /// `city.toml`.
    pub about: About,
    /// `zones.geojson`, in file order.
    pub zones: Vec<Zone>,
    /// `stations.csv`, all epochs, in file order.
    pub stations: Vec<Station>,
    /// `datastreams.csv`, in file order. The position is *not* the [`DatastreamIx`](crate::ids::DatastreamIx): see [`Registry`].
    pub datastreams: Vec<Datastream>,
    /// `exposure/*`.
    pub exposure: Vec<Exposure>,
    /// `hazards/*.toml`, in order of file name.
    pub hazards: Vec<Hazard>,
    /// `plans/*.toml`.
    pub plans: Vec<Plan>,
    /// `units.csv`.
    pub units: Vec<Unit>,
    /// `hospitals.csv`.
    pub hospitals: Vec<Hospital>,
    /// `cameras.csv`.
    pub cameras: Vec<Camera>,
    /// What is counted: the list that is built in, with `diseases.csv` over it.
    pub diseases: Vec<crate::cases::Disease>,
    /// `shelters.csv`.
    pub shelters: Vec<Shelter>,
    /// `gazetteer.csv`.
    pub gazetteer: Vec<NamedPlace>,
    /// `agencies.toml`.
    pub agencies: Vec<Agency>,
    /// `roster.toml`.
    pub roster: Vec<RosterEntry>,
    /// `cap/`: certificates and feeds of warnings.
    pub cap: Cap,
    /// `exchange.toml`: with whom files are exchanged across a gap between networks.
    pub exchange: Exchange,
    /// `quality.toml`: how values are compared with their neighbours'.
    pub neighbours: Vec<Neighbours>,
    /// `quality.toml`: who speaks for a gauge that is not heard, in order of preference.
    pub fallbacks: Vec<Fallback>,
    /// Finds things by id; see the methods of [`City`].
    index: queries::Index,
}
