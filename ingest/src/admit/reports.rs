//! Admission of hospitals' status, units' reports and official signals.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use domain::refusal::Reason;
use domain::report::{EmergencyTraffic, HospitalStatus, OfficialSignal, Report, UnitReport};

use super::rate::TooFast;
use super::submit::Draft;
use super::{Admission, Admitted, Outcome, Source};
use crate::json::decode::RawObservation;
use crate::judge::Why;
use crate::memory::Ticket;
use crate::register::Register;

/// Reports that are remembered, so that one sent twice is taken once.
pub(super) const REPORTS_REMEMBERED: usize = 4_096;

/// Reports heard lately, by their content.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    by_content: BTreeMap<u64, Ticket>,
    order: VecDeque<u64>,
}

impl Reported {
    fn known(&self, content: u64) -> Option<Ticket> {
        self.by_content.get(&content).copied()
    }
    fn put(&mut self, content: u64, ticket: Ticket) {
        if self.by_content.insert(content, ticket).is_none() {
            self.order.push_back(content);
        }
        while self.order.len() > REPORTS_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.by_content.remove(&oldest);
            }
        }
    }
    /// A report that the journal holds already: its resend is a duplicate.
    pub(crate) fn recall(&mut self, report: &Report) {
        self.put(content_of(report), 0);
    }
    pub(crate) fn forget(&mut self, ticket: Ticket) {
        let by_content = &mut self.by_content;
        by_content.retain(|_, held| *held != ticket);
        self.order.retain(|content| by_content.contains_key(content));
    }
}

impl Admission {
    /// Takes a report. `desk` is what the desk says against it, if anything (a unit's report on a
    /// task that is not its own).
    ///
    /// # Errors
    /// [`TooFast`]: nothing was taken.
    pub fn report(
        &self,
        source: Source<'_>,
        report: Report,
        desk: Result<(), Why>,
        raw: &[u8],
    ) -> Result<Admitted, TooFast> {
        let mut inner = self.0.begin();
        self.0.allow(&mut inner, source.agency, 1)?;
        let mut draft = Draft::new(&self.0, &mut inner, source);
        let outcome = match report {
            Report::Hospital(status) => hospital(&mut draft, source, status),
            Report::Unit(said) => unit(&mut draft, source, said, desk),
            Report::Signal(signal) => official(&mut draft, source, signal),
        };
        draft.conclude(outcome, raw);
        Ok(draft.submit())
    }
}

fn content_of(report: &Report) -> u64 {
    let mut hasher = DefaultHasher::new();
    // A report is plain data: writing it out cannot fail, and an empty text would only be hashed.
    hasher.write(&serde_json::to_vec(report).unwrap_or_default());
    hasher.finish()
}

/// A known report is a duplicate; a new one is drafted.
fn take(draft: &mut Draft<'_, '_, '_>, t: domain::time::UtcMs, report: Report) -> Outcome {
    let (content, ticket) = (content_of(&report), draft.ticket());
    if let Some(first) = draft.inner().reports.known(content) {
        draft.wait_for(first);
        return Outcome::Duplicate;
    }
    draft.inner().reports.put(content, ticket);
    draft.report(t, report);
    Outcome::Accepted
}

fn unit(
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
    let known = draft.inner().reports.known(content_of(&Report::Unit(said.clone())));
    if known.is_none() {
        desk?;
    }
    Ok(take(draft, said.t, Report::Unit(said)))
}

fn official(
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

fn hospital(
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
