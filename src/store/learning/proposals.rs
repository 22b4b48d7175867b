//! Keeps proposals and the settings that they have put in force.
//!
//! A proposal moves in one transaction with what it changes, so that a crash leaves it either
//! approved with nothing changed, or applied with everything.

use rusqlite::{Connection, Row, named_params, params};
use serde_json::Value;

use crate::domain::ids::ProposalId;
use crate::domain::learning::{
    MeasuredEffect, Proposal, ProposalState, Setting, SettingOverride, StoredProposal,
};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json, json_opt, optional};

const INSERT: &str = "
INSERT OR IGNORE INTO proposals (mode, entity, text, change, measure, evidence, state, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7) RETURNING id";

/// Inserts an open proposal and returns its number; one with its entity is left as it is.
pub fn insert(
    tx: &Connection,
    mode: Mode,
    proposal: &Proposal,
) -> Result<Option<ProposalId>, StoreError> {
    let values = params![
        mode,
        proposal.entity,
        proposal.text,
        written(&proposal.change)?,
        proposal.measure,
        proposal.evidence.to_string(),
        proposal.at,
    ];
    optional(tx.prepare_cached(INSERT)?.query_row(values, |row| row.get(0)))
}

fn written<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}

const NOTE_EFFECT: &str = "
UPDATE proposals SET effect = ?3 WHERE mode = ?1 AND id = ?2 AND effect IS NULL";

/// Notes the effect of a proposal; the first stays.
pub(super) fn note_effect(
    tx: &Connection,
    mode: Mode,
    id: ProposalId,
    effect: &MeasuredEffect,
) -> Result<(), StoreError> {
    tx.prepare_cached(NOTE_EFFECT)?.execute(params![mode, id, written(effect)?])?;
    Ok(())
}

const LIST: &str = "SELECT * FROM proposals WHERE mode = ?1 ORDER BY id DESC LIMIT ?2";

/// Returns the proposals of a mode, the newest first.
pub fn list(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<StoredProposal>, StoreError> {
    let mut statement = conn.prepare_cached(LIST)?;
    let found = statement.query_map(params![mode, limit], from_row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

const GET: &str = "SELECT * FROM proposals WHERE id = ?1";

/// Returns the proposal with this number and its mode.
pub fn get(
    conn: &Connection,
    id: ProposalId,
) -> Result<Option<(Mode, StoredProposal)>, StoreError> {
    optional(
        conn.prepare_cached(GET)?.query_row([id], |row| Ok((row.get("mode")?, from_row(row)?))),
    )
}

const DUE: &str = "
SELECT * FROM proposals
WHERE mode = ?1 AND state = 'applied' AND effect IS NULL AND measure_at <= ?2 ORDER BY id";

/// Returns the applied proposals whose effect is due to be measured.
pub fn due(conn: &Connection, mode: Mode, now: Moment) -> Result<Vec<StoredProposal>, StoreError> {
    let mut statement = conn.prepare_cached(DUE)?;
    let found = statement.query_map(params![mode, now], from_row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<StoredProposal> {
    Ok(StoredProposal {
        id: row.get("id")?,
        proposal: Proposal {
            entity: row.get("entity")?,
            text: row.get("text")?,
            change: json(row, "change")?,
            measure: row.get("measure")?,
            evidence: json(row, "evidence")?,
            at: row.get("at")?,
        },
        state: row.get("state")?,
        decided_by: row.get("decided_by")?,
        decided_at: row.get("decided_at")?,
        note: row.get("note")?,
        applied_at: row.get("applied_at")?,
        measure_at: row.get("measure_at")?,
        previous: json_opt(row, "previous")?,
        effect: json_opt(row, "effect")?,
    })
}

/// A person's decision on a proposal.
pub struct Decision<'a> {
    /// Which.
    pub id: ProposalId,
    /// Where it was.
    pub from: ProposalState,
    /// Where it is now.
    pub to: ProposalState,
    /// Who.
    pub by: &'a str,
    /// What was noted.
    pub note: Option<&'a str>,
    /// What was before, and when the effect is to be measured: of one that was applied now.
    pub applied: Option<(&'a Value, Moment)>,
}

const DECIDE: &str = "
UPDATE proposals SET state = :to, decided_by = :by, decided_at = :now, note = coalesce(:note, note),
  applied_at = CASE WHEN :previous IS NULL THEN applied_at ELSE :now END,
  measure_at = coalesce(:measure_at, measure_at), previous = coalesce(:previous, previous)
WHERE id = :id AND state = :from";

/// Notes a decision.
///
/// # Errors
/// `Fenced` when the proposal is not where it was any more.
pub fn decide(tx: &Connection, now: Moment, decision: &Decision<'_>) -> Result<(), StoreError> {
    let changed = tx.prepare_cached(DECIDE)?.execute(named_params! {
        ":id": decision.id,
        ":from": decision.from,
        ":to": decision.to,
        ":by": decision.by,
        ":now": now,
        ":note": decision.note,
        ":previous": decision.applied.map(|(previous, _)| previous.to_string()),
        ":measure_at": decision.applied.map(|(_, at)| at),
    })?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Fenced { what: "proposal" }) }
}

const OVERRIDES: &str = "
SELECT key, value, proposal, by_whom, at FROM setting_overrides WHERE mode = ?1 ORDER BY key";

/// Returns the settings that proposals have put in force.
///
/// A key that this version does not know is left out: the setting it meant is not there.
pub fn overrides(conn: &Connection, mode: Mode) -> Result<Vec<SettingOverride>, StoreError> {
    let mut statement = conn.prepare_cached(OVERRIDES)?;
    let found = statement.query_map([mode], |row| {
        let key: String = row.get(0)?;
        let Ok(key) = key.parse() else { return Ok(None) };
        Ok(Some(SettingOverride {
            setting: Setting { key, value: row.get(1)? },
            proposal: row.get(2)?,
            by: row.get(3)?,
            at: row.get(4)?,
        }))
    })?;
    Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

const SET: &str = "
INSERT INTO setting_overrides (mode, key, value, proposal, by_whom, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (mode, key) DO UPDATE SET value = excluded.value, proposal = excluded.proposal,
  by_whom = excluded.by_whom, at = excluded.at";

/// Puts a setting in force.
pub fn set(tx: &Connection, mode: Mode, one: &SettingOverride) -> Result<(), StoreError> {
    let (key, value) = (one.setting.key.to_string(), one.setting.value);
    tx.prepare_cached(SET)?.execute(params![mode, key, value, one.proposal, one.by, one.at])?;
    Ok(())
}

const UNSET: &str = "DELETE FROM setting_overrides WHERE mode = ?1 AND key = ?2";

/// Lets a setting be again what the files say.
pub fn unset(tx: &Connection, mode: Mode, one: Setting) -> Result<(), StoreError> {
    tx.prepare_cached(UNSET)?.execute(params![mode, one.key.to_string()])?;
    Ok(())
}
