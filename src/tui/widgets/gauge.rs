//! Draws shares of one as bars, and their course over time as a line of signs.

use crate::tui::theme::Glyphs;

/// Returns a bar of `width` columns for a share of one, with a mark at each of `bands` that the
/// bar does not cover.
pub fn bar(glyphs: &Glyphs, value: Option<f64>, width: usize, bands: &[f64]) -> String {
    let filled = value.map_or(0, |value| columns(value, width));
    let marks: Vec<usize> =
        bands.iter().map(|&band| columns(band, width).min(width.saturating_sub(1))).collect();
    (0..width)
        .map(|column| {
            if column < filled {
                glyphs.full
            } else if marks.contains(&column) {
                "|"
            } else {
                glyphs.empty
            }
        })
        .collect()
}

/// Returns how many of `width` columns a share of one fills.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width in columns, clamped to it"
)]
fn columns(value: f64, width: usize) -> usize {
    (value.clamp(0.0, 1.0) * width as f64).round() as usize
}

/// Returns the course of a figure, the latest value at the right; the lowest sign is the least
/// value shown, the highest the greatest. What was unknown is a gap.
pub fn course(glyphs: &Glyphs, values: &[Option<f64>], width: usize) -> String {
    let shown = &values[values.len().saturating_sub(width)..];
    let known = || shown.iter().flatten().copied();
    let (least, most) = (known().fold(1.0, f64::min), known().fold(0.0, f64::max));
    let span = (most - least).max(f64::EPSILON);
    shown
        .iter()
        .map(|value| match value {
            None => " ",
            Some(value) => {
                let step = columns((value - least) / span, glyphs.bars.len() - 1);
                glyphs.bars[step.min(glyphs.bars.len() - 1)]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Depth, Palette, Theme};

    fn ascii() -> &'static Glyphs {
        Theme { depth: Depth::Mono, palette: Palette::Safe, ascii: true, synchronized: false }
            .glyphs()
    }

    #[test]
    fn a_bar_is_full_at_one_empty_at_unknown_and_marks_the_bands_ahead() {
        assert_eq!(bar(ascii(), Some(1.0), 10, &[0.5]), "##########");
        assert_eq!(bar(ascii(), None, 10, &[]), "----------");
        assert_eq!(bar(ascii(), Some(0.3), 10, &[0.2, 0.5]), "###--|----");
        assert_eq!(bar(ascii(), Some(7.0), 4, &[]), "####");
    }

    #[test]
    fn a_course_shows_the_latest_values_and_leaves_a_gap_for_the_unknown() {
        assert_eq!(course(ascii(), &[Some(0.1), None, Some(0.9)], 10), "_ #");
        assert_eq!(course(ascii(), &[Some(0.1), Some(0.5), Some(0.5)], 2).chars().count(), 2);
        assert_eq!(course(ascii(), &[], 10), "");
    }
}
