//! What the lines about a place's silences say together: which of its sources are silent. One alert
//! stands for a place as long as one of them is.

use std::collections::BTreeSet;

use domain::decision::{Decision, DecisionKind};
use serde::{Deserialize, Serialize};

/// The end of the rule of a source that nobody waits for any more: it is out of the city's files.
pub const WITHDRAWN: &str = "withdrawn from the configuration";

/// The rule of a silence: the properties, and how long they must be unheard.
pub(crate) fn rule(properties: &[&str], after: i64) -> String {
    format!("{}: silence is {after} expected intervals without a frame", properties.join(" "))
}

/// The rule of properties that are withdrawn.
pub(crate) fn withdrawn(properties: &[&str]) -> String {
    format!("{}: {WITHDRAWN}", properties.join(" "))
}

/// The sources of a place that are silent, by property; of an agency as a whole its rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Silences(BTreeSet<String>);

impl Silences {
    /// Takes a line about the place, in order. Whether something is silent after it.
    pub fn take(&mut self, decision: &Decision) -> bool {
        let rule = decision.rule.as_str();
        let (names, by) = rule.split_once(": ").map_or((rule, None), |(n, _)| (n, Some(' ')));
        let each = names.split(|c| Some(c) == by);
        match decision.kind {
            DecisionKind::FeedSilent => self.0.extend(each.map(str::to_owned)),
            DecisionKind::FeedReturned if decision.rule == WITHDRAWN => self.0.clear(),
            DecisionKind::FeedReturned => {
                for name in each {
                    self.0.remove(name);
                }
            }
            _ => {}
        }
        !self.0.is_empty()
    }

    /// The rule of what is silent now, by that of a line; the line's own where nothing is.
    pub fn rule(&self, of: &str) -> String {
        match of.split_once(": ") {
            Some((_, rest)) if self.any() => {
                let names: Vec<&str> = self.0.iter().map(String::as_str).collect();
                format!("{}: {rest}", names.join(" "))
            }
            _ => of.to_owned(),
        }
    }

    /// Whether something is silent.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }
}
