//! `agencies.toml` and `roster.toml`: who sends what, and who is on duty.

use std::collections::BTreeSet;

use gis::Crs;
use serde::{Deserialize, Serialize};

use super::faults::{Faults, words};
use super::page;
use crate::ids::AgencyId;

/// The most observations a second that can be granted to one agency.
const MAX_RATE_PER_S: u32 = 1_000_000;

/// The most bytes a second that can be granted to one agency.
const MAX_BYTES_PER_S: u32 = 1_000_000_000;
/// The most datastreams that can be granted to one agency.
const MAX_DATASTREAMS: u32 = 10_000_000;
/// The most connections that can be granted to one agency.
const MAX_CONNECTIONS: u32 = 20_000;

/// An agency and what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Id: the second level of its topics.
    pub id: AgencyId,
    /// 中文 name.
    pub name: String,
    /// English name.
    #[serde(default)]
    pub name_en: String,
    /// Whom to ask about its feeds.
    #[serde(default)]
    pub contact: String,
    /// Whether it may publish official signals (weather, hydrology and sea offices only).
    #[serde(default)]
    pub official_signals: bool,
    /// Observations a second it may send on average; 0: the platform's default.
    #[serde(default)]
    pub rate_per_s: u32,
    /// Bytes a second it may send on average; 0: the platform's default.
    #[serde(default)]
    pub bytes_per_s: u32,
    /// Datastreams it may use; 0: as many as it has.
    #[serde(default)]
    pub datastreams_max: u32,
    /// MQTT connections it may have at a time, its units' apart; 0: the platform's default.
    #[serde(default)]
    pub connections_max: u32,
    /// The coordinate system of the points in all it sends; left out: WGS-84, or what a report
    /// itself says.
    #[serde(default)]
    pub coordinates: Option<Crs>,
    /// Whether its CAP messages may come unsigned though there is a certificate for it.
    #[serde(default)]
    pub cap_unsigned: bool,
}

/// A person on the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterEntry {
    /// Name shown.
    pub name: String,
    /// `duty_officer`, `leader_on_duty`, …
    pub post: String,
    /// Telephone, where the city writes one.
    #[serde(default)]
    pub phone: String,
}

/// Reads `agencies.toml`; the ids it names come with it, of faulty entries too. `None` where it
/// could not be read.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    faults: &Faults,
) -> Option<(Vec<Agency>, BTreeSet<String>)> {
    let mut top = page::read(file, bytes, faults)?;
    let (mut list, mut named) = (Vec::new(), BTreeSet::new());
    for mut section in top.sections("agency") {
        let id = section.need_id::<AgencyId>("id", "the second level of its topics");
        if let Some(id) = &id {
            if super::RESERVED_WORDS.contains(&id.as_str()) {
                section.fault("id", format!("{id} is a word of the topics"));
            }
            if !named.insert(id.to_string()) {
                section.fault("id", format!("the agency {id} stands twice"));
            }
        }
        let name = section.text("name");
        let name_en = section.text("name_en");
        let contact = section.text("contact").unwrap_or_default();
        let official_signals = section.flag("official_signals").unwrap_or(false);
        let rate_per_s = section.count("rate_per_s", 0..=MAX_RATE_PER_S).unwrap_or(0);
        let bytes_per_s = section.count("bytes_per_s", 0..=MAX_BYTES_PER_S).unwrap_or(0);
        let datastreams_max = section.count("datastreams_max", 0..=MAX_DATASTREAMS).unwrap_or(0);
        let connections_max = section.count("connections_max", 0..=MAX_CONNECTIONS).unwrap_or(0);
        let coordinates = coordinates(&mut section);
        let cap_unsigned = cap_unsigned(&mut section);
        section.finish();
        let Some(id) = id else { continue };
        let name = name.unwrap_or_else(|| id.to_string());
        let name_en = name_en.unwrap_or_else(|| name.clone());
        list.push(Agency {
            id,
            name,
            name_en,
            contact,
            official_signals,
            rate_per_s,
            bytes_per_s,
            datastreams_max,
            connections_max,
            coordinates,
            cap_unsigned,
        });
    }
    if named.is_empty() {
        top.fault("agency", "no agency: a city needs at least one [[agency]] that sends");
    }
    top.finish();
    Some((list, named))
}

/// `cap_signature`: `required` (where there is a certificate, the default) or `checked`.
fn cap_unsigned(section: &mut page::Section<'_>) -> bool {
    let word = section.text("cap_signature");
    match word.as_deref() {
        None | Some("required") => false,
        Some("checked") => true,
        Some(word) => {
            let said = format!("no way {word:?}; known: required, checked");
            section.fault("cap_signature", said);
            false
        }
    }
}

fn coordinates(section: &mut page::Section<'_>) -> Option<Crs> {
    let word = section.text("coordinates")?;
    let crs = Crs::of_wire(&word);
    if crs.is_none() {
        let known = words(Crs::ALL.map(Crs::wire));
        section.fault("coordinates", format!("no coordinate system {word:?}; known: {known}"));
    }
    crs
}

/// Reads `roster.toml`.
pub(super) fn roster(file: &str, bytes: &[u8], faults: &Faults) -> Vec<RosterEntry> {
    let Some(mut top) = page::read(file, bytes, faults) else { return Vec::new() };
    let mut list = Vec::new();
    for mut section in top.sections("person") {
        let name = section.need_text("name", "the name shown");
        let post = section.need_text("post", "like \"duty_officer\"");
        let phone = section.text("phone").unwrap_or_default();
        section.finish();
        let (Some(name), Some(post)) = (name, post) else { continue };
        list.push(RosterEntry { name, post, phone });
    }
    top.finish();
    list
}
