//! What feeds and people exchange with the platform at its door.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /v1/observations`: what became of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IngestAnswer {
    /// New and durable.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Refused, each with its place in what was sent.
    pub rejected: Vec<RejectedItem>,
    /// It was a dry run (`?dry_run=true`): nothing was taken, this is what would have become of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// One refused item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectedItem {
    /// Place in the batch, counted from 0.
    pub index: u64,
    /// Stable reason.
    pub reason: String,
    /// Particulars.
    pub detail: String,
}

/// `GET /v1/clock`: by which feeds set theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockView {
    /// The platform's clock, Unix ms.
    pub now_ms: i64,
    /// `live` or `replay`: whether it goes by itself, or follows the newest frame.
    pub clock: String,
    /// Its seconds in a second.
    pub speed: f64,
}

/// `POST /v1/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Name.
    pub user: String,
    /// Password.
    pub password: String,
    /// A second factor's code. Nobody has a second factor yet: a code is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Who is signed in (`GET` and `POST /v1/session`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionView {
    /// Name.
    pub user: String,
    /// `officer`, `commander`, `planner`, `agency`, `auditor`, `administrator`.
    pub role: String,
    /// The agency, for role `agency`: what is seen is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// What may be done (`acknowledge`, `shelve`, `dispatch`, …): buttons without it are disabled with a reason.
    pub may: Vec<String>,
    /// When the session ends if nothing is done.
    pub expires_ms: i64,
}

/// `POST /v1/setup`: the first administrator, with the one-time code of the set-up link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The code of the link.
    pub code: String,
    /// Name.
    pub user: String,
    /// Password, at least 12 characters.
    pub password: String,
}

/// `POST /v1/live/ticket`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// To be given as `?ticket=`, once, within 30 seconds.
    pub ticket: String,
}
