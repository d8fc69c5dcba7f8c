//! `GET /v1/alerts/{id}/explanation`: why? Its decisions, the observations of the newest, the
//! thresholds, and what recomputing gives.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{ExplanationView, ObservationView, ThresholdView};
use domain::city::Registry;
use domain::observation::ObservationId;

use super::believed;
use super::problem::Refused;
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
        axum::extract::Query(believed::At::default()),
    )
    .await?;
    let (registry, city) = (platform.registry(), Arc::clone(&platform.live.board().city));
    let units = Arc::clone(&city);
    let (decisions, observations) = platform
        .shelf
        .ask(move |hand| {
            let decisions = hand.decisions_of(&id)?;
            let because = decisions.last().map(|d| d.because.clone()).unwrap_or_default();
            let seen = observations(hand, &registry, &because, |p| units.property(p).0)?;
            Ok((decisions, seen))
        })
        .await?;
    let thresholds: Vec<ThresholdView> = city
        .hazard(&alert.hazard)
        .map(|h| (h, city.thresholds(h, &alert.place)))
        .map(|(h, list)| list.into_iter().map(|t| city.threshold_view(h, t)).collect())
        .unwrap_or_default();
    Ok(Json(ExplanationView { alert, decisions, observations, thresholds, recomputed: None }))
}

/// The observations of these ids, from the history.
fn observations(
    hand: &Hand,
    registry: &Registry,
    ids: &[String],
    unit: impl Fn(&str) -> String,
) -> Result<Vec<ObservationView>, ShelfError> {
    let history = hand.history()?;
    let mut found = Vec::new();
    for id in ids.iter().take(OBSERVATIONS_MAX) {
        let Ok(parsed) = id.parse::<ObservationId>() else { continue };
        let Some(ix) = registry.find(parsed.station.as_str(), &parsed.property) else { continue };
        let Some(sample) = history.find(ix, parsed.t, parsed.crc)? else { continue };
        found.push(ObservationView {
            id: id.clone(),
            seq: sample.seq.0,
            t_ms: sample.observation.t.0,
            v: sample.observation.value,
            unit: unit(&parsed.property),
            trust: trust(sample.observation.quality.trust).into(),
        });
    }
    Ok(found)
}

/// The word of a trust.
pub fn trust(trust: domain::observation::Trust) -> &'static str {
    match trust {
        domain::observation::Trust::Reliable => "reliable",
        domain::observation::Trust::Doubtful => "doubtful",
        domain::observation::Trust::Unreliable => "unreliable",
    }
}
