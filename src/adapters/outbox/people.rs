//! Writes work for people as a task: Markdown to read, JSON for a task list to import.

use async_trait::async_trait;
use serde_json::json;

use super::{BY_FILE_NAME, HOST, OutboxDir, OutboxFile, line};
use crate::domain::effect::{PersonTask, Receipt, Recovery, TaskWithdrawal};
use crate::domain::error::WorkError;
use crate::domain::task;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// What every task ends with: the machine waits for the person, so it says how to answer, and where
/// to see whether the task still stands.
fn how_to_answer(task: &PersonTask) -> String {
    format!(
        "Before you begin, `cep --mode live tasks` shows whether it still stands, and its number. \
         Afterwards: `cep --mode live tasks done NUMBER --result WORD`, where WORD is one of: {}.",
        task::list(task.kind)
    )
}

/// Tasks as files.
#[derive(Clone, Debug)]
pub struct OutboxPeople(pub OutboxDir);

#[async_trait]
impl Port<PersonTask> for OutboxPeople {
    fn name(&self) -> &'static str {
        "outbox tasks"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(&self, _: &Permit, call: &Call, task: &PersonTask) -> Result<Receipt, WorkError> {
        self.0.put("tasks", "task", &call.key, call.now, &task_files(call, task))
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<TaskWithdrawal> for OutboxPeople {
    fn name(&self) -> &'static str {
        "outbox tasks"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        withdrawal: &TaskWithdrawal,
    ) -> Result<Receipt, WorkError> {
        let banner = format!(
            "# WITHDRAWN, do not do it any more: {}\n\nTask: {}",
            line(&withdrawal.why),
            line(&withdrawal.title)
        );
        self.0.withdraw("tasks", "task", &withdrawal.task, call.now, &banner)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

fn task_files(call: &Call, task: &PersonTask) -> [OutboxFile; 2] {
    let layer = call.layer.number();
    let text = format!(
        "# {}\n\nFor: {}\nBy: {}\nKey: {}\nLayer: {layer}\n\n{}\n\n{}\n",
        line(&task.title),
        line(&task.entity),
        task.due_at,
        call.key,
        task.details,
        how_to_answer(task)
    );
    let data = json!({
        "key": call.key,
        "layer": layer,
        "task": task,
        "due": task.due_at.to_string(),
    });
    [OutboxFile::json(&data), OutboxFile::text("md", &text)]
}
