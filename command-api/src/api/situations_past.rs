//! Reports that have left the picture: read from the record, where the history says that they stand,
//! and put together as the desk did when they were on it. Bounded in what is read for one question.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AgencyId, ReportId, Seq};
use domain::record::{Record, Sequenced};
use domain::report::Report;
use domain::situation::{Key, Kind};

use crate::desk::evolve::actor_word;
use crate::desk::situations::{STEPS_KEPT, Situations, VERSIONS_KEPT};
use crate::platform::Platform;
use crate::shelf::{Hand, ShelfError};

/// Records of one report that are read: its newest versions, and what was done about it.
pub const RECORDS_MAX: usize = 4 * (VERSIONS_KEPT + STEPS_KEPT);
/// Other reports that went into it, or that it went into.
pub const RELATED_MAX: usize = 16;

/// A report of the record, with those that went into it; nothing where the record has none.
///
/// # Errors
/// [`ShelfError`].
pub async fn of(platform: &Platform, key: Key) -> Result<Option<Situations>, ShelfError> {
    platform.shelf.ask(move |hand| recalled(hand, &key)).await
}

/// Whose report of this kind and id is in the record.
///
/// # Errors
/// [`ShelfError`].
pub async fn sender(
    platform: &Platform,
    kind: Kind,
    id: ReportId,
) -> Result<Option<Key>, ShelfError> {
    let question = move |hand: &Hand| {
        let agency = hand.history()?.situation_sender(kind, id.as_str())?;
        let agency = agency.and_then(|agency| AgencyId::new(&agency).ok());
        Ok(agency.map(|agency| Key { kind, agency, id }))
    };
    platform.shelf.ask(question).await
}

fn recalled(hand: &Hand, key: &Key) -> Result<Option<Situations>, ShelfError> {
    let mut rows = BTreeMap::new();
    read(hand, key, &mut rows)?;
    let own = put_together(&rows);
    if own.shown(key).is_none() {
        return Ok(None);
    }
    let mut related: BTreeSet<Key> = own.members(key).cloned().collect();
    related.insert(own.head(key).clone());
    related.remove(key);
    for other in related.iter().take(RELATED_MAX) {
        read(hand, other, &mut rows)?;
    }
    Ok(Some(put_together(&rows)))
}

fn read(hand: &Hand, key: &Key, rows: &mut BTreeMap<Seq, Sequenced>) -> Result<(), ShelfError> {
    let places = hand.history()?.situation(key, RECORDS_MAX)?;
    let mut journal = hand.journal()?;
    for seq in places {
        let found = journal.read_from(seq, 1)?.into_iter().find(|row| row.seq == seq);
        rows.extend(found.map(|row| (seq, row)));
    }
    Ok(())
}

/// As they came onto the picture, in the order of the record.
fn put_together(rows: &BTreeMap<Seq, Sequenced>) -> Situations {
    let mut here = Situations::default();
    for (seq, row) in rows {
        match &row.record {
            Record::Report { received, agency, report: Report::Situation(said), .. } => {
                drop(here.reported(*seq, *received, agency, said));
            }
            Record::Desk(event) => {
                drop(here.done(event.at, &actor_word(&event.by), &event.what));
            }
            _ => {}
        }
    }
    here
}
