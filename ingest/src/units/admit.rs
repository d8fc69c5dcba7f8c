//! Stop 3 of 9 for units' reports: the agency's own unit, and nothing that the desk cannot follow.

use domain::refusal::Reason;
use domain::report::{Report, UnitReport};

use crate::admit::reports::{known, take};
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
    if register.unit(&said.unit) != Some(source.agency) {
        let detail = format!("unit {} is not known here", said.unit);
        return Err(Why::new(Reason::ForeignStation, detail));
    }
    draft.not_ahead(said.t)?;
    if known(draft, &Report::Unit(said.clone())).is_none() {
        desk?;
    }
    Ok(take(draft, said.t, Report::Unit(said)))
}
