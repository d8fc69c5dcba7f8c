//! What would change: rows of the sheets by what they are of, numbers of the hazards, and whole files
//! of everything else.

use std::collections::BTreeMap;
use std::fmt;

use domain::city::{City, CityFiles};
use domain::time::EARLIEST;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// Of what: a station, a datastream, a threshold; empty for a whole file.
    pub of: String,
    /// What changes.
    pub change: Change,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is new.
    Added(String),
    /// It is there no more.
    Removed(String),
    /// It says something else.
    Changed {
        /// What it says now.
        from: String,
        /// What it would say.
        to: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.of.is_empty() { String::new() } else { format!(" {}", self.of) };
        match &self.change {
            Change::Added(what) => write!(f, "+ {}{of}: {what}", self.file),
            Change::Removed(what) => write!(f, "- {}{of}: {what}", self.file),
            Change::Changed { from, to } => write!(f, "~ {}{of}: {from} -> {to}", self.file),
        }
    }
}

type Rows = BTreeMap<(String, String), String>;

/// The registry's own rows: stations and datastreams by epoch, thresholds, agencies.
fn rows(city: &City) -> Rows {
    let mut rows = Rows::new();
    let from = |t| if t == EARLIEST { String::new() } else { format!(" from {t}") };
    let mut put = |file: &str, of: String, says: String| {
        rows.insert((file.to_owned(), of), says);
    };
    for s in &city.stations {
        let says = format!(
            "{} ({}) agency={} lon={} lat={} datum={} offset={} sl651={} sl651_base={}",
            s.name,
            s.name_en,
            s.agency,
            s.lon,
            s.lat,
            s.datum.as_deref().unwrap_or("-"),
            number(s.datum_offset_m),
            s.sl651.map_or("-".to_owned(), |address| address.to_string()),
            number(s.sl651_base_m),
        );
        put("stations.csv", format!("{}{}", s.id, from(s.valid_from)), says);
    }
    for d in &city.datastreams {
        let says = format!(
            "interval_s={} min={} max={} max_rate_per_h={} flat_after_s={} max_jump={} sl651={}",
            d.interval_s,
            number(d.min),
            number(d.max),
            number(d.max_rate_per_h),
            d.flat_after_s.map_or("-".to_owned(), |s| s.to_string()),
            number(d.max_jump),
            d.sl651.as_deref().unwrap_or("-"),
        );
        let of = format!("{} {}{}", d.station, d.property, from(d.valid_from));
        put("datastreams.csv", of, says);
    }
    for h in &city.hazards {
        for (n, t) in h.thresholds.iter().enumerate() {
            let station = t.station.as_ref().map_or("every station", |s| s.as_str());
            let says = format!(
                "{} {station} {} at_least={} window_s={:?} datum={} rate_per_h={} ({})",
                city.levels().id(t.level),
                t.property,
                t.at_least,
                t.window_s,
                t.datum.as_deref().unwrap_or("-"),
                t.rate_per_h,
                t.source,
            );
            put("hazards/", format!("{}{} #{}", h.name, from(h.valid_from), n + 1), says);
        }
    }
    for a in &city.agencies {
        put("agencies.toml", a.id.to_string(), format!("{a:?}"));
    }
    rows
}

fn number(n: Option<f64>) -> String {
    n.map_or("-".to_owned(), |n| n.to_string())
}

/// What is told row by row.
fn is_in_rows(path: &str) -> bool {
    matches!(path, "stations.csv" | "datastreams.csv" | "agencies.toml")
        || path.starts_with("hazards/")
}

/// What changes from one city to another. `now` is nothing where there is none yet.
pub fn differences(now: Option<(&City, &CityFiles)>, then: (&City, &CityFiles)) -> Vec<Difference> {
    let (before, after) = (now.map(|(city, _)| rows(city)).unwrap_or_default(), rows(then.0));
    let mut all = Vec::new();
    let mut put = |file: &str, of: &str, change| {
        all.push(Difference { file: file.to_owned(), of: of.to_owned(), change });
    };
    for (key, says) in &before {
        match after.get(key) {
            None => put(&key.0, &key.1, Change::Removed(says.clone())),
            Some(other) if other != says => {
                let (from, to) = parts(says, other);
                put(&key.0, &key.1, Change::Changed { from, to });
            }
            Some(_) => {}
        }
    }
    for (key, says) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        put(&key.0, &key.1, Change::Added(says.clone()));
    }
    let empty = CityFiles::new();
    let files = now.map_or(&empty, |(_, files)| files);
    let bytes = |b: &[u8]| format!("{} bytes", b.len());
    for (path, has) in files {
        match then.1.get(path) {
            None => put(path, "", Change::Removed(bytes(has))),
            Some(other) if other != has => {
                let told = is_in_rows(path);
                let (from, to) = (bytes(has), bytes(other));
                // Its rows are told, if any: comments and order are no difference of the registry.
                if !told {
                    put(path, "", Change::Changed { from, to });
                }
            }
            Some(_) => {}
        }
    }
    for (path, has) in then.1.iter().filter(|(path, _)| !files.contains_key(*path)) {
        put(path, "", Change::Added(bytes(has)));
    }
    all.sort();
    all
}

/// Only the words that differ, where both have as many.
fn parts(from: &str, to: &str) -> (String, String) {
    let (a, b): (Vec<&str>, Vec<&str>) = (from.split(' ').collect(), to.split(' ').collect());
    if a.len() != b.len() {
        return (from.to_owned(), to.to_owned());
    }
    let differ = |own: &[&str], other: &[&str]| {
        let words = own.iter().zip(other).filter(|(x, y)| x != y).map(|(x, _)| *x);
        words.collect::<Vec<_>>().join(" ")
    };
    (differ(&a, &b), differ(&b, &a))
}
