//! `GET /v1/rejections`: what was refused, kept so that it can be mended and sent again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query, State};
use base64ct::{Base64, Encoding};
use contract::views::RejectionView;
use domain::desk::Role;
use domain::ids::{AgencyId, Seq};
use domain::refusal::Reason;
use journal::history::{KeptRefusal, RefusalFilter};
use serde::Deserialize;

use super::guard::Feed;
use super::problem::Refused;
use crate::access::Person;
use crate::platform::Platform;

/// The most refusals in one answer.
pub const LIMIT_MAX: usize = 500;

/// Which refusals.
#[derive(Debug, Deserialize)]
pub struct Asked {
    agency: Option<String>,
    reason: Option<String>,
    before: Option<u64>,
    limit: Option<usize>,
}

fn view(kept: KeptRefusal) -> RejectionView {
    let refusal = kept.refusal;
    RejectionView {
        seq: kept.seq.0,
        agency: refusal.agency.to_string(),
        channel: refusal.channel.wire().into(),
        source: refusal.source,
        received_ms: refusal.received.0,
        reason: refusal.reason.wire().into(),
        detail: refusal.detail,
        what_to_do: refusal.reason.what_to_do().into(),
        raw_base64: Base64::encode_string(&refusal.raw),
        quarantined: refusal.quarantined,
    }
}

/// Who reads: a person, or a feed by its token.
type Reader = (Option<Extension<Person>>, Option<Extension<Feed>>);

/// Whose refusals alone a reader sees, and the reader's name; nobody's alone: everybody's.
fn only((person, feed): Reader) -> Result<(String, Option<String>), Refused> {
    match (person, feed) {
        (_, Some(Extension(Feed(agency)))) => Ok((agency.to_string(), Some(agency.to_string()))),
        (Some(Extension(person)), None) if person.role == Role::Agency => {
            let own = person.agency.ok_or_else(|| Refused::forbidden("no agency is set"))?;
            Ok((person.name.to_string(), Some(own)))
        }
        (Some(Extension(person)), None) => Ok((person.name.to_string(), None)),
        (None, None) => Err(Refused::unauthenticated()),
    }
}

/// The list, newest first.
pub async fn rejections(
    State(platform): State<Arc<Platform>>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<RejectionView>>, Refused> {
    let agency = match only(reader)? {
        // An agency sees its own, whatever it asks for.
        (name, Some(own)) if asked.agency.as_ref().is_some_and(|a| *a != own) => {
            platform.access.audit(&name, "denied", "rejections of another agency");
            return Err(Refused::forbidden("these refusals are another agency's"));
        }
        (_, own) => own.or(asked.agency),
    };
    let agency = agency.map(|a| AgencyId::new(&a)).transpose();
    let agency = agency.map_err(|why| Refused::invalid(why.to_string()))?;
    let reason = match asked.reason {
        None => None,
        Some(word) => {
            let found = Reason::ALL.iter().copied().find(|r| r.wire() == word);
            Some(found.ok_or_else(|| Refused::invalid(format!("there is no reason {word}")))?)
        }
    };
    let filter =
        RefusalFilter { agency, reason, before: asked.before.map(Seq), ..RefusalFilter::default() };
    let limit = asked.limit.unwrap_or(100).min(LIMIT_MAX);
    let read = platform.shelf.ask(move |hand| Ok(hand.history()?.refusals(&filter, limit)?));
    Ok(Json(read.await?.into_iter().map(view).collect()))
}

/// One of them.
pub async fn rejection(
    State(platform): State<Arc<Platform>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Json<RejectionView>, Refused> {
    let (name, own) = only(reader)?;
    let missing = || Refused::not_found(format!("there is no refusal {id}"));
    let seq: u64 = id.parse().map_err(|_| missing())?;
    let filter = RefusalFilter { before: seq.checked_add(1).map(Seq), ..RefusalFilter::default() };
    let read = platform.shelf.ask(move |hand| Ok(hand.history()?.refusals(&filter, 1)?)).await?;
    let found = read.into_iter().find(|k| k.seq.0 == seq).ok_or_else(missing)?;
    if own.is_some_and(|own| own != found.refusal.agency.as_str()) {
        platform.access.audit(&name, "denied", &format!("rejection {id}"));
        return Err(Refused::forbidden("this refusal is another agency's"));
    }
    Ok(Json(view(found)))
}
