//! 启动预案: a plan's measures for the level become proposed tasks, each with the nearest idle unit
//! of its kind.

use std::collections::BTreeSet;

use domain::city::Measure;
use domain::desk::DeskFact;
use domain::ids::{IncidentId, PlanId, TaskId, UnitId};

use super::picture::{Incident, Picture, Task, TaskState};
use super::refusal::Refusal;
use crate::gazetteer::{Gazetteer, distance_m};

/// Starts a plan for an open incident, or proposes what a higher level adds to it.
///
/// # Errors
/// [`Refusal::UnknownPlan`]; [`Refusal::PlanAlreadyStarted`] where nothing is left to propose.
pub(super) fn start(
    picture: &Picture,
    id: IncidentId,
    incident: &Incident,
    plan_id: &PlanId,
    city: &Gazetteer,
) -> Result<Vec<DeskFact>, Refusal> {
    let plan = city.plan(plan_id).ok_or_else(|| Refusal::UnknownPlan(plan_id.clone()))?;
    let level = level_of(picture, incident);
    let rank = picture.rank(&level);
    let proposed = || incident.tasks.iter().filter_map(|t| picture.tasks.get(t));
    let is_new = |m: &&Measure| {
        !proposed().any(|t| t.measure.as_deref() == Some(&m.clause) && t.text == m.text)
    };
    let applies = |m: &&Measure| picture.rank(&m.from_level) <= rank;
    let measures: Vec<&Measure> = plan.measures.iter().filter(applies).filter(is_new).collect();
    if measures.is_empty() && incident.plans.contains_key(plan_id) {
        return Err(Refusal::PlanAlreadyStarted { plan: plan_id.clone(), level });
    }
    let mut facts = vec![DeskFact::PlanStarted { incident: id, plan: plan_id.clone(), level }];
    let mut taken = reserved(picture);
    let scene = city.position(&incident.alert.place);
    for (n, measure) in (1u64..).zip(measures) {
        let unit = nearest_idle(picture, city, scene, &measure.unit_kind, &taken);
        taken.extend(unit.clone());
        facts.push(DeskFact::TaskProposed {
            task: TaskId(picture.tasks_given + n),
            incident: id,
            text: measure.text.clone(),
            measure: measure.clause.clone(),
            limit_min: measure.limit_min,
            unit,
        });
    }
    Ok(facts)
}

/// The level measures are chosen for: the alert's level now; its peak once it is cleared.
fn level_of(picture: &Picture, incident: &Incident) -> String {
    let told = picture.alerts.get(&incident.alert).and_then(|a| a.told.as_ref());
    match told {
        Some(t) if t.cleared.is_none() => t.level.clone(),
        Some(t) => t.peak.clone(),
        None => incident.evidence.last().map(|d| d.0.level.clone()).unwrap_or_default(),
    }
}

/// Units that have a task, or are proposed for one.
fn reserved(picture: &Picture) -> BTreeSet<UnitId> {
    let holds = |t: &&Task| t.state.binds_unit() || t.state == TaskState::Proposed;
    picture.tasks.values().filter(holds).filter_map(|t| t.unit.clone()).collect()
}

fn nearest_idle(
    picture: &Picture,
    city: &Gazetteer,
    scene: Option<(f64, f64)>,
    kind: &str,
    taken: &BTreeSet<UnitId>,
) -> Option<UnitId> {
    if kind.is_empty() {
        return None;
    }
    let idle = city.city().units.iter().filter(|u| u.kind == kind && !taken.contains(&u.id));
    let far = |unit: &domain::city::Unit| {
        let heard = picture.units.get(&unit.id).and_then(|h| h.at);
        scene.map_or(0.0, |scene| distance_m(scene, heard.unwrap_or((unit.lon, unit.lat))))
    };
    idle.min_by(|a, b| far(a).total_cmp(&far(b)).then_with(|| a.id.cmp(&b.id)))
        .map(|u| u.id.clone())
}
