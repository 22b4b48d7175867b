//! Answers what the log file has of a run, a unit or an attempt. Every process with this state folder
//! writes into it, so it tells of work that another process did too.

use std::path::Path;

use serde_json::{Map, Value};

use super::command::{Refusal, RefusalKind};
use super::query::{LogLine, LogOf, LogTail};
use crate::telemetry::tail::{self, Tail};

/// Returns the newest lines of the log that are of `of`.
pub(super) fn answer(file: &Path, of: LogOf, limit: u32) -> Result<LogTail, Refusal> {
    let (name, id) = match of {
        LogOf::All => ("", 0),
        LogOf::Run(id) => ("run", id.0),
        LogOf::Unit(id) => ("unit", id.0),
        LogOf::Attempt(id) => ("attempt", id.0),
    };
    let needle = if name.is_empty() { String::new() } else { format!("\"{name}\":{id}") };
    let fits = |record: &Value| name.is_empty() || of_span(record, name) == Some(id);
    let found = tail::tail(file, &needle, fits, limit as usize).map_err(|error| Refusal {
        kind: RefusalKind::Failed,
        why: format!("the log {} cannot be read: {error}", file.display()),
        hint: Some("make it readable, or name another with paths.log_file".to_owned()),
    })?;
    let Tail { records, looked_bytes, whole } = found;
    let lines = records.iter().map(line).collect();
    Ok(LogTail { file: file.display().to_string(), lines, looked_bytes, whole })
}

/// A number that the record's span carries, or the record itself.
fn of_span(record: &Value, name: &str) -> Option<i64> {
    record["span"][name].as_i64().or_else(|| record[name].as_i64())
}

fn line(record: &Value) -> LogLine {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    LogLine {
        at: text("timestamp"),
        level: text("level"),
        target: text("target"),
        run: of_span(record, "run"),
        unit: of_span(record, "unit"),
        attempt: of_span(record, "attempt"),
        text: said(record.as_object()),
    }
}

/// The message, then every other field as `name=value`.
fn said(fields: Option<&Map<String, Value>>) -> String {
    const APART: [&str; 5] = ["timestamp", "level", "target", "message", "span"];
    let Some(fields) = fields else { return String::new() };
    let message = fields.get("message").and_then(Value::as_str).unwrap_or_default();
    let rest = fields.iter().filter(|(name, _)| !APART.contains(&name.as_str()));
    rest.fold(message.to_owned(), |text, (name, value)| match value.as_str() {
        Some(word) => format!("{text} {name}={word}"),
        None => format!("{text} {name}={value}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AttemptId, RunId, UnitId};

    #[test]
    fn a_unit_a_run_and_an_attempt_have_their_own_lines() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cep.log");
        let of = |unit, attempt, run| {
            format!(
                "{{\"timestamp\":\"2026-01-05T09:00:00Z\",\"level\":\"WARN\",\"message\":\
                 \"attempt failed\",\"code\":\"503\",\"target\":\"cep\",\"span\":{{\"layer\":3,\
                 \"unit\":{unit},\"attempt\":{attempt},\"run\":{run}}}}}\n"
            )
        };
        std::fs::write(&file, of(7, 1, 2) + &of(7, 4, 3) + &of(71, 5, 3)).unwrap();
        let count = |of| answer(&file, of, 10).unwrap().lines.len();
        assert_eq!(count(LogOf::Unit(UnitId(7))), 2);
        assert_eq!(count(LogOf::Run(RunId(3))), 2);
        assert_eq!(count(LogOf::Attempt(AttemptId(1))), 1);
        assert_eq!(count(LogOf::All), 3);
        let found = answer(&file, LogOf::Unit(UnitId(71)), 10).unwrap();
        assert_eq!(found.lines[0].text, "attempt failed code=503");
        assert_eq!((found.lines[0].unit, found.lines[0].run), (Some(71), Some(3)));
    }
}
