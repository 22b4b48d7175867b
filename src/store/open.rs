//! Opens the database: settings that safety rests on, and migrations.
//!
//! Every PRAGMA is read back, because SQLite ignores values it does not know. A crash during a
//! migration leaves the version before it: each runs in one transaction.

use std::fs::OpenOptions;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior};
use sha2::{Digest, Sha256};

use super::error::StoreError;
use crate::runtime::{durable, failpoint};

/// Every migration in order; a released one is never edited.
const MIGRATIONS: [&str; 10] = [
    include_str!("schema/0001_machine.sql"),
    include_str!("schema/0002_business.sql"),
    include_str!("schema/0003_sales_depth.sql"),
    include_str!("schema/0004_operations_depth.sql"),
    include_str!("schema/0005_finance_depth.sql"),
    include_str!("schema/0006_learning_depth.sql"),
    include_str!("schema/0007_last_gaps.sql"),
    include_str!("schema/0008_serving.sql"),
    include_str!("schema/0009_survival.sql"),
    include_str!("schema/0010_desk.sql"),
];

/// The oldest SQLite without the WAL-reset corruption bug (sqlite.org/wal.html#walresetbug).
const SQLITE_MIN: i32 = 3_051_003;

/// `application_id` of our files: the bytes `CEPm`.
const APPLICATION_ID: i64 = 0x4345_506d;

/// How long a statement waits for another process's commit. Writes are short; ten seconds means
/// that something is stuck.
const BUSY_TIMEOUT_MS: u64 = 10_000;

/// Opens `path` for writing, creating and migrating it as needed.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    assert!(
        rusqlite::version_number() >= SQLITE_MIN,
        "the linked SQLite is too old; the bundled one must be used"
    );
    let opened = |source| StoreError::Open { path: path.to_owned(), source };
    let not_made = |error| opened(rusqlite::Error::ToSqlConversionFailure(Box::new(error)));
    let folder = durable::parent(path);
    durable::make_folder(folder).map_err(not_made)?;
    let mut conn = Connection::open(path).map_err(|source| StoreError::Open {
        path: path.to_owned(),
        source: cause_of(path, source),
    })?;
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS)).map_err(opened)?;
    recognise(&conn, path)?;
    set(&conn, "journal_mode", "wal")?;
    set(&conn, "synchronous", "2")?;
    set(&conn, "foreign_keys", "1")?;
    set(&conn, "temp_store", "2")?;
    set(&conn, "journal_size_limit", "67108864")?;
    // SQLite syncs what it writes into the file, and leaves the file's name to us.
    if version(&conn)? == 0 {
        durable::sync_folder(folder).map_err(not_made)?;
    }
    migrate(&mut conn, path)?;
    steady(&conn).map_err(opened)?;
    conn.set_prepared_statement_cache_capacity(256);
    Ok(conn)
}

/// Finds out why a file cannot be opened: SQLite says only that it cannot.
fn cause_of(path: &Path, source: rusqlite::Error) -> rusqlite::Error {
    match OpenOptions::new().read(true).append(true).create(true).open(path) {
        Ok(_) => source,
        Err(error) => rusqlite::Error::ToSqlConversionFailure(Box::new(error)),
    }
}

/// Opens `path` for reading only.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = |source| StoreError::Open { path: path.to_owned(), source };
    let conn = Connection::open_with_flags(path, flags).map_err(opened)?;
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS)).map_err(opened)?;
    set(&conn, "query_only", "1")?;
    steady(&conn).map_err(opened)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

/// Opens a database without changing anything in it: neither its schema nor how it is kept.
pub(super) fn as_it_is(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let opened = |source| StoreError::Open { path: path.to_owned(), source };
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(opened)?;
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS)).map_err(opened)?;
    recognise(&conn, path)?;
    Ok(conn)
}

/// Returns the schema of a database that this version can read.
pub(super) fn schema_of(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(conn)?;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

/// Keeps prepared statements prepared. By default SQLite looks at bound values to see whether a
/// partial index serves, and then prepares the statement anew for each value; our statements name
/// the condition of the index they want.
fn steady(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Refuses files of other programs before anything is changed in them.
fn recognise(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let foreign = || StoreError::Foreign { path: path.to_owned() };
    let id: i64 = match conn.query_row("PRAGMA application_id", [], |row| row.get(0)) {
        Ok(id) => id,
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(foreign());
        }
        Err(source) => return Err(StoreError::Open { path: path.to_owned(), source }),
    };
    let tables: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) { Ok(()) } else { Err(foreign()) }
}

fn set(conn: &Connection, name: &'static str, wanted: &'static str) -> Result<(), StoreError> {
    let refused = |source| StoreError::Sqlite { what: "a setting", source };
    conn.pragma_update(None, name, wanted).map_err(refused)?;
    let found = conn
        .query_row(&format!("PRAGMA {name}"), [], |row| {
            row.get_ref(0).map(|value| match value {
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other @ (rusqlite::types::ValueRef::Null
                | rusqlite::types::ValueRef::Real(_)
                | rusqlite::types::ValueRef::Blob(_)) => format!("{other:?}"),
            })
        })
        .map_err(refused)?;
    if found == wanted { Ok(()) } else { Err(StoreError::Pragma { name, wanted, found }) }
}

/// Brings the schema to this version, in one transaction that excludes other processes: of two that
/// begin a database at the same time the second finds it made.
fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if schema_of(conn, path)? < known {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = schema_of(&tx, path)?;
        for (index, sql) in MIGRATIONS.iter().enumerate() {
            let number = index + 1;
            if i64::try_from(number).unwrap_or(i64::MAX) > found {
                apply(&tx, number, sql)?;
            }
        }
        failpoint::hit("migration.before_commit");
        tx.commit()?;
        failpoint::hit("migration.committed");
        tracing::info!(from = found, to = known, "the schema was brought up to date");
    }
    check_digests(conn)
}

fn version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn apply(tx: &Transaction<'_>, number: usize, sql: &str) -> Result<(), StoreError> {
    let refused = |source| StoreError::Sqlite { what: "a migration", source };
    tx.execute_batch(sql).map_err(refused)?;
    tx.pragma_update(None, "user_version", i64::try_from(number).unwrap_or(i64::MAX))?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    store_digest(tx, number, sql)
}

/// What the digest of a migration's text is stored under, and the digest.
fn digest_of(number: usize, sql: &str) -> (String, String) {
    (format!("migration/{number}"), hex::encode(Sha256::digest(sql.as_bytes())))
}

fn store_digest(conn: &Connection, number: usize, sql: &str) -> Result<(), StoreError> {
    let (key, digest) = digest_of(number, sql);
    conn.execute(
        "INSERT OR IGNORE INTO settings (key, value, changed_at) VALUES (?1, ?2, 0)",
        [&key, &digest],
    )?;
    Ok(())
}

/// Compares the stored digest of each migration's text with that of the text here.
fn check_digests(conn: &Connection) -> Result<(), StoreError> {
    for (index, sql) in MIGRATIONS.iter().enumerate() {
        let (key, digest) = digest_of(index + 1, sql);
        let stored = conn
            .query_row("SELECT value FROM settings WHERE key = ?1", [&key], |row| {
                row.get::<_, String>(0)
            })
            .optional()?;
        match stored {
            Some(stored) if stored != digest => {
                return Err(StoreError::MigrationChanged { number: index + 1 });
            }
            Some(_) => {}
            // Earlier releases could stop between a migration and its digest.
            None => store_digest(conn, index + 1, sql)?,
        }
    }
    Ok(())
}

/// Makes an empty database of this version in memory.
#[cfg(test)]
pub(super) fn in_memory() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    for migration in MIGRATIONS {
        conn.execute_batch(migration).unwrap();
    }
    conn
}

/// Makes a database as a release with so many migrations left it, for tests that upgrade one.
#[cfg(test)]
pub(super) fn of_version(path: &Path, version: usize) -> Connection {
    let conn = Connection::open(path).unwrap();
    for migration in &MIGRATIONS[..version] {
        conn.execute_batch(migration).unwrap();
    }
    conn.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    conn
}

/// Returns how SQLite would find the rows of a statement in a database of this version: one line for
/// each table it looks at.
#[cfg(test)]
pub(super) fn plan_of(sql: &str) -> Vec<String> {
    let conn = in_memory();
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>();
    steps.unwrap()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_database_of_a_newer_version_is_refused_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("newer.db");
        writer(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(writer(&path), Err(StoreError::Newer { found: 99, .. })));
        let conn = Connection::open(&path).unwrap();
        let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, 99);
    }

    #[test]
    fn a_file_of_another_program_is_refused_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("notes.txt");
        fs::write(&text, "these are my notes, and there are more of them than a header").unwrap();
        assert!(matches!(writer(&text), Err(StoreError::Foreign { .. })));
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(writer(&other), Err(StoreError::Foreign { .. })));
    }

    #[test]
    fn a_migration_that_stops_halfway_leaves_the_version_before_and_is_done_by_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let last = MIGRATIONS.len() - 1;
        // The last table of the newest migration is in its way, so all before it was done already.
        let tables = MIGRATIONS[last].split("CREATE TABLE ").skip(1);
        let names: Vec<&str> = tables.filter_map(|rest| rest.split(' ').next()).collect();
        let (first, in_the_way) = (names[0], names[names.len() - 1]);
        assert_ne!(first, in_the_way);
        let conn = of_version(&path, last);
        conn.execute_batch(&format!("CREATE TABLE {in_the_way} (x)")).unwrap();
        drop(conn);
        let error = writer(&path).unwrap_err();
        assert!(error.to_string().contains("refused a migration"), "{error}");
        let conn = Connection::open(&path).unwrap();
        let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(version), Ok(last));
        assert!(conn.prepare(&format!("SELECT * FROM {first}")).is_err(), "half of it was kept");
        conn.execute_batch(&format!("DROP TABLE {in_the_way}")).unwrap();
        drop(conn);
        let conn = writer(&path).unwrap();
        let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(version), Ok(MIGRATIONS.len()));
    }

    #[test]
    fn a_migration_that_was_edited_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edited.db");
        let conn = writer(&path).unwrap();
        conn.execute("UPDATE settings SET value = 'x' WHERE key = 'migration/1'", []).unwrap();
        drop(conn);
        assert!(matches!(writer(&path), Err(StoreError::MigrationChanged { number: 1 })));
    }
}
