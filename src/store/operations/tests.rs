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
        edited: false,
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
        OperationsChange::Post(post.clone()),
        OperationsChange::Post(live.clone()),
        OperationsChange::Post(post),
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

#[test]
fn a_client_who_leaves_is_gone_since_the_first_time_and_only_its_own_open_work_is_stopped() {
    use crate::domain::layer::Layer;
    use crate::domain::unit::{NewUnit, UnitName};
    use crate::store::units;

    let (_folder, store) = store();
    let mut other = client("hvac", "en");
    other.entity = "osm:node/2".to_owned();
    let client = client("hvac", "en");
    let row = |client: &crate::domain::operations::Client| {
        OperationsChange::Client(Box::new(client.clone()))
    };
    write(&store, vec![row(&client), row(&other)]);
    let name = |layer, entity: &str, version: &str| UnitName::new(layer, entity, version);
    let names = [
        name(Layer::OnboardingFlow, &client.entity, "task/account"),
        name(Layer::GbpOptimizer, &client.entity, "audit/1"),
        name(Layer::FinanceTracker, &client.entity, "invoice/setup"),
        name(Layer::OutreachEngine, &client.entity, "msg/email/1"),
        name(Layer::OnboardingFlow, &other.entity, "task/account"),
    ];
    let planned = names.clone();
    let mut units = planned
        .map(|name| NewUnit::ready(name, "invoice", "a unit".to_owned(), serde_json::json!({})));
    units[0] = units[0].clone().after(name(Layer::OnboardingFlow, &client.entity, "task/contract"));
    store
        .write("test", move |tx| {
            units
                .iter()
                .try_for_each(|unit| units::insert(tx, Mode::Dry, None, NOW, unit).map(drop))
        })
        .wait()
        .unwrap();
    let left = |at| OperationsChange::ClientLeft {
        entity: client.entity.clone(),
        at: Moment(at),
        why: "too dear".to_owned(),
    };
    write(&store, vec![left(10)]);
    write(
        &store,
        vec![
            left(20),
            OperationsChange::ClientLive { entity: client.entity.clone(), at: Moment(30) },
        ],
    );
    let gone = store.read(|conn| clients::get(conn, Mode::Dry, &client.entity)).unwrap().unwrap();
    assert_eq!(
        (gone.state, gone.churned_at, gone.live_at),
        (ClientState::Churned, Some(Moment(10)), None)
    );
    let states = names.map(|name| {
        let state = store.read(|conn| units::state_of(conn, Mode::Dry, &name)).unwrap();
        state.map(|(_, state)| state.as_column())
    });
    let stopped = Some("skipped");
    assert_eq!(states, [stopped, stopped, stopped, Some("ready"), Some("ready")]);
    let stays = store.read(|conn| clients::get(conn, Mode::Dry, &other.entity)).unwrap().unwrap();
    assert_eq!(stays.state, ClientState::Onboarding);
}

#[test]
fn a_contract_moves_on_and_a_draft_that_is_written_again_takes_nothing_back() {
    use crate::domain::onboarding::{Contract, ContractState};

    let (_folder, store) = store();
    let put = |state, reason: Option<&str>| {
        let entity = "c".to_owned();
        let reason = reason.map(str::to_owned);
        write(&store, vec![OperationsChange::Contract(Contract { entity, state, reason })]);
        store.read(|conn| contracts::get(conn, Mode::Dry, "c")).unwrap().unwrap()
    };
    assert_eq!(put(ContractState::Drafted, None).state, ContractState::Drafted);
    assert_eq!(put(ContractState::Sent, None).state, ContractState::Sent);
    assert_eq!(put(ContractState::Drafted, None).state, ContractState::Sent);
    let declined = put(ContractState::Declined, Some("too dear"));
    assert_eq!(declined.reason.as_deref(), Some("too dear"));
    let signed = put(ContractState::Signed, None);
    assert_eq!((signed.state, signed.reason), (ContractState::Signed, None));
    assert_eq!(store.read(|conn| contracts::get(conn, Mode::Live, "c")).unwrap(), None);
}

#[test]
fn a_post_that_is_planned_again_keeps_the_text_and_the_hold_of_a_person() {
    let (_folder, store) = store();
    let signed = client("dental", "en");
    let now = "2026-01-14T15:00:00Z".parse().unwrap();
    let plan =
        || crate::domain::gbp::calendar(&signed, &crate::domain::gbp::Intake::default(), now);
    let changes = || plan().into_iter().map(OperationsChange::Post).collect();
    write(&store, changes());
    let (entity, slot) = (signed.entity.clone(), plan()[0].slot.clone());
    store
        .write("edit", {
            let (entity, slot) = (entity.clone(), slot.clone());
            move |tx| {
                profile_work::edit_post(tx, Mode::Dry, &entity, &slot, "Come in.", NOW)?;
                profile_work::hold_post(tx, Mode::Dry, &entity, &slot, true)
            }
        })
        .wait()
        .unwrap();
    write(&store, changes());
    let post = store.read(|conn| profile_work::post(conn, Mode::Dry, &entity, &slot)).unwrap();
    let post = post.unwrap();
    assert_eq!((post.text.as_str(), post.edited, post.held), ("Come in.", true, true));
    let untouched = store.read(|conn| profile_work::posts(conn, Mode::Dry, &entity)).unwrap();
    assert_eq!(untouched[1..], plan()[1..]);
}
