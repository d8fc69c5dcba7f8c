//! The registry (登记簿) as it is changed while the platform runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /v1/registry`: files of the city in place of those in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryChange {
    /// By their paths in the city's folder (`stations.csv`, `hazards/rainfall.toml`) their whole text;
    /// `null` takes one away. What is not named stays.
    pub files: BTreeMap<String, Option<String>>,
    /// Say what would change, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a change of the registry changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegistryChanged {
    /// Its number in the record; absent where nothing was changed.
    pub seq: Option<u64>,
    /// From when it holds.
    pub holds_from_ms: Option<i64>,
    /// What changes, row by row: `~ stations.csv B: agency=hydro -> agency=rescue`.
    pub changes: Vec<String>,
    /// How many there are.
    pub total: u32,
    /// Whether admission, the engine (silence and thresholds), completeness and the picture go by it
    /// already; false for a dry run, and where the engine is behind and will come to it.
    pub in_force: bool,
    /// What holds from the next start on, in words.
    pub from_next_start: String,
}
