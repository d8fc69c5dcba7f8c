//! What everyone asks a city: by id, as of an instant, and by place.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::about::About;
use super::{Agency, City, Datastream, Fallback, Hazard, Registry, Station, Zone, ZoneKind};
use crate::level::Levels;
use crate::property;
use crate::time::UtcMs;

/// A property as a city has it: a known one, or its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Property<'c> {
    /// The name on the wire.
    pub name: &'c str,
    /// UCUM.
    pub unit: &'c str,
    /// Whether a value belongs to the interval that ends at its time.
    pub interval: bool,
    /// Least and greatest value that can be true anywhere.
    pub plausible: (f64, f64),
    /// 中文 name.
    pub name_zh: &'c str,
}

impl About {
    /// A property by its name: the city's own declaration first, then the known ones.
    pub fn property(&self, name: &str) -> Option<Property<'_>> {
        if let Some(own) = self.properties.iter().find(|p| p.name == name) {
            return Some(Property {
                name: &own.name,
                unit: &own.unit,
                interval: own.interval,
                plausible: (own.min, own.max),
                name_zh: &own.name_zh,
            });
        }
        property::find(name).map(|known| Property {
            name: known.name,
            unit: known.unit,
            interval: known.interval,
            plausible: known.plausible,
            name_zh: known.name_zh,
        })
    }
}

/// Positions in the lists of a [`City`]; epochs sorted by `valid_from`.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    zones: BTreeMap<String, usize>,
    stations: BTreeMap<String, Vec<usize>>,
    /// Sorted by station, property and time, and so searched.
    datastreams: Vec<usize>,
    agencies: BTreeMap<String, usize>,
    areas: gis::AreaIndex,
}

impl Index {
    pub(super) fn of(city: &City) -> Self {
        let outlines = city.zones.iter().map(|zone| zone.outline.clone()).collect();
        let mut index = Self { areas: gis::AreaIndex::new(outlines), ..Self::default() };
        for (at, zone) in city.zones.iter().enumerate() {
            index.zones.insert(zone.id.to_string(), at);
        }
        for (at, station) in city.stations.iter().enumerate() {
            index.stations.entry(station.id.to_string()).or_default().push(at);
        }
        index.datastreams = (0..city.datastreams.len()).collect();
        index.datastreams.sort_by_key(|at| {
            city.datastreams
                .get(*at)
                .map(|d| (d.station.as_str(), d.property.as_str(), d.valid_from))
        });
        for (at, agency) in city.agencies.iter().enumerate() {
            index.agencies.insert(agency.id.to_string(), at);
        }
        for epochs in index.stations.values_mut() {
            epochs.sort_by_key(|at| city.stations.get(*at).map(|s| s.valid_from));
        }
        index
    }
}

/// The last of `epochs` (sorted by time) that began at or before `t`.
fn as_of<'l, T>(
    epochs: &[usize],
    list: &'l [T],
    t: UtcMs,
    from: impl Fn(&T) -> UtcMs,
) -> Option<&'l T> {
    let began = epochs.partition_point(|at| list.get(*at).is_some_and(|x| from(x) <= t));
    epochs.get(began.checked_sub(1)?).and_then(|at| list.get(*at))
}

impl City {
    /// The zone of an id.
    pub fn zone(&self, id: &str) -> Option<&Zone> {
        self.zones.get(*self.index.zones.get(id)?)
    }

    /// Who speaks for a datastream that is not heard, in order of preference.
    pub fn fallbacks_of<'a>(
        &'a self,
        station: &'a str,
        property: &'a str,
    ) -> impl Iterator<Item = &'a Fallback> {
        let of_it = move |f: &&Fallback| f.station.as_str() == station && f.property == property;
        self.fallbacks.iter().filter(of_it)
    }

    /// The agency of an id.
    pub fn agency(&self, id: &str) -> Option<&Agency> {
        self.agencies.get(*self.index.agencies.get(id)?)
    }

    /// The station as it was at `t` (event time); `None` before its first epoch.
    pub fn station_at(&self, id: &str, t: UtcMs) -> Option<&Station> {
        as_of(self.index.stations.get(id)?, &self.stations, t, |s| s.valid_from)
    }

    /// The epochs of a station, oldest first.
    pub fn epochs_of(&self, station: &str) -> impl Iterator<Item = &Station> {
        let rows = self.index.stations.get(station).into_iter().flatten();
        rows.filter_map(|at| self.stations.get(*at))
    }

    /// Every station as it is at `t`, in order of id; one whose first epoch begins later, as it will
    /// be then.
    pub fn stations_at(&self, t: UtcMs) -> impl Iterator<Item = &Station> {
        let rows = move |id: &String| self.station_at(id, t).or_else(|| self.epochs_of(id).next());
        self.index.stations.keys().filter_map(rows)
    }

    /// Whether a station of this id ever was.
    pub fn has_station(&self, id: &str) -> bool {
        self.index.stations.contains_key(id)
    }

    /// The datastream as it was at `t` (event time); `None` before its first epoch.
    pub fn datastream_at(&self, station: &str, property: &str, t: UtcMs) -> Option<&Datastream> {
        let epochs = self
            .streams_by(|d| (d.station.as_str(), d.property.as_str()).cmp(&(station, property)));
        as_of(epochs, &self.datastreams, t, |d| d.valid_from)
    }

    /// The stretch of the sorted datastreams that are equal in what `order` looks at.
    fn streams_by(&self, order: impl Fn(&Datastream) -> Ordering) -> &[usize] {
        let list = &self.index.datastreams;
        let is = |at: &usize| self.datastreams.get(*at).map_or(Ordering::Less, &order);
        let from = list.partition_point(|at| is(at) == Ordering::Less);
        let list = list.get(from..).unwrap_or_default();
        list.get(..list.partition_point(|at| is(at) == Ordering::Equal)).unwrap_or_default()
    }

    /// The properties that a station measures at any time, in order of name.
    pub fn properties_of(&self, station: &str) -> impl Iterator<Item = &str> {
        let all = self.streams_by(|d| d.station.as_str().cmp(station));
        let same = |a: &usize, b: &usize| self.property_of(*a) == self.property_of(*b);
        all.chunk_by(same).filter_map(|epochs| self.property_of(*epochs.first()?))
    }

    fn property_of(&self, at: usize) -> Option<&str> {
        self.datastreams.get(at).map(|d| d.property.as_str())
    }

    /// A property: the city's own or a known one.
    pub fn property(&self, name: &str) -> Option<Property<'_>> {
        self.about.property(name)
    }

    /// The city's levels, lowest first.
    pub fn levels(&self) -> &Levels {
        &self.about.levels
    }

    /// The ids of all stations of all epochs, in order of id.
    pub fn station_ids(&self) -> impl Iterator<Item = &str> {
        self.index.stations.keys().map(String::as_str)
    }

    /// Of every hazard the newest epoch that holds at `t` (event time), in order of name.
    pub fn hazards_at(&self, t: UtcMs) -> Vec<&Hazard> {
        let mut newest: BTreeMap<&str, &Hazard> = BTreeMap::new();
        for hazard in self.hazards.iter().filter(|h| h.valid_from <= t) {
            let held = newest.entry(&hazard.name).or_insert(hazard);
            if hazard.valid_from > held.valid_from {
                *held = hazard;
            }
        }
        newest.into_values().collect()
    }

    /// The zones that contain a point (borders included): city, district, township, each in order of
    /// id; empty where the numbers are no position.
    pub fn zones_of(&self, lon: f64, lat: f64) -> Vec<&Zone> {
        let Ok(at) = gis::Position::new(lon, lat) else { return Vec::new() };
        let within = self.index.areas.containing(at);
        let mut zones: Vec<&Zone> = within.iter().filter_map(|n| self.zones.get(*n)).collect();
        zones.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        zones
    }

    /// The zone of one kind that contains a point; on a common border the first by id.
    pub fn zone_of(&self, kind: ZoneKind, lon: f64, lat: f64) -> Option<&Zone> {
        self.zones_of(lon, lat).into_iter().find(|z| z.kind == kind)
    }

    /// The registry of datastreams: the rows of an earlier configuration keep their numbers, new
    /// ones of this city are appended in file order.
    pub fn registry(&self, earlier: &[(String, String)]) -> Registry {
        let mut registry = Registry::continued(earlier);
        for stream in &self.datastreams {
            registry.number(stream.station.as_str(), &stream.property);
        }
        registry
    }
}
