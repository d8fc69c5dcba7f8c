//! `cameras.csv`: the register of cameras. Addresses are kept and shown; nothing here opens them.

use std::collections::{BTreeMap, BTreeSet};

use super::faults::{Faults, words};
use super::sheet::{self, Column, Row};
use super::stations::agency;
use crate::ids::{AgencyId, ZoneId};

/// The most cameras of a city.
const CAMERAS_MAX: usize = 50_000;
/// The longest address, bytes.
const URL_MAX_BYTES: usize = 1_000;
/// Digits of a GB/T 28181 device id: centre 8, trade 2, type 3, network 1, serial number 6.
const GB28181_DIGITS: usize = 20;

const COLUMNS: &[Column] = &[
    ("id", true),
    ("name", false),
    ("name_en", false),
    ("lon", true),
    ("lat", true),
    ("agency", true),
    ("kind", true),
    ("hls", false),
    ("whep", false),
    ("snapshot", false),
    ("rtsp", false),
    ("gb28181", false),
    ("direction", false),
    ("zone", false),
];

/// A camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
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
    /// Whose it is.
    pub agency: AgencyId,
    /// `river`, `reservoir`, `road`, `ponding`, …
    pub kind: String,
    /// HLS, http or https.
    pub hls: Option<String>,
    /// WHEP (WebRTC), http or https.
    pub whep: Option<String>,
    /// A still picture, http or https.
    pub snapshot: Option<String>,
    /// RTSP: shown as text, no browser opens it.
    pub rtsp: Option<String>,
    /// The device's 20 digits by GB/T 28181.
    pub gb28181: Option<String>,
    /// Whither it looks, degrees clockwise from north.
    pub direction_deg: Option<f64>,
    /// The zone it belongs to.
    pub zone: Option<ZoneId>,
}

/// Reads the sheet.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    agencies: Option<&BTreeSet<String>>,
    zones: &[super::Zone],
    faults: &Faults,
) -> Vec<Camera> {
    let (mut list, mut seen) = (Vec::new(), BTreeMap::new());
    sheet::read(file, bytes, COLUMNS, faults, |row| {
        if list.len() == CAMERAS_MAX {
            row.fault(format!("a city has at most {CAMERAS_MAX} cameras"));
        }
        list.extend(camera(row, agencies, zones, &mut seen));
    });
    list.truncate(CAMERAS_MAX);
    list
}

fn camera(
    row: &Row<'_>,
    agencies: Option<&BTreeSet<String>>,
    zones: &[super::Zone],
    seen: &mut BTreeMap<String, u32>,
) -> Option<Camera> {
    let id = row.text("id").to_owned();
    if let Err(e) = crate::ids::check(&id) {
        row.fault(format!("id {id:?}: {e}"));
    }
    if let Some(line) = seen.insert(id.clone(), row.line()) {
        row.fault(format!("the id {id} stands already on line {line}"));
    }
    let (agency, position, kind) = (agency(row, agencies), row.position(), row.need_text("kind"));
    let web = |column| url(row, column, &["https://", "http://"]);
    let (hls, whep, snapshot) = (web("hls"), web("whep"), web("snapshot"));
    let rtsp = url(row, "rtsp", &["rtsp://", "rtsps://"]);
    let gb28181 = gb28181(row);
    let direction_deg = row.number_in("direction", 0.0..=360.0);
    if hls.is_none() && whep.is_none() && snapshot.is_none() && rtsp.is_none() && gb28181.is_none()
    {
        row.fault("a camera has at least one of hls, whep, snapshot, rtsp, gb28181");
    }
    let zone = zone(row, zones);
    let at = position?;
    let name = row.or("name", &id);
    let name_en = row.or("name_en", &name);
    Some(Camera {
        id,
        name,
        name_en,
        lon: at.lon(),
        lat: at.lat(),
        agency: agency?,
        kind: kind?,
        hls,
        whep,
        snapshot,
        rtsp,
        gb28181,
        direction_deg,
        zone,
    })
}

/// An address of one of these schemes, without user name and password: the register goes to every
/// console.
fn url(row: &Row<'_>, column: &str, schemes: &[&str]) -> Option<String> {
    let text = row.text(column);
    if text.is_empty() {
        return None;
    }
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let Some(rest) = rest else {
        row.fault(format!(
            "{column} {text:?} begins with none of {}",
            words(schemes.iter().copied())
        ));
        return None;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() {
        row.fault(format!("{column} {text:?} names no host"));
    }
    if host.contains('@') {
        row.fault(format!(
            "{column} holds a user name or a password, which every console would see"
        ));
    }
    let plain =
        text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\'));
    if !plain || text.len() > URL_MAX_BYTES {
        row.fault(format!("{column} is at most {URL_MAX_BYTES} visible characters of an address"));
    }
    Some(text.to_owned())
}

fn gb28181(row: &Row<'_>) -> Option<String> {
    let text = row.text("gb28181");
    if text.is_empty() {
        return None;
    }
    if text.len() != GB28181_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
        row.fault(format!("gb28181 {text:?} is not {GB28181_DIGITS} digits"));
    }
    Some(text.to_owned())
}

fn zone(row: &Row<'_>, zones: &[super::Zone]) -> Option<ZoneId> {
    if row.text("zone").is_empty() {
        return None;
    }
    let id = row.id::<ZoneId>("zone")?;
    if !zones.is_empty() && !zones.iter().any(|zone| zone.id == id) {
        row.fault(format!("there is no zone {id} in zones.geojson"));
    }
    Some(id)
}
