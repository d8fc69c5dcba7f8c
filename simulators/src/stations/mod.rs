//! Stations: what instruments and their lines make of the world. Each reads at its own interval,
//! rounds as its kind does, and sends a frame that takes its way: late, twice, or never.

mod faults;
mod instrument;

pub use faults::Faults;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use domain::city::City;
use domain::time::{MINUTE_MS, SECOND_MS, UtcMs};

use crate::scenario::Scenario;
use crate::world::{Chance, World};

/// Hours and minutes.
const HOUR_MINUTES: f64 = 60.0;

/// A frame on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// When it arrives.
    pub due: UtcMs,
    /// Which datastream.
    pub stream: usize,
    /// What it says of its time.
    pub t: UtcMs,
    /// What it says.
    pub value: f64,
}

/// One datastream as it is sampled.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The station.
    pub station: String,
    /// The property.
    pub property: String,
    /// Whose.
    pub agency: String,
    /// Place in the world.
    place: usize,
    interval_ms: i64,
    /// Range the registry allows: an instrument does not send what it cannot measure.
    range: (f64, f64),
    /// How far the station's clock is behind.
    behind_ms: i64,
    chance: Chance,
    /// Rain gauges: the sum at the last reading.
    sum: Option<f64>,
}

/// Samples the world.
pub struct Sampler {
    world: World,
    scenario: Arc<Scenario>,
    faults: Faults,
    streams: Vec<Stream>,
    /// The instant of landfall, as this run has it.
    landfall: UtcMs,
    on_the_way: BinaryHeap<Reverse<(UtcMs, u64)>>,
    frames: std::collections::BTreeMap<u64, Frame>,
    count: u64,
    counts: Counts,
}

/// What the lines did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Readings taken.
    pub read: u64,
    /// Never sent: chance.
    pub dropped: u64,
    /// Never sent: an outage or an inject.
    pub silenced: u64,
    /// Sent twice.
    pub doubled: u64,
    /// Sent late.
    pub late: u64,
}

impl Sampler {
    /// A sampler of a world that stands at the scenario's first minute, with landfall at `landfall`
    /// (a whole minute). Nothing is sent of the time before `from_h`.
    pub fn new(
        mut world: World,
        scenario: Arc<Scenario>,
        city: &City,
        landfall: UtcMs,
        from_h: f64,
        seed: u64,
    ) -> Self {
        let chance = Chance::new(seed).of("stations");
        let streams = streams(city, &scenario, chance);
        #[allow(clippy::cast_possible_truncation)] // hours of a scenario
        let first = (from_h * HOUR_MINUTES).floor() as i64;
        while world.minute() < first {
            world.step();
        }
        let faults = Faults::new(&scenario, city, chance);
        Self {
            world,
            scenario,
            faults,
            streams,
            landfall,
            on_the_way: BinaryHeap::new(),
            frames: std::collections::BTreeMap::new(),
            count: 0,
            counts: Counts::default(),
        }
    }

    /// The datastreams, by the number that frames carry.
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// What the lines did so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The instant of the world.
    pub fn instant(&self) -> UtcMs {
        self.landfall.plus_ms(self.world.minute() * MINUTE_MS)
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Lets the world go on to `now` and gives the frames that have arrived by then, in the order
    /// of their arrival. No frame is dated after `now`, but those of a clock that an inject puts
    /// ahead.
    pub fn until(&mut self, now: UtcMs) -> Vec<Frame> {
        while self.instant().plus_ms(MINUTE_MS) <= now {
            self.world.step();
            self.read();
        }
        let mut arrived = Vec::new();
        while let Some(Reverse((due, number))) = self.on_the_way.peek().copied() {
            if due > now {
                break;
            }
            self.on_the_way.pop();
            arrived.extend(self.frames.remove(&number));
        }
        arrived
    }

    /// Every reading that is due at the world's minute.
    fn read(&mut self) {
        let t = self.instant();
        for number in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(number) else { continue };
            if t.0.rem_euclid(stream.interval_ms) != 0 {
                continue;
            }
            let Some(mut truth) = self.world.value(stream.place, &stream.property) else {
                continue;
            };
            let chance = stream.chance.at(t.0);
            if stream.property == "rainfall" {
                let Some(before) = stream.sum.replace(truth) else { continue };
                truth -= before;
            }
            let value = instrument::read(&stream.property, truth, chance);
            let value = value.clamp(stream.range.0, stream.range.1);
            let reading = Frame { due: t, stream: number, t: t.plus_ms(-stream.behind_ms), value };
            self.counts.read += 1;
            self.send(reading, chance);
        }
    }

    fn send(&mut self, mut frame: Frame, chance: Chance) {
        let h = (frame.due.0 - self.landfall.0) as f64 / (HOUR_MINUTES * MINUTE_MS as f64);
        let Some(stream) = self.streams.get(frame.stream) else { return };
        let telemetry = &self.scenario.telemetry;
        self.faults.distort(stream, h, &mut frame);
        if self.faults.silent(stream, h) {
            self.counts.silenced += 1;
            return;
        }
        if chance.at(1).happens(telemetry.dropout) {
            self.counts.dropped += 1;
            return;
        }
        let [least, most] = telemetry.delay_s;
        let mut seconds = chance.at(2).between(least, most);
        if chance.at(3).happens(telemetry.late) {
            let [least, most] = telemetry.late_s;
            seconds += chance.at(4).between(least, most);
            self.counts.late += 1;
        }
        let twice = chance.at(5).happens(telemetry.duplicate);
        frame.due = match self.faults.kept_until(stream, h) {
            Some(delivered) => hours_after(self.landfall, delivered),
            None => frame.due,
        };
        frame.due = frame.due.plus_ms(milliseconds(seconds));
        if twice {
            self.counts.doubled += 1;
            let mut again = frame.clone();
            again.due = frame.due.plus_ms(milliseconds(chance.at(6).between(1.0, 40.0)));
            self.put(again);
        }
        self.put(frame);
    }

    fn put(&mut self, frame: Frame) {
        self.count += 1;
        self.on_the_way.push(Reverse((frame.due, self.count)));
        self.frames.insert(self.count, frame);
    }
}

/// The instant of an hour of the scenario.
pub fn hours_after(landfall: UtcMs, h: f64) -> UtcMs {
    landfall.plus_ms(milliseconds(h * 3600.0))
}

fn milliseconds(seconds: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // seconds of a scenario
    let ms = (seconds * SECOND_MS as f64).round() as i64;
    ms
}

fn streams(city: &City, scenario: &Scenario, chance: Chance) -> Vec<Stream> {
    let mut found = Vec::new();
    for stream in &city.datastreams {
        let place = city.stations.iter().position(|s| s.id == stream.station);
        let Some((place, station)) = place.and_then(|at| Some((at, city.stations.get(at)?))) else {
            continue;
        };
        let own = chance.of(stream.station.as_str());
        let skewed = own.at(20).happens(scenario.telemetry.skewed);
        let behind = if skewed { own.at(21).between(1.0, scenario.telemetry.skew_s) } else { 0.0 };
        found.push(Stream {
            station: stream.station.to_string(),
            property: stream.property.clone(),
            agency: station.agency.to_string(),
            place,
            interval_ms: i64::from(stream.interval_s.max(60)) * SECOND_MS,
            range: (stream.min.unwrap_or(f64::MIN), stream.max.unwrap_or(f64::MAX)),
            behind_ms: milliseconds(behind),
            chance: own.of(&stream.property),
            sum: None,
        });
    }
    found
}
