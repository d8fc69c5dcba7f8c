//! The health bureau's counts: of each day before the run, reported on the morning after it.

use domain::cases::Day;
use domain::time::{HOUR_MS, UtcMs};
use serde_json::json;

use super::{Feeds, Timeline};
use crate::feed::{FeedError, Kind};
use crate::scenario::{Counted, Scenario};

/// When the counts of a day are reported: 09:00 on the next.
const REPORTED_MS: i64 = 33 * HOUR_MS;
/// The city's offset, seconds east of UTC.
const OFFSET_S: i32 = 8 * 3_600;

/// The bodies of one row that are reported by `now`, oldest first.
fn bodies(counted: &Counted, now: UtcMs) -> Vec<String> {
    let midnight = |day: Day| UtcMs(i64::from(day.0) * 24 * HOUR_MS - i64::from(OFFSET_S) * 1_000);
    let newest = Day::at(now.plus_ms(-REPORTED_MS), OFFSET_S);
    let days = (0i32..).zip(counted.daily.iter().rev());
    let mut bodies: Vec<String> = days
        .map(|(before, count)| {
            let day = Day(newest.0 - before);
            let reported = midnight(day).plus_ms(REPORTED_MS);
            let body = json!({
                "day": day.to_string(), "place": counted.place, "syndrome": counted.syndrome,
                "age": counted.age, "count": count, "reported": reported.rfc3339(OFFSET_S),
            });
            body.to_string()
        })
        .collect();
    bodies.reverse();
    bodies
}

/// Sends what was counted before the run; tells how many counts.
///
/// # Errors
/// What the feed says.
pub async fn publish(
    scenario: &Scenario,
    feeds: &Feeds,
    timeline: &Timeline,
) -> Result<u64, FeedError> {
    let mut sent = 0;
    for counted in &scenario.counts {
        let agency = counted.agency.as_str();
        let Some(feed) = feeds.get(agency) else { continue };
        for body in bodies(counted, timeline.now()) {
            feed.report(agency, Kind::Cases, body).await?;
            sent += 1;
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use std::path::Path;

    #[test]
    fn a_week_is_reported_up_to_yesterday_and_none_before_it_is_over() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/typhoon-ronglan.toml");
        let scenario = Scenario::read(Path::new(path)).unwrap();
        let counted = &scenario.counts[0];
        // 2026-09-11 19:00 and 08:00 in the city.
        for (now, last) in [("11T19:00", "2026-09-10"), ("11T08:00", "2026-09-09")] {
            let now = UtcMs::parse(&format!("2026-09-{now}:00+08:00")).unwrap();
            let bodies = bodies(counted, now);
            assert_eq!(bodies.len(), counted.daily.len());
            let newest: serde_json::Value = serde_json::from_str(bodies.last().unwrap()).unwrap();
            assert_eq!(newest["day"], last);
            assert!(UtcMs::parse(newest["reported"].as_str().unwrap()).unwrap() <= now);
        }
    }
}
