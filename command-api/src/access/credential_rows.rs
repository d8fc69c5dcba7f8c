//! Credentials in the access file.

use domain::time::UtcMs;
use rusqlite::{Row, params};

use super::keyring::{Credential, Opens};
use super::store::{Store, StoreError};

/// Credentials of one holder that are no longer good and still listed; the oldest give way. A revoked
/// certificate stays until it has expired: it would be let in again.
pub const DEAD_EACH_MAX: usize = 50;

fn read(row: &Row<'_>) -> rusqlite::Result<Option<Credential>> {
    let opens: String = row.get(4)?;
    let time = |at: usize| row.get::<_, Option<i64>>(at).map(|t| t.map(UtcMs));
    let (since, expires, used, revoked) = (UtcMs(row.get(6)?), time(8)?, time(9)?, time(10)?);
    let (id, key, kind, holder) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let (label, by, replaced_by) = (row.get(5)?, row.get(7)?, row.get(11)?);
    // A kind that this version does not know opens nothing.
    Ok(Opens::of(&opens).map(|opens| Credential {
        id,
        key,
        kind,
        holder,
        opens,
        label,
        since,
        by,
        expires,
        used,
        revoked,
        replaced_by,
    }))
}

const COLUMNS: &str = "id, key, kind, holder, opens, label, since_ms, by, expires_ms, used_ms,
    revoked_ms, replaced_by";

impl Store {
    /// Every credential.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        let rows = || {
            let mut query = self.db().prepare(&format!("SELECT {COLUMNS} FROM credentials"))?;
            let rows = query.query_map([], read)?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        Ok(rows().map_err(StoreError::Read)?.into_iter().flatten().collect())
    }

    /// Writes some, new or changed, in one commit; of a holder's dead ones the oldest go.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn put_credentials(&mut self, some: &[Credential], now: UtcMs) -> Result<(), StoreError> {
        let mut write = || {
            let all = self.db_mut().transaction()?;
            for c in some {
                let sql = format!(
                    "INSERT INTO credentials ({COLUMNS})
                     VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)
                     ON CONFLICT(id) DO UPDATE SET label=excluded.label,
                       expires_ms=excluded.expires_ms, revoked_ms=excluded.revoked_ms,
                       replaced_by=excluded.replaced_by"
                );
                let time = |t: Option<UtcMs>| t.map(|t| t.0);
                let row = params![
                    c.id,
                    c.key,
                    c.kind,
                    c.holder,
                    c.opens.word(),
                    c.label,
                    c.since.0,
                    c.by,
                    time(c.expires),
                    time(c.used),
                    time(c.revoked),
                    c.replaced_by
                ];
                all.execute(&sql, row)?;
                let sql = "DELETE FROM credentials WHERE id IN (SELECT id FROM credentials
                    WHERE kind=?1 AND holder=?2 AND (expires_ms <= ?4 OR (revoked_ms IS NOT NULL AND opens <> 'certificate'))
                    ORDER BY coalesce(revoked_ms, expires_ms) DESC, since_ms DESC
                    LIMIT -1 OFFSET ?3)";
                all.execute(sql, params![c.kind, c.holder, DEAD_EACH_MAX as i64, now.0])?;
            }
            all.commit()
        };
        write().map_err(StoreError::Write)
    }

    /// Writes when credentials were last used.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn put_uses(&mut self, used: &[(String, UtcMs)]) -> Result<(), StoreError> {
        if used.is_empty() {
            return Ok(());
        }
        let mut write = || {
            let all = self.db_mut().transaction()?;
            for (id, at) in used {
                let sql =
                    "UPDATE credentials SET used_ms=max(coalesce(used_ms, ?2), ?2) WHERE id=?1";
                all.execute(sql, params![id, at.0])?;
            }
            all.commit()
        };
        write().map_err(StoreError::Write)
    }
}
