//! A refusal of a request, with a typed reason.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a request was refused. `reason` is a stable word, `detail` is for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A stable word: `unauthenticated`, `forbidden`, `not_found`, `conflict`, `invalid`,
    /// `too_large`, `rate_limited`, `unavailable`, or one of the desk's own reasons.
    pub reason: String,
    /// The particulars, for a person.
    pub detail: String,
}
