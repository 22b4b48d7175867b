//! Tells a shift what has changed since a moment: commands and who gave them, runs, settings, what
//! failed and what is still open, warnings. One list, the latest last, as a person would tell it.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::query::Care;
use super::trouble;
use crate::domain::event::{Event, Level};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::handover::{self, Failing, Given};

/// How many rows of each kind are read. More than a person reads at the start of a shift.
const ROWS_MAX: u32 = 500;

/// From how many warnings of one kind on only the latest is told, with their number.
const FOLDED_FROM: usize = 4;

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Somebody asked for something.
    Command,
    /// A run started or ended.
    Run,
    /// Attempts failed, by cause.
    Failure,
    /// Somebody may want to know.
    Warning,
    /// A setting has another value.
    Setting,
}

impl ChangeKind {
    /// The word of a list.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Run => "run",
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Setting => "setting",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When it last happened, wall clock.
    pub wall_at: Moment,
    /// Which world.
    pub mode: Mode,
    /// What kind.
    pub kind: ChangeKind,
    /// Which layer, if one.
    pub layer: Option<Layer>,
    /// Who, of a command.
    pub who: Option<String>,
    /// How often since the moment.
    pub times: u64,
    /// What, in one line.
    pub text: String,
    /// The cause, of a failure: `cep errors` and `cep retry` know it by this.
    pub fingerprint: Option<String>,
    /// How many units of this cause still stand, of a failure.
    pub open: Option<u64>,
    /// Who looks after it, of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub care: Option<Care>,
}

/// What has changed since a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Since when, wall clock.
    pub since: Moment,
    /// The changes, the latest last.
    pub changes: Vec<Change>,
    /// Whether there are more than were read.
    pub more: bool,
}

/// Returns what has changed since `since`, in both worlds.
pub(super) fn changes(conn: &Connection, since: Moment) -> Result<Changes, StoreError> {
    let commands = handover::commands(conn, since, ROWS_MAX)?;
    let events = handover::events(conn, since, ROWS_MAX)?;
    let failing = handover::failing(conn, since, ROWS_MAX)?;
    let most = commands.len().max(events.len()).max(failing.len());
    let mut changes: Vec<Change> = commands.into_iter().map(command).collect();
    changes.extend(folded(&events));
    for one in failing {
        let open = trouble::units_of(conn, one.mode, &one.fingerprint)?.len() as u64;
        let care = trouble::care(conn, one.mode, &one.fingerprint)?;
        changes.push(failure(one, open, care));
    }
    changes.sort_by_key(|change| change.wall_at);
    Ok(Changes { since, changes, more: most >= ROWS_MAX as usize })
}

fn command(given: Given) -> Change {
    let answer = match (given.state.as_str(), given.answer) {
        ("refused", Some(why)) => format!(", refused: {why}"),
        (_, Some(answer)) => format!(": {answer}"),
        (state, None) => format!(", {state}"),
    };
    Change {
        wall_at: given.wall_at,
        mode: given.mode,
        kind: ChangeKind::Command,
        layer: None,
        who: Some(format!("{} ({})", given.actor, given.origin)),
        times: 1,
        text: format!("{}{answer}", given.name.replace('_', " ")),
        fingerprint: None,
        open: None,
        care: None,
    }
}

fn failure(one: Failing, open: u64, care: Care) -> Change {
    let still =
        if open == 0 { "none still stands".to_owned() } else { format!("{open} still stand") };
    let keeper =
        care.acknowledged.as_ref().map_or_else(String::new, |it| format!("; {}", it.told()));
    Change {
        wall_at: one.last_wall,
        mode: one.mode,
        kind: ChangeKind::Failure,
        layer: Some(one.layer),
        who: None,
        times: one.attempts,
        text: format!("{} of {} units, {still}{keeper}", one.cause, one.units),
        fingerprint: Some(one.fingerprint),
        open: Some(open),
        care: Some(care),
    }
}

/// Turns events, the latest first, into changes; many of one kind become one.
fn folded(events: &[Event]) -> Vec<Change> {
    let alike = |a: &Event, b: &Event| (a.mode, a.layer, &a.kind) == (b.mode, b.layer, &b.kind);
    let mut changes = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let kind = match event.kind.as_str() {
            "run_started" | "run_ended" => ChangeKind::Run,
            "settings_changed" => ChangeKind::Setting,
            _ => ChangeKind::Warning,
        };
        let same = events.iter().filter(|other| alike(event, other)).count();
        let folds =
            kind == ChangeKind::Warning && event.level < Level::Error && same >= FOLDED_FROM;
        if folds && events[..index].iter().any(|later| alike(event, later)) {
            continue;
        }
        changes.push(Change {
            wall_at: event.wall_at,
            mode: event.mode,
            kind,
            layer: event.layer,
            who: None,
            times: if folds { same as u64 } else { 1 },
            text: event.text.clone(),
            fingerprint: None,
            open: None,
            care: None,
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EventId;

    fn event(id: i64, level: Level, kind: &str) -> Event {
        Event {
            id: EventId(id),
            mode: Mode::Live,
            at: Moment(id),
            wall_at: Moment(id),
            level,
            layer: None,
            unit_id: None,
            run_id: None,
            kind: kind.to_owned(),
            text: format!("{kind} {id}"),
            data: None,
        }
    }

    #[test]
    fn many_warnings_of_one_kind_are_one_line_and_runs_and_errors_are_each_their_own() {
        let mut events: Vec<_> = (0..6).map(|n| event(n, Level::Warn, "reminder_sent")).collect();
        events.extend((6..9).map(|n| event(n, Level::Warn, "post_rejected")));
        events.extend((9..14).map(|n| event(n, Level::Info, "run_started")));
        events.extend((14..19).map(|n| event(n, Level::Error, "refund_failed")));
        events.reverse();
        let told = folded(&events);
        let of = |kind: &str| told.iter().filter(|one| one.text.starts_with(kind)).count();
        assert_eq!(
            [of("reminder_sent"), of("post_rejected"), of("run_started"), of("refund_failed")],
            [1, 3, 5, 5]
        );
        let reminder = told.iter().find(|one| one.text == "reminder_sent 5").unwrap();
        assert_eq!(reminder.times, 6, "the latest is told, with their number");
    }
}
