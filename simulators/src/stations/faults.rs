//! What befalls stations: power cuts and the scenario's injects.

use std::collections::BTreeSet;

use domain::city::City;

use super::{Frame, Stream};
use crate::scenario::{Inject, InjectKind, PowerCut, Scenario};
use crate::world::Chance;

/// The faults of a run.
pub struct Faults {
    injects: Vec<Inject>,
    cuts: Vec<(PowerCut, BTreeSet<String>)>,
}

impl Faults {
    /// Of a scenario over a city.
    pub fn new(scenario: &Scenario, city: &City, chance: Chance) -> Self {
        let cuts = scenario.power_cuts.iter().map(|cut| (cut.clone(), dark(cut, city, chance)));
        Self { injects: scenario.injects.clone(), cuts: cuts.collect() }
    }

    fn at(&self, h: f64) -> impl Iterator<Item = &InjectKind> {
        self.injects.iter().filter(move |i| i.from_h <= h && h < i.to_h).map(|i| &i.what)
    }

    /// Whether nothing of a datastream arrives at an hour.
    pub(super) fn silent(&self, stream: &Stream, h: f64) -> bool {
        let cut = self.cuts.iter().any(|(cut, stations)| {
            cut.from_h <= h && h < cut.to_h && stations.contains(&stream.station)
        });
        cut || self.at(h).any(|what| match what {
            InjectKind::AgencyOutage { agency } => agency.as_str() == stream.agency,
            InjectKind::Silent { stations } => {
                stations.iter().any(|s| s.as_str() == stream.station)
            }
            _ => false,
        })
    }

    /// The hour until which the datastream's frames of hour `h` are kept back.
    pub(super) fn kept_until(&self, stream: &Stream, h: f64) -> Option<f64> {
        self.at(h).find_map(|what| match what {
            InjectKind::BackFill { stations, delivered_h }
                if stations.iter().any(|s| s.as_str() == stream.station) =>
            {
                Some(*delivered_h)
            }
            _ => None,
        })
    }

    /// Makes a frame say what a broken instrument says.
    pub(super) fn distort(&self, stream: &Stream, h: f64, frame: &mut Frame) {
        for what in self.at(h) {
            match what {
                InjectKind::Stuck { station, property, value }
                    if station.as_str() == stream.station && *property == stream.property =>
                {
                    frame.value = *value;
                }
                InjectKind::ClockAhead { station, seconds }
                    if station.as_str() == stream.station =>
                {
                    frame.t = frame.t.plus_ms(seconds.saturating_mul(1_000));
                }
                _ => {}
            }
        }
    }
}

/// The stations that a power cut takes.
fn dark(cut: &PowerCut, city: &City, chance: Chance) -> BTreeSet<String> {
    let within = city.stations.iter().filter(|s| {
        let (x, y) = crate::world::offset_km((cut.lon, cut.lat), (s.lon, s.lat));
        x.hypot(y) <= cut.radius_km
    });
    let taken = within.filter(|s| chance.of(&cut.name).of(s.id.as_str()).happens(cut.share));
    taken.map(|s| s.id.to_string()).collect()
}
