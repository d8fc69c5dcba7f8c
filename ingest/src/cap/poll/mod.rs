//! Stop 1 of 9, **heard**, where an office only publishes: Atom and RSS feeds of warnings are looked
//! at by the city's `cap/feeds.toml`. After it: [`crate::cap::decode`] (decoded).
//!
//! A feed is asked for news only (conditional requests), an entry is fetched once, from the feed's
//! own host alone; redirects are refused, bodies are bounded, and a feed that does not answer is
//! asked less and less often. What it brings counts as sent by the agency that is named with it.

pub mod fetch;
pub mod listing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::city::CapFeed;
use domain::refusal::Channel;
use domain::time::UtcMs;
use tls::Outward;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::fetch::{Address, Fetched, Memo, Trusted, fetch};
use self::listing::Entry;
use crate::admit::{Admission, Admitted, Source};
use crate::cap;

/// How often the configuration is looked at for feeds that came or went.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest pause after failures, seconds.
pub const BACKOFF_MAX_S: u64 = 3_600;
/// Entries of one feed that are remembered, so that each is fetched once.
pub const ENTRIES_REMEMBERED: usize = 4_096;
/// The most entries that are fetched at one look; the rest comes with the next.
pub const ENTRIES_AT_ONCE: usize = 64;

/// What is known of a feed that is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedState {
    /// When it last answered, by the platform's clock.
    pub answered: Option<UtcMs>,
    /// Why it did not, the last time, or which of its entries could not be had; nothing where all was.
    pub error: Option<String>,
    /// Since when it does not.
    pub down_since: Option<UtcMs>,
}

/// Every feed's state, by its address.
pub type States = Arc<Mutex<BTreeMap<String, FeedState>>>;

/// Looks at the feeds of the configuration in force until it is stopped.
pub async fn run(admission: Admission, states: States, mut stop: watch::Receiver<bool>) {
    let mut running: BTreeSet<Key> = BTreeSet::new();
    let mut tasks = JoinSet::new();
    loop {
        let wanted = admission.register().cap_feeds().to_vec();
        let keys: BTreeSet<_> = wanted.iter().map(key).collect();
        if keys != running {
            // A new configuration: all begin anew.
            tasks.shutdown().await;
            hold(&states).clear();
            for feed in wanted {
                let (admission, states) = (admission.clone(), states.clone());
                tasks.spawn(async move { follow(feed, admission, states).await });
            }
            running = keys;
        }
        let pause = tokio::time::timeout(LOOK_EVERY, stop.wait_for(|stop| *stop));
        let stopped = pause.await.map(|seen| seen.is_ok());
        match stopped {
            Ok(true) => return tasks.shutdown().await,
            // Nobody is left to stop it: the feeds go on.
            Ok(false) => tokio::time::sleep(LOOK_EVERY).await,
            Err(_) => {}
        }
    }
}

/// What makes a feed another one: address, agency, interval, authorities.
type Key = (String, String, u32, Option<String>);

fn key(feed: &CapFeed) -> Key {
    (feed.url.clone(), feed.agency.to_string(), feed.interval_s, feed.roots.clone())
}

/// By what the feed's server is known. The system's list is read at every look, since it is renewed
/// while the platform runs.
fn trusted(feed: &CapFeed) -> Trusted {
    if !feed.url.starts_with("https://") {
        return Err("the address is one without TLS".into());
    }
    let read = match &feed.roots {
        Some(pem) => Outward::trusting(pem.as_bytes()),
        None => Outward::by_the_system(),
    };
    read.map_err(|why| why.to_string())
}

fn hold(states: &States) -> std::sync::MutexGuard<'_, BTreeMap<String, FeedState>> {
    states.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One feed, look after look.
async fn follow(feed: CapFeed, admission: Admission, states: States) {
    let mut follower = Follower {
        seen: Seen::default(),
        failed: BTreeMap::new(),
        memo: Memo::default(),
        feed,
        admission,
    };
    let mut failures = 0_u32;
    loop {
        let looked = follower.look().await;
        let now = follower.admission.now();
        {
            let mut held = hold(&states);
            let state = held.entry(follower.feed.url.clone()).or_default();
            match &looked {
                Ok(left) => {
                    *state =
                        FeedState { answered: Some(now), error: left.clone(), down_since: None };
                }
                Err(why) => {
                    state.error = Some(why.clone());
                    state.down_since.get_or_insert(now);
                }
            }
        }
        failures = match looked {
            // One message that is not to be had makes the others come no later.
            Ok(left) => {
                if let Some(why) = left {
                    tracing::warn!(url = follower.feed.url, why, "a message was not to be had");
                }
                0
            }
            Err(why) => {
                tracing::warn!(url = follower.feed.url, why, "a feed of warnings was not read");
                failures.saturating_add(1)
            }
        };
        tokio::time::sleep(pause(follower.feed.interval_s, failures)).await;
    }
}

/// The pause before the next look: the interval, doubled for every failure in a row.
fn pause(interval_s: u32, failures: u32) -> Duration {
    let interval = u64::from(interval_s);
    let longer = interval.saturating_mul(1_u64 << failures.min(12));
    Duration::from_secs(longer.clamp(interval, BACKOFF_MAX_S.max(interval)))
}

/// Entries that were fetched.
#[derive(Debug, Default)]
struct Seen {
    known: BTreeSet<Entry>,
    order: VecDeque<Entry>,
}

impl Seen {
    fn put(&mut self, entry: Entry) {
        if self.known.insert(entry.clone()) {
            self.order.push_back(entry);
        }
        while self.order.len() > ENTRIES_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

struct Follower {
    feed: CapFeed,
    admission: Admission,
    seen: Seen,
    /// Entries on the list that could not be had, and how often they were tried.
    failed: BTreeMap<Entry, u32>,
    memo: Memo,
}

impl Follower {
    /// One look: the list, then what is new on it. Says which message was not to be had.
    async fn look(&mut self) -> Result<Option<String>, String> {
        let address = Address::of(&self.feed.url)?;
        let feed = self.feed.clone();
        let trusted = tokio::task::spawn_blocking(move || trusted(&feed)).await;
        let trusted = trusted.unwrap_or_else(|broke| Err(broke.to_string()));
        let mut memo = self.memo.clone();
        let body = match fetch(&address, &trusted, &mut memo).await? {
            Fetched::Unchanged => return Ok(None),
            Fetched::Body(body) => body,
        };
        let entries = match listing::read(&body)? {
            listing::Listing::Entries(entries) => self.wanted(entries),
            listing::Listing::Message => {
                self.take(&address, &body).await?;
                self.memo = memo;
                return Ok(None);
            }
        };
        let is_whole = entries.len() <= ENTRIES_AT_ONCE;
        let mut left = None;
        for entry in entries.into_iter().take(ENTRIES_AT_ONCE) {
            if let Err(why) = self.entry(&address, &trusted, &entry).await {
                left = Some(format!("{}: {why}", entry.link));
                let tries = self.failed.entry(entry).or_default();
                *tries = tries.saturating_add(1);
            } else {
                self.failed.remove(&entry);
                self.seen.put(entry);
            }
        }
        // Only a list that was worked off may be answered with "nothing new".
        self.memo = if is_whole && left.is_none() { memo } else { Memo::default() };
        Ok(left)
    }

    /// What is still to be fetched of a list: first what was tried least, so that entries that are
    /// not to be had keep no other from being fetched.
    fn wanted(&mut self, mut entries: Vec<Entry>) -> Vec<Entry> {
        entries.retain(|entry| !self.seen.known.contains(entry));
        self.failed.retain(|entry, _| entries.contains(entry));
        entries.sort_by_key(|entry| self.failed.get(entry).copied().unwrap_or_default());
        entries
    }

    async fn entry(
        &mut self,
        feed: &Address,
        trusted: &Trusted,
        entry: &Entry,
    ) -> Result<(), String> {
        let address = match feed.join(&entry.link) {
            Ok(address) => address,
            Err(why) => {
                // It will not be another host's the next time either.
                tracing::warn!(url = self.feed.url, link = entry.link, why, "an entry is left");
                return Ok(());
            }
        };
        match fetch(&address, trusted, &mut Memo::default()).await? {
            Fetched::Body(body) => self.take(&address, &body).await,
            Fetched::Unchanged => Err("answered 304 without having been asked so".into()),
        }
    }

    /// Admits a message; what is refused is kept, and is done with.
    async fn take(&self, address: &Address, body: &[u8]) -> Result<(), String> {
        self.admission.room().await;
        let place = address.to_string();
        let source = Source { agency: &self.feed.agency, channel: Channel::Poll, place: &place };
        let admitted: Admitted = match cap::said(body) {
            Ok(said) => {
                self.admission.reports(source, said, |_| Ok(())).map_err(|e| e.to_string())?
            }
            Err(why) => self.admission.refuse(source, why, body),
        };
        admitted.durable().await.map(|_| ()).map_err(|error| error.to_string())
    }
}
