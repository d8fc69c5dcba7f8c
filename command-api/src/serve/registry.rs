//! A change of the registry is put in force while the platform runs: the files are checked whole,
//! written into the city's folder, journaled with who changes what, and only then taken up. Admission
//! takes them up here; the engine and the follower (readings, completeness, board) where they come to
//! them in the record, and whoever asked is answered when both have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::Result;
use contract::views::RegistryChanged;
use domain::city::{City, CityError, CityFiles, hash, is_city_file};
use domain::ids::Seq;
use domain::registry::RegistryWay;
use ingest::hearing::HearingHandle;
use ingest::register::Register;
use journal::Journal;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::configuration::{InForce, change, remember};
use super::start::city_files;
use crate::city_folder::{self, FolderError, ReadCity};
use crate::platform::Platform;
use crate::registry::change::{Asked, NotChanged, Spool};
use crate::registry::differences::differences;
use crate::registry::export::put;

/// How often the folder `registry/` is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long whoever asked waits for engine and follower; the change holds all the same.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(20);
/// How often they are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What is read once, at a start.
const FROM_NEXT_START: &str = "ports, the passwords and agency of SL 651 and Cursor-on-Target \
    ports, and the base map in map/ hold from the next start on";

/// Whoever does it.
pub(super) struct Desk {
    pub(super) platform: Arc<Platform>,
    pub(super) hearing: Arc<HearingHandle>,
    pub(super) journal: Arc<Journal>,
    pub(super) data: PathBuf,
    pub(super) city: PathBuf,
    pub(super) in_force: InForce,
    pub(super) asked: mpsc::Receiver<Asked>,
}

/// Takes one change after the other.
pub(super) async fn run(mut desk: Desk) {
    let spool = Spool::of(&desk.data);
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            Some(asked) = desk.asked.recv() => {
                let Asked { by, way, files, dry_run, answer } = asked;
                let done = desk.change((&by, way), files, dry_run).await;
                // Whoever asked may have gone; it holds all the same.
                let _ = answer.send(done);
            }
            _ = ticks.tick() => {
                if let Err(error) = desk.round(&spool).await {
                    tracing::error!(%error, "the registry's folder: tried again");
                }
            }
        }
    }
}

impl Desk {
    async fn round(&mut self, spool: &Spool) -> Result<()> {
        for (id, request) in spool.asked()? {
            spool.take(&id)?;
            let done = self.change((&request.by, request.way), None, false).await;
            spool.answer(&id, &done)?;
        }
        Ok(())
    }

    async fn change(
        &mut self,
        by: (&str, RegistryWay),
        files: Option<BTreeMap<String, Option<Vec<u8>>>>,
        dry_run: bool,
    ) -> Result<RegistryChanged, NotChanged> {
        let done = self.tried(by, files, dry_run).await;
        match &done {
            Ok(done) if done.seq.is_some() => {
                tracing::info!(
                    by = by.0,
                    way = by.1.wire(),
                    changes = done.total,
                    "the registry has changed"
                );
            }
            Ok(_) => {}
            Err(why) => tracing::warn!(by = by.0, way = by.1.wire(), %why, "the registry stays"),
        }
        done
    }

    async fn tried(
        &mut self,
        by: (&str, RegistryWay),
        files: Option<BTreeMap<String, Option<Vec<u8>>>>,
        dry_run: bool,
    ) -> Result<RegistryChanged, NotChanged> {
        let (folder, ours) = (self.city.clone(), files.is_some());
        let read = tokio::task::spawn_blocking(move || city_folder::read(&folder)).await;
        let read = read.map_err(|error| NotChanged::Folder(error.to_string()))?;
        let then = match files {
            None => read.map_err(refused)?,
            Some(over) => {
                let edited = !read.is_ok_and(|read| read.files == self.in_force.files);
                if edited {
                    return Err(NotChanged::FolderEdited);
                }
                overlaid(&self.in_force.files, over)?
            }
        };
        let now = City::read(&self.in_force.files).ok();
        let now = now.as_ref();
        if now.is_some_and(|now| now.about.levels != then.city.about.levels) {
            let reason = "levels can be changed by a start alone: alerts stand by them".to_owned();
            let file = "city.toml".to_owned();
            let error = CityError { file, line: None, column: None, reason };
            return Err(NotChanged::Files(vec![error.to_string()]));
        }
        let told =
            differences(now.map(|city| (city, &self.in_force.files)), (&then.city, &then.files));
        let mut answer = RegistryChanged {
            seq: None,
            holds_from_ms: None,
            total: u32::try_from(told.len()).unwrap_or(u32::MAX),
            changes: told.iter().map(ToString::to_string).collect(),
            in_force: false,
            from_next_start: FROM_NEXT_START.to_owned(),
        };
        if dry_run || then.files == self.in_force.files {
            answer.in_force = !dry_run;
            return Ok(answer);
        }
        let before = self.in_force.files.clone();
        // A folder that was read again is as it is.
        if ours {
            self.write(&before, &then.files)?;
        }
        let at = self.platform.now();
        let (registry, records) = change(&self.in_force, &then, at, by);
        let placed = match self.journal.appender().append(&records).await {
            Ok(placed) => placed,
            Err(error) => {
                if ours {
                    self.write(&then.files, &before)?;
                }
                return Err(NotChanged::NotDurable(error.to_string()));
            }
        };
        remember(&self.data, placed.first);
        // Numbers are in the record before anything is admitted by them.
        self.hearing.configure(Arc::new(Register::of(&then.city, &registry)));
        let shown = Arc::new(registry.clone());
        *self.platform.registry.write().unwrap_or_else(PoisonError::into_inner) = shown;
        let files = Arc::new(city_files(&then, &self.city));
        *self.platform.city_files.write().unwrap_or_else(PoisonError::into_inner) = files;
        self.in_force = InForce { seq: placed.first, files: then.files, registry };
        answer.in_force = self.taken_up(placed.last()).await;
        (answer.seq, answer.holds_from_ms) = (Some(placed.first.0), Some(at.0));
        Ok(answer)
    }

    /// Waits until the engine and the follower have come past a place of the record.
    async fn taken_up(&self, seq: Seq) -> bool {
        let both = async {
            while self.platform.metrics.understood_upto() < seq.0
                || self.platform.live.board().configured < self.in_force.seq
            {
                sleep(LOOK_AGAIN).await;
            }
        };
        timeout(TAKEN_UP_WITHIN, both).await.is_ok()
    }

    /// Makes the city's folder hold `then` where it held `now`.
    fn write(&self, now: &CityFiles, then: &CityFiles) -> Result<(), NotChanged> {
        let wrong = |error: anyhow::Error| NotChanged::Folder(format!("{error:#}"));
        for (path, bytes) in then {
            let path = self.city.join(path);
            if std::fs::read(&path).ok().as_ref() != Some(bytes) {
                put(&path, bytes).map_err(wrong)?;
            }
        }
        for path in now.keys().filter(|path| !then.contains_key(*path)) {
            let path = self.city.join(path);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let shown = path.display();
                    return Err(NotChanged::Folder(format!(
                        "{shown} could not be removed: {error}"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn refused(error: FolderError) -> NotChanged {
    match error {
        FolderError::City(errors) => {
            NotChanged::Files(errors.iter().map(ToString::to_string).collect())
        }
        FolderError::Read(..) => NotChanged::Folder(error.to_string()),
    }
}

/// The files in force with others in their place, checked.
fn overlaid(
    in_force: &CityFiles,
    over: BTreeMap<String, Option<Vec<u8>>>,
) -> Result<ReadCity, NotChanged> {
    let foreign: BTreeSet<&String> = over.keys().filter(|path| !is_city_file(path)).collect();
    if !foreign.is_empty() {
        let said = foreign.iter().map(|path| format!("{path}: no file of a city is called so"));
        return Err(NotChanged::Files(said.collect()));
    }
    let mut files = in_force.clone();
    for (path, bytes) in over {
        match bytes {
            Some(bytes) => drop(files.insert(path, bytes)),
            None => drop(files.remove(&path)),
        }
    }
    let city = City::read(&files).map_err(|errors| refused(FolderError::City(errors)))?;
    Ok(ReadCity { hash: hash(&files), city, files })
}
