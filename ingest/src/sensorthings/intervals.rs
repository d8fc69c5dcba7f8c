//! How long the intervals of interval properties are: rain is of the time before its instant.

use std::collections::BTreeMap;

use domain::city::{City, Registry};
use domain::ids::DatastreamIx;
use domain::time::{SECOND_MS, UtcMs};

/// Of each datastream of an interval property: from when on, how long, ms; earliest first.
#[derive(Debug, Clone, Default)]
pub struct Intervals(BTreeMap<DatastreamIx, Vec<(UtcMs, i64)>>);

impl Intervals {
    /// Those of a city.
    pub fn of(city: &City, registry: &Registry) -> Self {
        let mut intervals: BTreeMap<DatastreamIx, Vec<(UtcMs, i64)>> = BTreeMap::new();
        for stream in &city.datastreams {
            if city.property(&stream.property).is_some_and(|p| p.interval)
                && let Some(ix) = registry.find(stream.station.as_str(), &stream.property)
            {
                let length = i64::from(stream.interval_s) * SECOND_MS;
                intervals.entry(ix).or_default().push((stream.valid_from, length));
            }
        }
        for epochs in intervals.values_mut() {
            epochs.sort_unstable();
        }
        Self(intervals)
    }

    /// The interval that ends at `t`, ms; `None` for a property of instants.
    pub fn at(&self, ix: DatastreamIx, t: UtcMs) -> Option<i64> {
        let epochs = self.0.get(&ix)?;
        let began = epochs.partition_point(|(from, _)| *from <= t);
        epochs.get(began.checked_sub(1)?).map(|(_, length)| *length)
    }
}
