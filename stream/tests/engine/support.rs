//! A town in code, a record in code, and the engine over it.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::city::{City, CityFiles};
use domain::decision::Decision;
use domain::ids::{DatastreamIx, Seq};
use domain::observation::{Observation, Quality};
use domain::record::{Record, Sequenced};
use domain::refusal::Channel;
use domain::report::OfficialSignal;
use domain::status::Live;
use domain::time::UtcMs;
use sha2::{Digest, Sha256};
use stream::snapshot::Snapshot;
use stream::{Decided, Engine, EngineConfig, EngineError, Heard};

/// 2026-06-11T00:00:00Z.
pub(crate) const START: i64 = 1_781_136_000_000;
pub(crate) const MIN: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MIN;

/// A seeded generator: xorshift64*.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }
}

/// A town: stations on a grid of zones, and whatever hazards a test gives it.
pub(crate) struct Town {
    files: CityFiles,
    stations: String,
    streams: String,
    count: usize,
}

impl Default for Town {
    fn default() -> Self {
        let mut files = BTreeMap::new();
        let city = "name = \"T\"\nname_en = \"T\"\ntime_zone = \"+00:00\"\n";
        files.insert("city.toml".to_owned(), city.as_bytes().to_vec());
        let agencies =
            "[[agency]]\nid = \"met\"\nname = \"met\"\n[[agency]]\nid = \"hyd\"\nname = \"hyd\"\n";
        files.insert("agencies.toml".to_owned(), agencies.as_bytes().to_vec());
        files.insert("zones.geojson".to_owned(), zones().into_bytes());
        Self {
            files,
            stations: "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n".to_owned(),
            streams: "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n"
                .to_owned(),
            count: 0,
        }
    }
}

/// A city of four townships in two districts, a square of 0.4 degrees.
fn zones() -> String {
    let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
    let mut add = |id: &str, kind: &str, parent: &str, x: f64, y: f64, w: f64, h: f64| {
        let comma = if text.ends_with('[') { "" } else { "," };
        let (x, y) = (112.0 + x, 22.0 + y);
        let parent = match parent {
            "" => String::new(),
            parent => format!(",\"parent\":\"{parent}\""),
        };
        let _ = write!(
            text,
            "{comma}{{\"type\":\"Feature\",\"properties\":{{\"id\":\"{id}\",\"name\":\"{id}\",\
             \"name_en\":\"{id}\",\"kind\":\"{kind}\"{parent}}},\"geometry\":{{\"type\":\"Polygon\",\
             \"coordinates\":[[[{x},{y}],[{},{y}],[{},{}],[{x},{}],[{x},{y}]]]}}}}",
            x + w,
            x + w,
            y + h,
            y + h
        );
    };
    add("4499", "city", "", 0.0, 0.0, 0.4, 0.4);
    add("449901", "district", "4499", 0.0, 0.0, 0.2, 0.4);
    add("449902", "district", "4499", 0.2, 0.0, 0.2, 0.4);
    add("449901001", "township", "449901", 0.0, 0.0, 0.2, 0.2);
    add("449901002", "township", "449901", 0.0, 0.2, 0.2, 0.2);
    add("449902001", "township", "449902", 0.2, 0.0, 0.2, 0.2);
    add("449902002", "township", "449902", 0.2, 0.2, 0.2, 0.2);
    text.push_str("]}");
    text
}

impl Town {
    /// Adds a station with properties `(name, interval in seconds)`; stations spread over the zones.
    pub(crate) fn station(mut self, id: &str, agency: &str, measures: &[(&str, u32)]) -> Self {
        let at = self.count as f64;
        let (lon, lat) = (112.02 + (at * 0.137) % 0.36, 22.02 + (at * 0.211) % 0.36);
        self.count += 1;
        let _ = writeln!(self.stations, "{id},{id},{id},{agency},{lon:.5},{lat:.5},1985,0,");
        for (property, interval) in measures {
            let _ = writeln!(self.streams, "{id},{property},{interval},,,,,");
        }
        self
    }
    /// Adds or replaces a hazard's file.
    pub(crate) fn hazard(mut self, name: &str, text: &str) -> Self {
        self.files.insert(format!("hazards/{name}.toml"), text.as_bytes().to_vec());
        self
    }
    /// Replaces a file.
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
        self
    }
    /// The files.
    pub(crate) fn files(&self) -> CityFiles {
        let mut files = self.files.clone();
        files.entry("stations.csv".to_owned()).or_insert(self.stations.clone().into_bytes());
        files.entry("datastreams.csv".to_owned()).or_insert(self.streams.clone().into_bytes());
        files
    }
    /// The city.
    pub(crate) fn city(&self) -> City {
        City::read(&self.files()).unwrap_or_else(|errors| panic!("{errors:#?}"))
    }
    /// The journaled configuration.
    pub(crate) fn configuration(&self, holds_from: i64) -> Record {
        Record::Configuration {
            holds_from: UtcMs(holds_from),
            hash: String::new(),
            files: self.files().into_iter().collect(),
            datastreams: self.city().registry(&[]).rows().to_vec(),
        }
    }
    /// A number of a datastream.
    pub(crate) fn stream(&self, station: &str, property: &str) -> u32 {
        let found = self.city().registry(&[]).find(station, property);
        found.unwrap_or_else(|| panic!("{station} does not measure {property}")).0
    }
    /// A record that begins with this town.
    pub(crate) fn story(&self) -> Story {
        let mut story = Story { records: Vec::new(), now: None };
        story.push(self.configuration(0));
        story
    }
}

/// Rain by sums of one and three hours, 5-minute grid, 10 minutes late.
pub(crate) const RAIN: &str = "hazard = \"rainfall\"\nsource = \"city policy\"\nstep_s = 300\n\
lateness_s = 600\n\
[[threshold]]\nlevel = \"blue\"\nat_least = 10.0\nwindow_h = 1\n\
[[threshold]]\nlevel = \"yellow\"\nat_least = 20.0\nwindow_h = 1\n\
[[threshold]]\nlevel = \"orange\"\nat_least = 40.0\nwindow_h = 3\n\
[[threshold]]\nlevel = \"red\"\nat_least = 60.0\nwindow_h = 3\n";

/// Discharge against three thresholds of a city, nothing held.
pub(crate) const DISCHARGE: &str = "hazard = \"discharge\"\nsource = \"city policy\"\nstep_s = 3600\n\
lateness_s = 3600\n\
[[threshold]]\nlevel = \"yellow\"\nat_least = 30.55\n\
[[threshold]]\nlevel = \"orange\"\nat_least = 76.89\n\
[[threshold]]\nlevel = \"red\"\nat_least = 310.0\n";

/// A record in the making.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) records: Vec<Record>,
    pub(crate) now: Option<i64>,
}

impl Story {
    pub(crate) fn push(&mut self, record: Record) {
        self.records.push(record);
    }
    /// The clock goes to `t`, in steps of at most five minutes.
    pub(crate) fn tick(&mut self, t: i64) {
        for now in stream::clock::fill(self.now, t) {
            self.push(Record::Tick { now: UtcMs(now) });
        }
        self.now = self.now.max(Some(t));
    }
    /// The clock jumps to `t`, however far: the platform was down.
    pub(crate) fn jump(&mut self, t: i64) {
        self.push(Record::Tick { now: UtcMs(t) });
        self.now = self.now.max(Some(t));
    }
    /// An observation, as it comes.
    pub(crate) fn seen(&mut self, stream: u32, t: i64, value: f64) {
        self.push(seen(observation(stream, t, value)));
    }
    /// The clock at `t`, then the observation of `t`.
    pub(crate) fn at(&mut self, stream: u32, t: i64, value: f64) {
        if self.now.is_none_or(|now| t > now) {
            self.tick(t);
        }
        self.seen(stream, t, value);
    }
}

pub(crate) fn observation(stream: u32, t: i64, value: f64) -> Observation {
    let t = UtcMs(t);
    let datastream = DatastreamIx(stream);
    Observation {
        datastream,
        t,
        result_time: t,
        value,
        quality: Quality::default(),
        backlog: false,
    }
}

pub(crate) fn seen(observation: Observation) -> Record {
    Record::Observation { received: observation.t, channel: Channel::File, observation }
}

/// What an engine told.
#[derive(Default, Clone)]
pub(crate) struct Told {
    pub(crate) decisions: Vec<Decision>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) frontiers: BTreeMap<String, UtcMs>,
    pub(crate) signals: Vec<OfficialSignal>,
}

impl Told {
    /// The log's lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.decisions.iter().map(|d| stream::log::line(d).expect("a decision is JSON")).collect()
    }
    /// The log's hash.
    pub(crate) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for line in self.lines() {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
    /// `kind place level<-was @minute` of the decisions of a hazard: rows that read.
    pub(crate) fn rows(&self, hazard: &str, place: &str) -> Vec<String> {
        let ours = self.decisions.iter().filter(|d| d.hazard == hazard && d.place == place);
        ours.map(|d| {
            let t = UtcMs::parse(&d.t).expect("a decision has a time").0;
            format!("{} {}<-{} @{}", d.kind.wire(), d.level, d.was, (t - START) / MIN)
        })
        .collect()
    }
}

/// Runs an engine over records from `first` on, cut at random, and gives what it told.
pub(crate) fn run_from(
    records: &[Record],
    first: u64,
    config: EngineConfig,
    cuts: u64,
) -> Result<Told, EngineError> {
    let told = Arc::new(Mutex::new(Told::default()));
    let outlet = told.clone();
    let mut random = Random(cuts | 1);
    let mut rest: Vec<Sequenced> = records
        .iter()
        .zip(1u64..)
        .filter(|(_, seq)| *seq >= first)
        .map(|(record, seq)| Sequenced { seq: Seq(seq), record: record.clone() })
        .collect();
    rest.reverse();
    let longest = random.below(900) + 1;
    let mut pause = false;
    let inlet = move |_max: usize, _wait: Duration| {
        pause = !pause;
        if pause {
            return Ok(Heard::Idle);
        }
        let count = (random.below(longest) + 1).min(rest.len() as u64) as usize;
        let batch: Vec<Sequenced> = (0..count).filter_map(|_| rest.pop()).collect();
        Ok(if batch.is_empty() { Heard::Closed } else { Heard::Records(batch) })
    };
    let engine = Engine::<Live>::start(config, inlet, move |decided: Decided<Live>| {
        let mut told = outlet.lock().expect("nobody panics with it");
        told.decisions.extend(decided.decisions);
        told.snapshots.extend(decided.snapshot);
        let picture = decided.picture;
        let frontiers = picture.frontiers.into_iter();
        told.frontiers.extend(frontiers.map(|f| (f.agency, f.complete)));
        told.signals.extend(picture.signals.into_iter().map(|(_, signal)| signal));
        Ok(())
    })?;
    engine.join()?;
    let told = told.lock().expect("nobody panics with it").clone();
    Ok(told)
}

/// Runs one worker over a story.
pub(crate) fn run(story: &Story) -> Told {
    let config = EngineConfig::default();
    run_from(&story.records, 1, config, 7).unwrap_or_else(|error| panic!("{error}"))
}

/// A storm over `count` gauges for `hours`: every five minutes, two in a hundred late, one in two
/// hundred twice, some corrected.
pub(crate) fn storm(town: &Town, ids: &[String], hours: i64, seed: u64) -> Story {
    let mut random = Random(seed | 1);
    let mut story = town.story();
    let streams: Vec<u32> = ids.iter().map(|id| town.stream(id, "rainfall")).collect();
    let mut arrivals: Vec<(i64, Observation)> = Vec::new();
    for step in 0..hours * 12 {
        let t = START + step * 5 * MIN;
        for (number, stream) in streams.iter().enumerate() {
            let wave = ((step as f64 / 9.0) + number as f64 * 0.7).sin().max(0.0);
            let value = (wave * wave * 24.0).round() * 0.25 * (random.below(3) as f64);
            let late = if random.below(50) == 0 { random.below(540) as i64 * 1000 } else { 0 };
            let very_late = random.below(400) == 0;
            let delay = if very_late { HOUR + random.below(7200) as i64 * 1000 } else { late };
            let seen = observation(*stream, t, value);
            arrivals.push((t + delay, seen));
            if random.below(200) == 0 {
                arrivals.push((t + delay + 30_000, seen));
            }
            if random.below(300) == 0 {
                let corrected =
                    Observation { value: value + 3.0, result_time: UtcMs(t + 1), ..seen };
                arrivals.push((t + delay + 90_000, corrected));
            }
        }
    }
    arrivals.sort_by_key(|(arrival, seen)| (*arrival, seen.datastream));
    for (arrival, seen_then) in arrivals {
        if story.now.is_none_or(|now| arrival > now) {
            story.tick(arrival);
        }
        story.push(seen(seen_then));
    }
    story
}

/// A town of rain gauges.
pub(crate) fn gauges(count: usize) -> (Town, Vec<String>) {
    let ids: Vec<String> = (0..count).map(|n| format!("G{n:03}")).collect();
    let mut town = Town::default().hazard("rainfall", RAIN);
    for id in &ids {
        town = town.station(id, "met", &[("rainfall", 300)]);
    }
    (town, ids)
}
