//! What hearing says of its archive and its endpoint, as notices and figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::live::Notice;
use domain::ids::UnitId;
use domain::time::UtcMs;
use ingest::hearing::HearingHandle;
use mqtt_edge::Who;

use super::start::Parts;

/// The archive is behind when it has this many records before it.
const BEHIND_RECORDS: u64 = 100_000;

/// What there is to say of the archive. Nothing of it delays an alert.
pub(super) fn notice(hearing: &HearingHandle, now: UtcMs) -> Option<Notice> {
    let state = hearing.archive_state()?;
    // In steps, so that the notice does not change with every look.
    let behind = state.behind / BEHIND_RECORDS * BEHIND_RECORDS;
    let (id, detail) = match &state.last_error {
        Some(error) => ("archive_down", format!("the archive does not answer: {error}")),
        None if state.behind > BEHIND_RECORDS => {
            ("archive_behind", format!("the archive is more than {behind} records behind"))
        }
        None => return None,
    };
    Some(Notice {
        id: id.into(),
        severity: "warning".into(),
        detail,
        figures: BTreeMap::from([("behind_records".to_owned(), behind as f64)]),
        thresholds: Vec::new(),
        units: Vec::new(),
        since_ms: now.0,
    })
}

/// Feeds of warnings that do not answer, or of which a message is not to be had.
pub(super) fn cap_feeds(hearing: &HearingHandle, now: UtcMs) -> Option<Notice> {
    let states = hearing.cap_feeds();
    let mut failing: Vec<_> =
        states.iter().filter_map(|(url, s)| Some((url, s.error.as_ref()?, s))).collect();
    // One that does not answer at all stands before one that lacks a message.
    failing.sort_by_key(|(_, _, state)| state.down_since.is_none());
    let (url, error, state) = failing.first()?;
    let detail = match state.down_since {
        Some(_) => format!("the feed of warnings {url} is not read: {error}"),
        None => {
            format!("the feed of warnings {url} names a message that is not to be had: {error}")
        }
    };
    Some(Notice {
        id: "cap_feed_down".into(),
        severity: "warning".into(),
        detail,
        figures: BTreeMap::from([("count".to_owned(), failing.len() as f64)]),
        thresholds: Vec::new(),
        units: Vec::new(),
        since_ms: state.down_since.or(state.answered).unwrap_or(now).0,
    })
}

/// Units whose session to the embedded endpoint is up; nothing behind a city's own broker, which
/// does not say who is connected to it.
pub(super) fn units_connected(hearing: &HearingHandle) -> Option<BTreeSet<UnitId>> {
    let connected = hearing.connected()?.into_iter();
    Some(
        connected
            .filter_map(|who| if let Who::Unit(unit) = who { Some(unit) } else { None })
            .collect(),
    )
}

/// Figures for the metrics page.
pub(super) fn figures(parts: &Parts) {
    let journal = Arc::downgrade(&parts.journal);
    parts.platform.metrics.figures(Box::new(move || {
        let Some(journal) = journal.upgrade() else { return Vec::new() };
        let figures = journal.figures();
        let mut page = vec![
            ("fenghuo_journal_records".to_owned(), figures.records as f64),
            ("fenghuo_journal_observations".to_owned(), figures.observations as f64),
            ("fenghuo_journal_bytes".to_owned(), figures.journal_bytes as f64),
            ("fenghuo_journal_queue_records".to_owned(), figures.queue_records as f64),
            ("fenghuo_journal_durable_seq".to_owned(), journal.durable().0 as f64),
        ];
        let optional = [
            ("fenghuo_journal_bytes_per_observation", figures.bytes_per_observation),
            ("fenghuo_disk_days_until_full", figures.days_until_full),
            ("fenghuo_disk_free_bytes", figures.free_bytes.map(|b| b as f64)),
        ];
        let known = optional.into_iter().filter_map(|(n, v)| v.map(|v| (n.to_owned(), v)));
        page.extend(known);
        page
    }));
}
