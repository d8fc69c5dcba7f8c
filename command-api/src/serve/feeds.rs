//! Feeds as consoles see them, and notices of the platform about itself.

use std::collections::BTreeMap;

use contract::live::Notice;
use contract::views::FeedView;
use domain::ids::AgencyId;
use domain::time::{SECOND_MS, UtcMs};
use ingest::telemetry::FeedState;
use journal::Figures;

use crate::desk::Picture;
use crate::desk::picture::FEED;
use crate::gazetteer::Gazetteer;
use crate::readings::LATE_INTERVALS;

/// The disk is nearly full below this share of its bytes, or below [`DISK_DAYS_LOW`].
pub(super) const DISK_FREE_LOW: f64 = 0.10;
/// Below this share nothing but the alarm matters.
pub(super) const DISK_FREE_CRITICAL: f64 = 0.03;
/// Days until the disk is full.
pub(super) const DISK_DAYS_LOW: f64 = 3.0;
/// The engine is behind when it has this many records before it.
pub(super) const ENGINE_BEHIND_RECORDS: u64 = 50_000;

/// Every feed: those heard since the start, and an agency that was never heard.
pub(super) fn views(
    city: &Gazetteer,
    picture: &Picture,
    heard: &[((AgencyId, &'static str), FeedState)],
    now: UtcMs,
) -> Vec<FeedView> {
    let mut views: BTreeMap<String, FeedView> = BTreeMap::new();
    for ((agency, channel), state) in heard {
        let view = view(city, picture, agency, channel, Some(state), now);
        views.insert(view.id.clone(), view);
    }
    for agency in &city.city().agencies {
        if stations(city, &agency.id).next().is_some()
            && !heard.iter().any(|((had, _), _)| *had == agency.id)
        {
            let view = view(city, picture, &agency.id, "mqtt", None, now);
            views.insert(view.id.clone(), view);
        }
    }
    views.into_values().collect()
}

fn stations<'a>(city: &'a Gazetteer, agency: &'a AgencyId) -> impl Iterator<Item = &'a str> + 'a {
    let all = (0u32..).map_while(|ix| city.station_at(ix));
    all.filter(move |s| s.agency == *agency).map(|s| s.id.as_str())
}

fn view(
    city: &Gazetteer,
    picture: &Picture,
    agency: &AgencyId,
    channel: &str,
    state: Option<&FeedState>,
    now: UtcMs,
) -> FeedView {
    let name = city.name_of(agency.as_str());
    let own: Vec<&str> = stations(city, agency).collect();
    let open = |place: &str| {
        picture.alerts.iter().any(|(id, a)| {
            let standing = a.told.as_ref().is_some_and(|t| t.cleared.is_none());
            id.hazard == FEED && id.place == place && standing
        })
    };
    let all_silent = open(&format!("agency:{agency}"));
    let silent = if all_silent { own.len() } else { own.iter().filter(|s| open(s)).count() };
    let heard = state.and_then(|s| s.heard);
    FeedView {
        id: format!("{agency}/{channel}"),
        agency: agency.to_string(),
        agency_name: name.zh,
        agency_name_en: name.en,
        channel: channel.to_owned(),
        data: data(city, &own, heard, now, all_silent).into(),
        heard_ms: heard.map(|t| t.0),
        complete_ms: state.and_then(|s| s.frontier).map(|t| t.0),
        accepted: state.map_or(0, |s| s.accepted),
        duplicate: state.map_or(0, |s| s.duplicate),
        refused: state.map_or(0, |s| s.refused),
        stations: u32::try_from(own.len()).unwrap_or(u32::MAX),
        silent: u32::try_from(silent).unwrap_or(u32::MAX),
    }
}

/// How alive a feed is, by the shortest interval of its datastreams.
fn data(
    city: &Gazetteer,
    own: &[&str],
    heard: Option<UtcMs>,
    now: UtcMs,
    all_silent: bool,
) -> &'static str {
    let Some(heard) = heard else { return if all_silent { "dead" } else { "never" } };
    let of_own = city.city().datastreams.iter().filter(|d| own.contains(&d.station.as_str()));
    let Some(interval_s) = of_own.map(|d| d.interval_s).min() else { return "live" };
    let (age, interval) = (now.0 - heard.0, i64::from(interval_s) * SECOND_MS);
    let silent_after = i64::from(city.city().about.silent_after_intervals);
    if all_silent || age > interval * silent_after {
        "dead"
    } else if age > interval * LATE_INTERVALS {
        "late"
    } else {
        "live"
    }
}

fn notice(id: &str, severity: &str, detail: String, now: UtcMs) -> Notice {
    Notice { id: id.into(), severity: severity.into(), detail, since_ms: now.0 }
}

/// What the platform has to say about its disk.
pub(super) fn disk(figures: &Figures, now: UtcMs) -> Option<Notice> {
    if figures.full {
        let detail = "the journal is full: nothing is taken in until there is room".to_owned();
        return Some(notice("disk_nearly_full", "critical", detail, now));
    }
    let (free, total) = (figures.free_bytes?, figures.total_bytes.filter(|t| *t > 0)?);
    let share = free as f64 / total as f64;
    let days = figures.days_until_full;
    if share >= DISK_FREE_LOW && days.is_none_or(|d| d >= DISK_DAYS_LOW) {
        return None;
    }
    let severity = if share < DISK_FREE_CRITICAL { "critical" } else { "warning" };
    let gib = free as f64 / f64::from(1u32 << 30);
    let per = figures.bytes_per_observation.map(|b| format!(", {b:.1} bytes an observation"));
    // Days are told in steps, so that the notice does not change with every look.
    let days = days.map(|d| format!(", {:.0} days until full", d.ceil()));
    let detail = format!(
        "{gib:.1} GiB free ({:.0} %){}{}",
        share * 100.0,
        days.unwrap_or_default(),
        per.unwrap_or_default()
    );
    Some(notice("disk_nearly_full", severity, detail, now))
}

/// What it has to say about its engine.
pub(super) fn engine(understood: u64, durable: u64, now: UtcMs) -> Option<Notice> {
    let behind = durable.saturating_sub(understood);
    (behind > ENGINE_BEHIND_RECORDS).then(|| {
        let thousands = behind / 10_000 * 10;
        let detail = format!("the engine is some {thousands},000 records behind");
        notice("engine_behind", "warning", detail, now)
    })
}
