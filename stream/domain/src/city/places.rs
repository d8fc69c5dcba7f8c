//! `units.csv`, `hospitals.csv`, `shelters.csv`: who can be sent, where the hurt and the homeless go.

use std::collections::{BTreeMap, BTreeSet};

use super::faults::Faults;
use super::sheet::{self, Column, Row};
use super::stations::agency;
use crate::ids::{AgencyId, HospitalId, UnitId};

/// The most people of a unit or a shelter, beds of a hospital.
const MAX_COUNT: u32 = 1_000_000;

const UNITS: &[Column] = &[
    ("id", true),
    ("name", false),
    ("name_en", false),
    ("kind", true),
    ("agency", true),
    ("lon", true),
    ("lat", true),
    ("people", false),
    ("cot_uid", false),
];
/// The longest uid of a CoT device, characters.
const COT_UID_MAX: usize = 128;
const HOSPITALS: &[Column] = &[
    ("id", true),
    ("name", false),
    ("name_en", false),
    ("agency", true),
    ("lon", true),
    ("lat", true),
    ("beds", true),
    ("icu_beds", false),
];
const SHELTERS: &[Column] = &[
    ("id", true),
    ("name", false),
    ("name_en", false),
    ("lon", true),
    ("lat", true),
    ("capacity", true),
];

/// A field unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Id.
    pub id: UnitId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// `boat`, `pump`, `ambulance`, `patrol`, …
    pub kind: String,
    /// Whose it is.
    pub agency: AgencyId,
    /// Where it stands by, degrees WGS-84.
    pub lon: f64,
    /// Where it stands by, degrees WGS-84.
    pub lat: f64,
    /// People it carries or counts.
    pub people: u32,
    /// The uid of its Cursor-on-Target device, where it has one.
    pub cot_uid: Option<String>,
}

/// A hospital. Its load arrives on the datastreams of a station of the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Hospital {
    /// Id.
    pub id: HospitalId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whose feed.
    pub agency: AgencyId,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// Staffed beds.
    pub beds: u32,
    /// Staffed ICU beds.
    pub icu_beds: u32,
}

/// A shelter.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelter {
    /// Id.
    pub id: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// People it can hold.
    pub capacity: u32,
}

/// Refuses an id that stands twice in its sheet.
fn once(row: &Row<'_>, seen: &mut BTreeMap<String, u32>) {
    let id = row.text("id");
    if let Some(line) = seen.insert(id.to_owned(), row.line())
        && !id.is_empty()
    {
        row.fault(format!("the id {id} stands already on line {line}"));
    }
}

fn name(row: &Row<'_>, id: &str) -> (String, String) {
    let name = row.or("name", id);
    let name_en = row.or("name_en", &name);
    (name, name_en)
}

/// The uid of a unit's CoT device: one unit's only.
fn cot_uid(row: &Row<'_>, seen: &mut BTreeMap<String, u32>) -> Option<String> {
    let uid = row.text("cot_uid");
    if uid.is_empty() {
        return None;
    }
    if uid.chars().count() > COT_UID_MAX {
        row.fault(format!("cot_uid is longer than {COT_UID_MAX} characters"));
    }
    if let Some(line) = seen.insert(uid.to_owned(), row.line()) {
        row.fault(format!("the cot_uid {uid} stands already on line {line}"));
    }
    Some(uid.to_owned())
}

/// Reads `units.csv`.
pub(super) fn units(
    file: &str,
    bytes: &[u8],
    agencies: Option<&BTreeSet<String>>,
    faults: &Faults,
) -> Vec<Unit> {
    let (mut list, mut seen, mut uids) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    sheet::read(file, bytes, UNITS, faults, |row| {
        once(row, &mut seen);
        let cot_uid = cot_uid(row, &mut uids);
        let id = row.id::<UnitId>("id");
        let kind = row.need_text("kind");
        let (agency, position) = (agency(row, agencies), row.position());
        let people = row.whole("people", 0..=MAX_COUNT).unwrap_or(0);
        let (Some(id), Some(kind), Some(agency), Some(at)) = (id, kind, agency, position) else {
            return;
        };
        let (name, name_en) = name(row, id.as_str());
        let (lon, lat) = (at.lon(), at.lat());
        list.push(Unit { id, name, name_en, kind, agency, lon, lat, people, cot_uid });
    });
    list
}

/// Reads `hospitals.csv`.
pub(super) fn hospitals(
    file: &str,
    bytes: &[u8],
    agencies: Option<&BTreeSet<String>>,
    faults: &Faults,
) -> Vec<Hospital> {
    let (mut list, mut seen) = (Vec::new(), BTreeMap::new());
    sheet::read(file, bytes, HOSPITALS, faults, |row| {
        once(row, &mut seen);
        let id = row.id::<HospitalId>("id");
        let (agency, position) = (agency(row, agencies), row.position());
        let beds = row.need_whole("beds", 1..=MAX_COUNT);
        let icu_beds = row.whole("icu_beds", 0..=MAX_COUNT).unwrap_or(0);
        if beds.is_some_and(|beds| icu_beds > beds) {
            row.fault(format!(
                "icu_beds {icu_beds} is more than beds; ICU beds are part of the beds"
            ));
        }
        let (Some(id), Some(agency), Some(at), Some(beds)) = (id, agency, position, beds) else {
            return;
        };
        let (name, name_en) = name(row, id.as_str());
        let (lon, lat) = (at.lon(), at.lat());
        list.push(Hospital { id, name, name_en, agency, lon, lat, beds, icu_beds });
    });
    list
}

/// Reads `shelters.csv`.
pub(super) fn shelters(file: &str, bytes: &[u8], faults: &Faults) -> Vec<Shelter> {
    let (mut list, mut seen) = (Vec::new(), BTreeMap::new());
    sheet::read(file, bytes, SHELTERS, faults, |row| {
        once(row, &mut seen);
        let id = row.text("id").to_owned();
        if let Err(e) = crate::ids::check(&id) {
            row.fault(format!("id {id:?}: {e}"));
        }
        let position = row.position();
        let capacity = row.need_whole("capacity", 1..=MAX_COUNT);
        let (Some(at), Some(capacity)) = (position, capacity) else { return };
        let (name, name_en) = name(row, &id);
        list.push(Shelter { id, name, name_en, lon: at.lon(), lat: at.lat(), capacity });
    });
    list
}
