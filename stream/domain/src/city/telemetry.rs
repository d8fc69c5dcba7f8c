//! `[sl651]` of `city.toml`: how telemetry by SL 651-2014 is taken.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::faults::{Faults, words};
use super::page::Section;
use crate::ids::AgencyId;

/// Seconds after which a connection that says nothing is closed, where the file does not say.
const IDLE_S: u32 = 600;

/// What a station is told when its message is durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sl651Answer {
    /// EOT: it may leave.
    #[default]
    Leave,
    /// ESC: it stays on line.
    Stay,
    /// Nothing: its mode is M1, reports without answers.
    Nothing,
}

/// `[sl651]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sl651 {
    /// Whose refusals are those of stations that nobody registered, and of bytes that are no frame.
    pub agency: Option<AgencyId>,
    /// What a station is told.
    pub answer: Sl651Answer,
    /// Seconds of silence after which a connection is closed.
    pub idle_s: u32,
    /// The line of `agency`.
    #[serde(skip)]
    line: u32,
}

impl Default for Sl651 {
    fn default() -> Self {
        Self { agency: None, answer: Sl651Answer::default(), idle_s: IDLE_S, line: 0 }
    }
}

pub(super) fn read(mut section: Section<'_>) -> Sl651 {
    let mut read = Sl651 { line: section.line_of("agency"), ..Sl651::default() };
    if let Some(text) = section.text("agency") {
        match AgencyId::new(&text) {
            Ok(agency) => read.agency = Some(agency),
            Err(why) => section.fault("agency", format!("agency {text:?}: {why}")),
        }
    }
    if let Some(word) = section.text("answer") {
        const KNOWN: [(&str, Sl651Answer); 3] = [
            ("leave", Sl651Answer::Leave),
            ("stay", Sl651Answer::Stay),
            ("nothing", Sl651Answer::Nothing),
        ];
        match KNOWN.iter().find(|(known, _)| *known == word) {
            Some((_, answer)) => read.answer = *answer,
            None => {
                let known = words(KNOWN.iter().map(|(known, _)| *known));
                section.fault("answer", format!("unknown answer {word:?}; known: {known}"));
            }
        }
    }
    let idle = section.count("idle_s", 30..=86_400);
    read.idle_s = idle.unwrap_or(read.idle_s);
    section.finish();
    read
}

/// The agency must be one of the city's.
pub(super) fn check(read: &Sl651, agencies: Option<&BTreeSet<String>>, faults: &Faults) {
    let (Some(agency), Some(known)) = (&read.agency, agencies) else { return };
    if !known.contains(agency.as_str()) {
        let list = words(known.iter().map(String::as_str));
        let reason = format!("[sl651] unknown agency {agency}; agencies.toml has: {list}");
        faults.add("city.toml", read.line, reason);
    }
}
