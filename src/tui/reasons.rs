//! Says why an action cannot be done now. A key that does nothing explains itself instead.

use super::model::Model;
use super::page::Page;
use super::screen::Screen;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;

/// Why not, in one line for the toast; `{action}` stands for its key.
pub type Reason = &'static str;

/// Nothing stands in the way.
pub fn always(_: &Model) -> Result<(), Reason> {
    Ok(())
}

/// A run can be asked for in the viewed world.
pub fn can_run(model: &Model) -> Result<(), Reason> {
    let snapshot = model.snapshot();
    if model.viewed() == Mode::Live && !snapshot.live.armed {
        return Err("LIVE is not armed here: press {mode} to see what would go out");
    }
    match &snapshot.run {
        Some(run) if run.is_active() && run.mode == model.viewed() => {
            Err("a run is under way: {cancel} cancels it, {pause} pauses it")
        }
        _ => Ok(()),
    }
}

/// There is a run that has not ended.
pub fn run_unfinished(model: &Model) -> Result<(), Reason> {
    match &model.snapshot().run {
        Some(run) if !run.state.is_ended() => Ok(()),
        _ => Err("no run is under way"),
    }
}

/// The dry world is viewed; only its clock can be moved.
pub fn dry_viewed(model: &Model) -> Result<(), Reason> {
    match model.viewed() {
        Mode::Dry => Ok(()),
        Mode::Live => Err("only dry time can be moved: press {view}"),
    }
}

/// An error card with its facts is open.
pub fn on_card(model: &Model) -> Result<(), Reason> {
    model.card().map(|_| ()).ok_or("open an error first: press {errors}")
}

/// A cause of failures is selected, or that of the open card.
pub fn has_cause(model: &Model) -> Result<(), Reason> {
    match (model.cause(), model.card()) {
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err("this unit has never failed"),
        (None, None) => Err("select an error first: press {errors}"),
    }
}

/// There is a cause or a task to add a note to.
pub fn can_note(model: &Model) -> Result<(), Reason> {
    let of_cause = matches!(model.screen(), Screen::Errors { .. } | Screen::Card(_));
    if of_cause { has_cause(model) } else { on_open_task(model) }
}

/// The open card's unit has an effect of unknown fate.
pub fn effect_unknown(model: &Model) -> Result<(), Reason> {
    on_card(model)?;
    let unknown = model
        .card()
        .is_some_and(|detail| detail.effects.iter().any(|e| e.state == EffectState::Unknown));
    if unknown { Ok(()) } else { Err("no effect of this unit is unknown") }
}

/// A page about a run or about an effect is open.
pub fn about_work(model: &Model) -> Result<(), Reason> {
    let is = matches!(model.screen(), Screen::Page(Page::Run { .. } | Page::Effect { .. }));
    if is { Ok(()) } else { Err("this page is about no run and no unit") }
}

/// A proposal is selected.
pub fn on_proposal(model: &Model) -> Result<(), Reason> {
    model.proposal().map(|_| ()).ok_or("select a proposal first: press {proposals}")
}

/// A task is selected, and it still stands.
pub fn on_open_task(model: &Model) -> Result<(), Reason> {
    match model.task() {
        None => Err("select a task first: press {tasks}"),
        Some(task) if task.withdrawn.is_some() => Err("this task is withdrawn: do not do it"),
        Some(_) => Ok(()),
    }
}
