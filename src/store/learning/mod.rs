//! Keeps what Self-Learning (layer 9) knows, and counts the outcomes it learns from.
//!
//! Outcomes are never added up as they happen: each period they are counted anew from the rows of
//! Sales, so a late booking or a re-run corrects the figures and cannot count twice.

mod measure;
mod outcomes;
pub mod proposals;

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Row, named_params, params};

pub use self::measure::counted;
pub use self::outcomes::{Harm, backlog, contacts, funnel, harm, outcomes};
use super::error::StoreError;
use super::words::{json, optional};
use crate::domain::learning::{
    Assignment, EarlierLooks, Insight, LearningChange, Variant, VariantState,
};
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
        LearningChange::Assignment(assignment) => put_assignment(tx, mode, now, assignment),
        LearningChange::Variant(variant) => put_variant(tx, mode, now, variant),
        LearningChange::Insight(insight) => put_insight(tx, mode, now, insight),
        LearningChange::Proposal(proposal) => proposals::insert(tx, mode, proposal).map(drop),
        LearningChange::Effect { proposal, effect } => {
            proposals::note_effect(tx, mode, *proposal, effect)
        }
    }
}

const PUT_VARIANT: &str = "
INSERT INTO variants (mode, arm, successes, failures, weighted_successes, weighted_failures, state,
  reason, changed_at)
VALUES (:mode, :arm, :successes, :failures, :weighted_successes, :weighted_failures, :state,
  :reason, :now)
ON CONFLICT (mode, arm) DO UPDATE SET successes = excluded.successes, failures = excluded.failures,
  weighted_successes = excluded.weighted_successes, weighted_failures = excluded.weighted_failures,
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
        ":weighted_successes": variant.weighted_successes,
        ":weighted_failures": variant.weighted_failures,
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

const PUT_ASSIGNMENT: &str = "
INSERT INTO assignments (mode, entity, campaign, arm, propensity, seed, draw_key, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (mode, entity, campaign) DO UPDATE SET arm = excluded.arm,
  propensity = excluded.propensity, seed = excluded.seed, draw_key = excluded.draw_key,
  at = excluded.at
WHERE arm <> excluded.arm";

fn put_assignment(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    assignment: &Assignment,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_ASSIGNMENT)?.execute(params![
        mode,
        assignment.entity,
        assignment.campaign,
        assignment.arm,
        assignment.propensity,
        assignment.seed.to_string(),
        assignment.draw_key,
        now,
    ])?;
    Ok(())
}

const ASSIGNMENT: &str = "
SELECT entity, campaign, arm, propensity, seed, draw_key FROM assignments
WHERE mode = ?1 AND entity = ?2 AND campaign = ?3";

/// Returns with which variant a recipient is written to in a campaign, if it was drawn already.
pub fn assignment(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    campaign: &str,
) -> Result<Option<Assignment>, StoreError> {
    let found =
        conn.prepare_cached(ASSIGNMENT)?.query_row(params![mode, entity, campaign], |row| {
            Ok(Assignment {
                entity: row.get("entity")?,
                campaign: row.get("campaign")?,
                arm: row.get("arm")?,
                propensity: row.get("propensity")?,
                seed: row.get::<_, String>("seed")?.parse().map_err(FromSqlError::other)?,
                draw_key: row.get("draw_key")?,
            })
        });
    optional(found)
}

const VARIANTS: &str = "SELECT * FROM variants WHERE mode = ?1 ORDER BY arm";

/// Returns all variants that outcomes are known of, by name. A variant that is not here has none.
pub fn variants(conn: &Connection, mode: Mode) -> Result<Vec<Variant>, StoreError> {
    let mut statement = conn.prepare_cached(VARIANTS)?;
    let found = statement.query_map([mode], variant)?.collect::<Result<_, _>>()?;
    Ok(found)
}

const SET_STATE: &str = "
INSERT INTO variants (mode, arm, state, reason, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (mode, arm) DO UPDATE SET state = excluded.state, reason = excluded.reason,
  changed_at = excluded.changed_at";

/// Says whether a variant may be chosen, and why; its counts stay.
pub fn set_state(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    arm: &str,
    (state, reason): (VariantState, Option<&str>),
) -> Result<(), StoreError> {
    tx.prepare_cached(SET_STATE)?.execute(params![mode, arm, state, reason, now])?;
    Ok(())
}

const REVIVE: &str = "
UPDATE variants SET state = 'live', reason = NULL, evidence_from = ?3, changed_at = ?3,
  successes = 0, failures = 0, weighted_successes = 0, weighted_failures = 0
WHERE mode = ?1 AND arm = ?2";

/// Lets a stopped variant be chosen again. Its counts begin anew: what stopped it must not stop it
/// again next week, and its text may be another one now.
pub fn revive_variant(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    arm: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(REVIVE)?.execute(params![mode, arm, now])?;
    Ok(())
}

const STATE: &str = "SELECT state, reason FROM variants WHERE mode = ?1 AND arm = ?2";

/// Returns whether a variant may be chosen, and why not; one without a row is live.
pub fn variant_state(
    conn: &Connection,
    mode: Mode,
    arm: &str,
) -> Result<(VariantState, Option<String>), StoreError> {
    let found = conn
        .prepare_cached(STATE)?
        .query_row(params![mode, arm], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(optional(found)?.unwrap_or((VariantState::Live, None)))
}

fn variant(row: &Row<'_>) -> rusqlite::Result<Variant> {
    Ok(Variant {
        arm: row.get("arm")?,
        successes: row.get::<_, i64>("successes")?.unsigned_abs(),
        failures: row.get::<_, i64>("failures")?.unsigned_abs(),
        weighted_successes: row.get("weighted_successes")?,
        weighted_failures: row.get("weighted_failures")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
    })
}

const HAS_PITCHES: &str = "SELECT EXISTS (SELECT 1 FROM pitches WHERE mode = ?1)";

/// Whether there is anything to learn from: a first pitch.
pub fn has_pitches(conn: &Connection, mode: Mode) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(HAS_PITCHES)?.query_row([mode], |row| row.get(0))?)
}

const INSIGHTS: &str = "
SELECT period, kind, subject, n, text, evidence FROM insights WHERE mode = ?1 AND period = ?2
ORDER BY id";

const LOOKS: &str = "
SELECT count(*), coalesce(max(n), 0) FROM insights WHERE mode = ?1 AND kind = 'look'";

/// Returns how often groups of contacts were compared before, and with how many contacts last.
pub fn earlier_looks(conn: &Connection, mode: Mode) -> Result<EarlierLooks, StoreError> {
    Ok(conn.prepare_cached(LOOKS)?.query_row([mode], |row| {
        Ok(EarlierLooks { count: row.get(0)?, n: row.get::<_, i64>(1)?.unsigned_abs() })
    })?)
}

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
mod tests;
