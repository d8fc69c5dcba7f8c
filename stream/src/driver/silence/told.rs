//! How a silence is told.

use domain::decision::DecisionKind;
use domain::level::Level;

use crate::item::{Because, FEED, Ruling, Where, Why};
use crate::plan::Plan;

/// Which of a station's datastreams: a bit each, by position.
pub(super) fn mask(plan: &Plan, station: u32, streams: &[u32]) -> u64 {
    let all = plan.stations.get(station as usize).map_or(&[][..], |s| &s.streams);
    let bits = all.iter().zip(0u32..).filter(|(ix, _)| streams.contains(ix));
    bits.fold(0, |mask, (_, bit)| mask | 1u64.checked_shl(bit).unwrap_or(0))
}

/// A source or a whole agency fell silent, or returned.
pub(super) fn told(
    plan: &Plan,
    seq: u64,
    kind: DecisionKind,
    place: Where,
    t: i64,
    why: Why,
) -> Ruling {
    let silent = kind == DecisionKind::FeedSilent;
    let (level, was) =
        if silent { (Level::NoData, Level::None) } else { (Level::None, Level::NoData) };
    Ruling {
        seq,
        kind,
        line: FEED,
        place,
        t,
        level,
        was,
        value: f64::NAN,
        because: Because::none(),
        why,
        plan: plan.number,
        settled: false,
        alert: 0,
    }
}
