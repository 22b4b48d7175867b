//! Keeps audits of public profiles. An audit is a fact of its moment and is never overwritten.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::sales::ProfileAudit;
use crate::store::error::StoreError;
use crate::store::words::{json, optional};

const PUT: &str = "
INSERT OR IGNORE INTO profiles (mode, entity, source, observed_at, version, facts, score, coverage,
  signals)
VALUES (:mode, :entity, :source, :observed_at, :version, :facts, :score, :coverage, :signals)";

/// Inserts an audit unless the one of this source and version is there.
pub(super) fn put(tx: &Connection, mode: Mode, audit: &ProfileAudit) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": audit.entity,
        ":source": audit.source,
        ":observed_at": audit.observed_at,
        ":version": audit.version,
        ":facts": audit.facts.to_string(),
        ":score": audit.score,
        ":coverage": audit.coverage,
        ":signals": audit.signals.to_string(),
    })?;
    Ok(())
}

const LATEST: &str = "
SELECT * FROM profiles WHERE mode = ?1 AND entity = ?2 ORDER BY id DESC LIMIT 1";

/// Returns the latest audit of a business, of whatever source.
pub fn latest(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<ProfileAudit>, StoreError> {
    optional(conn.prepare_cached(LATEST)?.query_row(params![mode, entity], from_row))
}

const LATEST_OF: &str = "
SELECT * FROM profiles WHERE mode = ?1 AND entity = ?2 AND source = ?3 ORDER BY id DESC LIMIT 1";

/// Returns the latest audit of a business from one source.
pub fn latest_of(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    source: &str,
) -> Result<Option<ProfileAudit>, StoreError> {
    optional(conn.prepare_cached(LATEST_OF)?.query_row(params![mode, entity, source], from_row))
}

const VERSION: &str = "
SELECT * FROM profiles WHERE mode = ?1 AND entity = ?2 AND version = ?3 ORDER BY id DESC LIMIT 1";

/// Returns the audit of one version: `found`, `before`, `after`.
pub fn version(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    version: &str,
) -> Result<Option<ProfileAudit>, StoreError> {
    optional(conn.prepare_cached(VERSION)?.query_row(params![mode, entity, version], from_row))
}

const FOUND: &str = "
SELECT * FROM profiles WHERE mode = ?1 AND entity = ?2
  AND (version = 'found' OR version LIKE 'found/%') ORDER BY id DESC LIMIT 1";

/// Returns the latest audit of a business's listing: `found`, or `found/5` when run 5 read it anew.
pub fn found(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<ProfileAudit>, StoreError> {
    optional(conn.prepare_cached(FOUND)?.query_row(params![mode, entity], from_row))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ProfileAudit> {
    Ok(ProfileAudit {
        entity: row.get("entity")?,
        source: row.get("source")?,
        version: row.get("version")?,
        observed_at: row.get("observed_at")?,
        facts: json(row, "facts")?,
        score: row.get("score")?,
        coverage: row.get("coverage")?,
        signals: json(row, "signals")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::profile::{Facts, Knowable, Source, audit};
    use crate::domain::time::Moment;
    use crate::store::sales::tests::database;

    #[test]
    fn an_audit_reads_back_and_is_never_overwritten() {
        let conn = database();
        let facts = Facts { category: Some("dental".to_owned()), ..Facts::default() };
        let audit = audit(&facts, Knowable::of(Source::OverpassJson));
        let row = |at, version| {
            audit.to_row("osm:node/1", Source::OverpassJson, version, Moment(at), &facts)
        };
        put(&conn, Mode::Dry, &row(1, "found")).unwrap();
        put(&conn, Mode::Dry, &row(2, "found")).unwrap();
        put(&conn, Mode::Dry, &row(3, "after")).unwrap();
        let found = version(&conn, Mode::Dry, "osm:node/1", "found").unwrap().unwrap();
        assert_eq!(found, row(1, "found"));
        assert_eq!(serde_json::from_value::<Facts>(found.facts).unwrap(), facts);
        put(&conn, Mode::Dry, &row(4, "found/9")).unwrap();
        let listing = super::found(&conn, Mode::Dry, "osm:node/1").unwrap().unwrap();
        assert_eq!(listing.version, "found/9");
        put(&conn, Mode::Dry, &row(5, "after2")).unwrap();
        let latest = latest(&conn, Mode::Dry, "osm:node/1").unwrap().unwrap();
        assert_eq!(latest.version, "after2");
    }
}
