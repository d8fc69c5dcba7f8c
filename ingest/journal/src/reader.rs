//! Reading the record: beside the writer, in its process or another, or without one.
//!
//! A reader has a connection of its own. SQLite shows a commit to other connections only after
//! its sync has come back, so a reader never sees a record that is not durable.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use domain::ids::Seq;
use domain::record::Sequenced;
use domain::status::WireStatus;
use rusqlite::{Connection, OptionalExtension};

use crate::block::StoredBlock;
use crate::recovery::Damage;
use crate::store::{self, BLOCK_COLUMNS, OpenError, block_of, corrupt, is_corrupt};
use crate::walk::{believable_last, next_block, next_readable, whole};

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The records asked for are damaged. Whoever reads on says so first, and goes on at the
    /// record after [`Damage::last`].
    #[error("{0}")]
    Damaged(Damage),
    /// SQLite refuses.
    #[error("cannot read the journal: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// What [`Reader::read_on`] gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stretch {
    /// The records, in order.
    pub records: Vec<Sequenced>,
    /// What was passed over to get to them, already logged.
    pub damaged: Vec<Damage>,
}

/// Reads the journal in order, or from any place.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    dir: PathBuf,
    /// The rest of the block read last.
    rest: VecDeque<Sequenced>,
}

impl Reader {
    /// Opens the journal in `dir` for reading.
    ///
    /// # Errors
    /// [`OpenError::Missing`], [`OpenError::Newer`], [`OpenError::NotAJournal`], or what SQLite
    /// says.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, OpenError> {
        let dir = dir.as_ref().to_owned();
        Ok(Self { connection: store::connect_reader(&dir)?, dir, rest: VecDeque::new() })
    }

    /// Another reader of the same journal, for another thread.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn another(&self) -> Result<Self, OpenError> {
        Self::open(&self.dir)
    }

    /// Whether it is a live journal or an exercise's.
    ///
    /// # Errors
    /// What SQLite says; `None` is a word that this program does not know.
    pub fn status(&self) -> Result<Option<WireStatus>, OpenError> {
        store::read_status(&self.connection)
    }

    /// The place of the last durable record; 0 in an empty journal.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn last(&self) -> Result<Seq, ReadError> {
        Ok(self.newest_block()?.map_or(Seq(0), |block| block.last()))
    }

    /// How many observations there are up to the last durable record.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn observations(&self) -> Result<u64, ReadError> {
        Ok(self.newest_block()?.map_or(0, |block| block.observations))
    }

    fn newest_block(&self) -> Result<Option<StoredBlock>, ReadError> {
        Ok(newest_block(&self.connection)?)
    }

    /// Up to `max_records` records from `from` on; fewer at the end of the journal or before
    /// damage, none when there is nothing durable there yet.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] when the record at `from` itself cannot be read.
    pub fn read_from(
        &mut self,
        from: Seq,
        max_records: usize,
    ) -> Result<Vec<Sequenced>, ReadError> {
        let mut at = Seq(from.0.max(1));
        let mut records = Vec::new();
        while records.len() < max_records {
            if self.rest.front().is_none_or(|r| r.seq != at) {
                match self.load(at) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(ReadError::Damaged(_)) if !records.is_empty() => break,
                    Err(error) => return Err(error),
                }
            }
            let wanted = (max_records - records.len()).min(self.rest.len());
            records.extend(self.rest.drain(..wanted));
            at = Seq(from.0.max(1) + records.len() as u64);
        }
        Ok(records)
    }

    /// As [`Reader::read_from`], but goes on after damage, which it logs and gives back.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn read_on(&mut self, from: Seq, max_records: usize) -> Result<Stretch, ReadError> {
        let mut damaged = Vec::new();
        let mut at = from;
        loop {
            match self.read_from(at, max_records) {
                Ok(records) => return Ok(Stretch { records, damaged }),
                Err(ReadError::Damaged(damage)) => {
                    tracing::error!(%damage, "damaged records are passed over");
                    at = Seq(damage.last.0 + 1);
                    damaged.push(damage);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Fills `rest` with the records from `at` to the end of its block. `false` when there is no
    /// such record yet.
    fn load(&mut self, at: Seq) -> Result<bool, ReadError> {
        match self.load_from_pages(at) {
            Err(ReadError::Sqlite(error)) if is_corrupt(&error) => {
                match next_readable(&self.connection, at)? {
                    Some(next) => {
                        let (last, why) = (Seq(next.0 - 1), error.to_string());
                        Err(ReadError::Damaged(Damage { first: at, last, why }))
                    }
                    None => Err(ReadError::Sqlite(error)),
                }
            }
            done => done,
        }
    }

    fn load_from_pages(&mut self, at: Seq) -> Result<bool, ReadError> {
        self.rest.clear();
        // One view of the journal for both questions: the writer goes on meanwhile.
        let view = self.connection.unchecked_transaction()?;
        let mut damage = None;
        if let Some(block) = block_upto(&view, at)? {
            match whole(block) {
                Ok(block) if block.last() >= at => {
                    view.finish()?;
                    return self.unpack(at, &block).map(|()| true);
                }
                Ok(_) => {}
                Err((block, error)) => damage = Some((block, error.to_string())),
            }
        }
        let next = next_block(&view, at)?;
        let newest = if next.is_none() { newest_block(&view)? } else { None };
        view.finish()?;
        if let Some((block, why)) = damage {
            let last = believable_last(&block, next);
            if last >= at {
                return Err(ReadError::Damaged(Damage { first: at, last, why }));
            }
        }
        if let Some(newest) = newest.filter(|newest| newest.last() >= at && newest.check().is_ok())
        {
            let why = "no search leads to the blocks".into();
            return Err(ReadError::Damaged(Damage { first: at, last: newest.last(), why }));
        }
        let Some(next) = next else { return Ok(false) };
        let why = "the blocks are missing".into();
        Err(ReadError::Damaged(Damage { first: at, last: Seq(next.0 - 1), why }))
    }

    fn unpack(&mut self, at: Seq, block: &StoredBlock) -> Result<(), ReadError> {
        let records = block.records().map_err(|error| {
            ReadError::Damaged(Damage { first: at, last: block.last(), why: error.to_string() })
        })?;
        let places = (block.first.0..).map(Seq);
        let placed = places.zip(records).map(|(seq, record)| Sequenced { seq, record });
        self.rest.extend(placed.skip((at.0 - block.first.0) as usize));
        Ok(())
    }
}

/// The last block that begins at or before `at`.
fn block_upto(connection: &Connection, at: Seq) -> rusqlite::Result<Option<StoredBlock>> {
    let sql = format!(
        "SELECT {BLOCK_COLUMNS} FROM block WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1"
    );
    let found = connection.prepare_cached(&sql)?.query_row([at.0 as i64], block_of).optional()?;
    match found {
        Some(block) if block.first > at => Err(corrupt("the order of the blocks")),
        found => Ok(found),
    }
}

fn newest_block(connection: &Connection) -> rusqlite::Result<Option<StoredBlock>> {
    let sql = format!("SELECT {BLOCK_COLUMNS} FROM block ORDER BY first_seq DESC LIMIT 1");
    connection.prepare_cached(&sql)?.query_row([], block_of).optional()
}
