//! The city goes into the record: what the engine knows of it, it knows from there.

use std::path::Path;

use domain::city::{City, CityFiles, Registry};
use domain::ids::Seq;
use domain::record::Record;
use domain::registry::{RegistryAct, RegistryWay};
use domain::time::{EARLIEST, UtcMs};
use journal::Journal;

use super::options::ServeError;
use crate::city_folder::ReadCity;
use crate::configurations::{self, Epoch, pointer};
use crate::registry::differences::differences;

/// Whoever changed the folder while nothing was served.
const NOBODY: &str = "platform";

/// The configuration that holds.
#[derive(Debug)]
pub(super) struct InForce {
    /// Where it stands in the record.
    pub(super) seq: Seq,
    /// Its files.
    pub(super) files: CityFiles,
    /// Which number is which datastream.
    pub(super) registry: Registry,
}

/// The records that put a city in force in place of another: the files, and what changes with them, by
/// whom. They are one append.
pub(super) fn change(
    before: &InForce,
    city: &ReadCity,
    at: UtcMs,
    (by, way): (&str, RegistryWay),
) -> (Registry, [Record; 2]) {
    let mut registry = before.registry.clone();
    for row in &city.city.datastreams {
        registry.number(row.station.as_str(), &row.property);
    }
    let told = match City::read(&before.files) {
        Ok(old) => differences(Some((&old, &before.files)), (&city.city, &city.files)),
        // Files of an older program may hold what is refused now.
        Err(_) => differences(None, (&city.city, &city.files)),
    };
    let act = RegistryAct {
        at,
        by: by.to_owned(),
        way,
        before: before.seq,
        hash: city.hash.clone(),
        changes: Vec::new(),
        total: 0,
    };
    let act = act.saying(told.iter().map(ToString::to_string));
    let records = [configuration(city, at, &registry), Record::Registry(act)];
    (registry, records)
}

fn configuration(city: &ReadCity, holds_from: UtcMs, registry: &Registry) -> Record {
    Record::Configuration {
        holds_from,
        hash: city.hash.clone(),
        files: city.files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect(),
        datastreams: registry.rows().to_vec(),
    }
}

/// Remembers where the configuration in force stands. A place that is out of date only makes the
/// record be walked.
pub(super) fn remember(data: &Path, seq: Seq) {
    if let Err(error) = std::fs::write(pointer(data), seq.to_string()) {
        tracing::warn!(%error, "the place of the configuration is not remembered");
    }
}

/// Writes the city into the journal where it is new or has changed, and gives what is in force, with
/// the configurations of the record that held at or after `since`, oldest first. A first one holds from
/// the earliest instant, so that recorded data of any time is judged; a changed one from `now`.
///
/// # Errors
/// The journal's.
pub(super) async fn journal(
    city: &ReadCity,
    data: &Path,
    journal: &Journal,
    now: impl Fn() -> UtcMs,
    since: impl Fn(UtcMs) -> UtcMs,
) -> Result<(InForce, Vec<Epoch>), ServeError> {
    let mut reader = journal.reader()?;
    let unread = |error: anyhow::Error| ServeError::Unread(format!("{error:#}"));
    let earlier = configurations::last(data, &mut reader).map_err(unread)?;
    let (files, hash) = (city.files.clone(), &city.hash);
    let (seq, registry) = match earlier {
        Some(epoch) if epoch.hash == *hash => (epoch.seq, city.city.registry(&epoch.datastreams)),
        Some(epoch) => {
            let registry = Registry::continued(&epoch.datastreams);
            let before = InForce { seq: epoch.seq, files: epoch.files, registry };
            let by = (NOBODY, RegistryWay::Start);
            let (registry, records) = change(&before, city, now(), by);
            (journal.appender().append(&records).await?.first, registry)
        }
        None => {
            let registry = city.city.registry(&[]);
            let record = configuration(city, EARLIEST, &registry);
            (journal.appender().append_one(&record).await?.first, registry)
        }
    };
    tracing::info!(%seq, %hash, "the city's configuration in force");
    remember(data, seq);
    let mut reader = journal.reader()?;
    let in_force = configurations::last(data, &mut reader).map_err(unread)?;
    let epochs = in_force.map(|epoch| configurations::since(&mut reader, epoch, since(now())));
    Ok((InForce { seq, files, registry }, epochs.unwrap_or_default()))
}
