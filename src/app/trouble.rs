//! Answers what is wrong: failures grouped by their cause, and all that is known about one unit.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::Value;

use super::parts::Parts;
use super::query::{
    Acknowledged, AttemptRow, Care, CauseNote, ErrorDetail, ErrorGroup, UnitRow, WorkedBy,
};
use super::snapshot::NextDue;
use super::{lists, picture};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::SECOND_MS;
use crate::store::attempt_list::{self, AttemptLine, Troubled};
use crate::store::board::Timed;
use crate::store::cause_marks;
use crate::store::effect_list;
use crate::store::error::StoreError;
use crate::store::event_pages::{self, Page};
use crate::store::leases;
use crate::store::unit_list::{self, UnitLine};

/// How many units of each troubled state of a layer are grouped. Beyond this a person needs the
/// groups, not the last unit; the counts on the overview stay exact.
const GROUPED_MAX: u32 = 2_000;

/// How many units a group names.
const NAMED_MAX: usize = 100;

/// How many events the error card shows.
const CARD_EVENTS_MAX: u32 = 50;

/// How many notes on a cause are shown. Whoever needs more has `cep changes`.
const NOTES_MAX: u32 = 5;

/// Returns who looks after a cause, and what was noted on it.
pub(super) fn care(conn: &Connection, mode: Mode, cause: &str) -> Result<Care, StoreError> {
    let acknowledged = cause_marks::acknowledged(conn, mode, cause)?.map(|it| Acknowledged {
        by: it.by,
        wall_at: it.wall_at,
        note: it.note,
        failed_since: it.failed_since,
    });
    let notes = cause_marks::notes(conn, mode, cause, NOTES_MAX)?
        .into_iter()
        .map(|it| CauseNote { by: it.by, wall_at: it.wall_at, text: it.text })
        .collect();
    Ok(Care { acknowledged, notes })
}

/// Returns the failures that still stand, grouped by cause, the largest group first.
pub(super) fn groups(
    conn: &Connection,
    mode: Mode,
    layer: Option<Layer>,
) -> Result<Vec<ErrorGroup>, StoreError> {
    let layers = layer.map_or(Layer::ALL.to_vec(), |layer| vec![layer]);
    let mut groups: HashMap<String, ErrorGroup> = HashMap::new();
    let mut troubled = Vec::new();
    for layer in layers {
        troubled.extend(attempt_list::troubled(conn, mode, layer, GROUPED_MAX)?);
    }
    troubled.sort_by_key(|one| std::cmp::Reverse(one.latest.id));
    for one in troubled {
        add(&mut groups, &one);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        if let Some(first) = attempt_list::first_seen(conn, mode, &group.fingerprint)? {
            group.first_wall = first;
        }
        group.care = care(conn, mode, &group.fingerprint)?;
    }
    groups
        .sort_by(|a, b| b.count().cmp(&a.count()).then_with(|| a.fingerprint.cmp(&b.fingerprint)));
    Ok(groups)
}

/// Returns what units with one cause share. An attempt lost with its process has no fingerprint; its
/// code is its cause.
fn cause_of(latest: &AttemptLine) -> Option<&str> {
    let code = || latest.error.as_ref().map(|error| error.code.as_str());
    latest.fingerprint.as_deref().or_else(code)
}

/// Returns every unit whose latest failure has this fingerprint and still stands.
pub(super) fn units_of(
    conn: &Connection,
    mode: Mode,
    fingerprint: &str,
) -> Result<Vec<UnitId>, StoreError> {
    let mut units = Vec::new();
    for layer in Layer::ALL {
        let troubled = attempt_list::troubled(conn, mode, layer, u32::MAX)?;
        units.extend(
            troubled
                .iter()
                .filter(|one| cause_of(&one.latest) == Some(fingerprint))
                .map(|one| one.unit),
        );
    }
    Ok(units)
}

/// Adds a unit to the group of its cause; the latest unit of a group comes first.
fn add(groups: &mut HashMap<String, ErrorGroup>, one: &Troubled) {
    let Some(error) = &one.latest.error else { return };
    let fingerprint = cause_of(&one.latest).unwrap_or_default().to_owned();
    let group = groups.entry(fingerprint.clone()).or_insert_with(|| ErrorGroup {
        fingerprint,
        layer: one.layer,
        class: error.class,
        code: error.code.clone(),
        message: error.message.clone(),
        retrying: 0,
        dead: 0,
        held: 0,
        first_wall: one.latest.wall_at,
        last_wall: one.latest.wall_at,
        next_retry: None,
        units: Vec::new(),
        care: Care::default(),
    });
    match one.state {
        UnitState::Dead => group.dead += 1,
        UnitState::Held => group.held += 1,
        UnitState::RetryWait
        | UnitState::Blocked
        | UnitState::Scheduled
        | UnitState::Ready
        | UnitState::Leased
        | UnitState::Waiting
        | UnitState::Done
        | UnitState::Skipped
        | UnitState::Cancelled => group.retrying += 1,
    }
    group.next_retry = [group.next_retry, one.run_at].into_iter().flatten().min();
    if group.units.len() < NAMED_MAX {
        group.units.push(one.unit);
    }
}

/// Returns the error card of a unit, `None` when there is no such unit.
pub(super) fn detail(
    conn: &Connection,
    parts: &Parts,
    id: UnitId,
) -> Result<Option<ErrorDetail>, StoreError> {
    let Some(line) = unit_list::get(conn, id)? else { return Ok(None) };
    let attempts = attempt_list::of_unit(conn, id)?;
    let failed = attempts.iter().rev().find(|attempt| attempt.error.is_some());
    let error = failed.and_then(|attempt| attempt.error.clone());
    let fingerprint = failed.and_then(|attempt| cause_of(attempt).map(str::to_owned));
    let same = match &fingerprint {
        Some(print) => groups(conn, line.mode, Some(line.name.layer))?
            .iter()
            .find(|group| group.fingerprint == *print)
            .map_or(0, ErrorGroup::count),
        None => 0,
    };
    let page = Page { unit: Some(id), limit: CARD_EVENTS_MAX, ..Page::default() };
    let (blocked, example) = unit_list::blocked_on(conn, line.mode, &line.name)?;
    let effects = effect_list::of_unit(conn, id)?.into_iter().map(lists::effect_row).collect();
    let next_retry = next_retry(parts, &line);
    let unit: UnitRow = lists::unit_row(parts, line.clone());
    let care = fingerprint.as_ref().map(|cause| care(conn, line.mode, cause)).transpose()?;
    let worked_by = worked_by(conn, &line)?;
    Ok(Some(ErrorDetail {
        impact: impact(blocked, example),
        if_nothing: if_nothing(&unit, next_retry.as_ref()),
        error,
        fingerprint,
        same,
        care: care.unwrap_or_default(),
        worked_by,
        attempts: attempts.into_iter().map(attempt_row).collect(),
        next_retry,
        effects,
        input: without_secrets(line.payload),
        events: event_pages::read(conn, &page)?,
        unit,
    }))
}

fn next_retry(parts: &Parts, line: &UnitLine) -> Option<NextDue> {
    let run_at = line.run_at.filter(|_| line.state == UnitState::RetryWait)?;
    let timed = Timed { unit: line.id, run_at, why: line.why.clone(), tries: line.tries };
    Some(picture::next_due(parts, timed))
}

/// Returns who holds the lease under which a unit is being worked.
fn worked_by(conn: &Connection, line: &UnitLine) -> Result<Option<WorkedBy>, StoreError> {
    if line.state != UnitState::Leased {
        return Ok(None);
    }
    let lease = leases::get(conn, line.mode, &leases::name_of(line.name.layer))?;
    Ok(lease.map(|lease| WorkedBy { owner: lease.owner, until: lease.until }))
}

fn impact(blocked: u64, example: Option<String>) -> String {
    match (blocked, example) {
        (0, _) => "nothing else waits for it".to_owned(),
        (1, Some(label)) => format!("1 unit waits for it: {label}"),
        (n, Some(label)) => format!("{n} units wait for it, among them: {label}"),
        (n, None) => format!("{n} units wait for it"),
    }
}

/// Returns what happens when nobody does anything.
fn if_nothing(unit: &UnitRow, next: Option<&NextDue>) -> String {
    match unit.state {
        UnitState::RetryWait => next.map_or_else(
            || "it is tried again at its time".to_owned(),
            |next| {
                format!(
                    "it is tried again at {} ({} of {} tries spent); after the last it is dead",
                    next.run_at, next.tries, next.tries_max
                )
            },
        ),
        UnitState::Held => {
            "it stays held: nobody knows whether its effect happened, so nothing is sent again \
             until a person resolves it"
                .to_owned()
        }
        UnitState::Dead => "it stays dead, and nothing that follows from it happens".to_owned(),
        UnitState::Waiting => "it waits until the person or counterparty answers".to_owned(),
        UnitState::Blocked => "it waits until the unit before it is done".to_owned(),
        UnitState::Scheduled => "it runs at its time".to_owned(),
        UnitState::Ready | UnitState::Leased => "it is worked".to_owned(),
        UnitState::Done | UnitState::Skipped | UnitState::Cancelled => "it has ended".to_owned(),
    }
}

fn attempt_row(line: AttemptLine) -> AttemptRow {
    let backoff_ms = line.retry_at.zip(line.ended_at).map(|(retry, end)| retry.since(end));
    let given_up = line.error.as_ref().map(|error| error.class.as_column().replace('_', " "));
    AttemptRow {
        id: line.id,
        number: line.number,
        state: line.state,
        started_at: line.at,
        started_wall: line.wall_at,
        duration_ms: line.duration_us.map(|us| us.unsigned_abs() / SECOND_MS.unsigned_abs()),
        backoff_why: line.retry_why.or(given_up.filter(|_| backoff_ms.is_none())),
        backoff_ms,
        error: line.error,
        worker: line.owner,
    }
}

/// Takes values out whose name says that they are nobody's business.
pub(super) fn without_secrets(input: Value) -> Value {
    const SECRET_WORDS: [&str; 4] = ["secret", "token", "password", "signature"];
    match input {
        Value::Object(fields) => {
            let clean = |(name, value): (String, Value)| {
                let lower = name.to_lowercase();
                let value = if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
                    Value::from("(taken out)")
                } else {
                    without_secrets(value)
                };
                (name, value)
            };
            Value::Object(fields.into_iter().map(clean).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_secrets).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => input,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_input_is_not_shown() {
        let input = serde_json::json!({
            "body": [{ "unsubscribe_token": "abc", "name": "A Dental" }]
        });
        let shown = without_secrets(input).to_string();
        assert!(!shown.contains("abc") && shown.contains("A Dental"), "{shown}");
    }
}
