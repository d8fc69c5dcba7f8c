//! Idempotency keys, remembered for 72 h and across restarts: the same key with the same body gets
//! the same answer, with another body a conflict. Answers are durable before they leave.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::AgencyId;
use domain::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

/// How long a key is remembered: 72 h.
pub const KEY_KEPT_MS: i64 = 72 * 3_600_000;
/// The longest key, bytes.
pub const KEY_MAX_BYTES: usize = 255;
/// Questions and answers waiting for the store's thread.
const QUEUE: usize = 1_024;
/// The most that go into one transaction.
const BATCH: usize = 256;
/// The store's file within the data directory.
pub const KEYS_FILE: &str = "idempotency.sqlite";

/// A body's SHA-256.
pub type BodyHash = [u8; 32];

/// Why keys cannot be kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeysError {
    /// SQLite refuses.
    #[error("the idempotency keys cannot be kept: {0}")]
    Store(String),
    /// The store's thread has ended.
    #[error("the idempotency keys' store has ended")]
    Ended,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: the request is to be done.
    New,
    /// It was done; this is its answer.
    Done(Vec<u8>),
    /// It came with another body.
    Conflict,
}

enum Job {
    Ask {
        agency: String,
        key: String,
        hash: BodyHash,
        since: i64,
        to: oneshot::Sender<Result<Known, KeysError>>,
    },
    Keep {
        agency: String,
        key: String,
        hash: BodyHash,
        at: i64,
        answer: Vec<u8>,
        to: oneshot::Sender<Result<(), KeysError>>,
    },
}

type UnderWay = BTreeMap<(String, String), Arc<tokio::sync::Mutex<()>>>;

/// The keys. Clones are handles.
#[derive(Clone)]
pub struct Keys {
    jobs: mpsc::Sender<Job>,
    under_way: Arc<Mutex<UnderWay>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// One request at a time for a key; the next waits and then finds the answer.
pub struct Turn {
    name: (String, String),
    under_way: Arc<Mutex<UnderWay>>,
    held: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Ours and the map's: nobody else waits.
        if under_way.get(&self.name).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            under_way.remove(&self.name);
        }
    }
}

impl Keys {
    /// Opens the keys in a data directory, and starts their thread.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(dir: &Path) -> Result<Self, KeysError> {
        let store = |error: rusqlite::Error| KeysError::Store(error.to_string());
        let connection = Connection::open(dir.join(KEYS_FILE)).map_err(store)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(store)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
                 CREATE TABLE IF NOT EXISTS key(
                   agency TEXT NOT NULL, key TEXT NOT NULL, hash BLOB NOT NULL,
                   at INTEGER NOT NULL, answer BLOB NOT NULL,
                   PRIMARY KEY(agency, key)) STRICT, WITHOUT ROWID;
                 CREATE INDEX IF NOT EXISTS key_at ON key(at);",
            )
            .map_err(store)?;
        let (jobs, waiting) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("idempotency-keys".into())
            .spawn(move || run(connection, waiting))
            .map_err(|error| KeysError::Store(error.to_string()))?;
        Ok(Self { jobs, under_way: Arc::default() })
    }

    /// Waits for this key's turn.
    pub async fn turn(&self, agency: &AgencyId, key: &str) -> Turn {
        let name = (agency.to_string(), key.to_owned());
        let turn = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            under_way.entry(name.clone()).or_default().clone()
        };
        let held = Some(turn.lock_owned().await);
        Turn { name, under_way: self.under_way.clone(), held }
    }

    /// What is known of a key at `now`.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn ask(
        &self,
        agency: &AgencyId,
        key: &str,
        hash: BodyHash,
        now: UtcMs,
    ) -> Result<Known, KeysError> {
        let (to, answer) = oneshot::channel();
        let since = now.0 - KEY_KEPT_MS;
        let (agency, key) = (agency.to_string(), key.to_owned());
        let job = Job::Ask { agency, key, hash, since, to };
        self.jobs.send(job).await.map_err(|_| KeysError::Ended)?;
        answer.await.map_err(|_| KeysError::Ended)?
    }

    /// Keeps an answer; it is durable when this returns.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn keep(
        &self,
        agency: &AgencyId,
        key: &str,
        hash: BodyHash,
        now: UtcMs,
        answer: Vec<u8>,
    ) -> Result<(), KeysError> {
        let (to, kept) = oneshot::channel();
        let (agency, key) = (agency.to_string(), key.to_owned());
        let job = Job::Keep { agency, key, hash, at: now.0, answer, to };
        self.jobs.send(job).await.map_err(|_| KeysError::Ended)?;
        kept.await.map_err(|_| KeysError::Ended)?
    }
}

/// The store's thread: many at a time, one transaction.
fn run(mut connection: Connection, mut waiting: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
        let mut kept = Vec::new();
        let outcome = take(&mut connection, &mut batch, &mut kept);
        for to in kept {
            // A sender that is gone does not need its answer.
            let _ = to.send(outcome.clone());
        }
        batch.clear();
    }
}

fn take(
    connection: &mut Connection,
    batch: &mut Vec<Job>,
    kept: &mut Vec<oneshot::Sender<Result<(), KeysError>>>,
) -> Result<(), KeysError> {
    let store = |error: rusqlite::Error| KeysError::Store(error.to_string());
    let transaction = connection.transaction().map_err(store);
    let transaction = match transaction {
        Ok(transaction) => transaction,
        Err(error) => {
            for job in batch.drain(..) {
                match job {
                    Job::Ask { to, .. } => drop(to.send(Err(error.clone()))),
                    Job::Keep { to, .. } => kept.push(to),
                }
            }
            return Err(error);
        }
    };
    let mut newest = None;
    let mut outcome = Ok(());
    for job in batch.drain(..) {
        match job {
            Job::Ask { agency, key, hash, since, to } => {
                let _ = to.send(find(&transaction, &agency, &key, hash, since).map_err(store));
            }
            Job::Keep { agency, key, hash, at, answer, to } => {
                newest = newest.max(Some(at));
                kept.push(to);
                let put = transaction.execute(
                    "INSERT OR REPLACE INTO key(agency, key, hash, at, answer) VALUES(?1,?2,?3,?4,?5)",
                    params![agency, key, hash, at, answer],
                );
                if let Err(error) = put {
                    outcome = Err(store(error));
                }
            }
        }
    }
    if let Some(now) = newest {
        let old = transaction.execute("DELETE FROM key WHERE at < ?1", [now - KEY_KEPT_MS]);
        old.map_err(store)?;
    }
    transaction.commit().map_err(store)?;
    outcome
}

fn find(
    connection: &Connection,
    agency: &str,
    key: &str,
    hash: BodyHash,
    since: i64,
) -> rusqlite::Result<Known> {
    let mut statement = connection
        .prepare_cached("SELECT hash, answer FROM key WHERE agency=?1 AND key=?2 AND at >= ?3")?;
    let row = statement
        .query_row(params![agency, key, since], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    Ok(match row {
        None => Known::New,
        Some((held, answer)) if held == hash => Known::Done(answer),
        Some(_) => Known::Conflict,
    })
}
