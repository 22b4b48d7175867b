//! Publishes posts: the calendar, each post, its check, and what a person is asked about it.

use serde::Deserialize;
use serde_json::json;

use super::{hold, input, intake, perform, read_profile};
use crate::domain::effect::{Action, Effect, PersonTask, Post, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::gbp::{self, Intake};
use crate::domain::layer::Layer;
use crate::domain::onboarding::INTAKE_FORM;
use crate::domain::operations::{Client, OperationsChange, PostRow, PostState};
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::onboarding_flow::client_of;
use crate::store::operations::{onboarding, profile_work};

/// Days after which a post that is still being processed is somebody's business.
const PROCESSING_DAYS_MAX: i64 = 7;

/// The input of a calendar: the instant from which its weeks are counted.
#[derive(Deserialize)]
struct CalendarInput {
    from: Moment,
}

/// Returns the unit that plans the four weeks after `from`.
pub(super) fn calendar_unit(client: &Client, from: Moment) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, gbp::calendar_version(client, from)),
        "calendar",
        format!("post calendar of {}", client.name),
        json!({ "from": from }),
    )
}

/// Plans four weeks of posts, and the next calendar for their last week.
pub(super) fn calendar(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let CalendarInput { from } = input(unit)?;
    let client = client_of(ctx, &unit.name.entity)?;
    Ok(planned(&client, &intake_of(ctx, &client)?, from))
}

fn intake_of(ctx: &LayerContext<'_>, client: &Client) -> Result<Intake, WorkError> {
    let form =
        ctx.store.read(|conn| onboarding::document(conn, ctx.mode, &client.entity, INTAKE_FORM))?;
    Ok(intake(form))
}

fn planned(client: &Client, intake: &Intake, from: Moment) -> StepOutcome {
    let posts = gbp::calendar(client, intake, from);
    let text = format!("{}: {} posts planned", client.name, posts.len());
    let next_at = gbp::next_calendar_at(client, from);
    let outcome = StepOutcome::done()
        .unit(calendar_unit(client, next_at).at(next_at))
        .event(NewEvent::info("posts_planned", text));
    posts.into_iter().fold(outcome, |outcome, post| with_post(outcome, client, post))
}

/// Adds a post and the unit that publishes it.
fn with_post(outcome: StepOutcome, client: &Client, post: PostRow) -> StepOutcome {
    let unit = NewUnit::ready(
        post_unit(&client.entity, &post.slot),
        "post",
        format!("post {} of {}", post.slot, client.name),
        json!({ "slot": post.slot }),
    )
    .at(post.planned_at);
    outcome.change(OperationsChange::Post(post)).unit(unit)
}

/// The name of the unit that publishes a post; a person who lets a held one go answers it.
pub fn post_unit(entity: &str, slot: &str) -> UnitName {
    UnitName::new(Layer::GbpOptimizer, entity, format!("post/{slot}"))
}

/// The input of a post and of its check.
#[derive(Deserialize)]
struct PostInput {
    slot: String,
    /// When it was published, for its check; it may have gone out later than planned.
    #[serde(default)]
    sent_at: Option<Moment>,
}

/// Publishes a post and plans to look whether it is visible.
pub(super) async fn post(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let (client, post, _) = post_of(ctx, unit)?;
    if post.held {
        let why = format!("{}: post {} is held by a person", client.name, post.slot);
        return Ok(StepOutcome::with(Next::Waiting { why }));
    }
    if let Some(rests) = hold::disputed(ctx, &client)? {
        return Ok(rests);
    }
    // What a person lets go goes at once.
    if unit.answer.is_none()
        && let Some(later) = hold::late(ctx, &client, &post)?
    {
        return Ok(later);
    }
    let effect = Effect::Post(Post {
        entity: client.entity.clone(),
        slot: post.slot.clone(),
        text: post.text.clone(),
        language: client.language.clone(),
        call_to_action: post.call_to_action.clone(),
        event: post.event.clone(),
    });
    perform(ctx, &client, Action::PublishPost, &post.slot, effect).await?;
    let check = NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, format!("post_check/{}", post.slot)),
        "post_check",
        format!("look at post {} of {}", post.slot, client.name),
        json!({ "slot": post.slot, "sent_at": ctx.now }),
    )
    .at(ctx.now.plus_ms(DAY_MS));
    let row = PostRow { state: PostState::Processing, ..post };
    Ok(StepOutcome::done().change(OperationsChange::Post(row)).unit(check))
}

/// Looks whether a post is visible: accepted is not live.
pub(super) async fn post_check(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let (client, post, sent_at) = post_of(ctx, unit)?;
    let reading = read_profile(ctx, &client, &unit.name.version).await?;
    let state = reading.posts.get(&post.slot).copied().unwrap_or(PostState::Processing);
    let other = match state {
        // What a person wrote is not replaced by words of ours: a person is told.
        PostState::Rejected if post.edited => None,
        PostState::Rejected => gbp::replacement(&client, &intake_of(ctx, &client)?, &post, ctx.now),
        PostState::Planned | PostState::Processing | PostState::Live => None,
    };
    Ok(checked(&client, post, state, other, (sent_at, ctx.now)))
}

fn checked(
    client: &Client,
    post: PostRow,
    state: PostState,
    other: Option<PostRow>,
    (sent_at, now): (Moment, Moment),
) -> StepOutcome {
    let what = format!("{}: post {}", client.name, post.slot);
    match state {
        PostState::Live => StepOutcome::done()
            .event(NewEvent::info("post_live", format!("{what} is live")))
            .change(OperationsChange::Post(PostRow { state, ..post })),
        PostState::Rejected => {
            let told = format!("{what} was refused by the provider");
            let outcome = StepOutcome::done()
                .event(NewEvent::warn("post_rejected", told))
                .change(OperationsChange::Post(PostRow { state, ..post.clone() }));
            if let Some(other) = other {
                return with_post(outcome, client, other);
            }
            let why = if post.edited { "refused as you wrote it" } else { "refused twice" };
            outcome.unit(handover_unit(client, &post, why))
        }
        PostState::Planned | PostState::Processing => {
            if now.since(sent_at) > PROCESSING_DAYS_MAX * DAY_MS {
                let days = PROCESSING_DAYS_MAX;
                let text = format!("{what} is still not visible after {days} days");
                return StepOutcome::done()
                    .unit(handover_unit(client, &post, "not visible"))
                    .event(NewEvent::warn("post_stuck", text));
            }
            let at = now.plus_ms(DAY_MS).ceil_quarter_hour();
            StepOutcome::with(Next::Scheduled { at, why: "the post is being processed".to_owned() })
        }
    }
}

fn handover_unit(client: &Client, post: &PostRow, why: &str) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, format!("handover/{}", post.slot)),
        "handover",
        format!("post {} of {} to a person", post.slot, client.name),
        json!({ "slot": post.slot, "why": why }),
    )
}

/// Reads a post, whose it is, and when it was published.
fn post_of(ctx: &LayerContext<'_>, unit: &Unit) -> Result<(Client, PostRow, Moment), WorkError> {
    let PostInput { slot, sent_at } = input(unit)?;
    let client = client_of(ctx, &unit.name.entity)?;
    let post = ctx.store.read(|conn| profile_work::post(conn, ctx.mode, &client.entity, &slot))?;
    let post = post.ok_or_else(|| {
        WorkError::permanent("no_post", format!("{} has no post {slot}", client.entity))
            .hint("skip the unit: its calendar is gone")
    })?;
    let sent_at = sent_at.unwrap_or(post.planned_at);
    Ok((client, post, sent_at))
}

/// The input of a handover.
#[derive(Deserialize)]
struct HandoverInput {
    slot: String,
    why: String,
}

/// Gives a post to a person: its provider has refused it twice, or does not show it.
pub(super) async fn handover(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let HandoverInput { slot, why } = input(unit)?;
    let (client, post, _) = post_of(ctx, unit)?;
    let task = PersonTask {
        kind: TaskKind::Profile,
        entity: client.entity.clone(),
        title: format!("post {slot} of {}: {why}", client.name),
        details: format!(
            "Look at the profile. Post it by hand, in other words, or leave it.\n\n{}",
            post.text
        ),
        due_at: ctx.now.plus_ms(PROCESSING_DAYS_MAX * DAY_MS),
    };
    let version = format!("post/{slot}");
    perform(ctx, &client, Action::AssignProfile, &version, Effect::Task(task)).await?;
    Ok(StepOutcome::done())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::onboarding::tests::client;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_calendar_plans_its_posts_for_their_times_and_the_next_calendar() {
        let client = client("dental", "en");
        let outcome = planned(&client, &Intake::default(), at("2026-01-14T15:00:00Z"));
        assert_eq!((outcome.changes.len(), outcome.units.len()), (8, 9));
        assert_eq!(outcome.units[0].name.version, "calendar/2026-W08");
        assert_eq!(outcome.units[0].run_at, Some(at("2026-02-09T15:00:00Z")));
        assert_eq!(outcome.units[1].name.version, "post/2026-W04/1");
        assert_eq!(outcome.units[1].run_at, Some(at("2026-01-20T15:00:00Z")));
    }

    #[test]
    fn a_post_in_processing_is_looked_at_again_and_not_called_live() {
        let client = client("dental", "en");
        let post = gbp::calendar(&client, &Intake::default(), at("2026-01-14T15:00:00Z")).remove(0);
        let day = post.planned_at.plus_ms(DAY_MS);
        let sent_at = post.planned_at;
        let later = checked(&client, post.clone(), PostState::Processing, None, (sent_at, day));
        assert!(matches!(later.next, Next::Scheduled { .. }));
        assert!(later.changes.is_empty());
        let stuck = day.plus_ms(PROCESSING_DAYS_MAX * DAY_MS);
        let given_up =
            checked(&client, post.clone(), PostState::Processing, None, (sent_at, stuck));
        assert_eq!((given_up.next, given_up.events[0].kind.as_str()), (Next::Done, "post_stuck"));
        assert_eq!(given_up.units[0].kind, "handover");
        let late = checked(&client, post.clone(), PostState::Processing, None, (day, stuck));
        assert!(matches!(late.next, Next::Scheduled { .. }), "it went out a day late");
        let live = checked(&client, post, PostState::Live, None, (sent_at, day));
        assert_eq!((live.next, live.changes.len()), (Next::Done, 1));
    }

    #[test]
    fn a_refused_post_is_replaced_once_and_then_given_to_a_person() {
        let client = client("dental", "en");
        let intake = Intake::default();
        let post = gbp::calendar(&client, &intake, at("2026-01-14T15:00:00Z")).remove(0);
        let now = post.planned_at.plus_ms(DAY_MS);
        let other = gbp::replacement(&client, &intake, &post, now);
        let at = (post.planned_at, now);
        let outcome = checked(&client, post, PostState::Rejected, other.clone(), at);
        assert_eq!(outcome.units[0].name.version, "post/2026-W04/1/b");
        assert_eq!(outcome.changes.len(), 2, "the refused one and the new one");
        let again = checked(&client, other.unwrap(), PostState::Rejected, None, at);
        assert_eq!(again.units[0].name.version, "handover/2026-W04/1/b");
    }

    #[test]
    fn a_refused_post_of_a_person_is_given_back_and_not_replaced() {
        let client = client("dental", "en");
        let post = gbp::calendar(&client, &Intake::default(), at("2026-01-14T15:00:00Z")).remove(0);
        let own = PostRow { text: "Come in.".to_owned(), edited: true, ..post };
        let at = (own.planned_at, own.planned_at);
        let outcome = checked(&client, own, PostState::Rejected, None, at);
        assert_eq!(outcome.units[0].name.version, "handover/2026-W04/1");
        assert_eq!(outcome.units[0].payload["why"], "refused as you wrote it");
    }
}
