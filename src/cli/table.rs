//! Lays rows out in columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::clean;

/// The longest cell that is worth laying out.
const CELL_CHARS_MAX: usize = 400;

/// A table in the making: its heads say which columns are numbers.
pub(super) struct Table {
    heads: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

/// Where a column's text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Words.
    Left,
    /// Figures.
    Right,
}

impl Table {
    /// Begins a table; a head that starts with `>` belongs to a column of figures.
    pub(super) fn new(heads: &[&'static str]) -> Self {
        let heads = heads.iter().map(|head| match head.strip_prefix('>') {
            Some(head) => (head, Side::Right),
            None => (*head, Side::Left),
        });
        Self { heads: heads.collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[String]) {
        debug_assert_eq!(cells.len(), self.heads.len(), "a row has a cell for each head");
        self.rows.push(cells.iter().map(|cell| clean(cell, CELL_CHARS_MAX)).collect());
    }

    /// Returns whether it has no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the table as text of which no line is wider than `columns`.
    pub(super) fn text(&self, columns: usize) -> String {
        let widths: Vec<usize> = self
            .heads
            .iter()
            .enumerate()
            .map(|(at, (head, _))| {
                let cells = self.rows.iter().map(|row| row[at].width());
                cells.fold(head.width(), usize::max)
            })
            .collect();
        let mut text = String::new();
        let heads: Vec<String> = self.heads.iter().map(|(head, _)| (*head).to_owned()).collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    line.push_str("  ");
                }
                let pad = " ".repeat(widths[at] - cell.width());
                match self.heads[at].1 {
                    Side::Left => line.extend([cell.as_str(), &pad]),
                    Side::Right => line.extend([pad.as_str(), cell]),
                }
            }
            text.push_str(&cut(line.trim_end(), columns));
            text.push('\n');
        }
        text
    }
}

/// Cuts a line at `columns`, with a mark where something is missing.
fn cut(line: &str, columns: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let mut used = 0;
    let mut kept = String::new();
    for c in line.chars() {
        used += c.width().unwrap_or(0);
        if used > columns.saturating_sub(2) {
            break;
        }
        kept.push(c);
    }
    kept.push_str("..");
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_right_words_left_and_a_long_line_says_that_it_was_cut() {
        let mut table = Table::new(&["layer", ">units"]);
        table.row(&["Café".into(), "7".into()]);
        table.row(&["Outreach\u{1b}".into(), "1200".into()]);
        assert_eq!(table.text(80), "layer     units\nCafé          7\nOutreach   1200\n");
        assert_eq!(table.text(10), "layer   ..\nCafé    ..\nOutreach..\n");
    }
}
