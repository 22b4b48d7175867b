//! Tests that rows of Operations read back, and that repeats change nothing that is done.

use std::sync::Arc;

use super::*;
use crate::domain::onboarding::tests::client;
use crate::domain::onboarding::{INTAKE_FORM, checklist};
use crate::domain::operations::{
    ActionState, ClientDocument, ClientState, DocumentState, PostRow, PostState, ProfileAction,
    Review,
};
use crate::runtime::clock::SystemClock;
use crate::store::Store;

const NOW: Moment = Moment(5_000);

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("t.db"), Arc::new(SystemClock::new())).unwrap();
    (folder, store)
}

fn write(store: &Store, changes: Vec<OperationsChange>) {
    store
        .write("test", move |tx| {
            changes.iter().try_for_each(|change| apply(tx, Mode::Dry, NOW, change))
        })
        .wait()
        .unwrap();
}

#[test]
fn a_client_reads_back_and_goes_live_once() {
    let (_folder, store) = store();
    let signed = client("dental", "en");
    let entity = signed.entity.clone();
    let live = |at| OperationsChange::ClientLive { entity: entity.clone(), at: Moment(at) };
    write(&store, vec![OperationsChange::Client(Box::new(signed.clone()))]);
    let read = || store.read(|conn| clients::get(conn, Mode::Dry, &entity)).unwrap().unwrap();
    assert_eq!(read(), signed);
    let reference = "folder".to_owned();
    write(
        &store,
        vec![
            OperationsChange::ClientWorkspace { entity: entity.clone(), reference },
            live(10),
            live(20),
        ],
    );
    assert_eq!(read().live_at, Some(Moment(10)));
    assert_eq!((read().state, read().workspace.as_deref()), (ClientState::Active, Some("folder")));
    let active = store.read(|c| clients::in_state(c, Mode::Dry, ClientState::Active)).unwrap();
    assert_eq!(active.len(), 1);
    assert_eq!(store.read(|conn| clients::get(conn, Mode::Live, &entity)).unwrap(), None);
}

#[test]
fn a_done_task_stays_done_when_its_checklist_is_written_again() {
    let (_folder, store) = store();
    let client = client("hvac", "en");
    let plan = || checklist(&client).into_iter().map(OperationsChange::Task).collect();
    write(&store, plan());
    let mut done = checklist(&client).remove(0);
    done.done_at = Some(Moment(7));
    write(&store, vec![OperationsChange::Task(done)]);
    write(&store, plan());
    let tasks = store.read(|c| onboarding::tasks(c, Mode::Dry, &client.entity)).unwrap();
    assert_eq!(tasks.len(), 6);
    assert_eq!(tasks[0].done_at, Some(Moment(7)));
    assert_eq!(tasks[1].done_at, None);
}

#[test]
fn a_form_keeps_its_content_when_only_its_state_changes() {
    let (_folder, store) = store();
    let form = |state, content| {
        OperationsChange::Document(ClientDocument {
            entity: "c".to_owned(),
            document: INTAKE_FORM.to_owned(),
            state,
            content,
            reason: None,
            file: None,
        })
    };
    let content = serde_json::json!({"phone": "+1"});
    write(&store, vec![form(DocumentState::Received, Some(content.clone()))]);
    write(&store, vec![form(DocumentState::Approved, None)]);
    let read = |c: &Connection| onboarding::document(c, Mode::Dry, "c", INTAKE_FORM);
    let stored = store.read(read).unwrap().unwrap();
    assert_eq!((stored.state, stored.content), (DocumentState::Approved, Some(content)));
}

#[test]
fn actions_posts_and_reviews_read_back_and_take_over_only_what_is_new() {
    let (_folder, store) = store();
    let action = ProfileAction {
        entity: "c".to_owned(),
        action: "website".to_owned(),
        before: None,
        after: Some("https://a.example/".to_owned()),
        due_at: Moment(9),
        done_at: None,
        state: ActionState::Planned,
        points: 10.0,
        reread: None,
    };
    let post = PostRow {
        entity: "c".to_owned(),
        slot: "2026-W06/1".to_owned(),
        planned_at: Moment(3),
        text: "Hello.".to_owned(),
        state: PostState::Planned,
        topic: "check".to_owned(),
        call_to_action: None,
        event: None,
        held: false,
    };
    let review = Review {
        entity: "c".to_owned(),
        review: "r1".to_owned(),
        rating: 4,
        text: "Good.".to_owned(),
        at: Moment(4),
        reply: Some("Thank you.".to_owned()),
        replied_at: Some(Moment(5)),
    };
    let done = ProfileAction { done_at: Some(Moment(8)), ..action.clone() };
    let live = PostRow { state: PostState::Live, ..post.clone() };
    let again = Review { reply: None, replied_at: None, ..review.clone() };
    let changes = vec![
        OperationsChange::Action(action.clone()),
        OperationsChange::Action(done.clone()),
        OperationsChange::Action(action),
        OperationsChange::Post(post),
        OperationsChange::Post(live.clone()),
        OperationsChange::Review(review.clone()),
        OperationsChange::Review(again),
    ];
    write(&store, changes);
    let read = store.read(|conn| {
        Ok((
            profile_work::actions(conn, Mode::Dry, "c")?,
            profile_work::post(conn, Mode::Dry, "c", "2026-W06/1")?,
            reviews::of_client(conn, Mode::Dry, "c")?,
        ))
    });
    assert_eq!(read.unwrap(), (vec![done], Some(live), vec![review]));
}
