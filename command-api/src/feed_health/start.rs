//! What an agency's getting-started page is filled with: its own names, as they are registered, and
//! the doors as they are listened on.

use std::collections::BTreeMap;

use contract::views::{PolledFeed, StartName, StartUnit, StartView, TelemetryStation};
use domain::city::{City, ZoneKind};

use super::Sight;

/// Of one agency; nothing where there is none of this id.
pub fn start(city: &City, sight: &dyn Sight, agency: &str) -> Option<StartView> {
    let own = city.agencies.iter().find(|a| a.id.as_str() == agency)?;
    let hospitals = city.hospitals.iter().filter(|h| h.agency == own.id);
    let cameras = city.cameras.iter().filter(|c| c.agency == own.id);
    let units = city.units.iter().filter(|u| u.agency == own.id);
    let polled = city.cap.feeds.iter().filter(|feed| feed.agency == own.id);
    let district = city.zones.iter().find(|z| z.kind == ZoneKind::District);
    let zone = district.or(city.zones.first());
    Some(StartView {
        agency: agency.to_owned(),
        official_signals: own.official_signals,
        coordinates: own.coordinates.map(|crs| crs.wire().to_owned()),
        doors: sight.doors(),
        telemetry: telemetry(city, agency),
        sl651_password: sight.sl651_password(),
        units: units
            .map(|u| StartUnit {
                id: u.id.to_string(),
                name: u.name.clone(),
                name_en: u.name_en.clone(),
                cot_uid: u.cot_uid.clone(),
            })
            .collect(),
        cot: city.about.cot.agency.as_ref() == Some(&own.id),
        hospitals: hospitals.map(|h| named(h.id.to_string(), &h.name, &h.name_en)).collect(),
        cameras: cameras.map(|c| named(c.id.clone(), &c.name, &c.name_en)).collect(),
        polled: polled
            .map(|feed| PolledFeed { url: feed.url.clone(), interval_s: feed.interval_s })
            .collect(),
        zone: zone.map(|z| named(z.id.to_string(), &z.name, &z.name_en)),
    })
}

fn named(id: String, name: &str, name_en: &str) -> StartName {
    StartName { id, name: name.to_owned(), name_en: name_en.to_owned() }
}

/// The newest epoch of each station that has an address.
fn telemetry(city: &City, agency: &str) -> Vec<TelemetryStation> {
    let own = city.stations.iter().filter(|s| s.agency.as_str() == agency);
    let mut newest = BTreeMap::new();
    for station in own {
        let held = newest.entry(&station.id).or_insert(station);
        if station.valid_from >= held.valid_from {
            *held = station;
        }
    }
    let with_address = newest.into_values().filter_map(|s| Some((s, s.sl651?)));
    let shown = with_address.map(|(station, address)| {
        let streams = city.datastreams.iter().filter(|d| d.station == station.id);
        let mut properties: Vec<String> = streams.map(|d| d.property.to_string()).collect();
        properties.dedup();
        TelemetryStation {
            id: station.id.to_string(),
            name: station.name.clone(),
            name_en: station.name_en.clone(),
            address: address.to_string(),
            properties,
        }
    });
    shown.collect()
}
