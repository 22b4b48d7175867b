//! Writes the selected item as text to paste into a ticket or a chat.

use std::fmt::Write as _;

use super::format;
use super::model::Model;
use super::screen::{Pane, Screen};
use crate::app::query::ErrorDetail;
use crate::domain::event::Event;

/// Returns the selected item in Markdown, if there is one.
pub fn item(model: &Model) -> Option<String> {
    match model.screen() {
        Screen::Card(card) => card.detail.value.as_deref().map(report),
        Screen::Errors { groups, .. } => groups.selected().map(|group| {
            format!(
                "L{} {} x{} [{}]",
                group.layer.number(),
                group.message,
                group.count(),
                group.class.as_column()
            )
        }),
        Screen::Layer { units, .. } | Screen::Queue(units) => {
            units.selected().map(|unit| format!("unit {} {}", unit.id, unit.label))
        }
        Screen::Effects(effects) => effects
            .selected()
            .map(|effect| format!("{} {} {}", effect.key, effect.word(), effect.summary)),
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
        Screen::Proposals(_) => model
            .proposal()
            .map(|one| format!("proposal {} {}", one.id, one.proposal.change.told())),
        Screen::Explain { .. }
        | Screen::Runs(_)
        | Screen::Changes { .. }
        | Screen::Logs
        | Screen::System => None,
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
    let _ =
        writeln!(out, "- impact: {}\n- if nothing is done: {}", detail.impact, detail.if_nothing);
    for attempt in &detail.attempts {
        let cause = attempt.error.as_ref().map_or_else(String::new, ToString::to_string);
        let _ = writeln!(
            out,
            "- attempt {} {} {} {cause}",
            attempt.number,
            attempt.started_wall,
            attempt.state.as_column(),
        );
    }
    for effect in &detail.effects {
        let _ = writeln!(out, "- effect {} {} {}", effect.key, effect.word(), effect.summary);
    }
    out
}
