//! `gazetteer.csv`: the names by which people say where something is. Districts and townships of
//! `zones.geojson` are known without it; it adds villages, roads, other names, and better points.

use super::faults::Faults;
use super::sheet::{self, Column};
use super::zones::Zone;
use crate::ids::ZoneId;

const COLUMNS: &[Column] = &[
    ("name", true),
    ("kind", true),
    ("lon", false),
    ("lat", false),
    ("zone", true),
    ("aliases", false),
];

/// The most other names of one place.
const ALIASES_MAX: usize = 16;
/// The shortest name, in characters: a single one stands in every other sentence.
const NAME_MIN_CHARS: usize = 2;

/// What a name of the gazetteer is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedKind {
    /// The city itself. It places nothing: where all that is known is the city, nothing is known.
    City,
    /// A district or county.
    District,
    /// A township or street office (镇、街道).
    Township,
    /// A village or residents' committee (村委会、居委会).
    Village,
    /// A road; its point lies on it, somewhere.
    Road,
}

/// A place that has a name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPlace {
    /// 中文 name, in full: 「赤溪镇」.
    pub name: String,
    /// Of what.
    pub kind: NamedKind,
    /// Longitude and latitude, degrees WGS-84, where it has a point of its own.
    pub point: Option<(f64, f64)>,
    /// The code of the zone it lies in, or is. Codes nest: one of a township or village begins with
    /// its district's (GB/T 2260, GB/T 10114).
    pub zone: ZoneId,
    /// Other names.
    pub aliases: Vec<String>,
}

/// Reads the sheet.
pub(super) fn read(file: &str, bytes: &[u8], zones: &[Zone], faults: &Faults) -> Vec<NamedPlace> {
    let mut list = Vec::new();
    sheet::read(file, bytes, COLUMNS, faults, |row| {
        let name = row.need_text("name");
        let kind = match row.text("kind") {
            "district" => Some(NamedKind::District),
            "township" => Some(NamedKind::Township),
            "village" => Some(NamedKind::Village),
            "road" => Some(NamedKind::Road),
            other => {
                row.fault(format!(
                    "unknown kind {other:?}; known: district, township, village, road"
                ));
                None
            }
        };
        let zone = row.id::<ZoneId>("zone");
        if let Some(zone) = &zone
            && !zones.is_empty()
            && !zones.iter().any(|known| zone.as_str().starts_with(known.id.as_str()))
        {
            row.fault(format!("zone {zone} is none of zones.geojson, nor does it lie in one"));
        }
        let is_placed = !row.text("lon").is_empty() || !row.text("lat").is_empty();
        let point = is_placed.then(|| row.position()).flatten().map(|at| (at.lon(), at.lat()));
        let aliases: Vec<String> = row
            .text("aliases")
            .split(';')
            .map(str::trim)
            .filter(|alias| !alias.is_empty())
            .map(str::to_owned)
            .collect();
        if aliases.len() > ALIASES_MAX {
            row.fault(format!("{} aliases; a place has at most {ALIASES_MAX}", aliases.len()));
        }
        for short in name.iter().chain(&aliases).filter(|n| n.chars().count() < NAME_MIN_CHARS) {
            row.fault(format!("the name {short:?} is shorter than {NAME_MIN_CHARS} characters"));
        }
        let (Some(name), Some(kind), Some(zone)) = (name, kind, zone) else { return };
        list.push(NamedPlace { name, kind, point, zone, aliases });
    });
    list
}
