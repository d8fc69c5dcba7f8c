//! What agencies reported about situations: for the duty room, and for whoever sent it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use contract::views::{ForecastView, ReportStatus, SituationDetail, SituationView};
use domain::desk::Role;
use domain::ids::{AgencyId, ReportId};
use domain::situation::{Key, Kind};
use serde::Deserialize;

use super::believed::instant;
use super::guard::Feed;
use super::problem::Refused;
use super::query::Query;
use super::situations_past;
use crate::access::Person;
use crate::desk::situations::{forecasts, views};
use crate::platform::Platform;

/// Which reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    kind: Option<String>,
    zone: Option<String>,
    since: Option<String>,
}

/// `GET /v1/situations`: newest first. `zone` is a code: what lies in it too.
pub async fn list(
    State(platform): State<Arc<Platform>>,
    Query(which): Query<Which>,
) -> Result<Json<Vec<SituationView>>, Refused> {
    let no_kind = |word: &String| Refused::invalid(format!("there is no kind {word}"));
    let kind = which.kind.as_ref().map(|word| Kind::find(word).ok_or_else(|| no_kind(word)));
    let (kind, since) = (kind.transpose()?, which.since.as_deref().map(instant).transpose()?);
    let board = platform.live.board();
    let mut all = views::all(&board.picture.situations, &board.city);
    all.retain(|view| {
        let within = |zone: &String| view.zone.as_ref().is_some_and(|z| z.starts_with(zone));
        kind.is_none_or(|kind| view.kind == kind.wire())
            && which.zone.as_ref().is_none_or(within)
            && since.is_none_or(|since| view.received_ms >= since.0)
    });
    all.sort_by(|a, b| (b.t_ms, &b.id).cmp(&(a.t_ms, &a.id)));
    Ok(Json(all))
}

/// `GET /v1/situations/{id}`: on the picture, or from the record where it has left it.
pub async fn one(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Result<Json<SituationDetail>, Refused> {
    let missing = || Refused::not_found(format!("there is no report {id}"));
    let key = id.parse::<Key>().map_err(|_| missing())?;
    let (city, on_it) = {
        let board = platform.live.board();
        let found = views::detail(&board.picture.situations, &board.city, &key);
        (Arc::clone(&board.city), found)
    };
    if let Some(found) = on_it {
        return Ok(Json(found));
    }
    let past = situations_past::of(&platform, key.clone()).await?;
    past.and_then(|past| views::detail(&past, &city, &key)).map(Json).ok_or_else(missing)
}

/// `GET /v1/stations/{id}/forecasts`.
pub async fn forecasts(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Json<Vec<ForecastView>> {
    let board = platform.live.board();
    Json(forecasts::of_station(&board.picture.situations, &board.city, &id))
}

/// Who asks: a person, or a feed by its token.
type Sender = (Option<Extension<Person>>, Option<Extension<Feed>>);

/// `GET /v1/reports/hotline/{id}`.
pub async fn hotline(
    State(platform): State<Arc<Platform>>,
    sender: Sender,
    Path(id): Path<String>,
) -> Result<Json<ReportStatus>, Refused> {
    status(&platform, sender, Kind::Hotline, &id).await
}

/// `GET /v1/reports/calls/{id}`.
pub async fn call(
    State(platform): State<Arc<Platform>>,
    sender: Sender,
    Path(id): Path<String>,
) -> Result<Json<ReportStatus>, Refused> {
    status(&platform, sender, Kind::Call, &id).await
}

/// What became of a report. An agency asks for its own; another's is none. Whoever watches the
/// picture finds it by the id alone.
async fn status(
    platform: &Platform,
    sender: Sender,
    kind: Kind,
    id: &str,
) -> Result<Json<ReportStatus>, Refused> {
    let missing = || Refused::not_found(format!("there is no report {id}"));
    let report = ReportId::new(id).map_err(|_| missing())?;
    let agency = match sender {
        (_, Some(Extension(Feed(agency)))) => Some(agency),
        (Some(Extension(person)), None) if person.role == Role::Agency => {
            let own = person.agency.as_deref().and_then(|a| AgencyId::new(a).ok());
            Some(own.ok_or_else(|| Refused::forbidden("no agency is set"))?)
        }
        (Some(_), None) => None,
        (None, None) => return Err(Refused::unauthenticated()),
    };
    let (key, on_it) = {
        let board = platform.live.board();
        let here = &board.picture.situations;
        let named = || here.of_kind(kind).map(|(key, _)| key).find(|key| key.id == report).cloned();
        let key = match agency {
            Some(agency) => Some(Key { kind, agency, id: report.clone() }),
            None => named(),
        };
        let found = key.as_ref().and_then(|key| views::status(here, key));
        (key, found)
    };
    if let Some(found) = on_it {
        return Ok(Json(found));
    }
    let key = match key {
        Some(key) => key,
        None => situations_past::sender(platform, kind, report).await?.ok_or_else(missing)?,
    };
    let past = situations_past::of(platform, key.clone()).await?;
    past.and_then(|past| views::status(&past, &key)).map(Json).ok_or_else(missing)
}
