//! Letters sent again or laid aside: `POST /v1/rejections/{id}/replay`, `…/dismiss`,
//! `/v1/rejections/replay`; and the list of reasons.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use base64ct::{Base64, Encoding};
use contract::views::{
    DismissRequest, LetterActView, ReasonView, ReplayAnswer, ReplayManyAnswer, ReplayManyRequest,
    ReplayRequest,
};
use domain::ids::Seq;
use domain::letter::{LetterAct, LetterFact, LetterState};
use domain::refusal::Reason;
use domain::time::UtcMs;
use ingest::letters::{LETTER_MAX_BYTES, Letters, NotReplayed};
use journal::history::RefusalFilter;

use super::body;
use super::problem::Refused;
use super::rejections::{Reader, agency_of, channel_of, only, reason_of};
use crate::letters::{Clerk, Dealt, LetterError, REPLAYED_AT_ONCE};
use crate::platform::Platform;

/// The most bytes of a request: a letter's in base64, and its frame.
const REQUEST_MAX_BYTES: usize = LETTER_MAX_BYTES / 3 * 4 + LETTER_MAX_BYTES;

/// Every reason, in its order.
pub async fn reasons() -> Json<Vec<ReasonView>> {
    let view = |reason: &Reason| ReasonView {
        reason: reason.wire().into(),
        means: reason.means().into(),
        what_to_do: reason.what_to_do().into(),
    };
    Json(Reason::ALL.iter().map(view).collect())
}

/// What was done about a letter, as it is shown.
pub fn act_view(act: &LetterAct) -> LetterActView {
    let mut view = LetterActView {
        at_ms: act.at.0,
        by: act.by.clone(),
        what: "dismissed".into(),
        mended: false,
        accepted: 0,
        duplicate: 0,
        refused: 0,
        quarantined: 0,
        reason: None,
        detail: String::new(),
    };
    match &act.what {
        LetterFact::Replayed { mended, accepted, duplicate, refused, quarantined, why } => {
            view.what = "replayed".into();
            view.mended = *mended;
            (view.accepted, view.duplicate) = (*accepted, *duplicate);
            (view.refused, view.quarantined) = (*refused, *quarantined);
            if let Some((reason, detail)) = why {
                view.reason = Some(reason.wire().into());
                view.detail.clone_from(detail);
            }
        }
        LetterFact::Dismissed { note } => view.detail.clone_from(note),
    }
    view
}

fn answer(dealt: &Dealt) -> ReplayAnswer {
    ReplayAnswer {
        seq: dealt.seq.0,
        state: dealt.act.what.state().wire().into(),
        already: dealt.already,
        dry_run: false,
        act: act_view(&dealt.act),
    }
}

impl From<LetterError> for Refused {
    fn from(error: LetterError) -> Self {
        let said = error.to_string();
        match error {
            LetterError::Unknown(_) => Refused::not_found(said),
            LetterError::Foreign => Refused::forbidden(said),
            LetterError::Shelf(error) => error.into(),
            LetterError::NotReplayed(why) => {
                let (status, word) = stopped(&why);
                Refused::new(status, word, said)
            }
        }
    }
}

/// The status and the stable word of a letter that was not sent again.
fn stopped(why: &NotReplayed) -> (StatusCode, &'static str) {
    match why {
        NotReplayed::TooFast(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        NotReplayed::Unavailable(_) | NotReplayed::Unkept => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
        NotReplayed::Cut => (StatusCode::CONFLICT, "letter_cut"),
        NotReplayed::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        NotReplayed::NoWayBack(_) => (StatusCode::CONFLICT, "no_way_back"),
    }
}

fn letters(platform: &Platform) -> Result<Letters, Refused> {
    platform.sight.letters().ok_or_else(|| {
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the platform is ending")
    })
}

fn clerk(reader: Reader) -> Result<Clerk, Refused> {
    let (name, only) = only(reader)?;
    Ok(Clerk { name, only })
}

fn place(id: &str) -> Result<Seq, Refused> {
    id.parse().map(Seq).map_err(|_| Refused::not_found(format!("there is no refusal {id}")))
}

/// An attempt on another agency's letters leaves its line.
fn audited(
    platform: &Platform,
    clerk: &Clerk,
    what: &str,
    id: &str,
    error: LetterError,
) -> Refused {
    if matches!(error, LetterError::Foreign) {
        platform.access.audit(&clerk.name, "denied", &format!("{what} rejection {id}"));
    }
    error.into()
}

/// Sends one letter again.
pub async fn replay(
    State(platform): State<Arc<Platform>>,
    reader: Reader,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ReplayAnswer>, Refused> {
    let (clerk, seq) = (clerk(reader)?, place(&id)?);
    let asked: ReplayRequest = body::json_within(request, REQUEST_MAX_BYTES).await?;
    let body = match (asked.body, asked.body_base64) {
        (Some(_), Some(_)) => return Err(Refused::invalid("body or body_base64, not both")),
        (Some(text), None) => Some(text.into_bytes()),
        (None, Some(packed)) => Some(
            Base64::decode_vec(packed.trim())
                .map_err(|_| Refused::invalid("body_base64 is no base64"))?,
        ),
        (None, None) => None,
    };
    let letters = letters(&platform)?;
    let (desk, now) = (&platform.letters, platform.now());
    if asked.dry_run {
        let done = desk.foresee(&platform.shelf, &letters, &clerk, seq, body, now).await;
        let (state, dealt) =
            done.map_err(|error| audited(&platform, &clerk, "replay", &id, error))?;
        let state = state.wire().into();
        return Ok(Json(ReplayAnswer { state, dry_run: true, ..answer(&dealt) }));
    }
    let done = desk.replay(&platform.shelf, &letters, &clerk, seq, body, now).await;
    let dealt = done.map_err(|error| audited(&platform, &clerk, "replay", &id, error))?;
    if !dealt.already {
        let said = format!("rejection {id}: {}", dealt.act.what.state().wire());
        platform.access.audit(&clerk.name, "replayed", &said);
    }
    Ok(Json(answer(&dealt)))
}

/// Lays one letter aside.
pub async fn dismiss(
    State(platform): State<Arc<Platform>>,
    reader: Reader,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ReplayAnswer>, Refused> {
    let (clerk, seq) = (clerk(reader)?, place(&id)?);
    let asked: DismissRequest = body::json(request).await?;
    let note = asked.note.trim();
    if note.is_empty() || note.chars().any(char::is_control) {
        return Err(Refused::invalid("say in a line why it is laid aside"));
    }
    let letters = letters(&platform)?;
    let (desk, now) = (&platform.letters, platform.now());
    let done = desk.dismiss(&platform.shelf, &letters, &clerk, seq, note, now).await;
    let dealt = done.map_err(|error| audited(&platform, &clerk, "dismiss", &id, error))?;
    if !dealt.already {
        platform.access.audit(&clerk.name, "dismissed", &format!("rejection {id}"));
    }
    Ok(Json(answer(&dealt)))
}

fn filter(clerk: &Clerk, asked: &ReplayManyRequest) -> Result<RefusalFilter, Refused> {
    let agency = clerk.only.clone().or_else(|| asked.agency.clone());
    Ok(RefusalFilter {
        agency: agency.as_deref().map(agency_of).transpose()?,
        channel: asked.channel.as_deref().map(channel_of).transpose()?,
        reason: asked.reason.as_deref().map(reason_of).transpose()?,
        source: asked.source.clone(),
        quarantined: asked.quarantined,
        since: asked.since_ms.map(UtcMs),
        until: asked.until_ms.map(UtcMs),
        after: asked.after.map(Seq),
        state: Some(LetterState::Open),
        before: None,
    })
}

/// Sends open letters again, oldest first.
pub async fn replay_many(
    State(platform): State<Arc<Platform>>,
    reader: Reader,
    request: Request,
) -> Result<Json<ReplayManyAnswer>, Refused> {
    let clerk = clerk(reader)?;
    let asked: ReplayManyRequest = body::json(request).await?;
    if clerk.only.as_ref().is_some_and(|own| asked.agency.as_ref().is_some_and(|a| a != own)) {
        platform.access.audit(&clerk.name, "denied", "replay rejections of another agency");
        return Err(Refused::forbidden("these refusals are another agency's"));
    }
    let filter = filter(&clerk, &asked)?;
    let limit = asked.limit.map_or(REPLAYED_AT_ONCE, |n| n as usize).clamp(1, REPLAYED_AT_ONCE);
    let (desk, letters) = (&platform.letters, letters(&platform)?);
    let places = desk.open(&platform.shelf, filter.clone(), limit).await?;
    let (mut replayed, mut halted) = (Vec::new(), None);
    let mut after = filter.after.unwrap_or(Seq(0));
    for seq in places {
        let now = platform.now();
        match desk.replay(&platform.shelf, &letters, &clerk, seq, None, now).await {
            Ok(dealt) => replayed.push(answer(&dealt)),
            // These cannot be sent again from here, now or later: the others can.
            Err(LetterError::NotReplayed(NotReplayed::Cut | NotReplayed::NoWayBack(_))) => {}
            Err(LetterError::NotReplayed(why)) => {
                halted = Some(stopped(&why).1.to_owned());
                break;
            }
            Err(error) => return Err(error.into()),
        }
        after = seq;
    }
    let remaining = desk.remaining(&platform.shelf, filter, after).await?;
    let said = format!("{} rejections, {remaining} remain", replayed.len());
    platform.access.audit(&clerk.name, "replayed", &said);
    let next_after = (remaining > 0).then_some(after.0);
    Ok(Json(ReplayManyAnswer { replayed, remaining, next_after, stopped: halted }))
}
