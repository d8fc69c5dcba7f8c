//! What a message means to the city: its values at their times, for the datastreams that they feed.
//! Pure. Before it: [`super::body`] (decoded). After it: [`crate::admit`] (admitted).

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::refusal::Reason;
use domain::sl651::Address;
use domain::time::{MINUTE_MS, UtcMs};

use super::body::{Group, Message, NO_TIME};
use super::elements::{DRP, DRZ1, Element};
use super::gauges::{Gauge, Gauges};
use super::number::{Decimal, Number};
use crate::json::decode::RawObservation;
use crate::judge::Why;

/// The step of DRP and DRZ.
pub const STEP_MS: i64 = 5 * MINUTE_MS;
/// How far a station's clock may be ahead of its own sending time in the values it sends.
const AHEAD_MS: i64 = 5 * MINUTE_MS;

/// The time of the first of `count` values of DRP or DRZ, five minutes apart. The time `t` that is
/// given is the first one's, as stations send it; of one that gives the end of the hour it is the
/// last one's, which shows by values that would lie ahead of the sending time.
pub fn first_of(t: UtcMs, sent: UtcMs, count: usize) -> UtcMs {
    let span = (count as i64 - 1).max(0) * STEP_MS;
    let ahead = t.plus_ms(span).0 > sent.plus_ms(AHEAD_MS).0;
    if ahead { t.plus_ms(-span) } else { t }
}

/// A picture or a text of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<'m> {
    /// When it was observed.
    pub t: UtcMs,
    /// The station's id.
    pub station: &'m str,
    /// Whether it is text.
    pub is_text: bool,
    /// Its bytes.
    pub bytes: &'m [u8],
}

/// What a message comes to.
#[derive(Debug, Default)]
pub struct Readings<'m> {
    /// Values for datastreams.
    pub observations: Vec<RawObservation<'m>>,
    /// Pictures and texts.
    pub kept: Vec<Kept<'m>>,
    /// What is refused of it.
    pub refused: Vec<Why>,
    /// Values that feed no datastream.
    pub unmapped: u64,
    /// Values that the station says are missing.
    pub missing: u64,
}

/// Reads a message of the station `from`.
pub fn readings<'m>(message: &'m Message, from: Address, gauges: &'m Gauges) -> Readings<'m> {
    let mut reader = Reader {
        gauges,
        sent: message.sent,
        address: from,
        gauge: gauges.get(from),
        class: None,
        t: message.sent,
        step_ms: None,
        values: Vec::new(),
        levels: Vec::new(),
        out: Readings::default(),
    };
    if reader.gauge.is_none() {
        reader.unknown(from);
    }
    for group in &message.groups {
        reader.take(group);
    }
    if let Some(fault) = &message.fault {
        let said = format!("from byte {} of the body on: {}", fault.at, fault.why);
        let reason = if fault.why == NO_TIME { Reason::Time } else { Reason::Frame };
        reader.out.refused.push(Why::new(reason, said));
    }
    reader.finish()
}

/// One value, before it is known which datastream takes it.
struct Valued<'m> {
    gauge: &'m Gauge,
    class: Option<u8>,
    element: Element,
    t: UtcMs,
    v: f64,
}

/// Relative levels, until the base is known.
struct Relative<'m> {
    gauge: &'m Gauge,
    class: Option<u8>,
    t: UtcMs,
    cm: i64,
}

struct Reader<'m> {
    gauges: &'m Gauges,
    sent: UtcMs,
    address: Address,
    gauge: Option<&'m Gauge>,
    class: Option<u8>,
    t: UtcMs,
    step_ms: Option<i64>,
    values: Vec<Valued<'m>>,
    levels: Vec<Relative<'m>>,
    out: Readings<'m>,
}

impl<'m> Reader<'m> {
    fn unknown(&mut self, address: Address) {
        let said = format!("no station has the SL 651 address {address}");
        self.out.refused.push(Why::new(Reason::UnknownStation, said));
    }

    fn take(&mut self, group: &'m Group) {
        let step_ms = self.step_ms.take();
        match group {
            Group::Observed(t) => self.t = *t,
            Group::Station { address, class } => self.is_of(*address, *class),
            Group::Step(step) => self.step_ms = Some(*step),
            Group::Values { element, values, .. } => {
                for (number, at) in values.iter().zip(0i64..) {
                    let t = self.t.plus_ms(at.saturating_mul(step_ms.unwrap_or_default()));
                    self.number(*element, t, *number);
                }
            }
            Group::Rain(values) => {
                let first = self.first_of(values.len());
                for (value, at) in values.iter().zip(0i64..) {
                    let t = first.plus_ms(at * STEP_MS);
                    match value {
                        Some(tenths) => self.value(DRP, t, f64::from(*tenths) / 10.0),
                        None => self.missed(),
                    }
                }
            }
            Group::Levels { gauge: 1, values } => {
                let first = self.first_of(values.len());
                for (value, at) in values.iter().zip(0i64..) {
                    let t = first.plus_ms(at * STEP_MS);
                    match (value, self.gauge) {
                        (Some(cm), Some(gauge)) => self.levels.push(Relative {
                            gauge,
                            class: self.class,
                            t,
                            cm: i64::from(*cm),
                        }),
                        (Some(_), None) => {}
                        (None, _) => self.missed(),
                    }
                }
            }
            Group::Levels { values, .. } => self.unmapped(values.len()),
            Group::Status(_) | Group::Unknown(_) => self.unmapped(1),
            Group::Manual(text) => self.keep(true, text),
            Group::Picture(bytes) => self.keep(false, bytes),
        }
    }

    fn first_of(&self, count: usize) -> UtcMs {
        first_of(self.t, self.sent, count)
    }

    fn is_of(&mut self, address: Address, class: Option<u8>) {
        self.class = class;
        if address == self.address {
            return;
        }
        self.address = address;
        self.gauge = self.gauges.get(address);
        if self.gauge.is_none() {
            self.unknown(address);
        }
    }

    fn unmapped(&mut self, count: usize) {
        if self.gauge.is_some() {
            self.out.unmapped += count as u64;
        }
    }

    fn missed(&mut self) {
        if self.gauge.is_some() {
            self.out.missing += 1;
        }
    }

    fn number(&mut self, element: Element, t: UtcMs, number: Number) {
        let value = match number {
            Number::Missing => return self.missed(),
            Number::Is(decimal) => in_unit(element, decimal),
            Number::Odd => None,
        };
        match value {
            Some(v) => self.value(element, t, v),
            None if self.gauge.is_some() => {
                let said = format!("the value of {element} at {t} is none");
                self.out.refused.push(Why::new(Reason::FieldForm, said));
            }
            None => {}
        }
    }

    fn value(&mut self, element: Element, t: UtcMs, v: f64) {
        let Some(gauge) = self.gauge else { return };
        self.values.push(Valued { gauge, class: self.class, element, t, v });
    }

    fn keep(&mut self, is_text: bool, bytes: &'m [u8]) {
        let Some(gauge) = self.gauge else { return };
        if bytes.is_empty() {
            let said = "a picture or text of no bytes";
            self.out.refused.push(Why::new(Reason::MissingField, said));
            return;
        }
        self.out.kept.push(Kept { t: self.t, station: &gauge.station, is_text, bytes });
    }

    /// Relative levels become levels: by the station's registered base, else by the level that the
    /// same message gives for one of their instants.
    fn level(&mut self) {
        let levels = std::mem::take(&mut self.levels);
        let bases: Vec<Option<i64>> = levels.iter().map(|one| self.seen_base_mm(one)).collect();
        for one in &levels {
            let of_it = levels.iter().zip(&bases).filter(|(l, _)| l.gauge == one.gauge);
            let seen = of_it.filter_map(|(_, base)| *base).next_back();
            match one.gauge.base_mm(one.t).or(seen) {
                Some(mm) => {
                    let v = (mm + one.cm * 10) as f64 / 1000.0;
                    let (gauge, class, t) = (one.gauge, one.class, one.t);
                    self.values.push(Valued { gauge, class, element: DRZ1, t, v });
                }
                None => self.out.unmapped += 1,
            }
        }
    }

    /// What a relative level and a level of the same instant say of the base, to a centimetre.
    fn seen_base_mm(&self, one: &Relative<'m>) -> Option<i64> {
        let is_level = |element| element == Element::of(LEVEL) || element == Element::of(UPPER);
        let same = |v: &&Valued<'m>| v.gauge == one.gauge && v.t == one.t && is_level(v.element);
        let level = self.values.iter().find(same)?;
        let base_cm = (level.v * 100.0).round() as i64 - one.cm;
        Some(base_cm * 10)
    }

    fn finish(mut self) -> Readings<'m> {
        self.level();
        let mut best: BTreeMap<(&'m str, &'m str, UtcMs), u8> = BTreeMap::new();
        let mut fed = Vec::with_capacity(self.values.len());
        for value in &self.values {
            let Some(feeds) = value.gauge.fed_by(value.element, value.t, value.class) else {
                self.out.unmapped += 1;
                continue;
            };
            let station: &'m str = &value.gauge.station;
            let key = (station, feeds.property, value.t);
            let least = best.entry(key).or_insert(feeds.rank);
            *least = feeds.rank.min(*least);
            fed.push((key, feeds.rank, value));
        }
        for ((station, property, t), rank, value) in fed {
            if best.get(&(station, property, t)) != Some(&rank) {
                self.out.unmapped += 1;
                continue;
            }
            let unit = unit_of(value.element).map(Cow::Borrowed);
            let bare = RawObservation::bare(station, property, t, value.v);
            // Two reports of one minute, or a mended one: the later sent holds.
            let result_time = Some(self.sent.max(t));
            self.out.observations.push(RawObservation { unit, result_time, repeats: true, ..bare });
        }
        self.out
    }
}

/// Z and ZU.
const LEVEL: u8 = 0x39;
const UPPER: u8 = 0x3B;
/// UC: one of sixteen directions, 1 is north, clockwise.
const DIRECTION: u8 = 0x33;
const DIRECTIONS: f64 = 16.0;

/// The unit that an element's value is in, after it was read.
fn unit_of(element: Element) -> Option<&'static str> {
    match element {
        DRP => Some("mm"),
        DRZ1 => Some("m"),
        Element(lead) if lead == u16::from(DIRECTION) => Some("deg"),
        _ => element.kind().map(|kind| kind.unit).filter(|unit| !unit.is_empty()),
    }
}

/// A number in the element's unit; `None` where it cannot be one.
fn in_unit(element: Element, number: Decimal) -> Option<f64> {
    let value = number.value();
    if element != Element::of(DIRECTION) {
        return Some(value);
    }
    let known = value.fract() == 0.0 && (1.0..=DIRECTIONS).contains(&value);
    known.then(|| (value - 1.0) * 360.0 / DIRECTIONS)
}
