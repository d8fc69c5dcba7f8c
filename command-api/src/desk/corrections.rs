//! Manual corrections at the desk: what may be corrected, and which corrections hold.

use std::collections::BTreeMap;

use domain::correction::{AHEAD_MAX_MS, BACK_MAX_MS, Correction, CorrectionAct};
use domain::desk::DeskFact;
use domain::ids::StationId;
use domain::time::{HOUR_MS, UtcMs};

use super::picture::Picture;
use super::refusal::Refusal;
use crate::gazetteer::Gazetteer;

/// The most corrections that hold at one time.
pub const CORRECTIONS_MAX: usize = 200;
/// How long one is shown after its end.
const KEPT_MS: i64 = 72 * HOUR_MS;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The station.
    pub station: &'a StationId,
    /// The property.
    pub property: &'a str,
    /// What is done.
    pub act: CorrectionAct,
    /// From which instant on.
    pub from: UtcMs,
    /// Until which instant.
    pub until: Option<UtcMs>,
}

/// Decides a correction.
///
/// # Errors
/// [`Refusal`]: no such datastream, an end that is missing or too far away, a value that cannot be.
pub fn decide(
    picture: &Picture,
    asked: &Asked<'_>,
    reason: String,
    by: &str,
    now: UtcMs,
    city: &Gazetteer,
) -> Result<Vec<DeskFact>, Refusal> {
    let (station, property) = (asked.station.as_str(), asked.property);
    let streams = &city.city().datastreams;
    let of_it = streams.iter().filter(|d| d.station.as_str() == station && d.property == property);
    let held = of_it.clone().filter(|d| d.valid_from <= asked.from).max_by_key(|d| d.valid_from);
    let Some(stream) = held.or(of_it.clone().next()) else {
        return Err(Refusal::UnknownDatastream(format!("{station}:{property}")));
    };
    // What a gauge that sends itself would be refused for, a person cannot say in its place.
    let plausible = city.city().property(property).map_or((0.0, 0.0), |p| p.plausible);
    let least = stream.min.map_or(plausible.0, |min| min.max(plausible.0));
    let most = stream.max.map_or(plausible.1, |max| max.min(plausible.1));
    let invalid = |field, why| Err(Refusal::Invalid { field, why });
    if asked.from < now.plus_ms(-BACK_MAX_MS) || asked.from > now {
        return invalid("from", "a correction begins within the last 72 hours");
    }
    let until = match (asked.act, asked.until) {
        (CorrectionAct::Value(_), None) => asked.from.plus_ms(1),
        (CorrectionAct::Value(_), Some(_)) => {
            return invalid("until", "the value of one instant has no end");
        }
        (_, None) => return invalid("until", "a correction always has an end"),
        (_, Some(until)) => until,
    };
    if until <= asked.from || until > now.plus_ms(AHEAD_MAX_MS) {
        return invalid("until", "after its beginning, at most a week ahead");
    }
    match asked.act {
        CorrectionAct::Unreliable => {}
        CorrectionAct::Value(value) if (least..=most).contains(&value) => {}
        CorrectionAct::Value(_) => {
            return invalid("act", "the value is outside the datastream's registered range");
        }
        CorrectionAct::Offset(by) if !by.is_finite() || by == 0.0 => {
            return invalid("act", "an offset is a number and not 0");
        }
        CorrectionAct::Offset(by) if by.abs() > most - least => {
            return invalid("act", "the offset is wider than the datastream's registered range");
        }
        CorrectionAct::Offset(_) => {}
    }
    if picture.corrections.values().filter(|c| c.holds(now)).count() >= CORRECTIONS_MAX {
        return invalid("act", "too many corrections hold already: end some of them");
    }
    Ok(vec![DeskFact::Corrected(Correction {
        id: picture.corrections_given + 1,
        station: asked.station.clone(),
        property: property.to_owned(),
        act: asked.act,
        from: asked.from,
        until,
        reason,
        by: by.to_owned(),
        at: now,
        withdrawn: None,
    })])
}

/// Ends a correction early.
///
/// # Errors
/// [`Refusal::UnknownCorrection`] where none of this number holds.
pub fn end(
    picture: &Picture,
    id: u64,
    reason: String,
    now: UtcMs,
) -> Result<Vec<DeskFact>, Refusal> {
    let holds = picture.corrections.get(&id).is_some_and(|c| c.holds(now));
    if !holds {
        return Err(Refusal::UnknownCorrection(id));
    }
    Ok(vec![DeskFact::CorrectionEnded { correction: id, reason }])
}

/// Takes a correction back, whether it holds still or has ended lately.
///
/// # Errors
/// [`Refusal::UnknownCorrection`] where there is none of this number, or it was taken back before.
pub fn withdraw(picture: &Picture, id: u64, reason: String) -> Result<Vec<DeskFact>, Refusal> {
    let known = picture.corrections.get(&id).filter(|c| c.withdrawn.is_none());
    known.ok_or(Refusal::UnknownCorrection(id))?;
    Ok(vec![DeskFact::CorrectionWithdrawn { correction: id, reason }])
}

/// Whether a fact is about corrections.
pub(super) fn is_one(fact: &DeskFact) -> bool {
    use DeskFact::{Corrected, CorrectionEnded, CorrectionWithdrawn};
    matches!(fact, Corrected(_) | CorrectionEnded { .. } | CorrectionWithdrawn { .. })
}

/// Takes a fact about corrections onto the picture.
pub(super) fn evolve(picture: &mut Picture, fact: &DeskFact, at: UtcMs) {
    let all = &mut picture.corrections;
    match fact {
        DeskFact::Corrected(correction) => {
            picture.corrections_given = picture.corrections_given.max(correction.id);
            all.insert(correction.id, correction.clone());
        }
        DeskFact::CorrectionEnded { correction, .. } => {
            if let Some(found) = all.get_mut(correction) {
                found.until = found.until.min(at.max(found.from));
            }
        }
        DeskFact::CorrectionWithdrawn { correction, .. } => {
            if let Some(found) = all.get_mut(correction) {
                found.withdrawn = Some(at);
            }
        }
        _ => {}
    }
}

/// Leaves those that ended, or were taken back, long ago.
pub(super) fn forget(corrections: &mut BTreeMap<u64, Correction>, now: UtcMs) {
    let ended = |c: &Correction| c.withdrawn.map_or(c.until, |at| at.max(c.until));
    corrections.retain(|_, correction| ended(correction).plus_ms(KEPT_MS) > now);
}
