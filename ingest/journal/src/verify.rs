//! Walking the whole record: every checksum, every record, every hole.

use std::path::Path;

use domain::ids::Seq;

use crate::recovery::{Damage, is_sound};
use crate::store::{self, OpenError, sqlite};
use crate::walk::walk;

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
    /// What cannot be read: damaged blocks, unreadable pages and holes.
    pub damaged: Vec<Damage>,
    /// Whether the file's structure is damaged, a block's number or its place among the others; put
    /// right when the writer opens the journal.
    pub disordered: bool,
}

impl BlockReport {
    /// Whether every record ever numbered is there and whole.
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.mendable.is_empty() && !self.disordered
    }
}

/// Walks all blocks of the journal in `dir` and decodes every record, beside a writer or without
/// one.
///
/// # Errors
/// [`OpenError`]; damage to blocks is no error but in the report.
pub fn verify_blocks(dir: impl AsRef<Path>) -> Result<BlockReport, OpenError> {
    let connection = store::connect_reader(dir.as_ref())?;
    let mut undecodable = Vec::new();
    let walked = walk(&connection, Seq(1), |block, whole| {
        if let (true, Err(error)) = (whole, block.records()) {
            let (first, last) = (block.first, block.last());
            undecodable.push(Damage { first, last, why: error.to_string() });
        }
        Ok(())
    })
    .map_err(sqlite("walk the blocks"))?;
    let mut damaged = walked.damaged;
    if walked.broken_end {
        let first = Seq(walked.last.0 + 1);
        damaged.push(Damage { first, last: first, why: "what follows cannot be read".into() });
    }
    let lost: u64 = undecodable.iter().map(|d| d.last.0 - d.first.0 + 1).sum();
    damaged.extend(undecodable);
    damaged.sort_by_key(|d| d.first);
    Ok(BlockReport {
        blocks: walked.blocks,
        records: walked.records - lost,
        observations: walked.observations,
        bytes: walked.bytes,
        last: walked.last,
        mendable: walked.mended.iter().map(|block| block.first).collect(),
        damaged,
        disordered: walked.disordered || !is_sound(&connection),
    })
}
