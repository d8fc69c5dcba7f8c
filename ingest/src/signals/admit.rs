//! Stop 3 of 9 for official signals: only of who may publish them, and of zones that are here.

use domain::refusal::Reason;
use domain::report::{OfficialSignal, Report};

use crate::admit::reports::take;
use crate::admit::submit::Draft;
use crate::admit::{Outcome, Source};
use crate::judge::Why;

pub(crate) fn official(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    signal: OfficialSignal,
) -> Result<Outcome, Why> {
    let register = draft.inner().judge.register().clone();
    if !register.agency(source.agency).is_some_and(|rights| rights.official_signals) {
        let detail = format!("{} may not publish official signals", source.agency);
        return Err(Why::new(Reason::UnknownChannel, detail));
    }
    if let Some(area) = signal.areas.iter().find(|area| !register.has_zone(area.as_str())) {
        return Err(Why::new(
            Reason::FieldForm,
            format!("field \"areas\": there is no zone {area}"),
        ));
    }
    draft.not_ahead(signal.t)?;
    Ok(take(draft, signal.t, Report::Signal(signal)))
}
