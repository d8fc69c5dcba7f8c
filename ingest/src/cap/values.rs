//! Values of CAP's elements: times, words, numbers, rings and circles. Each is read or has a fault.

use base64ct::{Base64, Encoding};
use domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS, UtcMs};
use domain::warning::{CapVersion, Circle, WarningKey};
use gis::outline::{Outline, OutlineError};
use sha1::{Digest, Sha1};

use super::decode::LANGUAGE_DEFAULT;
use super::faults::shown;

/// The most points of one polygon.
pub const POLYGON_MAX_POINTS: usize = 10_000;
/// The largest radius of a circle, kilometres: half-way round the earth.
pub const RADIUS_MAX_KM: f64 = 20_038.0;
/// The most messages that one message may refer to.
pub const REFERENCES_MAX: usize = 500;
/// The longest identifier or sender, bytes.
pub const IDENTITY_MAX_BYTES: usize = 500;

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// A time (CAP 1.2, 3.3.2: `2002-05-24T16:49:00-07:00`; neither `Z` nor fractions, UTC is
/// `-00:00`). 1.1 has any `dateTime`; one without an offset is no instant, and is refused.
pub(super) fn time(text: &str, version: CapVersion) -> Result<UtcMs, String> {
    let trimmed = text.trim_matches(SPACE);
    let wrong = || {
        let hint = if trimmed.ends_with('Z') { " (UTC is written -00:00, never Z)" } else { "" };
        format!("{} is no time like 2026-06-11T03:05:00+08:00{hint}", shown(text))
    };
    let bytes = trimmed.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        let is_number = digits.iter().all(u8::is_ascii_digit);
        is_number.then(|| digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    };
    let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if signs.iter().any(|(at, sign)| bytes.get(*at) != Some(sign)) {
        return Err(wrong());
    }
    let parts = [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)];
    let parts: Option<Vec<i64>> = parts.iter().map(|(from, to)| number(*from, *to)).collect();
    let Some([year, month, day, hour, minute, second]) =
        parts.as_deref().map(|p| <[i64; 6]>::try_from(p).unwrap_or_default())
    else {
        return Err(wrong());
    };
    let (millis, zone) = match version {
        CapVersion::V1_2 => (0, bytes.get(19..).unwrap_or_default()),
        CapVersion::V1_1 => fraction(bytes.get(19..).unwrap_or_default()).ok_or_else(wrong)?,
    };
    let offset_min = match zone {
        b"Z" if version == CapVersion::V1_1 => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let at = bytes.len() - 5;
            let (h, m) = number(at, at + 2).zip(number(at + 3, at + 5)).ok_or_else(wrong)?;
            if m > 59 || h * 60 + m > 14 * 60 {
                return Err(format!("{}: an offset is at most 14:00", shown(text)));
            }
            if *sign == b'-' { -(h * 60 + m) } else { h * 60 + m }
        }
        _ => return Err(wrong()),
    };
    let is_midnight = (hour, minute, second, millis) == (24, 0, 0, 0);
    let is_clock = (hour <= 23 || is_midnight) && minute <= 59 && second <= 59;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || !is_clock {
        return Err(format!("{} is no day or hour of the calendar", shown(text)));
    }
    let local = days(year, month, day) * 24 * HOUR_MS
        + hour * HOUR_MS
        + minute * MINUTE_MS
        + second * SECOND_MS
        + millis;
    UtcMs::from_millis(local - offset_min * MINUTE_MS)
        .map_err(|why| format!("{}: {why}", shown(text)))
}

/// Milliseconds of `.123`, if there is one, and what follows.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let millis = (0..3).fold(0, |n, at| {
        n * 10 + digits.get(at).filter(|_| at < count).map_or(0, |d| i64::from(d - b'0'))
    });
    (count > 0).then(|| (millis, &digits[count..]))
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar (years from 0 on).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = |y: i64| y * 365 + (y + 3) / 4 - (y + 99) / 100 + (y + 399) / 400;
    let months: i64 = (1..month).map(|m| days_in(year, m)).sum();
    before(year) - before(1970) + months + day - 1
}

/// An identifier or sender: no white space, no comma, neither `<` nor `&` (CAP 1.2, 3.2.1).
pub(super) fn identity(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.len() > IDENTITY_MAX_BYTES {
        return Err(format!("has {} bytes; at most {IDENTITY_MAX_BYTES} are taken", text.len()));
    }
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '<' | '&');
    match text.chars().find(|c| is_bad(*c)) {
        Some(c) => Err(format!("{} has {c:?}: no spaces, no commas, no < and no &", shown(text))),
        None => Ok(text.to_owned()),
    }
}

/// References: triples `sender,identifier,sent`, parted by white space.
pub(super) fn references(text: &str, version: CapVersion) -> Result<Vec<WarningKey>, Vec<String>> {
    let (mut keys, mut faults) = (Vec::new(), Vec::new());
    for triple in text.split(SPACE).filter(|t| !t.is_empty()) {
        if keys.len() + faults.len() >= REFERENCES_MAX {
            faults.push(format!("more than {REFERENCES_MAX} references"));
            break;
        }
        let parts: Vec<&str> = triple.split(',').collect();
        let [sender, identifier, sent] = parts[..] else {
            faults.push(format!("{} is no triple sender,identifier,sent", shown(triple)));
            continue;
        };
        match (identity(sender), identity(identifier), time(sent, version)) {
            (Ok(sender), Ok(identifier), Ok(sent)) => {
                let key = WarningKey { sender, identifier, sent };
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
            (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => {
                faults.push(format!("{}: {why}", shown(triple)));
            }
        }
    }
    if faults.is_empty() { Ok(keys) } else { Err(faults) }
}

/// A plain decimal number, as `xs:decimal` has it.
pub(super) fn decimal(text: &str) -> Result<f64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = (whole.len() + part.len()) > 0
        && digits.len() <= 40
        && whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
    let read = text.parse::<f64>().ok().filter(|n| is_number && n.is_finite());
    read.ok_or_else(|| format!("{} is no decimal number", shown(text)))
}

/// `lat,lon`, degrees.
fn point(text: &str) -> Result<(f64, f64), String> {
    let (lat, lon) =
        text.split_once(',').ok_or_else(|| format!("{} is no pair lat,lon", shown(text)))?;
    let (lat, lon) = (decimal(lat)?, decimal(lon)?);
    if lat.abs() > 90.0 {
        let hint = if lat.abs() <= 180.0 && lon.abs() <= 90.0 {
            ": latitude comes first, then longitude"
        } else {
            ""
        };
        return Err(format!("latitude {lat} is outside -90 to 90{hint}"));
    }
    if lon.abs() > 180.0 {
        return Err(format!("longitude {lon} is outside -180 to 180"));
    }
    Ok((lon + 0.0, lat + 0.0))
}

/// What stands between white space.
fn points(text: &str) -> impl Iterator<Item = &str> {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    let pieces = text.as_bytes().split(is_space).filter(|piece| !piece.is_empty());
    pieces.map(|piece| std::str::from_utf8(piece).unwrap_or_default())
}

/// A polygon: at least four pairs `lat,lon` parted by white space, the last the same as the first
/// (CAP 1.2, 3.2.4), no more than [`POLYGON_MAX_POINTS`], and one simple ring. `None` where it is empty: some
/// senders write the element without one.
pub(super) fn polygon(text: &str) -> Result<Option<Vec<(f64, f64)>>, String> {
    // Before any of them is read: that there are too many is said of a ring with bad points too.
    let count = points(text).take(POLYGON_MAX_POINTS + 1).count();
    if count == 0 {
        return Ok(None);
    }
    if count > POLYGON_MAX_POINTS {
        return Err(format!("has more than {POLYGON_MAX_POINTS} points"));
    }
    let mut ring: Vec<(f64, f64)> = Vec::with_capacity(count);
    for pair in points(text) {
        ring.push(point(pair)?);
    }
    if ring.len() < 4 {
        return Err(format!("has {} points; at least 4 are wanted", ring.len()));
    }
    if ring.first() != ring.last() {
        return Err("is not closed: its last pair must be its first".into());
    }
    match Outline::check_ring(&ring) {
        // The map of degrees ends there; the standard does not.
        Ok(_) | Err(OutlineError::Pole(_) | OutlineError::Antimeridian(_)) => Ok(Some(ring)),
        Err(error) => Err(error.to_string()),
    }
}

/// A circle: `lat,lon radius`, the radius in kilometres. `None` where it is empty.
pub(super) fn circle(text: &str) -> Result<Option<Circle>, String> {
    let parts: Vec<&str> = text.split(SPACE).filter(|p| !p.is_empty()).take(3).collect();
    let [at, radius] = parts[..] else {
        return if parts.is_empty() {
            Ok(None)
        } else {
            Err(format!("{} is no circle lat,lon radius", shown(text)))
        };
    };
    let ((lon, lat), radius_km) = (point(at)?, decimal(radius)?);
    if !(0.0..=RADIUS_MAX_KM).contains(&radius_km) {
        return Err(format!("a radius of {radius_km} km; 0 to {RADIUS_MAX_KM} are possible"));
    }
    Ok(Some(Circle { lon, lat, radius_km: radius_km + 0.0 }))
}

/// A language tag, as `xs:language` has it. An element without content has the schema's default.
pub(super) fn language(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(LANGUAGE_DEFAULT.to_owned());
    }
    let tag = text.trim_matches(SPACE);
    let mut parts = tag.split('-');
    let is_part =
        |p: &str| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
    let first =
        parts.next().is_some_and(|p| is_part(p) && p.bytes().all(|b| b.is_ascii_alphabetic()));
    if first && parts.all(is_part) && tag.len() <= 64 {
        return Ok(tag.to_owned());
    }
    Err(format!("{} is no language tag like zh-CN", shown(text)))
}

/// A whole number, as `xs:integer` has it.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    let trimmed = text.trim_matches(SPACE);
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let read = trimmed.parse().ok().filter(|_| is_number);
    read.ok_or_else(|| format!("{} is no whole number", shown(text)))
}

/// A digest: SHA-1 (CAP 1.2, 3.2.3) in hexadecimal, or in base64 as some write it.
pub(super) fn digest(text: &str) -> Result<String, String> {
    let text = text.trim_matches(SPACE);
    let is_hex = text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_base64 = text.len() == 28
        && text.strip_suffix('=').is_some_and(|t| {
            t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        });
    if is_hex || is_base64 {
        return Ok(text.to_owned());
    }
    Err(format!("{} is no SHA-1: 40 hexadecimal digits", shown(text)))
}

/// The bytes of a resource that the message carries: base64 (CAP 1.2, 3.2.3), in lines or not.
pub(super) fn content(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split(SPACE).collect();
    Base64::decode_vec(&digits).map_err(|_| "is not base64".to_owned())
}

/// Whether a digest, as [`digest`] takes it, is of these bytes.
pub(super) fn is_of(digest: &str, bytes: &[u8]) -> bool {
    let computed = Sha1::digest(bytes);
    let digits: String = computed.iter().map(|byte| format!("{byte:02x}")).collect();
    digest.eq_ignore_ascii_case(&digits) || digest == Base64::encode_string(&computed)
}
