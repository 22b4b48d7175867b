//! Keeps what Self-Learning (layer 9) knows, and counts the outcomes it learns from.
//!
//! Outcomes are never added up as they happen: each period they are counted anew from the rows of
//! Sales, so a late booking or a re-run corrects the figures and cannot count twice.

use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::words::{count, json};
use crate::domain::learning::{ArmOutcomes, Funnel, Insight, LearningChange, Proposal, Variant};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// Applies one change.
pub(super) fn apply(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    change: &LearningChange,
) -> Result<(), StoreError> {
    match change {
        LearningChange::Variant(variant) => put_variant(tx, mode, now, variant),
        LearningChange::Insight(insight) => put_insight(tx, mode, now, insight),
        LearningChange::Proposal(proposal) => put_proposal(tx, mode, proposal),
    }
}

const PUT_VARIANT: &str = "
INSERT INTO variants (mode, arm, successes, failures, state, reason, changed_at)
VALUES (:mode, :arm, :successes, :failures, :state, :reason, :now)
ON CONFLICT (mode, arm) DO UPDATE SET successes = excluded.successes, failures = excluded.failures,
  state = excluded.state, reason = excluded.reason, changed_at = excluded.changed_at";

fn put_variant(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    variant: &Variant,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_VARIANT)?.execute(named_params! {
        ":mode": mode,
        ":arm": variant.arm,
        ":successes": variant.successes.cast_signed(),
        ":failures": variant.failures.cast_signed(),
        ":state": variant.state,
        ":reason": variant.reason,
        ":now": now,
    })?;
    Ok(())
}

const PUT_INSIGHT: &str = "
INSERT OR IGNORE INTO insights (mode, period, kind, subject, n, text, evidence, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

fn put_insight(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    insight: &Insight,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_INSIGHT)?.execute(params![
        mode,
        insight.period,
        insight.kind,
        insight.subject,
        insight.n.cast_signed(),
        insight.text,
        insight.evidence.to_string(),
        now,
    ])?;
    Ok(())
}

const PUT_PROPOSAL: &str = "
INSERT OR IGNORE INTO proposals (mode, entity, text, evidence, state, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

fn put_proposal(tx: &Connection, mode: Mode, proposal: &Proposal) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_PROPOSAL)?.execute(params![
        mode,
        proposal.entity,
        proposal.text,
        proposal.evidence.to_string(),
        proposal.state,
        proposal.at,
    ])?;
    Ok(())
}

const VARIANTS: &str = "SELECT * FROM variants WHERE mode = ?1 ORDER BY arm";

/// Returns all variants that outcomes are known of, by name. A variant that is not here has none.
pub fn variants(conn: &Connection, mode: Mode) -> Result<Vec<Variant>, StoreError> {
    let mut statement = conn.prepare_cached(VARIANTS)?;
    let found = statement.query_map([mode], variant)?.collect::<Result<_, _>>()?;
    Ok(found)
}

fn variant(row: &Row<'_>) -> rusqlite::Result<Variant> {
    Ok(Variant {
        arm: row.get("arm")?,
        successes: row.get::<_, i64>("successes")?.unsigned_abs(),
        failures: row.get::<_, i64>("failures")?.unsigned_abs(),
        state: row.get("state")?,
        reason: row.get("reason")?,
    })
}

const HAS_PITCHES: &str = "SELECT EXISTS (SELECT 1 FROM pitches WHERE mode = ?1)";

/// Whether there is anything to learn from: a first pitch.
pub fn has_pitches(conn: &Connection, mode: Mode) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(HAS_PITCHES)?.query_row([mode], |row| row.get(0))?)
}

/// A booking counts for its variant when it came within the window of the first contact, a failure
/// when the window has closed without one; all others are pending. A prospect has one pitch in each
/// campaign and is counted with its latest. A pitch that a person edited, or whose variant a person
/// chose, says nothing about the variant and is left out.
const OUTCOMES: &str = "
SELECT p.variant, count(*),
  coalesce(sum(r.conclusion = 'booked' AND r.concluded_at <= r.first_contact_at + ?3), 0),
  coalesce(sum(NOT (r.conclusion IS 'booked' AND r.concluded_at <= r.first_contact_at + ?3)
               AND r.first_contact_at + ?3 <= ?2), 0),
  coalesce(sum(r.conclusion IS 'opted_out'), 0),
  coalesce(sum(EXISTS (SELECT 1 FROM suppressions s WHERE s.mode = r.mode AND s.address = r.email
                       AND s.reason = 'complained')), 0)
FROM pitches p JOIN prospects r ON r.mode = p.mode AND r.entity = p.entity
WHERE p.mode = ?1 AND r.first_contact_at <= ?2 AND p.by_hand = ''
  AND p.id = (SELECT max(id) FROM pitches WHERE mode = p.mode AND entity = p.entity)
GROUP BY p.variant ORDER BY p.variant";

/// Counts what became of each variant's contacts by `now`, with a window of `window_ms`.
pub fn outcomes(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    window_ms: i64,
) -> Result<Vec<ArmOutcomes>, StoreError> {
    let mut statement = conn.prepare_cached(OUTCOMES)?;
    let found = statement
        .query_map(params![mode, now, window_ms], |row| {
            Ok(ArmOutcomes {
                arm: row.get(0)?,
                contacts: count(row, 1)?,
                successes: count(row, 2)?,
                failures: count(row, 3)?,
                opted_out: count(row, 4)?,
                complained: count(row, 5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

const STAGES: &str = "
SELECT coalesce(sum(stage NOT IN ('found', 'left_out', 'not_qualified')), 0),
  coalesce(sum(stage = 'no_channel'), 0),
  coalesce(sum(first_contact_at IS NOT NULL AND concluded_at IS NOT NULL), 0),
  coalesce(sum(first_contact_at IS NOT NULL AND conclusion = 'booked'), 0)
FROM prospects WHERE mode = ?1";
const MEETINGS: &str = "
SELECT coalesce(sum(state IN ('held', 'no_show')), 0), coalesce(sum(state = 'held'), 0),
  coalesce(sum(state = 'held' AND outcome IN ('won', 'lost')), 0),
  coalesce(sum(state = 'held' AND outcome = 'won'), 0)
FROM meetings WHERE mode = ?1";

/// Counts how far prospects came. Each step counts only those whose fate in it is known.
pub fn funnel(conn: &Connection, mode: Mode) -> Result<Funnel, StoreError> {
    let four = |sql: &str| -> Result<[u64; 4], StoreError> {
        Ok(conn.prepare_cached(sql)?.query_row([mode], |row| {
            Ok([count(row, 0)?, count(row, 1)?, count(row, 2)?, count(row, 3)?])
        })?)
    };
    let [qualified, unreachable, concluded, booked] = four(STAGES)?;
    let [meetings, held, decided, won] = four(MEETINGS)?;
    Ok(Funnel { qualified, unreachable, concluded, booked, meetings, held, decided, won })
}

const INSIGHTS: &str = "
SELECT period, kind, subject, n, text, evidence FROM insights WHERE mode = ?1 AND period = ?2
ORDER BY id";

/// Returns what a period showed.
pub fn insights(conn: &Connection, mode: Mode, period: &str) -> Result<Vec<Insight>, StoreError> {
    let mut statement = conn.prepare_cached(INSIGHTS)?;
    let found = statement
        .query_map(params![mode, period], |row| {
            Ok(Insight {
                period: row.get("period")?,
                kind: row.get("kind")?,
                subject: row.get("subject")?,
                n: row.get::<_, i64>("n")?.unsigned_abs(),
                text: row.get("text")?,
                evidence: json(row, "evidence")?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY_MS;

    fn database() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
        (folder, conn)
    }

    /// A prospect pitched with `variant`, contacted on `contact_day`, ended as told.
    fn prospect(
        conn: &Connection,
        entity: &str,
        variant: &str,
        contact_day: Option<i64>,
        ended: Option<(&str, i64)>,
    ) {
        conn.execute(
            "INSERT INTO prospects (mode, entity, name, category, zone, language, email, source,
               attribution, stage, first_contact_at, concluded_at, conclusion, created_at, changed_at)
             VALUES ('dry', ?1, 'n', 'dental', 'UTC', 'en', ?1 || '@example.com', 's', 'a', 'pitched',
                     ?2, ?3, ?4, 0, 0)",
            params![
                entity,
                contact_day.map(|day| day * DAY_MS),
                ended.map(|(_, day)| day * DAY_MS),
                ended.map(|(how, _)| how),
            ],
        )
        .unwrap();
        conn.execute(
            "INSERT INTO pitches (mode, entity, campaign, variant, propensity, writer, subject, email,
               linkedin, phone, sms, claims, created_at)
             VALUES ('dry', ?1, 'c', ?2, 0.5, 'template', '', '', '', '', '', '[]', 0)",
            params![entity, variant],
        )
        .unwrap();
    }

    #[test]
    fn a_contact_counts_as_won_or_lost_only_when_its_window_tells() {
        let (_folder, conn) = database();
        prospect(&conn, "booked in time", "direct", Some(1), Some(("booked", 10)));
        prospect(&conn, "booked too late", "direct", Some(1), Some(("booked", 16)));
        prospect(&conn, "declined, window open", "direct", Some(15), Some(("declined", 16)));
        prospect(&conn, "silent, window closed", "direct", Some(2), None);
        prospect(&conn, "silent, window open", "direct", Some(15), None);
        prospect(&conn, "never contacted", "direct", None, None);
        prospect(&conn, "opted out", "friendly", Some(1), Some(("opted_out", 2)));
        conn.execute(
            "INSERT INTO suppressions VALUES ('dry', 'opted out@example.com', 'complained', '', 0)",
            [],
        )
        .unwrap();
        let found = outcomes(&conn, Mode::Dry, Moment(20 * DAY_MS), 14 * DAY_MS).unwrap();
        let direct = ArmOutcomes {
            arm: "direct".to_owned(),
            contacts: 5,
            successes: 1,
            failures: 2,
            opted_out: 0,
            complained: 0,
        };
        let friendly = ArmOutcomes {
            arm: "friendly".to_owned(),
            contacts: 1,
            successes: 0,
            failures: 1,
            opted_out: 1,
            complained: 1,
        };
        assert_eq!(found, [direct, friendly]);
        assert_eq!(outcomes(&conn, Mode::Live, Moment(20 * DAY_MS), DAY_MS).unwrap(), []);
    }

    #[test]
    fn a_proposal_that_a_person_decided_is_left_alone() {
        let (_folder, conn) = database();
        let proposal = |text: &str| {
            LearningChange::Proposal(Proposal {
                entity: "bottleneck/booking".to_owned(),
                text: text.to_owned(),
                evidence: serde_json::json!({}),
                state: crate::domain::learning::ProposalState::Open,
                at: Moment(1),
            })
        };
        apply(&conn, Mode::Dry, Moment(1), &proposal("first")).unwrap();
        conn.execute("UPDATE proposals SET state = 'rejected'", []).unwrap();
        apply(&conn, Mode::Dry, Moment(2), &proposal("second")).unwrap();
        let (text, state): (String, String) = conn
            .query_row("SELECT text, state FROM proposals", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((text.as_str(), state.as_str()), ("first", "rejected"));
    }

    #[test]
    fn a_variant_is_replaced_and_read_back() {
        let (_folder, conn) = database();
        let variant = |successes| Variant {
            arm: "direct".to_owned(),
            successes,
            failures: 9,
            state: crate::domain::learning::VariantState::Live,
            reason: None,
        };
        for successes in [1, 2] {
            let change = LearningChange::Variant(variant(successes));
            apply(&conn, Mode::Dry, Moment(1), &change).unwrap();
        }
        assert_eq!(variants(&conn, Mode::Dry).unwrap(), [variant(2)]);
        assert_eq!(variants(&conn, Mode::Live).unwrap(), []);
    }
}
