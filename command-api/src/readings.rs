//! Readings: the newest value of every datastream, and how old it is. Consoles get them lossy,
//! newest wins, at most [`TELL_EVERY`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contract::views::{InsteadView, StationState, ValueView};
use domain::city::Registry;
use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

mod wrong_clock;

use wrong_clock::Arrivals;

use crate::feed_health::StreamState;
use crate::gazetteer::Gazetteer;

/// How often changed readings are told: ten times a second at most.
pub const TELL_EVERY: Duration = Duration::from_millis(100);
/// A datastream is late after this many expected intervals; it is dead when it counts as silent.
pub const LATE_INTERVALS: i64 = 2;

/// The state of what is heard, and dated long ago: its clock is wrong.
pub const WRONG_CLOCK: &str = "clock";

#[derive(Debug, Clone)]
struct Stream {
    property: String,
    /// The expected interval as of the last time that ages were judged.
    interval_ms: i64,
    /// From when on which interval is expected, oldest first.
    intervals: Vec<(i64, i64)>,
    newest: Option<Newest>,
    /// When its own gauge was last heard: what another says in its place makes it no younger.
    own: Option<UtcMs>,
    /// What came of it lately, whatever it was dated.
    arrivals: Arrivals,
    /// What its newest own value is worth, and when the newest reliable one was.
    own_trust: Trust,
    believed: Option<UtcMs>,
    /// Who may speak for it while it is not heard, in order of preference.
    fallbacks: Vec<DatastreamIx>,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    t: UtcMs,
    result_time: UtcMs,
    value: f64,
    quality: Quality,
}

#[derive(Debug, Clone)]
struct Row {
    streams: Vec<Stream>,
    data: &'static str,
}

/// See the module.
#[derive(Debug)]
pub struct Readings {
    rows: Vec<Row>,
    /// The stations' ids, in the order of the rows.
    ids: Vec<String>,
    at: BTreeMap<DatastreamIx, (u32, usize)>,
    dirty: BTreeSet<u32>,
    silent_after: i64,
}

impl Readings {
    /// No readings yet, of a city with these numbers.
    pub fn new(city: &Gazetteer, registry: &Registry) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        rows.resize(city.station_count(), Row { streams: Vec::new(), data: "never" });
        let mut readings = Self {
            rows,
            ids: (0u32..)
                .map_while(|ix| city.station_at(ix))
                .map(|station| station.id.to_string())
                .collect(),
            at: BTreeMap::new(),
            dirty: (0..u32::try_from(city.station_count()).unwrap_or(u32::MAX)).collect(),
            silent_after: i64::from(city.city().about.silent_after_intervals),
        };
        for row in &city.city().datastreams {
            let (station, property) = (row.station.as_str(), &row.property);
            let (Some(ix), Some(number)) =
                (city.station_ix(station), registry.find(station, property))
            else {
                continue;
            };
            let interval_ms = i64::from(row.interval_s) * 1000;
            let streams = &mut readings.rows[ix as usize].streams;
            if let Some(known) = streams.iter_mut().find(|s| s.property == *property) {
                known.intervals.push((row.valid_from.0, interval_ms));
                known.intervals.sort_unstable();
                known.interval_ms = known.intervals.first().map_or(interval_ms, |first| first.1);
                continue;
            }
            readings.at.insert(number, (ix, streams.len()));
            let of_it = city.city().fallbacks_of(station, property);
            let fallbacks = of_it.filter_map(|f| registry.find(f.source.as_str(), property));
            streams.push(Stream {
                property: property.clone(),
                interval_ms,
                intervals: vec![(row.valid_from.0, interval_ms)],
                newest: None,
                own: None,
                arrivals: Arrivals::default(),
                own_trust: Trust::Reliable,
                believed: None,
                fallbacks: fallbacks.collect(),
            });
        }
        readings
    }

    /// Takes another configuration: what is known of datastreams that stay, stays.
    pub fn configure(&mut self, city: &Gazetteer, registry: &Registry) {
        let before = std::mem::replace(self, Self::new(city, registry));
        for (number, (ix, slot)) in &self.at {
            let had = before.at.get(number).and_then(|(ix, slot)| {
                before.rows.get(*ix as usize).and_then(|row| row.streams.get(*slot))
            });
            let row = self.rows.get_mut(*ix as usize);
            if let (Some(had), Some(now)) = (had, row.and_then(|row| row.streams.get_mut(*slot))) {
                (now.newest, now.own) = (had.newest, had.own);
                now.arrivals = had.arrivals;
                (now.own_trust, now.believed) = (had.own_trust, had.believed);
            }
        }
        for (row, had) in self.rows.iter_mut().zip(&before.rows) {
            row.data = had.data;
        }
    }

    /// Every datastream that has a place here.
    pub fn streams(&self) -> Vec<DatastreamIx> {
        self.at.keys().copied().collect()
    }

    /// Takes an observation that came in at `received`.
    pub fn came(&mut self, received: UtcMs, seen: &Observation) {
        if let Some((ix, slot)) = self.at.get(&seen.datastream).copied()
            && let Some(stream) =
                self.rows.get_mut(ix as usize).and_then(|row| row.streams.get_mut(slot))
        {
            stream.arrivals.came(received, seen, stream.interval_ms);
        }
        self.hear(seen);
    }

    /// Takes an observation; an older one leaves the newest as it is.
    pub fn hear(&mut self, seen: &Observation) {
        let Some((ix, slot)) = self.at.get(&seen.datastream).copied() else { return };
        let Some(stream) = self.rows.get_mut(ix as usize).and_then(|row| row.streams.get_mut(slot))
        else {
            return;
        };
        if seen.quality.origin != OriginFlag::Completed {
            if stream.own <= Some(seen.t) {
                (stream.own, stream.own_trust) = (Some(seen.t), seen.quality.trust);
            }
            if seen.quality.trust == Trust::Reliable {
                stream.believed = stream.believed.max(Some(seen.t));
            }
        }
        if stream.newest.is_none_or(|newest| stream.gives_way(&newest, seen, self.silent_after)) {
            let Observation { t, result_time, value, quality, .. } = *seen;
            stream.newest = Some(Newest { t, result_time, value, quality });
            self.dirty.insert(ix);
        }
    }

    /// A station is to be told anew: its level has changed.
    pub fn touch(&mut self, ix: u32) {
        self.dirty.insert(ix);
    }

    /// Judges the age of everything at `now`.
    pub fn age(&mut self, now: UtcMs) {
        for (ix, row) in (0u32..).zip(&mut self.rows) {
            row.streams.iter_mut().for_each(|stream| stream.expect(now));
            let data = state(row, now, self.silent_after);
            if row.data != data {
                row.data = data;
                self.dirty.insert(ix);
            }
        }
    }

    /// The datastreams of a station, each with its own silence.
    pub fn streams_of(&self, ix: u32, now: UtcMs) -> Vec<StreamState> {
        let row = self.rows.get(ix as usize);
        let streams = row.map(|row| row.streams.as_slice()).unwrap_or_default();
        let state = |stream: &Stream| {
            let newest = stream.own;
            let data = stream_state(newest, stream.interval_ms, now, self.silent_after);
            let wrong = stream.wrong_by(now, self.silent_after);
            let data = if wrong.is_some() { WRONG_CLOCK } else { data };
            let (property, interval_ms) = (stream.property.clone(), stream.interval_ms);
            StreamState { property, interval_ms, newest, data, clock_ms: wrong }
        };
        streams.iter().map(state).collect()
    }

    /// The states that have changed since the last time, with the level believed of each station.
    pub fn changed(&mut self, level: impl Fn(u32) -> String) -> Vec<StationState> {
        let dirty = std::mem::take(&mut self.dirty);
        let views = dirty.into_iter().filter_map(|ix| {
            let row = self.rows.get(ix as usize)?;
            let values = row.streams.iter().filter_map(|stream| self.value(stream)).collect();
            Some(StationState { ix, level: level(ix), data: row.data.into(), values })
        });
        views.collect()
    }

    fn value(&self, stream: &Stream) -> Option<ValueView> {
        let newest = stream.newest?;
        let filled = newest.quality.origin == OriginFlag::Completed;
        Some(ValueView {
            property: stream.property.clone(),
            t_ms: newest.t.0,
            v: newest.value,
            trust: crate::api::explanation::trust(newest.quality.trust).into(),
            origin: crate::api::explanation::origin(newest.quality.origin).into(),
            source: filled.then(|| self.speaker(stream, newest.t)).flatten(),
            instead: filled.then(|| self.instead(stream, newest.t)),
        })
    }

    /// Why a value of `t` stands for this datastream's own.
    fn instead(&self, stream: &Stream, t: UtcMs) -> InsteadView {
        let Some(own) = stream.own else {
            return InsteadView { why: "never".into(), since_ms: None };
        };
        let is_heard = t.0 - own.0 <= stream.interval_ms.saturating_mul(self.silent_after);
        if is_heard && stream.own_trust != Trust::Reliable {
            let why = crate::api::explanation::trust(stream.own_trust).into();
            return InsteadView { why, since_ms: stream.believed.map(|t| t.0) };
        }
        InsteadView { why: "silent".into(), since_ms: Some(own.0) }
    }

    /// The station whose value of `t` stands for the one of this datastream.
    fn speaker(&self, stream: &Stream, t: UtcMs) -> Option<String> {
        let spoke = stream.fallbacks.iter().find(|ix| {
            let source = self.at.get(ix).and_then(|(row, slot)| {
                self.rows.get(*row as usize).and_then(|row| row.streams.get(*slot))
            });
            source.is_some_and(|source| source.own.is_some_and(|own| own >= t))
        })?;
        self.at.get(spoke).and_then(|(row, _)| self.ids.get(*row as usize)).cloned()
    }
}

impl Stream {
    /// What is expected as of now; before the first epoch what that one says.
    fn expect(&mut self, now: UtcMs) {
        let held = self.intervals.iter().rev().find(|(from, _)| *from <= now.0);
        if let Some((_, interval_ms)) = held.or(self.intervals.first()) {
            self.interval_ms = *interval_ms;
        }
    }

    /// Whether the newest value gives way to another. Where another gauge speaks for this one, an own
    /// value that may not be judged by stands back for as long as that one's word is fresh.
    fn gives_way(&self, newest: &Newest, seen: &Observation, silent_after: i64) -> bool {
        let filled = |quality: Quality| quality.origin == OriginFlag::Completed;
        let doubted = |quality: Quality| !filled(quality) && !quality.trust.is_judged();
        let fresh_ms = self.interval_ms.saturating_mul(silent_after);
        if filled(newest.quality) && doubted(seen.quality) {
            return seen.t.0 - newest.t.0 > fresh_ms;
        }
        if doubted(newest.quality) && filled(seen.quality) {
            return newest.t.0 - seen.t.0 <= fresh_ms;
        }
        (newest.t, newest.result_time) <= (seen.t, seen.result_time)
    }

    /// By how much its clock is wrong, where it sends and what it sends is too old to speak.
    fn wrong_by(&self, now: UtcMs, silent_after: i64) -> Option<i64> {
        let speaks = self
            .own
            .is_some_and(|own| now.0 - own.0 <= self.interval_ms.saturating_mul(silent_after));
        if speaks {
            return None;
        }
        self.arrivals.wrong_by(now, self.interval_ms, silent_after)
    }
}

/// How alive one datastream is.
fn stream_state(
    newest: Option<UtcMs>,
    interval_ms: i64,
    now: UtcMs,
    silent_after: i64,
) -> &'static str {
    let Some(newest) = newest else { return "never" };
    let age = now.0 - newest.0;
    if age > interval_ms.saturating_mul(silent_after) {
        "dead"
    } else if age > interval_ms.saturating_mul(LATE_INTERVALS) {
        "late"
    } else {
        "live"
    }
}

/// A station is as alive as its most alive datastream, but late where any of them is.
fn state(row: &Row, now: UtcMs, silent_after: i64) -> &'static str {
    let clock = row.streams.iter().any(|s| s.wrong_by(now, silent_after).is_some());
    let ages = row.streams.iter().map(|s| (s.own.map(|t| now.0 - t.0), s.interval_ms));
    let (mut heard, mut dead, mut late) = (false, true, false);
    for (age, interval_ms) in ages {
        let Some(age) = age else {
            late = true;
            continue;
        };
        heard = true;
        dead &= age > interval_ms.saturating_mul(silent_after);
        late |= age > interval_ms.saturating_mul(LATE_INTERVALS);
    }
    match (heard, dead, late) {
        (false, ..) => "never",
        (true, true, _) if clock => WRONG_CLOCK,
        (true, true, _) => "dead",
        (true, false, true) => "late",
        (true, false, false) => "live",
    }
}

#[cfg(test)]
mod tests;
