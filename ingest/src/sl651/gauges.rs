//! The city's telemetry stations by their addresses, and which element feeds which datastream.

use std::collections::BTreeMap;

use domain::city::{City, Sl651Answer};
use domain::ids::AgencyId;
use domain::sl651::Address;
use domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS, UtcMs};

use super::elements::{DRP, DRZ1, Element};

/// One epoch of a datastream of a telemetry station.
#[derive(Debug, Clone, PartialEq)]
struct Stream {
    property: Box<str>,
    valid_from: UtcMs,
    interval_ms: i64,
    /// The one element that feeds it, where the registry names one.
    only: Option<Element>,
}

/// A telemetry station.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// The station's id.
    pub station: Box<str>,
    /// The base of its relative levels from an instant on, millimetres.
    bases: Vec<(UtcMs, Option<i64>)>,
    /// By property, earliest epoch first.
    streams: Vec<Stream>,
}

/// What an element means to a datastream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feeds<'g> {
    /// The datastream's property.
    pub property: &'g str,
    /// Of two elements for one instant the one with the lesser number is taken.
    pub rank: u8,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    by_address: BTreeMap<Address, Gauge>,
    /// Whose refusals are those of nobody's station.
    pub agency: Option<AgencyId>,
    /// What a station is told.
    pub answer: Sl651Answer,
    /// Seconds of silence after which a connection is closed.
    pub idle_s: u32,
}

impl Gauges {
    /// The telemetry stations of a city.
    pub fn of(city: &City) -> Self {
        let mut by_address: BTreeMap<Address, Gauge> = BTreeMap::new();
        let mut owner = None;
        for row in &city.stations {
            let Some(address) = row.sl651 else { continue };
            owner = owner.or_else(|| Some(row.agency.clone()));
            let gauge = by_address.entry(address).or_insert_with(|| Gauge {
                station: row.id.as_str().into(),
                bases: Vec::new(),
                streams: streams(city, row.id.as_str()),
            });
            let base_mm = row.sl651_base_m.map(|base| (base * 1000.0).round() as i64);
            gauge.bases.push((row.valid_from, base_mm));
            gauge.bases.sort_by_key(|epoch| epoch.0);
        }
        let first = || city.agencies.first().map(|agency| agency.id.clone());
        let about = &city.about.sl651;
        Self {
            by_address,
            agency: about.agency.clone().or(owner).or_else(first),
            answer: about.answer,
            idle_s: about.idle_s,
        }
    }

    /// The station of an address.
    pub fn get(&self, address: Address) -> Option<&Gauge> {
        self.by_address.get(&address)
    }
}

fn streams(city: &City, station: &str) -> Vec<Stream> {
    let of_it = city.datastreams.iter().filter(|row| row.station.as_str() == station);
    let mut streams: Vec<Stream> = of_it
        .map(|row| Stream {
            property: row.property.as_str().into(),
            valid_from: row.valid_from,
            interval_ms: i64::from(row.interval_s) * SECOND_MS,
            only: row.sl651.as_deref().and_then(Element::named),
        })
        .collect();
    streams.sort_by(|a, b| (&a.property, a.valid_from).cmp(&(&b.property, b.valid_from)));
    streams
}

impl Gauge {
    /// The base of its relative levels at `t`, millimetres.
    pub fn base_mm(&self, t: UtcMs) -> Option<i64> {
        let began = self.bases.iter().rev().find(|epoch| epoch.0 <= t);
        began.and_then(|epoch| epoch.1)
    }

    /// The datastream that an element feeds with a value of `t`; `class` is the station's, as the
    /// frame says it. A sum over an interval feeds one only where it is the datastream's interval,
    /// counted from 08:00 北京时间: of overlapping ones rain would be counted twice.
    pub fn fed_by(&self, element: Element, t: UtcMs, class: Option<u8>) -> Option<Feeds<'_>> {
        let spans = span_ms(element);
        // 08:00 北京时间 is midnight UTC, from which milliseconds are counted.
        if spans.is_some_and(|span| t.0.rem_euclid(span) != 0) {
            return None;
        }
        let mut best: Option<Feeds<'_>> = None;
        for (at, stream) in self.streams.iter().enumerate() {
            let next = self.streams.get(at + 1);
            let over = next.is_some_and(|n| n.property == stream.property && n.valid_from <= t);
            if stream.valid_from > t || over {
                continue;
            }
            let rank = match stream.only {
                Some(only) => (only == element).then_some(0),
                None => rank(&stream.property, element, class),
            };
            let fits = spans.is_none_or(|span| span == stream.interval_ms);
            if let Some(rank) = rank.filter(|_| fits)
                && best.is_none_or(|best| rank < best.rank)
            {
                best = Some(Feeds { property: &stream.property, rank });
            }
        }
        best
    }
}

/// The interval that an element is the sum of, milliseconds.
fn span_ms(element: Element) -> Option<i64> {
    let minutes = match element.0 {
        0x21 => 1,
        0x22 => 5,
        0x23 => 10,
        0x24 => 30,
        0x1A => return Some(HOUR_MS),
        0x1B => return Some(2 * HOUR_MS),
        0x1C => return Some(3 * HOUR_MS),
        0x1D => return Some(6 * HOUR_MS),
        0x1E => return Some(12 * HOUR_MS),
        0x1F => return Some(24 * HOUR_MS),
        _ if element == DRP => 5,
        _ => return None,
    };
    Some(minutes * MINUTE_MS)
}

/// The usual elements of a property, by their symbols; the first is taken before the others.
const USUAL: &[(&str, &[&str])] = &[
    ("rainfall", &["DRP", "PN01", "PN05", "PN10", "PN30", "P1", "P2", "P3", "P6", "P12", "PD"]),
    ("water_level", &["Z", "ZU", "DRZ1"]),
    ("tide_level", &["Z", "DRZ1"]),
    ("discharge", &["Q"]),
    ("outflow", &["QA"]),
    ("air_temperature", &["AI"]),
    ("relative_humidity", &["MST"]),
    ("pressure", &["FL"]),
    ("wind_speed", &["US"]),
    ("wind_direction", &["UC"]),
    ("soil_moisture", &["M10"]),
    ("battery", &["VT"]),
];

/// Classes whose level is that above the works: reservoir, sluice, pumping station.
const WORKS: [u8; 3] = *b"KZD";

fn rank(property: &str, element: Element, class: Option<u8>) -> Option<u8> {
    let (_, elements) = USUAL.iter().find(|(name, _)| *name == property)?;
    let symbol = element.to_string();
    let at = elements.iter().position(|usual| *usual == symbol)?;
    let is_works = class.is_some_and(|class| WORKS.contains(&class));
    // At most eleven.
    let rank = at as u8 + 1;
    Some(if is_works && element != DRZ1 && symbol == "ZU" { 0 } else { rank })
}
