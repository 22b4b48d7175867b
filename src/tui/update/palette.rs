//! Reads typed commands. Names come from the table of actions; a few take arguments.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use super::super::event::Request;
use super::super::keymap::{ACTIONS, Action, ActionSpec, Ctx, Keymap};
use super::super::listing::{Listing, Loaded};
use super::super::model::{HISTORY_MAX, Model};
use super::super::reasons;
use super::super::screen::{Card, Overlay, Screen, WhyPage};
use super::{actions, causes, overlay, pages, proposals, tasks};
use crate::app::command::{Command, RunRequest, Verdict};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::learning::ProposalEvent;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::span;
use crate::domain::time::Moment;

/// A typed command that takes arguments: its form and what it does, for the palette and `?`.
pub struct Typed {
    /// The command with its arguments.
    pub form: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Whether it changes anything.
    changes: bool,
}

impl Typed {
    const fn looks(form: &'static str, help: &'static str) -> Self {
        Self { form, help, changes: false }
    }

    const fn changes(form: &'static str, help: &'static str) -> Self {
        Self { form, help, changes: true }
    }

    fn is(&self, name: &str) -> bool {
        self.form.split_whitespace().next() == Some(name)
    }
}

/// The commands that take arguments.
const WITH_ARGUMENTS: &[Typed] = &[
    Typed::changes("run <1-9|all> [input FILE] [limit N]", "Run layers in the viewed world"),
    Typed::changes("advance <30m|6h|1d>", "Move dry time forward"),
    Typed::looks("changes [22:00|8h|2d]", "What has changed since then, in both worlds"),
    Typed::looks(
        "why [22:00|8h] [until]",
        "Why the coherence changed since then, or between two moments",
    ),
    Typed::looks("layer <1-9>", "Open a layer"),
    Typed::looks("unit <id>", "Open a unit's card"),
    Typed::looks("run-detail <id>", "Open a run with what became of it"),
    Typed::looks(
        "effects [unknown|sending|rejected|confirmed]",
        "What was done outside, of one state",
    ),
    Typed::looks(
        "logs [all|run 7|unit 123|attempt 9]",
        "The log of this process, or the lines of one",
    ),
    Typed::looks(
        "prospects",
        "Businesses found in a source; so pitches, messages, meetings, clients, invoices, reports",
    ),
    Typed::changes("skip <reason>", "Skip the open unit"),
    Typed::changes(
        "answer <result> [note]",
        "Say how the open unit's task went: done, failed, won",
    ),
    Typed::changes("done [word] [plan] [note]", "End the selected task, in one of its words"),
    Typed::changes("failed <why>", "Say why the selected task could not be done"),
    Typed::changes("note <text>", "Add a note to the selected cause or task"),
    Typed::changes("acknowledge [note]", "Say that you look after the selected cause"),
    Typed::changes("approve [note]", "Say that the selected proposal is wanted"),
    Typed::changes("reject <why>", "Say why the selected proposal is not wanted"),
    Typed::changes("promote [N]", "Copy prospects and pitches of the rehearsal into LIVE"),
    Typed::changes("resolve <happened|absent> <evidence>", "Settle the open unit's unknown effect"),
];

/// Opens the palette with a command begun.
pub(super) fn prefilled(model: &mut Model, text: &str) {
    model.overlay = Some(Overlay::Palette { input: text.to_owned(), back: 0 });
}

/// Returns the commands with arguments that a screen with these keys has.
pub fn with_arguments(keys: &Keymap) -> impl Iterator<Item = &'static Typed> {
    let read_only = keys.is_read_only();
    WITH_ARGUMENTS.iter().filter(move |typed| !(read_only && typed.changes))
}

/// Returns the forms that what was typed could become.
pub fn completions(keys: &Keymap, input: &str) -> Vec<(&'static str, &'static str)> {
    let word = input.split_whitespace().next().unwrap_or("");
    let fits = |form: &str| {
        let name = form.split_whitespace().next().unwrap_or("");
        if input.contains(' ') { name == word } else { name.starts_with(word) }
    };
    let with = with_arguments(keys).map(|typed| (typed.form, typed.help));
    let plain = ACTIONS
        .iter()
        .filter(|spec| spec.is_typed() && keys.has(spec))
        .filter(|spec| !WITH_ARGUMENTS.iter().any(|typed| typed.is(spec.name)))
        .map(|spec| (spec.name, spec.help));
    with.chain(plain).filter(|(form, _)| fits(form)).collect()
}

/// Takes a key of the palette.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other keys edit the line or do nothing")]
pub(super) fn pressed(
    model: &mut Model,
    mut input: String,
    mut back: usize,
    key: KeyEvent,
) -> Vec<Request> {
    match key.code {
        KeyCode::Enter => return entered(model, input.trim()),
        KeyCode::Backspace if input.is_empty() => return Vec::new(),
        KeyCode::Up => {
            back = (back + 1).min(model.history.len());
            input = recalled(model, back);
        }
        KeyCode::Down => {
            back = back.saturating_sub(1);
            input = recalled(model, back);
        }
        KeyCode::Tab => {
            if let Some((form, _)) = completions(&model.keys, &input).first()
                && !input.contains(' ')
            {
                form.split_whitespace().next().unwrap_or("").clone_into(&mut input);
                if WITH_ARGUMENTS.iter().any(|typed| typed.is(&input)) {
                    input.push(' ');
                }
            }
        }
        _ => drop(overlay::edit(&mut input, key)),
    }
    model.overlay = Some(Overlay::Palette { input, back });
    Vec::new()
}

fn recalled(model: &Model, back: usize) -> String {
    model
        .history
        .len()
        .checked_sub(back)
        .and_then(|index| model.history.get(index))
        .cloned()
        .unwrap_or_default()
}

/// Executes a typed line, or says what is wrong with it.
fn entered(model: &mut Model, line: &str) -> Vec<Request> {
    if line.is_empty() {
        return Vec::new();
    }
    model.history.push(line.to_owned());
    if model.history.len() > HISTORY_MAX {
        model.history.remove(0);
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let acts = WITH_ARGUMENTS.iter().any(|typed| typed.changes && typed.is(name))
        || ACTIONS.iter().any(|spec| spec.name == name && !model.keys.has(spec));
    if model.keys.is_read_only() && acts {
        model.say(format!("{name} changes something, and this screen only reads"), true);
        return Vec::new();
    }
    let result = match name {
        "run" if !rest.is_empty() => run(model, rest),
        "advance" => advance(model, rest),
        "changes" if !rest.is_empty() => changes(model, rest),
        "why" => why(model, rest),
        "layer" => layer(model, rest),
        "run-detail" => pages::typed_run(model, rest),
        "effects" if !rest.is_empty() => pages::typed_effects(model, rest),
        "logs" if !rest.is_empty() => pages::typed_logs(model, rest),
        word if word != "proposals" && pages::typed_records(model, word) => Ok(Vec::new()),
        "unit" => unit(model, rest),
        "skip" => skip(model, rest),
        "answer" => answer(model, rest),
        "done" => tasks::typed_done(model, rest),
        "failed" => tasks::typed_failed(model, rest),
        "note" if model.cause().is_some() => causes::typed_note(model, rest),
        "note" => tasks::typed_note(model, rest),
        "acknowledge" => causes::typed_acknowledge(model, rest),
        "approve" => proposals::typed(model, ProposalEvent::Approve, rest),
        "reject" => proposals::typed(model, ProposalEvent::Reject, rest),
        "promote" => promote(model, rest),
        "resolve" => resolve(model, rest),
        "q" => by_name(model, "quit"),
        _ => by_name(model, name),
    };
    result.unwrap_or_else(|reason| {
        model.say(reason, true);
        Vec::new()
    })
}

type Read = Result<Vec<Request>, String>;

/// Refuses with the reason for which a key would refuse.
pub(super) fn unless(
    model: &Model,
    enabled: fn(&Model) -> Result<(), reasons::Reason>,
) -> Result<(), String> {
    enabled(model).map_err(|reason| model.keys.spell(reason))
}

/// Performs a named action as its key would, with the same refusals.
fn by_name(model: &mut Model, name: &str) -> Read {
    let contexts = model.contexts();
    let spec: &ActionSpec = ACTIONS
        .iter()
        .filter(|spec| spec.name == name && spec.is_typed())
        .max_by_key(|spec| spec.ctx.iter().any(|ctx| contexts.contains(ctx)))
        .ok_or_else(|| {
            let key = model.keys.key_of(Action::Help);
            format!("no command {name:?}: Tab completes, {key} lists")
        })?;
    let here = spec.ctx.iter().any(|ctx| contexts.contains(ctx));
    if !here && !spec.ctx.contains(&Ctx::Overview) {
        return Err(format!("{name} does not work on this screen"));
    }
    Ok(actions::perform_unless_disabled(model, spec, false))
}

fn run(model: &mut Model, rest: &str) -> Read {
    unless(model, reasons::can_run)?;
    let mut words = rest.split_whitespace();
    let layers = match words.next() {
        Some("all") => Layer::ALL.to_vec(),
        Some(number) => vec![layer_of(number)?],
        None => return Err("run which layer? 1-9 or all".to_owned()),
    };
    let mut request = RunRequest { mode: model.viewed(), layers, input: None, limit: None };
    while let Some(word) = words.next() {
        match (word, words.next()) {
            ("input", Some(path)) => request.input = Some(PathBuf::from(path)),
            ("limit", Some(n)) => {
                request.limit = Some(n.parse().map_err(|_| format!("{n:?} is not a number"))?);
            }
            (word, _) => return Err(format!("run: {word:?} is not input FILE or limit N")),
        }
    }
    if request.mode == Mode::Live {
        if request.input.is_some() || request.limit.is_some() {
            let command = Command::Run(request);
            let lines = vec!["What is sent cannot be taken back.".to_owned()];
            actions::confirm(model, format!("{rest}: run LIVE?"), lines, command);
            return Ok(Vec::new());
        }
        return Ok(actions::start(model, request.layers));
    }
    Ok(vec![Request::Submit(Command::Run(request))])
}

fn layer_of(word: &str) -> Result<Layer, String> {
    word.trim_start_matches(['L', 'l'])
        .parse()
        .ok()
        .and_then(Layer::from_number)
        .ok_or_else(|| format!("{word:?} is no layer: 1 to 9"))
}

fn advance(model: &Model, rest: &str) -> Read {
    unless(model, reasons::dry_viewed)?;
    let ms = span::length_ms(rest).map_err(str::to_owned)?;
    Ok(vec![Request::Submit(Command::Advance { ms })])
}

fn layer(model: &mut Model, rest: &str) -> Read {
    let layer = layer_of(rest)?;
    model.push(Screen::Layer { layer, units: Listing::default() });
    Ok(Vec::new())
}

fn changes(model: &mut Model, rest: &str) -> Read {
    let since = span::since(rest, model.now)?;
    actions::tell_changes(model, since);
    Ok(Vec::new())
}

/// Reads `why [since] [until]`, both on the viewed world's clock.
fn why(model: &mut Model, rest: &str) -> Read {
    let now = match model.viewed() {
        Mode::Live => model.now,
        Mode::Dry => model.snapshot().dry_clock.now,
    };
    let mut words = rest.split_whitespace().map(|word| span::since(word, now));
    let since = words.next().transpose()?.unwrap_or_else(|| actions::lately(model));
    let until = words.next().transpose()?;
    if until.is_some_and(|until| until < since) {
        return Err("the second moment lies before the first".to_owned());
    }
    tell_why(model, since, until);
    Ok(Vec::new())
}

/// Tells why the coherence changed; other moments take the place of those before.
pub(super) fn tell_why(model: &mut Model, since: Moment, until: Option<Moment>) {
    if matches!(model.screen(), Screen::Why(_)) {
        model.pop();
    }
    model.push(Screen::Why(WhyPage { since, until, scroll: 0, why: Loaded::default() }));
}

fn unit(model: &mut Model, rest: &str) -> Read {
    let id = rest.parse().map_err(|_| format!("{rest:?} is no unit's number"))?;
    model.push(Screen::Card(Card::new(vec![UnitId(id)], 0)));
    Ok(Vec::new())
}

fn skip(model: &Model, reason: &str) -> Read {
    unless(model, reasons::on_card)?;
    if reason.is_empty() {
        return Err("skip needs a reason: it is kept with the unit".to_owned());
    }
    let unit = model.card().map(|detail| detail.unit.id).ok_or("no card is open")?;
    Ok(vec![Request::Submit(Command::Skip { unit, reason: reason.to_owned() })])
}

fn answer(model: &Model, rest: &str) -> Read {
    unless(model, reasons::on_card)?;
    let (result, note) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if result.is_empty() {
        return Err("answer with the task's word: done, failed, won".to_owned());
    }
    let unit = model.card().map(|detail| detail.unit.id).ok_or("no card is open")?;
    let note = Some(note.trim()).filter(|note| !note.is_empty()).map(str::to_owned);
    Ok(vec![Request::Submit(Command::Answer { unit, result: result.to_owned(), note, data: None })])
}

/// What is promoted can go out later, so it is asked about first.
fn promote(model: &mut Model, rest: &str) -> Read {
    let limit = match rest {
        "" => None,
        n => Some(n.parse().map_err(|_| format!("{n:?} is not a number"))?),
    };
    let lines = vec![
        "Prospects and pitches are copied into LIVE, where layer 3 can send to them.".to_owned(),
        "Nothing goes out by this; the copy is audited.".to_owned(),
    ];
    actions::confirm(
        model,
        "Promote to LIVE?".to_owned(),
        lines,
        Command::Promote { limit, entities: Vec::new() },
    );
    Ok(Vec::new())
}

fn resolve(model: &Model, rest: &str) -> Read {
    unless(model, reasons::effect_unknown)?;
    let (verdict, evidence) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let verdict = match verdict {
        "happened" => Verdict::Happened,
        "absent" => Verdict::DidNotHappen,
        _ => return Err("resolve happened|absent, then where you saw it".to_owned()),
    };
    if evidence.trim().is_empty() {
        return Err("resolve needs evidence: where did you see it?".to_owned());
    }
    let unknown = model
        .card()
        .and_then(|card| card.effects.iter().find(|e| e.state == EffectState::Unknown))
        .ok_or("no effect of this unit is unknown")?;
    Ok(vec![Request::Submit(Command::Resolve {
        key: unknown.key.clone(),
        verdict,
        evidence: evidence.trim().to_owned(),
    })])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_begun_name_completes_and_a_full_one_shows_its_form() {
        let forms: Vec<_> =
            completions(&Keymap::default(), "adv").into_iter().map(|(form, _)| form).collect();
        assert_eq!(forms, ["advance <30m|6h|1d>"]);
        assert!(
            completions(&Keymap::default(), "run 3")
                .iter()
                .all(|(form, _)| form.starts_with("run "))
        );
        assert!(completions(&Keymap::default(), "").len() > 15);
    }
}
