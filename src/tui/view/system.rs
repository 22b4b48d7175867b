//! Draws how the machine itself is: database, queues, owners and why work is held back.

use ratatui::layout::Rect;

use super::list;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, piece};

/// Draws the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let inner = list::page(canvas, area, model, "");
    let snapshot = model.latest();
    let system = &snapshot.system;
    let db = system.db_error.as_ref().map_or_else(|| "ok".to_owned(), |error| clean(error));
    let live = match (&snapshot.live.other_owner, snapshot.live.armed) {
        (_, true) => "armed in this process".to_owned(),
        (Some(owner), false) => format!("worked by {}", clean(owner)),
        (None, false) => "nobody works live units".to_owned(),
    };
    let run = snapshot.run.as_ref().map_or_else(
        || "none".to_owned(),
        |run| {
            let owner = run.owner.as_deref().unwrap_or(format::UNKNOWN);
            format!("#{} {} owner {}", run.id, run.state.as_column(), clean(owner))
        },
    );
    let facts = [
        ("database", format!("{} {}", clean(&system.db_path), db)),
        ("write-ahead log", format::bytes(system.wal_bytes)),
        ("last commit", format!("{:.1} ms", micros_as_ms(system.commit_us))),
        ("dropped", format::count(system.dropped)),
        ("live", live),
        ("live effects go", clean(&snapshot.live.through)),
        ("served by", system.server.as_deref().map_or_else(|| "nobody".to_owned(), clean)),
        ("run", run),
        ("dry time", format::full_time(snapshot.dry_clock.now)),
        ("picture taken", format::full_time(snapshot.wall_at)),
        ("screen", format!("{} x {}", model.size.0, model.size.1)),
    ];
    let mut y = 0;
    for (name, value) in facts {
        let tone =
            if name == "database" && system.db_error.is_some() { Tone::Bad } else { Tone::Plain };
        canvas.line(
            inner,
            y,
            &[piece(format!(" {}", fit(name, 17)), Tone::Dim), piece(value, tone)],
        );
        y += 1;
    }
    for notice in &system.notices {
        canvas.line(inner, y, &[piece(format!(" ! {}", clean(notice)), Tone::Warn)]);
        y += 1;
    }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn micros_as_ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
