//! `cep tasks`: what waits for a person, and how it went.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::picture::layer_tag;
use super::table::Table;
use super::{parse, render};
use crate::app::command::Command;
use crate::app::query::{Answer, Query};
use crate::app::tasks::{TaskDetail, TaskFilter, TaskRow};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::tui::format;

/// Most tasks that are listed of one layer: more than a team does in a week.
const LIST_MAX: u32 = 500;

/// Lists what waits for a person, the overdue first, and takes in how it went.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
    /// Only what is overdue
    #[arg(long)]
    overdue: bool,
    /// Only this layer, 1 to 9
    #[arg(long, value_name = "LAYER", value_parser = parse::layer)]
    layer: Option<Layer>,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Shows a task in full: number or link, text to use, notes, and the words that end it.
    Show {
        /// The task's number, from `cep tasks`
        id: i64,
    },
    /// Ends a task; what follows from it goes on.
    Done {
        /// The task's number, from `cep tasks`
        id: i64,
        /// How it went, in one of the task's words: `cep tasks show ID` lists them
        #[arg(long, value_name = "WORD", default_value = "done")]
        result: String,
        /// What is worth keeping
        #[arg(long)]
        note: Option<String>,
        /// What the word needs, as in plan=starter; may be given several times
        #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
        data: Vec<(String, Value)>,
    },
    /// Says that a task could not be done; what its layer has for that case follows.
    Failed {
        /// The task's number, from `cep tasks`
        id: i64,
        /// Why
        #[arg(long)]
        note: String,
    },
    /// Adds a note to a task, which goes on waiting.
    Note {
        /// The task's number, from `cep tasks`
        id: i64,
        /// The note
        #[arg(required = true, num_args = 1.., value_name = "TEXT")]
        text: Vec<String>,
    },
}

/// Reads `plan=starter`. A value that begins like JSON is read as that, for lists and forms.
fn pair(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, as in plan=starter")?;
    let value = if value.starts_with(['{', '[']) {
        serde_json::from_str(value).map_err(|error| format!("not JSON: {error}"))?
    } else {
        Value::from(value)
    };
    Ok((key.trim().to_owned(), value))
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    match args.act {
        None => {
            let filter = TaskFilter {
                mode: context.mode(),
                layer: args.layer,
                overdue: args.overdue,
                limit: LIST_MAX,
            };
            list(filter, context).await
        }
        Some(Act::Show { id }) => show(UnitId(id), context).await,
        Some(Act::Done { id, result, note, data }) => {
            let data: Map<String, Value> = data.into_iter().collect();
            let data = (!data.is_empty()).then_some(Value::Object(data));
            context.tell(Command::Answer { unit: UnitId(id), result, note, data }).await
        }
        Some(Act::Failed { id, note }) => {
            let (unit, result) = (UnitId(id), "failed".to_owned());
            context.tell(Command::Answer { unit, result, note: Some(note), data: None }).await
        }
        Some(Act::Note { id, text }) => {
            context.tell(Command::Note { unit: UnitId(id), text: text.join(" ") }).await
        }
    }
}

async fn list(filter: TaskFilter, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let Answer::Tasks(tasks) = session.ask(Query::Tasks(filter)).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json_lines(&tasks);
    }
    let mut table = Table::new(&[">task", "layer", "due", "", "what to do", "ends with"]);
    for task in &tasks {
        table.row(&[
            task.id.to_string(),
            layer_tag(task.layer),
            format::full_time(task.due_at),
            mark(task),
            task.title.clone(),
            task.withdrawn.clone().unwrap_or_else(|| task.answers.join(", ")),
        ]);
    }
    render::table(&table, "nothing waits for a person")?;
    if filter.mode == Mode::Live {
        return Ok(());
    }
    if !tasks.is_empty() {
        render::note("this is the rehearsal: the simulated person does these as dry time goes on");
    }
    // Who forgot the mode must not go home believing that nobody waits for a call.
    let live = Query::Tasks(TaskFilter { mode: Mode::Live, ..filter });
    let Answer::Tasks(live) = session.ask(live).await? else {
        return Err(misanswered());
    };
    if !live.is_empty() {
        let n = live.len();
        render::note(&format!("{n} wait in the live world: cep --mode live tasks"));
    }
    Ok(())
}

fn mark(task: &TaskRow) -> String {
    let word = task.urgency.word();
    match task.notes {
        0 => word.to_owned(),
        1 => format!("{word}, 1 note"),
        n => format!("{word}, {n} notes"),
    }
}

async fn show(id: UnitId, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let Answer::Task(task) = session.ask(Query::Task { unit: id }).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json(&task);
    }
    render::text(&text_of(&task))
}

/// Returns a task as a page.
fn text_of(detail: &TaskDetail) -> String {
    let task = &detail.task;
    let mut text = format!(
        "{}\n\ntask {} of layer {} ({}), for {}\ndue {}: {}\nasked {}\n",
        task.title,
        task.id,
        task.layer.number(),
        task.mode,
        task.entity,
        format::full_time(task.due_at),
        task.urgency.word(),
        format::full_time(detail.asked_at),
    );
    if let Some(why) = &task.withdrawn {
        _ = writeln!(text, "\nWITHDRAWN, do not do it any more: {why}");
    }
    _ = writeln!(text, "\n{}", detail.details.trim());
    if !detail.notes.is_empty() {
        text.push_str("\nNotes:\n");
        for note in &detail.notes {
            let at = format::full_time(note.wall_at);
            _ = writeln!(text, "  {at} {}: {}", note.by, note.text);
        }
    }
    if task.withdrawn.is_none() {
        text.push_str("\nIt ends with one of:\n");
        for row in &detail.accepted {
            let needs = match row.needs.as_deref() {
                Some("plan") => " --data plan=PLAN",
                Some(_) => " --note TEXT",
                None => "",
            };
            let mode = if task.mode == Mode::Live { "--mode live " } else { "" };
            let command = format!("cep {mode}tasks done {} --result {}{needs}", task.id, row.word);
            _ = writeln!(text, "  {command}\n      {}", row.means);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_typed_as_pairs_and_a_form_as_json() {
        assert_eq!(pair("plan=starter"), Ok(("plan".to_owned(), json!("starter"))));
        assert_eq!(pair("missing=[\"logo\"]"), Ok(("missing".to_owned(), json!(["logo"]))));
        assert!(pair("starter").is_err() && pair("a={").is_err());
    }
}
