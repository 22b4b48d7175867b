//! Draws the two lines that are on every screen: which world, since when, and what is wrong in
//! either of them. Nothing in them may be hidden by a small screen before everything else is.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::snapshot::{RunView, Snapshot, WorldCounts};
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::domain::time::SECOND_MS;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// From this width on there is room for words that say nothing new.
const ROOMY: u16 = 100;

/// Draws both lines.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let width = usize::from(area.width);
    let clock = clock(model);
    let room = width.saturating_sub(clock.width() + 1);
    let first = fitting(first_line(canvas, model), room);
    canvas.line(area, 0, &first);
    if width > clock.width() + 12 {
        let at = area.x + area.width - u16::try_from(clock.width()).unwrap_or(area.width);
        let style = canvas.theme.style(Tone::Plain);
        canvas.buffer.set_string(at, area.y, clock, style);
    }
    canvas.line(area, 1, &second_line(canvas, model, width));
}

/// Seconds are shown only while something runs; else they would keep a slow link busy.
fn clock(model: &Model) -> String {
    let active = model.snapshot().run.as_ref().is_some_and(RunView::is_active);
    format::wall_clock(model.now, active)
}

/// The facts of the first line, the most important first.
fn first_line(canvas: &Canvas<'_>, model: &Model) -> Vec<Vec<Piece>> {
    let snapshot = model.snapshot();
    let mut facts = vec![badge(snapshot, canvas.glyphs().dot)];
    if let Some(stale) = model.stale_ms() {
        facts.push(vec![piece(format!("STALE {}", format::age(stale)), Tone::Live)]);
    }
    if model.keys.is_read_only() {
        facts.push(vec![piece("READ-ONLY", Tone::Warn)]);
    }
    if model.is_frozen() {
        facts.push(vec![piece("FROZEN (Space)", Tone::Warn)]);
    }
    facts.push(phi(canvas, snapshot));
    if let Some(run) = run(model) {
        facts.push(vec![run]);
    }
    if let Some(owner) = owner(snapshot) {
        facts.push(vec![piece(owner, Tone::Dim)]);
    }
    facts
}

/// The world as a word, reversed when it is the real one, with its clock.
fn badge(snapshot: &Snapshot, dot: &str) -> Vec<Piece> {
    let armed = snapshot.live.armed;
    let mut pieces = vec![match snapshot.mode {
        Mode::Dry => piece(" DRY-RUN", Tone::Strong),
        Mode::Live => piece(" LIVE ", Tone::Live),
    }];
    pieces.push(match (snapshot.mode, armed) {
        (Mode::Dry, _) => {
            let clock = &snapshot.dry_clock;
            piece(format!(" {dot} {}", format::dry_time(clock, clock.now)), Tone::Plain)
        }
        (Mode::Live, true) => piece(format!(" {dot} armed here"), Tone::Bad),
        (Mode::Live, false) => piece(format!(" {dot} not armed here"), Tone::Plain),
    });
    if armed && snapshot.mode == Mode::Dry {
        pieces.push(piece(" ", Tone::Plain));
        pieces.push(piece("LIVE ARMED", Tone::Live));
    }
    pieces
}

fn run(model: &Model) -> Option<Piece> {
    let run = model.snapshot().run.as_ref()?;
    // Nobody counts the time in which a run stands still.
    let counts = run.ended_wall.is_some();
    let elapsed_ms = run.elapsed_ms(model.now);
    let elapsed = if run.is_active() {
        format!(" {}", format::duration(elapsed_ms / SECOND_MS * SECOND_MS))
    } else if counts {
        format!(" {}", format::duration(elapsed_ms))
    } else {
        String::new()
    };
    let (word, tone) = match run.state {
        RunState::Running => ("running", Tone::Active),
        RunState::Paused => ("PAUSED", Tone::Warn),
        RunState::Draining => ("draining", Tone::Warn),
        RunState::Interrupted => ("INTERRUPTED", Tone::Warn),
        RunState::Failed => ("FAILED", Tone::Bad),
        RunState::PartiallyFailed => ("PARTLY FAILED", Tone::Bad),
        RunState::Succeeded => ("succeeded", Tone::Good),
        RunState::Planned => ("planned", Tone::Plain),
        RunState::Cancelled => ("cancelled", Tone::Dim),
    };
    Some(piece(format!("run #{} {} {word}{elapsed}", run.id, run.scope()), tone))
}

fn owner(snapshot: &Snapshot) -> Option<String> {
    snapshot
        .run
        .as_ref()
        .filter(|run| !run.is_ours && run.is_active())
        .and_then(|run| run.owner.clone())
        .or_else(|| snapshot.live.other_owner.clone().map(|owner| format!("live: {owner}")))
        .or_else(|| snapshot.system.server.clone())
}

fn phi(canvas: &Canvas<'_>, snapshot: &Snapshot) -> Vec<Piece> {
    let (glyphs, phi) = (canvas.glyphs(), &snapshot.phi);
    let Some(value) = phi.value else {
        let known = phi.containers_known;
        let of = if canvas.buffer.area.width < ROOMY { "of 3" } else { "of 3 containers" };
        return vec![piece(format!("{} {}, {known} {of}", glyphs.phi, glyphs.none), Tone::Plain)];
    };
    let tone = if phi.red_flags.is_empty() { Tone::Good } else { Tone::Warn };
    let flags = match phi.red_flags.len() {
        0 => String::new(),
        n => format!(" !{n}"),
    };
    vec![piece(format!("{} {value:.2}{flags}", glyphs.phi), tone)]
}

/// Keeps the first facts that fit, each apart from the one before.
fn fitting(facts: Vec<Vec<Piece>>, room: usize) -> Vec<Piece> {
    let mut line = Vec::new();
    let mut used = 0;
    for fact in facts {
        let gap = if line.is_empty() { 0 } else { 2 };
        let width: usize = fact.iter().map(|(text, _)| text.width()).sum();
        if used + gap + width > room && !line.is_empty() {
            continue;
        }
        used += gap + width;
        if gap > 0 {
            line.push(piece("  ", Tone::Plain));
        }
        line.extend(fact);
    }
    line
}

/// How much of each word there is room for.
#[derive(Clone, Copy)]
enum Wording {
    Long,
    Middle,
    Short,
    /// As short, without what is planned for later: it asks for nobody now.
    Least,
}

/// Both worlds' counts and the machine's own health, in the longest wording that fits.
fn second_line(canvas: &Canvas<'_>, model: &Model, width: usize) -> Vec<Piece> {
    for wording in [Wording::Long, Wording::Middle, Wording::Short] {
        let line = counts_and_health(canvas, model, wording);
        if line.iter().map(|(text, _)| text.width()).sum::<usize>() <= width {
            return line;
        }
    }
    counts_and_health(canvas, model, Wording::Least)
}

fn counts_and_health(canvas: &Canvas<'_>, model: &Model, wording: Wording) -> Vec<Piece> {
    let snapshot = model.latest();
    let dot = format!(" {} ", canvas.glyphs().dot);
    let mut line = vec![piece(" dry", Tone::Strong)];
    line.extend(counts(&snapshot.worlds.dry, wording));
    line.push(piece(&dot, Tone::Dim));
    line.push(piece("live", Tone::Strong));
    line.extend(counts(&snapshot.worlds.live, wording));
    if let Some(text) = unworked(model, wording) {
        line.push(piece(text, Tone::Warn));
    }
    let system = &snapshot.system;
    line.push(piece(&dot, Tone::Dim));
    line.push(match &system.db_error {
        Some(_) => piece("db ERROR", Tone::Bad),
        None => piece("db ok", Tone::Plain),
    });
    if matches!(wording, Wording::Long) {
        line.push(piece(format!(" wal {}", format::bytes(system.wal_bytes)), Tone::Dim));
    }
    // On the smallest screen a zero has no place that a fact needs.
    if matches!(wording, Wording::Least) && system.dropped == 0 {
        return line;
    }
    let tone = if system.dropped > 0 { Tone::Warn } else { Tone::Dim };
    line.push(piece(&dot, Tone::Dim));
    line.push(piece(format!("drop {}", format::short_count(system.dropped)), tone));
    line
}

/// Live units that are due while nobody works them: the oldest may be hours late.
fn unworked(model: &Model, wording: Wording) -> Option<String> {
    let snapshot = model.latest();
    let live = &snapshot.worlds.live;
    if live.due == 0 || snapshot.live.armed || snapshot.live.other_owner.is_some() {
        return None;
    }
    let age = live.oldest_due.map(|at| format::age(model.now.since(at)));
    Some(match (wording, age) {
        (Wording::Short | Wording::Least, _) => " unworked".to_owned(),
        (Wording::Middle, Some(age)) => format!(" (unworked, {age})"),
        (Wording::Long, Some(age)) => format!(" (nobody works them, oldest {age})"),
        (_, None) => " (unworked)".to_owned(),
    })
}

fn counts(counts: &WorldCounts, wording: Wording) -> Vec<Piece> {
    let [failed, held, unknown, due, waiting] = match wording {
        Wording::Long => [" fail ", " held ", " unknown ", " due ", " waiting "],
        Wording::Middle => [" fail ", " held ", " unk ", " due ", " wait "],
        Wording::Short | Wording::Least => [" f", " h", " u", " d", " w"],
    };
    let figure = |word: &str, n: u64, tone| {
        piece(format!("{word}{}", format::short_count(n)), if n == 0 { Tone::Dim } else { tone })
    };
    let mut pieces = vec![
        figure(failed, counts.failed, Tone::Bad),
        figure(held, counts.held, Tone::Warn),
        figure(unknown, counts.unknown, Tone::Warn),
        figure(due, counts.due, Tone::Plain),
    ];
    match wording {
        Wording::Long => pieces.push(figure(" planned ", counts.planned, Tone::Dim)),
        Wording::Middle | Wording::Short if counts.planned > 0 => {
            pieces.push(figure("+", counts.planned, Tone::Dim));
        }
        Wording::Middle | Wording::Short | Wording::Least => {}
    }
    pieces.push(figure(waiting, counts.waiting, Tone::Plain));
    pieces
}
