//! What is filled in for a datastream that is silent: it keeps its places with data for as long as
//! the last value speaks, and brings nobody back.

use super::{Silence, due_after};
use crate::driver::{Ordered, Route, note};
use crate::item::What;
use crate::watch::place::NEVER;

impl Silence {
    /// Another speaks for a datastream, at `t`. False where the datastream is not overdue: then what
    /// came is its own.
    #[cold]
    pub(crate) fn speaks_for(&mut self, ix: u32, t: i64, now: i64) -> bool {
        let Some(source) = self.sources.get(ix as usize) else { return false };
        let awake = self.awake.get(ix as usize).map_or(NEVER, |awake| awake.due);
        let overdue = source.silent || (awake != NEVER && t > awake);
        if overdue {
            let until = self.filled.entry(ix).or_insert(NEVER);
            *until = (*until).max(due_after(t, now, source.span));
            self.earliest = NEVER;
        }
        overdue
    }

    /// Those that nobody speaks for any more are without data again.
    pub(super) fn fall_silent_again(
        &mut self,
        seq: u64,
        now: i64,
        routes: &[Route],
        out: &mut Ordered,
    ) {
        let sources = &self.sources;
        self.filled.retain(|ix, until| {
            let silent = sources.get(*ix as usize).is_some_and(|source| source.silent);
            if silent && *until < now {
                let to = routes.get(*ix as usize).map_or(0, |route| usize::from(route.to));
                out.items.push(note(What::Silent, seq, *until, *ix, to));
            }
            *until >= now
        });
    }
}
