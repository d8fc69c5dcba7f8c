//! What the record holds of each feed: how many were taken, refused, kept aside, and for which
//! reasons. Counted from the journal alone, so that it can be laid beside what a sender counted and
//! what `/metrics` says.
//!
//! Of a flood the record has single refusals and, once a second, a line that says how many more
//! there were (`ingest::admit::rate`); such a line is counted as what it says. Duplicates leave no
//! record: they say nothing new.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use domain::city::{City, CityFiles};
use domain::ids::{AgencyId, DatastreamIx, Seq};
use domain::record::Record;
use domain::refusal::{Channel, Reason, Refusal};
use domain::time::UtcMs;
use journal::Reader;

/// Records read at once.
const PAGE: usize = 16_384;

/// One feed: an agency by one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FeedAccount {
    /// Observations and reports in the record.
    pub accepted: u64,
    /// Refused ones.
    pub refused: u64,
    /// Those dated ahead, kept aside.
    pub quarantined: u64,
    /// Refused and quarantined ones by reason.
    pub reasons: BTreeMap<String, u64>,
}

/// Feeds by agency and channel.
pub type Account = BTreeMap<String, BTreeMap<&'static str, FeedAccount>>;

/// Whose a station is, from an instant on; latest first.
type Owners = BTreeMap<String, Vec<(UtcMs, AgencyId)>>;

/// Counts what the journal in `data` holds; a platform may go on writing to it.
///
/// # Errors
/// A journal that cannot be opened or read.
pub fn account(data: &Path) -> Result<Account> {
    let mut reader = Reader::open(data)
        .with_context(|| format!("no journal could be opened in {}", data.display()))?;
    let mut book = Book::default();
    let mut next = Seq(1);
    loop {
        let records = reader.read_from(next, PAGE)?;
        let Some(last) = records.last().map(|record| record.seq) else { return Ok(book.feeds) };
        records.into_iter().for_each(|one| book.take(one.record));
        next = Seq(last.0 + 1);
    }
}

#[derive(Default)]
struct Book {
    feeds: Account,
    owners: Owners,
    datastreams: Vec<String>,
}

impl Book {
    fn feed(&mut self, agency: &str, channel: Channel) -> &mut FeedAccount {
        let feeds = self.feeds.entry(agency.to_owned()).or_default();
        feeds.entry(channel.wire()).or_default()
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Configuration { files, datastreams, .. } => {
                let files: CityFiles = files.into_iter().collect();
                // What was journaled was read without fault; without owners its values are nobody's.
                if let Ok(city) = City::read(&files) {
                    self.owners = owners(&city);
                }
                self.datastreams = datastreams.into_iter().map(|(station, _)| station).collect();
            }
            Record::Observation { channel, observation, .. } => {
                let owner = self.owner(observation.datastream, observation.t);
                self.feed(&owner, channel).accepted += 1;
            }
            Record::Report { agency, channel, .. } => {
                self.feed(agency.as_str(), channel).accepted += 1;
            }
            Record::Refused(refusal) => {
                let feed = self.feed(refusal.agency.as_str(), refusal.channel);
                for (reason, count) in counted(&refusal) {
                    if reason == Reason::FutureDated {
                        feed.quarantined += count;
                    } else {
                        feed.refused += count;
                    }
                    *feed.reasons.entry(reason.wire().to_owned()).or_default() += count;
                }
            }
            Record::Tick { .. }
            | Record::Desk(_)
            | Record::Letter(_)
            | Record::Exchange(_)
            | Record::Registry(_) => {}
        }
    }

    fn owner(&self, ix: DatastreamIx, t: UtcMs) -> String {
        let station = usize::try_from(ix.0).ok().and_then(|at| self.datastreams.get(at));
        let epochs = station.and_then(|station| self.owners.get(station));
        let owner = epochs.and_then(|epochs| {
            epochs.iter().find(|(from, _)| *from <= t).or(epochs.last()).map(|(_, owner)| owner)
        });
        owner.map_or_else(|| "?".to_owned(), ToString::to_string)
    }
}

fn owners(city: &City) -> Owners {
    let mut owners = Owners::new();
    for row in &city.stations {
        let epochs = owners.entry(row.id.to_string()).or_default();
        epochs.push((row.valid_from, row.agency.clone()));
    }
    owners.values_mut().for_each(|epochs| epochs.sort_by_key(|(from, _)| std::cmp::Reverse(*from)));
    owners
}

/// What a refusal in the record stands for: itself, or those that were counted and not kept.
fn counted(refusal: &Refusal) -> Vec<(Reason, u64)> {
    let list = refusal.detail.split_once(" more were refused and not kept: ");
    match list.filter(|_| refusal.source == "*" && refusal.raw.is_empty()) {
        None => vec![(refusal.reason, 1)],
        Some((_, list)) => list.split(", ").filter_map(of_words).collect(),
    }
}

/// `syntax 12`.
fn of_words(words: &str) -> Option<(Reason, u64)> {
    let (word, count) = words.split_once(' ')?;
    let reason = Reason::ALL.iter().copied().find(|reason| reason.wire() == word)?;
    Some((reason, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_a_flood_stands_for_all_that_it_says() {
        let mut refusal = Refusal {
            agency: AgencyId::new("hydro").unwrap(),
            channel: Channel::Mqtt,
            source: "fh/v1/hydro/obs".into(),
            received: UtcMs(0),
            reason: Reason::Syntax,
            detail: "3 more were refused and not kept: syntax 3".into(),
            raw: b"{".to_vec(),
            quarantined: false,
        };
        assert_eq!(counted(&refusal), [(Reason::Syntax, 1)], "words that a sender wrote");
        refusal.raw.clear();
        refusal.source = "*".into();
        refusal.detail = "9 more were refused and not kept: syntax 3, rate_limited 6".into();
        assert_eq!(counted(&refusal), [(Reason::Syntax, 3), (Reason::RateLimited, 6)]);
    }
}
