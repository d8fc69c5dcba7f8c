//! The tables of `access.sqlite`, and how a file of an earlier version becomes one of this.

use rusqlite::{Connection, TransactionBehavior};

/// The version that this program writes. 0: the first, whose credentials had no id, no expiry and
/// no history, and whose revoked ones were deleted.
pub(super) const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS people (name TEXT PRIMARY KEY, role TEXT NOT NULL, agency TEXT,
  hash TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, since_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (key BLOB PRIMARY KEY, user TEXT NOT NULL,
  since_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS setup (key BLOB PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS audit (n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
  what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS credentials (id TEXT PRIMARY KEY, key BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL, holder TEXT NOT NULL, opens TEXT NOT NULL, label TEXT NOT NULL,
  since_ms INTEGER NOT NULL, by TEXT NOT NULL, expires_ms INTEGER, used_ms INTEGER,
  revoked_ms INTEGER, replaced_by TEXT) STRICT;
CREATE INDEX IF NOT EXISTS credentials_of ON credentials(kind, holder);";

/// The first version's tokens, where there are some.
const FROM_0: &str = "
INSERT INTO credentials (id, key, kind, holder, opens, label, since_ms, by)
  SELECT 'c-' || lower(hex(randomblob(6))), key, kind, holder, 'any', '', since_ms, ''
  FROM tokens;
DROP TABLE tokens;";

/// What keeps a file from being used.
#[derive(Debug)]
pub(super) enum Unfit {
    Newer(i64),
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Unfit::Failed(error)
    }
}

/// Makes the tables, or brings those of an earlier version to this one, in one transaction: two
/// programs that open the file at once do it once.
pub(super) fn prepare(db: &mut Connection) -> Result<(), Unfit> {
    let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = all.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if found > VERSION {
        return Err(Unfit::Newer(found));
    }
    if found < VERSION {
        all.execute_batch(TABLES)?;
        let tokens = "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name='tokens'";
        if all.query_row(tokens, [], |r| r.get::<_, i64>(0))? > 0 {
            all.execute_batch(FROM_0)?;
        }
        all.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(all.commit()?)
}

#[cfg(test)]
mod tests {
    use super::super::keyring::Opens;
    use super::super::secret;
    use super::super::store::{Store, StoreError};
    use domain::time::UtcMs;
    use rusqlite::{Connection, params};

    #[test]
    fn a_file_of_the_first_version_is_taken_over_with_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("access.sqlite");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(
            "CREATE TABLE people (name TEXT PRIMARY KEY, role TEXT NOT NULL, agency TEXT,
               hash TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,
               since_ms INTEGER NOT NULL) STRICT;
             CREATE TABLE sessions (key BLOB PRIMARY KEY, user TEXT NOT NULL,
               since_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;
             CREATE TABLE tokens (key BLOB PRIMARY KEY, kind TEXT NOT NULL, holder TEXT NOT NULL,
               since_ms INTEGER NOT NULL) STRICT;
             CREATE TABLE setup (key BLOB PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;
             CREATE TABLE audit (n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
               what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
             INSERT INTO people VALUES ('li', 'officer', NULL, 'x', 0, 7);
             INSERT INTO audit VALUES (1, 7, 'li', 'signed_in', '');",
        )
        .unwrap();
        for (given, kind, holder) in [("one", "agency", "hydro"), ("two", "unit", "*")] {
            let row = params![secret::kept(given), kind, holder, 7];
            old.execute("INSERT INTO tokens VALUES (?1,?2,?3,?4)", row).unwrap();
        }
        drop(old);
        for _ in 0..2 {
            let store = Store::open(&file).unwrap();
            let kept = store.credentials().unwrap();
            assert_eq!(kept.len(), 2);
            let hydro = kept.iter().find(|c| c.holder == "hydro").unwrap();
            assert_eq!((hydro.key, hydro.opens), (secret::kept("one"), Opens::Any));
            assert_eq!((hydro.since, hydro.expires, hydro.revoked), (UtcMs(7), None, None));
            assert_eq!(hydro.id.len(), 14, "{}", hydro.id);
            assert_eq!(store.people().unwrap().len(), 1);
            assert_eq!(store.audit_lines(10).unwrap().len(), 1);
        }
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("access.sqlite");
        drop(Store::open(&file).unwrap());
        let newer = Connection::open(&file).unwrap();
        newer.pragma_update(None, "user_version", super::VERSION + 1).unwrap();
        let why = Store::open(&file).unwrap_err();
        assert!(matches!(why, StoreError::Newer(..)), "{why}");
        assert!(why.to_string().contains("newer"), "{why}");
    }
}
