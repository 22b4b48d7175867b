//! Answers what stands behind a row of the lists of runs and effects.

use rusqlite::Connection;

use super::parts::Parts;
use super::query::{Answer, EffectDetail, Query, RunCause, RunDetail, RunLayer, RunPhi};
use super::snapshot::UnitCounts;
use super::{lists, picture, trouble};
use crate::domain::effect::EffectKey;
use crate::domain::ids::RunId;
use crate::domain::mode::Mode;
use crate::store::effect_list;
use crate::store::error::StoreError;
use crate::store::event_pages::{self, Page};
use crate::store::run_list::{self, CauseLine};
use crate::store::{runs, unit_list};

/// How many events of a run are shown: a screen full; the events screen has the rest.
const RUN_EVENTS_MAX: u32 = 30;

/// Answers a question about one run or one effect; `None` when there is no such thing.
pub(super) fn answer(
    conn: &Connection,
    parts: &Parts,
    query: &Query,
) -> Result<Option<Answer>, StoreError> {
    if let Query::Run { run: id } = query {
        return Ok(run(conn, parts, *id)?.map(|detail| Answer::Run(Box::new(detail))));
    }
    let Query::Effect { mode, key } = query else { return Ok(None) };
    let found = effect(conn, parts, *mode, key)?;
    Ok(found.map(|detail| Answer::Effect(Box::new(detail))))
}

/// Returns a run with what became of it, `None` when there is no such run.
fn run(conn: &Connection, parts: &Parts, id: RunId) -> Result<Option<RunDetail>, StoreError> {
    let Some(row) = runs::get(conn, id)? else { return Ok(None) };
    let worked = run_list::worked(conn, &row)?;
    let mut layers: Vec<RunLayer> = Vec::new();
    for (layer, state, n) in worked.units {
        if layers.last().is_none_or(|last| last.layer != layer) {
            layers.push(RunLayer { layer, units: UnitCounts::default() });
        }
        if let Some(last) = layers.last_mut() {
            *last.units.of_mut(state) += n;
        }
    }
    let page = Page {
        mode: Some(row.mode),
        run: Some(id),
        before: run_list::events_end(conn, &row)?,
        limit: RUN_EVENTS_MAX,
        ..Page::default()
    };
    let phi = run_list::phi(conn, &row)?;
    Ok(Some(RunDetail {
        why: row.why.clone(),
        input: row.input.clone(),
        input_limit: row.input_limit,
        started_at: row.started_at,
        ended_at: row.ended_at,
        layers,
        attempts: worked.attempts,
        cut: worked.cut,
        causes: worked.causes.into_iter().map(cause).collect(),
        phi: phi.map(|(at, value)| RunPhi { value, at }),
        events: event_pages::read(conn, &page)?,
        run: picture::run_view(conn, parts, row)?,
    }))
}

fn cause(line: CauseLine) -> RunCause {
    RunCause {
        layer: line.layer,
        class: line.class,
        code: line.code,
        message: line.message,
        attempts: line.attempts,
        units: line.units,
        unit: line.unit,
    }
}

/// Returns an effect with all that the journal has of it, `None` when there is no such effect.
fn effect(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    key: &EffectKey,
) -> Result<Option<EffectDetail>, StoreError> {
    let Some(found) = effect_list::in_full(conn, mode, key)? else { return Ok(None) };
    let row = &found.line.row;
    let unit = unit_list::get(conn, row.unit_id)?;
    let receipt = row.receipt.as_ref().map(serde_json::to_value).transpose()?;
    Ok(Some(EffectDetail {
        recovery: found.recovery,
        host: row.host.clone(),
        sends: row.sends,
        first_sent_at: row.first_sent_at,
        settled_at: row.settled_at,
        owner: found.owner,
        attempt: found.attempt,
        receipt: receipt.map(trouble::without_secrets),
        payload: trouble::without_secrets(serde_json::to_value(&row.payload)?),
        unit: unit.map(|line| lists::unit_row(parts, line)),
        effect: lists::effect_row(found.line),
    }))
}
