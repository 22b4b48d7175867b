//! Draws the proposals that wait for a person: the list, and below it what the selected one says and
//! rests on.

use ratatui::layout::Rect;
use serde_json::Value;

use super::list::{self, Words};
use crate::domain::learning::StoredProposal;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::screen::LIST_LIMIT;
use crate::tui::text::{clean, fit, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Rows from which the selected proposal is shown in full below the list.
const ROOMY: u16 = 12;

/// Draws the list and, where there is room, the selected proposal.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    proposals: &Listing<StoredProposal>,
) {
    let total = proposals.rows.value.as_ref().map_or(0, Vec::len);
    let more = if total >= LIST_LIMIT as usize { "+" } else { "" };
    let filter = clean(&proposals.filter);
    let note = if filter.is_empty() {
        format!("{total}{more} open")
    } else {
        format!("/{filter} {} of {total}", proposals.shown().len())
    };
    let inner = list::page(canvas, area, model, &note);
    let words =
        Words { heading: "ID    MADE         CHANGES", empty: "no proposal is open", note: "" };
    let below = if inner.height < ROOMY { 0 } else { inner.height / 2 };
    let above = Rect { height: inner.height - below, ..inner };
    list::rows(canvas, above, proposals, words, line);
    let Some(selected) = proposals.selected().filter(|_| below > 0) else { return };
    let page = Rect { y: inner.y + above.height, height: below, ..inner };
    let lines = lines(selected, usize::from(page.width).saturating_sub(2));
    for (y, (text, tone)) in (0..page.height).zip(&lines) {
        canvas.text(page, y, &format!(" {text}"), *tone);
    }
}

fn line(one: &StoredProposal) -> Vec<Piece> {
    vec![
        piece(fit(&one.id.to_string(), 6), Tone::Strong),
        piece(format!("{}  ", format::day_and_time(one.proposal.at)), Tone::Dim),
        piece(clean(&one.proposal.change.told()), Tone::Plain),
    ]
}

fn lines(one: &StoredProposal, width: usize) -> Vec<(String, Tone)> {
    let mut lines = vec![(String::new(), Tone::Plain)];
    let mut add = |text: &str, tone: Tone| {
        lines.extend(wrap(&clean(text), width).into_iter().map(|part| (part, tone)));
    };
    add(&one.proposal.text, Tone::Strong);
    add(&format!("Measured by: how many {}", one.proposal.measure.words()), Tone::Plain);
    if let Some(figures) = figures(&one.proposal.evidence) {
        add(&figures, Tone::Plain);
    }
    add(
        &format!("a approves, r rejects; nothing changes before `cep proposals apply {}`", one.id),
        Tone::Dim,
    );
    lines
}

/// The counts and the interval of the evidence, where it has them.
fn figures(evidence: &Value) -> Option<String> {
    let n = evidence["n"].as_u64()?;
    let hits = evidence["hits"].as_u64().map_or_else(String::new, |hits| format!("{hits} of "));
    let interval = &evidence["interval"];
    let between = match (interval["low"].as_f64(), interval["high"].as_f64()) {
        (Some(low), Some(high)) => {
            format!(", between {:.1} and {:.1} %", 100.0 * low, 100.0 * high)
        }
        _ => String::new(),
    };
    Some(format!("It rests on {hits}{n}{between}"))
}
