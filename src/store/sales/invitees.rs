//! Keeps what deliveries told of each invitee, and finds the chain that one belongs to.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::booking::Invitee;
use crate::domain::mode::Mode;
use crate::store::error::StoreError;
use crate::store::words::optional;

const PUT: &str = "
INSERT INTO invitees (mode, uri, prospect, email, name, zone, starts_at, ends_at, canceled,
  rescheduled, canceled_by, reason, no_show_at, no_show_withdrawn_at, old_invitee, new_invitee)
VALUES (:mode, :uri, :prospect, :email, :name, :zone, :starts_at, :ends_at, :canceled,
  :rescheduled, :canceled_by, :reason, :no_show_at, :no_show_withdrawn_at, :old_invitee,
  :new_invitee)
ON CONFLICT (mode, uri) DO UPDATE SET
  prospect = excluded.prospect, canceled = excluded.canceled, rescheduled = excluded.rescheduled,
  canceled_by = excluded.canceled_by, reason = excluded.reason, no_show_at = excluded.no_show_at,
  no_show_withdrawn_at = excluded.no_show_withdrawn_at, old_invitee = excluded.old_invitee,
  new_invitee = excluded.new_invitee";

/// Inserts what is known of an invitee, or adds to it; facts are only ever added.
pub(super) fn put(tx: &Connection, mode: Mode, told: &Invitee) -> Result<(), StoreError> {
    let known = optional(tx.prepare_cached(GET)?.query_row(params![mode, told.uri], from_row))?;
    let invitee = match known {
        Some(known) => known.merged(told.clone()),
        None => told.clone(),
    };
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":uri": invitee.uri,
        ":prospect": invitee.prospect,
        ":email": invitee.email,
        ":name": invitee.name,
        ":zone": invitee.zone,
        ":starts_at": invitee.starts_at,
        ":ends_at": invitee.ends_at,
        ":canceled": invitee.canceled,
        ":rescheduled": invitee.rescheduled,
        ":canceled_by": invitee.canceled_by,
        ":reason": invitee.reason,
        ":no_show_at": invitee.no_show_at,
        ":no_show_withdrawn_at": invitee.no_show_withdrawn_at,
        ":old_invitee": invitee.old_invitee,
        ":new_invitee": invitee.new_invitee,
    })?;
    Ok(())
}

/// Links followed in one chain: nobody reschedules a hundred times, and a circle ends here.
const CHAIN_MAX: usize = 100;

const GET: &str = "SELECT * FROM invitees WHERE mode = ?1 AND uri = ?2";

// Three searches and not one with OR: a table without row ids cannot join indexes, and would be read
// whole.
const LINKED: &str = "
SELECT * FROM invitees WHERE mode = ?1 AND uri IN (
  SELECT ?2
  UNION SELECT uri FROM invitees WHERE mode = ?1 AND old_invitee = ?2
  UNION SELECT uri FROM invitees WHERE mode = ?1 AND new_invitee = ?2)";

/// Returns every known invitee that is linked with one of `uris`, over any number of reschedules.
pub fn chain(conn: &Connection, mode: Mode, uris: &[&str]) -> Result<Vec<Invitee>, StoreError> {
    let mut open: Vec<String> = uris.iter().map(|&uri| uri.to_owned()).collect();
    let mut asked = BTreeSet::new();
    let mut chain: Vec<Invitee> = Vec::new();
    let mut statement = conn.prepare_cached(LINKED)?;
    while let Some(uri) = open.pop() {
        if asked.len() >= CHAIN_MAX || !asked.insert(uri.clone()) {
            continue;
        }
        for invitee in statement.query_map(params![mode, uri], from_row)? {
            let invitee = invitee?;
            let links =
                [Some(&invitee.uri), invitee.old_invitee.as_ref(), invitee.new_invitee.as_ref()];
            open.extend(links.into_iter().flatten().cloned());
            if chain.iter().all(|known| known.uri != invitee.uri) {
                chain.push(invitee);
            }
        }
    }
    chain.sort_by(|a, b| a.uri.cmp(&b.uri));
    Ok(chain)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Invitee> {
    Ok(Invitee {
        uri: row.get("uri")?,
        prospect: row.get("prospect")?,
        email: row.get("email")?,
        name: row.get("name")?,
        zone: row.get("zone")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        canceled: row.get("canceled")?,
        rescheduled: row.get("rescheduled")?,
        canceled_by: row.get("canceled_by")?,
        reason: row.get("reason")?,
        no_show_at: row.get("no_show_at")?,
        no_show_withdrawn_at: row.get("no_show_withdrawn_at")?,
        old_invitee: row.get("old_invitee")?,
        new_invitee: row.get("new_invitee")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Moment;
    use crate::store::sales::tests::database;

    fn invitee(uri: &str, old: Option<&str>, new: Option<&str>) -> Invitee {
        Invitee {
            uri: uri.to_owned(),
            prospect: None,
            email: "a@b.example".to_owned(),
            name: "Ann".to_owned(),
            zone: "UTC".to_owned(),
            starts_at: Moment(1),
            ends_at: Moment(2),
            canceled: false,
            rescheduled: false,
            canceled_by: None,
            reason: None,
            no_show_at: None,
            no_show_withdrawn_at: None,
            old_invitee: old.map(str::to_owned),
            new_invitee: new.map(str::to_owned),
        }
    }

    #[test]
    fn a_chain_is_found_from_either_end_and_knows_no_strangers() {
        let conn = database();
        let rows = [
            invitee("I1", None, Some("I2")),
            invitee("I2", Some("I1"), None),
            invitee("I3", Some("I2"), None),
            invitee("other", None, None),
        ];
        for row in &rows {
            put(&conn, Mode::Dry, row).unwrap();
        }
        for uri in ["I1", "I2", "I3"] {
            let uris: Vec<String> =
                chain(&conn, Mode::Dry, &[uri]).unwrap().into_iter().map(|row| row.uri).collect();
            assert_eq!(uris, ["I1", "I2", "I3"], "from {uri}");
        }
        assert!(chain(&conn, Mode::Live, &["I1"]).unwrap().is_empty());
    }

    #[test]
    fn a_chain_costs_the_same_however_many_invitees_there_are() {
        let plan = crate::store::open::plan_of(LINKED);
        assert!(!plan.iter().any(|step| step.ends_with("(mode=?)")), "{plan:?}");
    }

    #[test]
    fn what_is_known_of_an_invitee_is_only_added_to() {
        let conn = database();
        let gone = Invitee { canceled: true, ..invitee("I1", None, Some("I2")) };
        put(&conn, Mode::Dry, &gone).unwrap();
        put(&conn, Mode::Dry, &invitee("I1", None, None)).unwrap();
        assert_eq!(chain(&conn, Mode::Dry, &["I1"]).unwrap(), [gone]);
    }
}
