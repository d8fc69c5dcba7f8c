//! What stations say, well and badly: JSON, tables, SensorThings. Every way to be wrong that a door
//! has a word for.

use domain::time::{HOUR_MS, UtcMs};

use super::ledger::Expect::{self, Duplicate, Quarantined, Refused};

/// A clock that is a year ahead.
pub const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

/// A reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The station.
    pub station: String,
    /// The property.
    pub property: &'static str,
    /// When.
    pub t: UtcMs,
    /// The value, in the property's own unit.
    pub v: f64,
}

/// The ways an observation can be wrong by itself, in any form; `duplicate` is one of them.
pub const FAULTS: [&str; 15] = [
    "unknown_station",
    "out_of_range",
    "clock_ahead",
    "duplicate",
    "unit",
    "unknown_property",
    "foreign_station",
    "time",
    "field_form",
    "missing_field",
    "unknown_field",
    "identifier",
    "not_finite",
    "exercise",
    "unknown_status",
];

/// An observation as it is written.
pub type Written = (String, Expect);

impl Reading {
    /// A JSON object.
    pub fn json(&self) -> String {
        self.with("")
    }

    fn with(&self, more: &str) -> String {
        let Reading { station, property, t, v } = self;
        format!(r#"{{"station":"{station}","property":"{property}","t":{},"v":{v}{more}}}"#, t.0)
    }

    /// The same with a fault; `foreign` is another agency's station.
    pub fn wrong_json(&self, fault: &str, foreign: &str) -> Written {
        let Reading { station, property, t, v } = self;
        let of = |change: &dyn Fn(&mut Reading)| {
            let mut other = self.clone();
            change(&mut other);
            other.json()
        };
        match fault {
            "unknown_station" => {
                (of(&|r| r.station = "nowhere-1".into()), Refused("unknown_station"))
            }
            "out_of_range" => {
                (of(&|r| (r.property, r.v) = ("water_level", 9_000.0)), Refused("out_of_range"))
            }
            "clock_ahead" => (of(&|r| r.t = r.t.plus_ms(YEAR_MS)), Quarantined),
            "unit" => (self.with(r#","unit":"kg""#), Refused("unit")),
            "unknown_property" => (of(&|r| r.property = "tide_level"), Refused("unknown_property")),
            "foreign_station" => (of(&|r| r.station = foreign.into()), Refused("foreign_station")),
            "time" => (self.json().replace(&t.0.to_string(), "\"soon\""), Refused("time")),
            "field_form" => {
                let t = t.0;
                let text = format!(
                    r#"{{"station":"{station}","property":"{property}","t":{t},"v":true}}"#
                );
                (text, Refused("field_form"))
            }
            "missing_field" => {
                let t = t.0;
                let text = format!(r#"{{"station":"{station}","property":"{property}","t":{t}}}"#);
                (text, Refused("missing_field"))
            }
            "unknown_field" => (self.with(r#","colour":"red""#), Refused("unknown_field")),
            "identifier" => (of(&|r| r.station = "../etc".into()), Refused("identifier")),
            "not_finite" => {
                let t = t.0;
                let text = format!(
                    r#"{{"station":"{station}","property":"{property}","t":{t},"v":1e999}}"#
                );
                (text, Refused("not_finite"))
            }
            "exercise" => (self.with(r#","status":"exercise""#), Refused("exercise")),
            "unknown_status" => (self.with(r#","status":"perhaps""#), Refused("unknown_status")),
            _ => {
                debug_assert!(v.is_finite());
                (self.json(), Duplicate)
            }
        }
    }

    /// A row of [`COLUMNS`].
    pub fn row(&self) -> String {
        let Reading { station, property, t, v } = self;
        format!("{station},{property},{},{v},,", t.0)
    }

    /// The same with a fault; `None` for one that a row cannot have.
    pub fn wrong_row(&self, fault: &str, foreign: &str) -> Option<Written> {
        let Reading { station, property, t, v } = self;
        let t = t.0;
        Some(match fault {
            "unknown_station" => {
                (format!("nowhere-1,{property},{t},{v},,"), Refused("unknown_station"))
            }
            "out_of_range" => {
                (format!("{station},water_level,{t},9000,,"), Refused("out_of_range"))
            }
            "clock_ahead" => (format!("{station},{property},{},{v},,", t + YEAR_MS), Quarantined),
            "unit" => (format!("{station},{property},{t},{v},kg,"), Refused("unit")),
            "unknown_property" => {
                (format!("{station},tide_level,{t},{v},,"), Refused("unknown_property"))
            }
            "foreign_station" => {
                (format!("{foreign},{property},{t},{v},,"), Refused("foreign_station"))
            }
            "time" => (format!("{station},{property},soon,{v},,"), Refused("time")),
            "field_form" => (format!("{station},{property},{t},much,,"), Refused("field_form")),
            "missing_field" => (format!("{station},{property},{t}"), Refused("syntax")),
            "identifier" => (format!("../etc,{property},{t},{v},,"), Refused("identifier")),
            "not_finite" => (format!("{station},{property},{t},1e999,,"), Refused("not_finite")),
            "exercise" => (format!("{station},{property},{t},{v},,exercise"), Refused("exercise")),
            "unknown_status" => {
                (format!("{station},{property},{t},{v},,perhaps"), Refused("unknown_status"))
            }
            "duplicate" => (self.row(), Duplicate),
            _ => return None,
        })
    }

    /// The id of its datastream in SensorThings.
    pub fn datastream(&self) -> String {
        format!("{}:{}", self.station, self.property)
    }

    /// A row of a data array: time and result.
    pub fn pair(&self) -> String {
        format!(r#"["{}",{}]"#, self.t.rfc3339(0), self.v)
    }

    /// An Observation of SensorThings without its Datastream.
    pub fn entity(&self) -> String {
        format!(r#"{{"phenomenonTime":"{}","result":{}}}"#, self.t.rfc3339(0), self.v)
    }

    /// A datastream's id, and a row or the inside of an entity, with a fault; `None` for one that
    /// neither can have. The first two are texts for a data array, the third an entity.
    pub fn wrong_thing(
        &self,
        fault: &str,
        foreign: &str,
    ) -> Option<(String, String, String, Expect)> {
        let (mut of, mut at) = (self.datastream(), self.t.rfc3339(0));
        let mut result = self.v.to_string();
        let want;
        match fault {
            "unknown_station" => {
                (of, want) = (format!("nowhere-1:{}", self.property), Refused("unknown_station"));
            }
            "unknown_property" => {
                (of, want) = (format!("{}:tide_level", self.station), Refused("unknown_property"));
            }
            "foreign_station" => {
                (of, want) = (format!("{foreign}:{}", self.property), Refused("foreign_station"));
            }
            "out_of_range" => {
                of = format!("{}:water_level", self.station);
                (result, want) = ("9000".into(), Refused("out_of_range"));
            }
            "clock_ahead" => {
                (at, want) = (self.t.plus_ms(YEAR_MS).rfc3339(0), Quarantined);
            }
            "time" => (at, want) = ("soon".into(), Refused("time")),
            "field_form" => (result, want) = ("true".into(), Refused("field_form")),
            "not_finite" => (result, want) = ("1e999".into(), Refused("not_finite")),
            "duplicate" => want = Duplicate,
            _ => return None,
        }
        let row = format!(r#"["{at}",{result}]"#);
        let entity = format!(r#"{{"phenomenonTime":"{at}","result":{result}}}"#);
        Some((of, row, entity, want))
    }
}

/// The columns of a table.
pub const COLUMNS: &str = "station,property,t,v,unit,status\n";
