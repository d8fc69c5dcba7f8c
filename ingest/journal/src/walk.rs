//! Walking the blocks in order, over whatever is damaged: checksums, holes, unreadable pages.

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension};

use crate::block::{BLOCK_RECORDS_MAX, BlockError, StoredBlock};
use crate::recovery::Damage;
use crate::store::{BLOCK_COLUMNS, block_of, corrupt, is_corrupt};

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Blocks read, damaged ones included.
    pub(crate) blocks: u64,
    /// Records in whole blocks.
    pub(crate) records: u64,
    /// Observations up to the end of the last whole block.
    pub(crate) observations: u64,
    /// Bytes of the bodies.
    pub(crate) bytes: u64,
    /// The last record's place, or that of the last damaged one.
    pub(crate) last: Seq,
    /// Blocks in which one byte was wrong, put right.
    pub(crate) mended: Vec<StoredBlock>,
    /// What cannot be read.
    pub(crate) damaged: Vec<Damage>,
    /// Whether pages at the end cannot be read: nobody knows what was in them.
    pub(crate) broken_end: bool,
    /// Whether a block's number is wrong, or its place among the others: a search would miss it.
    pub(crate) disordered: bool,
    /// The number of the block before, as it stands in the file.
    before: Option<Seq>,
    /// A damaged block whose end is known only when the next one begins, or an unreadable page.
    open: Option<(Option<StoredBlock>, String)>,
}

/// Walks all blocks that begin at or after `from`; `each` gets them, and whether they
/// are whole. A block whose number is wrong comes with the number that it must have.
///
/// # Errors
/// What SQLite says, but damage, which is in the result, and what `each` says.
pub(crate) fn walk(
    connection: &Connection,
    from: Seq,
    mut each: impl FnMut(&StoredBlock, bool) -> rusqlite::Result<()>,
) -> rusqlite::Result<Walked> {
    let mut walked = Walked { last: Seq(from.0.saturating_sub(1)), ..Walked::default() };
    let sql = format!("SELECT {BLOCK_COLUMNS} FROM block WHERE first_seq >= ?1 ORDER BY first_seq");
    let mut statement = connection.prepare(&sql)?;
    let mut search = connection.prepare("SELECT 1 FROM block WHERE first_seq = ?1")?;
    // The place that was read or found unreadable last.
    let mut floor = Seq(from.0.saturating_sub(1));
    let mut start = from;
    loop {
        let mut rows = statement.query([start.0 as i64])?;
        let broken = loop {
            match rows.next().and_then(|row| row.map(block_of).transpose()) {
                Ok(Some(block)) => {
                    floor = floor.max(block.first);
                    // A wrong key in the tree leads a search astray and a walk not.
                    let found = search.exists([block.first.0 as i64]);
                    walked.disordered |= matches!(found, Ok(false));
                    walked.take(block, &mut each)?;
                }
                Ok(None) => break None,
                Err(error) if is_corrupt(&error) => break Some(error),
                Err(error) => return Err(error),
            }
        };
        drop(rows);
        let Some(error) = broken else {
            // What was unreadable is not behind: nothing readable came after it.
            walked.broken_end = matches!(walked.open, Some((None, _)));
            break;
        };
        walked.open.get_or_insert((None, error.to_string()));
        match next_readable(connection, floor)? {
            Some(next) => (start, floor) = (next, next),
            None => {
                walked.broken_end = true;
                break;
            }
        }
    }
    walked.close(None);
    Ok(walked)
}

impl Walked {
    fn take(
        &mut self,
        block: StoredBlock,
        each: &mut impl FnMut(&StoredBlock, bool) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.blocks += 1;
        self.bytes += block.body.len() as u64;
        self.disordered |= self.before.is_some_and(|before| block.first <= before);
        self.before = Some(block.first);
        let block = self.numbered(block);
        self.close(Some(block.first));
        let was_whole = block.check().is_ok();
        match whole(block) {
            Ok(block) => {
                each(&block, true)?;
                self.records += u64::from(block.count);
                self.observations = self.observations.max(block.observations);
                self.last = self.last.max(block.last());
                if !was_whole {
                    self.mended.push(block);
                }
            }
            Err((mut block, error)) => {
                // Nothing that a damaged block says of itself can be trusted, but that it is here.
                self.disordered |= block.first <= self.last;
                block.first = Seq(self.last.0 + 1);
                each(&block, false)?;
                self.open = Some((Some(block), error.to_string()));
            }
        }
        Ok(())
    }

    /// The block with its right number, where only that is damaged: the one after the block
    /// before, with which its checksum holds.
    fn numbered(&mut self, block: StoredBlock) -> StoredBlock {
        let expected = match &self.open {
            None => Seq(self.last.0 + 1),
            Some(_) => return block,
        };
        if block.first == expected || block.check().is_ok() {
            return block;
        }
        let right = StoredBlock { first: expected, ..block.clone() };
        if right.check().is_err() {
            return block;
        }
        tracing::error!(found = %block.first, block = %right.first, "a block's number was wrong");
        self.disordered = true;
        right
    }

    /// Settles what is damaged before the block that begins at `next`, or at the end.
    fn close(&mut self, next: Option<Seq>) {
        if let Some((Some(block), why)) = self.open.take_if(|(block, _)| block.is_some()) {
            let last = believable_last(&block, next);
            self.damaged.push(Damage { first: block.first, last, why });
            self.last = last;
        }
        let unreadable = self.open.take().map(|(_, why)| why);
        let expected = Seq(self.last.0 + 1);
        if let Some(next) = next
            && next > expected
        {
            let why = unreadable.unwrap_or_else(|| "the blocks are missing".into());
            self.last = Seq(next.0 - 1);
            self.damaged.push(Damage { first: expected, last: self.last, why });
        }
    }
}

/// The block as it was written, put right where that can be done.
pub(crate) fn whole(block: StoredBlock) -> Result<StoredBlock, (StoredBlock, BlockError)> {
    match block.check() {
        Ok(()) => Ok(block),
        Err(error) => match block.mended() {
            Some(right) => {
                tracing::error!(block = %right.first, "a wrong byte in a block was put right");
                Ok(right)
            }
            None => Err((block, error)),
        },
    }
}

/// The last place of a block whose header cannot be trusted: it ends before the next one begins,
/// and no block is longer than the longest.
pub(crate) fn believable_last(block: &StoredBlock, next: Option<Seq>) -> Seq {
    let most = match next {
        Some(next) => next.0.saturating_sub(block.first.0),
        None => u64::from(block.count.min(BLOCK_RECORDS_MAX)),
    };
    Seq(block.first.0 + most.max(1) - 1)
}

/// Where the first block after `after` begins.
pub(crate) fn next_block(connection: &Connection, after: Seq) -> rusqlite::Result<Option<Seq>> {
    let sql = "SELECT first_seq FROM block WHERE first_seq > ?1 ORDER BY first_seq LIMIT 1";
    let after = i64::try_from(after.0).unwrap_or(i64::MAX);
    let next: Option<i64> =
        connection.prepare_cached(sql)?.query_row([after], |row| row.get(0)).optional()?;
    match next {
        // In a damaged tree a search can end anywhere; whoever reads on must get further.
        Some(next) if next <= after => Err(corrupt("the order of the blocks")),
        next => Ok(next.map(|n| Seq(n as u64))),
    }
}

/// As [`next_block`], but past pages that cannot be read: the first block after them. `None` where
/// nothing after `after` can be read.
pub(crate) fn next_readable(connection: &Connection, after: Seq) -> rusqlite::Result<Option<Seq>> {
    let probe = |at: u64| match next_block(connection, Seq(at)) {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_corrupt(&error) => Ok(None),
        Err(error) => Err(error),
    };
    if let Some(found) = probe(after.0)? {
        return Ok(found);
    }
    // In doubling steps to a place that can be read, then back to the first such place.
    let (mut unreadable, mut step) = (after.0, 1_u64);
    let mut readable = loop {
        let at = unreadable.saturating_add(step).min(i64::MAX as u64);
        match probe(at)? {
            Some(found) => break (at, found),
            None if at == i64::MAX as u64 => return Ok(None),
            None => unreadable = at,
        }
        step = step.saturating_mul(2);
    };
    while unreadable + 1 < readable.0 {
        let middle = unreadable + (readable.0 - unreadable) / 2;
        match probe(middle)? {
            Some(found) => readable = (middle, found),
            None => unreadable = middle,
        }
    }
    Ok(readable.1)
}
