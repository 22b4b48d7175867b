//! Carries out what people say of clients' documents: received, approved, rejected.
//!
//! A file is copied into a spool of ours before anything is written down, so that what the row names
//! is there. From the spool it goes to the client's workspace through the gate, as a unit.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Owner;
use super::received;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, DocumentAct, Refusal, RefusalKind};
use crate::domain::event::NewEvent;
use crate::domain::gbp::Intake;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::onboarding::{FILE_BYTES_MAX, INTAKE_FORM, stored_path, task_unit};
use crate::domain::operations::{
    Client, ClientDocument, DocumentState, OnboardingStep, StoredFile,
};
use crate::domain::text::clean;
use crate::domain::time::Moment;
use crate::layers::onboarding_flow;
use crate::runtime::durable;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::operations::{clients, documents};
use crate::store::units;

/// Characters of a reason: a sentence or two.
const REASON_CHARS_MAX: usize = 300;

/// A file that lies in the spool.
struct Spooled {
    file: StoredFile,
    source: PathBuf,
    /// The filled-in form, when it is one that a machine can read.
    content: Option<serde_json::Value>,
}

/// What is said of which document.
struct Said {
    mode: Mode,
    client: String,
    document: String,
    act: DocumentAct,
    by: String,
}

impl Owner {
    pub(super) async fn document(
        &self,
        mode: Mode,
        client: String,
        document: String,
        act: DocumentAct,
    ) -> Result<Ack, Refusal> {
        let spooled = match &act {
            DocumentAct::Receive { file: Some(file) } => {
                let spool = received::folder(&self.parts);
                let (file, document) = (file.clone(), document.clone());
                let taken = tokio::task::spawn_blocking(move || take_in(&file, &spool, &document));
                Some(taken.await.unwrap_or_else(|_| Err(unreadable("the reading was stopped")))?)
            }
            DocumentAct::Receive { file: None }
            | DocumentAct::Approve
            | DocumentAct::Reject { .. } => None,
        };
        let args = json!({ "client": client, "document": document, "act": act });
        let wall = self.parts.clock.wall();
        let said = Said { mode, client, document, act, by: self.parts.actor.clone() };
        let folder = received::folder(&self.parts);
        self.at_once(mode, "document", args, move |tx, now| {
            let handed_in = spooled.as_ref().map(|it| it.source.as_path());
            received::clear(tx, &folder, handed_in)?;
            if handed_in.is_some_and(|source| !source.exists()) {
                return Ok(Err(refuse(
                    RefusalKind::Failed,
                    "the file's copy was cleared by another process at this instant",
                    "hand it in again; nothing was changed",
                )));
            }
            write(tx, &said, spooled.as_ref(), now, wall)
        })
        .await
    }
}

fn unreadable(why: impl Into<String>) -> Refusal {
    refuse(RefusalKind::Usage, why, "name a readable file of at most 20 MiB; nothing was changed")
}

/// Copies a file into the spool, named by its content.
fn take_in(path: &Path, spool: &Path, document: &str) -> Result<Spooled, Refusal> {
    let failed = |error: std::io::Error| unreadable(format!("{}: {error}", path.display()));
    let kind = fs::symlink_metadata(path).map_err(failed)?;
    if !kind.is_file() {
        return Err(unreadable(format!("{} is a link or a folder, no file", path.display())));
    }
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX + 1;
    fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.is_empty() || bytes.len() as u64 > FILE_BYTES_MAX {
        let what = if bytes.is_empty() { "is empty" } else { "has more than 20 MiB" };
        return Err(unreadable(format!("{} {what}", path.display())));
    }
    let digest = hex::encode(Sha256::digest(&bytes));
    let name =
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let source = spool.join(&digest);
    spooled(&source, &bytes).map_err(|error| {
        let why = format!("cannot keep {}: {error}", source.display());
        refuse(
            RefusalKind::Failed,
            why,
            "free some space or set paths.state_dir; nothing was changed",
        )
    })?;
    let content = (document == INTAKE_FORM)
        .then(|| serde_json::from_slice::<Intake>(&bytes).ok())
        .flatten()
        .and_then(|form| serde_json::to_value(form.cleaned()).ok());
    let n_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let file = StoredFile { path: stored_path(document, &digest, &name), digest, bytes: n_bytes };
    Ok(Spooled { file, source, content })
}

fn spooled(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let Some(folder) = path.parent() else { return Ok(()) };
    durable::make_folder(folder)?;
    let unfinished = path.with_extension("unfinished");
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    durable::sync_folder(folder)
}

fn write(
    tx: &Connection,
    said: &Said,
    spooled: Option<&Spooled>,
    now: Moment,
    wall: Moment,
) -> Result<Result<Outcome, Refusal>, StoreError> {
    let found = clients::called(tx, said.mode, &said.client)?;
    let [client] = found.as_slice() else {
        let why = format!("{} clients are called {:?}", found.len(), clean(&said.client, 80));
        return Ok(Err(refuse(RefusalKind::Usage, why, "`cep clients` lists them")));
    };
    let before = documents::get(tx, said.mode, &client.entity, &said.document)?;
    let Some(before) = before else {
        let asked = documents::of_client(tx, said.mode, &client.entity)?;
        let names: Vec<String> = asked.into_iter().map(|it| it.document).collect();
        let why = format!("{} is not asked for {:?}", client.name, clean(&said.document, 80));
        return Ok(Err(refuse(
            RefusalKind::Usage,
            why,
            &format!("it is asked for: {}", names.join(", ")),
        )));
    };
    let after = match moved(&before, &said.act, spooled) {
        Ok(after) => after,
        Err(refusal) => return Ok(Err(refusal)),
    };
    documents::put(tx, said.mode, now, &said.by, &after)?;
    if let Some(spooled) = spooled {
        let unit =
            onboarding_flow::file_unit(client, &after.document, &spooled.file, &spooled.source);
        units::insert(tx, said.mode, None, now, &unit)?;
    }
    let follows = followed(tx, said, client, &after)?;
    let (from, to) = (before.state.as_column(), after.state.as_column());
    let text = format!("{}: {} is {to}{follows}", client.name, after.document);
    let about = About {
        mode: said.mode,
        at: now,
        wall_at: wall,
        layer: Some(Layer::OnboardingFlow),
        unit_id: None,
        run_id: None,
    };
    events::append(tx, about, &NewEvent::info("document_moved", text.clone()))?;
    Ok(Ok(Outcome::new(text).changed(from, to)))
}

/// Returns the document after `act`, or why it cannot be done.
fn moved(
    before: &ClientDocument,
    act: &DocumentAct,
    spooled: Option<&Spooled>,
) -> Result<ClientDocument, Refusal> {
    let to = |state, reason| ClientDocument {
        state,
        reason,
        content: None,
        file: None,
        ..before.clone()
    };
    let name = &before.document;
    match (act, before.state) {
        (DocumentAct::Receive { .. }, DocumentState::Approved) => Err(refuse(
            RefusalKind::Usage,
            format!("{name} is approved already"),
            "reject it first if a newer one is to take its place",
        )),
        (DocumentAct::Receive { .. }, _) => Ok(ClientDocument {
            file: spooled.map(|it| it.file.clone()),
            content: spooled.and_then(|it| it.content.clone()),
            ..to(DocumentState::Received, None)
        }),
        (DocumentAct::Approve, DocumentState::Received) => Ok(to(DocumentState::Approved, None)),
        (DocumentAct::Reject { reason }, DocumentState::Received | DocumentState::Approved) => {
            Ok(to(DocumentState::Rejected, Some(clean(reason, REASON_CHARS_MAX))))
        }
        (DocumentAct::Approve | DocumentAct::Reject { .. }, state) => Err(refuse(
            RefusalKind::Usage,
            format!("{name} is {}: there is nothing to judge", state.as_column()),
            "`cep documents receive CLIENT DOCUMENT --file F` takes one in",
        )),
    }
}

/// Lets the task go on: done when the last document is approved, open again when one is rejected.
fn followed(
    tx: &Connection,
    said: &Said,
    client: &Client,
    after: &ClientDocument,
) -> Result<&'static str, StoreError> {
    let task = task_unit(&client.entity, OnboardingStep::Documents);
    let tell = |answer: serde_json::Value| units::answer(tx, said.mode, &task, &answer);
    if after.state == DocumentState::Rejected {
        let answer = json!({
            "result": "incomplete",
            "data": { "missing": [after.document], "reason": after.reason },
        });
        return Ok(if tell(answer)? { "; the client is asked again" } else { "" });
    }
    let all = documents::of_client(tx, said.mode, &client.entity)?;
    if all.iter().all(|it| it.state == DocumentState::Approved) {
        let told = tell(json!({ "result": "done", "note": "all documents are approved" }))?;
        return Ok(if told { "; all are, the task is done" } else { "; all are" });
    }
    Ok("")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::onboarding::requested_documents;
    use crate::domain::operations::OperationsChange;
    use crate::runtime::clock::SystemClock;
    use crate::store::changes;

    #[test]
    fn a_link_a_folder_an_empty_and_a_huge_file_are_refused_and_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("spool");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real.png"), "png").unwrap();
        fs::write(at("empty.png"), "").unwrap();
        std::os::unix::fs::symlink(at("real.png"), at("link.png")).unwrap();
        let huge = fs::File::create(at("huge.png")).unwrap();
        huge.set_len(FILE_BYTES_MAX + 1).unwrap();
        for name in ["link.png", "empty.png", "huge.png", "absent.png", "."] {
            assert!(take_in(&at(name), &spool, "logo").is_err(), "{name}");
        }
        assert!(!spool.exists());
        let kept = take_in(&at("real.png"), &spool, "logo").unwrap();
        assert_eq!(fs::read(&kept.source).unwrap(), b"png");
        assert_eq!(kept.file.bytes, 3);
        let ending = Path::new(&kept.file.path).extension();
        assert_eq!(ending.and_then(|it| it.to_str()), Some("png"));
    }

    #[test]
    fn a_form_that_a_machine_can_read_is_read_and_another_one_is_only_kept() {
        let folder = tempfile::tempdir().unwrap();
        let form = folder.path().join("form.json");
        fs::write(&form, r#"{"photos": 12}"#).unwrap();
        let read = |document| take_in(&form, folder.path(), document).unwrap().content;
        assert_eq!(read(INTAKE_FORM).unwrap()["photos"], 12);
        assert_eq!(read("logo"), None);
        fs::write(&form, "%PDF-1.7").unwrap();
        assert_eq!(take_in(&form, folder.path(), INTAKE_FORM).unwrap().content, None);
    }

    const NOW: Moment = Moment(1_767_603_600_000);

    /// A client that is asked for its documents, with the task that waits for them.
    fn desk() -> (tempfile::TempDir, Connection, Client) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        drop(crate::store::Store::open(&path, Arc::new(SystemClock::new())).unwrap());
        let conn = Connection::open(path).unwrap();
        let client = crate::domain::onboarding::tests::client("hvac", "en");
        let row = OperationsChange::Client(Box::new(client.clone()));
        let documents = requested_documents(&client).into_iter().map(OperationsChange::Document);
        for change in documents.chain([row]) {
            changes::apply(&conn, Mode::Live, NOW, &change.into()).unwrap();
        }
        for unit in onboarding_flow::first_units(&client, NOW) {
            units::insert(&conn, Mode::Live, None, NOW, &unit).unwrap();
        }
        conn.execute("UPDATE units SET state = 'waiting' WHERE version = 'task/documents'", [])
            .unwrap();
        (folder, conn, client)
    }

    fn say(conn: &Connection, document: &str, act: DocumentAct) -> Result<String, Refusal> {
        let said = Said {
            mode: Mode::Live,
            client: "bright smiles".to_owned(),
            document: document.to_owned(),
            act,
            by: "ann@desk".to_owned(),
        };
        write(conn, &said, None, NOW, NOW).unwrap().map(|outcome| outcome.text)
    }

    fn task(conn: &Connection) -> (String, Option<String>) {
        let sql = "SELECT state, answer FROM units WHERE version = 'task/documents'";
        conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    const RECEIVE: DocumentAct = DocumentAct::Receive { file: None };

    #[test]
    fn the_last_approval_finishes_the_task_and_not_one_before() {
        let (_folder, conn, client) = desk();
        let names: Vec<String> =
            requested_documents(&client).into_iter().map(|it| it.document).collect();
        for (n, name) in names.iter().enumerate() {
            assert!(say(&conn, name, DocumentAct::Approve).is_err(), "nothing is here yet");
            say(&conn, name, RECEIVE).unwrap();
            let text = say(&conn, name, DocumentAct::Approve).unwrap();
            assert_eq!(text.contains("the task is done"), n + 1 == names.len(), "{text}");
        }
        let (state, answer) = task(&conn);
        assert_eq!(state, "ready");
        assert!(answer.unwrap().contains("\"done\""));
        assert!(say(&conn, "logo", RECEIVE).unwrap_err().why.contains("approved already"));
    }

    #[test]
    fn a_rejected_document_is_asked_for_again_with_the_reason() {
        let (_folder, conn, client) = desk();
        say(&conn, "logo", RECEIVE).unwrap();
        let reason = "too\u{1b}[31m small".to_owned();
        let text = say(&conn, "logo", DocumentAct::Reject { reason }).unwrap();
        assert!(text.contains("asked again"), "{text}");
        let (state, answer) = task(&conn);
        assert_eq!(state, "ready");
        let answer: serde_json::Value = serde_json::from_str(&answer.unwrap()).unwrap();
        assert_eq!(answer["data"]["missing"], json!(["logo"]));
        let steps = documents::history(&conn, Mode::Live, &client.entity).unwrap();
        let last = steps.last().unwrap();
        assert_eq!((last.state, last.by.as_str()), (DocumentState::Rejected, "ann@desk"));
        assert_eq!(last.reason.as_deref(), Some("too[31m small"));
    }

    #[test]
    fn a_client_or_a_document_that_nobody_knows_is_refused_with_what_there_is() {
        let (_folder, conn, _) = desk();
        let refusal = say(&conn, "passport", RECEIVE).unwrap_err();
        assert!(refusal.hint.unwrap().contains("logo"), "{}", refusal.why);
        let said = Said {
            mode: Mode::Dry,
            client: "bright smiles".to_owned(),
            document: "logo".to_owned(),
            act: RECEIVE,
            by: String::new(),
        };
        assert!(write(&conn, &said, None, NOW, NOW).unwrap().is_err(), "the other world");
    }
}
