//! Who comes in, how often, with how much: what a request is held to before its body is looked at.
//! Whatever is turned away here is counted as a refusal of its agency.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};
use mqtt_edge::Who;

use super::body::Whole;
use super::problem::Problem;
use super::session::{Door, durable};
use crate::admit::rate::{Quota, TooFast};
use crate::admit::{Admitted, Source};
use crate::judge::Why;

/// Requests a second of one credential.
pub const REQUESTS_PER_S: u32 = 2_000;
const REQUESTS: Quota = Quota { items_per_s: REQUESTS_PER_S, bytes_per_s: u32::MAX };
/// Stands for the resource where a request was turned away before it was looked at.
const ANY_RESOURCE: &str = "*";
impl Door {
    /// Whom the bearer token stands for, and whether it has requests left.
    pub(crate) fn enter(&self, headers: &HeaderMap) -> Result<(Who, AgencyId), Problem> {
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, token)| token.trim());
        let who = self.credentials.bearer(token).ok_or_else(Problem::unauthenticated)?;
        let register = self.admission.register();
        let agency = match &who {
            Who::Agency(agency) if register.agency(agency).is_some() => agency.clone(),
            Who::Agency(_) => return Err(Problem::forbidden()),
            Who::Unit(unit) => register.unit(unit).cloned().ok_or_else(Problem::forbidden)?,
        };
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = rates.take(&agency, REQUESTS, (1, 0), Instant::now());
        drop(rates);
        if let Err(fast) = taken {
            let source = Source { agency: &agency, channel: Channel::Http, place: ANY_RESOURCE };
            // Counted when it is submitted; the answer waits for nothing.
            drop(self.limited(source, fast, b""));
            return Err(slow_down(fast.retry_after));
        }
        Ok((who, agency))
    }

    /// Reads a body of an agency that has something left of its quota. Whatever keeps it from being
    /// read is counted as a refusal of the whole.
    pub(crate) async fn body(
        &self,
        agency: &AgencyId,
        place: &str,
        headers: &HeaderMap,
        body: axum::body::Body,
    ) -> Result<Whole, Problem> {
        let source = Source { agency, channel: Channel::Http, place };
        if let Err(fast) = self.admission.has_room(agency) {
            let (admitted, _) = self.limited(source, fast, b"");
            durable(admitted).await?;
            return Err(slow_down(fast.retry_after));
        }
        let read = self.bodies.read(headers, body).await;
        self.or_turned_away(source, read).await
    }

    /// What a check found in a request before its body was looked at: a refusal is counted and kept
    /// like one of what it brought.
    pub(crate) async fn or_turned_away<T>(
        &self,
        source: Source<'_>,
        checked: Result<T, Problem>,
    ) -> Result<T, Problem> {
        match checked {
            Ok(fine) => Ok(fine),
            Err(problem) => Err(self.turned_away(source, problem).await),
        }
    }

    /// Counts and keeps a request that was refused before its body was looked at. The sender is told
    /// when that is durable, as of everything it is told.
    pub(crate) async fn turned_away(&self, source: Source<'_>, problem: Problem) -> Problem {
        let reason = match problem.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Reason::TooLarge,
            StatusCode::SERVICE_UNAVAILABLE => return problem,
            StatusCode::FORBIDDEN => Reason::Forbidden,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Reason::UnknownChannel,
            StatusCode::CONFLICT => Reason::Conflict,
            // What its own word says, where that is a reason.
            _ => problem.named().unwrap_or(Reason::Syntax),
        };
        let admitted = self.admission.refuse(source, Why::new(reason, problem.detail()), b"");
        match durable(admitted).await {
            Ok(_) => problem,
            Err(unavailable) => unavailable,
        }
    }

    /// Counts and keeps that a request was over the rate, and says when to come again.
    pub(crate) fn limited(
        &self,
        source: Source<'_>,
        fast: TooFast,
        body: &[u8],
    ) -> (Admitted, Option<Problem>) {
        let why = Why::new(Reason::RateLimited, fast.to_string());
        let admitted = self.admission.refuse_limited(source, why, body);
        (admitted, Some(slow_down(fast.retry_after)))
    }
}

fn slow_down(retry_after: Duration) -> Problem {
    let said = "more than the rate of this credential";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", said).after(retry_after)
}
