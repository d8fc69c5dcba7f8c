//! A refusal of a request, with a typed reason.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a request was refused. `reason` is a stable word, `detail` is for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A stable word: `unauthenticated`, `forbidden`, `not_found`, `conflict`, `invalid`,
    /// `too_large`, `rate_limited`, `unavailable`, or one of the desk's own reasons.
    pub reason: String,
    /// The particulars, for a person, in English.
    pub detail: String,
    /// What the reason names, so that it can be worded anew: `alert`, `by`, `at_ms`, `until_ms`,
    /// `incident`, `plan`, `level`, `task`, `tasks` (with commas), `unit`, `state`, `role`, `act`,
    /// `field`, `hours`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, String>,
}
