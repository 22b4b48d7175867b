//! Answers the tasks of people: by one key where that says enough, by a typed line otherwise.
//!
//! What may be answered stands in the one table of `domain::task`; the machine checks it again.

use serde_json::json;

use super::super::event::Request;
use super::super::keymap::TaskAction;
use super::super::model::Model;
use super::super::screen::{Screen, TaskPage};
use super::palette::unless;
use super::{actions, palette};
use crate::app::command::Command;
use crate::app::tasks::TaskRow;
use crate::domain::mode::Mode;
use crate::domain::task::{self, Need};

/// Opens the page of the selected task.
pub(super) fn page(task: &TaskRow) -> Screen {
    Screen::Task(TaskPage::new(task.id))
}

/// Takes a key on a task.
pub(super) fn pressed(model: &mut Model, action: TaskAction) -> Vec<Request> {
    let Some(row) = model.task().cloned() else { return Vec::new() };
    match action {
        TaskAction::Done => {
            let plain = task::accepted(row.kind).iter().any(|it| it.word == "done");
            if plain {
                return answer(model, &row, "done", None, None);
            }
            palette::prefilled(model, "done ");
            model.say(format!("how did it go? {}", task::list(row.kind)), false);
        }
        TaskAction::Failed => {
            if task::accepted(row.kind).iter().any(|it| it.word == "failed") {
                palette::prefilled(model, "failed ");
                model.say("why could it not be done?", false);
            } else {
                model.say(format!("this task ends with {}", task::list(row.kind)), true);
            }
        }
    }
    Vec::new()
}

type Read = Result<Vec<Request>, String>;

fn selected(model: &Model) -> Result<TaskRow, String> {
    unless(model, super::super::reasons::on_open_task)?;
    model.task().cloned().ok_or_else(|| model.keys.spell("select a task first: press {tasks}"))
}

/// Reads `done [word] [plan] [note]`.
pub(super) fn typed_done(model: &mut Model, rest: &str) -> Read {
    let row = selected(model)?;
    let (first, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let accepted = task::accepted(row.kind);
    let is_word = |typed: &str| accepted.iter().find(|it| it.word == task::typed(typed));
    // Without a word of the table, all that was typed is the note of a plain "done".
    let (word, rest) = match is_word(first) {
        Some(word) => (word, tail.trim()),
        None => match is_word("done") {
            Some(done) => (done, rest),
            None => return Err(format!("done: {}", task::list(row.kind))),
        },
    };
    let (plan, note) = match word.needs {
        Need::Plan => {
            let (plan, note) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (Some(plan.trim_start_matches("plan=").to_owned()), note.trim())
        }
        Need::Nothing | Need::Note => (None, rest),
    };
    let note = Some(note.to_owned()).filter(|note| !note.is_empty());
    let data = plan.as_ref().map(|plan| json!({ "plan": plan }));
    task::check(row.kind, word.word, note.as_deref(), data.as_ref())?;
    Ok(answer(model, &row, word.word, note, plan))
}

/// Reads `failed <why>`.
pub(super) fn typed_failed(model: &mut Model, why: &str) -> Read {
    let row = selected(model)?;
    task::check(row.kind, "failed", Some(why), None)?;
    Ok(answer(model, &row, "failed", Some(why.to_owned()), None))
}

/// Reads `note <text>`.
pub(super) fn typed_note(model: &Model, text: &str) -> Read {
    let row = selected(model)?;
    if text.is_empty() {
        return Err("note needs a text".to_owned());
    }
    Ok(vec![Request::Submit(Command::Note { unit: row.id, text: text.to_owned() })])
}

/// Answers a task: a rehearsed one at once, a real one after a question, because what follows from
/// it may go out.
fn answer(
    model: &mut Model,
    row: &TaskRow,
    word: &str,
    note: Option<String>,
    plan: Option<String>,
) -> Vec<Request> {
    let data = plan.map(|plan| json!({ "plan": plan }));
    let command = Command::Answer { unit: row.id, result: word.to_owned(), note, data };
    if row.mode == Mode::Dry {
        return vec![Request::Submit(command)];
    }
    let lines = vec![row.title.clone(), "What follows from it goes on in LIVE.".to_owned()];
    actions::confirm(model, format!("Task {}: {word}?", row.id), lines, command);
    Vec::new()
}
