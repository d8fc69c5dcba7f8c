//! From a record to a point: the property is the measurement, the station its tag.

use domain::observation::Observation;
use domain::record::{Record, Sequenced};
use influxdb2::models::{DataPoint, WriteDataPoint};

use crate::register::Register;

/// One observation as the archive keeps it. A correction of an instant takes its place there; the
/// journal has both.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The property: the measurement.
    pub property: String,
    /// The station: a tag.
    pub station: String,
    /// The observation: fields `value`, `result_time` (ms), `origin` and `trust` (0 is the best),
    /// and its time.
    pub observation: Observation,
    /// Its place in the journal: a field.
    pub seq: u64,
}

impl Point {
    /// The point of a record; `None` for records that are no observations.
    pub fn of(record: &Sequenced, register: &Register) -> Option<Self> {
        let Record::Observation { observation, .. } = &record.record else { return None };
        let (station, property) = register.name(observation.datastream)?;
        Some(Self {
            property: property.to_owned(),
            station: station.to_owned(),
            observation: *observation,
            seq: record.seq.0,
        })
    }

    /// As the client's library writes it; `None` where it will not have it.
    pub(super) fn data_point(&self) -> Option<DataPoint> {
        let o = &self.observation;
        let point = DataPoint::builder(plain(&self.property))
            .tag("station", plain(&self.station))
            .field("value", o.value)
            .field("result_time", o.result_time.0)
            .field("origin", o.quality.origin as i64)
            .field("trust", o.quality.trust as i64)
            .field("seq", i64::try_from(self.seq).unwrap_or(i64::MAX))
            .timestamp(o.t.0);
        point.build().ok()
    }
}

/// The library escapes commas, spaces and equals signs, and neither line breaks nor backslashes: a
/// name with one could end its line and begin another. Ids have none; this holds whatever comes.
fn plain(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_control() || c == '\\' { '_' } else { c }).collect();
    match name.strip_prefix('#') {
        // A line that begins so is a comment.
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "_".to_owned(),
        None => name,
    }
}

/// The point in line protocol, with milliseconds.
pub fn line(point: &Point) -> String {
    let mut bytes = Vec::new();
    // Into memory: it cannot fail.
    let written = point.data_point().map(|point| point.write_data_point_to(&mut bytes));
    debug_assert!(written.is_some_and(|w| w.is_ok()));
    String::from_utf8_lossy(&bytes).into_owned()
}
