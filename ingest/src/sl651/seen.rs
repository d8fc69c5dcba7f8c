//! Messages seen lately, by (address, function, serial number, sending time) and content: a resend
//! is answered again and counted, and brings nothing twice. A station that forgets to count its
//! messages loses none: another content is another message.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::sl651::Address;
use domain::time::UtcMs;

/// Messages remembered of one station.
pub const SEEN_PER_STATION: usize = 64;
/// Stations of which messages are remembered.
pub const STATIONS_MAX: usize = 65_536;

/// What a message is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    function: u8,
    serial: u16,
    sent: UtcMs,
    content: u64,
}

impl Key {
    /// The key of a message with this body.
    pub fn of(function: u8, serial: u16, sent: UtcMs, body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        Self { function, serial, sent, content: hasher.finish() }
    }
}

/// Under which configuration a message was refused; nothing where it was taken.
type Refused = Option<usize>;

/// See the module. Shared by all connections: a station may come back by another one.
#[derive(Debug, Default)]
pub struct Seen(Mutex<BTreeMap<Address, VecDeque<(Key, Refused)>>>);

impl Seen {
    fn held(&self) -> MutexGuard<'_, BTreeMap<Address, VecDeque<(Key, Refused)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message was seen. One that was refused is looked at anew under another
    /// configuration (`register`, its address): its station may be known by then.
    pub fn knows(&self, station: Address, key: &Key, register: usize) -> bool {
        let held = self.held();
        let mut keys = held.get(&station).into_iter().flatten();
        keys.any(|(known, refused)| known == key && refused.is_none_or(|by| by == register))
    }

    /// Remembers a message that is durable.
    pub fn put(&self, station: Address, key: Key, refused: Refused) {
        let mut held = self.held();
        if !held.contains_key(&station) && held.len() >= STATIONS_MAX {
            return;
        }
        let keys = held.entry(station).or_default();
        keys.retain(|(known, _)| *known != key);
        if keys.len() >= SEEN_PER_STATION {
            keys.pop_front();
        }
        keys.push_back((key, refused));
    }
}
