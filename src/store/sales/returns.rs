//! Keeps what came back by mail: who is away, which servers gave up for now, and what invitees'
//! calendars answered.

use rusqlite::{Connection, params};

use crate::domain::effect::Action;
use crate::domain::layer::Layer;
use crate::domain::letter::PartStat;
use crate::domain::mode::Mode;
use crate::domain::sales::{InviteReply, SoftBounce};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{count, optional};

const PAUSE: &str = "
INSERT INTO pauses (mode, entity, until, why, at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (mode, entity) DO UPDATE SET until = excluded.until, why = excluded.why, at = excluded.at
WHERE excluded.until > until";

/// Lets a prospect's sequence wait until an instant; of several the latest counts.
pub(super) fn pause(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    entity: &str,
    until: Moment,
    why: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(PAUSE)?.execute(params![mode, entity, until, why, now])?;
    Ok(())
}

const PAUSED: &str = "SELECT until, why FROM pauses WHERE mode = ?1 AND entity = ?2";

/// Returns until when a prospect's sequence waits, and why; the instant may have passed.
pub fn paused(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<(Moment, String)>, StoreError> {
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    optional(conn.prepare_cached(PAUSED)?.query_row(params![mode, entity], row))
}

const SOFT: &str = "
INSERT OR IGNORE INTO soft_bounces (mode, address, delivery, status, at) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Notes that a server gave up on a message for now; the same report counts once.
pub(super) fn soft_bounce(
    tx: &Connection,
    mode: Mode,
    bounce: &SoftBounce,
) -> Result<(), StoreError> {
    let SoftBounce { address, delivery, status, at } = bounce;
    tx.prepare_cached(SOFT)?.execute(params![mode, address, delivery, status, at])?;
    Ok(())
}

const SOFT_SINCE: &str = "
SELECT count(*) FROM soft_bounces
WHERE mode = ?1 AND address = ?2 AND at >= ?3 AND delivery <> ?4";

/// Returns how often servers gave up on messages to an address since `since`, `delivery` left out.
pub fn soft_bounces(
    conn: &Connection,
    mode: Mode,
    address: &str,
    since: Moment,
    delivery: &str,
) -> Result<u64, StoreError> {
    let values = params![mode, address, since, delivery];
    Ok(conn.prepare_cached(SOFT_SINCE)?.query_row(values, |row| count(row, 0))?)
}

const REPLY: &str = "
INSERT INTO invite_replies (mode, meeting, sequence, answer, at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (mode, meeting) DO UPDATE SET
  sequence = excluded.sequence, answer = excluded.answer, at = excluded.at
WHERE (excluded.sequence, excluded.at) > (sequence, at)";

/// Notes what an invitee's calendar answered; of several the one to the latest edition, and of those
/// the latest, counts in whatever order they come.
pub(super) fn invite_reply(
    tx: &Connection,
    mode: Mode,
    reply: &InviteReply,
) -> Result<(), StoreError> {
    let InviteReply { meeting, sequence, answer, at } = reply;
    let values = params![mode, meeting, sequence, answer.as_column(), at];
    tx.prepare_cached(REPLY)?.execute(values)?;
    Ok(())
}

const REPLY_OF: &str = "
SELECT answer FROM invite_replies WHERE mode = ?1 AND meeting = ?2 AND sequence = ?3";

/// Returns what was answered to this edition of a meeting's invite.
pub fn reply_of(
    conn: &Connection,
    mode: Mode,
    meeting: &str,
    sequence: i64,
) -> Result<Option<PartStat>, StoreError> {
    let word: Option<String> = optional(
        conn.prepare_cached(REPLY_OF)?
            .query_row(params![mode, meeting, sequence], |row| row.get(0)),
    )?;
    Ok(word.map(|word| PartStat::from_column(&word)).transpose()?)
}

const BY_UID: &str = "
SELECT entity FROM effects
WHERE mode = ?1 AND json_extract(payload, '$.uid') = ?2 AND action = 'send_invite' LIMIT 1";

/// Returns the meeting whose invites carry this UID.
pub fn meeting_of(conn: &Connection, mode: Mode, uid: &str) -> Result<Option<String>, StoreError> {
    debug_assert_eq!(Action::SendInvite.as_column(), "send_invite");
    optional(conn.prepare_cached(BY_UID)?.query_row(params![mode, uid], |row| row.get(0)))
}

// The plus keeps the planner from searching all units of the layer instead of those that are unread.
const UNREAD: &str = "
SELECT EXISTS (
  SELECT 1 FROM units WHERE mode = ?1 AND kind = 'mail' AND ended_at IS NULL AND +layer = ?2)";

/// Whether mail has come in that outreach has not read yet. What layer 4 has not read does not count:
/// a run of layer 3 alone would wait for it in vain.
pub fn has_unread(conn: &Connection, mode: Mode) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(UNREAD)?
        .query_row(params![mode, Layer::OutreachEngine], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open::plan_of;
    use crate::store::sales::tests::database;

    const DRY: Mode = Mode::Dry;

    #[test]
    fn of_several_absences_the_longest_counts_and_only_in_its_world() {
        let conn = database();
        for (until, why) in [(5, "first"), (9, "longest"), (7, "last")] {
            pause(&conn, DRY, Moment(1), "csv:a", Moment(until), why).unwrap();
        }
        let known = paused(&conn, DRY, "csv:a").unwrap();
        assert_eq!(known, Some((Moment(9), "longest".to_owned())));
        assert_eq!(paused(&conn, Mode::Live, "csv:a").unwrap(), None);
    }

    #[test]
    fn a_report_that_is_told_twice_counts_once_and_an_old_one_not_at_all() {
        let conn = database();
        let bounce = |delivery: &str, at| SoftBounce {
            address: "a@b.example".to_owned(),
            delivery: delivery.to_owned(),
            status: "4.2.2".to_owned(),
            at: Moment(at),
        };
        for (delivery, at) in [("m1", 1), ("m2", 5), ("m2", 6), ("m3", 7)] {
            soft_bounce(&conn, DRY, &bounce(delivery, at)).unwrap();
        }
        let n = |since| soft_bounces(&conn, DRY, "a@b.example", Moment(since), "m3").unwrap();
        assert_eq!((n(0), n(2), n(6)), (2, 1, 0));
    }

    #[test]
    fn the_last_answer_to_the_last_invite_counts_in_every_order() {
        let reply = |sequence, answer, at| InviteReply {
            meeting: "I1".to_owned(),
            sequence,
            answer,
            at: Moment(at),
        };
        let told = [
            reply(0, PartStat::Declined, 30),
            reply(1, PartStat::Tentative, 10),
            reply(1, PartStat::Accepted, 20),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let conn = database();
            for at in order {
                invite_reply(&conn, DRY, &told[at]).unwrap();
            }
            assert_eq!(reply_of(&conn, DRY, "I1", 1).unwrap(), Some(PartStat::Accepted));
            assert_eq!(reply_of(&conn, DRY, "I1", 0).unwrap(), None);
        }
    }

    #[test]
    fn a_uid_and_unread_mail_are_found_without_reading_a_table() {
        for (sql, index) in [(BY_UID, "effects_by_invite"), (UNREAD, "units_unread_mail")] {
            let plan = plan_of(sql);
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
        }
    }
}
