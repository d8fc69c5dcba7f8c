//! News: every newly admitted observation, told to whoever subscribed to it over MQTT
//! (`v1.1/Observations`, `v1.1/Datastreams(<id>)/Observations`), after it is durable.
//!
//! It follows the journal, as the history does, and only while somebody is subscribed: admission
//! does not know of it, and a slow reader holds up nobody. What finds a reader's queue full is left
//! out there and counted (`downlinks_left_out`); where the news fall behind by more than
//! [`BEHIND_MAX`] records they go on from the newest, and that is counted too.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::ids::{AgencyId, Seq};
use domain::observation::Observation;
use domain::record::Record;
use journal::{Journal, OpenError, Progress, Reader, Watermark};
use mqtt_edge::{Downlink, EdgeHandle, Filter, Who};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::entity::Named;
use super::resource::{ROOT, Resource, subscription};
use crate::admit::Admission;
use crate::register::Register;
use crate::seams::NOTE_KEYS;

/// Records that are read at a time.
const BATCH_RECORDS: usize = 4_096;
/// How many records the news may be behind before they go on from the newest.
pub const BEHIND_MAX: u64 = 200_000;
/// How long a journal that cannot be read is left alone.
const REST: Duration = Duration::from_secs(1);

/// From where on somebody wants to be told. Shared with who grants subscriptions: the record's end
/// of that moment is noted before the subscription is confirmed, so that nothing after it is missed.
#[derive(Debug)]
pub struct Desk {
    watermark: Watermark,
    reader: Mutex<Reader>,
    since: Mutex<Option<Seq>>,
    skipped: AtomicU64,
}

impl Desk {
    /// A desk over a journal.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn over(journal: &Journal) -> Result<Self, OpenError> {
        let (watermark, reader) = (journal.watermark(), Mutex::new(journal.reader()?));
        Ok(Self { watermark, reader, since: Mutex::default(), skipped: AtomicU64::new(0) })
    }

    /// Somebody subscribes.
    pub fn wanted(&self) {
        let durable = self.watermark.durable();
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get_or_insert(durable);
    }

    /// Records that were passed over because the news were too far behind.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    fn take(&self) -> Option<Seq> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// One reader's topic.
#[derive(Debug, Clone)]
struct Reading {
    topic: String,
    who: Who,
    select: Vec<String>,
}

/// Who reads what.
#[derive(Debug, Default)]
struct Readers {
    everything: Vec<Reading>,
    of: BTreeMap<(String, String), Vec<Reading>>,
}

impl Readers {
    fn of(subscribed: Vec<(Filter, Who)>) -> Self {
        let mut readers = Self::default();
        for (filter, who) in subscribed {
            let Some(wanted) = subscription(filter.as_str()) else { continue };
            let select = wanted.select.iter().map(|name| (*name).to_owned()).collect();
            let reading = Reading { topic: filter.as_str().to_owned(), who, select };
            match wanted.of {
                Resource::OfDatastream { station, property } => {
                    let name = (station.to_owned(), property.to_owned());
                    readers.of.entry(name).or_default().push(reading);
                }
                Resource::Observations | Resource::DataArrays => readers.everything.push(reading),
            }
        }
        readers
    }

    fn is_empty(&self) -> bool {
        self.everything.is_empty() && self.of.is_empty()
    }
}

/// What the news are told with.
pub struct News {
    edge: EdgeHandle,
    admission: Admission,
    desk: Arc<Desk>,
    /// What addresses begin with; empty for relative ones.
    base: String,
}

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("News").finish_non_exhaustive()
    }
}

/// The news, being told.
#[derive(Debug)]
pub struct Telling {
    task: JoinHandle<()>,
    desk: Arc<Desk>,
}

impl Telling {
    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// See [`Desk::skipped`].
    pub fn skipped(&self) -> u64 {
        self.desk.skipped()
    }
}

impl News {
    /// News by an endpoint, of the register that is in force.
    pub fn of(edge: EdgeHandle, admission: Admission, desk: Arc<Desk>) -> Self {
        Self { edge, admission, desk, base: String::new() }
    }

    /// Starts telling, until `stopped` turns true or the journal ends.
    pub fn start(self, public_url: Option<String>, stopped: watch::Receiver<bool>) -> Telling {
        let base = public_url.unwrap_or_default().trim_end_matches('/').to_owned();
        let desk = Arc::clone(&self.desk);
        Telling { task: tokio::spawn(Self { base, ..self }.run(stopped)), desk }
    }

    /// Tells until `stopped` turns true or the journal ends.
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut changes = self.edge.subscriptions_changed();
        let (mut readers, mut position) = (Readers::default(), None);
        let (mut key, mut stale) = (0u64, true);
        loop {
            if stale || changes.has_changed().unwrap_or(true) {
                changes.borrow_and_update();
                readers = Readers::of(self.edge.subscribed(&format!("{ROOT}/")));
                stale = false;
            }
            if readers.is_empty() {
                position = None;
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    _ = stopped.wait_for(|stop| *stop) => return,
                }
                stale = true;
                continue;
            }
            let durable = self.desk.watermark.durable();
            // What was noted while others were told already is behind us.
            let noted = self.desk.take();
            let at = self.within(position.or(noted).unwrap_or(durable), durable);
            let (seen, upto) = match self.read(at).await {
                Ok(read) => read,
                Err(why) => {
                    tracing::warn!(%why, "the news cannot read the journal");
                    tokio::select! {
                        () = tokio::time::sleep(REST) => {}
                        _ = stopped.wait_for(|stop| *stop) => return,
                    }
                    position = Some(at);
                    continue;
                }
            };
            position = Some(upto.unwrap_or(at));
            if upto.is_some() {
                // Whoever was granted a topic before these were durable is among the readers now.
                if changes.has_changed().unwrap_or(true) {
                    changes.borrow_and_update();
                    readers = Readers::of(self.edge.subscribed(&format!("{ROOT}/")));
                }
                let register = self.admission.register();
                for seen in &seen {
                    self.tell(&readers, &register, seen, &mut key);
                }
                // Others have their turn between two batches.
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                progress = self.desk.watermark.past(at) => {
                    if matches!(progress, Progress::Ended(_)) { return }
                }
                _ = changes.changed() => stale = true,
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Where to read on: the newest, where too much lies between.
    fn within(&self, at: Seq, durable: Seq) -> Seq {
        let behind = durable.0.saturating_sub(at.0);
        if behind <= BEHIND_MAX {
            return at;
        }
        tracing::warn!(behind, "the news go on from the newest");
        self.desk.skipped.fetch_add(behind, Ordering::Relaxed);
        durable
    }

    /// The observations of the next records, and up to which record they are.
    async fn read(&self, after: Seq) -> Result<(Vec<Observation>, Option<Seq>), String> {
        let desk = Arc::clone(&self.desk);
        let read = tokio::task::spawn_blocking(move || {
            let mut reader = desk.reader.lock().unwrap_or_else(PoisonError::into_inner);
            let stretch = reader.read_on(Seq(after.0 + 1), BATCH_RECORDS);
            let stretch = stretch.map_err(|error| error.to_string())?;
            let lost = stretch.damaged.last().map(|damage| damage.last);
            let upto = stretch.records.last().map(|r| r.seq).max(lost);
            let seen = stretch.records.iter().filter_map(|row| match &row.record {
                Record::Observation { observation, .. } => Some(*observation),
                _ => None,
            });
            Ok((seen.collect(), upto))
        });
        read.await.map_err(|error| error.to_string())?
    }

    fn tell(&self, readers: &Readers, register: &Register, seen: &Observation, key: &mut u64) {
        let Some((station, property)) = register.name(seen.datastream) else { return };
        let of = readers.of.get(&(station.to_owned(), property.to_owned()));
        let mut wanted = readers.everything.iter().chain(of.into_iter().flatten()).peekable();
        if wanted.peek().is_none() {
            return;
        }
        let Some(owner) = register.station(station).and_then(|s| s.owner_at(seen.t)) else {
            return;
        };
        let interval_ms = register.intervals().at(seen.datastream, seen.t);
        let named = Named { station, property, interval_ms, seen };
        let mut whole: Option<Bytes> = None;
        for reading in wanted.filter(|reading| is_of(&reading.who, owner)) {
            let body = match reading.select.as_slice() {
                [] => whole.get_or_insert_with(|| bytes_of(named.entity(&self.base))).clone(),
                select => bytes_of(selected(&named, &self.base, select)),
            };
            *key = key.wrapping_add(1) & (NOTE_KEYS / 2 - 1);
            let downlink = Downlink {
                topic: reading.topic.clone(),
                body,
                // Apart from the notes, which count from the beginning.
                key: NOTE_KEYS | (NOTE_KEYS / 2) | *key,
                retain: false,
                kept: false,
            };
            self.edge.publish_to(&reading.who, downlink);
        }
    }
}

fn is_of(who: &Who, owner: &AgencyId) -> bool {
    matches!(who, Who::Agency(agency) if agency == owner)
}

fn bytes_of(entity: Map<String, Value>) -> Bytes {
    Value::Object(entity).to_string().into()
}

fn selected(named: &Named<'_>, base: &str, select: &[String]) -> Map<String, Value> {
    let whole = named.entity(base);
    let key = |name: &String| match name.as_str() {
        "id" => "@iot.id".to_owned(),
        "Datastream" => "Datastream@iot.navigationLink".to_owned(),
        other => other.to_owned(),
    };
    let of = |name: &String| {
        let key = key(name);
        whole.get(&key).cloned().map(|value| (key, value))
    };
    select.iter().filter_map(of).collect()
}
