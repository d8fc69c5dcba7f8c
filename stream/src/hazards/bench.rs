//! One station on the bench: rules from a file's text, rows as given, the finding at an instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::city::{City, CityFiles, Hazard, Threshold};
use domain::ids::DatastreamIx;
use domain::level::{Level, Levels};
use domain::observation::{Observation, Quality};
use domain::time::UtcMs;

use super::judge::{Finding, Hint, Rows, When, judge};
use super::{Model, Site};
use crate::plan::Rules;
use crate::series::Series;

/// The instant that offsets count from: 2026-06-11T00:00:00Z.
const ZERO: i64 = 1_781_136_000_000;

pub(super) struct Bench {
    rules: Rules,
    series: Series,
    fresh_ms: i64,
}

impl Rows for Bench {
    fn series(&self, property: u8) -> Option<&Series> {
        (property == 0).then_some(&self.series)
    }
    fn fresh_ms(&self, _property: u8, _at: i64) -> i64 {
        self.fresh_ms
    }
}

fn hazard(kind: &str, property: &str, interval_s: u32, thresholds: &str) -> (City, Hazard) {
    let stations = "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n\
        S,S,S,a,112.5,22.5,1985,0,\n";
    let streams = format!(
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\nS,{property},{interval_s},,,,,\n"
    );
    let zones = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":\
        {\"id\":\"Z\",\"name\":\"Z\",\"name_en\":\"Z\",\"kind\":\"city\"},\"geometry\":{\"type\":\"Polygon\",\
        \"coordinates\":[[[112,22],[113,22],[113,23],[112,23],[112,22]]]}}]}";
    let text = format!(
        "hazard = \"{kind}\"\nsource = \"city policy\"\nproperties = [\"{property}\"]\n{thresholds}"
    );
    let files: CityFiles = BTreeMap::from([
        ("city.toml", "name = \"T\"\nname_en = \"T\"\ntime_zone = \"+00:00\"\n".to_owned()),
        ("agencies.toml", "[[agency]]\nid = \"a\"\nname = \"a\"\n".to_owned()),
        ("zones.geojson", zones.to_owned()),
        ("stations.csv", stations.to_owned()),
        ("datastreams.csv", streams),
        ("hazards/h.toml", text),
    ])
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .collect();
    let city = City::read(&files).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let hazard = city.hazards.first().cloned().unwrap();
    (city, hazard)
}

impl Bench {
    /// A station that measures `property` every `interval_s` seconds, under a hazard's thresholds.
    pub(super) fn new(kind: &str, property: &str, interval_s: u32, thresholds: &str) -> Self {
        let (city, hazard) = hazard(kind, property, interval_s, thresholds);
        let (_, site) = Site::epochs(&city, "S").remove(0);
        let model = Model::of(hazard.kind);
        let (rules, refused) = model.rules(&Arc::new(hazard), &[property.to_owned()], Some(&site));
        assert!(refused.is_empty(), "{refused:?}");
        assert!(!rules.criteria.is_empty());
        assert!(model.version().starts_with(kind) && model.about().en.contains("**Limits.**"));
        for heading in ["**研判对象。**", "**输入。**", "**方法。**", "**指标", "**局限。**"]
        {
            assert!(model.about().zh.contains(heading), "{kind}: {heading}");
        }
        let fresh_ms = i64::from(interval_s) * 3_000;
        Self { rules, series: Series::default(), fresh_ms }
    }

    /// An observation at a second.
    pub(super) fn seen(&mut self, second: i64, value: f64) {
        let t = UtcMs(ZERO + second * 1_000);
        let datastream = DatastreamIx(0);
        let seen = Observation {
            datastream,
            t,
            result_time: t,
            value,
            quality: Quality::default(),
            backlog: false,
        };
        self.series.place(&seen);
    }

    /// What is found at a second, provisionally.
    pub(super) fn at(&self, second: i64) -> Finding {
        judge(&self.rules, self, None, ZERO + second * 1_000, When::Provisional, Hint::default())
    }

    /// What is found at a second that is settled.
    pub(super) fn settled(&self, second: i64) -> Finding {
        judge(&self.rules, self, None, ZERO + second * 1_000, When::Final, Hint::default())
    }
}

/// The level's id.
pub(super) fn level(found: &Finding) -> &'static str {
    let levels = Levels::default();
    let known = ["nodata", "none", "blue", "yellow", "orange", "red"];
    known.into_iter().find(|id| levels.find(id) == Some(found.level)).unwrap_or("unknown")
}

/// A threshold of 3.8 m, or another, in a datum.
pub(super) fn threshold(at_least: f64, datum: Option<&str>) -> Threshold {
    Threshold {
        level: Level::At(1),
        property: "water_level".to_owned(),
        window_s: None,
        shift_ms: 0,
        at_least,
        datum: datum.map(str::to_owned),
        station: None,
        mark: None,
        rate_per_h: false,
        source: "city policy".to_owned(),
    }
}
