//! Writes the selected item as text to paste into a ticket or a chat.

use std::fmt::Write as _;

use super::format;
use super::model::Model;
use super::parts::parts;
use super::screen::{Pane, Screen};
use crate::app::query::{Care, ErrorDetail, ErrorGroup, PhiWhy};
use crate::domain::event::Event;

/// Returns the selected item in Markdown, if there is one.
pub fn item(model: &Model) -> Option<String> {
    match model.screen() {
        Screen::Card(card) => card.detail.value.as_deref().map(report),
        Screen::Errors { groups, .. } => groups.selected().map(|group| cause(group, model)),
        Screen::Layer { units, .. } | Screen::Queue(units) => {
            units.selected().map(|unit| format!("unit {} {}", unit.id, unit.label))
        }
        Screen::Page(page) => page.copied(),
        Screen::Events | Screen::Overview { pane: Pane::Events, .. } => {
            let rows = model.event_rows();
            rows.get(model.events.cursor(&rows)).map(|row| line(row.event))
        }
        Screen::Overview { .. } => {
            let phi = model.snapshot().phi.value;
            Some(format!("{} Phi_sync {}", model.viewed().badge(), format::share(phi)))
        }
        Screen::Tasks(_) | Screen::Task(_) => {
            model.task().map(|task| format!("task {} {} ({})", task.id, task.title, task.entity))
        }
        Screen::Why(page) => page.why.value.as_ref().map(why),
        Screen::Proposals(_) => model
            .proposal()
            .map(|one| format!("proposal {} {}", one.id, one.proposal.change.told())),
        Screen::Explain { .. } | Screen::Runs(_) | Screen::Changes { .. } | Screen::System(_) => {
            None
        }
    }
}

/// Returns a cause as a block that needs no explanation.
fn cause(group: &ErrorGroup, model: &Model) -> String {
    let mut out = format!(
        "**L{} {}** x{} units ({})\n- what: {}: {} [{}]\n- fingerprint: {}\n",
        group.layer.number(),
        group.layer.name(),
        group.count(),
        model.viewed().badge(),
        group.code,
        group.message,
        group.class.as_column(),
        group.fingerprint,
    );
    let (first, last) = (group.first_wall, group.last_wall);
    // Writing into a String cannot fail.
    let _ = writeln!(out, "- first {first}, last {last} (UTC)");
    let ErrorGroup { retrying, dead, held, .. } = group;
    let _ = writeln!(out, "- {dead} dead, {held} held, {retrying} to be retried");
    if let Some(next) = group.next_retry {
        let _ = writeln!(out, "- next retry: {next}");
    }
    desk(&mut out, &group.care);
    let units: Vec<_> = group.units.iter().take(10).map(ToString::to_string).collect();
    let more = if group.units.len() > units.len() { ", ..." } else { "" };
    let _ = writeln!(out, "- units: {}{more}", units.join(", "));
    out
}

/// Returns the parts of a change as a block of fixed columns.
fn why(why: &PhiWhy) -> String {
    let (before, after) = (why.before.at, why.after.at);
    let mut out = format!("Phi_sync {}, {before} to {after}\n```\n", why.mode.badge());
    for part in parts(why) {
        let change = part.change.unwrap_or_else(|| format::UNKNOWN.to_owned());
        let indent = "  ".repeat(part.depth);
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{change:>7}  {indent}{} {}", part.name, part.detail);
    }
    out + "```\n"
}

/// Adds who looks after a cause, and what was noted on it.
fn desk(out: &mut String, care: &Care) {
    if let Some(it) = &care.acknowledged {
        let note = it.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        let _ = writeln!(out, "- who: {} ({}){note}", it.told(), it.wall_at);
    }
    for note in &care.notes {
        let _ = writeln!(out, "- note: {} {}: {}", note.wall_at, note.by, note.text);
    }
}

fn line(event: &Event) -> String {
    format!("{} {} {}", event.wall_at, event.level.as_column(), event.text)
}

/// Returns an error card as a block that needs no explanation.
fn report(detail: &ErrorDetail) -> String {
    let unit = &detail.unit;
    let mut out = format!(
        "**L{} {}** unit {} `{}` {} ({}, {} of {} tries)\n",
        unit.layer.number(),
        unit.layer.name(),
        unit.id,
        unit.label,
        unit.state.as_column(),
        unit.mode.badge(),
        unit.tries,
        unit.tries_max,
    );
    // Writing into a String cannot fail.
    let _ = match &detail.error {
        Some(error) => writeln!(out, "- what: {error} [{}]", error.class.as_column()),
        None => writeln!(out, "- what: no failure"),
    };
    if let Some(fingerprint) = &detail.fingerprint {
        let _ = writeln!(out, "- fingerprint: {fingerprint} (x{})", detail.same);
    }
    if let Some(error) = &detail.error {
        if !error.causes.is_empty() {
            let _ = writeln!(out, "- cause: {}", error.causes.join(" <- "));
        }
        if let Some(hint) = &error.hint {
            let _ = writeln!(out, "- to do: {hint}");
        }
    }
    desk(&mut out, &detail.care);
    if let Some(by) = &detail.worked_by {
        let _ = writeln!(out, "- worked by {}, lease until {}", by.owner, by.until);
    }
    let _ =
        writeln!(out, "- impact: {}\n- if nothing is done: {}", detail.impact, detail.if_nothing);
    for attempt in &detail.attempts {
        let cause = attempt.error.as_ref().map_or_else(String::new, ToString::to_string);
        let pause = attempt.backoff_ms.map_or_else(String::new, |ms| {
            let why = attempt.backoff_why.as_deref().unwrap_or("no reason kept");
            format!("; then {} ({why})", format::duration(ms))
        });
        let _ = writeln!(
            out,
            "- attempt {} {} {} {cause}{pause}",
            attempt.number,
            attempt.started_wall,
            attempt.state.as_column(),
        );
    }
    if let Some(next) = &detail.next_retry {
        let (try_no, of) = (next.tries + 1, next.tries_max);
        let _ = writeln!(out, "- next retry: {} (try {try_no} of {of}, {})", next.run_at, next.why);
    }
    for effect in &detail.effects {
        let _ = writeln!(out, "- effect {} {} {}", effect.key, effect.word(), effect.summary);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::query::WorkedBy;
    use crate::tui::fixture;

    #[test]
    fn a_copied_card_has_attempts_pauses_the_next_retry_and_the_keys_of_its_effects() {
        let mut detail = fixture::detail(7);
        detail.care = fixture::care(3);
        let owner = "serve pid 7@host".to_owned();
        detail.worked_by = Some(WorkedBy { owner, until: fixture::NOW });
        let text = report(&detail);
        for fact in [
            "- attempt 3 ",
            "then 16s (Retry-After)",
            "- next retry: 2026-01-16T09:30:08Z (try 4 of 5",
            &"0f".repeat(16),
            "- cause: http.send <- 429 Too Many Requests",
            "- who: failed x3 since ann@desk acknowledged it",
            "- note: 2026-11-23T12:04:31Z bob@desk: the receiver's office opens at nine",
            "- worked by serve pid 7@host",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
    }

    #[test]
    fn a_copied_cause_names_its_fingerprint_and_its_units() {
        let model = fixture::model(fixture::troubled(), (80, 24));
        let text = cause(&fixture::group(&[7, 8]), &model);
        assert!(text.contains("- fingerprint: a91c03ffe210\n") && text.contains("- units: 7, 8\n"));
    }
}
