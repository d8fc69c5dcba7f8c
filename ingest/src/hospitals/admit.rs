//! Stop 3 of 9 for hospitals: the agency's own, and their load as observations.

use domain::refusal::Reason;
use domain::report::{EmergencyTraffic, HospitalStatus, Report};

use crate::admit::reports::take;
use crate::admit::submit::Draft;
use crate::admit::{Outcome, Source};
use crate::json::decode::RawObservation;
use crate::judge::Why;
use crate::register::Register;

pub(crate) fn hospital(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    status: HospitalStatus,
) -> Result<Outcome, Why> {
    let now = draft.judged_against();
    let register = draft.inner().judge.register().clone();
    belongs(&register, source, &status)?;
    draft.not_ahead(status.t)?;
    let derived = observations(&status);
    let mut registered = Vec::with_capacity(derived.len());
    for raw in derived {
        match draft.inner().judge.check(&raw, Some(source.agency), now) {
            Ok(()) => registered.push(raw),
            // A hospital need not have every datastream.
            Err(Why { reason: Reason::UnknownStation | Reason::UnknownProperty, .. }) => {}
            Err(why) => return Err(why),
        }
    }
    let (mut known, all) = (0, registered.len());
    for raw in &registered {
        known += usize::from(draft.observation(raw)? == Outcome::Duplicate);
    }
    if all > 0 && known == all {
        return Ok(Outcome::Duplicate);
    }
    let t = status.t;
    Ok(take(draft, t, Report::Hospital(status)))
}

fn belongs(register: &Register, source: Source<'_>, status: &HospitalStatus) -> Result<(), Why> {
    match register.hospital(&status.hospital) {
        Some(agency) if agency == source.agency => {}
        Some(_) => {
            let detail = format!("hospital {} is not this agency's", status.hospital);
            return Err(Why::new(Reason::ForeignStation, detail));
        }
        None => {
            let detail = format!("no hospital {}", status.hospital);
            return Err(Why::new(Reason::UnknownStation, detail));
        }
    }
    if status.beds == 0 {
        return Err(Why::new(Reason::OutOfRange, "a hospital has at least one bed"));
    }
    Ok(())
}

/// The hospital's load as observations of the station of the same id: occupied beds in per cent,
/// people waiting in the emergency department, and how it takes patients (0 正常 to 3 暂停).
fn observations(status: &HospitalStatus) -> Vec<RawObservation<'_>> {
    let traffic = match status.traffic {
        EmergencyTraffic::Normal => 0.0,
        EmergencyTraffic::Strained => 1.0,
        EmergencyTraffic::DivertAdvised => 2.0,
        EmergencyTraffic::Suspended => 3.0,
    };
    let occupancy = f64::from(status.beds_occupied) * 100.0 / f64::from(status.beds.max(1));
    [
        ("bed_occupancy", occupancy),
        ("emergency_waiting", f64::from(status.emergency_waiting)),
        ("emergency_traffic", traffic),
    ]
    .into_iter()
    .map(|(property, value)| {
        RawObservation::bare(status.hospital.as_str(), property, status.t, value)
    })
    .collect()
}
