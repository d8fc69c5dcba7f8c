//! DRILL: a scenario played over a city in real or quickened time: stations, offices, units.

mod counts;
mod news;
mod offices;
mod timeline;
mod wards;

pub use counts::publish as publish_counts;
pub use news::News;
pub use offices::Offices;
pub use timeline::Timeline;
pub use wards::{Taken, Wards};

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::report::HospitalStatus;

use crate::feed::{Feed, FeedError, Kind, PlatformClock, WireObservation};
use crate::stations::Sampler;

/// How often frames are sent.
const BEAT: Duration = Duration::from_millis(100);
/// Observations in one message, at most.
const MESSAGE_MAX: usize = 100;
/// How often the platform is asked for its time.
const SET_EVERY: Duration = Duration::from_secs(2);

/// The feeds of the agencies, by id.
pub type Feeds = BTreeMap<String, Feed>;

/// What a drill has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Observations given to the feeds.
    pub observations: u64,
    /// Signals published.
    pub signals: u64,
    /// Hospitals' statuses.
    pub hospitals: u64,
}

/// Plays stations and offices. Goes on at the scenario's end state until dropped; with `end` it
/// returns at the scenario's end.
///
/// # Errors
/// [`FeedError::Refused`] when the platform does not take one of the agencies.
pub async fn play(
    mut sampler: Sampler,
    mut offices: Offices,
    mut wards: Wards,
    feeds: &Feeds,
    timeline: &Timeline,
    mut news: News,
    end: bool,
) -> Result<Told, FeedError> {
    let mut told = Told::default();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut over = false;
    loop {
        beat.tick().await;
        let now = timeline.now();
        told.signals += offices.publish(feeds, timeline, now).await?;
        let frames = sampler.until(now);
        let mut by_agency: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for frame in &frames {
            let Some(stream) = sampler.streams().get(frame.stream) else { continue };
            match wards.take(stream, frame, timeline) {
                Taken::Status(status) => {
                    told.hospitals += report(feeds, &stream.agency, &status).await?
                }
                Taken::Waits => {}
                Taken::NotOurs => {
                    let (station, property) = (stream.station.as_str(), stream.property.as_str());
                    let wire = WireObservation { station, property, t: frame.t.0, v: frame.value };
                    by_agency.entry(&stream.agency).or_default().extend(wire.json());
                }
            }
        }
        for (agency, items) in by_agency {
            let Some(feed) = feeds.get(agency) else { continue };
            for message in items.chunks(MESSAGE_MAX) {
                patiently(feed, message).await?;
                told.observations += message.len() as u64;
            }
        }
        news.tell(feeds, told, timeline, now).await;
        if timeline.over(now) && !over {
            over = true;
            println!("{} the scenario is over; stations stay at its end state", timeline.told(now));
            if end {
                return Ok(told);
            }
        }
    }
}

/// Sends a hospital's status; tells how many were sent.
async fn report(feeds: &Feeds, agency: &str, status: &HospitalStatus) -> Result<u64, FeedError> {
    let (Some(feed), Ok(body)) = (feeds.get(agency), wards::sheet(status)) else {
        return Ok(0);
    };
    feed.report(agency, Kind::Hospital, body).await?;
    Ok(1)
}

/// Sets the run's clock by the platform's, again and again: a platform that was down is waited for.
pub async fn follow(clock: PlatformClock, timeline: Timeline) {
    let mut every = tokio::time::interval(SET_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match clock.ask().await {
            Ok(said) => timeline.set(said.now.0, said.now.1, said.speed),
            // It stands until the platform is back.
            Err(error) => {
                tracing::warn!(%error, "the platform does not tell its time");
                timeline.set(timeline.now(), Instant::now(), 0.0);
            }
        }
    }
}

/// Sends, and sends again as long as the platform is merely away: the lines store what they cannot
/// forward.
async fn patiently(feed: &Feed, items: &[String]) -> Result<(), FeedError> {
    loop {
        match feed.send(items).await {
            Err(error @ (FeedError::Unanswered { .. } | FeedError::Unreachable { .. })) => {
                tracing::warn!(%error, "waiting")
            }
            other => return other,
        }
    }
}
