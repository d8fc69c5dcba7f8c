//! Which records a peer is given: what its entry in `exchange.toml` allows, narrowed by whoever exports.

use domain::city::City;
use domain::city::exchange::{Agencies, ITEM_KINDS, Peer};
use domain::ids::{AgencyId, ZoneId};
use domain::observation::Observation;
use domain::record::Record;
use domain::report::Report;
use domain::time::UtcMs;
use ingest::exchange::line::{OBSERVATION, observation_item, report_item};
use serde_json::Value;

/// What is chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Whose.
    pub agencies: Agencies,
    /// Of which kinds; empty: all.
    pub kinds: Vec<String>,
    /// Of which areas; empty: everywhere.
    pub areas: Vec<ZoneId>,
    /// Heard at this instant or later.
    pub since: Option<UtcMs>,
    /// Heard before this instant.
    pub until: Option<UtcMs>,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// It is none of what is chosen.
    No,
    /// It is, and the format cannot carry it.
    LeftOut,
    /// An item.
    Item {
        /// Whose.
        agency: AgencyId,
        /// Of which kind.
        kind: &'static str,
        /// When it was heard.
        heard: UtcMs,
        /// What it says.
        item: Value,
    },
}

/// Where something is.
enum Place<'a> {
    At(f64, f64),
    Zones(Vec<&'a str>),
    /// Nowhere in particular, as a storm or a message for all.
    Wide,
    Unknown,
}

impl Choice {
    /// All that a peer is given.
    pub fn of(peer: &Peer) -> Self {
        let (agencies, kinds, areas) = (&peer.gives, &peer.kinds, &peer.areas);
        Self {
            agencies: agencies.clone(),
            kinds: kinds.clone(),
            areas: areas.clone(),
            since: None,
            until: None,
        }
    }

    /// Narrowed. What the peer is not given cannot be asked for.
    ///
    /// # Errors
    /// What was asked for and may not be given, in words.
    pub fn narrowed(
        mut self,
        agencies: &[AgencyId],
        kinds: &[String],
        areas: &[ZoneId],
    ) -> Result<Self, String> {
        if let Some(agency) = agencies.iter().find(|agency| !self.agencies.holds(agency)) {
            return Err(format!("the peer is not given what is {agency}'s (exchange.toml, gives)"));
        }
        if !agencies.is_empty() {
            self.agencies = Agencies { all: false, named: agencies.to_vec() };
        }
        for kind in kinds {
            if !ITEM_KINDS.contains(&kind.as_str()) {
                return Err(format!("no kind {kind:?}; known: {}", ITEM_KINDS.join(", ")));
            }
            if !self.kinds.is_empty() && !self.kinds.contains(kind) {
                return Err(format!("the peer is not given {kind} (exchange.toml, kinds)"));
            }
        }
        if !kinds.is_empty() {
            self.kinds = kinds.to_vec();
        }
        if let Some(area) =
            areas.iter().find(|area| !self.areas.is_empty() && !self.areas.contains(area))
        {
            return Err(format!("the peer is not given the area {area} (exchange.toml, areas)"));
        }
        if !areas.is_empty() {
            self.areas = areas.to_vec();
        }
        Ok(self)
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }

    fn heard_then(&self, heard: UtcMs) -> bool {
        self.since.is_none_or(|since| heard >= since)
            && self.until.is_none_or(|until| heard < until)
    }

    /// What becomes of a record. `streams` says which number is which datastream.
    pub fn chosen(&self, city: &City, streams: &[(String, String)], record: &Record) -> Chosen {
        match record {
            Record::Observation { received, observation, .. } => {
                self.seen(city, streams, *received, observation)
            }
            Record::Report { received, agency, report, .. } => {
                let is_ours = self.agencies.holds(agency) && self.heard_then(*received);
                if !is_ours {
                    return Chosen::No;
                }
                let Some((kind, item)) = report_item(report) else {
                    return if self.kinds.is_empty() { Chosen::LeftOut } else { Chosen::No };
                };
                if !self.is_kind(kind) || !self.is_there(city, &place_of(city, report)) {
                    return Chosen::No;
                }
                Chosen::Item { agency: agency.clone(), kind, heard: *received, item }
            }
            _ => Chosen::No,
        }
    }

    fn seen(
        &self,
        city: &City,
        streams: &[(String, String)],
        heard: UtcMs,
        seen: &Observation,
    ) -> Chosen {
        let place = usize::try_from(seen.datastream.0).ok().and_then(|at| streams.get(at));
        let Some((station, property)) = place else { return Chosen::No };
        if !self.is_kind(OBSERVATION) || !self.heard_then(heard) {
            return Chosen::No;
        }
        // A station that the city no longer has belongs to nobody whom the peer could be given.
        let first = || city.stations.iter().find(|s| s.id.as_str() == station);
        let Some(at) = city.station_at(station, seen.t).or_else(first) else { return Chosen::No };
        if !self.agencies.holds(&at.agency) || !self.is_there(city, &Place::At(at.lon, at.lat)) {
            return Chosen::No;
        }
        let item = observation_item(station, property, seen);
        Chosen::Item { agency: at.agency.clone(), kind: OBSERVATION, heard, item }
    }

    fn is_there(&self, city: &City, place: &Place<'_>) -> bool {
        if self.areas.is_empty() {
            return true;
        }
        match place {
            Place::Wide => true,
            Place::Unknown => false,
            Place::At(lon, lat) => {
                let zones = city.zones_of(*lon, *lat);
                zones.iter().any(|zone| self.areas.contains(&zone.id))
            }
            Place::Zones(codes) => codes.iter().any(|code| self.holds_zone(city, code)),
        }
    }

    /// Whether a zone is one of the areas, or lies in one.
    fn holds_zone(&self, city: &City, code: &str) -> bool {
        let (mut code, mut steps) = (code.to_owned(), 0);
        loop {
            if self.areas.iter().any(|area| area.as_str() == code) {
                return true;
            }
            match city.zone(&code).and_then(|zone| zone.parent.as_ref()) {
                Some(parent) if steps < 8 => code = parent.to_string(),
                _ => return false,
            }
            steps += 1;
        }
    }
}

fn place_of<'a>(city: &'a City, report: &'a Report) -> Place<'a> {
    let hospital = |id: &str| city.hospitals.iter().find(|h| h.id.as_str() == id);
    let of_hospital =
        |id: &str| hospital(id).map_or(Place::Unknown, |at| Place::At(at.lon, at.lat));
    match report {
        Report::Unit(said) => match (said.lon, said.lat) {
            (Some(lon), Some(lat)) => Place::At(lon, lat),
            _ => {
                let unit = city.units.iter().find(|u| u.id == said.unit);
                unit.map_or(Place::Unknown, |at| Place::At(at.lon, at.lat))
            }
        },
        Report::Hospital(said) => of_hospital(said.hospital.as_str()),
        Report::Facility(said) => of_hospital(said.hospital.as_str()),
        Report::Signal(said) => Place::Zones(said.areas.iter().map(|z| z.as_str()).collect()),
        Report::Situation(said) => match said.place.point {
            Some((lon, lat)) => Place::At(lon, lat),
            None if !said.place.zones.is_empty() => {
                Place::Zones(said.place.zones.iter().map(|z| z.as_str()).collect())
            }
            None => match &said.located.zone {
                Some(zone) => Place::Zones(vec![zone.as_str()]),
                None => Place::Unknown,
            },
        },
        Report::Cases(said) => match hospital(&said.place) {
            Some(at) => Place::At(at.lon, at.lat),
            None => Place::Zones(vec![said.place.as_str()]),
        },
        Report::Warning(_) | Report::Earthquake(_) | Report::Track(_) => Place::Wide,
        Report::Attachment(_) => Place::Unknown,
    }
}
