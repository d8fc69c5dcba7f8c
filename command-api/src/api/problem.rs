//! Refusals of requests on the wire: a status, and the contract's [`Problem`].

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::Problem;

use crate::access::issue::IssueError;
use crate::access::{AccessError, SignInError};
use crate::desk::NotDone;
use crate::shelf::ShelfError;

/// A refusal with its status.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    problem: Problem,
    retry_after_s: Option<i64>,
}

impl Refused {
    /// A refusal.
    pub fn new(status: StatusCode, reason: &str, detail: impl Into<String>) -> Self {
        let problem =
            Problem { reason: reason.into(), detail: detail.into(), terms: Default::default() };
        Self { status, problem, retry_after_s: None }
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "sign in first")
    }

    /// Somebody is, and may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// There is no such thing.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what)
    }

    /// The request is not as it must be.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut answer = (self.status, axum::Json(self.problem)).into_response();
        if let Some(wait) = self.retry_after_s {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.max(1)));
        }
        answer
    }
}

impl From<ShelfError> for Refused {
    fn from(error: ShelfError) -> Self {
        if !matches!(error, ShelfError::Busy) {
            tracing::error!(%error, "the record has no answer");
        }
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { retry_after_s: Some(1), ..Self::new(status, "unavailable", error.to_string()) }
    }
}

impl From<NotDone> for Refused {
    fn from(why: NotDone) -> Self {
        let detail = why.to_string();
        match why {
            NotDone::Refused(refusal) => {
                let status = match refusal.reason() {
                    "forbidden" | "red_needs_commander" => StatusCode::FORBIDDEN,
                    "unknown_alert" | "unknown_incident" | "unknown_task" | "unknown_plan"
                    | "unknown_unit" => StatusCode::NOT_FOUND,
                    "invalid" | "due_in_the_past" | "shelving_too_long" => StatusCode::BAD_REQUEST,
                    _ => StatusCode::CONFLICT,
                };
                let mut refused = Self::new(status, refusal.reason(), detail);
                refused.problem.terms = refusal.terms();
                refused
            }
            NotDone::NotDurable(_) | NotDone::Unavailable => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self { retry_after_s: Some(1), ..Self::new(status, "unavailable", detail) }
            }
        }
    }
}

impl From<AccessError> for Refused {
    fn from(error: AccessError) -> Self {
        let detail = error.to_string();
        match error {
            AccessError::SetupCode => Self::forbidden(detail),
            AccessError::Issue(why) => {
                let conflict = |reason| Self::new(StatusCode::CONFLICT, reason, detail.clone());
                match why {
                    IssueError::Unknown(_) => Self::not_found(detail),
                    IssueError::TooMany(_) => conflict("too_many_credentials"),
                    IssueError::Ended(_) => conflict("credential_ended"),
                    IssueError::Certificate => conflict("certificate"),
                    IssueError::Kind | IssueError::Label | IssueError::Passed(_) => {
                        Self::invalid(detail)
                    }
                }
            }
            AccessError::Password(_) | AccessError::Name(_) => Self::invalid(detail),
            AccessError::Unknown(_) => Self::not_found(detail),
            AccessError::Store(_) | AccessError::Randomness(_) | AccessError::BrokenOff => {
                tracing::error!(detail, "access");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self::new(status, "unavailable", "access is not available")
            }
        }
    }
}

impl From<SignInError> for Refused {
    fn from(error: SignInError) -> Self {
        let detail = error.to_string();
        let limited = |wait| Self {
            retry_after_s: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail.clone())
        };
        match error {
            SignInError::Wrong => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail),
            SignInError::Wait(seconds) => limited(seconds),
            SignInError::Busy => limited(1),
            SignInError::Failed(error) => error.into(),
        }
    }
}
