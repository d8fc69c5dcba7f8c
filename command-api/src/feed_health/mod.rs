//! The health of feeds: what hearing counts of them, what the follower knows of their datastreams,
//! and what the engine says of their silence, put together agency by agency.

pub mod completeness;
pub mod start;

use std::collections::{BTreeMap, BTreeSet};

use contract::views::{
    AgencyHealthView, DatastreamHealthView, DoorView, FeedHealthView, HourView, StreamCounts,
};
use domain::ids::AgencyId;
use domain::time::{SECOND_MS, UtcMs};
use ingest::letters::Letters;
use ingest::telemetry::{FeedState, Figures};

use crate::desk::Picture;
use crate::desk::picture::FEED;
use crate::gazetteer::Gazetteer;
use crate::readings::{LATE_INTERVALS, WRONG_CLOCK};

/// A feed as hearing has it: whose and by which channel, its counts, its last hour.
pub type HeardFeed = ((AgencyId, &'static str), FeedState, Figures);

/// One datastream's silence, as the follower knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// Property.
    pub property: String,
    /// Expected interval, ms.
    pub interval_ms: i64,
    /// Event time of the newest value.
    pub newest: Option<UtcMs>,
    /// `live`, `late`, `dead`, `never`, or `clock`: it is heard, and dated long ago.
    pub data: &'static str,
    /// By how much its clock is wrong then, ms; less than nothing: it is behind.
    pub clock_ms: Option<i64>,
}

/// What the running parts know of feeds. Answers from memory.
pub trait Sight: Send + Sync {
    /// Every feed heard since the start.
    fn feeds(&self, now: UtcMs) -> Vec<HeardFeed>;
    /// The datastreams of a station.
    fn streams(&self, station: u32, now: UtcMs) -> Vec<StreamState>;
    /// Up to when each agency's data are complete.
    fn complete(&self) -> BTreeMap<String, UtcMs>;
    /// The last 24 hours by agency.
    fn hours(&self, now: UtcMs) -> BTreeMap<String, Vec<HourView>>;
    /// The way to send letters again; nothing while the platform ends.
    fn letters(&self) -> Option<Letters>;
    /// Where feeds come in.
    fn doors(&self) -> Vec<DoorView>;
    /// Whether every SL 651 frame must carry a password.
    fn sl651_password(&self) -> bool;
}

/// Stations of an agency, with their numbers.
pub fn stations<'a>(
    city: &'a Gazetteer,
    agency: &'a AgencyId,
) -> impl Iterator<Item = (u32, &'a domain::city::Station)> + 'a {
    city.stations().filter(move |(_, station)| station.agency == *agency)
}

/// Places of which an alert stands that they are silent: station ids, and `agency:<id>`.
pub fn silent(picture: &Picture) -> BTreeSet<&str> {
    let standing = picture.alerts.iter().filter(|(id, alert)| {
        id.hazard == FEED && alert.told.as_ref().is_some_and(|t| t.cleared.is_none())
    });
    standing.map(|(id, _)| id.place.as_str()).collect()
}

/// What comes without being expected: it was heard, and nobody can say that it is silent.
pub const HEARD: &str = "heard";

/// How alive a feed is, by the shortest interval of its agency's datastreams. Of an agency without
/// datastreams nothing is expected: it is [`HEARD`], with its age, and never called live.
pub fn data(
    city: &Gazetteer,
    own: &BTreeSet<&str>,
    heard: Option<UtcMs>,
    now: UtcMs,
    all_silent: bool,
) -> &'static str {
    let Some(heard) = heard else { return if all_silent { "dead" } else { "never" } };
    let of_own = city.city().datastreams.iter().filter(|d| own.contains(d.station.as_str()));
    // Each as of now: of several rows the newest that has begun; before the first, that one.
    let mut held: BTreeMap<(&str, &str), (bool, i64, u32)> = BTreeMap::new();
    for d in of_own {
        let begun = d.valid_from <= now;
        let from = if begun { d.valid_from.0 } else { -d.valid_from.0 };
        let row = (begun, from, d.interval_s);
        let held = held.entry((d.station.as_str(), d.property.as_str()));
        held.and_modify(|had| *had = row.max(*had)).or_insert(row);
    }
    let Some(interval_s) = held.values().map(|(.., interval_s)| *interval_s).min() else {
        return HEARD;
    };
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

/// The health of one agency's feeds, or of every one's, in the order of the city's files.
pub fn health(
    city: &Gazetteer,
    picture: &Picture,
    sight: &dyn Sight,
    only: Option<&str>,
    now: UtcMs,
) -> Vec<AgencyHealthView> {
    let (heard, complete, hours) = (sight.feeds(now), sight.complete(), sight.hours(now));
    let silent = silent(picture);
    let wanted = city.city().agencies.iter().map(|a| &a.id);
    let wanted = wanted.filter(|id| only.is_none_or(|only| only == id.as_str()));
    wanted
        .map(|agency| {
            let name = city.name_of(agency.as_str());
            let own: BTreeSet<&str> = stations(city, agency).map(|(_, s)| s.id.as_str()).collect();
            let all_silent = silent.contains(format!("agency:{agency}").as_str());
            let feeds = heard.iter().filter(|((of, _), ..)| of == agency);
            let feeds = feeds.map(|feed| {
                let state = data(city, &own, feed.1.heard, now, all_silent);
                feed_view(feed, state)
            });
            let mut streams = StreamCounts::default();
            for (ix, _) in stations(city, agency) {
                for stream in sight.streams(ix, now) {
                    *match stream.data {
                        "live" => &mut streams.live,
                        "late" => &mut streams.late,
                        "dead" => &mut streams.dead,
                        WRONG_CLOCK => &mut streams.clock,
                        _ => &mut streams.never,
                    } += 1;
                }
            }
            AgencyHealthView {
                agency: agency.to_string(),
                name: name.zh,
                name_en: name.en,
                stations: u32::try_from(own.len()).unwrap_or(u32::MAX),
                silent: all_silent,
                streams,
                complete_ms: complete.get(agency.as_str()).map(|t| t.0),
                hours: hours.get(agency.as_str()).cloned().unwrap_or_default(),
                feeds: feeds.collect(),
            }
        })
        .collect()
}

fn feed_view(((agency, channel), state, figures): &HeardFeed, data: &str) -> FeedHealthView {
    FeedHealthView {
        id: format!("{agency}/{channel}"),
        channel: (*channel).to_owned(),
        data: data.to_owned(),
        heard_ms: state.heard.map(|t| t.0),
        accepted: state.accepted,
        duplicate: state.duplicate,
        refused: state.refused,
        quarantined: state.quarantined,
        per_minute: figures.per_minute.clone(),
        lag_p50_ms: figures.lag_p50_ms,
        lag_p95_ms: figures.lag_p95_ms,
        skew_ms: figures.skew_ms,
    }
}

/// The datastreams of one station.
pub fn of_station(
    city: &Gazetteer,
    sight: &dyn Sight,
    ix: u32,
    now: UtcMs,
) -> Vec<DatastreamHealthView> {
    let Some(station) = city.station_at(ix) else { return Vec::new() };
    let name = city.name_of(station.id.as_str());
    let streams = sight.streams(ix, now).into_iter();
    streams
        .map(|stream| DatastreamHealthView {
            station: station.id.to_string(),
            station_name: name.zh.clone(),
            station_name_en: name.en.clone(),
            property: stream.property,
            interval_s: u32::try_from(stream.interval_ms / SECOND_MS).unwrap_or(u32::MAX),
            data: stream.data.to_owned(),
            clock_ms: stream.clock_ms,
            t_ms: stream.newest.map(|t| t.0),
        })
        .collect()
}
