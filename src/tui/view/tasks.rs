//! Draws the work that waits for people: the list by urgency, and one task with all it needs.

use ratatui::layout::Rect;

use super::list::{self, Words};
use crate::app::tasks::{TaskDetail, TaskRow, Urgency};
use crate::domain::mode::Mode;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::screen::TaskPage;
use crate::tui::text::{clean, fit, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the list. In a rehearsal it says who does the work, so that nobody waits for himself.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, tasks: &Listing<TaskRow>) {
    let words = Words {
        heading: "WHEN       DUE           L  WHAT TO DO",
        empty: "nothing waits for a person in this world",
        note: match model.viewed() {
            Mode::Dry => "the simulated person does these  ",
            Mode::Live => "",
        },
    };
    list::draw(canvas, area, model, tasks, words, line);
}

fn line(task: &TaskRow) -> Vec<Piece> {
    let mut pieces = vec![
        piece(fit(word(task.urgency), 11), tone(task.urgency)),
        piece(format!("{}   ", format::day_and_time(task.due_at)), Tone::Dim),
        piece(format!("L{} ", task.layer.number()), Tone::Plain),
        piece(clean(&task.title), Tone::Plain),
    ];
    if let Some(why) = &task.withdrawn {
        pieces.push(piece(format!("  ({})", clean(why)), Tone::Warn));
    } else if task.notes > 0 {
        pieces.push(piece(format!("  +{} noted", task.notes), Tone::Dim));
    }
    pieces
}

/// What must not be missed is written large.
const fn word(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Overdue => "OVERDUE",
        Urgency::Today => "today",
        Urgency::Later => "later",
        Urgency::Withdrawn => "WITHDRAWN",
    }
}

const fn tone(urgency: Urgency) -> Tone {
    match urgency {
        Urgency::Overdue => Tone::Bad,
        Urgency::Today => Tone::Strong,
        Urgency::Later => Tone::Dim,
        Urgency::Withdrawn => Tone::Warn,
    }
}

/// Draws one task.
pub(super) fn draw_page(canvas: &mut Canvas<'_>, area: Rect, model: &Model, page: &TaskPage) {
    let note = match model.viewed() {
        Mode::Dry => "the simulated person does this",
        Mode::Live => "",
    };
    let inner = list::page(canvas, area, model, note);
    let Some(detail) = page.detail.value.as_deref() else {
        let text = list::unready(&page.detail).unwrap_or_default();
        canvas.text(inner, 0, &text, Tone::Warn);
        return;
    };
    let lines = lines(detail, page, usize::from(inner.width).saturating_sub(2));
    canvas.page(inner, &lines, page.scroll);
}

fn lines(detail: &TaskDetail, page: &TaskPage, width: usize) -> Vec<Vec<Piece>> {
    let task = &detail.task;
    let mut lines = Vec::new();
    let mut add = |text: &str, tone: Tone| {
        for part in text.lines() {
            let wrapped = wrap(&clean(part), width);
            if wrapped.is_empty() {
                lines.push(Vec::new());
            }
            lines.extend(wrapped.into_iter().map(|part| vec![piece(format!(" {part}"), tone)]));
        }
    };
    add(&task.title, Tone::Strong);
    let due = format::full_time(task.due_at);
    add(&format!("{}, due {due}, for {}", word(task.urgency), task.entity), tone(task.urgency));
    if let Some(done) = &page.done {
        add(done, Tone::Good);
    }
    if let Some(why) = &task.withdrawn {
        add(&format!("Do not do it any more: {why}"), Tone::Warn);
    }
    add("\n", Tone::Plain);
    add(detail.details.trim(), Tone::Plain);
    add("\n", Tone::Plain);
    for note in &detail.notes {
        let at = format::full_time(note.wall_at);
        add(&format!("{at} {}: {}", note.by, note.text), Tone::Plain);
    }
    if task.withdrawn.is_none() {
        add("It ends with (d done, f failed, n only a note):", Tone::Dim);
        for row in &detail.accepted {
            let needs = row.needs.as_ref().map_or_else(String::new, |needs| format!(" + {needs}"));
            add(&format!("  {}{needs}: {}", row.word, row.means), Tone::Dim);
        }
    }
    lines
}
