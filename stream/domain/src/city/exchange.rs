//! `exchange.toml`: with whom files are exchanged across a gap between networks, by which key theirs
//! are tried, what they are given and what they may bring.

use std::collections::BTreeSet;

use super::faults::{Faults, words};
use super::page;
use crate::ids::{AgencyId, PeerId, ZoneId};

/// The file.
pub(super) const FILE: &str = "exchange.toml";
/// The kinds of items that a file can carry.
pub const ITEM_KINDS: [&str; 9] = [
    "observation",
    "hospital",
    "unit",
    "signal",
    "warning",
    "situation",
    "earthquake",
    "track",
    "cases",
];
/// The most peers of a city.
pub const PEERS_MAX: usize = 64;
/// The longest time between two files of a peer, hours: a year.
const EVERY_H_MAX: u32 = 8_784;

/// What `exchange.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What this platform is called in files; nothing: it takes part in no exchange.
    pub own: Option<PeerId>,
    /// The others, in file order.
    pub peers: Vec<Peer>,
}

impl Exchange {
    /// A peer by its id.
    pub fn peer(&self, id: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.id.as_str() == id)
    }
}

/// Agencies of a list, or all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agencies {
    /// `"*"`: all.
    pub all: bool,
    /// These.
    pub named: Vec<AgencyId>,
}

impl Agencies {
    /// Whether it is one of them.
    pub fn holds(&self, agency: &AgencyId) -> bool {
        self.all || self.named.contains(agency)
    }
}

/// One with whom files are exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// What it is called in files.
    pub id: PeerId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whom to ask.
    pub contact: String,
    /// Its public key, Ed25519: without one nothing is taken from it.
    pub public_key: Option<[u8; 32]>,
    /// Whose items it is given.
    pub gives: Agencies,
    /// Of which kinds; empty: every kind.
    pub kinds: Vec<String>,
    /// Of which areas, by code; empty: everywhere.
    pub areas: Vec<ZoneId>,
    /// For which agencies it may speak.
    pub brings: Agencies,
    /// How often a file of its is expected, hours.
    pub every_h: Option<u32>,
    /// Whether what it is given is a backlog where the export does not say otherwise.
    pub backlog: bool,
}

pub(super) fn read(
    bytes: Option<&[u8]>,
    agencies: Option<&BTreeSet<String>>,
    faults: &Faults,
) -> Exchange {
    let mut exchange = Exchange::default();
    let Some(mut top) = bytes.and_then(|bytes| page::read(FILE, bytes, faults)) else {
        return exchange;
    };
    exchange.own = top.need_id::<PeerId>("id", "what this platform is called in files");
    let mut named = BTreeSet::new();
    if let Some(own) = &exchange.own {
        named.insert(own.to_string());
    }
    for mut section in top.sections("peer") {
        let id = section.need_id::<PeerId>("id", "what the peer is called in files");
        if let Some(id) = id.as_ref().filter(|id| !named.insert(id.to_string())) {
            section.fault("id", format!("{id} stands already in this file"));
        }
        let peer = peer(&mut section, agencies, id);
        section.finish();
        exchange.peers.extend(peer);
    }
    if exchange.peers.len() > PEERS_MAX {
        top.fault("peer", format!("{} peers; at most {PEERS_MAX}", exchange.peers.len()));
    }
    top.finish();
    exchange
}

fn peer(
    section: &mut page::Section<'_>,
    agencies: Option<&BTreeSet<String>>,
    id: Option<PeerId>,
) -> Option<Peer> {
    let name = section.text("name");
    let name_en = section.text("name_en");
    let contact = section.text("contact").unwrap_or_default();
    let public_key = section.text("public_key");
    let key = public_key.as_deref().and_then(key_of);
    if public_key.is_some() && key.is_none() {
        section.fault("public_key", "a public key is 64 hexadecimal digits (Ed25519)");
    }
    let gives = list_of(section, "gives", agencies);
    let brings = list_of(section, "brings", agencies);
    let kinds = section.texts("kinds").unwrap_or_default();
    for kind in kinds.iter().filter(|kind| !ITEM_KINDS.contains(&kind.as_str())) {
        section.fault("kinds", format!("no kind {kind:?}; known: {}", words(ITEM_KINDS)));
    }
    let mut areas = Vec::new();
    for area in section.texts("areas").unwrap_or_default() {
        match ZoneId::new(&area) {
            Ok(area) => areas.push(area),
            Err(e) => section.fault("areas", format!("{area:?}: {e}")),
        }
    }
    let every_h = section.count("every_h", 1..=EVERY_H_MAX);
    let news = section.text("news");
    let backlog = match news.as_deref() {
        None | Some("fresh") => false,
        Some("backlog") => true,
        Some(word) => {
            section.fault("news", format!("no way {word:?}; known: fresh, backlog"));
            false
        }
    };
    let id = id?;
    let name = name.unwrap_or_else(|| id.to_string());
    let name_en = name_en.unwrap_or_else(|| name.clone());
    Some(Peer {
        id,
        name,
        name_en,
        contact,
        public_key: key,
        gives,
        kinds,
        areas,
        brings,
        every_h,
        backlog,
    })
}

fn list_of(
    section: &mut page::Section<'_>,
    key: &'static str,
    agencies: Option<&BTreeSet<String>>,
) -> Agencies {
    let mut list = Agencies::default();
    for word in section.texts(key).unwrap_or_default() {
        if word == "*" {
            list.all = true;
            continue;
        }
        match AgencyId::new(&word) {
            Ok(agency) if agencies.is_none_or(|known| known.contains(agency.as_str())) => {
                list.named.push(agency);
            }
            _ => section.fault(key, format!("{word} is no agency of agencies.toml")),
        }
    }
    list
}

/// 32 bytes of 64 hexadecimal digits.
pub fn key_of(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(bytes.chunks_exact(2)) {
        let digits = std::str::from_utf8(pair).ok()?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(key)
}
