//! `GET /v1/rejections`: what was refused, with its raw bytes and what was done about it. An agency
//! sees its own, by its people and by its token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use base64ct::{Base64, Encoding};
use contract::views::RejectionView;
use domain::desk::Role;
use domain::ids::{AgencyId, Seq};
use domain::letter::LetterState;
use domain::refusal::{Channel, RAW_KEPT_MAX_BYTES, Reason};
use journal::history::{KeptRefusal, RefusalFilter};
use serde::Deserialize;

use super::believed::instant;
use super::guard::Feed;
use super::letters::act_view;
use super::problem::Refused;
use super::query::Query;
use crate::access::Person;
use crate::platform::Platform;

/// The most refusals in one answer.
pub const LIMIT_MAX: usize = 500;

/// Which refusals.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    agency: Option<String>,
    channel: Option<String>,
    reason: Option<String>,
    source: Option<String>,
    quarantined: Option<bool>,
    state: Option<String>,
    since: Option<String>,
    until: Option<String>,
    before: Option<u64>,
    limit: Option<usize>,
}

fn view(kept: KeptRefusal) -> RejectionView {
    let state = kept.state().wire().into();
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
        cut: refusal.raw.len() >= RAW_KEPT_MAX_BYTES,
        raw_base64: Base64::encode_string(&refusal.raw),
        quarantined: refusal.quarantined,
        state,
        last: kept.last.map(|last| act_view(&last.act)),
    }
}

/// Who reads: a person, or a feed by its token.
pub type Reader = (Option<Extension<Person>>, Option<Extension<Feed>>);

/// The reader's name, and whose refusals alone they see; nobody's alone: everybody's.
pub(super) fn only((person, feed): Reader) -> Result<(String, Option<String>), Refused> {
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

pub(super) fn agency_of(word: &str) -> Result<AgencyId, Refused> {
    AgencyId::new(word).map_err(|why| Refused::invalid(why.to_string()))
}

pub(super) fn channel_of(word: &str) -> Result<Channel, Refused> {
    Channel::of(word).ok_or_else(|| Refused::invalid(format!("there is no channel {word}")))
}

pub(super) fn reason_of(word: &str) -> Result<Reason, Refused> {
    let found = Reason::ALL.iter().copied().find(|r| r.wire() == word);
    found.ok_or_else(|| Refused::invalid(format!("there is no reason {word}")))
}

fn state_of(word: &str) -> Result<LetterState, Refused> {
    let found = LetterState::ALL.into_iter().find(|s| s.wire() == word);
    found.ok_or_else(|| Refused::invalid(format!("there is no state {word}")))
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
    let filter = RefusalFilter {
        agency: agency.as_deref().map(agency_of).transpose()?,
        channel: asked.channel.as_deref().map(channel_of).transpose()?,
        reason: asked.reason.as_deref().map(reason_of).transpose()?,
        source: asked.source.filter(|source| !source.is_empty()),
        quarantined: asked.quarantined,
        state: asked.state.as_deref().map(state_of).transpose()?,
        since: asked.since.as_deref().map(instant).transpose()?,
        until: asked.until.as_deref().map(instant).transpose()?,
        before: asked.before.map(Seq),
        after: None,
    };
    let wanted = filter.state;
    let limit = asked.limit.unwrap_or(100).min(LIMIT_MAX);
    let read = platform.shelf.ask(move |hand| Ok(hand.history()?.refusals(&filter, limit)?));
    let mut read = read.await?;
    platform.letters.overlay(&mut read).await;
    read.retain(|kept| wanted.is_none_or(|state| kept.state() == state));
    Ok(Json(read.into_iter().map(view).collect()))
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
    let (before, after) = (seq.checked_add(1).map(Seq), seq.checked_sub(1).map(Seq));
    let filter = RefusalFilter { before, after, ..RefusalFilter::default() };
    let read = platform.shelf.ask(move |hand| Ok(hand.history()?.refusals(&filter, 1)?));
    let mut read = read.await?;
    platform.letters.overlay(&mut read).await;
    let found = read.into_iter().next().ok_or_else(missing)?;
    if own.is_some_and(|own| own != found.refusal.agency.as_str()) {
        platform.access.audit(&name, "denied", &format!("rejection {id}"));
        return Err(Refused::forbidden("this refusal is another agency's"));
    }
    Ok(Json(view(found)))
}
