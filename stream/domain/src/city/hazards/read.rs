//! Reading one file of `hazards/`.

use std::collections::BTreeSet;

use super::thresholds;
use super::{Hazard, HazardKind, Spread};
use crate::city::about::About;
use crate::city::datastreams::Pair;
use crate::city::faults::{Faults, words};
use crate::city::page::{self, Section};
use crate::city::stations::Known;
use crate::time::EARLIEST;

/// The longest lateness, seconds (72 h): the horizon within which duplicates are known.
const MAX_LATENESS_S: u32 = 72 * 3600;
/// The longest hold, seconds (a week).
const MAX_HOLD_S: u32 = 7 * 86_400;
/// A day, which a hazard's step must divide, so that the grid is the same every day.
const DAY_S: u32 = 86_400;
/// The farthest reach of a station's word, metres.
const MAX_REACH_M: f64 = 200_000.0;

/// What a hazard refers to.
pub(in crate::city) struct Ground<'a> {
    /// `city.toml`.
    pub(in crate::city) about: &'a About,
    /// The sound rows of `stations.csv`, by id, and the ids of all rows.
    pub(in crate::city) stations: &'a Known,
    /// The ids of all rows; `None` where the sheet could not be read.
    pub(in crate::city) station_ids: Option<&'a BTreeSet<String>>,
    /// `(station, property)` of all rows of `datastreams.csv`; `None` where it could not be read.
    pub(in crate::city) datastreams: Option<&'a BTreeSet<Pair>>,
}

/// Reads one file; `None` where it gives no hazard (the errors are noted).
pub(in crate::city) fn read(
    file: &str,
    bytes: &[u8],
    ground: &Ground<'_>,
    faults: &Faults,
) -> Option<Hazard> {
    let mut top = page::read(file, bytes, faults)?;
    let kind = kind(&mut top);
    let name = top.text("name").or_else(|| kind.map(|k| k.word().to_owned()));
    if let Some(name) = &name
        && let Err(e) = crate::ids::check(name)
    {
        top.fault("name", format!("name {name:?}: {e}"));
    }
    let source = top.text("source");
    let properties = top.texts("properties").unwrap_or_default();
    for name in &properties {
        if ground.about.property(name).is_none() {
            top.fault("properties", format!("unknown property {name:?}"));
        }
    }
    let valid_from = top.time("valid_from").unwrap_or(EARLIEST);
    let step_s = top.count("step_s", 1..=DAY_S).unwrap_or(300);
    if !DAY_S.is_multiple_of(step_s) {
        top.fault("step_s", format!("step_s {step_s} must divide a day ({DAY_S} s)"));
    }
    let lateness_s = top.count("lateness_s", 0..=MAX_LATENESS_S).unwrap_or(600);
    let raise_hold_s = top.count("raise_hold_s", 0..=MAX_HOLD_S).unwrap_or(0);
    let clear_hold_s = top.count("clear_hold_s", 0..=MAX_HOLD_S).unwrap_or(0);
    let clear_margin = top.number_in("clear_margin", 0.0..=1e6).unwrap_or(0.0);
    let (usual_spread, usual_reach) = kind.map_or((Spread::Own, 0.0), HazardKind::usual_spread);
    let spread = spread(&mut top).unwrap_or(usual_spread);
    let reach = top.number_in("reach_m", 0.0..=MAX_REACH_M);
    let reach_m = reach.unwrap_or(if spread == Spread::Own { 0.0 } else { usual_reach });
    if spread != Spread::Own && reach_m == 0.0 {
        top.fault("reach_m", "reach_m is 0, so no station speaks for any cell; give it in metres");
    }
    let scores = scores(&mut top, ground.about.levels.0.len());
    let draft = thresholds::Draft { kind, source: source.as_deref(), properties: &properties };
    let thresholds = thresholds::read(&mut top, &draft, ground);
    top.finish();
    Some(Hazard {
        kind: kind?,
        name: name?,
        source: source.unwrap_or_default(),
        valid_from,
        step_s,
        lateness_s,
        thresholds,
        raise_hold_s,
        clear_hold_s,
        clear_margin,
        spread,
        reach_m,
        scores,
    })
}

fn kind(top: &mut Section<'_>) -> Option<HazardKind> {
    let known = || words(HazardKind::ALL.iter().map(|(_, word)| *word));
    let word = top.need_text("hazard", &format!("one of {}", known()))?;
    let found = HazardKind::ALL.iter().find(|(_, w)| *w == word).map(|(kind, _)| *kind);
    if found.is_none() {
        top.fault("hazard", format!("unknown hazard {word:?}; known: {}", known()));
    }
    found
}

fn spread(top: &mut Section<'_>) -> Option<Spread> {
    match top.text("spread")?.as_str() {
        "inverse_distance" => Some(Spread::InverseDistance),
        "nearest" => Some(Spread::Nearest),
        "own" => Some(Spread::Own),
        other => {
            top.fault(
                "spread",
                format!("unknown spread {other:?}; known: inverse_distance, nearest, own"),
            );
            None
        }
    }
}

/// One score a level and one for none, rising from 0 to 1; evenly where the file does not say.
fn scores(top: &mut Section<'_>, levels: usize) -> Vec<f64> {
    let even = |rank: usize| rank as f64 / levels.max(1) as f64;
    let Some(scores) = top.numbers("scores") else {
        return (0..=levels).map(even).collect();
    };
    if scores.len() != levels + 1 {
        top.fault(
            "scores",
            format!(
                "{} scores; there must be {}: one for none, then one a level",
                scores.len(),
                levels + 1
            ),
        );
    }
    if scores.iter().any(|s| !(0.0..=1.0).contains(s)) {
        top.fault("scores", "a score lies between 0 and 1");
    }
    if scores.windows(2).any(|pair| matches!(pair, [a, b] if a > b)) {
        top.fault("scores", "scores must not fall with the level");
    }
    scores
}
