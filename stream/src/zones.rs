//! Zones: the level of a zone is the highest of its stations.
//!
//! *No data is not none*: a zone is without data only where all of its stations are; a station
//! without data never lowers or raises the others.

use std::collections::BTreeMap;

use domain::decision::DecisionKind;
use domain::level::Level;
use serde::{Deserialize, Serialize};

use crate::item::{Because, Ruling, Where, Why};

/// What a zone knows of one of its stations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Share {
    level: Level,
    t: i64,
    value: f64,
    because: Because,
}

/// One hazard in one zone, provisional or settled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    level: Level,
    shares: BTreeMap<u32, Share>,
    /// How many of its stations stand at each level.
    counts: BTreeMap<Level, u32>,
}

impl Zone {
    fn count(&mut self, level: Level) {
        *self.counts.entry(level).or_default() += 1;
    }
    fn discount(&mut self, level: Level) {
        if let Some(count) = self.counts.get_mut(&level) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&level);
            }
        }
    }
}

/// Which zone's state: hazard, zone, settled or provisional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ZoneKey {
    /// The hazard's number.
    pub line: u16,
    /// The zone's number.
    pub zone: u32,
    /// Whether it is about instants that the watermark has passed.
    pub settled: bool,
}

/// The zones of a worker.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    /// State by key.
    pub zones: BTreeMap<ZoneKey, Zone>,
}

impl Zones {
    /// Takes station rulings of one closed batch, each with a zone it bears on, and gives the zones'
    /// own. Sorts them first: where they came from leaves no trace.
    pub fn take(&mut self, batch: &[(u32, Ruling)], out: &mut Vec<Ruling>) {
        let mut sorted: Vec<&(u32, Ruling)> = batch.iter().collect();
        sorted.sort_by_key(|(zone, ruling)| order(*zone, ruling));
        let same = |(az, a): &&(u32, Ruling), (bz, b): &&(u32, Ruling)| {
            (a.seq, a.settled, a.t, a.line, az) == (b.seq, b.settled, b.t, b.line, bz)
        };
        for group in sorted.chunk_by(same) {
            self.together(group, out);
        }
    }

    /// Station rulings of one zone at one instant: they take effect together.
    fn together(&mut self, group: &[&(u32, Ruling)], out: &mut Vec<Ruling>) {
        let Some((zone, first)) = group.first().copied() else { return };
        let key = ZoneKey { line: first.line, zone: *zone, settled: first.settled };
        let state = self.zones.entry(key).or_default();
        let mut amended = false;
        for (_, ruling) in group {
            let Where::Station(station) = ruling.place else { continue };
            // An amendment of a stretch that is over does not touch what holds now.
            if matches!(ruling.why, Why::Criterion { until, .. } if until != 0) {
                continue;
            }
            amended |= ruling.kind == DecisionKind::AssessmentAmended;
            let share = Share {
                level: ruling.level,
                t: ruling.t,
                value: ruling.value,
                because: ruling.because.clone(),
            };
            let had = if ruling.why == Why::Withdrawn {
                state.shares.remove(&station)
            } else {
                state.count(share.level);
                state.shares.insert(station, share)
            };
            if let Some(had) = had {
                state.discount(had.level);
            }
        }
        let level = state.counts.last_key_value().map_or(Level::NoData, |(level, _)| *level);
        if level == state.level {
            return;
        }
        // The highest level; of equals the one that has held longest, then the lowest number.
        let speaks = state.shares.iter().max_by_key(|(station, share)| {
            (share.level, std::cmp::Reverse(share.t), std::cmp::Reverse(**station))
        });
        let kind = match (first.settled, amended) {
            (_, true) => DecisionKind::AssessmentAmended,
            (true, false) => DecisionKind::AssessmentFinal,
            (false, false) => DecisionKind::Assessment,
        };
        let (value, because, why) = match speaks {
            Some((station, share)) => {
                (share.value, share.because.clone(), Why::HighestOf(*station))
            }
            None => (f64::NAN, Because::none(), Why::NoData),
        };
        out.push(Ruling {
            seq: first.seq,
            kind,
            line: first.line,
            place: Where::Zone(*zone),
            t: first.t,
            level,
            was: state.level,
            value,
            because,
            why,
            plan: first.plan,
            settled: first.settled,
            alert: 0,
        });
        state.level = level;
    }
}

fn order(zone: u32, ruling: &Ruling) -> (u64, bool, i64, u16, u32, Where, DecisionKind) {
    (ruling.seq, ruling.settled, ruling.t, ruling.line, zone, ruling.place, ruling.kind)
}
