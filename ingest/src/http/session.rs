//! Stop 1 of 9, **heard**, over HTTP: who sends, what kind of body, its bytes. After it:
//! [`crate::json::decode`] and [`crate::table::decode`] (decoded).

use std::sync::{Arc, Mutex};

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};
use domain::report::Report;
use domain::warning::WarningStatus;
use mqtt_edge::Who;
use serde::Serialize;

use super::body::{Bodies, Whole};
use super::keys::{KEY_MAX_BYTES, Keys};
use super::problem::Problem;
use crate::admit::rate::Rates;
use crate::admit::{Admission, Admitted, Outcome, Source, Unavailable};
use crate::json::batch::{BatchError, Item, decode_array, decode_ndjson};
use crate::judge::Why;
use crate::mqtt::session::whole;
use crate::reports::kind::{Kind as ReportKind, Reader, Rim};
use crate::seams::{Credentials, Tasks};
use crate::table::decode::decode_csv;

/// Bodies larger than this are decoded on a thread of the blocking pool.
pub(crate) const DECODE_ASIDE_BYTES: usize = 64 * 1024;

/// What a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Array,
    Lines,
    Table,
}

impl Kind {
    pub(super) fn decode(self, body: &[u8]) -> Result<Vec<Item<'_>>, BatchError> {
        match self {
            Kind::Array => decode_array(body),
            Kind::Lines => decode_ndjson(body),
            Kind::Table => decode_csv(body),
        }
    }
}

/// The answer to a request that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Answer {
    pub(super) accepted: u64,
    pub(super) duplicate: u64,
    pub(super) rejected: Vec<Rejected>,
    /// Of a warning: its status. What is not actual is kept and shown apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'static str>,
    /// Nothing was taken: this is what would have become of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) dry_run: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Rejected {
    index: u64,
    reason: &'static str,
    detail: String,
}

impl Answer {
    pub(super) fn of(outcomes: &[Outcome]) -> Self {
        let count = |wanted: &Outcome| outcomes.iter().filter(|o| *o == wanted).count() as u64;
        let rejected = outcomes.iter().enumerate().filter_map(|(at, outcome)| {
            let why = outcome.why()?;
            let detail = why.detail.clone();
            Some(Rejected { index: at as u64, reason: why.reason.wire(), detail })
        });
        Self {
            accepted: count(&Outcome::Accepted),
            duplicate: count(&Outcome::Duplicate),
            rejected: rejected.collect(),
            status: None,
            dry_run: false,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        // Plain text and numbers: writing them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Takes requests. Shared by its connections.
pub struct Door {
    pub(super) admission: Admission,
    pub(super) credentials: Arc<dyn Credentials>,
    tasks: Arc<dyn Tasks>,
    pub(super) keys: Keys,
    pub(super) bodies: Bodies,
    pub(super) rates: Mutex<Rates>,
    public_url: Option<String>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

impl Door {
    /// A door into `admission`.
    pub fn new(
        admission: Admission,
        credentials: Arc<dyn Credentials>,
        tasks: Arc<dyn Tasks>,
        keys: Keys,
    ) -> Self {
        let (bodies, rates) = (Bodies::default(), Mutex::default());
        Self { admission, credentials, tasks, keys, bodies, rates, public_url: None }
    }

    /// The same, reached from outside by this address (`https://…`), which its answers then name.
    #[must_use]
    pub fn reached_by(self, public_url: Option<String>) -> Self {
        Self { public_url, ..self }
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Whether a sender may send this kind of report.
    pub(crate) fn may(&self, who: &Who, agency: &AgencyId, kind: &ReportKind) -> bool {
        self.admission.register().agency(agency).is_some_and(|rights| (kind.may)(who, rights))
    }

    /// Observations in a body, answered when they are durable.
    pub(crate) async fn observations(
        self: &Arc<Self>,
        agency: AgencyId,
        kind: Kind,
        backlog: bool,
        body: Whole,
    ) -> Result<Vec<u8>, Problem> {
        self.admission.room().await;
        let (door, aside) = (self.clone(), body.bytes.len() > DECODE_ASIDE_BYTES);
        let submit = move || door.submit(&agency, kind, backlog, &body.bytes);
        let (admitted, problem) = if aside {
            let done = tokio::task::spawn_blocking(submit);
            done.await.map_err(|_| Problem::unavailable("the request broke off"))?
        } else {
            submit()
        };
        let answer = durable(admitted).await?;
        match problem {
            // The refusal of the whole is durable; the request is told so by its status.
            Some(problem) => Err(problem),
            None => Ok(answer.bytes()),
        }
    }

    fn submit(
        &self,
        agency: &AgencyId,
        kind: Kind,
        backlog: bool,
        body: &[u8],
    ) -> (Admitted, Option<Problem>) {
        let place = "/v1/observations";
        let source = Source { agency, channel: Channel::Http, place };
        match kind.decode(body) {
            Ok(mut items) => {
                for seen in items.iter_mut().filter_map(|item| item.read.as_mut().ok()) {
                    seen.backlog |= backlog;
                }
                match self.admission.admit(source, &items) {
                    Ok(admitted) => (admitted, None),
                    Err(fast) => self.limited(source, fast, body),
                }
            }
            Err(error) => {
                let problem = refused_whole(&error);
                (self.admission.refuse(source, whole(&error), body), Some(problem))
            }
        }
    }

    /// The reports of a body, answered when they are durable.
    pub(crate) async fn reports(
        &self,
        who: &Who,
        agency: &AgencyId,
        place: &str,
        reader: Reader,
        body: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        self.admission.room().await;
        let source = Source { agency, channel: Channel::Http, place };
        let register = self.admission.register();
        let said = match reader(&Rim { register: &register, agency }, body) {
            Ok(said) => said,
            Err(why) => {
                let status = match why.reason {
                    Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                    _ => StatusCode::BAD_REQUEST,
                };
                let problem = Problem::new(status, why.reason.wire(), why.detail.clone());
                durable(self.admission.refuse(source, why, body)).await?;
                return Err(problem);
            }
        };
        let desk = |report: &Report| self.desk(who, report);
        let status = warning_status(&said);
        let (admitted, problem) = match self.admission.reports(source, said, desk) {
            Ok(admitted) => (admitted, None),
            Err(fast) => self.limited(source, fast, body),
        };
        let mut answer = durable(admitted).await?;
        answer.status = status;
        // A warning that was read and is refused all the same: nothing of the request was taken.
        let refused = answer.rejected.pop_if(|_| status.is_some() && problem.is_none());
        let refused =
            refused.map(|r| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, r.reason, r.detail));
        problem.or(refused).map_or_else(|| Ok(answer.bytes()), Err)
    }

    /// What the desk says against a report, if anything.
    pub(super) fn desk(&self, who: &Who, report: &Report) -> Result<(), Why> {
        match (report, who) {
            (Report::Unit(said), Who::Unit(unit)) if said.unit != *unit => Err(Why::new(
                Reason::ForeignStation,
                format!("unit {unit} reports for itself only"),
            )),
            (Report::Unit(said), _) => {
                self.tasks.may_report(said).map_err(|said| Why::new(Reason::ImpossibleReport, said))
            }
            _ => Ok(()),
        }
    }
}

/// The status of a body that is one warning.
pub(super) fn warning_status(said: &[crate::reports::kind::Said<'_>]) -> Option<&'static str> {
    match said.first().map(|said| &said.read) {
        Some(Ok(Report::Warning(warning))) => Some(match warning.message.status {
            WarningStatus::Actual => "actual",
            WarningStatus::Exercise => "exercise",
            WarningStatus::System => "system",
            WarningStatus::Test => "test",
            WarningStatus::Draft => "draft",
        }),
        _ => None,
    }
}

/// A body that cannot be read at all.
pub(super) fn refused_whole(error: &BatchError) -> Problem {
    let status = match error {
        BatchError::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
        BatchError::Decode(_) => StatusCode::BAD_REQUEST,
    };
    let why = whole(error);
    Problem::new(status, why.reason.wire(), why.detail)
}

pub(super) async fn durable(admitted: Admitted) -> Result<Answer, Problem> {
    match admitted.durable().await {
        Ok(outcomes) => Ok(Answer::of(&outcomes)),
        Err(Unavailable(error)) => Err(Problem::unavailable(error.to_string())),
    }
}

/// What the body is, by its Content-Type.
pub(crate) fn kind(headers: &HeaderMap) -> Option<Kind> {
    match media_type(headers)?.as_str() {
        "application/json" => Some(Kind::Array),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Kind::Lines),
        "text/csv" => Some(Kind::Table),
        _ => None,
    }
}

/// The Content-Type without its parameters; `None` where it is missing or in another character set
/// than UTF-8.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = said.split(';');
    let media = parts.next()?.trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    utf8.then_some(media)
}

/// The request's Idempotency-Key.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let plain = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if text.is_empty() || text.len() > KEY_MAX_BYTES || !plain {
        let said = format!("an Idempotency-Key has 1 to {KEY_MAX_BYTES} visible characters");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "identifier", said));
    }
    Ok(Some(text.to_owned()))
}
