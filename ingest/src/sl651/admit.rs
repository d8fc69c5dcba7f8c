//! Stop 3 of 9 for pictures and texts of stations: the agency's own, once each.

use domain::refusal::Reason;
use domain::report::{Attachment, Report};

use crate::admit::reports::take;
use crate::admit::submit::Draft;
use crate::admit::{Outcome, Source};
use crate::judge::Why;

pub(crate) fn attachment(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    said: Attachment,
) -> Result<Outcome, Why> {
    let register = draft.inner().judge.register().clone();
    let owner = register.station(said.station.as_str()).and_then(|s| s.owner_at(said.t));
    match owner {
        None => {
            let detail = format!("station {} is not registered for {}", said.station, said.t);
            return Err(Why::new(Reason::UnknownStation, detail));
        }
        Some(owner) if owner != source.agency => {
            let detail = format!("station {} is not this agency's", said.station);
            return Err(Why::new(Reason::ForeignStation, detail));
        }
        Some(_) => {}
    }
    draft.not_ahead(said.t)?;
    let t = said.t;
    Ok(take(draft, t, Report::Attachment(said)))
}
