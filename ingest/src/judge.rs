//! The judgement of one observation, part of stop 3: pure, the same for a live feed, a replay and a
//! back-test. What it takes into account is in its arguments and in [`Memory`].

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use domain::ids::AgencyId;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::property::convert;
use domain::refusal::Reason;
use domain::status::WireStatus;
use domain::time::{HOUR_MS, UtcMs};

use crate::json::decode::RawObservation;
use crate::json::error::shown;
use crate::memory::{Beside, DUPLICATE_HORIZON_MS, Memory, Seen, Ticket};
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
    /// It is known; the append that brought it.
    Duplicate(Ticket),
}

/// Judges observations in the order they come.
#[derive(Debug)]
pub struct Judge {
    register: Arc<Register>,
    memory: Memory,
    /// Where the datastreams of the observations to come are, the next one last.
    ahead: Vec<Option<Place>>,
}

impl Judge {
    /// A judge by this register and memory.
    pub fn new(register: Arc<Register>, memory: Memory) -> Self {
        Self { register, memory, ahead: Vec::new() }
    }

    /// The register in force.
    pub fn register(&self) -> &Arc<Register> {
        &self.register
    }

    /// A new configuration. Numbers of datastreams are never given twice, so the memory stays.
    pub fn configure(&mut self, register: Arc<Register>) {
        self.register = register;
        self.ahead.clear();
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
        let near = self.ahead.pop().flatten();
        let Fit { stream, limits, value, result_time } = fit(&register, raw, agency, now, near)?;
        let sent = raw.q.unwrap_or_default();
        let sender_id = raw.id.as_deref().map_or(0, hash);
        let beside = self.memory.beside(stream.ix, raw.t);
        for seen in &beside.same_instant {
            // The sender's own id makes it the same report, unless it says that it is a later one.
            let by_id = sender_id != 0
                && seen.sender_id == sender_id
                && result_time <= seen.result_time
                && now.is_none_or(|now| now.0 - seen.t.0 <= DUPLICATE_HORIZON_MS);
            if by_id || seen.is_same(value, result_time, sent) {
                return Ok(Judged::Duplicate(seen.ticket));
            }
        }
        let mut quality = sent;
        if !beside.same_instant.is_empty() && quality.origin == OriginFlag::Original {
            quality.origin = OriginFlag::Corrected;
        }
        if quality.trust == Trust::Reliable && doubtful(raw.t, value, &limits, &beside) {
            quality.trust = Trust::Doubtful;
        }
        self.remember(stream, raw.t, value, result_time, quality, sender_id, ticket);
        let datastream = stream.ix;
        Ok(Judged::New(Observation { datastream, t: raw.t, result_time, value, quality }))
    }

    /// Goes ahead over a group of observations that will be judged, so that the waits for memory of
    /// one and the next overlap.
    pub fn look_ahead<'a>(&mut self, raws: impl Iterator<Item = &'a RawObservation<'a>>) {
        self.ahead.clear();
        self.ahead.extend(raws.map(|raw| self.register.place(&raw.station, &raw.property)));
        let near = self.ahead.iter().filter_map(|place| self.register.at(*place));
        std::hint::black_box(near.map(|stream| self.memory.touch(stream.ix)).sum::<usize>());
        self.ahead.reverse();
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
        fit(&self.register, raw, agency, now, None).map(|_| ())
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one entry")]
    fn remember(
        &mut self,
        stream: &Stream,
        t: UtcMs,
        value: f64,
        result_time: UtcMs,
        quality: Quality,
        sender_id: u64,
        ticket: Ticket,
    ) {
        let seen = Seen { t, value, result_time, quality, sender_id, same_since: t, ticket };
        self.memory.put(stream.ix, seen);
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
    agency: Option<&AgencyId>,
    now: Option<UtcMs>,
    near: Option<Place>,
) -> Result<Fit<'r>, Why> {
    let stream = find(register, raw, agency, near)?;
    if raw.status == WireStatus::Exercise {
        return Err(Why::new(Reason::ExerciseRefused, "status is exercise"));
    }
    let result_time = raw.result_time.unwrap_or(raw.t);
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

fn find<'r>(
    register: &'r Register,
    raw: &RawObservation<'_>,
    agency: Option<&AgencyId>,
    near: Option<Place>,
) -> Result<&'r Stream, Why> {
    // What was found ahead is used where it is of this very observation.
    let is_its = |stream: &&Stream| register.is_of(stream, &raw.station, &raw.property);
    let found = register.at(near).filter(is_its);
    let found = found.or_else(|| register.stream(&raw.station, &raw.property));
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

/// A change faster than the instrument's water or air can make it, or a value that has not moved
/// for longer than it ever stands still. A fast change that the next value bears out is a change:
/// the first of the two stays doubtful, the second is believed.
fn doubtful(t: UtcMs, value: f64, limits: &Limits, beside: &Beside) -> bool {
    let Some(before) = &beside.before else { return false };
    let too_fast_from = |earlier: &Seen, most: f64| {
        let elapsed_ms = t.0 - earlier.t.0;
        (value - earlier.value).abs() * HOUR_MS as f64 > most * elapsed_ms as f64
    };
    let too_fast = limits.max_rate_per_h.is_some_and(|most| {
        let from_last = beside.last.as_ref().is_none_or(|last| too_fast_from(last, most));
        from_last && too_fast_from(before, most)
    });
    let stuck = limits
        .flat_after_ms
        .is_some_and(|most| before.value == value && t.0 - before.same_since.0 > most);
    too_fast || stuck
}
