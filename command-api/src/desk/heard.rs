//! Stop 7, evolved: what units, earthquake and weather offices report comes onto the picture.
//! Before it: [`super::evolve`]. After it: the rows are shown ([`crate::live`], stop 8).

use domain::bulletin::{Earthquake, QuakeState, StormTrack};
use domain::desk::DeskFact;
use domain::report::{UnitReport, UnitStatus};
use domain::time::{HOUR_MS, UtcMs};

use super::picture::{Distress, HeardTrack, Picture};
use super::touched::Touched;

/// How long an earthquake stays on the picture after its origin time.
pub const QUAKE_KEPT_MS: i64 = 7 * 24 * HOUR_MS;
/// How long a storm stays on the picture after it was last heard of.
pub const TRACK_KEPT_MS: i64 = 3 * 24 * HOUR_MS;
/// The most versions of one earthquake that are kept on the picture; all are in the record.
pub const QUAKE_VERSIONS_KEPT: usize = 16;
/// The most earthquakes on the picture; the oldest leave.
pub const QUAKES_KEPT: usize = 500;
/// The most storms on the picture; those heard of longest ago leave.
pub const TRACKS_KEPT: usize = 50;

/// Where and how a unit says it is. What is older than what is known moves nothing back.
pub(super) fn unit(
    picture: &mut Picture,
    received: UtcMs,
    said: &UnitReport,
    touched: &mut Touched,
) {
    let row = picture.units.entry(said.unit.clone()).or_default();
    row.heard = received;
    if row.placed.is_none_or(|placed| placed <= said.t) {
        if let Some(at) = said.lon.zip(said.lat) {
            (row.at, row.placed) = (Some(at), Some(said.t));
            (row.speed_mps, row.course_deg) = (said.speed_mps, said.course_deg);
        }
        row.status = said.status.or(row.status);
        row.battery_percent = said.battery_percent.or(row.battery_percent);
    }
    touched.units.insert(said.unit.clone());
}

/// What the desk has to write down of a report's status: 求救, and its end.
pub(super) fn decide_status(picture: &Picture, said: &UnitReport) -> Option<DeskFact> {
    let in_distress = picture.distress.contains_key(&said.unit);
    match said.status? {
        UnitStatus::Distress if !in_distress => {
            Some(DeskFact::UnitDistressed { unit: said.unit.clone(), note: said.note.clone() })
        }
        UnitStatus::Distress => None,
        _ => in_distress.then(|| DeskFact::UnitSafe { unit: said.unit.clone() }),
    }
}

/// 求救 begins or ends.
pub(super) fn distress(picture: &mut Picture, fact: &DeskFact, at: UtcMs, touched: &mut Touched) {
    match fact {
        DeskFact::UnitDistressed { unit, note } => {
            let fresh = Distress { since: at, note: note.clone() };
            picture.distress.entry(unit.clone()).or_insert(fresh);
            touched.units.insert(unit.clone());
        }
        DeskFact::UnitSafe { unit } => {
            picture.distress.remove(unit);
            touched.units.insert(unit.clone());
        }
        _ => {}
    }
}

/// A version of an earthquake: in its place among the others, by when it was made.
pub(super) fn earthquake(picture: &mut Picture, said: &Earthquake, touched: &mut Touched) {
    let versions = picture.earthquakes.entry(said.id.clone()).or_default();
    let at = versions.partition_point(|had| had.updated <= said.updated);
    versions.insert(at, said.clone());
    if versions.len() > QUAKE_VERSIONS_KEPT {
        versions.pop_front();
    }
    touched.earthquakes.insert(said.id.clone());
    if picture.earthquakes.len() > QUAKES_KEPT {
        let newest = |id: &String| picture.earthquakes[id].back().map(|quake| quake.t);
        if let Some(oldest) = picture.earthquakes.keys().min_by_key(|id| newest(id)).cloned() {
            picture.earthquakes.remove(&oldest);
            touched.earthquakes.insert(oldest);
        }
    }
}

/// A storm's track: the later issued replaces.
pub(super) fn track(
    picture: &mut Picture,
    received: UtcMs,
    said: &StormTrack,
    touched: &mut Touched,
) {
    if picture.tracks.get(&said.id).is_some_and(|had| had.track.issued > said.issued) {
        return;
    }
    let row = HeardTrack { heard: received, track: said.clone() };
    picture.tracks.insert(said.id.clone(), row);
    touched.tracks.insert(said.id.clone());
    if picture.tracks.len() > TRACKS_KEPT {
        let oldest = picture.tracks.values().min_by_key(|had| had.heard);
        if let Some(oldest) = oldest.map(|had| had.track.id.clone()) {
            picture.tracks.remove(&oldest);
            touched.tracks.insert(oldest);
        }
    }
}

/// The version that stands, unless it is withdrawn.
pub fn standing<'p>(picture: &'p Picture, id: &str) -> Option<&'p Earthquake> {
    let newest = picture.earthquakes.get(id)?.back()?;
    (newest.state != QuakeState::Withdrawn).then_some(newest)
}

/// What is long past leaves.
pub(super) fn tick(picture: &mut Picture, touched: &mut Touched) {
    let shaken = picture.now.plus_ms(-QUAKE_KEPT_MS);
    let is_old = |list: &std::collections::VecDeque<Earthquake>| {
        list.back().is_none_or(|quake| quake.t < shaken)
    };
    let mut gone: Vec<String> = Vec::new();
    picture.earthquakes.retain(|id, versions| {
        let old = is_old(versions);
        gone.extend(old.then(|| id.clone()));
        !old
    });
    touched.earthquakes.extend(gone);
    let heard = picture.now.plus_ms(-TRACK_KEPT_MS);
    let mut gone: Vec<String> = Vec::new();
    picture.tracks.retain(|id, track| {
        let old = track.heard < heard;
        gone.extend(old.then(|| id.clone()));
        !old
    });
    touched.tracks.extend(gone);
}
