//! Answers lists and pages of business records, from the same rows as the commands of each.

use rusqlite::Connection;
use serde_json::Value;

use super::desk::{self, Which};
use super::finance::{self, FinanceAnswer, FinanceQuery};
use super::parts::Parts;
use super::query::{Answer, PitchFilter, Query, RecordDetail, RecordKind, RecordRow};
use super::service::{self, ServiceAnswer, ServiceQuery};
use super::{lists, pitches, trouble};
use crate::domain::ids::ProposalId;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::finance::invoices;
use crate::store::learning::proposals;
use crate::store::sales::{meetings, messages, prospects};
use crate::store::unit_list;

/// How many units of a record are told: more than any record has in its first months.
const UNITS_MAX: u32 = 100;

/// Stands between the parts of a key. No entity has one.
const APART: char = '|';

/// Answers a question about records; `None` when there is none of that key.
pub(super) fn answer(
    conn: &Connection,
    parts: &Parts,
    query: &Query,
    now: Moment,
) -> Result<Option<Answer>, StoreError> {
    if let Query::Records { mode, kind, limit } = query {
        let rows = list(conn, parts, *mode, *kind, now, *limit)?;
        return Ok(Some(Answer::Records(rows)));
    }
    let Query::Record { mode, kind, key } = query else { return Ok(None) };
    let found = one(conn, parts, *mode, *kind, key, now)?;
    Ok(found.map(|detail| Answer::Record(Box::new(detail))))
}

/// Returns records of a kind, the newest first.
fn list(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    kind: RecordKind,
    now: Moment,
    limit: u32,
) -> Result<Vec<RecordRow>, StoreError> {
    let found = values(conn, parts, mode, kind, now, limit)?;
    let row = |value: Value| RecordRow {
        key: key(kind, &value),
        cells: kind.columns().iter().map(|(_, _, path)| short(&cell(&value, path))).collect(),
    };
    Ok(found.into_iter().map(row).collect())
}

fn values(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    kind: RecordKind,
    now: Moment,
    limit: u32,
) -> Result<Vec<Value>, StoreError> {
    let found = match kind {
        RecordKind::Prospects => serde_json::to_value(prospects::newest(conn, mode, limit)?)?,
        RecordKind::Pitches => {
            let filter = PitchFilter { mode, stages: Vec::new(), limit };
            let Answer::Pitches(rows) = pitches::list(conn, parts, &filter)? else {
                return Ok(Vec::new());
            };
            serde_json::to_value(rows)?
        }
        RecordKind::Messages => serde_json::to_value(messages::newest(conn, mode, limit)?)?,
        RecordKind::Meetings => {
            serde_json::to_value(desk::meetings(conn, mode, Which::All, now, limit)?)?
        }
        RecordKind::Clients => serde_json::to_value(desk::clients(conn, mode, None, now, limit)?)?,
        RecordKind::Invoices => serde_json::to_value(invoices::list(conn, mode, limit)?)?,
        RecordKind::Reports => {
            let query = ServiceQuery::Reports { mode, client: None, limit };
            match service::answer(conn, &query, now)? {
                Some(ServiceAnswer::Reports(rows)) => serde_json::to_value(rows)?,
                _ => return Ok(Vec::new()),
            }
        }
        RecordKind::Proposals => serde_json::to_value(proposals::list(conn, mode, limit)?)?,
    };
    Ok(if let Value::Array(rows) = found { rows } else { Vec::new() })
}

/// A column's text: of an instant, a list needs no seconds.
fn short(cell: &str) -> String {
    match cell.parse::<Moment>() {
        Ok(at) => at.to_timestamp().strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => cell.to_owned(),
    }
}

/// What a record is known by.
fn key(kind: RecordKind, value: &Value) -> String {
    let of = |path| cell(value, path);
    match kind {
        RecordKind::Prospects
        | RecordKind::Pitches
        | RecordKind::Meetings
        | RecordKind::Clients => of("entity"),
        RecordKind::Messages => {
            format!("{}{APART}{}{APART}{}", of("entity"), of("campaign"), of("step"))
        }
        RecordKind::Invoices | RecordKind::Reports => {
            format!("{}{APART}{}", of("entity"), of("period"))
        }
        RecordKind::Proposals => of("id"),
    }
}

/// Returns a record with everything that is known of it, `None` when there is none of that key.
fn one(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    kind: RecordKind,
    key: &str,
    now: Moment,
) -> Result<Option<RecordDetail>, StoreError> {
    let Some(value) = in_full(conn, parts, mode, kind, key, now)? else { return Ok(None) };
    let entity = if kind == RecordKind::Proposals {
        cell(&value, "proposal.entity")
    } else {
        key.split(APART).next().unwrap_or_default().to_owned()
    };
    let units = unit_list::of_entity(conn, mode, &entity, UNITS_MAX)?;
    let mut fields = Vec::new();
    flatten(&mut fields, "", &trouble::without_secrets(value));
    Ok(Some(RecordDetail {
        kind,
        key: key.to_owned(),
        fields,
        units: units.into_iter().map(|line| lists::unit_row(parts, line)).collect(),
    }))
}

fn in_full(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    kind: RecordKind,
    key: &str,
    now: Moment,
) -> Result<Option<Value>, StoreError> {
    let (entity, rest) = key.split_once(APART).unwrap_or((key, ""));
    let to_value = |found| serde_json::to_value(found).map_err(StoreError::from);
    match kind {
        RecordKind::Prospects => {
            let found = prospects::get(conn, mode, entity)?;
            Ok(found.map(serde_json::to_value).transpose()?)
        }
        RecordKind::Pitches => match pitches::one(conn, parts, mode, entity)? {
            Some(Answer::Pitch(view)) => Ok(Some(serde_json::to_value(view)?)),
            _ => Ok(None),
        },
        RecordKind::Messages => {
            let (campaign, step) = rest.rsplit_once(APART).unwrap_or((rest, ""));
            let step = step.parse().unwrap_or_default();
            let found = messages::get(conn, mode, entity, campaign, step)?;
            Ok(found.map(serde_json::to_value).transpose()?)
        }
        RecordKind::Meetings => {
            let found = meetings::get(conn, mode, entity)?;
            Ok(found.map(serde_json::to_value).transpose()?)
        }
        RecordKind::Clients => {
            let found = desk::clients(conn, mode, Some(entity), now, 1)?;
            found.into_iter().next().map(serde_json::to_value).transpose().map_err(Into::into)
        }
        RecordKind::Invoices => {
            let Some(invoice) = invoices::get(conn, mode, entity, rest)? else { return Ok(None) };
            let query = FinanceQuery::Invoice { mode, number: invoice.name().to_owned() };
            match finance::answer(conn, parts, &query)? {
                Some(FinanceAnswer::Invoice(detail)) => Ok(Some(serde_json::to_value(detail)?)),
                _ => Ok(Some(serde_json::to_value(invoice)?)),
            }
        }
        RecordKind::Reports => {
            let (client, period) = (entity.to_owned(), rest.to_owned());
            let query = ServiceQuery::Report { mode, client, period };
            match service::answer(conn, &query, now)? {
                Some(ServiceAnswer::Report(view)) => Ok(Some(serde_json::to_value(view)?)),
                _ => Ok(None),
            }
        }
        RecordKind::Proposals => {
            let Ok(id) = key.parse() else { return Ok(None) };
            proposals::get(conn, ProposalId(id))?.map(|(_, found)| to_value(found)).transpose()
        }
    }
}

/// The field at `a.b` in words, or that behind the bar of `a.b|c`; empty when there is none.
fn cell(value: &Value, paths: &str) -> String {
    let found = paths.split('|').find_map(|path| {
        let at = path.split('.').fold(value, |at, name| &at[name]);
        (!at.is_null()).then(|| words(path, at).unwrap_or_else(|| at.to_string()))
    });
    found.unwrap_or_default()
}

/// A value of one field in words; `None` when it has parts of its own.
fn words(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".to_owned()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(match number.as_i64().filter(|_| is_moment(name)) {
            Some(ms) => Moment(ms).to_string(),
            None => number.to_string(),
        }),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let all: Vec<_> = items.iter().filter_map(|item| words(name, item)).collect();
            Some(all.join(", "))
        }
        Value::Object(fields) if fields.len() == 2 => {
            serde_json::from_value::<Money>(value.clone()).ok().map(|money| money.to_string())
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a field is an instant, by its name: every one in the domain is called so.
fn is_moment(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last == "at" || last == "day" || last.ends_with("_at") || last.ends_with("_wall")
}

/// Adds every field below `value`, each under its whole name.
fn flatten(fields: &mut Vec<(String, String)>, name: &str, value: &Value) {
    let under = |part: &str| {
        if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") }
    };
    if let Some(text) = words(name, value) {
        fields.push((name.to_owned(), text));
        return;
    }
    match value {
        Value::Object(parts) => {
            parts.iter().for_each(|(part, value)| flatten(fields, &under(part), value));
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(fields, &under(&(index + 1).to_string()), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_of_a_record_is_told_in_words() {
        let value = json!({
            "name": "A Dental", "live_at": null, "signed_at": 1_767_603_600_000_i64,
            "total": { "minor": 150_000, "currency": "USD" },
            "steps": [{ "step": "intake", "done": true }], "edited": ["email", "sms"],
        });
        let mut fields = Vec::new();
        flatten(&mut fields, "", &value);
        let told = |name: &str| {
            let found = fields.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(told("signed_at"), Some("2026-01-05T09:00:00Z"));
        assert_eq!(told("live_at"), Some("-"));
        assert_eq!(told("steps.1.step"), Some("intake"));
        assert_eq!(told("steps.1.done"), Some("yes"));
        assert_eq!(told("edited"), Some("email, sms"));
        assert!(told("total").is_some_and(|total| total.contains("1,500.00")), "{fields:?}");
        assert_eq!(fields.len(), 7);
    }
}
