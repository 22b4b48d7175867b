//! Holds what is true of every frame, whatever it shows.

use std::num::NonZero;

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::sheet::Pair;
use super::{UTF8, frame, line, text};
use crate::tui::model::Model;
use crate::tui::painter::Painter;

/// Fails unless a terminal shows what was drawn, sign for sign, after the painter has written it.
pub(super) fn painted(name: &str, model: &Model) {
    let mut bytes = Vec::new();
    let mut painter = Painter::new(&mut bytes, UTF8);
    let written = painter.frame(model).unwrap();
    painter.send(written).unwrap();
    let (width, height) = model.size;
    let [rows, columns] = [height, width].map(|size| NonZero::new(size).unwrap());
    let mut terminal = vt100::Parser::new(rows, columns, 0);
    terminal.process(&bytes);
    let shown: Vec<_> =
        terminal.screen().rows(0, width).map(|row| row.trim_end().to_owned()).collect();
    let drawn = text(&frame(model, UTF8));
    assert_eq!(shown, drawn.lines().collect::<Vec<_>>(), "{name} at {width}x{height}");
}

/// Fails unless a frame can be shown by any terminal of its size.
pub(super) fn whole(name: &str, pair: &Pair, under: Option<&Pair>) {
    for (buffer, set) in [(&pair.utf8, "utf8"), (&pair.ascii, "ascii")] {
        let (width, height) = (buffer.area.width, buffer.area.height);
        let name = format!("{name} at {width}x{height} in {set}:\n{}", text(buffer));
        for y in 0..height {
            let line = line(buffer, y);
            assert!(line.width() <= usize::from(width), "row {y} is wider than {name}");
            for x in 0..width {
                let wide = buffer[(x, y)].symbol().width() > 1;
                let next = buffer.cell((x + 1, y)).filter(|_| x + 1 < width);
                let free = next.is_some_and(|cell| cell.symbol() == " ");
                assert!(!wide || free, "row {y} column {x}: half a sign is covered in {name}");
            }
        }
        let first = line(buffer, 0);
        assert!(first.contains("DRY-RUN") || first.contains("LIVE"), "no world in {name}");
        borders(buffer, under.map(|under| &under.utf8), &name);
    }
    assert!(text(&pair.ascii).is_ascii(), "{name}");
    marks(&pair.ascii, name);
}

/// Every upper border has a right corner, and below it a whole lower border; those of a screen `under`
/// another may be covered.
fn borders(buffer: &Buffer, under: Option<&Buffer>, name: &str) {
    let at = |x: u16, y: u16| buffer[(x, y)].symbol();
    let area = buffer.area;
    for (x, y) in area.positions().map(|position| (position.x, position.y)) {
        let (right, down, left, end, across) = match at(x, y) {
            "┌" => ("┐", "│", "└", "┘", "─"),
            "╔" => ("╗", "║", "╚", "╝", "═"),
            _ => continue,
        };
        if under.is_some_and(|under| under[(x, y)].symbol() == at(x, y)) {
            continue;
        }
        let corner = (x + 1..area.width).find(|&to| at(to, y) == right);
        let corner = corner.unwrap_or_else(|| panic!("row {y}: an upper border ends in {name}"));
        let bottom = (y + 1..area.height).find(|&to| at(x, to) != down);
        let bottom = bottom.unwrap_or_else(|| panic!("column {x}: no lower border in {name}"));
        assert_eq!(at(x, bottom), left, "column {x} is cut at row {bottom} in {name}");
        assert_eq!(at(corner, bottom), end, "row {bottom}: the lower border is cut in {name}");
        let edges = [at(x + 1, bottom), at(corner - 1, bottom)];
        assert_eq!(edges, [across; 2], "row {bottom}: the lower border is cut in {name}");
        for row in y + 1..bottom {
            let side = at(corner, row);
            assert_eq!(side, down, "row {row}: the right border is cut in {name}");
        }
    }
}

/// Without colour a reversed row has its mark, so that nothing is said by the style alone.
fn marks(buffer: &Buffer, name: &str) {
    for y in 0..buffer.area.height {
        let reversed = (0..buffer.area.width)
            .filter(|&x| buffer[(x, y)].modifier.contains(Modifier::REVERSED))
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>();
        let told = ["> ", ">", "LIVE", "STALE", "FROZEN", "_"];
        let said = reversed.is_empty() || told.iter().any(|word| reversed.contains(word));
        assert!(said, "row {y} is reversed without a mark in {name}:\n{}", text(buffer));
    }
}
