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
    stations += "S-1,S-1,S-1,slow,112.6,22.6,,,\n";
    streams += "S-1,rainfall,300,0,80,,,\nS-1,discharge,900,,1000,,,\nS-1,inflow,900,,,,,\n";
    let agencies = "[[agency]]\nid = \"hydro\"\nname = \"水文(虚构)\"\n\
         [[agency]]\nid = \"slow\"\nname = \"慢(虚构)\"\nrate_per_s = 5\ndatastreams_max = 2\nconnections_max = 40\n\
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

/// Credentials of the town: user and secret are `<id>` and `<id>-secret`; the bearer token is the
/// secret.
#[derive(Debug)]
pub struct TownCredentials;

impl ingest::seams::Credentials for TownCredentials {
    fn verify(&self, user: &str, secret: &str) -> Option<ingest::seams::Held> {
        let held = || ingest::seams::Held { who: who(user), credential: user.into() };
        (secret == format!("{user}-secret")).then(held)
    }
    fn bearer(&self, token: &str) -> Option<ingest::seams::Who> {
        token.strip_suffix("-secret").map(who)
    }
    fn certificate(
        &self,
        _: &ingest::seams::Who,
        _: &tls::ClientCertificate,
    ) -> Option<std::sync::Arc<str>> {
        Some("certificate".into())
    }
    fn holds(&self, _: &str) -> bool {
        true
    }
}

fn who(user: &str) -> ingest::seams::Who {
    if user.starts_with("boat") {
        ingest::seams::Who::Unit(domain::ids::UnitId::new(user).unwrap())
    } else {
        ingest::seams::Who::Agency(agency(user))
    }
}

/// The HTTP resources of a house, served on a free port.
pub struct Served {
    pub address: std::net::SocketAddr,
    stop: tokio::sync::oneshot::Sender<()>,
    server: tokio::task::JoinHandle<()>,
}

impl Served {
    pub async fn start(house: &House, dir: &Path, bounds: ingest::http::server::Bounds) -> Self {
        use ingest::http::{keys::Keys, routes, server, session::Door};
        let door = Door::new(
            house.admission.clone(),
            Arc::new(TownCredentials),
            Arc::new(ingest::seams::NoTasks),
            Keys::open(dir).unwrap(),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let app = routes::router(Arc::new(door));
        let server = tokio::spawn(server::serve(listener, app, bounds, async move {
            let _ = stopped.await;
        }));
        Self { address, stop, server }
    }

    pub async fn end(self) {
        let _ = self.stop.send(());
        self.server.await.unwrap();
    }

    /// Sends raw bytes and reads until the answer is complete or the connection ends.
    pub async fn raw(&self, bytes: &[u8]) -> Answer {
        use tokio::io::AsyncWriteExt;
        let mut socket = tokio::net::TcpStream::connect(self.address).await.unwrap();
        // The server may have answered and closed before all is written.
        let _ = socket.write_all(bytes).await;
        read_answer(&mut socket).await
    }

    /// A POST with a body.
    pub async fn post(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head =
            format!("POST {path} HTTP/1.1\r\nHost: town\r\nContent-Length: {}\r\n", body.len());
        if !token.is_empty() {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes).await
    }

    /// Observations as JSON.
    pub async fn observations(&self, body: &str) -> Answer {
        let json = [("Content-Type", "application/json")];
        self.post("/v1/observations", "hydro-secret", &json, body.as_bytes()).await
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }
    pub fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap_or_default().to_owned()
    }
    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (n, v) = line.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| v.trim().to_owned())
        })
    }
}

pub async fn read_answer(socket: &mut tokio::net::TcpStream) -> Answer {
    use tokio::io::AsyncReadExt;
    let mut got = Vec::new();
    let mut piece = vec![0; 65_536];
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&got).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse::<usize>().unwrap())
                });
                if body.len() >= length.unwrap_or(0) {
                    return (head.to_owned(), body.to_owned());
                }
            }
            match socket.read(&mut piece).await {
                Ok(0) | Err(_) => return (text, String::new()),
                Ok(n) => got.extend_from_slice(&piece[..n]),
            }
        }
    };
    let (head, body) = tokio::time::timeout(DEADLINE, read).await.expect("an answer in time");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Answer { status, head, body }
}

/// Tasks of the town's units, kept until delivered.
#[derive(Debug, Default)]
pub struct Board(pub Mutex<Vec<(String, ingest::seams::TaskDown)>>);

impl ingest::seams::Tasks for Board {
    fn open_tasks(
        &self,
        unit: &domain::ids::UnitId,
        after: Option<u64>,
        limit: usize,
    ) -> Vec<ingest::seams::TaskDown> {
        let board = self.0.lock().unwrap();
        let of = board.iter().filter(|(to, task)| to == unit.as_str() && Some(task.key) > after);
        of.map(|(_, task)| task.clone()).take(limit).collect()
    }
    fn delivered(&self, unit: &domain::ids::UnitId, key: u64) {
        self.0.lock().unwrap().retain(|(to, task)| to != unit.as_str() || task.key != key);
    }
    fn may_report(&self, report: &domain::report::UnitReport) -> Result<(), String> {
        match report.task {
            Some(task) if task.0 > 100 => Err(format!("no task {task}")),
            _ => Ok(()),
        }
    }
}

/// Hearing as a whole over a journal in a scratch folder.
pub struct Town {
    pub hearing: ingest::hearing::HearingHandle,
    pub journal: Journal,
    pub board: Arc<Board>,
    pub clock: Arc<SetClock>,
}

impl Town {
    pub async fn start(dir: &Path, mqtt: ingest::hearing::Mqtt) -> Self {
        Self::start_with(dir, mqtt, None).await
    }

    pub async fn start_with(
        dir: &Path,
        mqtt: ingest::hearing::Mqtt,
        archive: Option<ingest::archive::ArchiveConfig>,
    ) -> Self {
        Self::start_on(dir, mqtt, archive, Options::live()).await
    }

    pub async fn start_on(
        dir: &Path,
        mqtt: ingest::hearing::Mqtt,
        archive: Option<ingest::archive::ArchiveConfig>,
        options: Options,
    ) -> Self {
        let (journal, _) = Journal::open(dir, options).unwrap();
        drop(HistoryStore::open(dir).unwrap());
        let (board, clock) = (Arc::new(Board::default()), SetClock::at(NOW));
        let config = ingest::hearing::HearingConfig {
            dir: dir.to_owned(),
            register: register(),
            ticks: Ticks::Live(clock.clone()),
            tick_every: ingest::ticker::TICK_EVERY,
            mqtt,
            sl651: None,
            cot: None,
            archive,
            credentials: Arc::new(TownCredentials),
            tasks: board.clone(),
            tls: None,
            public_url: None,
        };
        let hearing = ingest::hearing::Hearing::start(config, &journal).await.unwrap();
        Self { hearing, journal, board, clock }
    }

    pub fn records(&self) -> Vec<Record> {
        let mut reader = self.journal.reader().unwrap();
        reader.read_from(Seq(1), usize::MAX).unwrap().into_iter().map(|r| r.record).collect()
    }

    /// `(station, property, t, value)` of every observation, in order.
    pub fn observations(&self) -> Vec<(String, i64, f64)> {
        let register = self.hearing.admission().register();
        let seen = self.records().into_iter().filter_map(|record| match record {
            Record::Observation { observation: o, .. } => {
                let (station, _) = register.name(o.datastream).unwrap();
                Some((station.to_owned(), o.t.0, o.value))
            }
            _ => None,
        });
        seen.collect()
    }

    pub async fn end(self) {
        self.hearing.drain().await;
        self.journal.close().unwrap();
    }
}

/// A free port of this machine. Another may take it before it is used; then the test fails loudly.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program of the system that a test starts and ends by its id.
pub struct Program(std::process::Child);

impl Program {
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let child = std::process::Command::new(name)
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{name} is wanted for this test: {e}"));
        Self(child)
    }

    /// Asks it to end, and waits.
    pub fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(
            std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success()
        );
        self.0.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a port is listened on.
pub async fn listening(port: u16) {
    until("a port is listened on", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
        .await;
}

/// An MQTT client of the town with what it has got.
pub struct Client {
    pub client: rumqttc::AsyncClient,
    events: tokio::sync::mpsc::Receiver<rumqttc::Incoming>,
    poller: tokio::task::JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.poller.abort();
    }
}

impl Client {
    pub async fn connect(port: u16, user: &str) -> Self {
        Self::connect_as(port, user, &format!("{user}-client"), true).await
    }

    pub async fn connect_as(port: u16, user: &str, id: &str, clean: bool) -> Self {
        let mut options = rumqttc::MqttOptions::new(id, "127.0.0.1", port);
        options.set_credentials(user, format!("{user}-secret"));
        options.set_clean_session(clean).set_max_packet_size(1 << 20, 1 << 20);
        options.set_inflight(100);
        let (client, mut eventloop) = rumqttc::AsyncClient::new(options, 4_096);
        let (to, events) = tokio::sync::mpsc::channel(16_384);
        let poller = tokio::spawn(async move {
            loop {
                match eventloop.poll().await {
                    Ok(rumqttc::Event::Incoming(incoming)) => {
                        if to.send(incoming).await.is_err() {
                            return;
                        }
                    }
                    Ok(rumqttc::Event::Outgoing(_)) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let mut client = Self { client, events, poller };
        client.wait("CONNACK", |i| matches!(i, rumqttc::Incoming::ConnAck(_)).then_some(())).await;
        client
    }

    /// The next packet that `wanted` takes; others before it are passed over.
    pub async fn wait<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(rumqttc::Incoming) -> Option<T>,
    ) -> T {
        let waited = tokio::time::timeout(DEADLINE, async {
            while let Some(incoming) = self.events.recv().await {
                if let Some(found) = wanted(incoming) {
                    return found;
                }
            }
            panic!("the client ended before {what}");
        });
        waited.await.unwrap_or_else(|_| panic!("not in time: {what}"))
    }

    pub async fn publish(&self, topic: &str, body: &str) {
        let qos = rumqttc::QoS::AtLeastOnce;
        self.client.publish(topic, qos, false, body.as_bytes()).await.unwrap();
    }

    /// Publishes and waits for the acknowledgement.
    pub async fn publish_acked(&mut self, topic: &str, body: &str) {
        self.publish(topic, body).await;
        self.acked(1).await;
    }

    pub async fn acked(&mut self, mut count: usize) {
        self.wait("PUBACK", |i| {
            count -= usize::from(matches!(i, rumqttc::Incoming::PubAck(_)));
            (count == 0).then_some(())
        })
        .await;
    }

    pub async fn subscribe(&mut self, filter: &str) -> Vec<rumqttc::SubscribeReasonCode> {
        self.client.subscribe(filter, rumqttc::QoS::AtLeastOnce).await.unwrap();
        self.wait("SUBACK", |i| match i {
            rumqttc::Incoming::SubAck(ack) => Some(ack.return_codes),
            _ => None,
        })
        .await
    }

    pub async fn message(&mut self) -> (String, serde_json::Value) {
        self.wait("a message", |i| match i {
            rumqttc::Incoming::Publish(p) => {
                Some((p.topic.clone(), serde_json::from_slice(&p.payload).unwrap()))
            }
            _ => None,
        })
        .await
    }
}
