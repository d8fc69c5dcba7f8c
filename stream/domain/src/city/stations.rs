//! `stations.csv`: where the instruments stand and whose they are, by epochs.

use std::collections::{BTreeMap, BTreeSet};

use super::faults::{Faults, words};
use super::sheet::{self, Column, Row};
use crate::ids::{AgencyId, StationId};
use crate::sl651::{Address, AddressError};
use crate::time::UtcMs;

/// The height datums a stage may refer to: the national one of 1985, the Pearl River's, the
/// Huanghai one of 1956, and a gauge's own zero.
pub const DATUMS: [&str; 4] = ["1985", "pearl_river", "1956", "local"];

/// The datum into which offsets lead.
pub const NATIONAL_DATUM: &str = "1985";

const COLUMNS: &[Column] = &[
    ("id", true),
    ("name", false),
    ("name_en", false),
    ("agency", true),
    ("lon", true),
    ("lat", true),
    ("datum", false),
    ("datum_offset_m", false),
    ("valid_from", false),
    ("sl651", false),
    ("sl651_base_m", false),
];

/// One epoch of a station.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Id.
    pub id: StationId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whose it is.
    pub agency: AgencyId,
    /// Position, degrees WGS-84.
    pub lon: f64,
    /// Position, degrees WGS-84.
    pub lat: f64,
    /// The height datum its stages refer to (`1985`, `pearl_river`, `1956`, `local`), where it has one.
    pub datum: Option<String>,
    /// Metres to add to a stage of this station to have it in the 1985 national datum.
    pub datum_offset_m: Option<f64>,
    /// From when this epoch holds (event time).
    pub valid_from: UtcMs,
    /// The address under which its telemetry comes in by SL 651.
    pub sl651: Option<Address>,
    /// The level over which SL 651's relative levels (DRZ) are, metres in the station's datum.
    pub sl651_base_m: Option<f64>,
}

impl Station {
    /// A stage given in `datum`, in this station's own datum, metres; `None` where the two cannot be
    /// compared: another datum than the station's, and not the national one with an offset given.
    pub fn stage_from(&self, datum: &str, stage_m: f64) -> Option<f64> {
        let own = self.datum.as_deref()?;
        if own == datum {
            return Some(stage_m);
        }
        if datum == NATIONAL_DATUM {
            return self.datum_offset_m.map(|offset| stage_m - offset);
        }
        None
    }
}

/// The ids that a sheet of stations names, with the datum of each epoch (for the other files'
/// references).
pub(super) type Known = BTreeMap<String, Vec<Station>>;

/// Reads the sheet; the ids it names come with it, of faulty rows too: `None` where a row could not
/// be read. So is `agencies`.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    agencies: Option<&BTreeSet<String>>,
    faults: &Faults,
) -> (Vec<Station>, Option<BTreeSet<String>>) {
    let mut stations = Vec::new();
    let mut named = BTreeSet::new();
    let mut epochs: BTreeMap<(String, UtcMs), u32> = BTreeMap::new();
    let mut addresses: BTreeMap<Address, (String, u32)> = BTreeMap::new();
    let whole = sheet::read(file, bytes, COLUMNS, faults, |row| {
        named.insert(row.text("id").to_owned());
        let valid_from = row.valid_from();
        let key = (row.text("id").to_owned(), valid_from);
        if let Some(line) = epochs.insert(key, row.line()) {
            row.fault(format!(
                "the station {} stands already on line {line} with the same valid_from",
                row.text("id")
            ));
        }
        let read = station(row, valid_from, agencies);
        if let Some(address) = read.as_ref().and_then(|station| station.sl651) {
            let here = (row.text("id").to_owned(), row.line());
            let (first, line) = addresses.entry(address).or_insert(here);
            if first != row.text("id") {
                row.fault(format!(
                    "the SL 651 address {address} is the station {first}'s already, on line {line}"
                ));
            }
        }
        stations.extend(read);
    });
    (stations, whole.then_some(named))
}

fn station(
    row: &Row<'_>,
    valid_from: UtcMs,
    agencies: Option<&BTreeSet<String>>,
) -> Option<Station> {
    let id = row.id::<StationId>("id");
    if let Some(id) = &id
        && super::RESERVED_WORDS.contains(&id.as_str())
    {
        row.fault(format!("the station id {id} is a word of the topics"));
    }
    let agency = agency(row, agencies);
    let position = row.position();
    let datum = datum(row);
    let datum_offset_m = row.number_in("datum_offset_m", -10_000.0..=10_000.0);
    match (datum.as_deref(), datum_offset_m) {
        (None, Some(_)) => row.fault("datum_offset_m is given, but no datum"),
        (Some(NATIONAL_DATUM), Some(offset)) if offset != 0.0 => {
            row.fault("datum_offset_m leads to the 1985 datum, so that of a 1985 station is 0");
        }
        _ => {}
    }
    let sl651 = match row.text("sl651") {
        "" => None,
        text => Some(text.parse::<Address>()).transpose().unwrap_or_else(|why: AddressError| {
            row.fault(format!("sl651 {text:?}: {why}"));
            None
        }),
    };
    let sl651_base_m = row.number_in("sl651_base_m", -1_000.0..=10_000.0);
    if sl651.is_none() && sl651_base_m.is_some() {
        row.fault("sl651_base_m is given, but no sl651 address");
    }
    let id = id?;
    let name = row.or("name", id.as_str());
    let name_en = row.or("name_en", &name);
    let position = position?;
    Some(Station {
        id,
        name,
        name_en,
        agency: agency?,
        lon: position.lon(),
        lat: position.lat(),
        datum,
        datum_offset_m,
        valid_from,
        sl651,
        sl651_base_m,
    })
}

/// The agency of a row, which must be in `agencies.toml`.
pub(super) fn agency(row: &Row<'_>, agencies: Option<&BTreeSet<String>>) -> Option<AgencyId> {
    let agency = row.id::<AgencyId>("agency")?;
    if let Some(known) = agencies
        && !known.contains(agency.as_str())
    {
        let list = words(known.iter().map(String::as_str));
        row.fault(format!("unknown agency {agency}; agencies.toml has: {list}"));
    }
    Some(agency)
}

fn datum(row: &Row<'_>) -> Option<String> {
    let text = row.text("datum");
    if text.is_empty() {
        return None;
    }
    if !DATUMS.contains(&text) {
        row.fault(format!("unknown datum {text:?}; known: {}", words(DATUMS)));
    }
    Some(text.to_owned())
}
