//! The credentials of agencies and units in memory: 256 random bits each, kept as SHA-256. A secret
//! of that length needs no slow hash, and the look-up by hash tells a guesser nothing by its time.
//! When one was last used is kept here and written down now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};

use domain::time::{MINUTE_MS, UtcMs};

use super::secret::{self, Kept};

/// The holder of a credential that is good for any agency or unit (demonstrations only).
pub const ANY: &str = "*";
/// How old the file's word of a credential's last use may be: a feed uses its own many times a
/// second.
pub const USE_WRITTEN_EVERY_MS: i64 = MINUTE_MS;
/// Stands for a credential that was never used.
const NEVER: i64 = i64::MIN;

/// What a credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opens {
    /// HTTP as a bearer token, and MQTT as a password.
    Any,
    /// HTTP alone.
    Http,
    /// MQTT alone.
    Mqtt,
    /// A connection over TLS, by a client certificate: no secret of ours, its key is the
    /// certificate's SHA-256.
    Certificate,
}

impl Opens {
    /// Every kind, with its word.
    pub const ALL: [(Opens, &str); 4] = [
        (Opens::Any, "any"),
        (Opens::Http, "http"),
        (Opens::Mqtt, "mqtt"),
        (Opens::Certificate, "certificate"),
    ];

    /// Its word in the file, in answers and on the command line.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("any", |(_, word)| word)
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }

    fn door(self, door: Opens) -> bool {
        self == door || (self == Opens::Any && matches!(door, Opens::Http | Opens::Mqtt))
    }
}

/// A credential, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id: what it is called by, and no secret.
    pub id: String,
    /// SHA-256 of its secret (or of its certificate).
    pub key: Kept,
    /// `agency` or `unit`.
    pub kind: String,
    /// Id of the agency or unit; `*` for any (demonstrations).
    pub holder: String,
    /// What it opens.
    pub opens: Opens,
    /// What its holder calls it.
    pub label: String,
    /// Since when.
    pub since: UtcMs,
    /// Who gave it out.
    pub by: String,
    /// Until when it is good.
    pub expires: Option<UtcMs>,
    /// When it was last used, to the minute.
    pub used: Option<UtcMs>,
    /// When it was revoked.
    pub revoked: Option<UtcMs>,
    /// The id of the one that took its place.
    pub replaced_by: Option<String>,
}

impl Credential {
    /// Whether it is good at `now`.
    pub fn is_good(&self, now: UtcMs) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|until| now < until)
    }

    /// `active`, `expired` or `revoked`.
    pub fn state(&self, now: UtcMs) -> &'static str {
        match self.revoked {
            Some(_) => "revoked",
            None if self.is_good(now) => "active",
            None => "expired",
        }
    }
}

#[derive(Debug)]
struct Row {
    kept: Credential,
    used: AtomicI64,
    written: AtomicI64,
}

impl Row {
    fn of(kept: Credential) -> Self {
        let used = kept.used.map_or(NEVER, |t| t.0);
        Self { kept, used: used.into(), written: used.into() }
    }

    fn used(&self) -> Option<UtcMs> {
        let used = self.used.load(Ordering::Relaxed);
        (used != NEVER).then_some(UtcMs(used))
    }

    fn seen(&self, now: UtcMs) -> &Credential {
        self.used.fetch_max(now.0, Ordering::Relaxed);
        &self.kept
    }
}

/// Credentials by the hash of their secret, and by id.
#[derive(Debug, Default)]
pub struct Keyring {
    rows: BTreeMap<Kept, Row>,
    ids: BTreeMap<String, Kept>,
}

impl Keyring {
    /// From what is kept.
    pub fn new(kept: Vec<Credential>) -> Self {
        let mut keyring = Self::default();
        kept.into_iter().for_each(|credential| keyring.put(credential));
        keyring
    }

    /// Puts one in, new or changed. What is known of its use stays.
    pub fn put(&mut self, credential: Credential) {
        let key = credential.key;
        self.ids.insert(credential.id.clone(), key);
        let row = Row::of(credential);
        if let Some(had) = self.rows.get(&key) {
            row.used.fetch_max(had.used.load(Ordering::Relaxed), Ordering::Relaxed);
            row.written.fetch_max(had.written.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.rows.insert(key, row);
    }

    /// Takes over what the file says; uses that it does not know of yet stay.
    pub fn take_over(&mut self, kept: Vec<Credential>) {
        let mut fresh = Self::new(kept);
        for (key, row) in &mut fresh.rows {
            if let Some(had) = self.rows.get(key) {
                row.used.fetch_max(had.used.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
        *self = fresh;
    }

    /// The credential whose secret this is, where it opens this door at `now`; this counts as use.
    pub fn open(&self, given: &str, door: Opens, now: UtcMs) -> Option<&Credential> {
        self.open_by(&secret::kept(given), door, now)
    }

    /// The same by the hash.
    pub fn open_by(&self, key: &Kept, door: Opens, now: UtcMs) -> Option<&Credential> {
        let row = self.rows.get(key)?;
        (row.kept.opens.door(door) && row.kept.is_good(now)).then(|| row.seen(now))
    }

    /// Whether a credential is still good at `now`: whoever came in by it uses it.
    pub fn holds(&self, id: &str, now: UtcMs) -> bool {
        let row = self.ids.get(id).and_then(|key| self.rows.get(key));
        row.is_some_and(|row| row.kept.is_good(now) && row.seen(now).is_good(now))
    }

    /// One by its id, with its last use.
    pub fn get(&self, id: &str) -> Option<Credential> {
        let row = self.ids.get(id).and_then(|key| self.rows.get(key))?;
        Some(Credential { used: row.used(), ..row.kept.clone() })
    }

    /// One by its hash, good or not.
    pub fn by_key(&self, key: &Kept) -> Option<&Credential> {
        self.rows.get(key).map(|row| &row.kept)
    }

    /// Those of a holder, oldest first.
    pub fn of(&self, kind: &str, holder: &str) -> Vec<Credential> {
        let theirs = self.rows.values().filter(|r| r.kept.kind == kind && r.kept.holder == holder);
        let mut list: Vec<Credential> =
            theirs.map(|row| Credential { used: row.used(), ..row.kept.clone() }).collect();
        list.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
        list
    }

    /// Uses that have to be written: id and time.
    pub fn settle(&self, all: bool) -> Vec<(String, UtcMs)> {
        let due = self.rows.values().filter_map(|row| {
            let (used, written) = (row.used()?, row.written.load(Ordering::Relaxed));
            let fresh = used.0.saturating_sub(written) >= USE_WRITTEN_EVERY_MS;
            if !(fresh || all && used.0 != written) {
                return None;
            }
            row.written.store(used.0, Ordering::Relaxed);
            Some((row.kept.id.clone(), used))
        });
        due.collect()
    }

    /// Every holder: kind and id.
    pub fn holders(&self) -> BTreeSet<(String, String)> {
        self.rows.values().map(|r| (r.kept.kind.clone(), r.kept.holder.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(id: &str, given: &str, opens: Opens, expires: Option<UtcMs>) -> Credential {
        Credential {
            id: id.into(),
            key: secret::kept(given),
            kind: "agency".into(),
            holder: "hydro".into(),
            opens,
            label: String::new(),
            since: UtcMs(0),
            by: "test".into(),
            expires,
            used: None,
            revoked: None,
            replaced_by: None,
        }
    }

    #[test]
    fn a_credential_opens_its_door_until_it_expires() {
        let until = Some(UtcMs(1_000));
        let keyring = Keyring::new(vec![
            credential("a", "one", Opens::Any, until),
            credential("b", "two", Opens::Mqtt, None),
        ]);
        assert!(keyring.open("one", Opens::Http, UtcMs(999)).is_some());
        assert!(keyring.open("one", Opens::Mqtt, UtcMs(999)).is_some());
        assert!(keyring.open("one", Opens::Http, UtcMs(1_000)).is_none(), "expired");
        assert!(keyring.open("two", Opens::Http, UtcMs(5)).is_none(), "a password is no token");
        assert!(keyring.open("two", Opens::Mqtt, UtcMs(5)).is_some());
        assert!(keyring.open("one", Opens::Certificate, UtcMs(5)).is_none());
        assert!(keyring.holds("a", UtcMs(999)) && !keyring.holds("a", UtcMs(1_000)));
        assert!(!keyring.holds("nobody", UtcMs(5)));
    }

    #[test]
    fn uses_are_written_once_a_minute_and_outlive_a_reload() {
        let mut keyring = Keyring::new(vec![credential("a", "one", Opens::Any, None)]);
        assert!(keyring.settle(false).is_empty());
        keyring.open("one", Opens::Http, UtcMs(5));
        assert_eq!(keyring.settle(false), [("a".to_owned(), UtcMs(5))], "the first at once");
        keyring.open("one", Opens::Http, UtcMs(50));
        assert!(keyring.settle(false).is_empty());
        keyring.take_over(vec![Credential {
            used: Some(UtcMs(5)),
            ..credential("a", "one", Opens::Any, None)
        }]);
        assert_eq!(keyring.get("a").unwrap().used, Some(UtcMs(50)));
        assert_eq!(keyring.settle(true), [("a".to_owned(), UtcMs(50))], "all at the end");
        keyring.open("one", Opens::Http, UtcMs(50 + USE_WRITTEN_EVERY_MS));
        assert_eq!(keyring.settle(false).len(), 1);
    }
}
