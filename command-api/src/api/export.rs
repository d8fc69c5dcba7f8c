//! CSV exports. A cell that a spreadsheet would take for a formula begins with an apostrophe.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::decision::AlertId;
use domain::level::Levels;
use domain::time::UtcMs;
use serde::Deserialize;

use super::problem::Refused;
use super::query::Query;
use super::series;
use crate::board::Board;
use crate::desk::picture::FEED;
use crate::desk::{Happening, Picture, evolve};
use crate::duty_log;
use crate::platform::Platform;
use crate::shelf::{Hand, ShelfError};

/// The most rows of an export.
pub const ROWS_MAX: usize = 100_000;

/// Which span; for a series, which.
#[derive(Debug, Deserialize)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    station: Option<String>,
    property: Option<String>,
}

/// A cell that no spreadsheet computes.
pub fn cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    if !is_number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn table(name: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut written = writer.write_record(head);
    for row in rows.take(ROWS_MAX) {
        written = written.and_then(|()| writer.write_record(row.iter().map(|c| cell(c))));
    }
    let bytes = written
        .map_err(|e| e.to_string())
        .and_then(|()| writer.into_inner().map_err(|e| e.to_string()));
    match bytes {
        Ok(bytes) => {
            let file = format!("attachment; filename=\"{name}.csv\"");
            let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
            ([kind, (header::CONTENT_DISPOSITION, file)], bytes).into_response()
        }
        Err(error) => {
            let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            Refused::new(status, "unavailable", error).into_response()
        }
    }
}

fn when(ms: i64, offset_s: i32) -> String {
    UtcMs(ms).rfc3339(offset_s)
}

/// The alerts that were raised in a span, at most [`ROWS_MAX`], with all that became of each: from the
/// lines of the duty log within it, and then those of each alert.
fn raised_between(
    hand: &Hand,
    levels: Levels,
    from: UtcMs,
    to: UtcMs,
) -> Result<Picture, ShelfError> {
    let decisions = hand.decisions()?;
    let mut picture = Picture::new(levels);
    let told = decisions.told_between(from, to, ROWS_MAX)?;
    let ids: BTreeSet<AlertId> =
        told.iter().filter_map(|line| line.alert.as_ref()?.parse().ok()).collect();
    let raised = |id: &&AlertId| id.hazard != FEED && (from..=to).contains(&id.raised);
    for id in ids.iter().filter(raised) {
        for decision in hand.decisions_of(&id.to_string())? {
            evolve(&mut picture, Happening::Decided(&decision));
        }
    }
    Ok(picture)
}

/// `GET /v1/export/alerts.csv`: every alert that was raised in the span, those that are over too.
pub async fn alerts(
    State(platform): State<Arc<Platform>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let (from, to) = series::span(&platform, asked.from.as_deref(), asked.to.as_deref())?;
    let mut board = Board::new(Arc::clone(&platform.live.board().city));
    let levels = board.picture.levels.clone();
    board.picture = platform.shelf.ask(move |hand| raised_between(hand, levels, from, to)).await?;
    {
        let current = platform.live.board();
        for (id, alert) in &mut board.picture.alerts {
            if let Some(now) = current.picture.alerts.get(id) {
                alert.acknowledged.clone_from(&now.acknowledged);
                alert.shelved.clone_from(&now.shelved);
                alert.incident = now.incident;
            }
        }
    }
    let offset = board.city.city().about.offset_s;
    let views = board.picture.alerts.iter().filter_map(|(id, alert)| {
        crate::desk::views::alert(&board.picture, &board.city, id, alert)
    });
    let rows = views.map(|a| {
        vec![
            a.id,
            a.hazard,
            a.place,
            a.place_name,
            a.level,
            a.peak,
            a.value.map(|v| v.to_string()).unwrap_or_default(),
            a.unit,
            when(a.raised_ms, offset),
            when(a.changed_ms, offset),
            a.cleared_ms.map(|t| when(t, offset)).unwrap_or_default(),
            a.steps.to_string(),
            a.acknowledged_by.unwrap_or_default(),
            a.acknowledged_ms.map(|t| when(t, offset)).unwrap_or_default(),
            a.incident.unwrap_or_default(),
            a.rule,
        ]
    });
    let head = [
        "id",
        "hazard",
        "place",
        "place_name",
        "level",
        "peak",
        "value",
        "unit",
        "raised",
        "changed",
        "cleared",
        "steps",
        "acknowledged_by",
        "acknowledged",
        "incident",
        "rule",
    ];
    Ok(table("alerts", &head, rows))
}

/// `GET /v1/export/log.csv`: the duty log's lines in the span, back to the first record.
pub async fn log(
    State(platform): State<Arc<Platform>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let (from, to) = series::span(&platform, asked.from.as_deref(), asked.to.as_deref())?;
    let offset = platform.live.board().city.city().about.offset_s;
    let lines = platform.shelf.ask(move |hand| duty_log::between(hand, from, to, ROWS_MAX)).await?;
    let rows = lines
        .into_iter()
        .map(|e| vec![e.seq.to_string(), when(e.at_ms, offset), e.by, e.what, e.about, e.detail]);
    Ok(table("log", &["seq", "at", "by", "what", "about", "detail"], rows))
}

/// `GET /v1/export/series.csv`: every value, none thinned.
pub async fn series_csv(
    State(platform): State<Arc<Platform>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let (from, to) = series::span(&platform, asked.from.as_deref(), asked.to.as_deref())?;
    let (Some(station), Some(property)) = (asked.station, asked.property) else {
        return Err(Refused::invalid("name station and property"));
    };
    let values = series::values(&platform, &station, &property, from, to).await?;
    let (unit, offset) = {
        let board = platform.live.board();
        (board.city.property(&property).0, board.city.city().about.offset_s)
    };
    let rows = values.into_iter().map(|(t, v)| {
        vec![station.clone(), property.clone(), when(t, offset), v.to_string(), unit.clone()]
    });
    Ok(table("series", &["station", "property", "t", "v", "unit"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_a_text_and_a_negative_number_a_number() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(cell("-1+1"), "'-1+1");
        assert_eq!(cell("-1.5"), "-1.5");
        assert_eq!(cell("水位"), "水位");
    }
}
