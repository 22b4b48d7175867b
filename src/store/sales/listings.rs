//! Keeps what the sources said last of each business, and what a person said of a table's columns.
//!
//! A listing is written in the commit that writes its prospect, so a crash leaves both or neither,
//! and a file that is read again finds exactly what is missing.

use std::collections::BTreeMap;

use rusqlite::{Connection, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::prospect::{ColumnMap, Known, Listed};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json, optional};

const PUT: &str = "
INSERT INTO listings (mode, entity, source, licence, as_of, digest, first_seen_at, seen_at)
VALUES (:mode, :entity, :source, :licence, :as_of, :digest, :at, :at)
ON CONFLICT (mode, entity) DO UPDATE SET source = excluded.source, licence = excluded.licence,
  as_of = excluded.as_of, digest = excluded.digest, seen_at = excluded.seen_at, gone_at = NULL";

/// Notes what a source lists.
pub(super) fn put(tx: &Connection, mode: Mode, listed: &Listed) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": listed.entity,
        ":source": listed.source,
        ":licence": listed.licence,
        ":as_of": listed.as_of,
        ":digest": listed.digest,
        ":at": listed.seen_at,
    })?;
    Ok(())
}

const GONE: &str = "
UPDATE listings SET gone_at = coalesce(gone_at, ?3) WHERE mode = ?1 AND entity = ?2";

/// Notes that a source does not list a business any more.
pub(super) fn set_gone(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    at: Moment,
) -> Result<(), StoreError> {
    tx.prepare_cached(GONE)?.execute(params![mode, entity, at])?;
    Ok(())
}

const KNOWN: &str = "
SELECT p.entity AS entity, l.digest AS digest, l.as_of AS as_of, l.source AS source,
  l.gone_at IS NOT NULL AS gone
FROM prospects p LEFT JOIN listings l ON l.mode = p.mode AND l.entity = p.entity
WHERE p.mode = ?1";

/// Returns what is known of every business of a mode; a reading compares its source with it.
pub fn known(conn: &Connection, mode: Mode) -> Result<BTreeMap<String, Known>, StoreError> {
    let mut statement = conn.prepare_cached(KNOWN)?;
    let rows = statement.query_map(params![mode], |row| {
        let known = Known {
            digest: row.get("digest")?,
            as_of: row.get("as_of")?,
            source: row.get("source")?,
            gone: row.get("gone")?,
        };
        Ok((row.get("entity")?, known))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const SOURCE: &str = "SELECT source FROM listings WHERE mode = ?1 AND entity = ?2";

/// Returns where a business was listed last.
pub fn source_of(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<String>, StoreError> {
    optional(conn.prepare_cached(SOURCE)?.query_row(params![mode, entity], |row| row.get(0)))
}

const REMEMBER: &str = "
INSERT INTO column_maps (mode, source, columns, changed_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (mode, source) DO UPDATE SET columns = excluded.columns, changed_at = excluded.changed_at";

/// Remembers what the columns of a table are.
pub fn remember_columns(
    tx: &Connection,
    mode: Mode,
    source: &str,
    map: &ColumnMap,
    now: Moment,
) -> Result<(), StoreError> {
    let columns = serde_json::to_string(map).map_err(|e| StoreError::Unreadable(e.to_string()))?;
    tx.prepare_cached(REMEMBER)?.execute(params![mode, source, columns, now])?;
    Ok(())
}

const COLUMNS: &str = "SELECT columns FROM column_maps WHERE mode = ?1 AND source = ?2";

/// Returns what a person said of a table's columns; nothing where nobody did.
pub fn columns_of(conn: &Connection, mode: Mode, source: &str) -> Result<ColumnMap, StoreError> {
    let map = optional(
        conn.prepare_cached(COLUMNS)?.query_row(params![mode, source], |row| json(row, "columns")),
    )?;
    Ok(map.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sales::prospects;
    use crate::store::sales::tests::database;

    #[test]
    fn what_was_listed_is_known_in_its_mode_until_it_is_gone() {
        let conn = database();
        prospects::tests::put_named(&conn, "csv:a");
        prospects::tests::put_named(&conn, "csv:b");
        let listed = Listed {
            entity: "csv:a".to_owned(),
            source: "a.csv".to_owned(),
            licence: "own".to_owned(),
            as_of: None,
            digest: "d1".to_owned(),
            seen_at: Moment(5),
        };
        put(&conn, Mode::Dry, &listed).unwrap();
        let all = known(&conn, Mode::Dry).unwrap();
        assert_eq!(all["csv:a"].digest.as_deref(), Some("d1"));
        assert_eq!(all["csv:b"].digest, None, "known before listings were kept");
        assert!(known(&conn, Mode::Live).unwrap().is_empty());
        set_gone(&conn, Mode::Dry, "csv:a", Moment(6)).unwrap();
        assert!(known(&conn, Mode::Dry).unwrap()["csv:a"].gone);
        put(&conn, Mode::Dry, &listed).unwrap();
        assert!(!known(&conn, Mode::Dry).unwrap()["csv:a"].gone);
    }

    #[test]
    fn the_latest_word_on_a_tables_columns_is_remembered() {
        let conn = database();
        assert!(columns_of(&conn, Mode::Dry, "a.csv").unwrap().is_empty());
        for map in ["name=A", "name=Firma"] {
            let map = map.parse().unwrap();
            remember_columns(&conn, Mode::Dry, "a.csv", &map, Moment(1)).unwrap();
        }
        let map = columns_of(&conn, Mode::Dry, "a.csv").unwrap();
        assert_eq!(map.columns["name"], "Firma");
    }
}
