//! Sessions: kept by the platform, found by the hash of their secret, ended by idleness, by age, by
//! sign-out, or with their person. Tickets for the live socket stand on one.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS, UtcMs};

use super::secret::Kept;
use super::store::{PersonRow, SessionRow};

/// A session ends after this long without use. An open live socket is use.
pub const IDLE_MAX_MS: i64 = 30 * MINUTE_MS;
/// A session ends this long after its sign-in: a shift of twelve hours and its handover.
pub const AGE_MAX_MS: i64 = 13 * HOUR_MS;
/// A ticket is good for this long.
pub const TICKET_MAX_MS: i64 = 30 * SECOND_MS;
/// Sessions one person may have; the oldest gives way.
pub const SESSIONS_EACH_MAX: usize = 20;
/// How old the file's word of a session's last use may be: an open console uses it every second,
/// and need not write every second.
pub const WRITTEN_EVERY_MS: i64 = MINUTE_MS;
/// Tickets that may wait at one time; the oldest gives way.
pub const TICKETS_MAX: usize = 10_000;

/// Sessions and tickets in memory; the file has the sessions too.
#[derive(Debug, Default)]
pub struct Sessions {
    rows: BTreeMap<Kept, SessionRow>,
    used: BTreeSet<Kept>,
    written: BTreeMap<Kept, UtcMs>,
    ended: BTreeSet<Kept>,
    tickets: BTreeMap<Kept, (Kept, UtcMs)>,
}

fn over(row: &SessionRow, now: UtcMs) -> bool {
    now.0 - row.last.0 >= IDLE_MAX_MS || now.0 - row.since.0 >= AGE_MAX_MS
}

impl Sessions {
    /// Begins one.
    pub fn begin(&mut self, key: Kept, user: &str, now: UtcMs) -> SessionRow {
        let mut own: Vec<(UtcMs, Kept)> =
            self.rows.values().filter(|r| r.user == user).map(|r| (r.last, r.key)).collect();
        own.sort_unstable();
        let surplus = (own.len() + 1).saturating_sub(SESSIONS_EACH_MAX);
        for (_, old) in own.into_iter().take(surplus) {
            self.end(&old);
        }
        let row = SessionRow { key, user: user.to_owned(), since: now, last: now };
        self.rows.insert(key, row.clone());
        self.written.insert(key, now);
        row
    }

    /// Uses one: its person, and when it ends if nothing more is done.
    pub fn use_now(&mut self, key: &Kept, now: UtcMs) -> Option<(String, UtcMs)> {
        let row = self.rows.get_mut(key).filter(|r| !over(r, now))?;
        row.last = row.last.max(now);
        self.used.insert(*key);
        let idle = row.last.plus_ms(IDLE_MAX_MS);
        Some((row.user.clone(), idle.min(row.since.plus_ms(AGE_MAX_MS))))
    }

    /// Ends one.
    pub fn end(&mut self, key: &Kept) {
        if self.rows.remove(key).is_some() {
            self.ended.insert(*key);
            self.used.remove(key);
            self.written.remove(key);
        }
    }

    /// Ends all of a person.
    pub fn end_all_of(&mut self, user: &str) {
        let keys: Vec<Kept> =
            self.rows.values().filter(|r| r.user == user).map(|r| r.key).collect();
        keys.iter().for_each(|k| self.end(k));
    }

    /// What has to be written: those that have ended, and those used since the last time.
    pub fn settle(&mut self, now: UtcMs) -> (BTreeSet<Kept>, Vec<SessionRow>) {
        let worn: Vec<Kept> = self.rows.values().filter(|r| over(r, now)).map(|r| r.key).collect();
        worn.iter().for_each(|k| self.end(k));
        self.tickets.retain(|_, (_, since)| now.0 - since.0 < TICKET_MAX_MS);
        let due = |key: &&Kept| {
            let written = self.written.get(*key).copied().unwrap_or_default();
            now.0 - written.0 >= WRITTEN_EVERY_MS
        };
        let due: Vec<Kept> = self.used.iter().filter(due).copied().collect();
        let rows: Vec<SessionRow> = due.iter().filter_map(|k| self.rows.get(k).cloned()).collect();
        for key in due {
            self.used.remove(&key);
            self.written.insert(key, now);
        }
        (std::mem::take(&mut self.ended), rows)
    }

    /// Takes over what the file says: sessions that are gone there have ended, and those of people
    /// who are gone or disabled end.
    pub fn take_over(&mut self, kept: Vec<SessionRow>, people: &BTreeMap<String, PersonRow>) {
        let mut fresh = BTreeMap::new();
        for row in kept {
            let allowed = people.get(&row.user).is_some_and(|p| !p.disabled);
            if !allowed || self.ended.contains(&row.key) {
                self.ended.insert(row.key);
                continue;
            }
            let last = self.rows.get(&row.key).map_or(row.last, |r| r.last.max(row.last));
            fresh.insert(row.key, SessionRow { last, ..row });
        }
        self.rows = fresh;
    }

    /// Adds a ticket for a session.
    pub fn add_ticket(&mut self, ticket: Kept, session: Kept, now: UtcMs) {
        if self.tickets.len() >= TICKETS_MAX {
            let oldest = self.tickets.iter().min_by_key(|(_, (_, at))| *at).map(|(k, _)| *k);
            if let Some(oldest) = oldest {
                self.tickets.remove(&oldest);
            }
        }
        self.tickets.insert(ticket, (session, now));
    }

    /// Takes a ticket: it is good once.
    pub fn take_ticket(&mut self, ticket: &Kept, now: UtcMs) -> Option<Kept> {
        let (session, since) = self.tickets.remove(ticket)?;
        (now.0 - since.0 < TICKET_MAX_MS).then_some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UtcMs = UtcMs(1_000_000_000);

    #[test]
    fn a_session_ends_by_idleness_and_by_age() {
        let mut sessions = Sessions::default();
        sessions.begin([1; 32], "wang", T0);
        assert!(sessions.use_now(&[1; 32], T0.plus_ms(IDLE_MAX_MS - 1)).is_some());
        assert!(sessions.use_now(&[1; 32], T0.plus_ms(2 * IDLE_MAX_MS)).is_none());
        sessions.begin([2; 32], "wang", T0);
        let mut at = T0;
        while at.0 - T0.0 < AGE_MAX_MS {
            assert!(sessions.use_now(&[2; 32], at).is_some());
            at = at.plus_ms(IDLE_MAX_MS / 2);
        }
        assert!(sessions.use_now(&[2; 32], at).is_none());
        let (ended, _) = sessions.settle(at);
        assert!(ended.contains(&[1; 32]) && ended.contains(&[2; 32]));
    }

    #[test]
    fn a_ticket_is_good_once_and_for_half_a_minute() {
        let mut sessions = Sessions::default();
        sessions.add_ticket([7; 32], [1; 32], T0);
        assert_eq!(sessions.take_ticket(&[7; 32], T0), Some([1; 32]));
        assert_eq!(sessions.take_ticket(&[7; 32], T0), None);
        sessions.add_ticket([8; 32], [1; 32], T0);
        assert_eq!(sessions.take_ticket(&[8; 32], T0.plus_ms(TICKET_MAX_MS)), None);
    }

    #[test]
    fn one_person_has_a_bounded_number_of_sessions() {
        let mut sessions = Sessions::default();
        for n in 0..100u8 {
            sessions.begin([n; 32], "wang", T0.plus_ms(i64::from(n)));
        }
        assert_eq!(sessions.rows.len(), SESSIONS_EACH_MAX);
        assert!(sessions.use_now(&[99; 32], T0).is_some());
    }
}
