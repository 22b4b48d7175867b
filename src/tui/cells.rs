//! Writes changed cells as the fewest bytes: one sequence per change of style, none to reset what
//! is not set, and a step instead of a jump within a row.
//!
//! A library's encoder sets foreground, background and attributes apart and resets all of them in
//! every frame; on a slow link that is half of what a clock tick costs. And with `NO_COLOR` its
//! empty colour would reset bold and reverse in mid-line.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// How a cell looks, as far as a terminal is told.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Look = Look { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// The attributes that are written, with their codes.
const ATTRIBUTES: [(Modifier, &str); 4] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::REVERSED, "7"),
];

/// Whether a blank in this look can be told from a plain one.
fn shows_on_blanks(look: Look) -> bool {
    look.bg != Color::Reset || look.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
}

/// Makes blanks plain, whose colour nobody can see: they then equal the empty cells before them.
pub fn undress_blanks(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let look = Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        if cell.symbol() == " " && !shows_on_blanks(look) {
            cell.reset();
        }
    }
}

/// Appends `changed`, the cells of `frame` that differ from what is shown, to `out`. The terminal
/// is in its plain look before and after.
pub fn write(out: &mut Vec<u8>, frame: &Buffer, changed: Vec<(u16, u16, &Cell)>) {
    let mut look = PLAIN;
    let mut at: Option<(u16, u16)> = None;
    for (x, y, cell) in changed {
        if !fill(out, frame, look, at, (x, y)) {
            go(out, at, (x, y));
        }
        let next = Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        let is_blank = next == PLAIN && cell.symbol() == " " && !shows_on_blanks(look);
        if next != look && !is_blank {
            dress(out, look, next);
            look = next;
        }
        out.extend_from_slice(cell.symbol().as_bytes());
        let width = u16::try_from(cell.symbol().width()).unwrap_or(1);
        at = Some((x + width, y));
    }
    if look != PLAIN {
        dress(out, look, PLAIN);
    }
}

/// Writes a short gap of blanks as blanks, which takes fewer bytes than stepping over them.
fn fill(
    out: &mut Vec<u8>,
    frame: &Buffer,
    look: Look,
    from: Option<(u16, u16)>,
    to: (u16, u16),
) -> bool {
    let Some((x, y)) = from.filter(|from| from.1 == to.1 && from.0 < to.0) else {
        return false;
    };
    let blank = |x| frame.cell((x, y)).is_some_and(|cell| *cell == Cell::EMPTY);
    let fits = to.0 - x <= 4 && !shows_on_blanks(look) && (x..to.0).all(blank);
    if fits {
        out.extend(std::iter::repeat_n(b' ', usize::from(to.0 - x)));
    }
    fits
}

/// Moves the cursor, unless it stands there already.
fn go(out: &mut Vec<u8>, from: Option<(u16, u16)>, to: (u16, u16)) {
    let sequence = match from {
        Some(from) if from == to => return,
        Some((x, y)) if y == to.1 && x < to.0 => match to.0 - x {
            1 => "\x1b[C".to_owned(),
            steps => format!("\x1b[{steps}C"),
        },
        _ => format!("\x1b[{};{}H", to.1 + 1, to.0 + 1),
    };
    out.extend_from_slice(sequence.as_bytes());
}

/// Changes the look by one sequence. Taking something away starts from plain.
fn dress(out: &mut Vec<u8>, from: Look, to: Look) {
    let adds = to.modifier.contains(from.modifier)
        && (from.fg == Color::Reset || from.fg == to.fg || to.fg != Color::Reset)
        && (from.bg == Color::Reset || from.bg == to.bg || to.bg != Color::Reset);
    let base = if adds { from } else { PLAIN };
    let mut codes: Vec<String> = Vec::new();
    if !adds && to != PLAIN {
        codes.push("0".to_owned());
    }
    for (modifier, code) in ATTRIBUTES {
        if to.modifier.contains(modifier) && !base.modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    if to.fg != base.fg {
        codes.extend(colour(to.fg, 30));
    }
    if to.bg != base.bg {
        codes.extend(colour(to.bg, 40));
    }
    if to != PLAIN && codes.is_empty() {
        return;
    }
    out.extend_from_slice(format!("\x1b[{}m", codes.join(";")).as_bytes());
}

/// Returns the code of a colour; `base` is 30 for text, 40 for the ground behind it.
fn colour(colour: Color, base: u8) -> Option<String> {
    let bright = base + 60;
    let code = match colour {
        Color::Reset => return None,
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => bright,
        Color::LightRed => bright + 1,
        Color::LightGreen => bright + 2,
        Color::LightYellow => bright + 3,
        Color::LightBlue => bright + 4,
        Color::LightMagenta => bright + 5,
        Color::LightCyan => bright + 6,
        Color::White => bright + 7,
        Color::Indexed(index) => return Some(format!("{};5;{index}", base + 8)),
        Color::Rgb(r, g, b) => return Some(format!("{};2;{r};{g};{b}", base + 8)),
    };
    Some(code.to_string())
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn written(draw: impl Fn(&mut Buffer)) -> String {
        let before = Buffer::empty(Rect::new(0, 0, 20, 3));
        let mut after = before.clone();
        draw(&mut after);
        let mut out = Vec::new();
        write(&mut out, &after, before.diff(&after));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_costs_one_jump_and_itself() {
        assert_eq!(written(|b| b.set_string(2, 1, "abc", Style::new())), "\x1b[2;3Habc");
    }

    #[test]
    fn a_style_is_set_once_and_taken_back_at_the_end() {
        let bold = Style::new().add_modifier(Modifier::BOLD).fg(Color::Yellow);
        assert_eq!(written(|b| b.set_string(0, 0, "ab", bold)), "\x1b[1;1H\x1b[1;33mab\x1b[m");
    }

    #[test]
    fn what_is_added_is_added_and_what_is_taken_away_starts_anew() {
        let yellow = Style::new().fg(Color::Yellow);
        let text = written(|b| {
            b.set_string(0, 0, "a", yellow);
            b.set_string(1, 0, "b", yellow.add_modifier(Modifier::REVERSED));
            b.set_string(2, 0, "c", yellow);
        });
        assert_eq!(text, "\x1b[1;1H\x1b[33ma\x1b[7mb\x1b[0;33mc\x1b[m");
    }

    #[test]
    fn a_gap_in_a_row_is_blanks_or_a_step() {
        let text = written(|b| {
            b.set_string(0, 0, "a", Style::new());
            b.set_string(3, 0, "b", Style::new());
            b.set_string(12, 0, "c", Style::new());
        });
        assert_eq!(text, "\x1b[1;1Ha  b\x1b[8Cc");
    }
}
