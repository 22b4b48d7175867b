//! Draws how the machine itself is: database, screen, processes, leases, limits and circuits.
//!
//! Every figure is measured, and says of what. Those of the screen are of the frame before, so that
//! looking at them wakes nothing.

use ratatui::layout::Rect;

use super::list;
use crate::app::query::SystemFacts;
use crate::domain::mode::Mode;
use crate::tui::figures::ScreenFigures;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::screen::SystemPage;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

type Lines = Vec<Vec<Piece>>;

/// Draws the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, page: &SystemPage) {
    let mut lines = Lines::new();
    health(&mut lines, model);
    screen(&mut lines, &model.figures, model.size);
    match (&page.facts.value, list::unready(&page.facts)) {
        (Some(facts), _) => under(&mut lines, facts, model),
        (None, text) => lines.push(vec![piece(text.unwrap_or_default(), Tone::Warn)]),
    }
    let inner = list::page(canvas, area, model, "");
    canvas.page(inner, &lines, page.scroll);
}

fn fact(lines: &mut Lines, name: &str, value: String, tone: Tone) {
    lines.push(vec![piece(format!(" {}", fit(name, 17)), Tone::Dim), piece(value, tone)]);
}

fn head(lines: &mut Lines, text: &str) {
    lines.push(vec![piece(format!(" {text}"), Tone::Strong)]);
}

fn health(lines: &mut Lines, model: &Model) {
    let snapshot = model.latest();
    let system = &snapshot.system;
    for notice in &system.notices {
        lines.push(vec![piece(format!(" ! {}", clean(notice)), Tone::Warn)]);
    }
    let (db, tone) = system
        .db_error
        .as_ref()
        .map_or_else(|| ("ok".to_owned(), Tone::Plain), |error| (clean(error), Tone::Bad));
    fact(lines, "database", format!("{} {db}", clean(&system.db_path)), tone);
    fact(lines, "write-ahead log", format::bytes(system.wal_bytes), Tone::Plain);
    let live = match (&snapshot.live.other_owner, snapshot.live.armed) {
        (_, true) => "armed in this process".to_owned(),
        (Some(owner), false) => format!("worked by {}", clean(owner)),
        (None, false) => "nobody works live units".to_owned(),
    };
    fact(lines, "live", format!("{live}, goes to {}", clean(&snapshot.live.through)), Tone::Plain);
    let server = system.server.as_deref().map_or_else(|| "nobody".to_owned(), clean);
    fact(lines, "served by", server, Tone::Plain);
    let run = snapshot.run.as_ref().map_or_else(
        || "none".to_owned(),
        |run| {
            let owner = run.owner.as_deref().unwrap_or(format::UNKNOWN);
            format!("#{} {} owner {}", run.id, run.state.as_column(), clean(owner))
        },
    );
    fact(lines, "run", run, Tone::Plain);
    let (dry, wall) = (snapshot.dry_clock.now, snapshot.wall_at);
    let text = format!("{}, picture of {}", format::full_time(dry), format::full_time(wall));
    fact(lines, "dry time", text, Tone::Plain);
    let dropped = format!("{} events and log lines", format::count(system.dropped));
    fact(lines, "dropped", dropped, if system.dropped > 0 { Tone::Warn } else { Tone::Plain });
}

fn screen(lines: &mut Lines, figures: &ScreenFigures, size: (u16, u16)) {
    let ScreenFigures { frames, bytes, last_bytes, write_us, write_us_max, .. } = *figures;
    let per = bytes.checked_div(frames).unwrap_or(0);
    let text = format!(
        "{} x {}, {} frames, {} bytes each, the last {}",
        size.0,
        size.1,
        format::count(frames),
        format::count(per),
        format::count(last_bytes)
    );
    fact(lines, "screen", text, Tone::Plain);
    let text = format!("{} last, {} longest", ms(write_us), ms(write_us_max));
    fact(lines, "terminal write", text, Tone::Plain);
    let text = format!("{} last, {} longest", ms(figures.lag_us), ms(figures.lag_us_max));
    fact(lines, "loop lag", text, Tone::Plain);
}

/// What the rows say of processes, leases, limits and circuits.
fn under(lines: &mut Lines, facts: &SystemFacts, model: &Model) {
    let commits = facts.commits.map_or_else(
        || "none in this process yet".to_owned(),
        |it| {
            let (half, most, max) = (ms(it.p50_us), ms(it.p99_us), ms(it.max_us));
            format!("p50 {half}, p99 {most}, longest {max}, of the latest {} here", it.n)
        },
    );
    fact(lines, "commits", commits, Tone::Plain);
    head(lines, "PROCESSES");
    for row in &facts.processes {
        let since = row.since.map_or_else(|| format::UNKNOWN.to_owned(), format::day_and_time);
        let (word, tone) = if row.is_alive { ("runs", Tone::Plain) } else { ("GONE", Tone::Warn) };
        let renewed = format::time_of_day(row.renewed);
        let text = format!(
            "  {word} since {since}, renewed {renewed}: {} ({})",
            clean(&row.owner),
            clean(&row.holds)
        );
        lines.push(vec![piece(text, tone)]);
    }
    none(lines, facts.processes.is_empty(), "nobody holds a lease");
    head(lines, "LEASES");
    for row in &facts.leases {
        let left = row.until.since(model.now);
        let (end, tone) = if left < 0 { ("ended", Tone::Warn) } else { ("ends", Tone::Plain) };
        let text = format!(
            "  {}{} {end} {}  {}",
            world(row.mode),
            fit(&clean(&row.name), 10),
            format::time_of_day(row.until),
            clean(&row.owner)
        );
        lines.push(vec![piece(text, tone)]);
    }
    none(lines, facts.leases.is_empty(), "none is held");
    head(lines, "LIMITS");
    for row in &facts.buckets {
        let text = format!(
            "  {}{} {} of {} calls left, {} come back each minute",
            world(row.mode),
            fit(&clean(&row.host), 24),
            row.left,
            row.of,
            row.per_minute
        );
        lines.push(vec![piece(text, if row.left == 0 { Tone::Warn } else { Tone::Plain })]);
    }
    none(lines, facts.buckets.is_empty(), "no receiver was called yet");
    head(lines, "CIRCUITS");
    for row in &facts.breakers {
        let until = format::full_time(row.until);
        let (host, state) = (fit(&clean(&row.host), 24), clean(&row.state));
        let text = format!("  {}{host} {state} until {until}", world(row.mode));
        lines.push(vec![piece(text, Tone::Warn)]);
    }
    none(lines, facts.breakers.is_empty(), "all are closed");
}

fn none(lines: &mut Lines, is_empty: bool, text: &str) {
    if is_empty {
        lines.push(vec![piece(format!("  {text}"), Tone::Dim)]);
    }
}

const fn world(mode: Mode) -> &'static str {
    if matches!(mode, Mode::Live) { "LIVE " } else { "dry  " }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn ms(us: u64) -> String {
    format!("{:.1} ms", us as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use crate::app::query::{
        Answer, BreakerRow, BucketRow, CommitFigures, LeaseRow, ProcessRow, SystemFacts,
    };
    use crate::domain::mode::Mode;
    use crate::tui::figures::ScreenFigures;
    use crate::tui::fixture::{self, NOW};
    use crate::tui::update::tests::press;
    use crate::tui::view::tests::shown;

    fn facts() -> SystemFacts {
        let owner = "serve pid 7@host".to_owned();
        let until = NOW.plus_ms(40_000);
        SystemFacts {
            commits: Some(CommitFigures { n: 512, p50_us: 1_240, p99_us: 8_300, max_us: 90_000 }),
            processes: vec![ProcessRow {
                owner: owner.clone(),
                pid: 7,
                holds: "live layer/3, live serve".to_owned(),
                since: Some(NOW.plus_ms(-3_600_000)),
                renewed: NOW.plus_ms(-20_000),
                is_alive: true,
            }],
            leases: vec![LeaseRow { mode: Mode::Live, name: "layer/3".to_owned(), owner, until }],
            buckets: vec![BucketRow {
                mode: Mode::Live,
                host: "mail.example".to_owned(),
                left: 0,
                of: 5,
                per_minute: 30,
            }],
            breakers: vec![BreakerRow {
                mode: Mode::Live,
                host: "mail.example".to_owned(),
                state: "open".to_owned(),
                until,
            }],
        }
    }

    #[test]
    fn the_system_page_has_measured_figures_and_who_holds_what_until_when() {
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        model.figures = ScreenFigures {
            frames: 10,
            bytes: 12_000,
            last_bytes: 66,
            write_us: 400,
            write_us_max: 52_000,
            lag_us: 300,
            lag_us_max: 9_000,
        };
        let asked = press(&mut model, "S");
        let text = shown(&mut model, asked, &Answer::System(Box::new(facts())));
        for fact in [
            "10 frames, 1,200 bytes each, the last 66",
            "0.4 ms last, 52.0 ms longest",
            "0.3 ms last, 9.0 ms longest",
            "p50 1.2 ms, p99 8.3 ms, longest 90.0 ms, of the latest 512 here",
            "runs since 11-23 11:04, renewed 12:04:11: serve pid 7@host (live layer/3, live serve)",
            "LIVE layer/3    ends 12:05:11  serve pid 7@host",
            "0 of 5 calls left, 30 come back each minute",
            "open until 2026-11-23 12:05:11",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
    }

    #[test]
    fn on_a_small_screen_the_page_scrolls_to_its_end() {
        let mut model = fixture::model(fixture::troubled(), (80, 24));
        let asked = press(&mut model, "S");
        let text = shown(&mut model, asked, &Answer::System(Box::new(facts())));
        assert!(text.contains("j: 1 more line "), "{text}");
        press(&mut model, "G");
        let text = shown(&mut model, Vec::new(), &Answer::System(Box::default()));
        assert!(text.contains("CIRCUITS") && text.contains("open until"), "{text}");
    }
}
