//! From a city to a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::city::{City, Hazard};
use domain::time::SECOND_MS;

use super::{Line, PlacePlan, Plan, Refused, Rules, Stand, Station, Stream, as_of};
use crate::hazards::{Model, Site};
use crate::watch::place::NEVER;

impl Plan {
    /// Compiles a city. `rows` is the registry: `(station, property)` by datastream number;
    /// `before` the plan that held until now.
    pub fn compile(
        city: Arc<City>,
        rows: &[(String, String)],
        holds_from: i64,
        before: Option<&Plan>,
    ) -> Self {
        let mut plan = Plan {
            number: before.map_or(0, |b| b.number + 1),
            holds_from,
            streams: Vec::with_capacity(rows.len()),
            stations: before.map_or_else(Vec::new, |b| b.stations.clone()),
            agencies: before.map_or_else(Vec::new, |b| b.agencies.clone()),
            zones: before.map_or_else(Vec::new, |b| b.zones.clone()),
            lines: Vec::new(),
            refused: Vec::new(),
            city,
        };
        plan.number_stations(rows);
        plan.number_streams(rows, before);
        plan.locate();
        plan.lines(before);
        plan
    }

    fn number_stations(&mut self, rows: &[(String, String)]) {
        let mut known: BTreeMap<String, ()> =
            self.stations.iter().map(|s| (s.id.clone(), ())).collect();
        for (station, _) in rows {
            if known.insert(station.clone(), ()).is_none() {
                self.stations.push(Station {
                    id: station.clone(),
                    stands: Vec::new(),
                    streams: Vec::new(),
                });
            }
        }
    }

    fn number_streams(&mut self, rows: &[(String, String)], before: Option<&Plan>) {
        let numbers: BTreeMap<&str, u32> =
            self.stations.iter().zip(0u32..).map(|(s, n)| (s.id.as_str(), n)).collect();
        let mut intervals: BTreeMap<(&str, &str), Vec<(i64, i64)>> = BTreeMap::new();
        for row in &self.city.datastreams {
            let key = (row.station.as_str(), row.property.as_str());
            let interval_ms = i64::from(row.interval_s.max(1)) * SECOND_MS;
            intervals.entry(key).or_default().push((row.valid_from.0, interval_ms));
        }
        let mut streams = Vec::with_capacity(rows.len());
        for (at, (station, property)) in rows.iter().enumerate() {
            let mut epochs = intervals.remove(&(station.as_str(), property.as_str()));
            if let Some(epochs) = &mut epochs {
                epochs.sort_by_key(|(from, _)| *from);
            }
            let named = epochs.is_some();
            let earlier = before.and_then(|b| b.streams.get(at)).map(|s| s.intervals.clone());
            let merged =
                merge(earlier.unwrap_or_default(), epochs.unwrap_or_default(), self.holds_from);
            streams.push(Stream {
                station: numbers.get(station.as_str()).copied().unwrap_or(u32::MAX),
                property: property.clone(),
                intervals: merged,
                named,
                spoken_for: self.city.fallbacks_of(station.as_str(), property).next().is_some(),
            });
        }
        self.streams = streams;
        for station in &mut self.stations {
            station.streams.clear();
        }
        for (stream, number) in self.streams.iter().zip(0u32..) {
            if let Some(station) = self.stations.get_mut(stream.station as usize) {
                station.streams.push(number);
            }
        }
    }

    /// Agencies and zones of the stations.
    fn locate(&mut self) {
        for zone in &self.city.zones {
            if !self.zones.iter().any(|id| id == zone.id.as_str()) {
                self.zones.push(zone.id.as_str().to_owned());
            }
        }
        let number: BTreeMap<&str, u32> =
            self.zones.iter().zip(0u32..).map(|(id, n)| (id.as_str(), n)).collect();
        let parents: BTreeMap<&str, Option<&str>> = self
            .city
            .zones
            .iter()
            .map(|z| (z.id.as_str(), z.parent.as_ref().map(|p| p.as_str())))
            .collect();
        let (city, agencies) = (&self.city, &mut self.agencies);
        for station in &mut self.stations {
            let mut stands: Vec<(i64, Stand)> = Vec::new();
            for row in city.epochs_of(&station.id) {
                let name = row.agency.as_str();
                let agency = agencies.iter().position(|a| a == name).unwrap_or_else(|| {
                    agencies.push(name.to_owned());
                    agencies.len() - 1
                });
                let agency = u32::try_from(agency).unwrap_or(u32::MAX);
                let zones = inside(city, row, &number, &parents);
                let stand = Stand { agency, zones };
                if !stands.last().is_some_and(|(_, had)| *had == stand) {
                    stands.push((row.valid_from.0, stand));
                }
            }
            if !stands.is_empty() {
                station.stands = stands;
            }
        }
    }

    fn lines(&mut self, before: Option<&Plan>) {
        let mut names: Vec<String> =
            before.map_or_else(Vec::new, |b| b.lines.iter().map(|l| l.name.clone()).collect());
        for hazard in &self.city.hazards {
            if !names.contains(&hazard.name) {
                names.push(hazard.name.clone());
            }
        }
        for name in names {
            let mut epochs: Vec<Arc<Hazard>> = self
                .city
                .hazards
                .iter()
                .filter(|h| h.name == name)
                .cloned()
                .map(Arc::new)
                .collect();
            epochs.sort_by_key(|h| h.valid_from);
            let earlier = before.and_then(|b| b.lines.iter().find(|l| l.name == name));
            let line = self.one_line(&name, &epochs, earlier);
            self.lines.push(line);
        }
    }

    fn one_line(&mut self, name: &str, epochs: &[Arc<Hazard>], earlier: Option<&Line>) -> Line {
        let kind = epochs.last().map(|h| h.kind).or(earlier.map(|l| l.kind));
        let kind = kind.unwrap_or(domain::city::HazardKind::Rainfall);
        let mut properties = earlier.map_or_else(Vec::new, |l| l.properties.clone());
        for threshold in epochs.iter().flat_map(|h| &h.thresholds) {
            if !properties.contains(&threshold.property) {
                properties.push(threshold.property.clone());
            }
        }
        let general = epochs.iter().map(|h| {
            let (rules, _) = Model::of(h.kind).rules(h, &properties, None);
            (h.valid_from.0, Arc::new(rules))
        });
        let general: Vec<_> = general.collect();
        let mut places = Vec::new();
        for station in 0..self.stations.len() {
            let number = u32::try_from(station).unwrap_or(u32::MAX);
            let was = earlier.and_then(|l| l.place(number));
            places.extend(self.one_place(number, epochs, &properties, (&general, was)));
        }
        let from = self.holds_from;
        let general = merge(earlier.map_or_else(Vec::new, |l| l.general.clone()), general, from);
        Line { name: name.to_owned(), kind, properties, general, places }
    }

    fn one_place(
        &mut self,
        number: u32,
        epochs: &[Arc<Hazard>],
        properties: &[String],
        (general, was): (&[(i64, Arc<Rules>)], Option<&PlacePlan>),
    ) -> Option<PlacePlan> {
        // Withdrawn: no file names the hazard any more.
        if epochs.is_empty() {
            return None;
        }
        let station = self.stations.get(number as usize)?;
        let stream_of = |property: &String| {
            let same = |n: &&u32| {
                self.streams.get(**n as usize).is_some_and(|s| s.named && s.property == *property)
            };
            station.streams.iter().find(same).copied()
        };
        let streams: Vec<Option<u32>> = properties.iter().map(stream_of).collect();
        if streams.iter().all(Option::is_none) {
            return None;
        }
        let measured =
            |property: u8| streams.get(usize::from(property)).is_some_and(Option::is_some);
        let mut sites = Site::epochs(&self.city, &station.id);
        if sites.is_empty() {
            sites.push((NEVER, Site::unknown(&station.id)));
        }
        let mut timeline = Vec::new();
        let mut refused = Vec::new();
        let until = general.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX]);
        for ((epoch, (from, shared)), until) in epochs.iter().zip(general).zip(until) {
            // A datum that changes while these thresholds hold makes other numbers of them.
            let changes = sites.iter().map(|(at, _)| *at).filter(|at| from < at && *at < until);
            for at in [*from].into_iter().chain(changes) {
                let Some(site) = as_of(&sites, at).filter(|site| !site.is_plain(epoch)) else {
                    if at == *from {
                        timeline.push((at, shared.clone()));
                    }
                    continue;
                };
                let (rules, faults) = Model::of(epoch.kind).rules(epoch, properties, Some(site));
                refused.extend(faults.into_iter().map(|(threshold, because)| Refused {
                    hazard: epoch.name.clone(),
                    station: station.id.clone(),
                    threshold,
                    because,
                }));
                timeline.push((at, Arc::new(rules)));
            }
        }
        let earlier = was.map_or_else(Vec::new, |p| p.timeline.clone());
        let timeline = merge(earlier, timeline, self.holds_from);
        self.refused.extend(refused);
        // A station that measures none of what its thresholds ask for is not a place of this hazard.
        let judged = timeline.iter().any(|(_, r)| r.criteria.iter().any(|c| measured(c.property)));
        judged.then_some(PlacePlan { station: number, streams, timeline })
    }
}

/// The zones in which a station's epoch stands and their parents, by number.
fn inside(
    city: &City,
    row: &domain::city::Station,
    number: &BTreeMap<&str, u32>,
    parents: &BTreeMap<&str, Option<&str>>,
) -> Vec<u32> {
    let mut inside: Vec<u32> = Vec::new();
    for zone in city.zones_of(row.lon, row.lat) {
        let mut next = Some(zone.id.as_str());
        // A chain of parents is as long as the zones at most: a circle ends.
        for _ in 0..city.zones.len() {
            let Some(id) = next else { break };
            let Some(n) = number.get(id) else { break };
            if inside.contains(n) {
                break;
            }
            inside.push(*n);
            next = parents.get(id).copied().flatten();
        }
    }
    inside.sort_unstable();
    inside
}

/// What held before `from` stays; from then on the new entries hold.
fn merge<T: Clone>(earlier: Vec<(i64, T)>, new: Vec<(i64, T)>, from: i64) -> Vec<(i64, T)> {
    if earlier.is_empty() {
        return new;
    }
    let mut merged: Vec<(i64, T)> = earlier.into_iter().filter(|(at, _)| *at < from).collect();
    let next = new.partition_point(|(at, _)| *at <= from).max(1);
    if let Some((_, entry)) = new.get(next - 1) {
        merged.push((from, entry.clone()));
    }
    merged.extend(new.into_iter().skip(next));
    merged
}
