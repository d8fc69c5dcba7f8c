//! Walking the whole record: every checksum, every hole.

use std::path::Path;

use domain::ids::Seq;

use crate::reader::whole;
use crate::recovery::{Damage, believable_last};
use crate::store::{self, BLOCK_COLUMNS, OpenError, block_of, sqlite};

/// What a walk over all blocks found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockReport {
    /// Blocks walked.
    pub blocks: u64,
    /// Records in blocks that are whole.
    pub records: u64,
    /// Observations among all records ever written.
    pub observations: u64,
    /// Bytes of the bodies.
    pub bytes: u64,
    /// The last record's place.
    pub last: Seq,
    /// Blocks in which one byte is wrong; they are read all the same, and put right for good when
    /// the writer opens the journal.
    pub mendable: Vec<Seq>,
    /// What cannot be read: damaged blocks and holes.
    pub damaged: Vec<Damage>,
}

impl BlockReport {
    /// Whether every record ever numbered is there and whole.
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.mendable.is_empty()
    }
}

/// Walks all blocks of the journal in `dir`, beside a writer or without one.
///
/// # Errors
/// [`OpenError`]; damage to blocks is no error but in the report.
pub fn verify_blocks(dir: impl AsRef<Path>) -> Result<BlockReport, OpenError> {
    let connection = store::connect_reader(dir.as_ref())?;
    let sql = format!("SELECT {BLOCK_COLUMNS} FROM block ORDER BY first_seq");
    let mut statement = connection.prepare(&sql).map_err(sqlite("read the blocks"))?;
    let mut rows = statement.query([]).map_err(sqlite("read the blocks"))?;
    let mut report = BlockReport::default();
    // A damaged block whose end is known only when the next one begins.
    let mut open: Option<(crate::block::StoredBlock, String)> = None;
    while let Some(row) = rows.next().map_err(sqlite("read the blocks"))? {
        let block = block_of(row).map_err(sqlite("read a block"))?;
        report.blocks += 1;
        report.bytes += block.body.len() as u64;
        report.close(open.take(), Some(block.first));
        let expected = Seq(report.last.0 + 1);
        if block.first > expected {
            let why = "the blocks are missing".into();
            let last = Seq(block.first.0 - 1);
            report.damaged.push(Damage { first: expected, last, why });
        }
        let was_whole = block.check().is_ok();
        match whole(block).and_then(|b| b.records().map(|_| b.clone()).map_err(|e| (b, e))) {
            Ok(block) => {
                if !was_whole {
                    report.mendable.push(block.first);
                }
                report.records += u64::from(block.count);
                report.observations = block.observations;
                report.last = block.last();
            }
            Err((block, error)) => open = Some((block, error.to_string())),
        }
    }
    report.close(open, None);
    Ok(report)
}

impl BlockReport {
    fn close(&mut self, open: Option<(crate::block::StoredBlock, String)>, next: Option<Seq>) {
        let Some((block, why)) = open else { return };
        let last = believable_last(&block, next);
        self.damaged.push(Damage { first: block.first, last, why });
        self.last = last;
    }
}
