//! Draws the error card: what happened, of what class, what it stops, what to do, and every
//! attempt with its cause and its pause. Whoever reads it needs no log.

use ratatui::layout::Rect;

use super::{effects, list, units};
use crate::app::query::{AttemptRow, ErrorDetail};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::screen::Card;
use crate::tui::text::{clean, cut, fit, fit_right, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Width of the labels at the left.
const LABEL: usize = 9;

/// How many bytes of a unit's input are shown.
const INPUT_MAX: usize = 600;

/// Draws the card.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, card: &Card) {
    let (n, of) = (card.index + 1, card.units.len());
    let note =
        model.keys.spell(&format!("{n} of {of}  {{next-error}} next {{previous-error}} previous"));
    let inner = list::page(canvas, area, model, if card.units.len() > 1 { &note } else { "" });
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let Some(detail) = &card.detail.value else {
        let text = list::unready(&card.detail).unwrap_or_default();
        canvas.text(inner, 0, &text, Tone::Warn);
        return;
    };
    let lines = lines(detail, card, model, usize::from(inner.width), canvas.glyphs().rule);
    canvas.page(inner, &lines, card.scroll);
}

type Lines = Vec<Vec<Piece>>;

fn lines(detail: &ErrorDetail, card: &Card, model: &Model, width: usize, rule: &str) -> Lines {
    let mut lines = vec![head(detail), vec![piece(rule.repeat(width), Tone::Dim)]];
    if let Some(done) = &card.done {
        labelled(&mut lines, "DONE", done, width, Tone::Active);
    }
    what(&mut lines, detail, model, width);
    care(&mut lines, detail, width);
    labelled(&mut lines, "IMPACT", &detail.impact, width, Tone::Plain);
    next_steps(&mut lines, detail, model, width);
    attempts(&mut lines, detail, model, width);
    lines.push(Vec::new());
    causes(&mut lines, detail, width);
    effect_lines(&mut lines, detail, width);
    labelled(
        &mut lines,
        "IF YOU",
        &format!("do nothing: {}", detail.if_nothing),
        width,
        Tone::Plain,
    );
    let mut input = detail.input.to_string();
    if input.len() > INPUT_MAX {
        let end = (0..=INPUT_MAX).rev().find(|&at| input.is_char_boundary(at)).unwrap_or(0);
        input.truncate(end);
        input.push_str(" ...");
    }
    labelled(&mut lines, "INPUT", &input, width, Tone::Dim);
    for (index, event) in detail.events.iter().rev().take(10).enumerate() {
        let label = if index == 0 { "EVENTS" } else { "" };
        let text = format!("{} {}", format::time_of_day(event.wall_at), event.text);
        labelled(&mut lines, label, &text, width, Tone::Dim);
    }
    lines
}

fn head(detail: &ErrorDetail) -> Vec<Piece> {
    let unit = &detail.unit;
    vec![
        piece(if unit.mode == Mode::Live { "LIVE  " } else { "" }, Tone::Live),
        piece(format!("L{} {}  ", unit.layer.number(), unit.layer.name()), Tone::Strong),
        piece(format!("unit {}  ", unit.id), Tone::Plain),
        piece(unit.state.as_column().replace('_', " ").to_uppercase(), units::tone(unit.state)),
        piece(format!("  try {} of {}  ", unit.tries, unit.tries_max), Tone::Plain),
        piece(clean(&unit.label), Tone::Dim),
    ]
}

/// Adds `text` behind a label, wrapped under itself.
fn labelled(lines: &mut Lines, label: &str, text: &str, width: usize, tone: Tone) {
    for (index, part) in wrap(&clean(text), width.saturating_sub(LABEL)).into_iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        lines.push(vec![piece(fit(label, LABEL), Tone::Strong), piece(part, tone)]);
    }
}

fn what(lines: &mut Lines, detail: &ErrorDetail, model: &Model, width: usize) {
    let Some(error) = &detail.error else {
        let why = detail.unit.why.as_deref().unwrap_or("this unit has not failed");
        labelled(lines, "WHAT", why, width, Tone::Plain);
        return;
    };
    labelled(lines, "WHAT", &format!("{}: {}", error.code, error.message), width, Tone::Bad);
    let class = error.class.as_column().replace('_', " ");
    let text = format!("{class}: {}", meaning(error.class));
    labelled(lines, "CLASS", &text, width, Tone::Plain);
    if let Some(fingerprint) = &detail.fingerprint {
        let same = match detail.same {
            0 | 1 => "only this unit".to_owned(),
            n => model.keys.spell(&format!("{n} units alike: {{retry-all}} retries all of them")),
        };
        labelled(lines, "ALIKE", &format!("{fingerprint}, {same}"), width, Tone::Dim);
    }
}

/// Who looks after the cause, what was noted on it, and who works the unit at this moment.
fn care(lines: &mut Lines, detail: &ErrorDetail, width: usize) {
    if let Some(it) = &detail.care.acknowledged {
        let note = it.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        let text = format!("{} ({}){note}", it.told(), format::day_and_time(it.wall_at));
        labelled(lines, "WHO", &text, width, if it.stands() { Tone::Good } else { Tone::Warn });
    }
    for (index, note) in detail.care.notes.iter().enumerate() {
        let label = if index == 0 { "NOTES" } else { "" };
        let text = format!("{} {}: {}", format::day_and_time(note.wall_at), note.by, note.text);
        labelled(lines, label, &text, width, Tone::Plain);
    }
    if let Some(by) = &detail.worked_by {
        let text = format!("{}, lease until {}", by.owner, format::full_time(by.until));
        labelled(lines, "WORKED", &format!("by {text}"), width, Tone::Active);
    }
}

/// What a class means for whoever reads it at night.
const fn meaning(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Transient => "it may pass by itself, so another try may help",
        ErrorClass::RateLimited => "the receiver asked for a pause, and gets it",
        ErrorClass::Permanent => "no retry helps until something is changed",
        ErrorClass::Indeterminate => "nobody knows whether it happened; not sent again blindly",
        ErrorClass::Bug => "this program is wrong; the unit is safe",
        ErrorClass::Cancelled => "stopped by a person or by shutdown",
        ErrorClass::LeaseLost => "another process took over; nothing was written here",
    }
}

/// What a person can do now, the likeliest first.
fn next_steps(lines: &mut Lines, detail: &ErrorDetail, model: &Model, width: usize) {
    let spell = |text: &str| model.keys.spell(text);
    let mut steps: Vec<String> = Vec::new();
    if let Some(hint) = detail.error.as_ref().and_then(|error| error.hint.as_ref()) {
        steps.push(hint.clone());
    }
    if detail.effects.iter().any(|effect| effect.state == EffectState::Unknown) {
        steps.push(spell("look at the receiver, then {resolve} resolve (happened or absent)"));
    }
    let step = match detail.unit.state {
        UnitState::RetryWait => Some("wait, or {retry} retry now"),
        UnitState::Dead => Some("{retry} retry"),
        UnitState::Waiting => Some("answer the task it was handed over as"),
        UnitState::Blocked
        | UnitState::Scheduled
        | UnitState::Ready
        | UnitState::Leased
        | UnitState::Held
        | UnitState::Done
        | UnitState::Skipped
        | UnitState::Cancelled => None,
    };
    steps.extend(step.map(spell));
    if !matches!(detail.unit.state, UnitState::Done | UnitState::Skipped | UnitState::Cancelled) {
        steps.push(spell("{skip} skip with a reason"));
    }
    if detail.fingerprint.is_some() && detail.care.keeper().is_none() {
        steps.push(spell("{acknowledge} say that you look after it"));
    }
    let steps: Vec<_> =
        steps.iter().enumerate().map(|(n, step)| format!("{}) {step}", n + 1)).collect();
    let text = if steps.is_empty() { "nothing to do".to_owned() } else { steps.join(", ") };
    labelled(lines, "NEXT", &text, width, Tone::Strong);
}

fn attempts(lines: &mut Lines, detail: &ErrorDetail, model: &Model, width: usize) {
    let heading = "#  STARTED    TIME  OUTCOME   PAUSE   CAUSE";
    lines.push(vec![piece(fit("ATTEMPTS", LABEL), Tone::Strong), piece(heading, Tone::Dim)]);
    for attempt in &detail.attempts {
        attempt_lines(lines, attempt, detail.error.as_ref(), width);
    }
    if detail.attempts.is_empty() {
        lines.push(vec![piece(" ".repeat(LABEL), Tone::Plain), piece("none yet", Tone::Dim)]);
    }
    let next = match &detail.next_retry {
        Some(due) => format!(
            "> try {} of {}: {} - {}",
            due.tries + 1,
            due.tries_max,
            due_text(model, detail.unit.mode, due.run_at),
            reason(&due.why)
        ),
        None => format!("> {}", no_retry(detail)),
    };
    let tone = if detail.next_retry.is_some() { Tone::Warn } else { Tone::Plain };
    labelled(lines, "", &next, width, tone);
}

/// A retry's reason without the count of tries, which stands beside it already.
fn reason(why: &str) -> String {
    let bare = why.strip_prefix("try ").and_then(|rest| rest.split_once(", "));
    clean(bare.map_or(why, |(_, reason)| reason))
}

/// Why no try is ahead.
fn no_retry(detail: &ErrorDetail) -> String {
    let unit = &detail.unit;
    match unit.state {
        UnitState::Dead if unit.tries < unit.tries_max => format!(
            "no retry planned, {} of {} tries not spent: the class does not allow one",
            unit.tries_max - unit.tries,
            unit.tries_max
        ),
        UnitState::Dead => "no retry planned: all tries are spent".to_owned(),
        UnitState::Held => "no retry planned: an effect is unknown, a person decides".to_owned(),
        UnitState::Waiting => "handed over: the answer brings it back".to_owned(),
        UnitState::Leased => "it is being worked".to_owned(),
        UnitState::Ready => "it is next in line: a run of its layer works it".to_owned(),
        UnitState::RetryWait | UnitState::Scheduled | UnitState::Blocked => {
            "planned: see above".to_owned()
        }
        UnitState::Done | UnitState::Skipped | UnitState::Cancelled => "it has ended".to_owned(),
    }
}

fn attempt_lines(
    lines: &mut Lines,
    attempt: &AttemptRow,
    latest: Option<&WorkError>,
    width: usize,
) {
    let time = attempt
        .duration_ms
        .map_or_else(|| "...".to_owned(), |ms| format::duration(ms.cast_signed()));
    let pause = match (attempt.backoff_ms, &attempt.backoff_why) {
        (Some(ms), _) => format::duration(ms),
        (None, Some(_)) => "stopped".to_owned(),
        (None, None) => format::UNKNOWN.to_owned(),
    };
    let tone = match attempt.state {
        AttemptState::Ok => Tone::Good,
        AttemptState::Started => Tone::Active,
        AttemptState::Failed | AttemptState::TimedOut | AttemptState::Lost => Tone::Bad,
        AttemptState::Deferred | AttemptState::Cancelled | AttemptState::Fenced => Tone::Plain,
    };
    let cause = attempt.error.as_ref().map_or_else(String::new, |error| {
        let why = attempt
            .backoff_why
            .as_ref()
            .map_or_else(String::new, |why| format!(" ({})", reason(why)));
        format!("{}: {}{why}", error.code, error.message)
    });
    let lead = LABEL + 38;
    let room = width.saturating_sub(lead).max(20);
    // The cause above is repeated on one line at most; any other one is shown in full.
    let mut parts = if attempt.error.as_ref() == latest {
        vec![cut(&clean(&cause), room)].into_iter()
    } else {
        wrap(&clean(&cause), room).into_iter()
    };
    lines.push(vec![
        piece(" ".repeat(LABEL), Tone::Plain),
        piece(fit(&attempt.number.to_string(), 3), Tone::Plain),
        piece(format!("{}  ", format::time_of_day(attempt.started_wall)), Tone::Dim),
        piece(fit_right(&time, 5), Tone::Dim),
        piece(format!("  {}", fit(&attempt.state.as_column().replace('_', " "), 10)), tone),
        piece(fit(&pause, 8), Tone::Plain),
        piece(parts.next().unwrap_or_default(), tone),
    ]);
    for part in parts {
        lines.push(vec![piece(" ".repeat(lead), Tone::Plain), piece(part, tone)]);
    }
}

/// The chain of causes, outer to root.
fn causes(lines: &mut Lines, detail: &ErrorDetail, width: usize) {
    let Some(error) = detail.error.as_ref().filter(|error| !error.causes.is_empty()) else {
        return;
    };
    labelled(lines, "CAUSE", &error.causes.join(" <- "), width, Tone::Plain);
}

fn effect_lines(lines: &mut Lines, detail: &ErrorDetail, width: usize) {
    if detail.effects.is_empty() {
        labelled(lines, "EFFECT", "none was begun: nothing left this machine", width, Tone::Plain);
    }
    for effect in &detail.effects {
        let reference = effect
            .reference
            .as_ref()
            .map_or_else(String::new, |reference| format!(", receipt {reference}"));
        let text = format!(
            "{}: {}, key {}, {}{reference}",
            effect.word().to_uppercase(),
            effect.action.as_column().replace('_', " "),
            effect.key,
            effect.summary
        );
        labelled(lines, "EFFECT", &text, width, effects::tone(effect.state));
        for clue in effect.clues() {
            labelled(lines, "KNOWN", &clue, width, Tone::Plain);
        }
    }
}

/// An instant on a world's clock and how far it is: `day 12 09:30:08 (in 8s)`.
pub(super) fn due_text(model: &Model, world: Mode, at: Moment) -> String {
    let left = format::left(model.left_ms_in(world, at));
    match world {
        Mode::Live => format!("{} (in {left})", format::full_time(at)),
        Mode::Dry => {
            let clock = &model.snapshot().dry_clock;
            let seconds = at.to_timestamp().strftime("%S");
            format!("{}:{seconds} (in {left})", format::dry_time(clock, at))
        }
    }
}
