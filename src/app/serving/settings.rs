//! Tells which settings a serving process has that the one before it had not.
//!
//! Files are edited long before a restart reads them, and by somebody who has left: the first thing
//! to know about a machine that behaves otherwise is which value is another.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value;

use crate::app::parts::Parts;
use crate::domain::event::NewEvent;
use crate::domain::mode::Mode;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::served;

/// How many settings are told one by one. More is another file, not a change.
const TOLD_MAX: usize = 40;

/// Keeps the settings of this process and tells, as events, what differs from the last one's.
pub(super) async fn tell(parts: &Parts) -> Result<(), StoreError> {
    let mine = serde_json::to_value(&*parts.settings)
        .map_err(|error| StoreError::Unreadable(format!("settings: {error}")))?;
    let wall = parts.clock.wall();
    let write = move |tx: &Connection| {
        let before = served::settings(tx)?;
        served::keep_settings(tx, &mine, wall)?;
        let Some(before) = before else { return Ok(()) };
        let about = About {
            mode: Mode::Live,
            at: wall,
            wall_at: wall,
            layer: None,
            unit_id: None,
            run_id: None,
        };
        for text in differences(&before, &mine) {
            events::append(tx, about, &NewEvent::info("settings_changed", text))?;
        }
        Ok(())
    };
    parts.store.write("settings of the server", write).await
}

/// Returns a line for each value that is another: `outreach.caps.email: 50 → 40`.
fn differences(before: &Value, after: &Value) -> Vec<String> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten("", before, &mut old);
    flatten("", after, &mut new);
    let none = || "none".to_owned();
    let mut lines: Vec<String> = old
        .keys()
        .chain(new.keys().filter(|key| !old.contains_key(*key)))
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| {
            let value = |of: &BTreeMap<String, String>| of.get(key).cloned().unwrap_or_else(none);
            format!("{key}: {} → {}", value(&old), value(&new))
        })
        .collect();
    let more = lines.len().saturating_sub(TOLD_MAX);
    if more > 0 {
        lines.truncate(TOLD_MAX);
        lines.push(format!("{more} more settings have other values: `cep config show`"));
    }
    lines
}

fn flatten(key: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, field, into);
            }
        }
        Value::Null => {}
        Value::String(text) => drop(into.insert(key.to_owned(), text.clone())),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
            drop(into.insert(key.to_owned(), other.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_value_that_is_another_is_told_with_what_it_was() {
        let before = json!({"a": {"b": 1, "c": "x"}, "d": null, "e": [1, 2]});
        let after = json!({"a": {"b": 2, "c": "x"}, "d": "set", "e": [1, 2, 3]});
        assert_eq!(
            differences(&before, &after),
            ["a.b: 1 → 2", "e: [1,2] → [1,2,3]", "d: none → set"]
        );
        assert_eq!(differences(&after, &after), [""; 0]);
    }
}
