//! Makes a client's workspace: a folder with real files, which the client's people then own.

use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;

use super::{BY_FILE_NAME, HOST, OutboxDir, file_word};
use crate::domain::effect::{Receipt, Recovery, Workspace};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Key digits in a folder's name: enough to tell two entities with the same letters apart.
const KEY_DIGITS: usize = 8;

/// Workspaces as folders.
#[derive(Clone, Debug)]
pub struct OutboxWorkspace(pub OutboxDir);

#[async_trait]
impl Port<Workspace> for OutboxWorkspace {
    fn name(&self) -> &'static str {
        "outbox workspace"
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
        wanted: &Workspace,
    ) -> Result<Receipt, WorkError> {
        let name = format!("{}-{:.KEY_DIGITS$}", file_word(&wanted.entity), call.key.0);
        let folder = Path::new("workspaces").join(name);
        for document in &wanted.documents {
            let inside = inside(&document.path)?;
            self.0.put_named(&folder.join(inside), document.text.as_bytes())?;
        }
        Ok(super::receipt(&self.0.root.join(folder)))
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

/// Refuses a path that leads out of the workspace.
fn inside(path: &str) -> Result<PathBuf, WorkError> {
    let path = Path::new(path);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays && path.file_name().is_some() {
        return Ok(path.to_owned());
    }
    Err(WorkError::bug(
        "path_outside",
        format!("document {} lies outside the workspace", path.display()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_never_leaves_the_workspace() {
        assert!(inside("checklist.md").is_ok());
        assert!(inside("contract/draft.md").is_ok());
        for path in ["", "..", "../up.md", "/etc/passwd", "a/../../up.md", "./x.md"] {
            assert!(inside(path).is_err(), "{path}");
        }
    }
}
