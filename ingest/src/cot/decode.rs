//! Stop 2 of 9 for Cursor-on-Target: an `<event>` → what it is, or [`Why`]. Pure and total. Before
//! it: [`super::frame`], [`super::session`]; after it: [`crate::admit`].
//!
//! Sources: the CoT base schema `Event.xsd` of MITRE, "Cursor on Target Message Router User's Guide"
//! (MP090284); the types of alerts (`b-a-o-…`) and of pings (`t-x-c-t`) as TAK clients and open
//! servers use them. The meaning of `<emergency>` and of the suffix `-9-1-1` is taken from such
//! programs, to be verified with the devices of a city.

use domain::refusal::Reason;
use domain::report::UnitStatus;
use domain::time::UtcMs;

use super::frame::EVENT_MAX_BYTES;
use crate::json::instant;
use crate::judge::Why;
use crate::reports::form::NOTE_MAX_BYTES;
use crate::units::decode::{ACCURACY_MAX_M, SPEED_MAX_MPS};
use crate::xml::{Element, read};

/// The longest uid, bytes.
pub const UID_MAX_BYTES: usize = 128;
/// The longest type, bytes.
pub const TYPE_MAX_BYTES: usize = 64;
/// What stands for "not known" in `hae`, `ce` and `le`, and anything above it.
pub const UNKNOWN: f64 = 9_999_999.0;
/// What TAK clients append to their uid in the uid of an alert.
const ALERT_SUFFIX: &str = "-9-1-1";

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A ping: answered, and nothing else.
    Ping,
    /// Another word of the protocol between client and server (`t-x-…`): heard, and passed over.
    Control,
    /// Where and how a unit is.
    Unit(Box<Sighting>),
}

/// A unit, as its event has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// The uid of the unit's device.
    pub uid: String,
    /// The type: `a-f-G-U-C`, `b-a-o-tbl`, …
    pub kind: String,
    /// When it was made.
    pub time: UtcMs,
    /// From when it holds.
    pub start: UtcMs,
    /// Until when it holds.
    pub stale: UtcMs,
    /// Longitude and latitude as written, degrees; absent where the device does not know.
    pub at: Option<(f64, f64)>,
    /// Height above the ellipsoid, metres. Read and checked; nothing here needs it.
    pub hae_m: Option<f64>,
    /// Circular error, metres.
    pub ce_m: Option<f64>,
    /// Linear error, metres.
    pub le_m: Option<f64>,
    /// Speed, metres a second.
    pub speed_mps: Option<f64>,
    /// Course, degrees.
    pub course_deg: Option<f64>,
    /// Battery, per cent.
    pub battery_percent: Option<u8>,
    /// 求救 begins or ends.
    pub status: Option<UnitStatus>,
    /// `<remarks>` of an alert.
    pub remarks: Option<String>,
}

/// Reads one event.
///
/// # Errors
/// [`Why`], naming the attribute or element.
pub fn decode(bytes: &[u8]) -> Result<Event, Why> {
    let document = read::document(bytes, EVENT_MAX_BYTES)
        .map_err(|fault| Why::new(Reason::Xml, fault.to_string()))?;
    let event = &document.root;
    if !event.is("", "event") {
        return Err(Why::new(Reason::FieldForm, "the root is no <event>"));
    }
    let version = need(event, "version")?;
    if !version.starts_with("2.") && version != "2" {
        let said = format!("version {version:?} of CoT; 2.0 is read here");
        return Err(Why::new(Reason::FieldForm, said));
    }
    let kind = bounded(event, "type", TYPE_MAX_BYTES)?;
    if kind == "t-x-c-t" {
        return Ok(Event::Ping);
    }
    if kind.starts_with("t-x-") {
        return Ok(Event::Control);
    }
    let is_alert = kind.starts_with("b-a-o-");
    if !kind.starts_with("a-") && !is_alert {
        let said = format!("type {kind:?} is no unit's place (a-…) nor its alert (b-a-o-…)");
        return Err(Why::new(Reason::UnknownChannel, said));
    }
    let none = Element::default();
    let detail = child(event, "detail").unwrap_or(&none);
    Ok(Event::Unit(Box::new(sighting(event, detail, kind, is_alert)?)))
}

fn sighting(
    event: &Element<'_>,
    detail: &Element<'_>,
    kind: &str,
    is_alert: bool,
) -> Result<Sighting, Why> {
    let uid = bounded(event, "uid", UID_MAX_BYTES)?;
    let (time, start, stale) = (time(event, "time")?, time(event, "start")?, time(event, "stale")?);
    if stale < start {
        return Err(Why::new(Reason::FieldForm, "stale is before start"));
    }
    let point = child(event, "point");
    let point = point.ok_or_else(|| Why::new(Reason::MissingField, "an event has a <point>"))?;
    let (lat, lon) = (need_number(point, "lat")?, need_number(point, "lon")?);
    let error = |name: &str| -> Result<Option<f64>, Why> {
        let value = number(point, name)?.filter(|value| *value < UNKNOWN);
        match value {
            Some(value) if value < 0.0 => out(name, value),
            value => Ok(value),
        }
    };
    let (ce_m, le_m) = (error("ce")?, error("le")?);
    let track = child(detail, "track");
    let of_track = |name| track.map_or(Ok(None), |track| number(track, name));
    Ok(Sighting {
        uid: owner(event, detail, uid, is_alert)?,
        kind: kind.to_owned(),
        time,
        start,
        stale,
        // 0, 0 with an error that is not known is how a device says that it has no fix.
        at: (ce_m.is_some() || lat != 0.0 || lon != 0.0).then_some((lon, lat)),
        hae_m: number(point, "hae")?.filter(|value| *value < UNKNOWN),
        ce_m: ce_m.filter(|value| *value <= f64::from(ACCURACY_MAX_M)),
        le_m,
        // A device that stands may say −1 or "unknown" by a number that no speed is.
        speed_mps: of_track("speed")?.filter(|v| (0.0..=f64::from(SPEED_MAX_MPS)).contains(v)),
        course_deg: of_track("course")?.filter(|v| (0.0..=360.0).contains(v)),
        battery_percent: battery(detail)?,
        status: status(kind, detail),
        remarks: remarks(detail, is_alert)?,
    })
}

/// Whose it is: an alert is an event of its own, and names the device by a link of relation `p-p`,
/// or by the device's uid and `-9-1-1`.
fn owner(
    event: &Element<'_>,
    detail: &Element<'_>,
    uid: &str,
    is_alert: bool,
) -> Result<String, Why> {
    if !is_alert {
        return Ok(uid.to_owned());
    }
    let links = detail.children().chain(event.children()).filter(|e| e.local == "link");
    for link in links.filter(|link| link.attribute("relation") == Some("p-p")) {
        if link.attribute("uid").is_some() {
            return bounded(link, "uid", UID_MAX_BYTES).map(str::to_owned);
        }
    }
    Ok(uid.strip_suffix(ALERT_SUFFIX).unwrap_or(uid).to_owned())
}

/// An alert begins a distress, its cancellation ends it. A mere position says nothing of it: it goes
/// on while the distress lasts. (`readiness` of `<status>` is not used for the same reason.)
fn status(kind: &str, detail: &Element<'_>) -> Option<UnitStatus> {
    let emergency = child(detail, "emergency");
    let cancelled = emergency.and_then(|e| e.attribute("cancel")) == Some("true");
    if kind == "b-a-o-can" || cancelled {
        Some(UnitStatus::Available)
    } else if kind.starts_with("b-a-o-") || emergency.is_some() {
        Some(UnitStatus::Distress)
    } else {
        None
    }
}

fn battery(detail: &Element<'_>) -> Result<Option<u8>, Why> {
    let Some(status) = child(detail, "status") else { return Ok(None) };
    let Some(percent) = number(status, "battery")? else { return Ok(None) };
    if !(0.0..=100.0).contains(&percent) {
        return out("battery", percent);
    }
    // Within 0 to 100.
    Ok(Some(percent.round() as u8))
}

/// What is said with an alert. The remarks of positions (a callsign's slogan, a build number) would
/// fill the record and are passed over.
fn remarks(detail: &Element<'_>, is_alert: bool) -> Result<Option<String>, Why> {
    if !is_alert {
        return Ok(None);
    }
    let said = |name| child(detail, name).map(|e| e.text()).unwrap_or_default();
    let words = [said("remarks"), said("emergency")];
    let text = words.iter().map(|text| text.trim()).find(|text| !text.is_empty());
    let Some(text) = text else { return Ok(None) };
    if text.len() > NOTE_MAX_BYTES {
        let said = format!("remarks have at most {NOTE_MAX_BYTES} bytes, these {}", text.len());
        return Err(Why::new(Reason::FieldForm, said));
    }
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    Ok(Some(plain.collect()))
}

fn child<'e>(element: &'e Element<'e>, local: &str) -> Option<&'e Element<'e>> {
    element.children().find(|e| e.local == local)
}

fn need<'e>(element: &'e Element<'e>, name: &str) -> Result<&'e str, Why> {
    let missing = || {
        let said = format!("<{}> has no attribute {name:?}", element.local);
        Why::new(Reason::MissingField, said)
    };
    element.attribute(name).ok_or_else(missing)
}

/// Text without control characters that is not too long.
fn bounded<'e>(element: &'e Element<'e>, name: &str, max: usize) -> Result<&'e str, Why> {
    let text = need(element, name)?.trim();
    if text.is_empty() || text.len() > max || text.chars().any(char::is_control) {
        let said = format!("attribute {name:?} is 1 to {max} visible bytes");
        return Err(Why::new(Reason::Identifier, said));
    }
    Ok(text)
}

fn time(event: &Element<'_>, name: &str) -> Result<UtcMs, Why> {
    let text = need(event, name)?;
    instant::parse(text).map_err(|e| Why::new(Reason::Time, format!("{name} {text:?}: {e}")))
}

fn number(element: &Element<'_>, name: &str) -> Result<Option<f64>, Why> {
    let Some(text) = element.attribute(name).map(str::trim) else { return Ok(None) };
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        // Devices without a compass say so by this.
        Ok(_) if name != "lat" && name != "lon" => Ok(None),
        Ok(_) => Err(Why::new(Reason::NotFinite, format!("attribute {name:?} is {text:?}"))),
        Err(_) => {
            let said = format!("attribute {name:?} is {text:?}, no number");
            Err(Why::new(Reason::FieldForm, said))
        }
    }
}

fn need_number(element: &Element<'_>, name: &str) -> Result<f64, Why> {
    need(element, name)?;
    let missing = || Why::new(Reason::MissingField, format!("attribute {name:?} is empty"));
    number(element, name)?.ok_or_else(missing)
}

fn out<T>(name: &str, value: f64) -> Result<T, Why> {
    Err(Why::new(Reason::OutOfRange, format!("attribute {name:?} cannot be {value}")))
}

/// The answer to a ping, as TAK servers give it: type `t-x-c-t-r`, uid `takPong`, at 0, 0 with
/// errors unknown, stale after twenty seconds.
pub fn pong(now: UtcMs) -> String {
    /// For so long a pong holds, milliseconds.
    const HOLDS_MS: i64 = 20_000;
    let text = |t: UtcMs| t.rfc3339(0).replace("+00:00", "Z");
    let (now, stale) = (text(now), text(now.plus_ms(HOLDS_MS)));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event version=\"2.0\" uid=\"takPong\" \
         type=\"t-x-c-t-r\" how=\"h-g-i-g-o\" time=\"{now}\" start=\"{now}\" stale=\"{stale}\">\
         <point lat=\"0.0\" lon=\"0.0\" hae=\"0.0\" ce=\"9999999.0\" le=\"9999999.0\"/></event>\n"
    )
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
