//! The folder `cap/`: by which certificates an agency's warnings are tried (`cap/<agency>.pem`), and
//! which feeds are looked at for warnings (`cap/feeds.toml`), and by which authorities such a feed
//! is known over TLS (`cap/<agency>.tls.pem`).

use std::collections::{BTreeMap, BTreeSet};

use super::CityFiles;
use super::faults::Faults;
use super::page;
use crate::ids::AgencyId;

/// How a file of authorities for feeds over TLS ends, before `.pem`.
const TLS: &str = ".tls";
/// The list of feeds.
pub(super) const FEEDS: &str = "cap/feeds.toml";
/// The shortest and longest time between two looks at a feed, seconds.
pub const INTERVAL_S: std::ops::RangeInclusive<u32> = 10..=86_400;
/// How often a feed is looked at where the file does not say, seconds.
pub const INTERVAL_DEFAULT_S: u32 = 60;
/// The most feeds of a city.
pub const FEEDS_MAX: usize = 32;

/// An Atom or RSS feed of warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapFeed {
    /// Whose feed it is: what it brings counts as sent by this agency.
    pub agency: AgencyId,
    /// Where it is: `http://…` or `https://…`.
    pub url: String,
    /// How often it is looked at, seconds.
    pub interval_s: u32,
    /// PEM text of who certifies its server; without it, whom the operating system trusts.
    pub roots: Option<String>,
}

/// What `cap/` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cap {
    /// PEM texts by agency: of the signers themselves, or of those who certify them.
    pub certificates: BTreeMap<AgencyId, String>,
    /// The feeds, in file order.
    pub feeds: Vec<CapFeed>,
}

pub(super) fn read(files: &CityFiles, agencies: Option<&BTreeSet<String>>, faults: &Faults) -> Cap {
    let is_known = |id: &str| agencies.is_none_or(|known| known.contains(id));
    let is_listed = |id: &str| agencies.is_some_and(|known| known.contains(id));
    let mut cap = Cap::default();
    let mut roots: BTreeMap<AgencyId, String> = BTreeMap::new();
    for (path, bytes) in files {
        let name = path.strip_prefix("cap/").and_then(|name| name.strip_suffix(".pem"));
        let Some(name) = name else { continue };
        let (name, for_tls) = match name.strip_suffix(TLS).filter(|_| !is_listed(name)) {
            Some(agency) => (agency, true),
            None => (name, false),
        };
        let Some(id) = AgencyId::new(name).ok().filter(|_| is_known(name)) else {
            faults.add(path, 0, format!("{name} is no agency of agencies.toml"));
            continue;
        };
        let kept = if for_tls { &mut roots } else { &mut cap.certificates };
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => {
                kept.insert(id, text.to_owned());
            }
            _ => faults.add(path, 0, "no certificate in it: PEM is wanted"),
        }
    }
    let Some(mut top) = files.get(FEEDS).and_then(|bytes| page::read(FEEDS, bytes, faults)) else {
        return cap;
    };
    for mut section in top.sections("feed") {
        let agency = section.need_id::<AgencyId>("agency", "whose feed it is");
        if let Some(agency) = agency.as_ref().filter(|a| !is_known(a.as_str())) {
            section.fault("agency", format!("{agency} is no agency of agencies.toml"));
        }
        let url = section.need_text("url", "where the feed is: http://… or https://…");
        if let Some(url) = url.as_ref().filter(|url| !is_address(url)) {
            section.fault("url", format!("{url:?} is no http:// or https:// address"));
        }
        let interval_s = section.count("interval_s", INTERVAL_S).unwrap_or(INTERVAL_DEFAULT_S);
        section.finish();
        if let (Some(agency), Some(url)) = (agency, url) {
            let of_tls = url.starts_with("https://");
            let roots = roots.get(&agency).filter(|_| of_tls).cloned();
            cap.feeds.push(CapFeed { agency, url, interval_s, roots });
        }
    }
    if cap.feeds.len() > FEEDS_MAX {
        top.fault("feed", format!("{} feeds; at most {FEEDS_MAX}", cap.feeds.len()));
    }
    top.finish();
    cap
}

fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.unwrap_or_default();
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    !host.is_empty()
        && !host.contains('@')
        && url.bytes().all(|b| b.is_ascii_graphic())
        && !url.contains('#')
}
