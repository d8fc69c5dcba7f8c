//! The duty log as far back as the record goes. Its newest lines are on the picture; what is older is
//! read from what is derived of the record (decisions, acts of the desk), never by walking it.

use contract::views::LogEntry;
use domain::decision::Decision;
use domain::ids::Seq;
use domain::record::Sequenced;
use domain::time::UtcMs;
use journal::decisions::DecisionLine;

use crate::desk::picture::{LOG_KEPT, Picture};
use crate::desk::{journal_line, told};
use crate::shelf::{Hand, ShelfError};

/// A line with its place: journal number, place within it, what it is about.
type Placed = ((u64, u8, String), LogEntry);

/// The newest lines before the record `before`, newest first, and from which record on the shelf is
/// to be asked for the rest, if it is. A page ends between two records.
pub fn on_picture(picture: &Picture, before: u64, limit: usize) -> (Vec<LogEntry>, Option<u64>) {
    // Of the oldest record that the picture has lines of it may have let go some.
    let whole = picture.log.len() < LOG_KEPT;
    let oldest = picture.log.keys().next().map_or(0, |(seq, ..)| *seq);
    let from = if whole { 0 } else { oldest + 1 };
    let here = picture.log.range((from.min(before), 0, String::new())..(before, 0, String::new()));
    let page = page(here.rev().map(|(_, line)| line.clone()), limit);
    let rest = (!whole && page.len() < limit).then_some(before.min(from));
    (page, rest)
}

/// The first `limit` lines, and whatever else is of the last one's record.
fn page(lines: impl Iterator<Item = LogEntry>, limit: usize) -> Vec<LogEntry> {
    let mut page: Vec<LogEntry> = Vec::new();
    for line in lines {
        if page.len() >= limit && page.last().is_none_or(|last| last.seq != line.seq) {
            break;
        }
        page.push(line);
    }
    page
}

/// Lines before the record `before`, newest first, from the shelf.
///
/// # Errors
/// [`ShelfError`].
pub fn on_shelf(hand: &Hand, before: u64, limit: usize) -> Result<Vec<LogEntry>, ShelfError> {
    let told = hand.decisions()?.told_before(Seq(before), limit)?;
    let acts = hand.history()?.acts_before(Seq(before), limit)?;
    let mut lines = joined(&told, &acts);
    lines.reverse();
    Ok(page(lines.into_iter().map(|(_, line)| line), limit))
}

/// Every line of a span of time, in the order of the record, at most `limit`.
///
/// # Errors
/// [`ShelfError`].
pub fn between(
    hand: &Hand,
    from: UtcMs,
    to: UtcMs,
    limit: usize,
) -> Result<Vec<LogEntry>, ShelfError> {
    let told = hand.decisions()?.told_between(from, to, limit)?;
    let acts = hand.history()?.acts_between(from, to, limit)?;
    Ok(joined(&told, &acts).into_iter().take(limit).map(|(_, line)| line).collect())
}

fn joined(told: &[DecisionLine], acts: &[Sequenced]) -> Vec<Placed> {
    let told = told.iter().filter_map(decided);
    let acts = acts.iter().filter_map(|row| {
        let line = journal_line::of(row)?;
        Some(((line.seq, u8::MAX, line.about.clone()), line))
    });
    let mut lines: Vec<Placed> = told.chain(acts).collect();
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    lines
}

fn decided(line: &DecisionLine) -> Option<Placed> {
    let (at, about) = (line.told?, line.alert.clone()?);
    let decision: Decision = serde_json::from_slice(&line.json).ok()?;
    let place = (line.seq.0, told::place_in_seq(decision.kind), about.clone());
    Some((place, told::line(&decision, at, about)))
}
