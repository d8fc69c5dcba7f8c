//! Completeness by agency and hour: instants received of those expected by the registry's intervals,
//! for the last 24 hours of event time. Counted from the durable record as it is followed; what was
//! there at the start is counted once from the history, so that a restart changes nothing. What is
//! expected in an hour is what the registry said in that hour: a change counts from its instant on.

use std::collections::BTreeMap;

use contract::views::HourView;
use domain::city::{City, Registry};
use domain::ids::{DatastreamIx, Seq};
use domain::observation::{Observation, OriginFlag};
use domain::refusal::Channel;
use domain::time::{EARLIEST, HOUR_MS, SECOND_MS, UtcMs};
use journal::history::HourCount;

/// Hours that are shown, the one that is going on among them.
pub const HOURS_SHOWN: usize = 24;
/// Hours that are counted: those shown, and one that a clock ahead of ours may have begun.
const HOURS: usize = HOURS_SHOWN + 1;

/// Epochs of one datastream that are kept: the oldest leave.
const EPOCHS_KEPT: usize = 64;

/// A datastream as the registry has it: expected interval and owner, by the time from which they hold;
/// nothing where it expects none, or nobody owns it.
#[derive(Debug, Clone, Default)]
struct Expected {
    intervals: Vec<(i64, Option<i64>)>,
    owners: Vec<(i64, Option<usize>)>,
    counts: [u16; HOURS],
}

impl Expected {
    /// What is expected of each owner between two instants, epoch by epoch.
    fn by_owner(&self, from: i64, to: i64) -> Vec<(usize, u64)> {
        let begins = self.intervals.iter().map(|e| e.0).chain(self.owners.iter().map(|e| e.0));
        let mut cuts: Vec<i64> = begins.filter(|at| *at > from && *at < to).collect();
        cuts.extend([from, to]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut all = Vec::new();
        for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            let interval = as_of(&self.intervals, *from).flatten();
            let owner = as_of(&self.owners, *from).flatten();
            let Some((interval, owner)) = interval.zip(owner) else { continue };
            let expected = if interval >= HOUR_MS {
                // Once a day or so: what is due within this hour.
                u64::from(to.div_euclid(interval) > from.div_euclid(interval))
            } else {
                u64::try_from((to - from) / interval.max(1)).unwrap_or(0)
            };
            all.push((owner, expected));
        }
        all
    }
}

/// What held before `from`, and from then on what a new configuration says.
fn continued<T: Copy + PartialEq>(
    earlier: &[(i64, Option<T>)],
    new: &[(i64, T)],
    from: i64,
) -> Vec<(i64, Option<T>)> {
    let mut all: Vec<_> = earlier.iter().copied().filter(|(at, _)| *at < from).collect();
    let began = new.partition_point(|(at, _)| *at <= from);
    let then = began.checked_sub(1).and_then(|at| new.get(at)).map(|(_, what)| *what);
    all.push((from, then));
    all.extend(new.iter().skip(began).map(|(at, what)| (*at, Some(*what))));
    all.dedup_by(|next, had| next.1 == had.1);
    let old = all.len().saturating_sub(EPOCHS_KEPT);
    all.drain(..old);
    all
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Completeness {
    agencies: Vec<String>,
    streams: Vec<Expected>,
    /// The newest hour that has a column.
    newest: Option<i64>,
    /// Records up to this are counted from the history.
    base: Seq,
    /// Whether they have been.
    has_base: bool,
}

fn as_of<T: Copy>(epochs: &[(i64, T)], t: i64) -> Option<T> {
    epochs.iter().rev().find(|(from, _)| *from <= t).map(|(_, what)| *what)
}

fn column(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(HOURS as i64)).unwrap_or(0)
}

impl Completeness {
    /// Nothing counted yet, of a city with these numbers; records up to `base` are the history's.
    pub fn new(city: &City, registry: &Registry, base: Seq) -> Self {
        let mut first = Self {
            agencies: Vec::new(),
            streams: Vec::new(),
            newest: None,
            base,
            has_base: base == Seq(0),
        };
        first.configure(city, registry, EARLIEST);
        first
    }

    /// Takes another configuration, that holds from an instant on. What it does not name any more is
    /// expected no more.
    pub fn configure(&mut self, city: &City, registry: &Registry, from: UtcMs) {
        for agency in &city.agencies {
            if !self.agencies.iter().any(|known| known == agency.id.as_str()) {
                self.agencies.push(agency.id.to_string());
            }
        }
        let mut owners: BTreeMap<&str, Vec<(i64, usize)>> = BTreeMap::new();
        for station in &city.stations {
            let at = self.agencies.iter().position(|a| a == station.agency.as_str());
            let Some(at) = at else { continue };
            owners.entry(station.id.as_str()).or_default().push((station.valid_from.0, at));
        }
        let mut intervals: BTreeMap<DatastreamIx, Vec<(i64, i64)>> = BTreeMap::new();
        for row in &city.datastreams {
            let Some(ix) = registry.find(row.station.as_str(), &row.property) else { continue };
            let interval = i64::from(row.interval_s) * SECOND_MS;
            intervals.entry(ix).or_default().push((row.valid_from.0, interval));
        }
        owners.values_mut().for_each(|epochs| epochs.sort_unstable());
        intervals.values_mut().for_each(|epochs| epochs.sort_unstable());
        let rows = registry.rows();
        self.streams.resize(rows.len().max(self.streams.len()), Expected::default());
        for ((stream, (station, _)), ix) in self.streams.iter_mut().zip(rows).zip(0u32..) {
            let own = intervals.get(&DatastreamIx(ix)).map_or(&[][..], Vec::as_slice);
            stream.intervals = continued(&stream.intervals, own, from.0);
            let own = owners.get(station.as_str()).map_or(&[][..], Vec::as_slice);
            stream.owners = continued(&stream.owners, own, from.0);
        }
    }

    /// Records up to this are to be counted from the history.
    pub fn base(&self) -> Seq {
        self.base
    }

    /// Numbers of the datastreams that are expected.
    pub fn streams(&self) -> Vec<DatastreamIx> {
        let numbered = (0u32..).zip(&self.streams);
        let expected = numbered.filter(|(_, s)| s.intervals.iter().any(|(_, i)| i.is_some()));
        expected.map(|(ix, _)| DatastreamIx(ix)).collect()
    }

    /// Takes an observation of the durable record. One that the history counts is passed over; a
    /// correction is not another instant, nor is what the desk makes of a value that was sent.
    pub fn hear(&mut self, seq: Seq, channel: Channel, seen: &Observation) {
        let is_sent = seen.quality.origin == OriginFlag::Original && channel != Channel::Desk;
        if seq > self.base && is_sent {
            self.count(
                seen.datastream,
                HourCount { hour: HourCount::hour_of(seen.t), instants: 1 },
            );
        }
    }

    /// Takes what the history has of a datastream.
    pub fn counted(&mut self, ix: DatastreamIx, hours: &[HourCount]) {
        hours.iter().for_each(|hour| self.count(ix, *hour));
    }

    /// Everything up to the base has been counted.
    pub fn has_counted(&mut self) {
        self.has_base = true;
    }

    fn count(&mut self, ix: DatastreamIx, more: HourCount) {
        let newest = self.newest.unwrap_or(more.hour);
        if more.hour <= newest - HOURS as i64 {
            return;
        }
        self.advance(more.hour);
        let Some(stream) = self.streams.get_mut(ix.0 as usize) else { return };
        if let Some(count) = stream.counts.get_mut(column(more.hour)) {
            *count = count.saturating_add(u16::try_from(more.instants).unwrap_or(u16::MAX));
        }
    }

    /// Clears the columns of the hours that begin.
    fn advance(&mut self, hour: i64) {
        let Some(newest) = self.newest else {
            self.newest = Some(hour);
            return;
        };
        let from = (newest + 1).max(hour - HOURS as i64 + 1);
        for begun in from..=hour {
            for stream in &mut self.streams {
                if let Some(count) = stream.counts.get_mut(column(begun)) {
                    *count = 0;
                }
            }
        }
        self.newest = Some(newest.max(hour));
    }

    /// The last hours of every agency that has datastreams, oldest first; nothing while what was
    /// there at the start is being counted.
    pub fn hours(&self, now: UtcMs) -> BTreeMap<String, Vec<HourView>> {
        if !self.has_base {
            return BTreeMap::new();
        }
        let last = HourCount::hour_of(now);
        let first = last - HOURS_SHOWN as i64 + 1;
        let newest = self.newest.unwrap_or(i64::MIN);
        let mut sums = vec![[(0u64, 0u64); HOURS_SHOWN]; self.agencies.len()];
        for stream in &self.streams {
            for (hour, at) in (first..=last).zip(0usize..) {
                let (from, to) = (hour * HOUR_MS, ((hour + 1) * HOUR_MS).min(now.0));
                let parts = stream.by_owner(from, to);
                let expected: u64 = parts.iter().map(|(_, expected)| expected).sum();
                let known = hour <= newest && hour > newest - HOURS as i64;
                let count = stream.counts.get(column(hour)).copied().unwrap_or(0);
                let mut left = if known { u64::from(count).min(expected) } else { 0 };
                let received = left;
                for (n, (owner, share)) in parts.iter().enumerate() {
                    // Within an hour nobody knows whose epoch an instant was of: by what was due.
                    let got = match n + 1 == parts.len() {
                        true => left,
                        false => (received * share).checked_div(expected).unwrap_or(0).min(left),
                    };
                    left -= got;
                    if let Some(sum) = sums.get_mut(*owner).and_then(|hours| hours.get_mut(at)) {
                        sum.0 += share;
                        sum.1 += got;
                    }
                }
            }
        }
        let view = |sums: [(u64, u64); HOURS_SHOWN]| -> Vec<HourView> {
            let hours = (first..).zip(sums);
            hours
                .map(|(hour, (expected, received))| HourView {
                    from_ms: hour * HOUR_MS,
                    expected,
                    received,
                })
                .collect()
        };
        let named = self.agencies.iter().cloned().zip(sums);
        let expected = named.filter(|(_, sums)| sums.iter().any(|(all, _)| *all > 0));
        expected.map(|(agency, sums)| (agency, view(sums))).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::observation::Quality;
    use domain::time::MINUTE_MS;

    use super::*;

    const NOON: i64 = 494_700 * HOUR_MS;

    /// The desk's own town: A and B with rainfall every five minutes.
    fn counted(base: u64) -> Completeness {
        let city = crate::desk::tests::city();
        let mut registry = Registry::default();
        registry.number("A", "rainfall");
        registry.number("B", "rainfall");
        Completeness::new(city.city(), &registry, Seq(base))
    }

    fn seen(ix: u32, t: i64, origin: OriginFlag) -> Observation {
        let quality = Quality { origin, ..Quality::default() };
        let (t, datastream) = (UtcMs(t), DatastreamIx(ix));
        Observation { datastream, t, result_time: t, value: 1.0, quality, backlog: false }
    }

    fn sum(completeness: &Completeness, now: i64) -> Vec<(u64, u64)> {
        let hours = completeness.hours(UtcMs(now));
        let all = hours.values().flatten();
        let last: Vec<&HourView> = all.filter(|h| h.from_ms >= NOON - HOUR_MS).collect();
        last.iter().map(|h| (h.received, h.expected)).collect()
    }

    #[test]
    fn an_hour_is_what_came_of_what_was_expected_and_one_does_not_stand_in_for_another() {
        let mut completeness = counted(0);
        for minute in 1..=60 {
            completeness.hear(
                Seq(1),
                Channel::Http,
                &seen(0, NOON - HOUR_MS + minute * MINUTE_MS, OriginFlag::Original),
            );
        }
        let of_hour = 60 * MINUTE_MS / interval(&completeness);
        let want = u64::try_from(of_hour).unwrap();
        assert_eq!(sum(&completeness, NOON), [(want, 2 * want)], "A alone, though it sent more");
        // The hour that begins expects nothing yet, and then what is due.
        assert_eq!(sum(&completeness, NOON + 1)[1], (0, 0));
        let due = u64::try_from(10 * MINUTE_MS / interval(&completeness)).unwrap();
        assert_eq!(sum(&completeness, NOON + 10 * MINUTE_MS)[1], (0, 2 * due));
    }

    fn interval(completeness: &Completeness) -> i64 {
        completeness.streams[0].intervals[0].1.unwrap()
    }

    #[test]
    fn what_the_history_counts_is_not_counted_again_and_a_correction_never() {
        let mut completeness = counted(10);
        completeness.hear(Seq(10), Channel::Http, &seen(0, NOON, OriginFlag::Original));
        completeness.hear(Seq(11), Channel::Http, &seen(1, NOON, OriginFlag::Original));
        completeness.hear(Seq(12), Channel::Http, &seen(1, NOON, OriginFlag::Corrected));
        completeness.hear(Seq(13), Channel::Desk, &seen(1, NOON, OriginFlag::Original));
        assert!(completeness.hours(UtcMs(NOON)).is_empty(), "still being counted");
        let of_history = HourCount { hour: HourCount::hour_of(UtcMs(NOON)), instants: 1 };
        completeness.counted(DatastreamIx(0), &[of_history]);
        completeness.has_counted();
        assert_eq!(sum(&completeness, NOON)[0].0, 2);
    }

    #[test]
    fn hours_that_are_over_make_room() {
        let mut completeness = counted(0);
        completeness.hear(Seq(1), Channel::Http, &seen(0, NOON, OriginFlag::Original));
        let later = NOON + 25 * HOUR_MS;
        completeness.hear(Seq(2), Channel::Http, &seen(0, later, OriginFlag::Original));
        completeness.hear(Seq(3), Channel::Http, &seen(0, NOON, OriginFlag::Original));
        let hours = completeness.hours(UtcMs(later));
        let got: u64 = hours.values().flatten().map(|h| h.received).sum();
        assert_eq!((got, hours.values().next().map(Vec::len)), (1, Some(HOURS_SHOWN)));
        let quiet = completeness.hours(UtcMs(later + 30 * HOUR_MS));
        assert_eq!(quiet.values().flatten().map(|h| h.received).sum::<u64>(), 0);
    }

    /// The same town with other intervals and another owner of B, as files would say.
    fn changed(interval_s: u32, owner_of_b: &str) -> City {
        let mut city = crate::desk::tests::city().city().clone();
        city.datastreams.iter_mut().for_each(|row| row.interval_s = interval_s);
        let mut more = city.agencies[0].clone();
        more.id = "other".parse().unwrap();
        city.agencies.push(more);
        for station in city.stations.iter_mut().filter(|s| s.id.as_str() == "B") {
            station.agency = owner_of_b.parse().unwrap();
        }
        city
    }

    #[test]
    fn an_hour_is_counted_by_what_the_registry_said_in_that_hour() {
        let first = changed(60, crate::desk::tests::city().city().agencies[0].id.as_str());
        let registry = first.registry(&[]);
        let (a, b) = (registry.find("A", "rainfall").unwrap(), registry.find("B", "rainfall"));
        let mut completeness = Completeness::new(&first, &registry, Seq(0));
        let change = NOON + 30 * MINUTE_MS;
        for minute in 1..=60 {
            for (start, ix) in [(NOON - HOUR_MS, a), (NOON, a), (NOON, b.unwrap())] {
                let t = start + minute * MINUTE_MS - 1;
                completeness.hear(Seq(1), Channel::Http, &seen(ix.0, t, OriginFlag::Original));
            }
        }
        completeness.configure(&changed(300, "other"), &registry, UtcMs(change));
        let now = NOON + 2 * HOUR_MS;
        completeness.hear(
            Seq(2),
            Channel::Http,
            &seen(a.0, NOON + HOUR_MS + 1, OriginFlag::Original),
        );
        let hours = completeness.hours(UtcMs(now));
        let of = |agency: &str| -> Vec<(u64, u64)> {
            let last = hours[agency].iter().filter(|h| h.from_ms >= NOON - HOUR_MS);
            last.map(|h| (h.received, h.expected)).collect()
        };
        let own = first.agencies[0].id.to_string();
        // Before: sixty of each, of which one came. In the hour of the change: thirty and six of A,
        // thirty of B. Afterwards: twelve of A alone, and B's are the other's.
        assert_eq!(of(&own)[..3], [(60, 120), (66, 66), (1, 12)]);
        assert_eq!(of("other")[..3], [(0, 0), (6, 6), (0, 12)]);

        // The same of a record that is read again after a restart, epoch by epoch.
        let mut again = Completeness::new(&first, &registry, Seq(0));
        again.configure(&changed(300, "other"), &registry, UtcMs(change));
        again.streams.iter_mut().zip(&completeness.streams).for_each(|(s, o)| s.counts = o.counts);
        again.newest = completeness.newest;
        assert_eq!(again.hours(UtcMs(now)), hours);
        // What is named no more is expected no more.
        let mut without = changed(300, "other");
        without.datastreams.retain(|row| row.station.as_str() == "A");
        completeness.configure(&without, &registry, UtcMs(NOON + HOUR_MS));
        let hours = completeness.hours(UtcMs(now));
        let expected: Vec<u64> = hours["other"].iter().rev().take(3).map(|h| h.expected).collect();
        assert_eq!(expected[..2], [0, 6]);
    }
}
