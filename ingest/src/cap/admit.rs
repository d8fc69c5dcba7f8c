//! Stop 3 of 9 for warnings: only of who may publish them, signed where the city asks for it, and
//! each once.

use std::collections::{BTreeMap, VecDeque};

use domain::ids::AgencyId;
use domain::refusal::Reason;
use domain::report::Report;
use domain::warning::{ExternalWarning, SignatureState, WarningKey};

use super::decode;
use super::faults::Faults;
use super::signature::{self, Trust};

use crate::admit::submit::Draft;
use crate::admit::{Admission, Outcome, Source};
use crate::judge::Why;
use crate::memory::Ticket;
use crate::reports::kind::Said;

/// Messages that are remembered by their keys, so that one sent again is taken once.
const KEYS_REMEMBERED: usize = 16_384;

/// Messages heard, by sender, identifier and time of sending.
#[derive(Debug, Default)]
pub(crate) struct Known {
    by_key: BTreeMap<WarningKey, (u64, Ticket)>,
    order: VecDeque<WarningKey>,
}

impl Known {
    pub(crate) fn put(&mut self, key: &WarningKey, fingerprint: u64, ticket: Ticket) {
        if self.by_key.insert(key.clone(), (fingerprint, ticket)).is_none() {
            self.order.push_back(key.clone());
        }
        while self.order.len() > KEYS_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.by_key.remove(&oldest);
            }
        }
    }

    pub(crate) fn forget(&mut self, ticket: Ticket) {
        let by_key = &mut self.by_key;
        let before = by_key.len();
        by_key.retain(|_, (_, held)| *held != ticket);
        if by_key.len() != before {
            self.order.retain(|key| by_key.contains_key(key));
        }
    }
}

/// Tries the signatures of what is about to be admitted.
pub(crate) fn verified<'s>(
    admission: &Admission,
    agency: &AgencyId,
    mut said: Vec<Said<'s>>,
) -> Vec<Said<'s>> {
    if !said.iter().any(|one| matches!(one.read, Ok(Report::Warning(_)))) {
        return said;
    }
    let register = admission.register();
    let Some(trust) = register.agency(agency).and_then(|rights| rights.trust.clone()) else {
        return said;
    };
    let now = admission.now();
    for one in &mut said {
        let read = match &one.read {
            Ok(Report::Warning(warning)) => tried(warning, &trust, now),
            _ => continue,
        };
        one.read = read.map(|warning| Report::Warning(Box::new(warning)));
    }
    said
}

/// The warning as its signature stands for it.
fn tried(
    warning: &ExternalWarning,
    trust: &Trust,
    now: domain::time::UtcMs,
) -> Result<ExternalWarning, Why> {
    let refused = |said| Faults::one(Reason::Signature, "alert/Signature", said);
    let document = decode::xml(warning.original.as_bytes())?;
    let canonical = signature::verify(&document, trust, now).map_err(refused)?;
    let mut warning = warning.clone();
    if let Some(canonical) = canonical {
        warning.message = decode::decode(&canonical)?;
        warning.fingerprint = super::fingerprint(&warning.message);
        warning.signature = SignatureState::Verified;
    }
    Ok(warning)
}

pub(crate) fn warning(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    warning: ExternalWarning,
) -> Result<Outcome, Why> {
    let register = draft.inner().judge.register().clone();
    if !register.agency(source.agency).is_some_and(|rights| rights.official_signals) {
        let detail = format!("{} may not publish warnings", source.agency);
        return Err(Why::new(Reason::UnknownChannel, detail));
    }
    let key = warning.message.key.clone();
    let known = draft.inner().reports.warnings.by_key.get(&key).copied();
    if let Some((fingerprint, first)) = known {
        if fingerprint == warning.fingerprint {
            draft.wait_for(first);
            return Ok(Outcome::Duplicate);
        }
        let detail = format!("alert: {key} came before, and said something else");
        return Err(Why::new(Reason::CapConflict, detail));
    }
    let named = |why: Why| Why::new(why.reason, format!("alert/sent: {}", why.detail));
    draft.not_ahead(key.sent).map_err(named)?;
    if draft.is_dry() {
        return Ok(Outcome::Accepted);
    }
    let ticket = draft.ticket();
    draft.inner().reports.warnings.put(&key, warning.fingerprint, ticket);
    draft.report(key.sent, Report::Warning(Box::new(warning)));
    Ok(Outcome::Accepted)
}
