//! Keeps reviews of clients, and our replies.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::operations::Review;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{count, optional};

const PUT: &str = "
INSERT INTO reviews (mode, entity, review, rating, text, at, reply, replied_at)
VALUES (:mode, :entity, :review, :rating, :text, :at, :reply, :replied_at)
ON CONFLICT (mode, entity, review) DO UPDATE SET
  rating = excluded.rating, text = excluded.text,
  reply = coalesce(excluded.reply, reply), replied_at = coalesce(excluded.replied_at, replied_at)";

/// Inserts a review, or takes over its edit and our reply.
pub(super) fn put(tx: &Connection, mode: Mode, review: &Review) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":entity": review.entity, ":review": review.review,
        ":rating": review.rating, ":text": review.text, ":at": review.at,
        ":reply": review.reply, ":replied_at": review.replied_at,
    })?;
    Ok(())
}

const BEFORE: &str = "SELECT count(*) FROM reviews WHERE mode = ?1 AND entity = ?2 AND at < ?3";

/// Returns how many reviews of a client came before `at`.
pub fn count_before(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    at: Moment,
) -> Result<u64, StoreError> {
    Ok(conn.prepare_cached(BEFORE)?.query_row(params![mode, entity, at], |row| count(row, 0))?)
}

const ONE: &str = "SELECT * FROM reviews WHERE mode = ?1 AND entity = ?2 AND review = ?3";

/// Returns one review of a client.
pub fn get(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    review: &str,
) -> Result<Option<Review>, StoreError> {
    optional(conn.prepare_cached(ONE)?.query_row(params![mode, entity, review], from_row))
}

const OF_CLIENT: &str = "SELECT * FROM reviews WHERE mode = ?1 AND entity = ?2 ORDER BY at, id";

/// Returns a client's reviews, oldest first.
pub fn of_client(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<Review>, StoreError> {
    let mut statement = conn.prepare_cached(OF_CLIENT)?;
    let rows = statement.query_map(params![mode, entity], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Review> {
    Ok(Review {
        entity: row.get("entity")?,
        review: row.get("review")?,
        rating: row.get("rating")?,
        text: row.get("text")?,
        at: row.get("at")?,
        reply: row.get("reply")?,
        replied_at: row.get("replied_at")?,
    })
}
