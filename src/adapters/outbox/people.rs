//! Writes work for people as a task: Markdown to read, JSON for a task list to import.

use async_trait::async_trait;
use serde_json::json;

use super::{BY_FILE_NAME, HOST, OutboxDir, OutboxFile};
use crate::domain::effect::{PersonTask, Receipt, Recovery};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// What every task ends with: the machine waits for the person, so it says how to answer.
const HOW_TO_ANSWER: &str = "When it is done: `cep --mode live units --state waiting` names the \
    unit, and `cep --mode live answer UNIT done` (or another result named above) lets it go on.";

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

fn task_files(call: &Call, task: &PersonTask) -> [OutboxFile; 2] {
    let layer = call.layer.number();
    let text = format!(
        "# {}\n\nFor: {}\nBy: {}\nKey: {}\nLayer: {layer}\n\n{}\n\n{HOW_TO_ANSWER}\n",
        task.title, task.entity, task.due_at, call.key, task.details
    );
    let data = json!({
        "key": call.key,
        "layer": layer,
        "task": task,
        "due": task.due_at.to_string(),
    });
    [OutboxFile::new("json", format!("{data:#}\n")), OutboxFile::new("md", text)]
}
