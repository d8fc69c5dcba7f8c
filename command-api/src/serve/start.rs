//! Starting: each part in the order in which the next needs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;

use bytes::Bytes;
use domain::city::Registry;
use domain::ids::Seq;
use domain::report::Report;
use domain::status::Live as Actual;
use domain::time::{Clock, HOUR_MS, UtcMs};
use ingest::admit::Ticks;
use ingest::hearing::{Hearing, HearingConfig, HearingHandle, HearingTls, Mqtt as HearingMqtt};
use ingest::register::Register;
use journal::decisions::{DecisionReader, DecisionStore};
use journal::history::{self, HistoryStore, Shutdown};
use journal::{Journal, Options};
use stream::Engine;
use tls::Certificates;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle as Task;

use super::clock::{FrameClock, WallClock};
use super::configuration::InForce;
use super::figures::Edges;
use super::follower::{self, Followed};
use super::options::{ClockKind, Mqtt, ServeError, ServeOptions};
use super::sight::Running;
use super::{configuration, hours, understanding};
use crate::access::{Access, secret};
use crate::api::files::media_type;
use crate::api::metrics::Metrics;
use crate::api::server;
use crate::board::Board;
use crate::city_folder::{self, ReadCity};
use crate::configurations::Epoch;
use crate::desk::Room;
use crate::desk::ledger::Ledger;
use crate::desk::room::RoomError;
use crate::feed_health::completeness::{Completeness, HOURS_SHOWN};
use crate::gazetteer::Gazetteer;
use crate::letters::LetterDesk;
use crate::live::Live;
use crate::outlets::units::Units;
use crate::platform::{CityFile, Health, Platform};
use crate::readings::Readings;
use crate::registry::change::{Asked, Counter};
use crate::shelf::Shelf;

/// The access file, in the data directory.
pub const ACCESS_FILE: &str = "access.sqlite";

/// The running parts.
pub(super) struct Parts {
    pub(super) platform: Arc<Platform>,
    pub(super) journal: Arc<Journal>,
    pub(super) hearing: Arc<HearingHandle>,
    pub(super) engine: Arc<Engine<Actual>>,
    pub(super) followed: Arc<Followed>,
    pub(super) room: Task<Result<(), RoomError>>,
    pub(super) follower: JoinHandle<Result<(), String>>,
    pub(super) history: JoinHandle<Result<history::Followed, history::FollowError>>,
    pub(super) history_stop: Shutdown,
    pub(super) stop: watch::Sender<bool>,
    pub(super) durable_at_start: Seq,
    pub(super) certificates: Option<Arc<Certificates>>,
    /// For the one round that changes the registry.
    pub(super) registry: Option<(InForce, mpsc::Receiver<Asked>)>,
}

impl Parts {
    /// Which part that the platform cannot do without has ended.
    pub(super) fn died(&self) -> Option<ServeError> {
        if let Some(why) = self.journal.failed() {
            return Some(ServeError::Died("the journal", why.to_string()));
        }
        if self.engine.is_finished() {
            let why = self.engine.failure().unwrap_or_else(|| "it stopped".into());
            return Some(ServeError::Died("the engine", why));
        }
        if self.room.is_finished() {
            return Some(ServeError::Died("the desk", "it cannot write".into()));
        }
        if self.follower.is_finished() {
            return Some(ServeError::Died("the follower of the record", "see the log".into()));
        }
        if self.history.is_finished() {
            return Some(ServeError::Died("the history", "see the log".into()));
        }
        self.hearing.died().map(|part| ServeError::Died(part, "see the log".into()))
    }

    /// `mqtts://…`: where it listens with TLS.
    pub(super) fn mqtt_tls_address(&self) -> Option<String> {
        self.hearing.mqtt_tls_addr().map(|a| format!("mqtts://{a}"))
    }

    /// `mqtt://…`: where the embedded endpoint listens, or the broker that is bridged.
    pub(super) fn mqtt_address(&self, options: &ServeOptions) -> Option<String> {
        match &options.mqtt {
            Mqtt::Listen(_) => self.hearing.mqtt_addr().map(|a| format!("mqtt://{a}")),
            Mqtt::Broker(bridge) => Some(bridge.shown()),
        }
    }

    /// `tcp://…`: where units are heard by Cursor-on-Target.
    pub(super) fn cot_address(&self) -> Option<String> {
        self.hearing.cot_addr().map(|address| format!("tcp://{address}"))
    }

    /// ` sl651s=tls://… cots=tls://…`: where both are taken over TLS.
    pub(super) fn telemetry_over_tls(&self) -> String {
        let ports =
            [("sl651s", self.hearing.sl651_tls_addr()), ("cots", self.hearing.cot_tls_addr())];
        let open =
            ports.into_iter().filter_map(|(name, at)| Some(format!(" {name}=tls://{}", at?)));
        open.collect()
    }

    /// `tcp://…`: where SL 651 telemetry is taken.
    pub(super) fn sl651_address(&self) -> Option<String> {
        self.hearing.sl651_addr().map(|address| format!("tcp://{address}"))
    }
}

fn journal_options(options: &ServeOptions) -> Options {
    let (live, phase_hook) = (Options::live(), options.phase_hook.clone());
    let checkpoint_bytes = options.checkpoint_bytes.unwrap_or(live.checkpoint_bytes);
    Options { phase_hook, checkpoint_bytes, ..live }
}

/// Starts everything; the listener is bound and not yet served.
///
/// # Errors
/// [`ServeError`].
pub(super) async fn start(options: &ServeOptions) -> Result<(Parts, TcpListener), ServeError> {
    let read = city_folder::read(&options.city_dir).map_err(ServeError::City)?;
    let files = options.tls.as_ref().map(|tls| tls.files.clone());
    let certificates = files.map(Certificates::load).transpose()?;
    let data = options.data_dir.as_path();
    std::fs::create_dir_all(data).map_err(|e| ServeError::Data(data.into(), e))?;
    let (journal, recovery) = Journal::open(data, journal_options(options))?;
    tracing::info!(?recovery, "the journal is open");
    let journal = Arc::new(journal);
    // A port that is taken is said before anything runs.
    let listener = server::listen(options.http).map_err(|e| ServeError::Listen(options.http, e))?;
    drop(DecisionStore::open(data)?);
    let decisions = DecisionReader::open(data)?;
    let levels = &read.city.about.levels;
    let (ledger, picture) = Ledger::open(data, levels, &mut journal.reader()?, &decisions)?;
    let own_clock = options.clock.own(picture.now);
    let now = || own_clock.as_ref().map_or_else(|| WallClock.now(), |clock| clock.now());
    let counted = |now: UtcMs| UtcMs(now.0.saturating_sub(HOURS_SHOWN as i64 * HOUR_MS));
    let (in_force, epochs) = configuration::journal(&read, data, &journal, now, counted).await?;
    let registry = in_force.registry.clone();
    let as_of = own_clock.as_ref().map_or(picture.now, |clock| clock.now());
    let city = Arc::new(Gazetteer::new(read.city.clone(), as_of));

    let history_stop = Shutdown::default();
    let history = HistoryStore::open(data)?;
    let readings = Readings::new(&city, &registry);
    let hours = hours_of(&epochs, &city, &registry, journal.durable());
    let followed = Arc::new(Followed::from_history(readings, hours, Some(history.read())));
    let history =
        history::spawn(journal.reader()?, journal.watermark(), history, history_stop.clone())
            .map_err(|e| ServeError::System("a thread for the history", e))?;

    let heard_upto = ledger.records_upto();
    count_hours(data, &followed, picture.now, &history_stop)?;
    let mut board = Board::new(Arc::clone(&city));
    board.picture = picture;
    let places = board.picture.believed.keys().map(|(place, _)| place.clone()).collect();
    board.believe(&places);
    board.recall();

    let clock = own_clock.unwrap_or_else(|| Arc::new(FrameClock(Arc::clone(&followed))));
    let epoch = secret::fresh().map_err(crate::access::AccessError::from)?[..16].to_owned();
    let live = Arc::new(Live::new(board, epoch, options.clock.pace()));
    live.values_from(Arc::clone(&followed) as _);
    let (seat, door) = Room::door();
    let units = Arc::new(Units::new(Arc::clone(&live), seat.clone()));
    let metrics = Arc::new(Metrics::default());
    let room = Room::new(
        Arc::clone(&live),
        journal.appender(),
        Arc::clone(&clock),
        Arc::clone(&units) as _,
        ledger,
    );
    let durable_at_start = journal.durable();
    let room = tokio::spawn(room.run(door));
    let follower = follower::start(
        journal.reader()?,
        journal.watermark(),
        heard_upto,
        Arc::clone(&followed),
        seat.clone(),
        follower::Shown { city: Arc::clone(&city), seq: in_force.seq },
    )
    .map_err(|e| ServeError::System("a thread for the follower", e))?;
    let engine = understanding::start(
        &journal,
        options,
        seat.clone(),
        Arc::clone(&metrics),
        Arc::clone(&followed),
    )?;

    let access = Arc::new(Access::open(&data.join(ACCESS_FILE), Arc::new(WallClock))?);
    let tls = certificates.clone().map(|certificates| HearingTls {
        certificates,
        mqtt: options.tls.as_ref().and_then(|tls| tls.mqtt),
        sl651: options.tls.as_ref().and_then(|tls| tls.sl651.clone()),
        cot: options.tls.as_ref().and_then(|tls| tls.cot),
    });
    let config = heard(options, &clock, &read, &registry, &access, &units, tls);
    let hearing = Hearing::start(config, &journal).await?;
    let known = live.board().picture.warnings.clone();
    hearing.admission().recall_warnings(known.known());
    recall_reports(&hearing, &live.board());
    let hearing = Arc::new(hearing);
    // Weak: who ends hearing must be the last to hold it.
    units.connect(Box::new(Arc::downgrade(&hearing)));
    metrics.register(|page| {
        hearing.telemetry().register(page);
        page.register_collector(Box::new(Edges(Arc::downgrade(&hearing))));
    });

    let engine = Arc::new(engine);
    // Weak: who ends the engine must be the last to hold it.
    let thinking = Arc::downgrade(&engine);
    let plans = Box::new(move || thinking.upgrade().map(|e| e.plans()).unwrap_or_default());
    let doors = super::sight::doors(options, listener.local_addr().ok(), &hearing);
    let over_tls = options.tls.as_ref().and_then(|tls| tls.sl651.as_ref());
    let port = options.sl651.as_ref().or(over_tls);
    let sl651_password = port.is_some_and(|port| port.password.is_some());
    let sight = Running {
        hearing: Arc::downgrade(&hearing),
        followed: followed.clone(),
        doors,
        sl651_password,
    };
    let stop = watch::Sender::new(false);
    let (registrar, asked) = Counter::open();
    let journal_writes = AtomicBool::new(true);
    let health = Arc::new(Health { journal_writes, ..Health::default() });
    let platform = Platform {
        access,
        live,
        seat,
        shelf: Shelf::new(data.to_owned()),
        registry: RwLock::new(Arc::new(registry)),
        clock,
        health,
        metrics,
        public_url: options.public_url.clone(),
        mqtt: hearing.mqtt_addr().map(|address| format!("mqtt://{address}")),
        tls: certificates.is_some(),
        console: options.console_dir.clone(),
        city_files: RwLock::new(Arc::new(city_files(&read, &options.city_dir))),
        stop: stop.subscribe(),
        plans,
        sight: Box::new(sight),
        letters: LetterDesk::default(),
        registrar,
    };
    let platform = Arc::new(platform);
    let parts = Parts {
        platform,
        journal,
        hearing,
        engine,
        followed,
        room,
        follower,
        history,
        history_stop,
        stop,
        durable_at_start,
        certificates,
        registry: Some((in_force, asked)),
    };
    super::archive::figures(&parts);
    super::certificates::figures(&parts);
    Ok((parts, listener))
}

/// What the desk still has of reports: one that comes again is known.
fn recall_reports(hearing: &HearingHandle, board: &Board) {
    let city = board.city.city();
    let admission = hearing.admission();
    let counts = board.picture.cases.reports();
    let counts = counts.filter_map(|c| Some((c.agency.clone()?, Report::Cases(c))));
    admission.recall_reports(counts);
    let wards =
        city.hospitals.iter().filter_map(|h| Some((h, board.picture.hospitals.get(&h.id)?)));
    let said = wards.flat_map(|(h, ward)| ward.reports().map(move |r| (h.agency.clone(), r)));
    admission.recall_reports(said.map(|(agency, r)| (agency, Report::Facility(r.clone()))));
}

fn heard(
    options: &ServeOptions,
    clock: &Arc<dyn Clock>,
    read: &ReadCity,
    registry: &Registry,
    access: &Arc<Access>,
    units: &Arc<Units>,
    tls: Option<HearingTls>,
) -> HearingConfig {
    let ticks = match options.clock {
        ClockKind::Wall | ClockKind::Scaled(_) => Ticks::Live(Arc::clone(clock)),
        ClockKind::Replay => Ticks::Replay(Arc::new(WallClock)),
    };
    let mqtt = match &options.mqtt {
        Mqtt::Listen(address) => HearingMqtt::Embedded(*address, Box::default()),
        Mqtt::Broker(bridge) => HearingMqtt::Bridge((**bridge).clone()),
    };
    HearingConfig {
        dir: options.data_dir.clone(),
        register: Arc::new(Register::of(&read.city, registry)),
        ticks,
        tick_every: options.clock.tick_every(),
        mqtt,
        sl651: options.sl651.clone(),
        cot: options.cot.clone(),
        archive: options.archive.clone(),
        credentials: Arc::clone(access) as _,
        tasks: Arc::clone(units) as _,
        tls,
        public_url: options.public_url.clone(),
    }
}

/// Completeness by every epoch of the registry that the hours shown reach back to.
fn hours_of(epochs: &[Epoch], city: &Gazetteer, registry: &Registry, base: Seq) -> Completeness {
    let cities = epochs.iter().filter_map(|epoch| Some((epoch, epoch.city().ok()?)));
    let mut hours: Option<Completeness> = None;
    for (epoch, city) in cities {
        let registry = Registry::continued(&epoch.datastreams);
        match &mut hours {
            Some(hours) => hours.configure(&city, &registry, epoch.holds_from),
            None => hours = Some(Completeness::new(&city, &registry, base)),
        }
    }
    hours.unwrap_or_else(|| Completeness::new(city.city(), registry, base))
}

/// Counts what the history has of the last hours once it has caught up, on a thread of its own.
fn count_hours(
    data: &Path,
    followed: &Arc<Followed>,
    now: UtcMs,
    stop: &Shutdown,
) -> Result<(), ServeError> {
    let (data, followed, stop) = (data.to_owned(), Arc::clone(followed), stop.clone());
    let count = move || {
        if let Err(error) = hours::count(&data, &followed.hours, now, &stop) {
            tracing::error!(%error, "the last hours could not be counted from the history");
        }
    };
    let thread = std::thread::Builder::new().name("feed-hours".into()).spawn(count);
    thread.map(drop).map_err(|e| ServeError::System("a thread that counts hours", e))
}

/// The outlines, and the GeoJSON files of `map/`.
pub(super) fn city_files(read: &ReadCity, folder: &Path) -> BTreeMap<String, CityFile> {
    let mut files: BTreeMap<String, CityFile> = BTreeMap::new();
    if let Some(zones) = read.files.get("zones.geojson") {
        let kind = media_type("zones.geojson").to_owned();
        files.insert("zones.geojson".into(), (kind, Bytes::from(zones.clone())));
    }
    let entries = std::fs::read_dir(folder.join("map")).into_iter().flatten().flatten();
    for entry in entries {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if !name.ends_with(".geojson") && !name.ends_with(".json") {
            continue;
        }
        match std::fs::read(entry.path()) {
            Ok(bytes) => {
                let kind = "application/geo+json".to_owned();
                files.insert(format!("map/{name}"), (kind, Bytes::from(bytes)));
            }
            Err(error) => tracing::warn!(name, %error, "a file of the base map is not readable"),
        }
    }
    files
}
