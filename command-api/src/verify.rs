//! Does the record still say what was decided? Every block is checked, every decision recomputed
//! and compared, byte for byte, with the one that was told.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use domain::decision::Decision;
use domain::ids::Seq;
use journal::decisions::{DecisionLine, DecisionReader};
use journal::verify_blocks;
use stream::log::{DecisionLog, line};

use crate::reread::reread;

/// Lines compared at once, at most.
const PAGE: usize = 50_000;
/// Differences that are kept to be shown.
const FINDINGS_SHOWN: usize = 20;

/// A line that stands on one side only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It was told, and the record does not give it.
    Recorded(String),
    /// The record gives it, and it was not told.
    Recomputed(String),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Records in the journal.
    pub records: u64,
    /// Blocks in the journal.
    pub blocks: u64,
    /// What is damaged, in words.
    pub damage: Vec<String>,
    /// Decisions recorded.
    pub recorded: u64,
    /// Up to which record the recorded decisions are complete.
    pub upto: Seq,
    /// Decisions that are the same to the byte.
    pub alike: u64,
    /// Recorded decisions of a model that is not aboard any more: neither passed nor failed.
    pub not_recomputable: u64,
    /// Lines that stand on one side only.
    pub differing: u64,
    /// The first of them.
    pub first_findings: Vec<Finding>,
    /// SHA-256 of the recomputed log up to `upto`.
    pub sha256: String,
}

impl Report {
    /// Whether nothing is damaged and nothing differs.
    pub fn is_good(&self) -> bool {
        self.damage.is_empty() && self.differing == 0
    }

    fn compare(&mut self, recorded: &[DecisionLine], recomputed: &[(Seq, String)]) {
        let told: BTreeSet<(Seq, &[u8])> =
            recorded.iter().map(|l| (l.seq, l.json.as_slice())).collect();
        let again: BTreeSet<(Seq, &[u8])> =
            recomputed.iter().map(|(s, l)| (*s, l.as_bytes())).collect();
        // A set on each side loses a line told twice: that is a difference of its own.
        self.differing += (recorded.len() - told.len()) as u64;
        self.recorded += recorded.len() as u64;
        self.alike += told.intersection(&again).count() as u64;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (_, line) in told.difference(&again) {
            self.note(Finding::Recorded(text(line)));
        }
        for (_, line) in again.difference(&told) {
            self.note(Finding::Recomputed(text(line)));
        }
    }

    fn note(&mut self, finding: Finding) {
        self.differing += 1;
        if self.first_findings.len() < FINDINGS_SHOWN {
            self.first_findings.push(finding);
        }
    }
}

/// Verifies a data folder, beside a running platform or without one.
///
/// # Errors
/// A folder that cannot be read, an engine that fails.
pub fn verify(data: &Path, workers: usize) -> Result<Report> {
    let blocks = verify_blocks(data)?;
    let store = DecisionReader::open(data)?;
    let mut report = Report {
        records: blocks.records,
        blocks: blocks.blocks,
        damage: blocks.damaged.iter().map(ToString::to_string).collect(),
        upto: store.position()?,
        ..Report::default()
    };
    let mut log = DecisionLog::new(std::io::sink());
    let mut first = Seq(1);
    let mut waiting: Vec<(Seq, String)> = Vec::new();
    let upto = report.upto;
    reread(data, Some(upto), workers, |closed, decisions| {
        for decision in &decisions {
            log.write(decision)?;
            waiting.push((seq_of(decision), line(decision)?));
        }
        if waiting.len() >= PAGE || closed >= upto {
            let recorded = store.between(first, closed, usize::MAX)?;
            report.compare(&recorded, &std::mem::take(&mut waiting));
            first = Seq(closed.0 + 1);
        }
        Ok(true)
    })?;
    let rest = store.between(first, upto, usize::MAX)?;
    report.compare(&rest, &waiting);
    report.sha256 = log.finish()?;
    Ok(report)
}

fn seq_of(decision: &Decision) -> Seq {
    decision.seq.unwrap_or_default()
}
