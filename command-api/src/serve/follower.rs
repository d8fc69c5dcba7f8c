//! The follower: reads the durable record beside the engine. Observations become readings, the rest
//! goes to the desk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::views::StationState;
use domain::city::{City, Registry};
use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::time::UtcMs;
use journal::history::HistoryReader;
use journal::{Progress, Reader, Watermark};

use crate::board::Board;
use crate::desk::Seat;
use crate::feed_health::completeness::Completeness;
use crate::gazetteer::Gazetteer;
use crate::live::Newest;
use crate::readings::Readings;

/// Records that are read at one time.
const PAGE: usize = 4_096;
/// How long it waits before it looks whether it should end.
const LOOK_UP: Duration = Duration::from_millis(200);

/// What the follower keeps for others.
#[derive(Debug)]
pub(super) struct Followed {
    /// The newest readings.
    pub(super) readings: Mutex<Readings>,
    /// When the newest frame was heard.
    pub(super) heard: Mutex<Option<UtcMs>>,
    /// The newest tick.
    pub(super) tick: Mutex<Option<UtcMs>>,
    /// Up to when each agency's data are complete, as the engine last told it.
    pub(super) complete: Mutex<BTreeMap<String, UtcMs>>,
    /// How much came of each of the last hours.
    pub(super) hours: Mutex<Completeness>,
}

impl Followed {
    /// Readings as the history has them.
    pub(super) fn from_history(
        mut readings: Readings,
        hours: Completeness,
        history: Option<&HistoryReader>,
    ) -> Self {
        for ix in readings.streams() {
            let newest = history.and_then(|h| h.newest(ix, 1).ok());
            for sample in newest.into_iter().flatten() {
                readings.hear(&sample.observation);
            }
        }
        Self {
            readings: Mutex::new(readings),
            heard: Mutex::default(),
            tick: Mutex::default(),
            complete: Mutex::default(),
            hours: Mutex::new(hours),
        }
    }
}

impl Followed {
    /// Takes the newest of these records' ticks.
    pub(super) fn tick(&self, records: &[Sequenced]) {
        let newest = records.iter().rev().find_map(|row| match row.record {
            Record::Tick { now } => Some(now),
            _ => None,
        });
        let mut tick = held(&self.tick);
        *tick = (*tick).max(newest);
    }
}

impl Newest for Followed {
    /// The board's lock is held: readings are locked after it, never before.
    fn changed(&self, board: &mut Board) -> Vec<StationState> {
        board.heard = *held(&self.heard);
        let restless = std::mem::take(&mut board.restless);
        let mut readings = held(&self.readings);
        restless.into_iter().for_each(|ix| readings.touch(ix));
        readings.changed(|ix| {
            let place = board.city.station_at(ix).map(|s| s.id.as_str());
            place.map_or_else(|| "nodata".to_owned(), |p| board.level_of(p).0)
        })
    }
}

/// Locks, whatever became of whoever held it.
pub(super) fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts it on a thread of its own, from the record after `from`. It ends with the journal.
pub(super) fn start(
    mut reader: Reader,
    watermark: Watermark,
    from: Seq,
    followed: Arc<Followed>,
    seat: Seat,
    mut shown: Shown,
) -> std::io::Result<std::thread::JoinHandle<Result<(), String>>> {
    std::thread::Builder::new().name("follower".into()).spawn(move || {
        let (mut done, mut ended) = (from, false);
        loop {
            let read = reader.read_on(Seq(done.0 + 1), PAGE).map_err(|e| e.to_string())?.records;
            let Some(last) = read.last() else {
                if ended {
                    return Ok(());
                }
                ended = matches!(watermark.wait_past(done, LOOK_UP), Progress::Ended(_));
                continue;
            };
            done = last.seq;
            for passed in hear(&followed, read, &mut shown) {
                let open = match passed {
                    Passed::Records(rest) => rest.is_empty() || seat.heard(rest),
                    Passed::City(city, seq) => seat.configured(city, seq),
                };
                if !open {
                    return Ok(());
                }
            }
        }
    })
}

/// The configuration that is shown, and where it stands in the record.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) city: Arc<Gazetteer>,
    pub(super) seq: Seq,
}

impl Shown {
    /// Takes a configuration of the record; nothing where it is shown already.
    fn follow(
        &mut self,
        seq: Seq,
        files: &[(String, Vec<u8>)],
        now: UtcMs,
    ) -> Option<Arc<Gazetteer>> {
        if seq <= self.seq {
            return None;
        }
        match City::read(&files.iter().cloned().collect()) {
            Ok(city) => {
                let city = Arc::new(Gazetteer::continued(city, &self.city, now));
                (self.city, self.seq) = (Arc::clone(&city), seq);
                Some(city)
            }
            // It was checked before it was written: another program's.
            Err(errors) => {
                tracing::error!(%seq, ?errors, "a configuration of the record cannot be read");
                None
            }
        }
    }
}

impl Shown {
    /// What is shown of the configuration that holds, where that is another from `now` on: a station
    /// moves, or is handed over.
    fn renew(&mut self, now: UtcMs) -> Option<Arc<Gazetteer>> {
        let city = Arc::new(self.city.renewed(now)?);
        self.city = Arc::clone(&city);
        Some(city)
    }
}

/// What the follower passes on to the desk.
enum Passed {
    Records(Vec<Sequenced>),
    City(Arc<Gazetteer>, Seq),
}

/// Takes observations as readings, and gives the rest.
fn hear(followed: &Followed, read: Vec<Sequenced>, shown: &mut Shown) -> Vec<Passed> {
    let (mut rest, mut heard, mut tick) = (Vec::new(), None, None);
    let mut passed = Vec::new();
    {
        let mut readings = held(&followed.readings);
        let mut hours = held(&followed.hours);
        for row in read {
            match &row.record {
                Record::Observation { received, channel, observation } => {
                    readings.came(*received, observation);
                    hours.hear(row.seq, *channel, observation);
                    heard = heard.max(Some(*received));
                }
                Record::Tick { now } => {
                    tick = tick.max(Some(*now));
                    if let Some(city) = shown.renew(*now) {
                        passed.push(Passed::Records(std::mem::take(&mut rest)));
                        passed.push(Passed::City(city, shown.seq));
                    }
                    // Of ticks with nothing between them the desk needs the last.
                    if rest.last().is_some_and(|r: &Sequenced| is_tick(&r.record)) {
                        rest.pop();
                    }
                    rest.push(row);
                }
                Record::Report { received, .. } => {
                    heard = heard.max(Some(*received));
                    rest.push(row);
                }
                Record::Desk(_) | Record::Registry(_) => rest.push(row),
                Record::Configuration { holds_from, files, datastreams, .. } => {
                    let now = tick.or(*held(&followed.tick)).unwrap_or(*holds_from);
                    let Some(city) = shown.follow(row.seq, files, now) else { continue };
                    let registry = Registry::continued(datastreams);
                    readings.configure(&city, &registry);
                    hours.configure(city.city(), &registry, *holds_from);
                    passed.push(Passed::Records(std::mem::take(&mut rest)));
                    passed.push(Passed::City(city, row.seq));
                }
                Record::Refused(_) | Record::Letter(_) | Record::Exchange(_) => {}
            }
        }
    }
    let mut newest = held(&followed.heard);
    *newest = (*newest).max(heard);
    drop(newest);
    let mut newest = held(&followed.tick);
    *newest = (*newest).max(tick);
    drop(newest);
    passed.push(Passed::Records(rest));
    passed
}

fn is_tick(record: &Record) -> bool {
    matches!(record, Record::Tick { .. })
}
