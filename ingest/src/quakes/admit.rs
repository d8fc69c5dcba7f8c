//! Stop 3 of 9 for earthquakes: each version once. Who may send is asked before
//! ([`crate::reports::kind::Kind::may`]).

use domain::bulletin::Earthquake;
use domain::report::Report;

use crate::admit::Outcome;
use crate::admit::reports::take;
use crate::admit::submit::Draft;
use crate::judge::Why;

pub(crate) fn earthquake(draft: &mut Draft<'_, '_, '_>, said: Earthquake) -> Result<Outcome, Why> {
    draft.not_ahead(said.t)?;
    draft.not_ahead(said.updated)?;
    // Its place in time is when its office wrote it: an earthquake of last week that is looked at
    // today is today's word.
    let t = said.updated;
    Ok(take(draft, t, Report::Earthquake(said)))
}
