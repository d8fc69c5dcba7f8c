//! Commands about reports. Pure; see [`crate::desk::decide`].

use domain::desk::{Command, DeskFact};
use domain::ids::AgencyId;
use domain::situation::Key;
use domain::time::UtcMs;

use super::likeness::may_be_one;
use super::{Handled, Situations, Stage};
use crate::desk::decide::text;
use crate::desk::refusal::Refusal;
use crate::gazetteer::Gazetteer;

/// Decides a command about reports; nothing where it is about something else.
///
/// # Errors
/// [`Refusal`].
pub fn decide(
    here: &Situations,
    command: &Command,
    now: UtcMs,
    city: &Gazetteer,
) -> Result<Vec<DeskFact>, Refusal> {
    match command {
        Command::Verify { situation, verdict, reason } => {
            known(here, situation)?;
            let (situation, reason) = (situation.clone(), text("reason", reason)?);
            Ok(vec![DeskFact::SituationVerified { situation, verdict: *verdict, reason }])
        }
        Command::Merge { situation, into, reason } => {
            merge(here, situation, into, reason.as_deref())
        }
        Command::KeepApart { situation, from, reason } => {
            known(here, situation)?;
            known(here, from)?;
            if here.head(situation) == here.head(from) {
                return Err(state(situation, "merged", "they are one; split them first"));
            }
            let (situation, from) = (situation.clone(), from.clone());
            let reason = text("reason", reason)?;
            Ok(vec![DeskFact::SituationsKeptApart { situation, from, reason }])
        }
        Command::Split { situation, reason } => {
            known(here, situation)?;
            let from = here.handled.get(situation).and_then(|h| h.merged_into.clone());
            let from = from.ok_or_else(|| state(situation, "alone", "it was not merged"))?;
            let (situation, reason) = (situation.clone(), text("reason", reason)?);
            Ok(vec![DeskFact::SituationSplit { situation, from, reason }])
        }
        Command::Assign { situation, department, text: asked, due } => {
            assign(here, situation, department, asked, *due, now, city)
        }
        Command::Conclude { situation, text: said } => {
            let standing = alone(here, situation)?;
            if standing != Stage::Assigned {
                return Err(state(
                    situation,
                    standing.wire(),
                    "only what was assigned is concluded",
                ));
            }
            let (situation, text) = (situation.clone(), text("text", said)?);
            Ok(vec![DeskFact::SituationConcluded { situation, text }])
        }
        Command::FeedBack { situation, text: said } => {
            let standing = alone(here, situation)?;
            if standing != Stage::Concluded {
                return Err(state(
                    situation,
                    standing.wire(),
                    "only what is concluded is fed back",
                ));
            }
            let (situation, text) = (situation.clone(), text("text", said)?);
            Ok(vec![DeskFact::SituationFedBack { situation, text }])
        }
        _ => Ok(Vec::new()),
    }
}

fn known(here: &Situations, key: &Key) -> Result<(), Refusal> {
    if here.rows.contains_key(key) { Ok(()) } else { Err(Refusal::UnknownSituation(key.clone())) }
}

fn state(key: &Key, state: &'static str, why: &'static str) -> Refusal {
    Refusal::SituationState { situation: key.clone(), state, why }
}

/// Where a report stands that has gone into no other: what is done, is done to the whole.
fn alone(here: &Situations, key: &Key) -> Result<Stage, Refusal> {
    known(here, key)?;
    match here.handled.get(key) {
        Some(Handled { merged_into: Some(_), .. }) => {
            Err(state(key, "merged", "what it went into is dealt with for all"))
        }
        handled => Ok(handled.map_or(Stage::New, |h| h.stage)),
    }
}

fn merge(
    here: &Situations,
    situation: &Key,
    into: &Key,
    reason: Option<&str>,
) -> Result<Vec<DeskFact>, Refusal> {
    known(here, situation)?;
    known(here, into)?;
    if here.handled.get(situation).is_some_and(|h| h.merged_into.is_some()) {
        return Err(state(situation, "merged", "it has been merged; split it first"));
    }
    let head = here.head(into).clone();
    if head == *situation {
        return Err(state(situation, "one", "they are one"));
    }
    if !may_be_one(situation.kind, head.kind) {
        return Err(state(situation, situation.kind.wire(), "these kinds are never one thing"));
    }
    let reason = reason.filter(|r| !r.trim().is_empty()).map(|r| text("reason", r)).transpose()?;
    Ok(vec![DeskFact::SituationsMerged { situation: situation.clone(), into: head, reason }])
}

fn assign(
    here: &Situations,
    situation: &Key,
    department: &AgencyId,
    asked: &str,
    due: Option<UtcMs>,
    now: UtcMs,
    city: &Gazetteer,
) -> Result<Vec<DeskFact>, Refusal> {
    let standing = alone(here, situation)?;
    if standing > Stage::Assigned {
        return Err(state(situation, standing.wire(), "it is concluded"));
    }
    if city.city().agency(department.as_str()).is_none() {
        return Err(Refusal::UnknownDepartment(department.clone()));
    }
    if let Some(due) = due.filter(|due| *due <= now) {
        return Err(Refusal::DueInThePast(due));
    }
    Ok(vec![DeskFact::SituationAssigned {
        situation: situation.clone(),
        department: department.clone(),
        text: text("text", asked)?,
        due,
    }])
}
