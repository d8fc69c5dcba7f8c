//! Stop 3 of 9 for storm tracks: each version once. Who may send is asked before
//! ([`crate::reports::kind::Kind::may`]).

use domain::bulletin::StormTrack;
use domain::report::Report;

use crate::admit::Outcome;
use crate::admit::reports::take;
use crate::admit::submit::Draft;
use crate::judge::Why;

pub(crate) fn track(draft: &mut Draft<'_, '_, '_>, said: StormTrack) -> Result<Outcome, Why> {
    draft.not_ahead(said.issued)?;
    let t = said.issued;
    Ok(take(draft, t, Report::Track(said)))
}
