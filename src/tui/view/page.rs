//! Draws the pages that lie behind rows: labelled facts from the top, as many as fit, the rest a key
//! away.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{effects, explain, list, logs, records, run};
use crate::app::query::{EffectDetail, RecordDetail};
use crate::tui::format;
use crate::tui::listing::Loaded;
use crate::tui::model::Model;
use crate::tui::page::{Page, Reading};
use crate::tui::text::{clean, fit, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Lines of a page.
pub(super) type Lines = Vec<Vec<Piece>>;

/// Width of the labels at the left.
pub(super) const LABEL: usize = 10;

/// Draws the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, page: &Page) {
    match page {
        Page::Run { reading, .. } => {
            let note = "o events  L log  Enter the units that failed";
            read(canvas, area, model, reading, note, |detail, width| {
                run::lines(detail, model, width)
            });
        }
        Page::Container { container, reading } => {
            let note = "3 Coherence has the others";
            read(canvas, area, model, reading, note, |tree, _| {
                explain::of_container(tree, *container, model)
            });
        }
        Page::Effects { rows, .. } => effects::draw(canvas, area, model, rows),
        Page::Effect { reading, .. } => {
            let note = "Enter its unit  o events  y copies";
            read(canvas, area, model, reading, note, |detail, width| effect(detail, model, width));
        }
        Page::Records { kind, rows } => records::draw(canvas, area, model, *kind, rows),
        Page::Record { reading, .. } => {
            let note = "Enter its units";
            read(canvas, area, model, reading, note, record);
        }
        Page::Logs(view) => logs::draw(canvas, area, model, view),
    }
}

/// Draws a page from its scroll position, or why it is not there.
fn read<T>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    reading: &Reading<T>,
    note: &str,
    lines: impl Fn(&T, usize) -> Lines,
) {
    let inner = list::page(canvas, area, model, note);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let Some(facts) = &reading.facts.value else {
        let text = list::unready(&reading.facts).unwrap_or_default();
        canvas.text(inner, 0, &text, Tone::Warn);
        return;
    };
    let mut lines = lines(facts, usize::from(inner.width));
    if let Some(error) = outdated(&reading.facts) {
        lines.insert(0, vec![piece(error, Tone::Warn)]);
    }
    canvas.page(inner, &lines, reading.scroll);
}

/// An answer that could not be renewed is shown as such, not as if it were of now.
fn outdated<T>(facts: &Loaded<T>) -> Option<String> {
    facts.error.as_ref().map(|error| format!("not renewed: {}", clean(error)))
}

/// Adds `text` behind a label, wrapped under itself; its own lines stay lines.
pub(super) fn labelled(lines: &mut Lines, label: &str, text: &str, width: usize, tone: Tone) {
    let indent = LABEL.max(label.width() + 2);
    let room = width.saturating_sub(indent).max(10);
    let mut first = true;
    for line in text.lines() {
        let lead = (line.len() - line.trim_start().len()).min(room / 2);
        for part in wrap(&clean(line), room - lead) {
            let (label, part) = (if first { label } else { "" }, format!("{:lead$}{part}", ""));
            lines.push(vec![piece(fit(label, indent), Tone::Strong), piece(part, tone)]);
            first = false;
        }
    }
    if first {
        lines.push(vec![piece(fit(label, indent), Tone::Strong)]);
    }
}

/// An effect in full.
fn effect(detail: &EffectDetail, model: &Model, width: usize) -> Lines {
    let row = &detail.effect;
    let mut lines = vec![vec![
        piece(row.word().to_uppercase(), effects::tone(row.state)),
        piece(format!("  L{} {}", row.layer.number(), action(row)), Tone::Strong),
        piece(format!("  to {}", clean(&row.entity)), Tone::Plain),
    ]];
    labelled(&mut lines, "WHAT", &row.summary, width, Tone::Plain);
    labelled(&mut lines, "KEY", &row.key.0, width, Tone::Plain);
    let class = format!("{}: {}", detail.recovery, meaning(&detail.recovery));
    labelled(&mut lines, "CLASS", &class, width, Tone::Plain);
    let times =
        if detail.sends == 1 { "once".to_owned() } else { format!("{} times", detail.sends) };
    let sends = format!(
        "{times}, last {} by {} (attempt {}), through {}; first {}",
        at(model, row.sent_at),
        detail.owner,
        detail.attempt.0,
        detail.host,
        at(model, detail.first_sent_at),
    );
    labelled(&mut lines, "SENT", &sends, width, Tone::Plain);
    let settled = detail.settled_at.map_or("not settled".to_owned(), |when| at(model, when));
    labelled(&mut lines, "SETTLED", &settled, width, Tone::Plain);
    let receipt = match (&row.reference, &detail.receipt) {
        (Some(reference), Some(receipt)) => format!("{reference}  {receipt}"),
        (Some(reference), None) => reference.clone(),
        (None, _) => "none".to_owned(),
    };
    labelled(&mut lines, "RECEIPT", &receipt, width, Tone::Plain);
    let evidence = row.evidence.as_deref().unwrap_or("none is needed");
    labelled(&mut lines, "EVIDENCE", evidence, width, Tone::Plain);
    for clue in row.clues() {
        labelled(&mut lines, "KNOWN", &clue, width, Tone::Warn);
    }
    for late in &row.late_writes {
        let held = late.held_by.as_deref().unwrap_or("nobody");
        let text =
            format!("{} by {}: {}, held by {held}", late.refused_wall, late.owner, late.command);
        labelled(&mut lines, "TOO LATE", &text, width, Tone::Plain);
    }
    if let Some(unit) = &detail.unit {
        let text = format!("{} {}: {}", unit.id, unit.state.as_column(), unit.label);
        labelled(&mut lines, "UNIT", &text, width, Tone::Plain);
    }
    lines.push(Vec::new());
    let payload = serde_json::to_string_pretty(&detail.payload).unwrap_or_default();
    labelled(&mut lines, "PAYLOAD", &payload, width, Tone::Dim);
    lines
}

fn action(row: &crate::app::query::EffectRow) -> String {
    row.action.as_column().replace('_', " ")
}

/// What a class of receivers means when an answer was lost.
fn meaning(recovery: &str) -> &'static str {
    match recovery {
        "idempotent" => "sent again under the same key, it happens once",
        "queryable" => "the receiver is asked whether it happened before it is sent again",
        _ => "never sent again blindly: a person finds out what became of it",
    }
}

/// An instant of the viewed world's clock.
pub(super) fn at(model: &Model, when: crate::domain::time::Moment) -> String {
    match model.viewed() {
        crate::domain::mode::Mode::Live => format::full_time(when),
        crate::domain::mode::Mode::Dry => {
            let seconds = when.to_timestamp().strftime("%S");
            format!("{}:{seconds}", format::dry_time(&model.snapshot().dry_clock, when))
        }
    }
}

/// A record in full: every field, then the units behind it.
fn record(detail: &RecordDetail, width: usize) -> Lines {
    let mut lines = Lines::new();
    let widest = detail.fields.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let indent = widest.min(width / 3).max(LABEL);
    for (name, value) in &detail.fields {
        labelled(&mut lines, &fit(&clean(name), indent), value, width, Tone::Plain);
    }
    lines.push(Vec::new());
    let units = match detail.units.len() {
        0 => "no unit has worked on it".to_owned(),
        1 => "1 unit: Enter opens its card".to_owned(),
        n => format!("{n} units, the newest first: Enter opens the card, ] [ step through them"),
    };
    lines.push(vec![piece(units, Tone::Strong)]);
    for unit in &detail.units {
        lines.push(vec![
            piece(fit(&format!("{}", unit.id), 8), Tone::Dim),
            piece(
                fit(&unit.state.as_column().replace('_', " "), 11),
                super::units::tone(unit.state),
            ),
            piece(format!("L{} {}", unit.layer.number(), clean(&unit.label)), Tone::Plain),
        ]);
    }
    lines
}
