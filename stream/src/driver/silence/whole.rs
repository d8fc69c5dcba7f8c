//! Whether an agency's whole feed is gone: one alarm for all of its stations.

use super::{Silence, UNEXPECTED};
use crate::plan::Plan;
use crate::watch::place::NEVER;

impl Silence {
    /// Whether nothing of an agency (of two stations at least) is heard any more at `at`: what should
    /// have come has not, and what is not due yet was last heard before the first of those missed its
    /// frame. A gauge that reports by the hour is no sign of life for an hour; more than half of the
    /// stations have to be overdue, so that a few do not speak for all.
    pub(super) fn is_whole_gone(&self, plan: &Plan, agency: u32, at: i64) -> bool {
        let (mut stations, mut overdue) = (0u32, 0u32);
        let (mut first_missed, mut last_heard) = (i64::MAX, NEVER);
        for station in plan.stations.iter().filter(|s| s.agency_at(at) == agency) {
            let (mut is_expected, mut is_overdue) = (false, false);
            for ix in &station.streams {
                let source = self.sources.get(*ix as usize).filter(|s| s.interval < UNEXPECTED);
                let Some(source) = source else { continue };
                is_expected = true;
                let heard = source.due.saturating_sub(source.span);
                // Half an interval of grace: the next frame may be under way.
                let grace = source.interval.saturating_add(source.interval / 2);
                let missed = heard.saturating_add(grace);
                if !source.silent && missed > at {
                    last_heard = last_heard.max(heard);
                    continue;
                }
                is_overdue = true;
                // What has an alert of its own fell silent by itself, and not with the rest.
                if !source.told {
                    first_missed = first_missed.min(missed);
                }
            }
            stations += u32::from(is_expected);
            overdue += u32::from(is_overdue);
        }
        overdue >= 2 && overdue > stations / 2 && last_heard < first_missed
    }
}
