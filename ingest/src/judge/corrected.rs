//! What people have said of a datastream: the values that come are marked by it, those that are known
//! are said anew, and what a mistake has changed is given back.
//!
//! What was sent always stands in the record. What the desk makes of it stands beside it, with a later
//! result time by which it is known again: that of the saying where the value was known already, a
//! millisecond after both where it came while the correction held.

use std::collections::BTreeMap;

use domain::correction::{Correction, CorrectionAct};
use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

use super::{Judge, doubtful};
use crate::memory::{Seen, Ticket, rank};
use crate::register::Limits;

/// The most values that one correction says anew at once: three days of one a minute. The rest is said
/// the next time it is asked.
pub(crate) const SAID_AT_ONCE_MAX: usize = 4_320;
/// Instants that are looked at in one piece.
const LOOKED_AT: usize = 4_320;
/// Instants so long after the end of a correction may have come while it held: more than any
/// tolerance of clocks that are fast.
const AHEAD_MS: i64 = 600_000;

impl Judge {
    /// Takes over what the desk has said: all corrections that may have changed something.
    pub(crate) fn correct(&mut self, corrections: &[Correction]) {
        self.corrections.clear();
        for correction in corrections {
            if let Some(ix) = self.datastream_of(correction) {
                self.corrections.entry(ix).or_default().push(correction.clone());
            }
        }
    }

    fn datastream_of(&self, correction: &Correction) -> Option<DatastreamIx> {
        let stream = self.register.stream(correction.station.as_str(), &correction.property);
        stream.map(|stream| stream.ix)
    }

    fn said_of(&self, ix: DatastreamIx) -> &[Correction] {
        self.corrections.get(&ix).map_or(&[][..], Vec::as_slice)
    }

    /// The correction that speaks for what comes of this instant: the newest that holds of it. The
    /// value of one instant is no rule for others.
    fn rule_for(&self, ix: DatastreamIx, t: UtcMs) -> Option<&Correction> {
        let of_it = self.said_of(ix).iter().filter(|c| c.covers(t));
        of_it.filter(|c| !matches!(c.act, CorrectionAct::Value(_))).max_by_key(|c| c.id)
    }

    pub(super) fn is_corrected(&self, ix: DatastreamIx, t: UtcMs) -> bool {
        self.rule_for(ix, t).is_some()
    }

    /// What an observation that was just admitted is worth by the corrections that hold. It is
    /// remembered under `ticket`.
    pub fn corrected(&mut self, seen: &Observation, ticket: Ticket) -> Option<Observation> {
        // Only what was marked for it: what its sender calls unreliable stays that.
        self.marked.take().filter(|marked| *marked == (seen.datastream, seen.t))?;
        let newest = self.rule_for(seen.datastream, seen.t)?;
        let result_time = as_it_comes(newest, seen);
        let sent = with_trust(seen, Trust::Reliable);
        let corrected = self.by_correction(newest, &sent, result_time);
        self.remember(&corrected, ticket);
        Some(corrected)
    }

    /// What is to be said anew of the values that are known, by a correction that is new or was
    /// taken back: of each instant what was sent, by the correction that speaks for it now. What
    /// stands so already is left out, so that a correction may be taken twice; of more than
    /// [`SAID_AT_ONCE_MAX`] the oldest come first. They are remembered under `ticket`.
    pub(crate) fn said_anew(&mut self, by: &Correction, ticket: Ticket) -> Vec<Observation> {
        let Some(ix) = self.datastream_of(by) else { return Vec::new() };
        let until = by.until.plus_ms(if by.withdrawn.is_some() { AHEAD_MS } else { 0 });
        let (mut from, mut made) = (by.from, Vec::new());
        while from < until && made.len() < SAID_AT_ONCE_MAX {
            let mut known = self.memory.told(ix, from, until, LOOKED_AT);
            let whole = known.len() < LOOKED_AT;
            if matches!(by.act, CorrectionAct::Value(_)) {
                known.entry(by.from).or_default();
            }
            from = known.last_key_value().filter(|_| !whole).map_or(until, |(t, _)| t.plus_ms(1));
            self.say_anew(by, ix, known, ticket, &mut made);
        }
        made
    }

    fn say_anew(
        &mut self,
        by: &Correction,
        ix: DatastreamIx,
        known: BTreeMap<UtcMs, Vec<Observation>>,
        ticket: Ticket,
        made: &mut Vec<Observation>,
    ) {
        let at = by.withdrawn.unwrap_or(by.at);
        for (t, rows) in known {
            if made.len() >= SAID_AT_ONCE_MAX {
                return;
            }
            let stands = rows.iter().max_by_key(|row| rank(row)).copied();
            let Some(mut due) = self.due(ix, t, &rows) else { continue };
            let used = |trust| trust != Trust::Unreliable;
            if stands.is_some_and(|stands| {
                stands.value == due.value && used(stands.quality.trust) == used(due.quality.trust)
            }) {
                continue;
            }
            due.result_time = stands.map_or(at, |stands| at.max(stands.result_time.plus_ms(1)));
            // A value that came while it was not to be used was not looked at either.
            if due.quality == Quality::default() && self.is_doubtful(by, &due) {
                due.quality.trust = Trust::Doubtful;
            }
            self.remember(&due, ticket);
            made.push(due);
        }
    }

    /// What should hold of an instant of which all this was told: what was sent, by the correction
    /// that speaks for it. `None` where nothing was ever said.
    fn due(&self, ix: DatastreamIx, t: UtcMs, rows: &[Observation]) -> Option<Observation> {
        let said = self.said_of(ix);
        let sent = rows.iter().filter(|row| !is_of_the_desk(row, rows, said));
        let sent = sent.max_by_key(|row| rank(row)).map(|row| {
            let marked = said.iter().any(|c| came_under(c, row, rows));
            if marked { with_trust(row, Trust::Reliable) } else { *row }
        });
        let set = said.iter().filter(|c| c.covers(t));
        let set = set.filter(|c| matches!(c.act, CorrectionAct::Value(_))).max_by_key(|c| c.id);
        let rule = self.rule_for(ix, t);
        // The staff was read: what is added to the gauge's own values is not added to that.
        let speaks = match (set, rule) {
            (Some(set), Some(rule)) if rule.id > set.id => match rule.act {
                CorrectionAct::Offset(_) => Some(set),
                _ => Some(rule),
            },
            (Some(set), _) => Some(set),
            (None, rule) => rule,
        };
        match (speaks, sent) {
            (Some(speaks), Some(sent)) => Some(self.by_correction(speaks, &sent, sent.result_time)),
            (None, Some(sent)) => Some(Observation { backlog: false, ..sent }),
            (speaks, None) => match speaks.map(|speaks| speaks.act) {
                Some(CorrectionAct::Value(value)) => {
                    Some(of_nothing(ix, t, value, Trust::Reliable))
                }
                // Only people have said anything of it, and took it back.
                _ => {
                    let last = rows.iter().max_by_key(|row| rank(row))?;
                    Some(of_nothing(ix, t, last.value, Trust::Unreliable))
                }
            },
        }
    }

    /// What a correction makes of a value as it was sent.
    fn by_correction(
        &self,
        correction: &Correction,
        sent: &Observation,
        result_time: UtcMs,
    ) -> Observation {
        let (origin, trust) = (sent.quality.origin, sent.quality.trust);
        let (value, quality) = match correction.act {
            CorrectionAct::Unreliable => (sent.value, Quality { origin, trust: Trust::Unreliable }),
            CorrectionAct::Offset(by) => {
                let trust = self.trust_within(correction, sent, by, trust);
                (sent.value + by, Quality { origin: OriginFlag::Corrected, trust })
            }
            CorrectionAct::Value(value) => {
                (value, Quality { origin: OriginFlag::Corrected, trust: Trust::Reliable })
            }
        };
        Observation { value, quality, result_time, backlog: false, ..*sent }
    }

    /// What a value is worth that an offset moves: one that it moves out of the registered range is
    /// shown and not used.
    fn trust_within(
        &self,
        correction: &Correction,
        sent: &Observation,
        by: f64,
        trust: Trust,
    ) -> Trust {
        let stream = self.register.stream(correction.station.as_str(), &correction.property);
        let limits = stream.and_then(|stream| self.register.limits_at(stream, sent.t));
        let fits = limits.is_some_and(|limits| {
            let (least, most) = limits.range;
            (least..=most).contains(&(sent.value + by))
        });
        if fits { trust } else { Trust::Unreliable }
    }

    fn is_doubtful(&mut self, of: &Correction, seen: &Observation) -> bool {
        let register = self.register.clone();
        let stream = register.stream(of.station.as_str(), &of.property);
        let limits = stream.and_then(|stream| register.limits_at(stream, seen.t));
        let Some(limits) = limits.filter(Limits::doubts) else { return false };
        let (ix, t, value) = (seen.datastream, seen.t, seen.value);
        let beside = self.memory.beside(ix, t);
        doubtful(t, value, &limits, beside.before, beside.last)
            || (limits.has_neighbours && self.stands_alone(&register, ix, t, value))
    }

    fn remember(&mut self, seen: &Observation, ticket: Ticket) {
        let Observation { datastream, t, result_time, value, quality, .. } = *seen;
        let known = Seen { t, value, result_time, quality, sender_id: 0, same_since: t, ticket };
        self.memory.put(datastream, &known);
    }
}

/// The result time of what a correction makes of a value that comes while it holds.
fn as_it_comes(correction: &Correction, sent: &Observation) -> UtcMs {
    correction.at.max(sent.result_time).plus_ms(1)
}

/// Whether a value came while the correction held: what was made of it stands beside it.
fn came_under(correction: &Correction, sent: &Observation, rows: &[Observation]) -> bool {
    sent.quality.trust == Trust::Unreliable
        && rows.iter().any(|row| {
            row.result_time == as_it_comes(correction, sent)
                && match correction.act {
                    CorrectionAct::Unreliable => row.value == sent.value,
                    CorrectionAct::Offset(by) => row.value == sent.value + by,
                    CorrectionAct::Value(_) => false,
                }
        })
}

/// Whether it is what the desk has made of a value, and not what was sent.
fn is_of_the_desk(row: &Observation, rows: &[Observation], said: &[Correction]) -> bool {
    let changed =
        row.quality.trust == Trust::Unreliable || row.quality.origin == OriginFlag::Corrected;
    let before = || rows.iter().filter(|other| other.result_time < row.result_time);
    let made_of = |sent: &Observation| {
        said.iter().any(|correction| match correction.act {
            CorrectionAct::Unreliable => row.value == sent.value,
            CorrectionAct::Offset(by) => row.value == sent.value + by,
            CorrectionAct::Value(value) => row.value == value,
        })
    };
    said.iter().any(|correction| {
        let set_then = correction.act == CorrectionAct::Value(row.value);
        let said_then = row.result_time == correction.at;
        (correction.withdrawn == Some(row.result_time) && before().next().is_some())
            || (changed && said_then && (set_then || before().any(made_of)))
            || (changed && before().any(|sent| row.result_time == as_it_comes(correction, sent)))
    })
}

fn with_trust(seen: &Observation, trust: Trust) -> Observation {
    Observation { quality: Quality { trust, ..seen.quality }, ..*seen }
}

/// A value of an instant of which nothing was sent.
fn of_nothing(datastream: DatastreamIx, t: UtcMs, value: f64, trust: Trust) -> Observation {
    let quality = Quality { origin: OriginFlag::Corrected, trust };
    Observation { datastream, t, result_time: t, value, quality, backlog: false }
}
