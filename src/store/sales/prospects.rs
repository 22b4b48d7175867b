//! Keeps prospects: one row per business and mode.
//!
//! A crash leaves either the row with its stage or neither: the commit that moves a prospect is the
//! one that ends the unit which decided it. A stage never moves backwards, because layers that work
//! at the same time see each other late.

use rusqlite::types::Type;
use rusqlite::{Connection, Row, named_params, params};

use crate::domain::booking::Standing;
use crate::domain::column::UnknownWord;
use crate::domain::mode::Mode;
use crate::domain::sales::{Conclusion, Prospect, Stage, Tier};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

const PUT: &str = "
INSERT INTO prospects (mode, entity, name, category, address, city, postcode, country, zone,
  language, lat, lon, phone, email, website, linkedin, source, attribution, stage, reason, score,
  coverage, tier, created_at, changed_at)
VALUES (:mode, :entity, :name, :category, :address, :city, :postcode, :country, :zone,
  :language, :lat, :lon, :phone, :email, :website, :linkedin, :source, :attribution, :stage,
  :reason, :score, :coverage, :tier, :now, :now)
ON CONFLICT (mode, entity) DO UPDATE SET
  name = excluded.name, category = excluded.category, address = excluded.address,
  city = excluded.city, postcode = excluded.postcode, country = excluded.country,
  zone = excluded.zone, language = excluded.language, lat = excluded.lat, lon = excluded.lon,
  phone = excluded.phone, email = excluded.email, website = excluded.website,
  linkedin = excluded.linkedin, source = excluded.source, attribution = excluded.attribution,
  score = excluded.score, coverage = excluded.coverage, tier = excluded.tier,
  stage = CASE WHEN :judged THEN excluded.stage ELSE stage END,
  reason = CASE WHEN :judged THEN excluded.reason ELSE reason END,
  changed_at = excluded.changed_at";

/// Inserts a prospect, or updates what is known of it; one that outreach has begun on keeps its
/// stage.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    prospect: &Prospect,
) -> Result<(), StoreError> {
    let old = stage_of(tx, mode, &prospect.entity)?;
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": prospect.entity,
        ":name": prospect.name,
        ":category": prospect.category,
        ":address": prospect.address,
        ":city": prospect.city,
        ":postcode": prospect.postcode,
        ":country": prospect.country,
        ":zone": prospect.zone,
        ":language": prospect.language,
        ":lat": prospect.lat,
        ":lon": prospect.lon,
        ":phone": prospect.phone,
        ":email": prospect.email,
        ":website": prospect.website,
        ":linkedin": prospect.linkedin,
        ":source": prospect.source,
        ":attribution": prospect.attribution,
        ":stage": prospect.stage.as_column(),
        ":reason": prospect.reason,
        ":score": prospect.score,
        ":coverage": prospect.coverage,
        ":tier": prospect.tier.map(Tier::as_column),
        ":judged": old.is_none_or(|old| prospect.stage.may_follow(old)),
        ":now": now,
    })?;
    Ok(())
}

const STAGE: &str = "SELECT stage FROM prospects WHERE mode = ?1 AND entity = ?2";

fn stage_of(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Stage>, StoreError> {
    let word: Option<String> =
        optional(conn.prepare_cached(STAGE)?.query_row(params![mode, entity], |row| row.get(0)))?;
    Ok(word.map(|word| Stage::from_column(&word)).transpose()?)
}

const MOVE: &str = "
UPDATE prospects SET stage = ?3, reason = coalesce(?4, reason), changed_at = ?5
WHERE mode = ?1 AND entity = ?2";

/// Moves a prospect along the pipeline; a step backwards changes nothing.
///
/// # Errors
/// A prospect that does not exist.
pub(super) fn set_stage(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    entity: &str,
    stage: Stage,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let old = stage_of(tx, mode, entity)?.ok_or_else(|| missing(entity))?;
    if stage.may_follow(old) {
        let to = params![mode, entity, stage.as_column(), reason, now];
        tx.prepare_cached(MOVE)?.execute(to)?;
    }
    Ok(())
}

const STAND: &str = "
UPDATE prospects SET stage = ?3, reason = ?4, changed_at = ?5
WHERE mode = ?1 AND entity = ?2 AND (stage <> ?3 OR reason IS NOT ?4)";

/// Puts a prospect where its meetings say; a client stays one.
///
/// # Errors
/// A prospect that does not exist.
pub(super) fn set_standing(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    entity: &str,
    standing: &Standing,
) -> Result<(), StoreError> {
    let old = stage_of(tx, mode, entity)?.ok_or_else(|| missing(entity))?;
    if standing.stage.may_follow(old) {
        let to = params![mode, entity, standing.stage.as_column(), standing.reason, now];
        tx.prepare_cached(STAND)?.execute(to)?;
    }
    Ok(())
}

const FIRST_CONTACT: &str = "
UPDATE prospects SET first_contact_at = coalesce(first_contact_at, ?3), changed_at = ?4
WHERE mode = ?1 AND entity = ?2";

/// Notes the first confirmed message; later ones change nothing.
///
/// # Errors
/// A prospect that does not exist.
pub(super) fn set_first_contact(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    entity: &str,
    at: Moment,
) -> Result<(), StoreError> {
    match tx.prepare_cached(FIRST_CONTACT)?.execute(params![mode, entity, at, now])? {
        1 => Ok(()),
        _ => Err(missing(entity)),
    }
}

const CONCLUDE: &str = "
UPDATE prospects SET conclusion = coalesce(conclusion, ?3),
  concluded_at = coalesce(concluded_at, ?4), changed_at = ?5
WHERE mode = ?1 AND entity = ?2";

/// Ends the outreach to a prospect; the first conclusion stays.
///
/// # Errors
/// A prospect that does not exist.
pub(super) fn conclude(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    entity: &str,
    conclusion: Conclusion,
    at: Moment,
) -> Result<(), StoreError> {
    let ended = params![mode, entity, conclusion.as_column(), at, now];
    match tx.prepare_cached(CONCLUDE)?.execute(ended)? {
        1 => Ok(()),
        _ => Err(missing(entity)),
    }
}

fn missing(entity: &str) -> StoreError {
    StoreError::Unreadable(format!("no prospect {entity:?}"))
}

const GET: &str = "SELECT * FROM prospects WHERE mode = ?1 AND entity = ?2";

/// Returns one prospect.
pub fn get(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Prospect>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, entity], from_row))
}

const CONCLUSION: &str = "SELECT conclusion FROM prospects WHERE mode = ?1 AND entity = ?2";

/// Returns how the outreach to a prospect ended, `None` while it has not.
pub fn conclusion(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<Conclusion>, StoreError> {
    let word: Option<Option<String>> = optional(
        conn.prepare_cached(CONCLUSION)?.query_row(params![mode, entity], |row| row.get(0)),
    )?;
    Ok(word.flatten().map(|word| Conclusion::from_column(&word)).transpose()?)
}

const BY_EMAIL: &str = "
SELECT * FROM prospects WHERE mode = ?1 AND email = ?2 AND stage <> 'left_out' ORDER BY id LIMIT 1";

/// Returns the prospect with this address (lower case), the first one found if there are several.
pub fn by_email(
    conn: &Connection,
    mode: Mode,
    email: &str,
) -> Result<Option<Prospect>, StoreError> {
    optional(conn.prepare_cached(BY_EMAIL)?.query_row(params![mode, email], from_row))
}

const ALL_BY_EMAIL: &str = "
SELECT * FROM prospects WHERE mode = ?1 AND email = ?2 AND stage <> 'left_out' ORDER BY id LIMIT 20";

/// Returns the prospects with this address (lower case); branches of one business may share it.
pub fn all_by_email(
    conn: &Connection,
    mode: Mode,
    email: &str,
) -> Result<Vec<Prospect>, StoreError> {
    let mut statement = conn.prepare_cached(ALL_BY_EMAIL)?;
    let rows = statement.query_map(params![mode, email], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const REACHED_BY: &str = "
SELECT entity FROM prospects WHERE mode = ?1 AND email = ?2
UNION SELECT entity FROM prospects WHERE mode = ?1 AND phone = ?2
UNION SELECT entity FROM prospects WHERE mode = ?1 AND lower(linkedin) = ?2";

/// Returns everybody whom an address (in lower case) reaches.
pub fn reached_by(conn: &Connection, mode: Mode, address: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(REACHED_BY)?;
    let rows = statement.query_map(params![mode, address], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const BY_PHONE: &str = "
SELECT * FROM prospects WHERE mode = ?1 AND phone = ?2 AND stage <> 'left_out' ORDER BY id LIMIT 1";

/// Returns the prospect with this number (E.164), the first one found if there are several.
pub fn by_phone(
    conn: &Connection,
    mode: Mode,
    phone: &str,
) -> Result<Option<Prospect>, StoreError> {
    optional(conn.prepare_cached(BY_PHONE)?.query_row(params![mode, phone], from_row))
}

const PAGE: &str = "
SELECT * FROM prospects WHERE mode = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// Returns a page of prospects with their row ids, in the order in which they were found.
pub fn page(
    conn: &Connection,
    mode: Mode,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Prospect)>, StoreError> {
    let mut statement = conn.prepare_cached(PAGE)?;
    let rows = statement
        .query_map(params![mode, after, limit], |row| Ok((row.get("id")?, from_row(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const NEWEST: &str = "SELECT * FROM prospects WHERE mode = ?1 ORDER BY id DESC LIMIT ?2";

/// Returns the prospects found last, the newest first.
pub fn newest(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Prospect>, StoreError> {
    let mut statement = conn.prepare_cached(NEWEST)?;
    let rows = statement.query_map(params![mode, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const OF_STAGE: &str = "
SELECT * FROM prospects WHERE mode = ?1 AND stage = ?2 ORDER BY id LIMIT ?3";

/// Returns the first prospects of one stage.
pub fn of_stage(
    conn: &Connection,
    mode: Mode,
    stage: Stage,
    limit: u32,
) -> Result<Vec<Prospect>, StoreError> {
    let mut statement = conn.prepare_cached(OF_STAGE)?;
    let rows = statement.query_map(params![mode, stage.as_column(), limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Prospect> {
    let word = |error: UnknownWord| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
    };
    let tier: Option<String> = row.get("tier")?;
    Ok(Prospect {
        entity: row.get("entity")?,
        name: row.get("name")?,
        category: row.get("category")?,
        address: row.get("address")?,
        city: row.get("city")?,
        postcode: row.get("postcode")?,
        country: row.get("country")?,
        zone: row.get("zone")?,
        language: row.get("language")?,
        lat: row.get("lat")?,
        lon: row.get("lon")?,
        phone: row.get("phone")?,
        email: row.get("email")?,
        website: row.get("website")?,
        linkedin: row.get("linkedin")?,
        source: row.get("source")?,
        attribution: row.get("attribution")?,
        stage: Stage::from_column(&row.get::<_, String>("stage")?).map_err(word)?,
        reason: row.get("reason")?,
        score: row.get("score")?,
        coverage: row.get("coverage")?,
        tier: tier.map(|tier| Tier::from_column(&tier)).transpose().map_err(word)?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::prospect::{ColumnMap, Place, assess, source};
    use crate::store::sales::tests::database;

    const ENTITY: &str = "csv:a";

    fn prospect() -> Prospect {
        let place =
            Place { country: "GB".into(), zone: "Europe/London".into(), language: "en".into() };
        let text = "name,category,phone,email,lat,lon\nA,dental,01632 960001,a@a.example,52,0.1\n";
        let record = source::read("a.csv", text, &ColumnMap::default()).unwrap().records.remove(0);
        assess(&record, None, &place).prospect
    }

    /// Puts a prospect of this key, for the tests of tables that refer to one.
    pub(in crate::store::sales) fn put_named(conn: &Connection, entity: &str) {
        let named = Prospect { entity: entity.to_owned(), ..prospect() };
        put(conn, Mode::Dry, Moment(1), &named).unwrap();
    }

    fn put_one(conn: &Connection) -> Prospect {
        let prospect = prospect();
        put(conn, Mode::Dry, Moment(1), &prospect).unwrap();
        prospect
    }

    #[test]
    fn a_prospect_reads_back_as_it_was_written_and_only_in_its_mode() {
        let conn = database();
        let prospect = put_one(&conn);
        assert_eq!(get(&conn, Mode::Dry, ENTITY).unwrap().as_ref(), Some(&prospect));
        assert_eq!(get(&conn, Mode::Live, ENTITY).unwrap(), None);
        let by_email = by_email(&conn, Mode::Dry, "a@a.example").unwrap();
        assert_eq!(by_email.as_ref(), Some(&prospect));
        assert_eq!(by_phone(&conn, Mode::Dry, "+441632960001").unwrap(), Some(prospect));
    }

    #[test]
    fn a_stage_never_moves_backwards_not_even_by_a_new_import() {
        let conn = database();
        let found = put_one(&conn);
        let at = Moment(2);
        set_stage(&conn, Mode::Dry, at, ENTITY, Stage::Booked, None).unwrap();
        set_stage(&conn, Mode::Dry, at, ENTITY, Stage::Contacted, Some("late")).unwrap();
        put(&conn, Mode::Dry, at, &found).unwrap();
        let now = get(&conn, Mode::Dry, ENTITY).unwrap().unwrap();
        assert_eq!((now.stage, now.reason), (Stage::Booked, found.reason));
    }

    #[test]
    fn the_first_contact_and_the_first_conclusion_stay() {
        let conn = database();
        put_one(&conn);
        for at in [Moment(5), Moment(9)] {
            set_first_contact(&conn, Mode::Dry, at, ENTITY, at).unwrap();
        }
        conclude(&conn, Mode::Dry, Moment(9), ENTITY, Conclusion::Booked, Moment(6)).unwrap();
        conclude(&conn, Mode::Dry, Moment(9), ENTITY, Conclusion::Expired, Moment(8)).unwrap();
        let row: (i64, String, i64) = conn
            .query_row(
                "SELECT first_contact_at, conclusion, concluded_at FROM prospects",
                [],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )
            .unwrap();
        assert_eq!(row, (5, "booked".to_owned(), 6));
    }

    #[test]
    fn a_change_of_a_prospect_that_does_not_exist_is_an_error() {
        let conn = database();
        let nobody = set_stage(&conn, Mode::Dry, Moment(1), "osm:node/1", Stage::Pitched, None);
        assert!(nobody.is_err());
        assert!(set_first_contact(&conn, Mode::Dry, Moment(1), "x", Moment(1)).is_err());
    }

    #[test]
    fn pages_follow_each_other_in_the_order_of_finding() {
        let conn = database();
        let mut prospect = prospect();
        for n in 0..5 {
            prospect.entity = format!("csv:{n}");
            put(&conn, Mode::Dry, Moment(1), &prospect).unwrap();
        }
        let first = page(&conn, Mode::Dry, 0, 3).unwrap();
        let second = page(&conn, Mode::Dry, first[2].0, 3).unwrap();
        assert_eq!((first.len(), second.len()), (3, 2));
        assert_eq!(of_stage(&conn, Mode::Dry, prospect.stage, 9).unwrap().len(), 5);
    }
}
