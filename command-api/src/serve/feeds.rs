//! Feeds as consoles see them, and notices of the platform about itself.

use std::collections::{BTreeMap, BTreeSet};

use contract::live::{Notice, RefusedThreshold};
use contract::views::{FeedView, RecordView};
use domain::ids::AgencyId;
use domain::time::UtcMs;
use ingest::telemetry::FeedState;
use journal::Figures;
use stream::plan::{Refused, RefusedBecause};

use crate::desk::Picture;
use crate::feed_health;
use crate::gazetteer::Gazetteer;

/// The disk is nearly full below this share of its bytes, or below [`DISK_DAYS_LOW`].
pub(super) const DISK_FREE_LOW: f64 = 0.10;
/// Below this share nothing but the alarm matters.
pub(super) const DISK_FREE_CRITICAL: f64 = 0.03;
/// Days until the disk is full.
pub(super) const DISK_DAYS_LOW: f64 = 3.0;
/// The engine is behind when it has this many records before it.
pub(super) const ENGINE_BEHIND_RECORDS: u64 = 50_000;

/// Thresholds that a notice names; of the rest it says how many.
const THRESHOLDS_TOLD: usize = 20;

/// Every feed: those heard since the start, and an agency that was never heard.
pub(super) fn views(
    city: &Gazetteer,
    picture: &Picture,
    heard: &[((AgencyId, &'static str), FeedState)],
    complete: &BTreeMap<String, UtcMs>,
    now: UtcMs,
) -> Vec<FeedView> {
    let silent = feed_health::silent(picture);
    let complete_of = |agency: &AgencyId| complete.get(agency.as_str()).map(|t| t.0);
    let mut views: BTreeMap<String, FeedView> = BTreeMap::new();
    for ((agency, channel), state) in heard {
        let mut view = view(city, &silent, agency, channel, Some(state), now);
        view.complete_ms = complete_of(agency);
        views.insert(view.id.clone(), view);
    }
    for agency in &city.city().agencies {
        if feed_health::stations(city, &agency.id).next().is_some()
            && !heard.iter().any(|((had, _), _)| *had == agency.id)
        {
            let mut view = view(city, &silent, &agency.id, "mqtt", None, now);
            view.complete_ms = complete_of(&agency.id);
            views.insert(view.id.clone(), view);
        }
    }
    views.into_values().collect()
}

fn view(
    city: &Gazetteer,
    silent: &BTreeSet<&str>,
    agency: &AgencyId,
    channel: &str,
    state: Option<&FeedState>,
    now: UtcMs,
) -> FeedView {
    let name = city.name_of(agency.as_str());
    let own: BTreeSet<&str> =
        feed_health::stations(city, agency).map(|(_, s)| s.id.as_str()).collect();
    let open = |place: &str| silent.contains(place);
    let all_silent = open(&format!("agency:{agency}"));
    let silent = if all_silent { own.len() } else { own.iter().filter(|s| open(s)).count() };
    let heard = state.and_then(|s| s.heard);
    FeedView {
        id: format!("{agency}/{channel}"),
        agency: agency.to_string(),
        agency_name: name.zh,
        agency_name_en: name.en,
        channel: channel.to_owned(),
        data: feed_health::data(city, &own, heard, now, all_silent).into(),
        heard_ms: heard.map(|t| t.0),
        complete_ms: None,
        accepted: state.map_or(0, |s| s.accepted),
        duplicate: state.map_or(0, |s| s.duplicate),
        refused: state.map_or(0, |s| s.refused),
        quarantined: state.map_or(0, |s| s.quarantined),
        stations: u32::try_from(own.len()).unwrap_or(u32::MAX),
        silent: u32::try_from(silent).unwrap_or(u32::MAX),
    }
}

fn notice(id: &str, severity: &str, detail: String, now: UtcMs) -> Notice {
    Notice {
        id: id.into(),
        severity: severity.into(),
        detail,
        figures: BTreeMap::new(),
        thresholds: Vec::new(),
        units: Vec::new(),
        since_ms: now.0,
    }
}

/// The record and its disk, for everybody at all times. In steps, so that it does not change with
/// every look: bytes by the mebibyte, days by the whole day below.
pub(super) fn record(figures: &Figures) -> RecordView {
    const MEBIBYTE: u64 = 1 << 20;
    let stepped = |bytes: u64| bytes / MEBIBYTE * MEBIBYTE;
    RecordView {
        records: figures.records,
        observations: figures.observations,
        directory_bytes: stepped(figures.directory_bytes),
        bytes_per_observation: figures.bytes_per_observation.map(|b| (b * 10.0).round() / 10.0),
        free_bytes: figures.free_bytes.map(stepped),
        total_bytes: figures.total_bytes,
        days_until_full: figures.days_until_full.map(f64::floor),
        full: figures.full,
    }
}

/// What the platform has to say about its disk.
pub(super) fn disk(figures: &Figures, now: UtcMs) -> Option<Notice> {
    let known = record(figures);
    let mut named = BTreeMap::new();
    let mut put = |name: &str, figure: Option<f64>| {
        if let Some(figure) = figure {
            named.insert(name.to_owned(), figure);
        }
    };
    let (free, total) = (figures.free_bytes, figures.total_bytes.filter(|t| *t > 0));
    let share = free.zip(total).map(|(free, total)| free as f64 / total as f64);
    put("free_bytes", known.free_bytes.map(|b| b as f64));
    put("total_bytes", known.total_bytes.map(|b| b as f64));
    put("free_share", share.map(|s| (s * 100.0).round() / 100.0));
    put("days_until_full", known.days_until_full);
    put("bytes_per_observation", known.bytes_per_observation);
    if figures.full {
        let detail = "the journal is full: nothing is taken in until there is room".to_owned();
        let full = notice("disk_full", "critical", detail, now);
        return Some(Notice { figures: named, ..full });
    }
    let (free, share, days) = (free?, share?, figures.days_until_full);
    if share >= DISK_FREE_LOW && days.is_none_or(|d| d >= DISK_DAYS_LOW) {
        return None;
    }
    let severity = if share < DISK_FREE_CRITICAL { "critical" } else { "warning" };
    let gib = free as f64 / f64::from(1u32 << 30);
    let days = known.days_until_full.map(|d| format!(", {d:.0} days until full"));
    let detail = format!("{gib:.1} GiB free ({:.0} %){}", share * 100.0, days.unwrap_or_default());
    let low = notice("disk_nearly_full", severity, detail, now);
    Some(Notice { figures: named, ..low })
}

/// The thresholds of the newest configuration that cannot be applied: what nobody watches.
pub(super) fn thresholds(refused: &[Refused], now: UtcMs) -> Option<Notice> {
    let first = refused.first()?;
    let count = refused.len();
    let detail = format!(
        "{count} thresholds cannot be applied, the first: {} #{} at {}: {}",
        first.hazard,
        first.threshold + 1,
        first.station,
        first.because
    );
    Some(Notice {
        figures: BTreeMap::from([("count".to_owned(), count as f64)]),
        thresholds: refused.iter().take(THRESHOLDS_TOLD).map(refused_threshold).collect(),
        ..notice("threshold_refused", "warning", detail, now)
    })
}

fn refused_threshold(refused: &Refused) -> RefusedThreshold {
    let mut terms = BTreeMap::new();
    let reason = match &refused.because {
        RefusedBecause::Datum { threshold, station } => {
            terms.insert("threshold_datum".to_owned(), threshold.clone());
            terms.insert("station_datum".to_owned(), station.clone());
            "datum"
        }
        RefusedBecause::Property(property) => {
            terms.insert("property".to_owned(), property.clone());
            "property"
        }
        RefusedBecause::Window => "window",
        RefusedBecause::NotFinite => "not_finite",
    };
    RefusedThreshold {
        hazard: refused.hazard.clone(),
        station: refused.station.clone(),
        threshold: refused.threshold + 1,
        reason: reason.to_owned(),
        terms,
    }
}

/// 求救: units whose people need help themselves.
pub(super) fn distress(picture: &Picture) -> Option<Notice> {
    let first = picture.distress.values().map(|d| d.since).min()?;
    let units: Vec<String> = picture.distress.keys().map(ToString::to_string).collect();
    let detail = format!("units in distress: {}", units.join(", "));
    Some(Notice {
        figures: BTreeMap::from([("count".to_owned(), units.len() as f64)]),
        units,
        ..notice("unit_distress", "critical", detail, first)
    })
}

/// What it has to say about its engine.
pub(super) fn engine(understood: u64, durable: u64, now: UtcMs) -> Option<Notice> {
    let behind = durable.saturating_sub(understood);
    (behind > ENGINE_BEHIND_RECORDS).then(|| {
        let thousands = behind / 10_000 * 10;
        let detail = format!("the engine is some {thousands},000 records behind");
        let figures = BTreeMap::from([("behind_records".to_owned(), thousands as f64 * 1e3)]);
        Notice { figures, ..notice("engine_behind", "warning", detail, now) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_that_nobody_can_watch_is_told_with_its_reason() {
        assert_eq!(thresholds(&[], UtcMs(0)), None);
        let because = RefusedBecause::Datum { threshold: "1985".into(), station: "local".into() };
        let refused =
            Refused { hazard: "river_stage".into(), station: "W".into(), threshold: 1, because };
        let many = vec![refused; THRESHOLDS_TOLD + 5];
        let notice = thresholds(&many, UtcMs(7)).unwrap();
        assert_eq!(notice.figures["count"], 25.0);
        assert_eq!(notice.thresholds.len(), THRESHOLDS_TOLD);
        let first = &notice.thresholds[0];
        assert_eq!((first.threshold, first.reason.as_str()), (2, "datum"));
        assert_eq!(first.terms["station_datum"], "local");
    }

    #[test]
    fn a_disk_that_is_nearly_full_says_so_in_figures() {
        let mut figures = Figures {
            free_bytes: Some(5 << 30),
            total_bytes: Some(100 << 30),
            bytes_per_observation: Some(31.26),
            days_until_full: Some(2.4),
            ..Figures::default()
        };
        let notice = disk(&figures, UtcMs(7)).unwrap();
        assert_eq!((notice.id.as_str(), notice.severity.as_str()), ("disk_nearly_full", "warning"));
        assert_eq!(notice.figures["free_share"], 0.05);
        assert_eq!(notice.figures["days_until_full"], 2.0);
        assert_eq!(notice.figures["bytes_per_observation"], 31.3);
        figures.full = true;
        assert_eq!(disk(&figures, UtcMs(7)).unwrap().id, "disk_full");
        // With room there is no notice; the figures are there all the same.
        figures = Figures {
            free_bytes: Some(90 << 30),
            days_until_full: Some(400.0),
            full: false,
            ..figures
        };
        assert_eq!(disk(&figures, UtcMs(7)), None);
        assert_eq!(record(&figures).days_until_full, Some(400.0));
    }
}
