//! Zones and alerts, now, or as they were believed at a time: `?at=`. "What did we believe at
//! 03:10?" is answered from the decisions as they were published, not from what is known today.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{AlertView, ZoneView};
use domain::ids::Seq;
use domain::record::Record;
use domain::time::UtcMs;
use serde::Deserialize;

use super::problem::Refused;
use super::query::Query;
use crate::board::Board;
use crate::desk::{Happening, Picture, evolve};
use crate::platform::Platform;
use crate::shelf::{Hand, ShelfError};

type Here = State<Arc<Platform>>;
type Found<T> = Result<Json<T>, Refused>;

/// Records that are read at one time.
const PAGE: usize = 4_096;

/// The instant asked for.
#[derive(Debug, Default, Deserialize)]
pub struct At {
    at: Option<String>,
}

/// Reads an instant of a query: RFC 3339 with an offset, or Unix milliseconds.
///
/// # Errors
/// 400 for anything else.
pub fn instant(text: &str) -> Result<UtcMs, Refused> {
    // A plus sign of an offset arrives as a space where the sender did not escape it.
    let read = match text.parse::<i64>() {
        Ok(ms) => UtcMs::from_millis(ms),
        Err(_) => UtcMs::parse(&text.replace(' ', "+")),
    };
    read.map_err(|why| Refused::invalid(format!("{text}: {why}")))
}

/// The board as it stood at an instant of the platform's clock.
async fn board_at(platform: &Platform, at: UtcMs) -> Result<Board, Refused> {
    let mut board = Board::new(Arc::clone(&platform.live.board().city));
    let levels = board.picture.levels.clone();
    board.picture = platform.shelf.ask(move |hand| picture_at(hand, levels, at)).await?;
    let places = board.picture.believed.keys().map(|(place, _)| place.clone()).collect();
    board.believe(&places);
    board.recall();
    Ok(board)
}

fn picture_at(
    hand: &Hand,
    levels: domain::level::Levels,
    at: UtcMs,
) -> Result<Picture, ShelfError> {
    let upto = hand.seq_at(at)?;
    let mut picture = Picture::new(levels);
    hand.each_decision(upto, |decision| {
        evolve(&mut picture, Happening::Decided(decision));
    })?;
    // What people had done by then, from the first record on: the desk's acts have a table of their
    // own, the journal is not walked for them.
    let (history, mut after) = (hand.history()?, Seq(0));
    while let Some(acts) = Some(history.acts_after(after, PAGE)?).filter(|acts| !acts.is_empty()) {
        for row in acts.iter().filter(|row| row.seq <= upto) {
            if let Record::Desk(event) = &row.record {
                evolve(&mut picture, Happening::Desk(row.seq, event));
            }
        }
        after = acts.last().map_or(upto, |row| row.seq);
        if after >= upto {
            break;
        }
    }
    evolve(&mut picture, Happening::Tick(at));
    Ok(picture)
}

/// `GET /v1/zones`.
pub async fn zones(State(platform): Here, Query(q): Query<At>) -> Found<Vec<ZoneView>> {
    let Some(at) = q.at else {
        return Ok(Json(platform.live.board().zones.values().cloned().collect()));
    };
    let board = board_at(&platform, instant(&at)?).await?;
    Ok(Json(board.zones.into_values().collect()))
}

/// `GET /v1/zones/{id}`.
pub async fn zone(
    State(platform): Here,
    Path(id): Path<String>,
    Query(q): Query<At>,
) -> Found<ZoneView> {
    let found = match q.at {
        None => platform.live.board().zones.get(&id).cloned(),
        Some(at) => board_at(&platform, instant(&at)?).await?.zones.remove(&id),
    };
    found.map(Json).ok_or_else(|| Refused::not_found(format!("there is no zone {id}")))
}

/// `GET /v1/alerts`.
pub async fn alerts(State(platform): Here, Query(q): Query<At>) -> Found<Vec<AlertView>> {
    match q.at {
        None => Ok(Json(platform.live.board().alerts())),
        Some(at) => Ok(Json(board_at(&platform, instant(&at)?).await?.alerts())),
    }
}

/// `GET /v1/alerts/{id}`: also one that has left the list.
pub async fn alert(
    State(platform): Here,
    Path(id): Path<String>,
    Query(q): Query<At>,
) -> Found<AlertView> {
    let found = match q.at {
        None => {
            let here = alert_on(&platform.live.board(), &id);
            if here.is_some() { here } else { past_alert(&platform, &id).await? }
        }
        Some(at) => alert_on(&board_at(&platform, instant(&at)?).await?, &id),
    };
    found.map(Json).ok_or_else(|| Refused::not_found(format!("there is no alert {id}")))
}

fn alert_on(board: &Board, id: &str) -> Option<AlertView> {
    let id = id.parse().ok()?;
    let alert = board.picture.alerts.get(&id)?;
    crate::desk::views::alert(&board.picture, &board.city, &id, alert)
}

/// An alert that the picture has let go, from its decisions.
pub(super) async fn past_alert(
    platform: &Platform,
    id: &str,
) -> Result<Option<AlertView>, Refused> {
    let asked = id.to_owned();
    let decisions = platform.shelf.ask(move |hand| hand.decisions_of(&asked)).await?;
    let mut board = Board::new(Arc::clone(&platform.live.board().city));
    for decision in &decisions {
        evolve(&mut board.picture, Happening::Decided(decision));
    }
    Ok(alert_on(&board, id))
}
