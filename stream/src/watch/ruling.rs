//! A finding written out as a ruling, with the rows it was made from.

use std::sync::Arc;

use domain::decision::DecisionKind;
use domain::level::Level;

use super::Watch;
use super::place::View;
use crate::hazards::judge::{Finding, NO_CRITERION, When, evidence};
use crate::item::{Because, Ruling, Where, Why};

/// What a ruling says beside its finding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    pub(super) seq: u64,
    pub(super) kind: DecisionKind,
    pub(super) was: Level,
    pub(super) until: i64,
}

impl Watch {
    /// The ruling of a place at an instant; `None` where no rules hold there.
    pub(super) fn ruling(
        &self,
        number: usize,
        finding: &Finding,
        at: i64,
        when: When,
        draft: Draft,
    ) -> Option<Ruling> {
        let place = self.places.get(number)?;
        let (rules, _) = place.plan.rules_at(at)?;
        let view = View { streams: &self.streams, slots: &place.slots };
        let mut kept = self.kept.borrow_mut();
        kept.clear();
        let mut property = None;
        if let Some((of, rows)) = place.at_hand(&view, finding, at, when) {
            property = Some(of);
            kept.extend(rows);
        } else {
            evidence(rules, &view, finding, at, when, |of, row| {
                property = Some(of);
                kept.push(row);
            });
        }
        let mut because = Because::none();
        if let Some(stream) = property.and_then(|property| view.stream(property)) {
            because.stream = stream.number;
            because.doubtful = finding.doubtful;
            because.rows = Arc::from(kept.as_slice());
            if stream.series.has_odd() {
                let odd = kept.iter().map(|row| (row.t, stream.series.odd_crc(*row)));
                because.odd = odd.filter(|(_, crc)| *crc != 0).collect();
            }
        }
        let without = finding.level == Level::NoData;
        let why = match finding.criterion {
            number if number != NO_CRITERION && !without => {
                Why::Criterion { number, until: draft.until }
            }
            _ => Why::NoData,
        };
        Some(Ruling {
            seq: draft.seq,
            kind: draft.kind,
            line: place.line,
            place: Where::Station(place.station),
            t: at,
            level: finding.level,
            was: draft.was,
            value: if without { f64::NAN } else { finding.value },
            because,
            why,
            plan: self.plan.as_ref().map_or(0, |plan| plan.number),
            settled: when == When::Final,
            alert: 0,
        })
    }
}
