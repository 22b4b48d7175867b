//! Draws why Φ_sync changed between two moments: every part of the change, then and now, and the rows.

use ratatui::layout::Rect;

use super::list;
use crate::app::query::PhiWhy;
use crate::tui::format;
use crate::tui::listing::Loaded;
use crate::tui::model::Model;
use crate::tui::parts::{Part, parts};
use crate::tui::text::{clean, fit, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the page.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    scroll: usize,
    why: &Loaded<PhiWhy>,
) {
    let inner = list::page(canvas, area, model, "the parts add up to the change");
    let Some(why) = &why.value else {
        let text = list::unready(why).unwrap_or_default();
        canvas.text(inner, 0, &text, Tone::Warn);
        return;
    };
    let lines = lines(why, canvas.glyphs().phi, canvas.glyphs().arrow, usize::from(inner.width));
    canvas.page(inner, &lines, scroll);
}

type Lines = Vec<Vec<Piece>>;

fn lines(why: &PhiWhy, sign: &str, arrow: &str, width: usize) -> Lines {
    let (before, after) = (&why.before, &why.after);
    let mut lines = vec![vec![
        piece(format!(" {sign}_sync "), Tone::Plain),
        piece(format!("{} {arrow} {}", four(before.value), four(after.value)), Tone::Strong),
        piece(format!("  {}", after.band.as_deref().unwrap_or("")), Tone::Plain),
    ]];
    let mut add = |text: &str, tone: Tone| {
        for part in wrap(text, width.saturating_sub(2)) {
            lines.push(vec![piece(format!(" {part}"), tone)]);
        }
    };
    let (from, to) = (format::full_time(before.at), format::full_time(after.at));
    add(&format!("from {from} to {to} ({}'s clock)", why.mode.badge()), Tone::Dim);
    for (word, flags, tone) in
        [("came", &why.flags_come, Tone::Warn), ("gone", &why.flags_gone, Tone::Good)]
    {
        for flag in flags {
            add(&format!("! {word}: {}", clean(flag)), tone);
        }
    }
    if why.delta.is_none() {
        let text = "no difference: it is unknown at one of the moments; what is known of its parts follows";
        add(text, Tone::Warn);
    }
    lines.push(Vec::new());
    lines.extend(parts(why).iter().map(line));
    if let Some(stored) = why.stored.filter(|stored| !stored.agrees()) {
        let text = format!(
            "note: {} was stored at {}; the rows say {} of it now, because units that had ended by \
             then were taken up again since",
            four(stored.value),
            format::full_time(stored.at),
            four(stored.recomputed)
        );
        lines.push(Vec::new());
        for part in wrap(&text, width.saturating_sub(2)) {
            lines.push(vec![piece(format!(" {part}"), Tone::Warn)]);
        }
    }
    lines
}

fn line(part: &Part) -> Vec<Piece> {
    let change = part.change.as_deref().unwrap_or(format::UNKNOWN);
    let tone = match change.as_bytes().first() {
        Some(b'-') if change.len() > 1 => Tone::Warn,
        Some(b'+') => Tone::Good,
        Some(_) | None => Tone::Dim,
    };
    let head = if part.depth < 2 { Tone::Strong } else { Tone::Plain };
    let indent = " ".repeat(2 * part.depth);
    vec![
        piece(format!(" {change:>7}  "), tone),
        piece(fit(&format!("{indent}{}", part.name), 20), head),
        piece(clean(&part.detail), Tone::Dim),
    ]
}

fn four(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.4}"))
}

#[cfg(test)]
mod tests {
    use crate::app::query::{Answer, Query};
    use crate::domain::time::{DAY_MS, HOUR_MS};
    use crate::tui::event::Request;
    use crate::tui::fixture;
    use crate::tui::update::tests::press;
    use crate::tui::view::tests::shown;

    #[test]
    fn one_key_on_the_explained_figure_tells_why_it_changed_down_to_the_rows() {
        for size in [(80, 24), (120, 36)] {
            let mut model = fixture::model(fixture::troubled(), size);
            press(&mut model, "P");
            let asked = press(&mut model, "w");
            let [Request::Ask(_, Query::PhiWhy { since, until: None, .. })] = &asked[..] else {
                panic!("{asked:?}")
            };
            assert_eq!(*since, fixture::dry_clock().now.plus_ms(-DAY_MS));
            let answer = Answer::PhiWhy(Box::new(fixture::why()));
            let mut text = shown(&mut model, asked, &answer);
            press(&mut model, "G");
            text.push_str(&shown(&mut model, Vec::new(), &answer));
            for fact in [
                "! came: Sales error rate",
                "coupling",
                "L4 error rate",
                "(1/41) -> 0.4146 (17/41)",
            ] {
                assert!(text.contains(fact), "{fact} in\n{text}");
            }
            assert!(text.contains("units 12..418"), "{text}");
            // It stands last, below the fold of the smaller screen.
            assert!(text.contains("coupling") || size.1 == 24, "{text}");
        }
    }

    #[test]
    fn two_moments_are_typed_and_a_turned_pair_is_refused() {
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        let asked = press(&mut model, ":why 3h 1h\n");
        let now = fixture::dry_clock().now;
        let [Request::Ask(_, Query::PhiWhy { since, until: Some(until), .. })] = &asked[..] else {
            panic!("{asked:?}")
        };
        assert_eq!((*since, *until), (now.plus_ms(-3 * HOUR_MS), now.plus_ms(-HOUR_MS)));
        assert_eq!(press(&mut model, ":why 1h 3h\n"), []);
        assert!(model.toast.as_ref().is_some_and(|toast| toast.text.contains("before the first")));
    }
}
