//! Situations on the picture: what agencies reported, what people did about it, and which reports
//! look like one thing. A part of [`super::Picture`], with its own decide, evolve and views.
//!
//! What was reported ([`Situations::rows`]) is written by reports alone, what was done
//! ([`Situations::handled`]) by desk events alone; likenesses are worked out of the two, and come out
//! the same in whichever order they came (below the bounds).

pub mod decide;
pub mod evolve;
pub mod forecasts;
pub mod likeness;
#[cfg(test)]
mod tests;
pub mod views;

use std::collections::{BTreeMap, BTreeSet};

use domain::desk::Verdict;
use domain::ids::AgencyId;
use domain::situation::{Key, Kind, Situation, State};
use domain::time::{HOUR_MS, UtcMs};
use serde::{Deserialize, Serialize};

use likeness::Likely;

/// The most reports of one kind on the picture; those that are over, and the oldest, leave first.
/// The record keeps all.
pub const KEPT_PER_KIND: usize = 1_000;
/// The most reports of one kind that a snapshot carries: the newest. The rest is asked for.
pub const SHOWN_PER_KIND: usize = 100;
/// The most versions of one report; the oldest leave.
pub const VERSIONS_KEPT: usize = 8;
/// The most things done to one report that are kept with it; the oldest leave.
pub const STEPS_KEPT: usize = 64;
/// The most reports of which is kept what was done: the newest.
pub const HANDLED_KEPT: usize = 4_000;
/// How long a report that is over stays on the picture.
pub const OVER_KEPT_MS: i64 = 24 * HOUR_MS;
/// How long one stays that its sender never closes. A register stays.
pub const OPEN_KEPT_MS: i64 = 7 * 24 * HOUR_MS;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Situations {
    /// What was reported.
    pub rows: BTreeMap<Key, Row>,
    /// What was done about it.
    pub handled: BTreeMap<Key, Handled>,
    /// Which look like an earlier one.
    pub likely: BTreeMap<Key, Likely>,
}

/// One report, as it was sent over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was sent, by its time and journal number; the last is shown.
    pub versions: BTreeMap<(UtcMs, u64), Version>,
    /// How many were sent, those that have left included.
    pub sent: u32,
}

/// One sending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// When it came, by the platform's clock.
    pub received: UtcMs,
    /// What it said.
    pub said: Situation,
}

impl Row {
    /// What is shown: the newest by the sender's time.
    pub fn shown(&self) -> Option<&Version> {
        self.versions.values().next_back()
    }
}

/// One thing done to a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: UtcMs,
    /// By whom.
    pub by: String,
    /// What.
    pub what: Done,
    /// In words.
    pub text: String,
}

/// What is done to reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// 核实.
    Verified(Verdict),
    /// 合并 into another.
    Merged(Key),
    /// Another came into it.
    Took(Key),
    /// Kept apart from another.
    KeptApart(Key),
    /// Taken out of another.
    Split(Key),
    /// 转办.
    Assigned(AgencyId, Option<UtcMs>),
    /// 办结.
    Concluded,
    /// 反馈.
    FedBack,
}

impl Done {
    /// The word on the wire.
    pub fn wire(&self) -> &'static str {
        match self {
            Done::Verified(_) => "verified",
            Done::Merged(_) => "merged",
            Done::Took(_) => "took",
            Done::KeptApart(_) => "kept_apart",
            Done::Split(_) => "split",
            Done::Assigned(..) => "assigned",
            Done::Concluded => "concluded",
            Done::FedBack => "fed_back",
        }
    }
}

/// How far 转办 → 办结 → 反馈 has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has it.
    #[default]
    New,
    /// 转办.
    Assigned,
    /// 办结.
    Concluded,
    /// 反馈.
    FedBack,
}

impl Stage {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Stage::New => "new",
            Stage::Assigned => "assigned",
            Stage::Concluded => "concluded",
            Stage::FedBack => "fed_back",
        }
    }
}

/// What was done about a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Handled {
    /// Step by step, oldest first.
    pub steps: Vec<Step>,
    /// How far it has come.
    pub stage: Stage,
    /// Who has it, and until when.
    pub assigned: Option<(AgencyId, Option<UtcMs>)>,
    /// 核实.
    pub verdict: Option<Verdict>,
    /// What it went into. That has gone into none.
    pub merged_into: Option<Key>,
    /// What it was kept apart from.
    pub apart: BTreeSet<Key>,
    /// The newest thing done: what is oldest leaves first.
    pub newest: UtcMs,
}

impl Situations {
    /// What a report shows, where it is on the picture.
    pub fn shown(&self, key: &Key) -> Option<&Version> {
        self.rows.get(key).and_then(Row::shown)
    }

    /// What a report went into, or itself.
    pub fn head<'a>(&'a self, key: &'a Key) -> &'a Key {
        self.handled.get(key).and_then(|h| h.merged_into.as_ref()).unwrap_or(key)
    }

    /// What went into a report.
    pub fn members<'a>(&'a self, head: &'a Key) -> impl Iterator<Item = &'a Key> {
        let into = move |h: &Handled| h.merged_into.as_ref() == Some(head);
        self.handled.iter().filter(move |(_, h)| into(h)).map(|(key, _)| key)
    }

    /// Whether a report needs nobody any more: closed or withdrawn by its sender, found untrue, or
    /// fed back.
    pub fn is_over(&self, key: &Key) -> bool {
        let handled = self.handled.get(self.head(key));
        let done = handled.is_some_and(|h| {
            h.stage == Stage::FedBack || h.verdict.is_some_and(|v| v != Verdict::Confirmed)
        });
        done || self.shown(key).is_none_or(|v| v.said.state != State::Open)
    }

    /// The keys of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Row)> {
        self.rows.iter().filter(move |(key, _)| key.kind == kind)
    }
}
