//! `GET /v1/alerts/{id}/explanation`: why? Its decisions, the observations of the newest, the
//! thresholds, and what recomputing gives.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{
    AlertView, ExplanationView, ObservationView, RecomputedView, RuleView, ThresholdView,
};
use domain::city::Registry;
use domain::decision::Decision;
use domain::observation::{Observation, ObservationId};
use stream::plan::Plan;
use stream::recompute::recompute;

use super::believed;
use super::problem::Refused;
use super::query::Query;
use crate::desk::rule;
use crate::gazetteer::Gazetteer;
use crate::platform::Platform;
use crate::shelf::{Hand, ShelfError};

/// The most observations that are shown; a decision may rest on more.
pub const OBSERVATIONS_MAX: usize = 2_000;

/// The explanation.
pub async fn explanation(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Result<Json<ExplanationView>, Refused> {
    let Json(alert) = believed::alert(
        State(Arc::clone(&platform)),
        Path(id.clone()),
        Query(believed::At::default()),
    )
    .await?;
    let (registry, city) = (platform.registry(), Arc::clone(&platform.live.board().city));
    let plans = (platform.plans)();
    let units = Arc::clone(&city);
    let answered = platform.shelf.ask(move |hand| {
        let decisions = hand.decisions_of(&id)?;
        let newest = decisions.iter().rev().find(|d| !d.because.is_empty()).cloned();
        let because = newest.as_ref().map(|d| d.because.as_slice()).unwrap_or_default();
        let seen = observations(hand, &registry, because)?;
        let recomputed = newest.and_then(|d| recomputed(&plans, &d, &seen));
        let shown = seen.iter().take(OBSERVATIONS_MAX).map(|s| s.view(&units)).collect::<Vec<_>>();
        Ok((decisions, shown, recomputed))
    });
    let (decisions, observations, recomputed) = answered.await?;
    let thresholds: Vec<ThresholdView> = city
        .hazard(&alert.hazard)
        .map(|h| (h, city.thresholds(h, &alert.place)))
        .map(|(h, list)| list.into_iter().map(|t| city.threshold_view(h, t)).collect())
        .unwrap_or_default();
    let rule = rule(&city, &alert);
    Ok(Json(ExplanationView { alert, decisions, rule, observations, thresholds, recomputed }))
}

/// The rule of the newest decision in its parts, by the city's files as they are.
fn rule(city: &Gazetteer, alert: &AlertView) -> Option<RuleView> {
    let measured = rule::measured(&alert.rule)?;
    let number = rule::threshold_number(&alert.rule)?;
    let hazard = city.hazard(&alert.hazard)?;
    let threshold = hazard.thresholds.get(number.checked_sub(1)?)?;
    // The files may have changed since: a number that was not compared with is not shown as if.
    let compared = [" >= ", " against "].into_iter().find_map(|sign| alert.rule.split_once(sign));
    let compared = compared.and_then(|(_, after)| after.split([' ', ',']).next()?.parse().ok());
    if compared.is_none_or(|number: f64| number != threshold.at_least) {
        return None;
    }
    let view = city.threshold_view(hazard, threshold);
    Some(RuleView {
        hazard: view.hazard,
        number: u32::try_from(number).ok()?,
        statistic: measured.statistic.to_owned(),
        property: threshold.property.clone(),
        window_s: measured.window_s,
        comparison: "at_least".to_owned(),
        threshold: threshold.at_least,
        unit: city.property(&threshold.property).0,
        level: view.level,
        mark: view.mark,
        datum: threshold.datum.clone(),
        source: view.source,
    })
}

/// An observation that a decision names.
struct Named {
    id: String,
    property: String,
    seq: u64,
    observation: Observation,
}

impl Named {
    fn view(&self, city: &Gazetteer) -> ObservationView {
        ObservationView {
            id: self.id.clone(),
            seq: self.seq,
            t_ms: self.observation.t.0,
            v: self.observation.value,
            unit: city.property(&self.property).0,
            trust: trust(self.observation.quality.trust).into(),
            origin: origin(self.observation.quality.origin).into(),
        }
    }
}

/// The observations of these ids, from the history.
fn observations(
    hand: &Hand,
    registry: &Registry,
    ids: &[String],
) -> Result<Vec<Named>, ShelfError> {
    let history = hand.history()?;
    let mut found = Vec::new();
    for id in ids {
        let Ok(parsed) = id.parse::<ObservationId>() else { continue };
        let Some(ix) = registry.find(parsed.station.as_str(), &parsed.property) else { continue };
        let Some(sample) = history.find(ix, parsed.t, parsed.crc)? else { continue };
        found.push(Named {
            id: id.clone(),
            property: parsed.property,
            seq: sample.seq.0,
            observation: sample.observation,
        });
    }
    Ok(found)
}

/// What the engine's own recomputation says of a decision, by the plan that gives the same or, where
/// none does, the newest that can.
fn recomputed(plans: &[Arc<Plan>], decision: &Decision, seen: &[Named]) -> Option<RecomputedView> {
    let because: Vec<Observation> = seen.iter().map(|s| s.observation).collect();
    let mut newest = None;
    for plan in plans.iter().rev() {
        let Ok(found) = recompute(plan, decision, &because) else { continue };
        let level = plan.city.about.levels.id(found.level).to_owned();
        let decided = plan.city.about.levels.find(&decision.level).unwrap_or_default();
        // With a clear margin a level holds a little below its threshold.
        let holds = found.level <= decided && decided.rank() <= found.held;
        let agrees = (found.level == decided || holds) && found.value == decision.value;
        let view = RecomputedView { value: found.value, level, agrees };
        if agrees {
            return Some(view);
        }
        newest.get_or_insert(view);
    }
    newest
}

/// The word of a trust.
pub fn trust(trust: domain::observation::Trust) -> &'static str {
    match trust {
        domain::observation::Trust::Reliable => "reliable",
        domain::observation::Trust::Doubtful => "doubtful",
        domain::observation::Trust::Unreliable => "unreliable",
    }
}

/// The word of an origin.
pub fn origin(flag: domain::observation::OriginFlag) -> &'static str {
    match flag {
        domain::observation::OriginFlag::Original => "original",
        domain::observation::OriginFlag::Corrected => "corrected",
        domain::observation::OriginFlag::Completed => "completed",
    }
}
