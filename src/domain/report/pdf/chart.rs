//! Draws charts as bars and lines, with an axis that begins at zero and is labelled in round steps.

use super::page::{ACCENT, Align, GREY, MARGIN, PALE, Pages, ROOM, Style};

/// How high a chart is, without its labels.
const HEIGHT: f32 = 88.0;

/// Room for the labels of the axis.
const AXIS: f32 = 30.0;

/// Steps of the axis at most.
const STEPS_MAX: f64 = 4.0;

/// Labels below a chart at most: more would touch.
const LABELS_MAX: usize = 8;

/// Draws one bar for each value.
pub(super) fn bars(pages: &mut Pages, title: &str, values: &[(String, f64)]) {
    let Some(area) = Area::begin(pages, title, values, None) else { return };
    let step = area.width / real(values.len());
    for (at, (_, value)) in values.iter().enumerate() {
        let height = area.height_of(*value);
        let x = real(at).mul_add(step, area.left);
        let bar = (step * 0.72).min(26.0);
        pages.fill(x + (step - bar) / 2.0, area.base - height, bar, height, ACCENT);
    }
    let middles = (0..values.len()).map(|at| (real(at) + 0.5).mul_add(step, area.left)).collect();
    area.end(pages, values, middles);
}

/// Draws a line through the values at their places, 0–1 from left to right.
pub(super) fn line(
    pages: &mut Pages,
    title: &str,
    values: &[(String, f64)],
    places: &[f32],
    top: f64,
) {
    let Some(area) = Area::begin(pages, title, values, Some(top)) else { return };
    let inset = 8.0;
    let x = |place: f32| area.left + inset + place * (area.width - 2.0 * inset);
    let points: Vec<(f32, f32)> = values
        .iter()
        .zip(places)
        .map(|((_, value), &place)| (x(place), area.base - area.height_of(*value)))
        .collect();
    pages.path(&points, 1.6, ACCENT);
    for (&(x, y), (_, value)) in points.iter().zip(values) {
        pages.fill(x - 2.2, y - 2.2, 4.4, 4.4, ACCENT);
        let style = Style::bold(7.5).coloured(ACCENT);
        pages.line(&format!("{value:.0}"), x, y - 6.0, style, Align::Centre);
    }
    area.end(pages, values, places.iter().map(|&place| x(place)).collect());
}

/// The part of a chart in which values are drawn.
struct Area {
    left: f32,
    width: f32,
    base: f32,
    top: f64,
}

impl Area {
    /// Writes title, grid and axis; `None` without values.
    fn begin(
        pages: &mut Pages,
        title: &str,
        values: &[(String, f64)],
        top: Option<f64>,
    ) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        pages.need(HEIGHT + 58.0);
        pages.skip(10.0);
        pages.paragraph(title, MARGIN, ROOM, Style::bold(9.0));
        pages.skip(12.0);
        let most = values.iter().map(|(_, value)| *value).fold(1.0, f64::max);
        let step = round_step(top.unwrap_or(most) / STEPS_MAX);
        let n_steps = (top.unwrap_or(most) / step).ceil();
        let area = Self {
            left: MARGIN + AXIS,
            width: ROOM - AXIS,
            base: pages.y + HEIGHT,
            top: step * n_steps,
        };
        let mut value = 0.0;
        while value <= area.top + step / 2.0 {
            let y = area.base - area.height_of(value);
            pages.rule((area.left, y), (area.left + area.width, y), 0.5, PALE);
            let style = Style::plain(7.5).coloured(GREY);
            pages.line(&format!("{value:.0}"), area.left - 5.0, y + 2.5, style, Align::Right);
            value += step;
        }
        Some(area)
    }

    fn height_of(&self, value: f64) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "a share of a chart's height")]
        let share = (value / self.top).clamp(0.0, 1.0) as f32;
        share * HEIGHT
    }

    /// Writes the labels below, as many as fit.
    fn end(&self, pages: &mut Pages, values: &[(String, f64)], middles: Vec<f32>) {
        let every = values.len().div_ceil(LABELS_MAX).max(1);
        let mut free_from = f32::MIN;
        for (at, ((label, _), x)) in values.iter().zip(middles).enumerate() {
            if at % every == 0 && x >= free_from {
                let style = Style::plain(7.5).coloured(GREY);
                pages.line(label, x, self.base + 11.0, style, Align::Centre);
                free_from = x + 46.0;
            }
        }
        pages.y = self.base + 18.0;
    }
}

/// Returns the round number (1, 2 or 5 times a power of ten) from `least` on.
fn round_step(least: f64) -> f64 {
    let least = least.max(1.0);
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|of| of * power)
        .find(|&step| step >= least - 1e-9)
        .unwrap_or(least)
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred bars at most")]
const fn real(n: usize) -> f32 {
    n as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps() {
        for (least, step) in [(0.2, 1.0), (1.0, 1.0), (1.2, 2.0), (23.0, 50.0), (51.0, 100.0)] {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}");
        }
    }
}
