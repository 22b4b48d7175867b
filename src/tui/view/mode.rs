//! Draws the mode dialog: exactly what would go out, and the word that lets it.

use crate::app::query::{LivePreview, LivePreviewRow};
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::screen::{LIVE_WORD, ModeDialog};
use crate::tui::text::{clean, cut, fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::modal;

/// Width of the text.
const WIDTH: u16 = 72;

/// How many lines at the end are what can be typed and answered.
const ANSWERS: usize = 2;

/// Draws the dialog.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, dialog: &ModeDialog) {
    let lines =
        if model.latest().live.armed { armed(model) } else { unarmed(canvas, model, dialog) };
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let title = if model.latest().live.armed { "LIVE is armed" } else { "Arm LIVE" };
    let inner = modal::open(canvas, WIDTH, height, title, true);
    // On a small screen the word and the answers stay, and what is not shown is counted.
    let room = usize::from(inner.height);
    let hidden = if lines.len() > room { lines.len() + 1 - room } else { 0 };
    let kept = lines.len().saturating_sub(ANSWERS);
    let (told, answers) = lines.split_at(kept);
    let mut shown = told[..kept.saturating_sub(hidden)].to_vec();
    if hidden > 0 {
        shown.push(vec![piece(format!(".. {hidden} more lines on a larger screen"), Tone::Warn)]);
    }
    shown.extend_from_slice(answers);
    for (row, line) in (0..inner.height).zip(&shown) {
        canvas.line(inner, row, line);
    }
}

type Lines = Vec<Vec<Piece>>;

fn plain(text: impl Into<String>) -> Vec<Piece> {
    vec![piece(text, Tone::Plain)]
}

fn armed(model: &Model) -> Lines {
    vec![
        plain("This process works live units."),
        plain(format!("Effects go through {}.", clean(&model.latest().live.through))),
        plain("It is disarmed when you quit, or after 30 minutes without a key."),
        Vec::new(),
        vec![
            piece(">[ Enter: disarm, back to rehearsal ]", Tone::Strong),
            piece("   [ Esc: leave it armed ]", Tone::Plain),
        ],
    ]
}

fn unarmed(canvas: &Canvas<'_>, model: &Model, dialog: &ModeDialog) -> Lines {
    let mut lines = match (&dialog.preview.value, &dialog.preview.error) {
        (Some(preview), _) => preview_lines(preview, model),
        (None, Some(error)) => {
            vec![vec![piece(
                format!("what would go out is not known: {}", clean(error)),
                Tone::Bad,
            )]]
        }
        (None, None) => vec![plain("reading what would go out ...")],
    };
    lines.push(Vec::new());
    lines.push(plain("What runs now goes on as it is; only live units are let go."));
    lines.push(vec![
        piece(format!("Type the word {LIVE_WORD} to arm: "), Tone::Plain),
        piece(format!("{}{}", clean(&dialog.typed), canvas.glyphs().caret), Tone::Live),
    ]);
    lines.push(if dialog.is_confirmed() {
        vec![piece(" [ Esc: cancel ]  ", Tone::Plain), piece(">[ Enter: ARM LIVE ]", Tone::Live)]
    } else {
        vec![
            piece(">[ Enter, Esc: cancel ]  ", Tone::Strong),
            piece(" [ arm: not before the word ]", Tone::Dim),
        ]
    });
    lines
}

fn preview_lines(preview: &LivePreview, model: &Model) -> Lines {
    let mut lines =
        vec![plain(format!("Once armed, effects leave through {}.", clean(&preview.through)))];
    if preview.layers.is_empty() {
        lines
            .push(plain("No live unit is due or planned: nothing goes out until you run a layer."));
    } else {
        let heading = format!(
            "{}{}{}  WHAT",
            fit("LAYER", 20),
            fit_right("AT ONCE", 9),
            fit_right("LATER", 8)
        );
        lines.push(vec![piece(heading, Tone::Dim)]);
        lines.extend(preview.layers.iter().map(|row| vec![row_piece(row, model)]));
    }
    for warning in &preview.warnings {
        let text = cut(&format!("! {}", clean(warning)), usize::from(WIDTH));
        lines.push(vec![piece(text, Tone::Warn)]);
    }
    lines
}

fn row_piece(row: &LivePreviewRow, model: &Model) -> Piece {
    let name = format!("L{} {}", row.layer.number(), row.layer.name());
    let oldest = row
        .oldest_due
        .filter(|_| row.due > 0)
        .map_or_else(String::new, |at| format!(", oldest {}", format::age(model.now.since(at))));
    let text = format!(
        "{}{}{}  {}{oldest}",
        fit(&name, 20),
        fit_right(&format::count(row.due), 9),
        fit_right(&format::count(row.planned), 8),
        clean(&row.does)
    );
    let tone = if row.due > 0 { Tone::Bad } else { Tone::Plain };
    piece(cut(&text, usize::from(WIDTH)), tone)
}
