//! Draws what every key does on the present screen, from the same table that dispatches it.

use crate::tui::keymap::{ActionSpec, Danger, Key};
use crate::tui::model::Model;
use crate::tui::screen::HelpPage;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::update::with_arguments;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::modal;

/// Draws the overlay.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, page: &HelpPage) {
    let screen = canvas.buffer.area;
    let title = format!("Keys on this screen: {}", model.screen().crumb());
    let (width, height) =
        (screen.width.saturating_sub(8).min(100), screen.height.saturating_sub(4));
    let inner = modal::open(canvas, width, height, &title, super::is_live(model));
    let lines = matching(lines(model), &page.words);
    let end = lines.len().saturating_sub(usize::from(inner.height));
    let first = page.scroll.min(end);
    canvas.page_end = Some(end);
    for (row, line) in lines.iter().skip(first).take(usize::from(inner.height)).enumerate() {
        canvas.line(inner, u16::try_from(row).unwrap_or(u16::MAX), line);
    }
    let hidden = end - first;
    let more = if hidden > 0 { format!(" j: {hidden} more ") } else { " ".to_owned() };
    let words = clean(&page.words);
    let how = match (page.is_typing, words.is_empty()) {
        (true, _) => format!("/{words}{} Enter keeps  Esc all ", canvas.glyphs().caret),
        (false, false) => format!("/{words}  Esc all "),
        (false, true) => "/ finds  Esc closes ".to_owned(),
    };
    let more = format!("{more}{how}");
    let style = canvas.theme.style(Tone::Strong);
    canvas.buffer.set_string(inner.x + 1, inner.y + inner.height, more, style);
}

/// The lines with all the words that are looked for.
fn matching(lines: Vec<Vec<Piece>>, words: &str) -> Vec<Vec<Piece>> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let text = |line: &[Piece]| line.iter().map(|piece| piece.0.as_str()).collect::<String>();
    let fits = |line: &Vec<Piece>| {
        let text = text(line).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    lines.into_iter().filter(fits).collect()
}

fn lines(model: &Model) -> Vec<Vec<Piece>> {
    let mut lines: Vec<_> =
        model.keys.reachable(&model.contexts()).map(|spec| line(spec, model)).collect();
    lines.push(Vec::new());
    lines.push(vec![piece("Typed behind a colon, besides the names above:", Tone::Dim)]);
    for typed in with_arguments(&model.keys) {
        lines.push(vec![
            piece(fit(&format!(":{}", typed.form), 42), Tone::Strong),
            piece(typed.help, Tone::Plain),
        ]);
    }
    lines.push(Vec::new());
    lines.push(vec![piece(
        "Header: f failed  h held  u unknown  d due now +planned for later  w waiting, for both worlds",
        Tone::Dim,
    )]);
    lines.push(vec![piece(
        "Marks: ok done  >> running  ~~ retrying  !! FAILED  ?? HELD  .. waiting  -- paused",
        Tone::Dim,
    )]);
    lines
}

/// One action: keys, name in the palette, what it does, and why not now.
fn line(spec: &ActionSpec, model: &Model) -> Vec<Piece> {
    let keys: Vec<String> =
        model.keys.keys_of(spec.action).iter().map(|key| Key::name(*key)).collect();
    let colon = if spec.is_typed() { ":" } else { " " };
    let name = format!("{colon}{}", spec.name);
    let refusal = (spec.enabled)(model).err();
    let tone = if refusal.is_some() { Tone::Dim } else { Tone::Plain };
    let mark = match spec.danger {
        Danger::Safe => " ",
        Danger::Mutates => "*",
        Danger::External => "!",
    };
    let mut pieces = vec![
        piece(format!("{mark} {} ", fit(&keys.join(" "), 16)), Tone::Strong),
        piece(fit(&name, 16), Tone::Dim),
        piece(spec.help, tone),
    ];
    if let Some(reason) = refusal {
        pieces.push(piece(format!(" ({})", model.keys.spell(reason)), Tone::Warn));
    }
    pieces
}
