//! Makes a client's workspace: a folder with real files, which the client's people then own.

use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use super::{BY_FILE_NAME, HOST, OutboxDir, file_word, revised, unwritable};
use crate::domain::effect::{Action, EffectKey, Receipt, Recovery, Workspace, WorkspaceFile};
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::text::{clean_lines, is_unsafe};
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
        let folder = folder_of(call.mode, &wanted.entity);
        for file in &wanted.files {
            self.copy(&folder, file)?;
        }
        for document in &wanted.documents {
            let inside = inside(&document.path)?;
            let text = clean_lines(&document.text, usize::MAX);
            let relative = folder.join(inside);
            if document.revision == 0 {
                self.0.put_named(&relative, text.as_bytes())?;
            } else {
                self.no_way_out(&relative)?;
                let path = self.0.root.join(&relative);
                revised::replace(&path, &text, document.revision)
                    .map_err(|error| unwritable(&path, &error))?;
            }
        }
        Ok(super::receipt(&self.0.root.join(folder)))
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

/// Names a client's folder: by its entity, the same for every effect on its workspace.
fn folder_of(mode: Mode, entity: &str) -> PathBuf {
    let first = EffectKey::new(mode, Layer::OnboardingFlow, entity, Action::CreateWorkspace, "1");
    Path::new("workspaces").join(format!("{}-{:.KEY_DIGITS$}", file_word(entity), first.0))
}

impl OutboxWorkspace {
    /// Copies a file that a client handed in, if it is still what was handed in.
    fn copy(&self, folder: &Path, file: &WorkspaceFile) -> Result<(), WorkError> {
        let source = Path::new(&file.source);
        let again = "receive the document again: `cep documents receive CLIENT DOCUMENT --file F`";
        let bytes = std::fs::read(source).map_err(|error| {
            let what = format!("cannot read {}", source.display());
            WorkError::permanent("file_unreadable", what).caused_by(&error).hint(again)
        })?;
        if hex::encode(Sha256::digest(&bytes)) != file.digest {
            let what = format!("{} is not what was handed in", source.display());
            return Err(WorkError::permanent("file_changed", what).hint(again));
        }
        let relative = folder.join(inside(&file.path)?);
        self.no_way_out(&relative)?;
        self.0.put_named(&relative, &bytes).map(drop)
    }

    /// Refuses a folder that somebody has replaced by a link to another place.
    fn no_way_out(&self, relative: &Path) -> Result<(), WorkError> {
        let linked = relative
            .ancestors()
            .map(|part| self.0.root.join(part))
            .take_while(|path| *path != self.0.root)
            .find(|path| path.is_symlink());
        linked.map_or(Ok(()), |path| {
            let what = format!("{} is a link and may lead elsewhere", path.display());
            Err(WorkError::permanent("workspace_link", what)
                .hint("put a real folder in its place, then retry the unit"))
        })
    }
}

/// Refuses a path that leads out of the workspace, or that a folder's listing would show as another.
fn inside(written: &str) -> Result<PathBuf, WorkError> {
    let path = Path::new(written);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays && path.file_name().is_some() && !written.contains(is_unsafe) {
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
    fn a_file_is_copied_as_it_was_handed_in_and_never_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("spooled");
        std::fs::write(&source, "png").unwrap();
        let workspace = OutboxWorkspace(OutboxDir::new(root.path().join("outbox")));
        let folder = folder_of(Mode::Live, "osm:node/1");
        let file = WorkspaceFile {
            path: "documents/logo-1.png".to_owned(),
            source: source.display().to_string(),
            digest: hex::encode(Sha256::digest(b"png")),
        };
        workspace.copy(&folder, &file).unwrap();
        let there = workspace.0.root.join(&folder).join("documents");
        assert_eq!(std::fs::read(there.join("logo-1.png")).unwrap(), b"png");
        std::fs::write(&source, "another").unwrap();
        let changed = WorkspaceFile { path: "documents/logo-2.png".to_owned(), ..file.clone() };
        assert_eq!(workspace.copy(&folder, &changed).unwrap_err().code, "file_changed");
        std::fs::write(&source, "png").unwrap();
        std::fs::remove_dir_all(&there).unwrap();
        std::os::unix::fs::symlink(root.path(), &there).unwrap();
        assert_eq!(workspace.copy(&folder, &file).unwrap_err().code, "workspace_link");
        assert!(!root.path().join("logo-1.png").exists());
    }

    #[test]
    fn a_document_never_leaves_the_workspace() {
        assert!(inside("checklist.md").is_ok());
        assert!(inside("contract/draft.md").is_ok());
        for path in
            ["", "..", "../up.md", "/etc/passwd", "a/../../up.md", "./x.md", "a\u{1b}[2J.md"]
        {
            assert!(inside(path).is_err(), "{path}");
        }
    }
}
