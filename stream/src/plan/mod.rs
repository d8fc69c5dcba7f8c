//! The plan: a city's files, compiled for the engine. Numbers for names, rules per place and epoch.
//!
//! Configuration comes in by the journal only. A later configuration continues the numbers of the one
//! before it (stations, hazards, datastreams are appended, never renumbered) and overrides it from
//! its `holds_from` on; what held before still holds for earlier instants.

mod build;
mod rules;

use std::sync::Arc;

use domain::city::{City, HazardKind};
use domain::time::SECOND_MS;

pub use rules::{Calm, Criterion, Measure, Refused, RefusedBecause, Rules, Window};

/// A compiled configuration.
#[derive(Debug)]
pub struct Plan {
    /// Its number, counted from 0 in the order of the journal.
    pub number: u32,
    /// The city it is made of.
    pub city: Arc<City>,
    /// From when it holds, event time, ms.
    pub holds_from: i64,
    /// By [`domain::ids::DatastreamIx`].
    pub streams: Vec<Stream>,
    /// Stations, in order of first appearance in the registry.
    pub stations: Vec<Station>,
    /// Agencies, in order of first appearance.
    pub agencies: Vec<String>,
    /// Hazards by name, in order of first appearance.
    pub lines: Vec<Line>,
    /// Zones: number is position.
    pub zones: Vec<String>,
    /// Thresholds that cannot be applied, with the reason: shown, counted, never silently dropped.
    pub refused: Vec<Refused>,
}

/// One datastream.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Number of its station.
    pub station: u32,
    /// Property's name.
    pub property: String,
    /// `(valid from, expected interval in ms)`, oldest first; empty: not in the city's files.
    pub intervals: Vec<(i64, i64)>,
    /// Whether the city's files still name it.
    pub named: bool,
    /// Whether others may speak for it: what is filled in is theirs, and no sign of its own.
    pub spoken_for: bool,
}

impl Stream {
    /// The expected interval as of an instant, ms.
    #[inline]
    pub fn interval_ms(&self, at: i64) -> Option<i64> {
        as_of(&self.intervals, at).copied()
    }
}

/// One station.
#[derive(Debug, Clone)]
pub struct Station {
    /// Its id.
    pub id: String,
    /// Whose it is and where it stands, by epoch, oldest first; empty where the city's files have
    /// never known it.
    pub stands: Vec<(i64, Stand)>,
    /// Its datastreams.
    pub streams: Vec<u32>,
}

/// One epoch of a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Number of its agency.
    pub agency: u32,
    /// The zones that it lies in and their parents, by number.
    pub zones: Vec<u32>,
}

impl Station {
    /// Number of its agency as of an instant; `u32::MAX` where the city's files know none.
    pub fn agency_at(&self, at: i64) -> u32 {
        as_of(&self.stands, at).map_or(u32::MAX, |stand| stand.agency)
    }
    /// The zones that it lies in as of an instant.
    pub fn zones_at(&self, at: i64) -> &[u32] {
        as_of(&self.stands, at).map_or(&[], |stand| &stand.zones)
    }
}

/// One hazard by name, over all its epochs.
#[derive(Debug)]
pub struct Line {
    /// Name in the log.
    pub name: String,
    /// Which model judges.
    pub kind: HazardKind,
    /// The properties it looks at.
    pub properties: Vec<String>,
    /// Its rules where no station is named, by epoch.
    pub general: Vec<(i64, Arc<Rules>)>,
    /// Its places, ordered by station number.
    pub places: Vec<PlacePlan>,
}

impl Line {
    /// The rules in force, for what is the same at every place: step and lateness.
    pub fn general_at(&self, at: i64) -> Option<&Arc<Rules>> {
        as_of(&self.general, at)
    }
    /// The place at a station.
    pub fn place(&self, station: u32) -> Option<&PlacePlan> {
        let at = self.places.binary_search_by_key(&station, |place| place.station).ok()?;
        self.places.get(at)
    }
}

/// One hazard at one station.
#[derive(Debug, Clone)]
pub struct PlacePlan {
    /// The station's number.
    pub station: u32,
    /// Its datastreams, in the order of [`Line::properties`].
    pub streams: Vec<Option<u32>>,
    /// Its rules by epoch, oldest first; never empty.
    pub timeline: Vec<(i64, Arc<Rules>)>,
}

impl PlacePlan {
    /// The rules as of an instant, and until when they hold.
    pub fn rules_at(&self, at: i64) -> Option<(&Arc<Rules>, i64)> {
        let next = self.timeline.partition_point(|(from, _)| *from <= at).max(1);
        let until = self.timeline.get(next).map_or(i64::MAX, |(from, _)| *from);
        self.timeline.get(next - 1).map(|(_, rules)| (rules, until))
    }
}

/// The entry in force at an instant; before the first, the first.
pub fn as_of<T>(timeline: &[(i64, T)], at: i64) -> Option<&T> {
    let next = timeline.partition_point(|(from, _)| *from <= at).max(1);
    timeline.get(next - 1).map(|(_, entry)| entry)
}

impl Plan {
    /// After how many expected intervals without a frame a datastream is silent.
    pub fn silent_after(&self) -> i64 {
        i64::from(self.city.about.silent_after_intervals.max(1))
    }
    /// How far ahead of now a frame may be dated, ms.
    pub fn tolerance_ms(&self) -> i64 {
        i64::from(self.city.about.future_tolerance_s) * SECOND_MS
    }
    /// For how long a value of a datastream speaks, ms, as of an instant: so many expected intervals.
    #[inline]
    pub fn fresh_ms(&self, stream: u32, at: i64) -> i64 {
        let interval = self.streams.get(stream as usize).and_then(|s| s.interval_ms(at));
        interval.map_or(i64::MAX, |ms| ms.saturating_mul(self.silent_after()))
    }
    /// The first instant after `now` from which another interval holds for a datastream, or a station
    /// is another's.
    pub fn next_epoch(&self, now: i64) -> i64 {
        let intervals = self.streams.iter().flat_map(|stream| &stream.intervals);
        let stands = self.stations.iter().flat_map(|station| &station.stands);
        let epochs = intervals.map(|(from, _)| *from).chain(stands.map(|(from, _)| *from));
        epochs.filter(|from| *from > now).min().unwrap_or(i64::MAX)
    }
    /// Number of a hazard by name.
    pub fn line(&self, name: &str) -> Option<u16> {
        let at = self.lines.iter().position(|line| line.name == name)?;
        u16::try_from(at).ok()
    }
    /// Number of a station by id.
    pub fn station(&self, id: &str) -> Option<u32> {
        let at = self.stations.iter().position(|station| station.id == id)?;
        u32::try_from(at).ok()
    }
    /// Number of a zone by id.
    pub fn zone(&self, id: &str) -> Option<u32> {
        u32::try_from(self.zones.iter().position(|zone| zone == id)?).ok()
    }
    /// `station:property` of a datastream.
    pub fn stream_name(&self, stream: u32) -> Option<(&str, &str)> {
        let stream = self.streams.get(stream as usize)?;
        let station = self.stations.get(stream.station as usize)?;
        Some((&station.id, &stream.property))
    }
}
