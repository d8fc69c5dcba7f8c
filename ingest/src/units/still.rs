//! What a unit said last, so that a unit that stands still does not fill the record: two hundred
//! units at one position in five seconds are three and a half million a day, most of them of cars
//! that are parked.
//!
//! A report that says only where the unit is, and says nothing new (the same place, the same status,
//! within a minute of one that is in the record), is a *duplicate*: known already, and durable.

use std::collections::{BTreeMap, VecDeque};

use domain::ids::UnitId;
use domain::report::{UnitReport, UnitStatus};
use domain::time::{MINUTE_MS, UtcMs};
use gis::{Position, distance_m};

use crate::memory::Ticket;

/// Within this distance of where it was a unit stands still, metres: a receiver's position wanders
/// by some metres.
pub const STILL_WITHIN_M: f64 = 15.0;
/// A unit that stands still is written down once in this time all the same: it is there.
pub const STILL_EVERY_MS: i64 = MINUTE_MS;
/// The latest reports of one unit that are told from resends.
const RECENT_MAX: usize = 32;

/// One unit's.
#[derive(Debug, Default)]
struct Heard {
    /// The newest position in the record.
    stands: Option<Stands>,
    /// Contents of the latest reports.
    recent: VecDeque<(u64, Ticket)>,
}

#[derive(Debug, Clone, Copy)]
struct Stands {
    t: UtcMs,
    at: Position,
    status: Option<UnitStatus>,
    ticket: Ticket,
}

/// The units' latest positions. Bounded by the units of the register.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    units: BTreeMap<UnitId, Heard>,
}

/// Whether a report says only how and where its unit is.
pub(crate) fn is_position(said: &UnitReport) -> bool {
    said.task.is_none() && said.note.is_none()
}

fn place(said: &UnitReport) -> Option<Position> {
    Position::new(said.lon?, said.lat?).ok()
}

impl Standing {
    /// The append that holds all that this report says, if there is one.
    pub(crate) fn known(&self, said: &UnitReport, content: u64) -> Option<Ticket> {
        let heard = self.units.get(&said.unit)?;
        let again = heard.recent.iter().find(|(known, _)| *known == content);
        again.map(|(_, ticket)| *ticket).or_else(|| {
            let had = heard.stands?;
            let same_status = said.status.is_none() || said.status == had.status;
            let age = said.t.0.saturating_sub(had.t.0);
            let still = distance_m(place(said)?, had.at) <= STILL_WITHIN_M;
            (same_status && still && (0..STILL_EVERY_MS).contains(&age)).then_some(had.ticket)
        })
    }

    /// Remembers a report that goes into the record.
    pub(crate) fn put(&mut self, said: &UnitReport, content: u64, ticket: Ticket) {
        let heard = self.units.entry(said.unit.clone()).or_default();
        heard.recent.push_back((content, ticket));
        if heard.recent.len() > RECENT_MAX {
            heard.recent.pop_front();
        }
        let newer = heard.stands.is_none_or(|had| had.t <= said.t);
        if let Some(at) = place(said).filter(|_| newer) {
            let status = said.status.or(heard.stands.and_then(|had| had.status));
            heard.stands = Some(Stands { t: said.t, at, status, ticket });
        }
    }

    /// Forgets what an append would have brought: it is lost.
    pub(crate) fn forget(&mut self, ticket: Ticket) {
        for heard in self.units.values_mut() {
            heard.recent.retain(|(_, held)| *held != ticket);
            if heard.stands.is_some_and(|had| had.ticket == ticket) {
                heard.stands = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t_s: i64, lon: f64, status: Option<UnitStatus>) -> UnitReport {
        let unit = UnitId::new("boat-01").unwrap();
        let t = UtcMs(1_781_118_300_000 + t_s * 1_000);
        UnitReport { lon: Some(lon), lat: Some(22.0), status, ..UnitReport::of(unit, t) }
    }

    #[test]
    fn a_parked_car_is_written_down_once_a_minute_and_a_moving_one_each_time() {
        let mut standing = Standing::default();
        let busy = Some(UnitStatus::Busy);
        standing.put(&at(0, 113.0, busy), 1, 7);
        assert_eq!(standing.known(&at(5, 113.0, busy), 2), Some(7));
        assert_eq!(standing.known(&at(5, 113.000_1, None), 2), Some(7), "10 m are the receiver's");
        assert_eq!(standing.known(&at(5, 113.001, busy), 2), None, "it has moved by 100 m");
        assert_eq!(standing.known(&at(60, 113.0, busy), 2), None, "a minute is over");
        assert_eq!(standing.known(&at(5, 113.0, Some(UnitStatus::Distress)), 2), None);
        assert_eq!(standing.known(&at(-5, 113.0, busy), 2), None, "older than what is known");
        assert_eq!(standing.known(&at(-5, 120.0, None), 1), Some(7), "a resend by its content");
        standing.forget(7);
        assert_eq!(standing.known(&at(5, 113.0, busy), 2), None, "it was lost");
    }
}
