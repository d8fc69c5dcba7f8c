//! `[cot]` of `city.toml`: how units are heard by Cursor-on-Target.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::faults::{Faults, words};
use super::page::Section;
use crate::ids::AgencyId;

/// `[cot]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cot {
    /// Whose the port is: CoT has no credential, so whoever reaches it speaks for the units of this
    /// agency.
    pub agency: Option<AgencyId>,
    /// The line of `agency`.
    #[serde(skip)]
    line: u32,
}

pub(super) fn read(mut section: Section<'_>) -> Cot {
    let mut read = Cot { agency: None, line: section.line_of("agency") };
    read.agency = section.need_id::<AgencyId>("agency", "whose units are heard by this port");
    section.finish();
    read
}

/// The agency must be one of the city's, and a port has one.
pub(super) fn check(
    read: &Cot,
    port: Option<u16>,
    agencies: Option<&BTreeSet<String>>,
    faults: &Faults,
) {
    if port.is_some() && read.agency.is_none() {
        let reason = "[ports] cot needs [cot] agency: whose units are heard by it";
        faults.add("city.toml", 0, reason);
    }
    let (Some(agency), Some(known)) = (&read.agency, agencies) else { return };
    if !known.contains(agency.as_str()) {
        let list = words(known.iter().map(String::as_str));
        let reason = format!("[cot] unknown agency {agency}; agencies.toml has: {list}");
        faults.add("city.toml", read.line, reason);
    }
}
