//! A town for the tests of hearing: two agencies, a few stations, a journal in a scratch folder.
// Each test file is a crate of its own and uses its part.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::city::{City, CityFiles, Registry};
use domain::ids::{AgencyId, Seq};
use domain::record::Record;
use domain::refusal::Channel;
use domain::time::{Clock, UtcMs};
use ingest::admit::{Admission, Outcome, Source, Ticks};
use ingest::json::batch::decode_packet;
use ingest::memory::Memory;
use ingest::past::{HistoryPast, recall_tail};
use ingest::register::Register;
use ingest::telemetry::Telemetry;
use journal::history::{HistoryStore, Shutdown};
use journal::{Journal, Options};

/// 2026-06-11T03:05:00+08:00.
pub const NOW: UtcMs = UtcMs(1_781_118_300_000);
/// How long a test waits for something that has to happen.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A clock that stands until it is set.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn at(t: UtcMs) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(t.0)))
    }
    pub fn set(&self, t: UtcMs) {
        self.0.store(t.0, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UtcMs {
        UtcMs(self.0.load(Ordering::SeqCst))
    }
}

/// The town's files.
pub fn files() -> CityFiles {
    let zone = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"440700","name":"试验镇","name_en":"Testtown","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[112.5,22.0],[113.5,22.0],[113.5,23.0],[112.5,23.0],[112.5,22.0]]]}}]}"#;
    let mut stations =
        "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n".to_owned();
    let mut streams =
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n".to_owned();
    for n in 1..=20 {
        stations += &format!("R-{n},R-{n},R-{n},hydro,112.{n:02},22.3,,,\n");
        streams += &format!("R-{n},rainfall,300,0,80,,,\nR-{n},discharge,900,,1000,60,3600,\n");
    }
    stations += "W-1,W-1,W-1,weather,112.7,22.4,,,\nH-1,H-1,H-1,health,112.8,22.4,,,\n";
    stations += "R-new,R-new,R-new,hydro,112.7,22.5,,,2026-01-01T00:00:00+08:00\n";
    streams += "W-1,wind_speed,300,0,90,,,\nR-new,rainfall,300,,,,,2026-01-01T00:00:00+08:00\n";
    streams += "H-1,bed_occupancy,3600,,,,,\nH-1,emergency_waiting,3600,,,,,\nH-1,emergency_traffic,3600,,,,,\n";
    let agencies = "[[agency]]\nid = \"hydro\"\nname = \"水文(虚构)\"\n\
         [[agency]]\nid = \"slow\"\nname = \"慢(虚构)\"\nrate_per_s = 5\n\
         [[agency]]\nid = \"health\"\nname = \"卫健(虚构)\"\n\
         [[agency]]\nid = \"weather\"\nname = \"气象(虚构)\"\nofficial_signals = true\n";
    let list = [
        (
            "city.toml",
            "name = \"试验镇\"\nname_en = \"Testtown\"\ntime_zone = \"Asia/Shanghai\"\nfictional = true\nfuture_tolerance_s = 120\n",
        ),
        ("agencies.toml", agencies),
        ("zones.geojson", zone),
        ("stations.csv", &stations),
        ("datastreams.csv", &streams),
        (
            "hospitals.csv",
            "id,name,name_en,agency,lon,lat,beds,icu_beds\nH-1,H,H,health,112.8,22.4,400,20\n",
        ),
        (
            "units.csv",
            "id,name,name_en,kind,agency,lon,lat,people\nboat-01,B,B,boat,hydro,112.8,22.4,6\n",
        ),
    ];
    list.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect()
}

/// The town and its register.
pub fn town() -> (City, Registry) {
    let city = City::read(&files()).unwrap_or_else(|faults| panic!("{faults:?}"));
    let registry = city.registry(&[]);
    (city, registry)
}

pub fn register() -> Arc<Register> {
    let (city, registry) = town();
    Arc::new(Register::of(&city, &registry))
}

pub fn agency(id: &str) -> AgencyId {
    AgencyId::new(id).unwrap()
}

/// A journal, its history and an admission over them.
pub struct House {
    pub journal: Option<Journal>,
    pub admission: Admission,
    pub telemetry: Arc<Telemetry>,
    pub clock: Arc<SetClock>,
    stop: Shutdown,
    follower: Option<std::thread::JoinHandle<()>>,
}

impl House {
    /// Opens (again) what lies in `dir`.
    pub fn open(dir: &Path, live: bool) -> Self {
        Self::open_with(dir, live, Options::live())
    }

    pub fn open_with(dir: &Path, live: bool, options: Options) -> Self {
        let (journal, _) = Journal::open(dir, options).unwrap();
        let store = HistoryStore::open(dir).unwrap();
        let clock = SetClock::at(NOW);
        let ticks: Ticks =
            if live { Ticks::Live(clock.clone()) } else { Ticks::Replay(clock.clone()) };
        let telemetry = Arc::new(Telemetry::default());
        let mut past = HistoryPast::in_dir(dir);
        let position = past.position();
        let memory = Memory::over(Box::new(past));
        let admission =
            Admission::new(journal.appender(), register(), memory, ticks, None, telemetry.clone());
        recall_tail(&admission, &mut journal.reader().unwrap(), position).unwrap();
        let stop = Shutdown::default();
        let handle = journal::history::spawn(
            journal.reader().unwrap(),
            journal.watermark(),
            store,
            stop.clone(),
        );
        let handle = handle.unwrap();
        let follower = std::thread::spawn(move || {
            handle.join().unwrap().unwrap();
        });
        Self { journal: Some(journal), admission, telemetry, clock, stop, follower: Some(follower) }
    }

    pub fn journal(&self) -> &Journal {
        self.journal.as_ref().unwrap()
    }

    /// Sends a body as an agency and waits for its durability.
    pub async fn send(&self, who: &str, body: &str) -> Vec<Outcome> {
        let items = decode_packet(body.as_bytes()).unwrap();
        let who = agency(who);
        let source = Source { agency: &who, channel: Channel::Http, place: "test" };
        let admitted = self.admission.admit(source, &items).unwrap();
        admitted.durable().await.unwrap()
    }

    /// Everything in the journal.
    pub fn records(&self) -> Vec<Record> {
        let mut reader = self.journal().reader().unwrap();
        let records = reader.read_from(Seq(1), usize::MAX).unwrap();
        records.into_iter().map(|r| r.record).collect()
    }

    /// Ends it as an ordered stop does.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.ask();
        if let Some(follower) = self.follower.take() {
            follower.join().unwrap();
        }
        drop(self.journal.take());
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if self.follower.is_some() && !std::thread::panicking() {
            self.end();
        }
    }
}

/// Waits for a condition with a deadline.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lines that a log caught, for tests that look at what was told.
#[derive(Debug, Default)]
pub struct Caught(pub Mutex<Vec<String>>);
