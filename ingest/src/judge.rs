//! The judgement of one observation, part of stop 3: pure, the same for a live feed, a replay and a
//! back-test. What it takes into account is in its arguments and in [`Memory`].

mod beside;
pub(crate) mod corrected;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use domain::correction::Correction;
use domain::ids::{AgencyId, DatastreamIx};
use domain::observation::{Observation, OriginFlag, Trust};
use domain::property::convert;
use domain::refusal::Reason;
use domain::status::WireStatus;
use domain::time::{HOUR_MS, UtcMs};

use crate::json::decode::RawObservation;
use crate::json::error::shown;
use crate::memory::{DUPLICATE_HORIZON_MS, Memory, Seen, Ticket};
use crate::register::{Limits, Place, Register, Stream};

/// Why an observation is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The stable reason.
    pub reason: Reason,
    /// The particulars.
    pub detail: String,
}

impl Why {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// What becomes of an observation that is not refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judged {
    /// It is new, or a correction.
    New(Observation),
    /// It is known: as it was taken then, and the append that brought it.
    Duplicate(Observation, Ticket),
}

/// Judges observations in the order they come.
#[derive(Debug)]
pub struct Judge {
    register: Arc<Register>,
    memory: Memory,
    /// Room for where the datastreams of a group are.
    places: Vec<Option<Place>>,
    /// What people have said, by datastream.
    corrections: BTreeMap<DatastreamIx, Vec<Correction>>,
    /// What was marked last as not to be used, by a correction.
    marked: Option<(DatastreamIx, UtcMs)>,
}

impl Judge {
    /// A judge by this register and memory.
    pub fn new(register: Arc<Register>, memory: Memory) -> Self {
        Self { register, memory, places: Vec::new(), corrections: BTreeMap::new(), marked: None }
    }

    /// The register in force.
    pub fn register(&self) -> &Arc<Register> {
        &self.register
    }

    /// A new configuration. Numbers of datastreams are never given twice, so the memory stays.
    pub fn configure(&mut self, register: Arc<Register>) {
        self.register = register;
    }

    pub(crate) fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// Judges one observation of `agency` (`None`: a file's, which may speak for any station), and
    /// remembers it under `ticket` if it is new. `now` is the newest tick; `None` where nothing can
    /// be dated ahead.
    ///
    /// # Errors
    /// [`Why`]. [`Reason::FutureDated`] is a quarantine.
    pub fn judge(
        &mut self,
        raw: &RawObservation<'_>,
        agency: Option<&AgencyId>,
        now: Option<UtcMs>,
        ticket: Ticket,
    ) -> Result<Judged, Why> {
        let register = self.register.clone();
        let found = register.stream(&raw.station, &raw.property);
        self.judge_at(&register, raw, found, agency, now, ticket)
    }

    /// Judges an observation of the datastream that was found for it.
    #[inline]
    fn judge_at(
        &mut self,
        register: &Register,
        raw: &RawObservation<'_>,
        found: Option<&Stream>,
        agency: Option<&AgencyId>,
        now: Option<UtcMs>,
        ticket: Ticket,
    ) -> Result<Judged, Why> {
        let Fit { stream, limits, value, result_time } = fit(register, raw, found, agency, now)?;
        let sent = raw.q.unwrap_or_default();
        let sender_id = raw.id.as_deref().map_or(0, hash);
        let (ix, t, same_since) = (stream.ix, raw.t, raw.t);
        let mut seen = Seen { t, value, result_time, quality: sent, sender_id, same_since, ticket };
        let is_reliable = seen.quality.trust == Trust::Reliable;
        if is_reliable && !self.corrections.is_empty() && self.is_corrected(ix, t) {
            self.marked = Some((ix, t));
            // What was sent stands in the record, and is not used; what it is worth comes beside it.
            seen.quality.trust = Trust::Unreliable;
        }
        let sent = seen.quality;
        let can_doubt = sent.trust == Trust::Reliable && limits.doubts();
        if can_doubt && limits.has_neighbours && self.stands_alone(register, ix, t, value) {
            seen.quality.trust = Trust::Doubtful;
        }
        if let Some((lane, most)) = self.memory.in_order(ix, t) {
            if can_doubt && doubtful(t, value, &limits, lane.believed(), lane.last()) {
                seen.quality.trust = Trust::Doubtful;
            }
            lane.append(&seen, most);
        } else {
            let beside = self.memory.beside(ix, t);
            for known in &beside.same_instant {
                // The sender's own id makes it the same report, unless it says that it is a later one.
                let by_id = sender_id != 0
                    && known.sender_id == sender_id
                    && result_time <= known.result_time
                    && now.is_none_or(|now| now.0 - known.t.0 <= DUPLICATE_HORIZON_MS);
                if by_id || known.is_same(value, result_time, sent) {
                    return Ok(Judged::Duplicate(known.observation(ix), known.ticket));
                }
            }
            if raw.repeats
                && let Some(known) = beside.standing(ix)
                && known.is_same(value, known.result_time, sent)
            {
                return Ok(Judged::Duplicate(known.observation(ix), known.ticket));
            }
            let filled = |known: &Seen| known.quality.origin == OriginFlag::Completed;
            if !beside.same_instant.iter().all(filled) && sent.origin == OriginFlag::Original {
                seen.quality.origin = OriginFlag::Corrected;
            }
            if can_doubt && doubtful(t, value, &limits, beside.before, beside.last) {
                seen.quality.trust = Trust::Doubtful;
            }
            self.memory.put(ix, &seen);
        }
        Ok(Judged::New(Observation {
            datastream: ix,
            t,
            result_time,
            value,
            quality: seen.quality,
            backlog: raw.backlog,
        }))
    }

    /// Judges a group of observations, in order, as [`Judge::judge`] does one by one: `each` is told
    /// what became of it. Goes ahead over all of them first, so that the waits for memory of one and
    /// the next overlap.
    pub fn judge_group(
        &mut self,
        raws: &[RawObservation<'_>],
        agency: Option<&AgencyId>,
        now: Option<UtcMs>,
        ticket: Ticket,
        mut each: impl FnMut(usize, Result<Judged, Why>),
    ) {
        let register = self.register.clone();
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        register.places(raws.iter().map(|raw| (&*raw.station, &*raw.property)), &mut places);
        let near = places.iter().filter_map(|place| register.at(*place));
        std::hint::black_box(self.memory.touch(near.map(|stream| stream.ix)));
        for ((raw, place), at) in raws.iter().zip(&places).zip(0usize..) {
            each(at, self.judge_at(&register, raw, register.at(*place), agency, now, ticket));
        }
        self.places = places;
    }

    /// What [`Judge::judge`] would say, leaving nothing behind: whether it is known already.
    ///
    /// # Errors
    /// [`Why`].
    pub fn foresee(
        &mut self,
        raw: &RawObservation<'_>,
        agency: Option<&AgencyId>,
        now: Option<UtcMs>,
    ) -> Result<bool, Why> {
        let register = self.register.clone();
        let found = register.stream(&raw.station, &raw.property);
        let Fit { stream, value, result_time, .. } = fit(&register, raw, found, agency, now)?;
        let sent = raw.q.unwrap_or_default();
        let beside = self.memory.beside(stream.ix, raw.t);
        let standing = raw.repeats.then(|| beside.standing(stream.ix)).flatten();
        let again = standing.is_some_and(|known| known.is_same(value, known.result_time, sent));
        Ok(again || beside.same_instant.iter().any(|known| known.is_same(value, result_time, sent)))
    }

    /// Everything that is judged without looking at what came before.
    ///
    /// # Errors
    /// [`Why`].
    pub fn check(
        &self,
        raw: &RawObservation<'_>,
        agency: Option<&AgencyId>,
        now: Option<UtcMs>,
    ) -> Result<(), Why> {
        let found = self.register.stream(&raw.station, &raw.property);
        fit(&self.register, raw, found, agency, now).map(|_| ())
    }
}

/// An observation that fits its datastream.
struct Fit<'r> {
    stream: &'r Stream,
    limits: Limits,
    value: f64,
    result_time: UtcMs,
}

fn fit<'r>(
    register: &'r Register,
    raw: &RawObservation<'_>,
    found: Option<&'r Stream>,
    agency: Option<&AgencyId>,
    now: Option<UtcMs>,
) -> Result<Fit<'r>, Why> {
    let stream = owned(register, raw, found, agency)?;
    if raw.status == WireStatus::Exercise {
        return Err(Why::new(Reason::ExerciseRefused, "status is exercise"));
    }
    let mut result_time = raw.result_time.unwrap_or(raw.t);
    // A report's sending time is no reason to keep a value of now aside.
    if raw.repeats && not_ahead(register, result_time, now).is_err() {
        result_time = raw.t;
    }
    not_ahead(register, raw.t.max(result_time), now)?;
    let Some(limits) = register.limits_at(stream, raw.t) else {
        let said = format!("{}:{} is not registered for {}", raw.station, raw.property, raw.t);
        return Err(Why::new(Reason::UnknownProperty, said));
    };
    Ok(Fit { stream, limits, value: in_unit(raw, register.unit_of(stream), &limits)?, result_time })
}

/// Refuses what is dated ahead of now by more than the city's tolerance.
pub(crate) fn not_ahead(register: &Register, t: UtcMs, now: Option<UtcMs>) -> Result<(), Why> {
    let Some(now) = now else { return Ok(()) };
    let ahead_ms = t.0 - now.0;
    if ahead_ms <= register.future_tolerance_ms() {
        return Ok(());
    }
    Err(Why::new(Reason::FutureDated, format!("{t} is {ahead_ms} ms ahead of now, {now}")))
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().max(1)
}

/// The datastream that was found for an observation, if it is the sender's to report for.
fn owned<'r>(
    register: &'r Register,
    raw: &RawObservation<'_>,
    found: Option<&'r Stream>,
    agency: Option<&AgencyId>,
) -> Result<&'r Stream, Why> {
    match (found, agency) {
        // A file may speak for any station.
        (Some(stream), None) if stream.is_owned_at(raw.t) => return Ok(stream),
        _ => {}
    }
    let unknown = || Why::new(Reason::UnknownStation, format!("no station {}", raw.station));
    let instrument = register.station(&raw.station).ok_or_else(unknown)?;
    let owner = instrument.owner_at(raw.t).ok_or_else(|| {
        let said = format!("station {} is not registered for {}", raw.station, raw.t);
        Why::new(Reason::UnknownStation, said)
    })?;
    if agency.is_some_and(|agency| agency != owner) {
        let said = format!("station {} is not this agency's", raw.station);
        return Err(Why::new(Reason::ForeignStation, said));
    }
    found.ok_or_else(|| {
        let known: Vec<&str> = instrument.properties().collect();
        let said =
            format!("station {} has no {}; it has {}", raw.station, raw.property, known.join(", "));
        Why::new(Reason::UnknownProperty, said)
    })
}

fn in_unit(raw: &RawObservation<'_>, own: &str, limits: &Limits) -> Result<f64, Why> {
    let value = match raw.unit.as_deref() {
        None => raw.v,
        Some(unit) => convert(raw.v, unit, own).ok_or_else(|| {
            let said =
                format!("{:?} is no unit of {}, which is in {own}", shown(unit), raw.property);
            Why::new(Reason::Unit, said)
        })?,
    };
    if !value.is_finite() {
        return Err(Why::new(Reason::NotFinite, format!("{} in {own} is not finite", raw.v)));
    }
    let (least, most) = limits.range;
    if !(least..=most).contains(&value) {
        let said = format!("{value} {own} is outside {least} to {most} {own}");
        return Err(Why::new(Reason::OutOfRange, said));
    }
    // -0.0 and 0.0 are one reading.
    Ok(value + 0.0)
}

/// A change faster than the instrument's water or air can make it, a value that has not moved for
/// longer than it ever stands still, or a jump across a gap in the data. A fast change that the next value bears out is a change:
/// the first of the two stays doubtful, the second is believed.
fn doubtful(
    t: UtcMs,
    value: f64,
    limits: &Limits,
    before: Option<Seen>,
    last: Option<Seen>,
) -> bool {
    let Some(before) = &before else { return false };
    let too_fast_from = |earlier: &Seen, most: f64| {
        let elapsed_ms = t.0 - earlier.t.0;
        (value - earlier.value).abs() * HOUR_MS as f64 > most * elapsed_ms as f64
    };
    let too_fast = limits.max_rate_per_h.is_some_and(|most| {
        let from_last = last.as_ref().is_none_or(|last| too_fast_from(last, most));
        from_last && too_fast_from(before, most)
    });
    let stuck = limits
        .flat_after_ms
        .is_some_and(|most| before.value == value && t.0 - before.same_since.0 > most);
    let far = |earlier: &Seen, most: f64| (value - earlier.value).abs() > most;
    let jumped = limits.max_jump.is_some_and(|most| {
        let after_a_gap = t.0 - before.t.0 > limits.speaks_ms;
        after_a_gap && far(before, most) && last.as_ref().is_none_or(|last| far(last, most))
    });
    too_fast || stuck || jumped
}
