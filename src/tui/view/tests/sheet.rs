//! Writes frames as sheets of text that a person can read and compare: what stands in each row and, in
//! what follows, in which style. What says nothing new is left out by rule, and the rule is named.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::{ASCII, UTF8, frame, line};
use crate::tui::cells;
use crate::tui::model::Model;
use crate::tui::theme::{Theme, Tone};

/// What a cell says by its style, in a word; `None` when it says nothing.
type Look = Option<String>;

const TONES: [(Tone, &str); 6] = [
    (Tone::Strong, "strong"),
    (Tone::Good, "good"),
    (Tone::Active, "active"),
    (Tone::Warn, "warn"),
    (Tone::Bad, "bad"),
    (Tone::Dim, "dim"),
];

/// The signs of borders; only an upper left corner's style is written, for the whole border.
const BORDER: &str = "┐└┘│─╗╚╝║═";

/// Two frames of the same picture: with all signs, and in ASCII without colour.
pub(super) struct Pair {
    pub(super) utf8: Buffer,
    pub(super) ascii: Buffer,
}

impl Pair {
    /// Draws both, as a person can see them: a blank has no colour.
    pub(super) fn of(model: &Model) -> Self {
        let [utf8, ascii] = [UTF8, ASCII].map(|theme| {
            let mut buffer = frame(model, theme);
            cells::undress_blanks(&mut buffer);
            buffer
        });
        Self { utf8, ascii }
    }
}

/// Writes both frames of one size. Rows that are those of `base` are counted, not repeated.
pub(super) fn of(pair: &Pair, base: Option<(&str, &Pair)>) -> String {
    let area = pair.utf8.area;
    let mut out = format!("== {}x{}\n", area.width, area.height);
    let known = |y: u16| {
        base.is_some_and(|(_, base)| {
            row(&base.utf8, y) == row(&pair.utf8, y) && row(&base.ascii, y) == row(&pair.ascii, y)
        })
    };
    let rows: Vec<u16> = (0..area.height).collect();
    if rows.iter().all(|&y| known(y)) {
        let name = base.map_or("", |(name, _)| name);
        let _ = writeln!(out, "same as {name}");
        return out;
    }
    for group in rows.chunk_by(|&a, &b| known(a) && known(b)) {
        match group {
            [first, .., last] => {
                let name = base.map_or("", |(name, _)| name);
                let _ = writeln!(out, "   ({first}-{last} as {name})");
            }
            _ => group.iter().for_each(|&y| {
                let _ = writeln!(out, "{}", line(&pair.utf8, y));
            }),
        }
    }
    let told: Vec<u16> = rows.into_iter().filter(|&y| !known(y)).collect();
    styles(&mut out, &pair.utf8, UTF8, &told);
    plain(&mut out, pair, &told);
    out
}

fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    &buffer.content[usize::from(y) * width..][..width]
}

/// Writes which columns of which rows have which style; rows that agree are one line.
fn styles(out: &mut String, buffer: &Buffer, theme: Theme, rows: &[u16]) {
    let told: Vec<(u16, String)> = rows.iter().map(|&y| (y, runs(row(buffer, y), theme))).collect();
    if told.iter().any(|(_, runs)| !runs.is_empty()) {
        out.push_str("-- style\n");
    }
    for group in told.chunk_by(|a, b| a.1 == b.1 && a.0 + 1 == b.0) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        if first.1.is_empty() {
            continue;
        }
        let rows =
            if first.0 == last.0 { first.0.to_string() } else { format!("{}-{}", first.0, last.0) };
        let _ = writeln!(out, "{rows}: {}", first.1);
    }
}

/// `strong 1-7, warn 12-20`; blanks between two pieces of one style are part of it.
fn runs(row: &[Cell], theme: Theme) -> String {
    let mut runs: Vec<(String, usize, usize)> = Vec::new();
    let mut apart = true;
    for (x, cell) in row.iter().enumerate() {
        let hidden = x > 0 && row[x - 1].symbol().width() > 1;
        match look(cell, theme).filter(|_| !hidden) {
            Some(look) => {
                match runs.last_mut() {
                    Some(last) if last.0 == look && !apart => last.2 = x,
                    _ => runs.push((look, x, x)),
                }
                apart = false;
            }
            None => apart |= cell.symbol() != " ",
        }
    }
    let words = runs.iter().map(|(look, first, last)| {
        if first == last { format!("{look} {first}") } else { format!("{look} {first}-{last}") }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn look(cell: &Cell, theme: Theme) -> Look {
    if BORDER.contains(cell.symbol()) && !cell.modifier.contains(Modifier::REVERSED) {
        return None;
    }
    let is = |tone: Tone, modifier: Modifier| {
        let style = theme.style(tone);
        style.fg.unwrap_or(Color::Reset) == cell.fg
            && style.bg.unwrap_or(Color::Reset) == cell.bg
            && style.add_modifier == modifier
    };
    let plain = cell.modifier.difference(Modifier::REVERSED);
    let named = |modifier: Modifier| {
        TONES.iter().find(|(tone, _)| is(*tone, modifier)).map(|(_, word)| (*word).to_owned())
    };
    let rest = if cell.fg == Color::Reset && cell.bg == Color::Reset && plain.is_empty() {
        None
    } else {
        Some(named(plain).unwrap_or_else(|| format!("{:?}/{:?}/{plain:?}", cell.fg, cell.bg)))
    };
    match (cell.modifier.contains(Modifier::REVERSED), rest) {
        (true, None) => Some("reversed".to_owned()),
        (true, Some(rest)) => Some(format!("reversed {rest}")),
        (false, rest) => rest,
    }
}

/// Writes the rows in ASCII that are not those above with each sign in its place, or that are not
/// bold and reversed where those are.
fn plain(out: &mut String, pair: &Pair, rows: &[u16]) {
    let mut head = "-- ascii, where it is not the same sign for sign\n";
    for &y in rows {
        if sign_for_sign(pair, y) {
            continue;
        }
        out.push_str(std::mem::take(&mut head));
        let _ = writeln!(out, "{y}: {}", line(&pair.ascii, y));
        let runs = runs(row(&pair.ascii, y), ASCII);
        if !runs.is_empty() {
            let _ = writeln!(out, "   {runs}");
        }
    }
}

fn sign_for_sign(pair: &Pair, y: u16) -> bool {
    (0..pair.utf8.area.width).all(|x| {
        let (rich, poor) = (&pair.utf8[(x, y)], &pair.ascii[(x, y)]);
        let kept = Modifier::BOLD | Modifier::REVERSED;
        let same = rich.modifier.intersection(kept) == poor.modifier.intersection(kept);
        let blank = rich.symbol() == " " && !rich.modifier.contains(Modifier::REVERSED);
        signs(rich.symbol()).contains(&poor.symbol()) && (same || blank)
    })
}

/// What may stand for a sign in ASCII.
fn signs(sign: &str) -> Vec<&str> {
    let glyphs = [UTF8.glyphs(), ASCII.glyphs()];
    let pairs = [
        (glyphs[0].dot, glyphs[1].dot),
        (glyphs[0].arrow, glyphs[1].arrow),
        (glyphs[0].crumb, glyphs[1].crumb),
        (glyphs[0].full, glyphs[1].full),
        (glyphs[0].empty, glyphs[1].empty),
        (glyphs[0].none, glyphs[1].none),
        (glyphs[0].caret, glyphs[1].caret),
        (glyphs[0].rule, glyphs[1].rule),
    ];
    let bars = glyphs[0].bars.into_iter().zip(glyphs[1].bars);
    let mut found: Vec<&str> =
        pairs.into_iter().chain(bars).filter(|(rich, _)| *rich == sign).map(|(_, it)| it).collect();
    found.extend(match sign {
        "┌" | "┐" | "└" | "┘" => Some("+"),
        "╔" | "╗" | "╚" | "╝" | "║" => Some("#"),
        "│" => Some("|"),
        "═" => Some("="),
        sign if sign.is_ascii() => Some(sign),
        _ => Some("?"),
    });
    found
}
