//! Stop 2 of 9 for best tracks in the columns of RSMC Tokyo (JMA): bytes → reports or [`Why`]. Pure
//! and total.
//!
//! Source: "Format of RSMC Best Track Data", Japan Meteorological Agency. A header line for each
//! storm begins with `66666`; its data lines follow. Columns, counted from 1:
//!
//! | header | | data | |
//! |---|---|---|---|
//! | 7–10 | international number | 1–8 | yymmddhh, UTC |
//! | 13–15 | number of data lines | 10–12 | `002` |
//! | 31–50 | name | 14 | grade |
//! | 65–72 | date of the latest revision | 16–18, 20–23 | latitude, longitude, 0.1° |
//! | | | 25–28 | pressure, hPa |
//! | | | 34–36 | greatest sustained wind (10 min), kt; 000: none given |
//! | | | 42, 43–46, 48–51 | 50 kt: direction of the longest radius, longest, shortest, nautical miles |
//! | | | 53, 54–57, 59–62 | 30 kt: the same |

use std::borrow::Cow;

use domain::bulletin::{KNOT_MPS, NAUTICAL_MILE_KM, StormTrack, TrackPoint, WindRadius};
use domain::refusal::Reason;
use domain::report::Report;
use domain::time::UtcMs;

use super::decode::{POINTS_MAX, TRACKS_MAX, checked};
use crate::judge::Why;
use crate::reports::kind::Said;

/// What a header line begins with.
const HEADER: &str = "66666";
/// The longest line, bytes: 80 columns, and air.
const LINE_MAX_BYTES: usize = 120;
/// JMA's winds are averaged over ten minutes, seconds.
pub const AVERAGING_S: u32 = 600;
/// The office that the columns are of.
const ISSUER: &str = "RSMC Tokyo";
/// Two-digit years from here on are of the last century: the record begins in 1951.
const CENTURY_FROM: i32 = 51;

/// Reads any number of storms.
///
/// # Errors
/// [`Why`] the body is refused as a whole: no text, no header line, too much. A storm with a line
/// that cannot be read is refused by itself.
pub fn best_tracks(body: &[u8]) -> Result<Vec<Said<'_>>, Why> {
    let text = std::str::from_utf8(body)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or_else(|| Why::new(Reason::Syntax, "best-track columns are plain ASCII"))?;
    let starts: Vec<usize> = text
        .match_indices(HEADER)
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || text.as_bytes()[at - 1] == b'\n')
        .collect();
    let Some(first) = starts.first() else {
        return Err(Why::new(Reason::Syntax, "no header line: it begins with 66666"));
    };
    if !text[..*first].trim().is_empty() {
        return Err(Why::new(Reason::Syntax, "data lines before the first header line"));
    }
    if starts.len() > TRACKS_MAX {
        let said = format!("at most {TRACKS_MAX} storms in one body, this has {}", starts.len());
        return Err(Why::new(Reason::TooLarge, said));
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let storms = starts.iter().zip(ends).map(|(from, to)| {
        let raw = &text[*from..to];
        Said { raw: Cow::Borrowed(raw.as_bytes()), read: storm(raw) }
    });
    Ok(storms.collect())
}

/// The columns `from` to `to`, counted from 1, both included; what a line does not reach is empty.
fn columns(line: &str, from: usize, to: usize) -> &str {
    line.get(from - 1..to.min(line.len())).unwrap_or_default().trim()
}

fn wrong(line: &str, what: &str) -> Why {
    let shown: String = line.chars().take(40).collect();
    Why::new(Reason::FieldForm, format!("{what} in line {shown:?}"))
}

/// A whole number; empty is none.
fn whole(line: &str, from: usize, to: usize, what: &str) -> Result<Option<i32>, Why> {
    let text = columns(line, from, to);
    if text.is_empty() {
        return Ok(None);
    }
    // A sign or a blank within is no number of a column.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(Some).ok_or_else(|| wrong(line, what))
}

fn need(line: &str, from: usize, to: usize, what: &str) -> Result<i32, Why> {
    whole(line, from, to, what)?.ok_or_else(|| wrong(line, &format!("no {what}")))
}

fn storm(raw: &str) -> Result<Report, Why> {
    let mut lines = raw.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let header = lines.next().unwrap_or_default();
    let id = columns(header, 7, 10).to_owned();
    let promised = need(header, 13, 15, "number of data lines")?;
    let name = match columns(header, 31, 50) {
        "" => id.clone(),
        name => name.to_owned(),
    };
    let issued = revision(header)?;
    let mut points = Vec::new();
    for line in lines {
        if line.len() > LINE_MAX_BYTES || points.len() >= POINTS_MAX {
            return Err(Why::new(Reason::TooLarge, "a line, or a track, that is too long"));
        }
        points.push(point(line)?);
    }
    if usize::try_from(promised) != Ok(points.len()) {
        let said = format!("the header promises {promised} data lines, there are {}", points.len());
        return Err(Why::new(Reason::FieldForm, said));
    }
    let newest = points.last().map(|p| p.t);
    checked(StormTrack {
        id,
        name,
        issuer: ISSUER.into(),
        issued: issued.or(newest).unwrap_or_default(),
        averaging_s: AVERAGING_S,
        points,
        forecast: Vec::new(),
    })
}

/// The date of the latest revision, where there is one: the beginning of its day, UTC.
fn revision(header: &str) -> Result<Option<UtcMs>, Why> {
    let date = columns(header, 65, 72);
    if date.is_empty() {
        return Ok(None);
    }
    let text = match (date.get(0..4), date.get(4..6), date.get(6..8)) {
        (Some(y), Some(m), Some(d)) => format!("{y}-{m}-{d}T00:00:00Z"),
        _ => date.to_owned(),
    };
    UtcMs::parse(&text).map(Some).map_err(|e| Why::new(Reason::Time, format!("{date:?}: {e}")))
}

fn point(line: &str) -> Result<TrackPoint, Why> {
    if columns(line, 10, 12) != "002" {
        return Err(wrong(line, "columns 10 to 12 are not 002"));
    }
    let wind = need(line, 34, 36, "wind").or_else(|why| {
        // A line may end before its wind.
        if columns(line, 34, 36).is_empty() { Ok(0) } else { Err(why) }
    })?;
    let mut radii = Vec::new();
    for (knots, at) in [(50.0, 42), (30.0, 53)] {
        radii.extend(radius(line, knots, at)?);
    }
    Ok(TrackPoint {
        t: time(line)?,
        lat: f64::from(need(line, 16, 18, "latitude")?) / 10.0,
        lon: longitude(f64::from(need(line, 20, 23, "longitude")?) / 10.0),
        pressure_hpa: whole(line, 25, 28, "pressure")?.filter(|p| *p > 0).map(f64::from),
        wind_mps: (wind > 0).then(|| f64::from(wind) * KNOT_MPS),
        grade: grade(columns(line, 14, 14)).ok_or_else(|| wrong(line, "an unknown grade"))?.into(),
        radii,
    })
}

/// East of the antimeridian JMA goes on counting.
fn longitude(degrees: f64) -> f64 {
    if degrees > 180.0 { degrees - 360.0 } else { degrees }
}

fn time(line: &str) -> Result<UtcMs, Why> {
    let digits = columns(line, 1, 8);
    let part = |from: usize| digits.get(from..from + 2).and_then(|d| d.parse::<i32>().ok());
    let (Some(y), Some(m), Some(d), Some(h)) = (part(0), part(2), part(4), part(6)) else {
        return Err(wrong(line, "no time yymmddhh"));
    };
    let year = if y >= CENTURY_FROM { 1_900 + y } else { 2_000 + y };
    let text = format!("{year:04}-{m:02}-{d:02}T{h:02}:00:00Z");
    UtcMs::parse(&text).map_err(|e| Why::new(Reason::Time, format!("{digits:?}: {e}")))
}

fn grade(digit: &str) -> Option<&'static str> {
    Some(match digit {
        "2" => "TD",
        "3" => "TS",
        "4" => "STS",
        "5" => "TY",
        "6" => "L",
        // Just entering the area of responsibility; of tropical storm intensity or more.
        "7" => "",
        "9" => "TS+",
        _ => return None,
    })
}

fn radius(line: &str, knots: f64, at: usize) -> Result<Option<WindRadius>, Why> {
    let longest = whole(line, at + 1, at + 4, "longest radius")?.unwrap_or(0);
    if longest == 0 {
        return Ok(None);
    }
    let shortest = whole(line, at + 6, at + 9, "shortest radius")?.unwrap_or(longest);
    // 1 north-east, clockwise to 8 north; 9 is a circle.
    let toward_deg = match whole(line, at, at, "direction of the longest radius")? {
        Some(octant @ 1..=8) => Some(f64::from(octant % 8) * 45.0),
        Some(9) => None,
        _ => return Err(wrong(line, "no direction of the longest radius")),
    };
    let km = |miles: i32| f64::from(miles) * NAUTICAL_MILE_KM;
    Ok(Some(WindRadius {
        wind_mps: knots * KNOT_MPS,
        longest_km: km(longest),
        shortest_km: km(shortest),
        toward_deg,
    }))
}

#[cfg(test)]
#[path = "jma_tests.rs"]
mod tests;
