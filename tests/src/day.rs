//! A city's day against the built platform: the sender's account beside `/metrics` and beside what
//! `fenghuo account` reads from the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use simulators::credentials::Credentials;
use simulators::day::ledger::{Entries, Entry, Ledger};
use simulators::day::lines::Doors;
use simulators::day::{Day, town};
use tokio::sync::watch;

use crate::http::Client;
use crate::platform::{Platform, binary, eventually};

/// How long the last counts may take to come to the page.
const SETTLED: Duration = Duration::from_secs(20);
/// What the hasty sender has in one second of the machine: two bursts of six.
const BURSTS: u64 = 12;
/// Doors that answer nothing at all: what is on its way when the platform dies is nobody's promise.
const SILENT: &str = "cot";

/// A city with its platform.
#[derive(Debug)]
pub struct City {
    city: PathBuf,
    /// Where everything is kept.
    pub data: PathBuf,
    /// The platform, while it runs.
    pub platform: Option<Platform>,
    places: watch::Sender<Option<(u32, Doors)>>,
    life: u32,
    ledger: Arc<Mutex<Ledger>>,
}

impl City {
    /// A city of this size in a folder, and its platform.
    pub fn start(folder: &Path, size: town::Tenths) -> Self {
        let (city, data) = (folder.join("city"), folder.join("data"));
        town::write(&city, size).expect("a city's folder");
        std::fs::create_dir_all(&data).expect("a folder");
        let places = watch::Sender::new(None);
        let ledger = Arc::default();
        let mut whole = Self { city, data, platform: None, places, life: 0, ledger };
        whole.live();
        whole
    }

    /// Starts the platform, again or for the first time.
    pub fn live(&mut self) {
        let password = format!("{:04X}", town::RTU_PASSWORD);
        let ports = ["--demo", "--sl651", "127.0.0.1:0", "--cot", "127.0.0.1:0"];
        let variables = [("SL651_PASSWORD", password.as_str())];
        let platform = Platform::try_start_with(&self.city, &self.data, &ports, &variables);
        let platform = platform.unwrap_or_else(|said| panic!("not ready:\n{said}"));
        let keys = Credentials::read(&self.data.join("credentials.toml")).expect("tokens");
        let doors = Doors {
            http: platform.http.trim_start_matches("http://").to_owned(),
            mqtt: platform.mqtt.clone(),
            sl651: platform.sl651.clone(),
            cot: platform.cot.clone(),
            keys: Arc::new(keys),
        };
        self.platform = Some(platform);
        self.life += 1;
        self.places.send_replace(Some((self.life, doors)));
    }

    /// SIGKILL, and the platform is nowhere.
    pub fn die(&mut self) {
        self.places.send_replace(None);
        if let Some(platform) = self.platform.take() {
            platform.kill();
        }
    }

    /// Stops the platform where it is until something is on its way to it: a death now leaves it
    /// unanswered.
    pub fn freeze(&self, within: Duration) {
        self.platform.as_ref().expect("it runs").freeze();
        eventually("something is on its way", within, || {
            self.ledger(|l| l.waiting > 0).then_some(())
        });
    }

    /// Sends a day on a thread of its own; it ends with the day.
    pub fn send(&self, day: Day) -> std::thread::JoinHandle<()> {
        let (places, ledger) = (self.places.subscribe(), Arc::clone(&self.ledger));
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            let sent = simulators::day::run(day, places, ledger);
            runtime.block_on(sent).expect("the day is sent");
        })
    }

    /// Waits until a day is sent; one that does not end in time is a failure, which says why.
    pub fn sent(&self, sending: std::thread::JoinHandle<()>, within: Duration) {
        let end = std::time::Instant::now() + within;
        while !sending.is_finished() {
            if std::time::Instant::now() > end {
                let open = self.ledger(|l| format!("{:#?}", l.surprises));
                panic!("the day does not end within {within:?}: {open}");
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        sending.join().expect("the day is sent");
    }

    /// Looks at the sender's account.
    pub fn ledger<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many were answered so far.
    pub fn answered(&self) -> u64 {
        self.ledger(|l| l.whole().values().flat_map(BTreeMap::values).map(|e| e.sent).sum())
    }

    /// What the platform counts since it lives.
    pub fn metrics(&self) -> Entries {
        let platform = self.platform.as_ref().expect("it runs");
        let page = Client::new(&platform.http).get("/metrics").body;
        metrics(&String::from_utf8_lossy(&page))
    }

    /// What `fenghuo account` reads from the journal.
    pub fn journal(&self) -> Entries {
        let mut command = Command::new(binary("fenghuo"));
        let out = command.args(["account", "--json", "--data"]).arg(&self.data).output();
        let out = out.expect("fenghuo runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let read: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let mut all = Entries::new();
        for (agency, feeds) in read.as_object().expect("agencies") {
            for (channel, feed) in feeds.as_object().expect("channels") {
                let Some(door) = door(channel) else { continue };
                let count = |name: &str| feed[name].as_u64().expect("a count");
                let reasons = feed["reasons"].as_object().expect("reasons");
                let entry = Entry {
                    accepted: count("accepted"),
                    refused: count("refused"),
                    quarantined: count("quarantined"),
                    reasons: reasons
                        .iter()
                        .map(|(word, n)| (word.clone(), n.as_u64().expect("a count")))
                        .collect(),
                    ..Entry::default()
                };
                all.entry(agency.clone()).or_default().insert(door, entry);
            }
        }
        all
    }

    /// Lays the three accounts side by side, once the last counts have come; what differs, in words.
    pub fn differences(&self) -> Vec<String> {
        let said = |this: &Self| {
            let life = this.ledger(|l| l.lives.get(&this.life).cloned().unwrap_or_default());
            differ(&life, &this.metrics())
        };
        let end = std::time::Instant::now() + SETTLED;
        let mut found = said(self);
        while !found.is_empty() && std::time::Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(200));
            found = said(self);
        }
        found.extend(self.ledger(|l| l.surprises.clone()));
        found.extend(self.ledger(|l| not_adding_up(&l.whole())));
        let journal = eventually("the journal is read", SETTLED, || Some(self.journal()));
        found.extend(self.ledger(|l| self.beside_the_journal(l, &journal)));
        found
    }

    /// Everything taken stands in the record once, and everything refused; what was sent again after
    /// a death may have been refused before it, without an answer.
    fn beside_the_journal(&self, ledger: &Ledger, journal: &Entries) -> Vec<String> {
        let (mut found, whole) = (Vec::new(), ledger.whole());
        let none = Entry::default();
        for (agency, doors) in &whole {
            for (door, sent) in doors {
                let kept = journal.get(agency).and_then(|d| d.get(door)).unwrap_or(&none);
                let new = ledger.distinct.get(agency).and_then(|d| d.get(door)).copied();
                let new = new.unwrap_or(0);
                let loose = self.life > 1 && *door == SILENT;
                if kept.accepted != new && !loose {
                    let kept = kept.accepted;
                    found.push(format!("{agency} by {door}: {new} taken, {kept} in the record"));
                }
                let (told, kept) =
                    (sent.refused + sent.quarantined, kept.refused + kept.quarantined);
                let more = if self.life > 1 { sent.again } else { 0 };
                // Of one over its quota a line a second says how many were refused: the line of the
                // second in which it died is not there.
                let deaths = u64::from(self.life.saturating_sub(1));
                let less = if agency == town::HASTY { BURSTS * deaths } else { 0 };
                if !(told.saturating_sub(less)..=told + more).contains(&kept) && !loose {
                    found.push(format!("{agency} by {door}: {told} refused, {kept} in the record"));
                }
            }
        }
        found
    }
}

fn not_adding_up(entries: &Entries) -> Vec<String> {
    let each = entries.iter().flat_map(|(agency, doors)| doors.iter().map(move |d| (agency, d)));
    let wrong = each.filter(|(_, (_, entry))| !entry.adds_up());
    wrong.map(|(agency, (door, e))| format!("{agency} by {door} does not add up: {e:?}")).collect()
}

/// What differs between the sender's account of one life and the page of that life.
fn differ(sent: &Entries, page: &Entries) -> Vec<String> {
    let names = |entries: &Entries| -> BTreeSet<(String, &'static str)> {
        let each = entries.iter();
        each.flat_map(|(a, doors)| doors.keys().map(move |d| (a.clone(), *d))).collect()
    };
    let none = Entry::default();
    let mut found = Vec::new();
    for (agency, door) in names(sent).union(&names(page)) {
        let of = |entries: &Entries| {
            entries.get(agency).and_then(|d| d.get(door)).cloned().unwrap_or_else(|| none.clone())
        };
        let (mine, theirs) = (of(sent), of(page));
        let known = |e: &Entry| e.accepted + e.duplicate;
        let taken_alike = if mine.either == 0 {
            (mine.accepted, mine.duplicate) == (theirs.accepted, theirs.duplicate)
        } else {
            known(&mine) == known(&theirs) && mine.accepted.abs_diff(theirs.accepted) <= mine.either
        };
        let refused_alike = (mine.refused, mine.quarantined, &mine.reasons)
            == (theirs.refused, theirs.quarantined, &theirs.reasons);
        if !taken_alike || !refused_alike {
            let line = |e: &Entry| {
                format!(
                    "accepted {} duplicate {} refused {} quarantined {} {:?}",
                    e.accepted, e.duplicate, e.refused, e.quarantined, e.reasons
                )
            };
            found.push(format!(
                "{agency} by {door}:\n  sent    {}\n  counted {}",
                line(&mine),
                line(&theirs)
            ));
        }
    }
    found
}

fn door(channel: &str) -> Option<&'static str> {
    ["http", "mqtt", "sl651", "cot"].into_iter().find(|door| *door == channel)
}

fn metrics(page: &str) -> Entries {
    let mut all = Entries::new();
    for line in page.lines() {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let Some((labels, value)) = rest.split_once("} ") else { continue };
        let value: u64 = value.parse().unwrap_or(0);
        let label = |wanted: &str| {
            let mut pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(n, _)| *n == wanted).map(|(_, v)| v.trim_matches('"').to_owned())
        };
        let (Some(agency), Some(channel)) = (label("agency"), label("channel")) else { continue };
        let Some(door) = door(&channel).filter(|_| value > 0) else { continue };
        let entry = all.entry(agency).or_default().entry(door).or_default();
        match (name, label("outcome").as_deref()) {
            ("fenghuo_heard_total", Some("accepted")) => entry.accepted = value,
            ("fenghuo_heard_total", Some("duplicate")) => entry.duplicate = value,
            ("fenghuo_heard_total", Some("refused")) => entry.refused = value,
            ("fenghuo_heard_total", Some("quarantined")) => entry.quarantined = value,
            ("fenghuo_refused_total", _) => {
                entry.reasons.insert(label("reason").unwrap_or_default(), value);
            }
            _ => {}
        }
    }
    all
}
