//! Stop 3 of 9 for hospitals: the agency's own, and their load as observations. The observations
//! are journaled here and nowhere derived again.

use domain::facility::HospitalReport;
use domain::refusal::Reason;
use domain::report::{EmergencyTraffic, Report};

use crate::admit::reports::{known, take};
use crate::admit::submit::Draft;
use crate::admit::{Outcome, Source};
use crate::json::decode::RawObservation;
use crate::judge::Why;
use crate::register::Register;

/// Figures that are wholly in the observations derived.
const DERIVED: [&str; 4] = ["beds", "beds_occupied", "emergency_waiting", "traffic"];

pub(crate) fn hospital(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    said: HospitalReport,
) -> Result<Outcome, Why> {
    let now = draft.judged_against();
    let register = draft.inner().judge.register().clone();
    belongs(&register, source, &said)?;
    draft.not_ahead(said.t)?;
    let derived = observations(&said);
    let mut registered = Vec::with_capacity(derived.len());
    for raw in derived {
        match draft.inner().judge.check(&raw, Some(source.agency), now) {
            Ok(()) => registered.push(raw),
            // A hospital need not have every datastream.
            Err(Why { reason: Reason::UnknownStation | Reason::UnknownProperty, .. }) => {}
            Err(why) => return Err(why),
        }
    }
    let report = Report::Facility(said.clone());
    if let Some(first) = known(draft, &report) {
        draft.wait_for(first);
        return Ok(Outcome::Duplicate);
    }
    if draft.is_dry() {
        return Ok(Outcome::Accepted);
    }
    let (mut before, all) = (0, registered.len());
    for raw in &registered {
        before += usize::from(draft.observation(raw)? == Outcome::Duplicate);
    }
    // After a restart the observations are remembered for longer than reports are.
    let says_more = said.figures().iter().any(|(key, _)| !DERIVED.contains(&key.as_str()));
    if all > 0 && before == all && !says_more {
        return Ok(Outcome::Duplicate);
    }
    Ok(take(draft, said.t, report))
}

fn belongs(register: &Register, source: Source<'_>, said: &HospitalReport) -> Result<(), Why> {
    match register.hospital(&said.hospital) {
        Some(agency) if agency == source.agency => Ok(()),
        Some(_) => {
            let detail = format!("hospital {} is not this agency's", said.hospital);
            Err(Why::new(Reason::ForeignStation, detail))
        }
        None => Err(Why::new(Reason::UnknownStation, format!("no hospital {}", said.hospital))),
    }
}

/// The hospital's load as observations of the station of the same id: occupied beds in per cent,
/// people waiting in the emergency department, and how it takes patients (0 正常 to 3 暂停). What
/// the report does not say is no observation.
fn observations(said: &HospitalReport) -> Vec<RawObservation<'_>> {
    let traffic = said.traffic.and_then(|traffic| match traffic {
        EmergencyTraffic::Normal => Some(0.0),
        EmergencyTraffic::Strained => Some(1.0),
        EmergencyTraffic::DivertAdvised => Some(2.0),
        EmergencyTraffic::Suspended => Some(3.0),
        EmergencyTraffic::NotApplicable => None,
    });
    [
        ("bed_occupancy", said.occupancy_percent()),
        ("emergency_waiting", said.emergency_waiting.map(f64::from)),
        ("emergency_traffic", traffic),
    ]
    .into_iter()
    .filter_map(|(property, value)| {
        Some(RawObservation::bare(said.hospital.as_str(), property, said.t, value?))
    })
    .collect()
}
