//! A change of the registry: who put another configuration in force, when, and what it changes. It
//! stands in the record right after the configuration that it is about.

use serde::{Deserialize, Serialize};

use crate::ids::Seq;
use crate::time::UtcMs;

/// The most lines of an act; how many there were is kept beside them.
pub const CHANGES_KEPT: usize = 200;
/// The longest line that is kept, bytes.
pub const CHANGE_MAX_BYTES: usize = 400;

/// How a change was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryWay {
    /// The city's folder had changed when the platform was started.
    Start,
    /// The platform was told to read the folder again (SIGHUP).
    Signal,
    /// On the machine, by `fenghuo registry import`.
    Command,
    /// By HTTP.
    Http,
}

impl RegistryWay {
    /// The stable word.
    pub fn wire(self) -> &'static str {
        match self {
            RegistryWay::Start => "start",
            RegistryWay::Signal => "signal",
            RegistryWay::Command => "command",
            RegistryWay::Http => "http",
        }
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryAct {
    /// When, by the platform's clock: from then on it holds.
    pub at: UtcMs,
    /// Who: a person's name, the account on the machine, or `platform`.
    pub by: String,
    /// How.
    pub way: RegistryWay,
    /// Where the configuration stands that held until then.
    pub before: Seq,
    /// SHA-256 of the files from then on, in hex.
    pub hash: String,
    /// What changes, a line each: `~ stations.csv B: agency=hydro -> agency=rescue`. The first of them.
    pub changes: Vec<String>,
    /// How many there are.
    pub total: u32,
}

impl RegistryAct {
    /// Takes the lines, cut at the bounds.
    pub fn saying(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        for line in lines {
            self.total = self.total.saturating_add(1);
            if self.changes.len() < CHANGES_KEPT {
                let mut end = line.len().min(CHANGE_MAX_BYTES);
                while !line.is_char_boundary(end) {
                    end -= 1;
                }
                self.changes.push(line.get(..end).unwrap_or_default().to_owned());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lines_as_there_were_are_counted_and_so_many_kept() {
        let act = RegistryAct {
            at: UtcMs(1),
            by: "li".into(),
            way: RegistryWay::Http,
            before: Seq(1),
            hash: String::new(),
            changes: Vec::new(),
            total: 0,
        };
        let act = act.saying((0..CHANGES_KEPT + 5).map(|_| "水".repeat(400)));
        assert_eq!((act.changes.len(), act.total as usize), (CHANGES_KEPT, CHANGES_KEPT + 5));
        assert!(act.changes.iter().all(|line| line.len() <= CHANGE_MAX_BYTES && !line.is_empty()));
    }
}
