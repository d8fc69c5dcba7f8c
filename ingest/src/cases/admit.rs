//! Stop 3 of 9 for counts of cases: of a place and a code that are here, reported not before the
//! day has begun. A later report of the same key corrects an earlier one; the same again is known.

use domain::cases::{Book, CaseCount, Day, Taken};
use domain::refusal::Reason;
use domain::report::Report;

use crate::admit::reports::{known, take};
use crate::admit::submit::Draft;
use crate::admit::{Outcome, Source};
use crate::judge::Why;
use crate::memory::Ticket;
use crate::register::Register;

/// The counts that are known, each with the append that brought it.
pub(crate) type Known = Book<Ticket>;

pub(crate) fn cases(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    said: CaseCount,
) -> Result<Outcome, Why> {
    let register = draft.inner().judge.register().clone();
    let said = CaseCount { agency: Some(source.agency.clone()), ..said };
    belongs(&register, source, &said)?;
    draft.not_ahead(said.reported)?;
    let (ticket, reported) = (draft.ticket(), said.reported);
    let taken = if draft.is_dry() {
        draft.inner().reports.cases.clone().take(&said, ticket)
    } else {
        draft.inner().reports.cases.take(&said, ticket)
    };
    match taken {
        Taken::Known(first) => {
            draft.wait_for(first);
            Ok(Outcome::Duplicate)
        }
        Taken::Contradicts(count) => {
            let detail = format!(
                "{count} were reported of the same at the same instant; a correction has a later \"reported\""
            );
            Err(Why::new(Reason::Inconsistent, detail))
        }
        Taken::New if draft.is_dry() => Ok(Outcome::Accepted),
        Taken::New => {
            draft.report(reported, Report::Cases(said));
            Ok(Outcome::Accepted)
        }
        Taken::TooOld => {
            let report = Report::Cases(said);
            if let Some(first) = known(draft, &report) {
                draft.wait_for(first);
                return Ok(Outcome::Duplicate);
            }
            Ok(take(draft, reported, report))
        }
    }
}

fn belongs(register: &Register, source: Source<'_>, said: &CaseCount) -> Result<(), Why> {
    let hospital = || domain::ids::HospitalId::new(&said.place).ok();
    match hospital().and_then(|id| register.hospital(&id).cloned()) {
        Some(agency) if agency != *source.agency => {
            let detail = format!("hospital {} is not this agency's", said.place);
            return Err(Why::new(Reason::ForeignStation, detail));
        }
        Some(_) => {}
        None if register.has_zone(&said.place) => {}
        None => {
            let detail = format!("there is neither a zone nor a hospital {}", said.place);
            return Err(Why::new(Reason::UnknownStation, detail));
        }
    }
    if !register.counts(&said.syndrome) {
        let detail =
            format!("no syndrome or disease {}; the city's diseases.csv adds some", said.syndrome);
        return Err(Why::new(Reason::UnknownProperty, detail));
    }
    if said.day > Day::at(said.reported, register.offset_s()) {
        let detail = format!("the day {} had not begun when it was reported", said.day);
        return Err(Why::new(Reason::Inconsistent, detail));
    }
    Ok(())
}
