use std::sync::Arc;

use super::*;
use crate::adapters::conformance;
use crate::adapters::sim::FaultPlan;
use crate::domain::draw::Seed;
use crate::domain::effect::{Effect, EffectKey};
use crate::domain::gbp::ProfileReading;
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::onboarding::tests::client;
use crate::domain::operations::{PostState, Review};
use crate::domain::profile::{Knowable, Source, audit};
use crate::domain::time::DAY_MS;
use crate::runtime::clock::SystemClock;

fn market() -> ProfileMarket {
    Market::warm_town().unwrap().section("profile").unwrap()
}

fn row(action: Action, version: &str, effect: Effect, settled: i64) -> EffectRow {
    EffectRow {
        id: 1,
        key: EffectKey::new(Mode::Dry, Layer::GbpOptimizer, "c", action, version),
        layer: Layer::GbpOptimizer,
        unit_id: UnitId(1),
        action,
        entity: "c".to_owned(),
        version: version.to_owned(),
        state: EffectState::Confirmed,
        host: "sim-profile".to_owned(),
        payload: effect,
        digest: String::new(),
        sends: 1,
        sent_at: Moment(settled),
        first_sent_at: Moment(settled),
        settled_at: Some(Moment(settled)),
        receipt: None,
        evidence: None,
        doubted_in: None,
    }
}

fn edit(field: &str, after: &str) -> EffectRow {
    let effect = Effect::ProfileEdit(ProfileEdit {
        entity: "c".to_owned(),
        field: field.to_owned(),
        before: None,
        after: after.to_owned(),
    });
    row(Action::EditProfile, &format!("1/{field}"), effect, 0)
}

fn post() -> Post {
    Post {
        entity: "c".to_owned(),
        slot: "2026-W06/1".to_owned(),
        text: "Hello.".to_owned(),
        language: "en".to_owned(),
        call_to_action: None,
        event: None,
    }
}

fn journal(edits: Vec<EffectRow>, posts: Vec<EffectRow>, reviews: Vec<Review>) -> view::Journal {
    view::Journal { client: Some(client("dental", "en")), edits, posts, reviews }
}

fn read(journal: &view::Journal, now: i64) -> ProfileReading {
    view::reading(Seed(3), &market(), "c", journal, Moment(now))
}

fn score(reading: &ProfileReading) -> f64 {
    audit(&reading.facts, Knowable::of(Source::Gbp)).score.unwrap()
}

#[test]
fn an_accepted_edit_is_pending_first_and_visible_days_later() {
    let journal = journal(vec![edit("photos", "12 own photos")], Vec::new(), Vec::new());
    let (soon, later) = (read(&journal, 1), read(&journal, 3 * DAY_MS));
    assert_eq!(soon.pending, ["photos"]);
    assert!(later.pending.is_empty());
    assert_eq!(later.facts.photos, Some(12));
    assert!(score(&later) > score(&soon));
}

#[test]
fn some_edits_are_overridden_and_never_seen() {
    let market = market();
    let seen = (0..500)
        .filter(|number| {
            let mut edit = edit("photos", "99 own photos");
            edit.key = EffectKey(format!("{number}"));
            let journal = journal(vec![edit], Vec::new(), Vec::new());
            let reading = view::reading(Seed(3), &market, "c", &journal, Moment(9 * DAY_MS));
            reading.facts.photos == Some(99)
        })
        .count();
    assert!((455..498).contains(&seen), "{seen} of 500");
}

#[test]
fn a_post_is_processing_first_and_counts_only_when_live() {
    let post = Effect::Post(post());
    let posts = vec![row(Action::PublishPost, "2026-W06/1", post, 0)];
    let journal = journal(Vec::new(), posts, Vec::new());
    let (soon, later) = (read(&journal, 1), read(&journal, DAY_MS));
    assert_eq!(soon.posts["2026-W06/1"], PostState::Processing);
    assert_eq!(soon.facts.posts_30d, Some(0));
    assert_eq!(later.posts["2026-W06/1"], PostState::Live);
    assert_eq!(later.facts.posts_30d, Some(1));
}

#[test]
fn reviews_that_came_in_move_count_mean_and_replies() {
    let review = Review {
        entity: "c".to_owned(),
        review: "r".to_owned(),
        rating: 5,
        text: String::new(),
        at: Moment(0),
        reply: Some("Thank you.".to_owned()),
        replied_at: Some(Moment(1)),
    };
    let before = read(&journal(Vec::new(), Vec::new(), Vec::new()), 2).facts.reviews.unwrap();
    let after = read(&journal(Vec::new(), Vec::new(), vec![review]), 2).facts.reviews.unwrap();
    assert_eq!((after.count, after.replied), (before.count + 1, before.replied + 1));
    assert!(after.rating >= before.rating);
}

#[test]
fn the_figures_of_a_day_stay_as_they_were_when_they_are_read_again() {
    let journal = journal(vec![edit("photos", "12 own photos")], Vec::new(), Vec::new());
    let (one, other) = (read(&journal, 10 * DAY_MS), read(&journal, 12 * DAY_MS + 7_777));
    assert_eq!(one.daily.len(), 70);
    for (date, figures) in &one.daily {
        if let Some(again) = other.daily.get(date) {
            assert_eq!(figures, again, "{date}");
        }
    }
    let settled: Vec<_> = one.daily.keys().collect();
    assert_eq!(settled.last().unwrap().as_str(), "1970-01-08", "three days behind");
}

#[tokio::test]
async fn it_behaves_as_every_port_must() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("t.db"), Arc::new(SystemClock::new())).unwrap();
    let market = Market::warm_town().unwrap();
    for rate in [0.0, 0.3, 1.0] {
        let plan = FaultPlan { rate, ..FaultPlan::default() };
        let sim = Sim::new(conformance::SEED, plan, None);
        let port = SimProfile::new(sim, &market, store.clone()).unwrap();
        let entity = || "c".to_owned();
        conformance::check::<ProfileRead>(&port, &ProfileRead { entity: entity() }).await;
        let edit = ProfileEdit {
            entity: entity(),
            field: "photos".to_owned(),
            before: None,
            after: "12 own photos".to_owned(),
        };
        conformance::check(&port, &edit).await;
        conformance::check(&port, &post()).await;
        let reply =
            ReviewReply { entity: entity(), review: "r".to_owned(), text: "Thanks.".to_owned() };
        conformance::check(&port, &reply).await;
    }
}
