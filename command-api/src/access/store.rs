//! `access.sqlite`: people, sessions, credentials and the audit lines. Whoever opens it (the running
//! platform, or `fenghuo user` beside it) sees what the other wrote: [`Store::changed`] says when.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use domain::desk::Role;
use domain::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::doors;
use super::schema::{self, Unfit};
use super::secret::Kept;
use crate::desk::decide::role_word;

/// How long a write waits for another's.
const BUSY: Duration = Duration::from_secs(5);
/// The most audit lines that are kept.
pub const AUDIT_KEPT: u64 = 200_000;

/// What can go wrong with the access file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened or made.
    #[error("access file {0}: {1}")]
    Open(String, rusqlite::Error),
    /// A newer version made it.
    #[error("access file {0} is of the newer version {1}: use the program that made it")]
    Newer(String, i64),
    /// It could not be read.
    #[error("reading the access file: {0}")]
    Read(rusqlite::Error),
    /// It could not be written.
    #[error("writing the access file: {0}")]
    Write(rusqlite::Error),
}

/// A person, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// The agency, for role agency.
    pub agency: Option<String>,
    /// The password's hash.
    pub hash: String,
    /// Whether signing in is refused.
    pub disabled: bool,
}

/// A session, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of its secret.
    pub key: Kept,
    /// Whose.
    pub user: String,
    /// Since when.
    pub since: UtcMs,
    /// When it was last used.
    pub last: UtcMs,
}

/// The open file.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    version: i64,
}

impl Store {
    /// Opens or makes it.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let open = |e| StoreError::Open(path.display().to_string(), e);
        let mut db = Connection::open(path).map_err(open)?;
        db.busy_timeout(BUSY).map_err(open)?;
        db.pragma_update(None, "journal_mode", "WAL").map_err(open)?;
        db.pragma_update(None, "synchronous", "FULL").map_err(open)?;
        schema::prepare(&mut db).map_err(|unfit| match unfit {
            Unfit::Newer(found) => StoreError::Newer(path.display().to_string(), found),
            Unfit::Failed(error) => open(error),
        })?;
        Ok(Self { db, version: 0 })
    }

    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    pub(super) fn db_mut(&mut self) -> &mut Connection {
        &mut self.db
    }

    /// Whether somebody else has written since this was last asked.
    pub fn changed(&mut self) -> bool {
        let now = self.db.query_row("PRAGMA data_version", [], |r| r.get::<_, i64>(0));
        let Ok(now) = now else { return false };
        let changed = now != self.version;
        self.version = now;
        changed
    }

    /// What others have written could not be taken over: [`Store::changed`] says so again.
    pub fn not_taken_over(&mut self) {
        self.version = 0;
    }

    /// Everybody.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        let read = || {
            let sql = "SELECT name, role, agency, hash, disabled FROM people ORDER BY name";
            let mut query = self.db.prepare(sql)?;
            let rows = query.query_map([], |r| {
                let word: String = r.get(1)?;
                Ok((r.get(0)?, word, r.get(2)?, r.get(3)?, r.get(4)?))
            })?;
            rows.collect::<Result<Vec<(String, String, Option<String>, String, bool)>, _>>()
        };
        let rows = read().map_err(StoreError::Read)?.into_iter();
        // A role that this version does not know opens nothing.
        let known = rows.filter_map(|(name, word, agency, hash, disabled)| {
            doors::role(&word).map(|role| PersonRow { name, role, agency, hash, disabled })
        });
        Ok(known.collect())
    }

    /// Writes a person, new or changed.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn put_person(&self, person: &PersonRow, now: UtcMs) -> Result<(), StoreError> {
        let sql = "INSERT INTO people VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT(name) DO UPDATE SET
            role=excluded.role, agency=excluded.agency, hash=excluded.hash, disabled=excluded.disabled";
        let row = params![
            person.name,
            role_word(person.role),
            person.agency,
            person.hash,
            person.disabled,
            now.0
        ];
        self.db.execute(sql, row).map(drop).map_err(StoreError::Write)
    }

    /// Sessions.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        let read = || {
            let mut query = self.db.prepare("SELECT key, user, since_ms, last_ms FROM sessions")?;
            let rows = query.query_map([], |r| {
                Ok(SessionRow {
                    key: r.get(0)?,
                    user: r.get(1)?,
                    since: UtcMs(r.get(2)?),
                    last: UtcMs(r.get(3)?),
                })
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        read().map_err(StoreError::Read)
    }

    /// Writes a session, new or used again.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn put_session(&self, row: &SessionRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO sessions VALUES (?1,?2,?3,?4)
            ON CONFLICT(key) DO UPDATE SET last_ms=excluded.last_ms";
        let values = params![row.key, row.user, row.since.0, row.last.0];
        self.db.execute(sql, values).map(drop).map_err(StoreError::Write)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn end_session(&self, key: &Kept) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE key=?1";
        self.db.execute(sql, [key]).map(drop).map_err(StoreError::Write)
    }

    /// Ends everything of a person.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn end_sessions_of(&self, user: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE user=?1";
        self.db.execute(sql, [user]).map(drop).map_err(StoreError::Write)
    }

    /// Writes the one set-up code in place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn put_setup(&self, key: &Kept, now: UtcMs) -> Result<(), StoreError> {
        let write = || {
            self.db.execute("DELETE FROM setup", [])?;
            self.db.execute("INSERT INTO setup VALUES (?1,?2)", params![key, now.0])
        };
        write().map(drop).map_err(StoreError::Write)
    }

    /// Takes a set-up code: true once, and never again.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn take_setup(&self, key: &Kept) -> Result<bool, StoreError> {
        let sql = "DELETE FROM setup WHERE key=?1 RETURNING since_ms";
        let taken = self.db.query_row(sql, [key], |r| r.get::<_, i64>(0)).optional();
        taken.map(|t| t.is_some()).map_err(StoreError::Write)
    }

    /// Writes what a second has brought, in one commit: sessions that ended, sessions used, audit
    /// lines (time, who, what, detail).
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn settle(
        &mut self,
        ended: &BTreeSet<Kept>,
        used: &[SessionRow],
        lines: &[(UtcMs, String, String, String)],
    ) -> Result<(), StoreError> {
        if ended.is_empty() && used.is_empty() && lines.is_empty() {
            return Ok(());
        }
        let mut write = || {
            let all = self.db.transaction()?;
            for key in ended {
                all.execute("DELETE FROM sessions WHERE key=?1", [key])?;
            }
            for row in used {
                let sql = "UPDATE sessions SET last_ms=?2 WHERE key=?1";
                all.execute(sql, params![row.key, row.last.0])?;
            }
            for (at, who, what, detail) in lines {
                let sql = "INSERT INTO audit (at_ms, who, what, detail) VALUES (?1,?2,?3,?4)";
                all.execute(sql, params![at.0, who, what, detail])?;
            }
            let old = "DELETE FROM audit WHERE n <= (SELECT max(n) FROM audit) - ?1";
            all.execute(old, [i64::try_from(AUDIT_KEPT).unwrap_or(i64::MAX)])?;
            all.commit()
        };
        write().map_err(StoreError::Write)
    }

    /// The newest audit lines: time, who, what, detail.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn audit_lines(
        &self,
        limit: u32,
    ) -> Result<Vec<(UtcMs, String, String, String)>, StoreError> {
        let read = || {
            let sql = "SELECT at_ms, who, what, detail FROM audit ORDER BY n DESC LIMIT ?1";
            let mut query = self.db.prepare(sql)?;
            let rows = query
                .query_map([limit], |r| Ok((UtcMs(r.get(0)?), r.get(1)?, r.get(2)?, r.get(3)?)))?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        read().map_err(StoreError::Read)
    }
}
