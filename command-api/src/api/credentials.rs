//! `/v1/agencies/{id}/credentials`: an administrator gives out and takes back any, an agency's person
//! its own and its units'.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use contract::views::{CredentialIssued, CredentialRequest, CredentialRotation, CredentialView};
use domain::city::Unit;
use domain::time::UtcMs;

use super::body;
use super::feeds::may_see;
use super::problem::Refused;
use crate::access::issue::{Issued, Wanted};
use crate::access::keyring::{Credential, Opens};
use crate::access::{Access, AccessError, Person};
use crate::platform::Platform;

type Here = State<Arc<Platform>>;

/// The agency of the path, where it is one and this person's to act for.
fn agency(platform: &Platform, person: &Person, id: &str) -> Result<String, Refused> {
    if !may_see(person, id) {
        let denied = format!("credentials of {id}");
        platform.access.audit(person.name.as_str(), "denied", &denied);
        platform.metrics.denied();
        return Err(Refused::forbidden("these credentials are another agency's"));
    }
    let board = platform.live.board();
    let known = board.city.city().agencies.iter().any(|a| a.id.as_str() == id);
    let missing = || Refused::not_found(format!("there is no agency {id}"));
    if known { Ok(id.to_owned()) } else { Err(missing()) }
}

fn units(platform: &Platform, agency: &str) -> Vec<String> {
    let board = platform.live.board();
    let theirs = |unit: &&Unit| unit.agency.as_str() == agency;
    board.city.city().units.iter().filter(theirs).map(|unit| unit.id.to_string()).collect()
}

fn view(agency: &str, credential: Credential, now: UtcMs) -> CredentialView {
    let state = credential.state(now).to_owned();
    CredentialView {
        id: credential.id,
        agency: agency.to_owned(),
        unit: (credential.kind == "unit").then_some(credential.holder),
        opens: credential.opens.word().to_owned(),
        state,
        label: credential.label,
        by: credential.by,
        created_ms: credential.since.0,
        expires_ms: credential.expires.map(|t| t.0),
        used_ms: credential.used.map(|t| t.0),
        revoked_ms: credential.revoked.map(|t| t.0),
        replaced_by: credential.replaced_by,
    }
}

fn issued(agency: &str, issued: Issued, now: UtcMs) -> Json<CredentialIssued> {
    let user = issued.credential.holder.clone();
    let credential = view(agency, issued.credential, now);
    Json(CredentialIssued { credential, user, secret: issued.secret })
}

/// Does what writes the access file on a thread that may wait for it.
async fn aside<R: Send + 'static>(
    platform: &Platform,
    work: impl FnOnce(&Access) -> Result<R, AccessError> + Send + 'static,
) -> Result<R, Refused> {
    let access = Arc::clone(&platform.access);
    let done = tokio::task::spawn_blocking(move || work(&access)).await;
    let broken = |_| Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again");
    Ok(done.map_err(broken)??)
}

/// A credential of the agency or of one of its units.
fn own(platform: &Platform, agency: &str, id: &str) -> Result<Credential, Refused> {
    let found = platform.access.credential(id).filter(|c| match c.kind.as_str() {
        "unit" => units(platform, agency).contains(&c.holder),
        _ => c.holder == agency,
    });
    found.ok_or_else(|| Refused::not_found(format!("{agency} has no credential {id}")))
}

/// The list, oldest first, the agency's before its units'.
pub async fn list(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Result<Json<Vec<CredentialView>>, Refused> {
    let agency = agency(&platform, &person, &id)?;
    let now = platform.access.now();
    let mut all = platform.access.credentials_of("agency", &agency);
    for unit in units(&platform, &agency) {
        all.extend(platform.access.credentials_of("unit", &unit));
    }
    Ok(Json(all.into_iter().map(|credential| view(&agency, credential, now)).collect()))
}

/// Gives one out.
pub async fn issue(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<CredentialIssued>, Refused> {
    let agency = agency(&platform, &person, &id)?;
    let said: CredentialRequest = body::json(request).await?;
    let opens = said.opens.as_deref().map_or(Some(Opens::Any), Opens::of);
    let opens = opens.ok_or_else(|| Refused::invalid("opens is any, http or mqtt"))?;
    let of = match said.unit {
        None => Wanted::of("agency", &agency),
        Some(unit) if units(&platform, &agency).contains(&unit) => Wanted::of("unit", &unit),
        Some(unit) => return Err(Refused::not_found(format!("{agency} has no unit {unit}"))),
    };
    let expires = said.expires_ms.map(UtcMs);
    let wanted = Wanted { opens, expires, label: said.label, ..of };
    let by = person.name.to_string();
    let made = aside(&platform, move |access| access.issue(&by, &wanted)).await?;
    Ok(issued(&agency, made, platform.access.now()))
}

/// Gives one out in the place of another.
pub async fn rotate(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Path((id, credential)): Path<(String, String)>,
    request: Request,
) -> Result<Json<CredentialIssued>, Refused> {
    let agency = agency(&platform, &person, &id)?;
    own(&platform, &agency, &credential)?;
    let said: CredentialRotation = body::json(request).await?;
    let (until, expires) = (said.until_ms.map(UtcMs), said.expires_ms.map(UtcMs));
    let by = person.name.to_string();
    let rotate = move |access: &Access| access.rotate(&by, &credential, until, expires);
    let made = aside(&platform, rotate).await?;
    Ok(issued(&agency, made, platform.access.now()))
}

/// Revokes one.
pub async fn revoke(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Path((id, credential)): Path<(String, String)>,
) -> Result<Json<CredentialView>, Refused> {
    let agency = agency(&platform, &person, &id)?;
    own(&platform, &agency, &credential)?;
    let by = person.name.to_string();
    let revoked = aside(&platform, move |access| access.revoke(&by, &credential)).await?;
    Ok(Json(view(&agency, revoked, platform.access.now())))
}
