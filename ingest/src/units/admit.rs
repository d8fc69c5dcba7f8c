//! Stop 3 of 9 for units' reports: the agency's own unit, and nothing that the desk cannot follow.

use domain::refusal::Reason;
use domain::report::{Report, UnitReport};

use super::still::is_position;
use crate::admit::reports::{content_of, known, take};
use crate::admit::submit::Draft;
use crate::admit::{Outcome, Source};
use crate::judge::Why;

pub(crate) fn unit(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    said: UnitReport,
    desk: Result<(), Why>,
) -> Result<Outcome, Why> {
    let register = draft.inner().judge.register().clone();
    match register.unit(&said.unit) {
        Some(agency) if agency == source.agency => {}
        Some(_) => {
            let detail = format!("unit {} is another agency's", said.unit);
            return Err(Why::new(Reason::ForeignStation, detail));
        }
        None => {
            let detail = format!("unit {} is not known here", said.unit);
            return Err(Why::new(Reason::UnknownUnit, detail));
        }
    }
    draft.not_ahead(said.t)?;
    if is_position(&said) {
        return Ok(position(draft, said));
    }
    if known(draft, &Report::Unit(said.clone())).is_none() {
        desk?;
    }
    Ok(take(draft, said.t, Report::Unit(said)))
}

/// How and where the unit is, if that is new.
fn position(draft: &mut Draft<'_, '_, '_>, said: UnitReport) -> Outcome {
    let t = said.t;
    let report = Report::Unit(said);
    let (content, ticket) = (content_of(draft.agency(), &report), draft.ticket());
    let Report::Unit(said) = &report else { return Outcome::Duplicate };
    if let Some(first) = draft.inner().reports.standing.known(said, content) {
        draft.wait_for(first);
        return Outcome::Duplicate;
    }
    if !draft.is_dry() {
        draft.inner().reports.standing.put(said, content, ticket);
        draft.report(t, report);
    }
    Outcome::Accepted
}
