//! `GET /v1/stations/{id}/series`: a datastream's past, thinned without hiding a peak, its gaps
//! marked as gaps.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{SeriesView, ThresholdView};
use domain::time::{HOUR_MS, UtcMs};
use serde::Deserialize;

use super::believed::instant;
use super::problem::Refused;
use super::query::Query;
use crate::gazetteer::Gazetteer;
use crate::platform::Platform;

/// The most values that are read for one series.
pub const VALUES_MAX: usize = 200_000;
/// The most points of an answer; the default is a tenth.
pub const POINTS_MAX: usize = 10_000;
/// What is asked for where nothing is said: a day.
const SPAN_MS: i64 = 24 * HOUR_MS;
/// A hole longer than this many intervals is a gap.
const GAP_INTERVALS: i64 = 2;

/// Which series.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    property: String,
    from: Option<String>,
    to: Option<String>,
    points: Option<usize>,
}

/// A value or a gap.
pub type Point = (i64, Option<f64>);

/// The series.
pub async fn series(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<SeriesView>, Refused> {
    let city = Arc::clone(&platform.live.board().city);
    let unknown = || Refused::not_found(format!("there is no series {id} {}", asked.property));
    let interval_s = interval_s(&city, &id, &asked.property).ok_or_else(unknown)?;
    let (from, to) = span(&platform, asked.from.as_deref(), asked.to.as_deref())?;
    let values = values(&platform, &id, &asked.property, from, to).await?;
    let points = asked.points.unwrap_or(POINTS_MAX / 10).clamp(2, POINTS_MAX);
    let marked = mark_gaps(&thin(&values, points), &values, i64::from(interval_s) * 1000);
    Ok(Json(SeriesView {
        unit: city.property(&asked.property).0,
        thresholds: thresholds(&city, &id, &asked.property),
        station: id,
        property: asked.property,
        interval_s,
        points: marked,
    }))
}

/// From and to of a question; a day up to now where nothing is said.
pub(super) fn span(
    platform: &Platform,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(UtcMs, UtcMs), Refused> {
    let to = to.map(instant).transpose()?.unwrap_or_else(|| platform.now());
    let from = from.map(instant).transpose()?.unwrap_or_else(|| to.plus_ms(-SPAN_MS));
    if from > to {
        return Err(Refused::invalid("from lies after to"));
    }
    Ok((from, to))
}

/// The values of a datastream, in order of time.
pub(super) async fn values(
    platform: &Platform,
    station: &str,
    property: &str,
    from: UtcMs,
    to: UtcMs,
) -> Result<Vec<(i64, f64)>, Refused> {
    let Some(ix) = platform.registry().find(station, property) else { return Ok(Vec::new()) };
    let read = platform.shelf.ask(move |hand| {
        let samples = hand.history()?.series(ix, from, to, VALUES_MAX)?;
        Ok(samples.into_iter().map(|s| (s.observation.t.0, s.observation.value)).collect())
    });
    Ok(read.await?)
}

fn interval_s(city: &Gazetteer, station: &str, property: &str) -> Option<u32> {
    let rows = &city.city().datastreams;
    let found = rows.iter().filter(|d| d.station.as_str() == station && d.property == property);
    found.max_by_key(|d| d.valid_from).map(|d| d.interval_s)
}

/// The thresholds in force for a datastream.
pub(super) fn thresholds(city: &Gazetteer, station: &str, property: &str) -> Vec<ThresholdView> {
    let names: std::collections::BTreeSet<&str> =
        city.city().hazards.iter().map(|h| h.name.as_str()).collect();
    let hazards = names.into_iter().filter_map(|name| city.hazard(name));
    let of_hazard = |hazard| {
        let here = city.thresholds(hazard, station).into_iter();
        let here = here.filter(|t| t.property == property && !t.rate_per_h);
        here.map(|t| city.threshold_view(hazard, t)).collect::<Vec<_>>()
    };
    hazards.flat_map(of_hazard).collect()
}

/// Keeps the least and the greatest of each stretch of time, so that no peak is lost.
fn thin(values: &[(i64, f64)], points: usize) -> Vec<(i64, f64)> {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Vec::new() };
    if values.len() <= points {
        return values.to_vec();
    }
    let stretches = (points / 2).max(1) as i64;
    let width = ((last.0 - first.0) / stretches).max(1) + 1;
    let mut kept = Vec::with_capacity(points);
    for stretch in values.chunk_by(|a, b| (a.0 - first.0) / width == (b.0 - first.0) / width) {
        let least = stretch.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let greatest = stretch.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some(least), Some(greatest)) = (least, greatest) {
            kept.push(*least.min_by_time(greatest));
            if least.0 != greatest.0 {
                kept.push(*least.max_by_time(greatest));
            }
        }
    }
    kept
}

trait ByTime {
    fn min_by_time<'a>(&'a self, other: &'a Self) -> &'a Self;
    fn max_by_time<'a>(&'a self, other: &'a Self) -> &'a Self;
}

impl ByTime for (i64, f64) {
    fn min_by_time<'a>(&'a self, other: &'a Self) -> &'a Self {
        if self.0 <= other.0 { self } else { other }
    }
    fn max_by_time<'a>(&'a self, other: &'a Self) -> &'a Self {
        if self.0 <= other.0 { other } else { self }
    }
}

/// Puts a gap wherever the values themselves, not their thinning, have one.
fn mark_gaps(kept: &[(i64, f64)], values: &[(i64, f64)], interval_ms: i64) -> Vec<Point> {
    let limit = interval_ms.saturating_mul(GAP_INTERVALS);
    let holes = values.windows(2).filter(|w| w[1].0 - w[0].0 > limit).map(|w| w[0].0 + interval_ms);
    let mut points: Vec<Point> = kept.iter().map(|(t, v)| (*t, Some(*v))).collect();
    points.extend(holes.map(|t| (t, None)));
    points.sort_by_key(|(t, _)| *t);
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_peak_and_the_trough() {
        let mut values: Vec<(i64, f64)> = (0..10_000).map(|n| (n * 60_000, 1.0)).collect();
        values[7_777].1 = 99.0;
        values[1_234].1 = -5.0;
        let kept = thin(&values, 100);
        assert!(kept.len() <= 102, "{}", kept.len());
        assert!(kept.iter().any(|(_, v)| *v == 99.0) && kept.iter().any(|(_, v)| *v == -5.0));
        assert!(kept.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn a_hole_is_a_gap_and_thinning_makes_none() {
        let mut values: Vec<(i64, f64)> = (0..1_000).map(|n| (n * 60_000, 1.0)).collect();
        values.drain(500..510);
        let marked = mark_gaps(&thin(&values, 20), &values, 60_000);
        let gaps: Vec<i64> = marked.iter().filter(|(_, v)| v.is_none()).map(|(t, _)| *t).collect();
        assert_eq!(gaps, [500 * 60_000]);
    }
}
