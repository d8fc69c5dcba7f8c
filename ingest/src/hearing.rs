//! Hearing as a whole: started once by the server, over its journal. Feeds in, ticks, and the
//! archive's follower; one handle to reach and end them.

mod config;
mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
pub use config::{HearingConfig, HearingTls, Mqtt, StartError};
use domain::ids::{AgencyId, UnitId};
use domain::refusal::Channel;
use journal::Journal;
pub use mqtt_edge::{CloseReason, EdgeStats};
use mqtt_edge::{EdgeHandle, Listening as MqttListening, Who};
use ports::Opener;
use tls::{Certificates, Clients, Door as TlsDoor};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admit::{Admission, Ticks};
use crate::archive::{Archive, ArchiveState};
use crate::bridge::{Bridge, BridgeState};
use crate::cap::poll;
use crate::gate::Gate;
use crate::http::keys::Keys;
use crate::http::routes::router;
use crate::http::session::Door;
use crate::letters::Letters;
use crate::memory::Memory;
use crate::mqtt::directory::{CityDirectory, TaskOutbox};
use crate::mqtt::session::{EdgeAdmit, Intake, Teller};
use crate::past::{HistoryPast, recall_tail};
use crate::port::Port;
use crate::register::Register;
use crate::seams::TaskDown;
use crate::sensorthings::news::{Desk, News, Telling};
use crate::telemetry::{FeedState, Telemetry};
use crate::ticker;

/// Starts hearing.
#[derive(Debug, Clone, Copy)]
pub struct Hearing;

/// Hearing, running. Dropping it leaves it running; [`HearingHandle::drain`] ends it.
pub struct HearingHandle {
    admission: Admission,
    router: Router,
    edge: Option<EdgeHandle>,
    news: Option<Telling>,
    bridge: Option<Bridge>,
    sl651: Option<Port>,
    sl651_tls: Option<Port>,
    cot: Option<Port>,
    cot_tls: Option<Port>,
    archive: Option<Archive>,
    teller: Arc<Teller>,
    letters: Letters,
    stop: watch::Sender<bool>,
    ticker: JoinHandle<()>,
    cap_feeds: poll::States,
    poller: JoinHandle<()>,
}

impl std::fmt::Debug for HearingHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HearingHandle").field("mqtt", &self.mqtt_addr()).finish_non_exhaustive()
    }
}

impl Hearing {
    /// Opens admission over a journal: its memory is that of the journal's history and end.
    ///
    /// # Errors
    /// [`StartError::Open`] and [`StartError::Read`].
    pub fn admission(
        journal: &Journal,
        register: Arc<Register>,
        ticks: Ticks,
        telemetry: Arc<Telemetry>,
    ) -> Result<Admission, StartError> {
        let mut past = HistoryPast::in_dir(journal.dir());
        let position = past.position();
        let memory = Memory::over(Box::new(past));
        let admission =
            Admission::new(journal.appender(), register, memory, ticks, None, telemetry);
        let records = recall_tail(&admission, &mut journal.reader()?, position)?;
        tracing::info!(records, "the journal's end is remembered");
        Ok(admission)
    }

    /// Starts feeds, ticks and archive over an open journal, whose history is open (made) already.
    /// Must be called within a tokio runtime of several threads.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then but what ends by itself.
    pub async fn start(
        config: HearingConfig,
        journal: &Journal,
    ) -> Result<HearingHandle, StartError> {
        let telemetry = Arc::new(Telemetry::default());
        let admission = Self::admission(journal, config.register, config.ticks, telemetry.clone())?;
        admission.tick().await.map_err(StartError::Tick)?;
        let (stop, stopped) = watch::channel(false);
        let keys = Keys::open(&config.dir)?;
        let (credentials, tasks) = (config.credentials, config.tasks);
        let door = Door::new(admission.clone(), credentials.clone(), tasks.clone(), keys)
            .reached_by(config.public_url.clone());
        let (tasks_of_letters, tasks_of_cot) = (tasks.clone(), tasks.clone());
        let shown = credentials.clone();
        let teller = Arc::new(Teller::default());
        let (mut edge, mut bridge, mut news) = (None, None, None);
        match config.mqtt {
            Mqtt::Off => {}
            Mqtt::Embedded(address, edge_config) => {
                let mut listeners = vec![MqttListening::from(listen(address).await?)];
                if let Some((certificates, address)) = mqtt_tls(config.tls.as_ref()) {
                    let door = TlsDoor::Tls(certificates.acceptor(Clients::May));
                    listeners.push(MqttListening { listener: listen(address).await?, door });
                }
                let intake = Intake::new(admission.clone(), tasks.clone(), Channel::Mqtt);
                let desk = Arc::new(Desk::over(journal)?);
                let directory = CityDirectory::new(credentials, admission.clone());
                let directory = directory.with_news(Arc::clone(&desk));
                let handle = mqtt_edge::serve(
                    listeners,
                    *edge_config,
                    Arc::new(EdgeAdmit::new(intake, teller.clone())),
                    Arc::new(directory),
                    Arc::new(TaskOutbox::new(tasks)),
                    ended(stopped.clone()),
                );
                teller.connect(handle.clone());
                let telling = News::of(handle.clone(), admission.clone(), desk);
                news = Some(telling.start(config.public_url, stopped.clone()));
                edge = Some(handle);
            }
            Mqtt::Bridge(bridge_config) => {
                let intake = Intake::new(admission.clone(), tasks.clone(), Channel::MqttBridge);
                bridge = Some(Bridge::start(bridge_config, intake, tasks, stopped.clone())?);
            }
        }
        let gate = config.tls.as_ref().map(|tls| {
            let acceptor = tls.certificates.acceptor(Clients::Must);
            Gate::new(acceptor, shown, admission.clone())
        });
        let opener = Opener { admission: admission.clone(), gate, stop: stopped.clone() };
        let cot_over_tls = config.tls.as_ref().and_then(|tls| tls.cot);
        let (cot, cot_tls) = opener.cot(config.cot, cot_over_tls, tasks_of_cot).await?;
        let over_tls = config.tls.as_ref().and_then(|tls| tls.sl651.clone());
        let stations = opener.stations(config.sl651, over_tls, &config.dir).await?;
        let letters = Letters::new(admission.clone(), tasks_of_letters);
        let letters = letters.with_stations(stations.intake);
        let (sl651, sl651_tls) = (stations.plain, stations.over_tls);
        let archive = match config.archive {
            Some(archive) => {
                let register = admission.register();
                Some(Archive::start(archive, &config.dir, journal, register, stopped.clone())?)
            }
            None => None,
        };
        let cap_feeds = poll::States::default();
        let polling = poll::run(admission.clone(), cap_feeds.clone(), stopped.clone());
        let poller = tokio::spawn(polling);
        let ticker = tokio::spawn(ticker::run(admission.clone(), config.tick_every, stopped));
        let router = router(Arc::new(door));
        Ok(HearingHandle {
            admission,
            router,
            edge,
            news,
            bridge,
            sl651,
            sl651_tls,
            cot,
            cot_tls,
            archive,
            teller,
            letters,
            stop,
            ticker,
            cap_feeds,
            poller,
        })
    }
}

fn mqtt_tls(tls: Option<&HearingTls>) -> Option<(&Arc<Certificates>, SocketAddr)> {
    tls.and_then(|tls| Some((&tls.certificates, tls.mqtt?)))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let listening = TcpListener::bind(address).await;
    listening.map_err(|source| StartError::Listen { address, source })
}

/// Resolves when `stopped` turns true, or nobody is left to turn it.
async fn ended(mut stopped: watch::Receiver<bool>) {
    // An error means that the handle is gone without a drain: the feed goes on.
    if stopped.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl HearingHandle {
    /// The HTTP resources to mount: `POST /v1/observations`, `/v1/reports/hospital`,
    /// `/v1/reports/units`, `/v1/warnings`. They check their bearer tokens themselves.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Where the embedded endpoint listens.
    pub fn mqtt_addr(&self) -> Option<SocketAddr> {
        self.edge.as_ref().and_then(EdgeHandle::local_addr)
    }

    /// Where units are heard by Cursor-on-Target.
    pub fn cot_addr(&self) -> Option<SocketAddr> {
        self.cot.as_ref().map(Port::address)
    }

    /// Where units are heard by Cursor-on-Target over TLS.
    pub fn cot_tls_addr(&self) -> Option<SocketAddr> {
        self.cot_tls.as_ref().map(Port::address)
    }

    /// Where SL 651 telemetry is taken over TLS.
    pub fn sl651_tls_addr(&self) -> Option<SocketAddr> {
        self.sl651_tls.as_ref().map(Port::address)
    }

    /// Where SL 651 telemetry is taken.
    pub fn sl651_addr(&self) -> Option<SocketAddr> {
        self.sl651.as_ref().map(Port::address)
    }

    /// Where the embedded endpoint listens with TLS.
    pub fn mqtt_tls_addr(&self) -> Option<SocketAddr> {
        self.edge.as_ref().and_then(EdgeHandle::local_tls_addr)
    }

    /// Admission, for what comes in otherwise (a file's import).
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// What was refused, sent again.
    pub fn letters(&self) -> Letters {
        self.letters.clone()
    }

    /// The feeds of warnings that are looked at, by address.
    pub fn cap_feeds(&self) -> BTreeMap<String, poll::FeedState> {
        self.cap_feeds.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The counters.
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        self.admission.telemetry()
    }

    /// Every feed heard since the start: `(agency, channel)`, state.
    pub fn feeds(&self) -> Vec<((AgencyId, &'static str), FeedState)> {
        self.telemetry().feeds()
    }

    /// Puts a new configuration in force for admission and archive.
    pub fn configure(&self, register: Arc<Register>) {
        if let Some(archive) = &self.archive {
            archive.configure(register.clone());
        }
        self.admission.configure(register);
    }

    /// Sends a task down at once to a unit that is there. The desk keeps it until
    /// [`Tasks::delivered`]: a unit that is not there gets it when it comes back.
    pub fn send_task(&self, unit: &UnitId, task: &TaskDown) -> bool {
        match &self.bridge {
            Some(bridge) => bridge.send_task(unit, task),
            None => self.teller.task(unit, task),
        }
    }

    /// Tells an agency what became of its report, on `fh/v1/<agency>/feedback`, where it listens: the
    /// same can be asked for.
    pub fn feed_back(&self, agency: &AgencyId, body: bytes::Bytes) {
        let word = crate::mqtt::notes::FEEDBACK;
        let agency = agency.clone();
        self.teller.tell(&crate::mqtt::notes::Note { agency, unit: None, word, body });
    }

    /// Tells the sender of something that was refused after its admission (a unit's report that the
    /// desk cannot follow), where it listens.
    pub fn tell_refused(&self, refusal: &domain::refusal::Refusal) {
        let why = crate::judge::Why::new(refusal.reason, refusal.detail.clone());
        let outcomes = [crate::admit::Outcome::Refused(why)];
        let (agency, source) = (&refusal.agency, &refusal.source);
        let note = crate::mqtt::notes::note(agency, source, refusal.received, &outcomes);
        if let Some(note) = note {
            self.teller.tell(&note);
        }
    }

    /// Closes every MQTT connection that came in by a credential which `holds` says no to, and says
    /// how many.
    pub fn show_out(&self, holds: impl Fn(&str) -> bool) -> usize {
        self.edge.as_ref().map_or(0, |edge| edge.show_out(holds))
    }

    /// Everybody who is connected to the embedded endpoint; `None` where there is none.
    pub fn connected(&self) -> Option<BTreeSet<Who>> {
        self.edge.as_ref().map(EdgeHandle::connected)
    }

    /// The embedded endpoint's counters.
    pub fn edge_stats(&self) -> Option<EdgeStats> {
        self.edge.as_ref().map(EdgeHandle::stats)
    }

    /// Records that the news of observations passed over because they were too far behind.
    pub fn news_skipped(&self) -> u64 {
        self.news.as_ref().map_or(0, Telling::skipped)
    }

    /// The bridge's state.
    pub fn bridge_state(&self) -> Option<BridgeState> {
        self.bridge.as_ref().map(Bridge::state)
    }

    /// The archive's state.
    pub fn archive_state(&self) -> Option<ArchiveState> {
        self.archive.as_ref().map(Archive::state)
    }

    /// A part that has ended though nobody told it to.
    pub fn died(&self) -> Option<&'static str> {
        let parts = [
            ("the ticker", self.ticker.is_finished()),
            ("the news", self.news.as_ref().is_some_and(Telling::is_finished)),
            ("the look at feeds of warnings", self.poller.is_finished()),
            ("the MQTT endpoint", self.edge.as_ref().is_some_and(EdgeHandle::is_finished)),
            ("the bridge to the broker", self.bridge.as_ref().is_some_and(Bridge::is_finished)),
            ("the SL 651 port", self.sl651.as_ref().is_some_and(Port::is_finished)),
            ("the SL 651 port", self.sl651_tls.as_ref().is_some_and(Port::is_finished)),
            ("the CoT port", self.cot_tls.as_ref().is_some_and(Port::is_finished)),
            ("the CoT port", self.cot.as_ref().is_some_and(Port::is_finished)),
            ("the archive's follower", self.archive.as_ref().is_some_and(Archive::is_finished)),
        ];
        parts.into_iter().find(|(_, ended)| *ended).map(|(name, _)| name)
    }

    /// Takes nothing more in, finishes the acknowledgements under way, and ends everything that
    /// was started. The journal is the caller's to close afterwards.
    pub async fn drain(self) {
        self.stop.send_replace(true);
        if let Some(edge) = &self.edge {
            edge.drain().await;
        }
        if let Some(bridge) = self.bridge {
            bridge.ended().await;
        }
        for port in [self.sl651, self.sl651_tls].into_iter().flatten() {
            port.ended().await;
        }
        for port in [self.cot, self.cot_tls].into_iter().flatten() {
            port.ended().await;
        }
        if let Some(archive) = self.archive {
            archive.ended().await;
        }
        if self.poller.await.is_err() {
            tracing::error!("the look at feeds of warnings broke off");
        }
        if self.ticker.await.is_err() {
            tracing::error!("the ticker broke off");
        }
    }
}
