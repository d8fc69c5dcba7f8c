//! How an observation is written as a SensorThings entity: the same over HTTP and MQTT.

use domain::ids::StationId;
use domain::observation::{Observation, ObservationId, OriginFlag, Quality, Trust};
use domain::time::UtcMs;
use serde_json::{Map, Value, json};

use super::resource::ROOT;

/// An instant as the standard's examples write it: UTC, `Z`, milliseconds where there are some.
pub fn instant(t: UtcMs) -> String {
    let text = t.rfc3339(0);
    text.strip_suffix("+00:00").map_or(text.clone(), |local| format!("{local}Z"))
}

/// The phenomenon time: of an interval property (`interval_ms`) the interval that ends at `t`, of
/// others the instant.
pub fn phenomenon_time(t: UtcMs, interval_ms: Option<i64>) -> String {
    match interval_ms {
        Some(length) => format!("{}/{}", instant(t.plus_ms(-length)), instant(t)),
        None => instant(t),
    }
}

/// The word of a quality, as it can be sent: `reliable`, `corrected+doubtful`.
pub fn quality_word(quality: Quality) -> &'static str {
    match (quality.origin, quality.trust) {
        (OriginFlag::Original, Trust::Reliable) => "reliable",
        (OriginFlag::Original, Trust::Doubtful) => "doubtful",
        (OriginFlag::Original, Trust::Unreliable) => "unreliable",
        (OriginFlag::Corrected, Trust::Reliable) => "corrected",
        (OriginFlag::Corrected, Trust::Doubtful) => "corrected+doubtful",
        (OriginFlag::Corrected, Trust::Unreliable) => "corrected+unreliable",
        (OriginFlag::Completed, Trust::Reliable) => "completed",
        (OriginFlag::Completed, Trust::Doubtful) => "completed+doubtful",
        (OriginFlag::Completed, Trust::Unreliable) => "completed+unreliable",
    }
}

/// An observation with its names.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The station.
    pub station: &'a str,
    /// The property.
    pub property: &'a str,
    /// How long the interval is that ends at its time, of an interval property, ms.
    pub interval_ms: Option<i64>,
    /// The observation.
    pub seen: &'a Observation,
}

impl Named<'_> {
    /// The id, made of the observation's content; empty where the station's name is no id.
    pub fn id(&self) -> String {
        let Ok(station) = StationId::new(self.station) else { return String::new() };
        let property = self.property.to_owned();
        let crc = self.seen.content_crc();
        ObservationId { station, property, t: self.seen.t, crc }.to_string()
    }

    /// The address, under `base` (`https://example.org`, or empty for a relative one).
    pub fn self_link(&self, base: &str) -> String {
        self_link(base, &self.id())
    }

    /// One of its own properties by the standard's name; `None` where it has none of that name.
    pub fn property(&self, name: &str) -> Option<Value> {
        let seen = self.seen;
        Some(match name {
            "phenomenonTime" => phenomenon_time(seen.t, self.interval_ms).into(),
            "resultTime" => instant(seen.result_time).into(),
            "result" => json!(seen.value),
            "resultQuality" => quality_word(seen.quality).into(),
            _ => return None,
        })
    }

    /// The whole entity.
    pub fn entity(&self, base: &str) -> Map<String, Value> {
        let (id, link) = (self.id(), self.self_link(base));
        let mut entity = Map::new();
        for name in ["Datastream", "FeatureOfInterest"] {
            entity.insert(format!("{name}@iot.navigationLink"), format!("{link}/{name}").into());
        }
        entity.insert("@iot.id".into(), id.into());
        entity.insert("@iot.selfLink".into(), link.into());
        for name in PROPERTIES {
            entity.extend(self.property(name).map(|value| (name.to_owned(), value)));
        }
        entity
    }
}

/// An observation's own properties that are kept.
pub const PROPERTIES: [&str; 4] = ["phenomenonTime", "resultTime", "result", "resultQuality"];

/// The address of an observation.
pub fn self_link(base: &str, id: &str) -> String {
    format!("{base}/{ROOT}/Observations('{id}')")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::quality::quality;
    use domain::ids::DatastreamIx;

    #[test]
    fn an_observation_is_written_and_its_quality_reads_back() {
        let t = UtcMs(1_781_118_300_000);
        let quality_of = Quality { origin: OriginFlag::Corrected, trust: Trust::Doubtful };
        let seen = Observation {
            datastream: DatastreamIx(0),
            t,
            result_time: t.plus_ms(1),
            value: 2.5,
            quality: quality_of,
            backlog: false,
        };
        let named =
            Named { station: "R-1", property: "rainfall", interval_ms: Some(300_000), seen: &seen };
        let entity = Value::Object(named.entity("http://x"));
        assert_eq!(entity["phenomenonTime"], "2026-06-10T19:00:00Z/2026-06-10T19:05:00Z");
        assert_eq!(entity["resultTime"], "2026-06-10T19:05:00.001Z");
        let link = entity["@iot.selfLink"].as_str().unwrap();
        assert!(link.starts_with("http://x/v1.1/Observations('R-1:rainfall:1781118300000:"));
        for origin in [OriginFlag::Original, OriginFlag::Corrected, OriginFlag::Completed] {
            for trust in [Trust::Reliable, Trust::Doubtful, Trust::Unreliable] {
                let said = Quality { origin, trust };
                assert_eq!(quality(quality_word(said)), Ok(said));
            }
        }
    }
}
