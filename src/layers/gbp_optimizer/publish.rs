//! Publishes posts and replies: the calendar, each post, its check, and the answer to a review.

use serde::Deserialize;
use serde_json::json;

use super::{input, perform, read_profile};
use crate::domain::effect::{Action, Effect, Post, ReviewReply};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::gbp;
use crate::domain::layer::Layer;
use crate::domain::operations::{Client, OperationsChange, PostRow, PostState, Review};
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::text;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::onboarding_flow::client_of;
use crate::store::operations::profile_work;

/// Days after which a post that is still being processed is somebody's business.
const PROCESSING_DAYS_MAX: i64 = 7;

/// Characters of a review that are kept; Google's own limit is 4,096 bytes.
const REVIEW_CHARS_MAX: usize = 4_096;

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
    Ok(planned(&client, from))
}

fn planned(client: &Client, from: Moment) -> StepOutcome {
    let posts = gbp::calendar(client, from);
    let text = format!("{}: {} posts planned", client.name, posts.len());
    let next_at = gbp::next_calendar_at(client, from);
    let outcome = StepOutcome::done()
        .unit(calendar_unit(client, next_at).at(next_at))
        .event(NewEvent::info("posts_planned", text));
    posts.into_iter().fold(outcome, |outcome, post| {
        let unit = NewUnit::ready(
            UnitName::new(Layer::GbpOptimizer, &client.entity, format!("post/{}", post.slot)),
            "post",
            format!("post {} of {}", post.slot, client.name),
            json!({ "slot": post.slot }),
        )
        .at(post.planned_at);
        outcome.change(OperationsChange::Post(post)).unit(unit)
    })
}

/// The input of a post and of its check.
#[derive(Deserialize)]
struct PostInput {
    slot: String,
}

/// Publishes a post and plans to look whether it is visible.
pub(super) async fn post(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let (client, post) = post_of(ctx, unit)?;
    let effect = Effect::Post(Post {
        entity: client.entity.clone(),
        slot: post.slot.clone(),
        text: post.text.clone(),
    });
    perform(ctx, &client, Action::PublishPost, &post.slot, effect).await?;
    let check = NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, format!("post_check/{}", post.slot)),
        "post_check",
        format!("look at post {} of {}", post.slot, client.name),
        json!({ "slot": post.slot }),
    )
    .at(ctx.now.plus_ms(DAY_MS));
    let row = PostRow { state: PostState::Processing, ..post };
    Ok(StepOutcome::done().change(OperationsChange::Post(row)).unit(check))
}

/// Looks whether a post is visible: accepted is not live.
pub(super) async fn post_check(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let (client, post) = post_of(ctx, unit)?;
    let reading = read_profile(ctx, &client, &unit.name.version).await?;
    let state = reading.posts.get(&post.slot).copied().unwrap_or(PostState::Processing);
    Ok(checked(&client, post, state, ctx.now))
}

fn checked(client: &Client, post: PostRow, state: PostState, now: Moment) -> StepOutcome {
    let what = format!("{}: post {}", client.name, post.slot);
    match state {
        PostState::Live => StepOutcome::done()
            .event(NewEvent::info("post_live", format!("{what} is live")))
            .change(OperationsChange::Post(PostRow { state, ..post })),
        PostState::Rejected => StepOutcome::done()
            .event(NewEvent::warn("post_rejected", format!("{what} was refused by the provider")))
            .change(OperationsChange::Post(PostRow { state, ..post })),
        PostState::Planned | PostState::Processing => {
            if now.since(post.planned_at) > PROCESSING_DAYS_MAX * DAY_MS {
                let days = PROCESSING_DAYS_MAX;
                let text = format!("{what} is still not visible after {days} days");
                return StepOutcome::done().event(NewEvent::warn("post_stuck", text));
            }
            let at = now.plus_ms(DAY_MS).ceil_quarter_hour();
            StepOutcome::with(Next::Scheduled { at, why: "the post is being processed".to_owned() })
        }
    }
}

fn post_of(ctx: &LayerContext<'_>, unit: &Unit) -> Result<(Client, PostRow), WorkError> {
    let PostInput { slot } = input(unit)?;
    let client = client_of(ctx, &unit.name.entity)?;
    let post = ctx.store.read(|conn| profile_work::post(conn, ctx.mode, &client.entity, &slot))?;
    let post = post.ok_or_else(|| {
        WorkError::permanent("no_post", format!("{} has no post {slot}", client.entity))
            .hint("skip the unit: its calendar is gone")
    })?;
    Ok((client, post))
}

/// The input of a review: a delivery whose body the provider signed.
#[derive(Deserialize)]
struct ReviewInput {
    body: ReviewBody,
}

#[derive(Clone, Deserialize)]
struct ReviewBody {
    entity: String,
    review: String,
    rating: u8,
    #[serde(default)]
    text: String,
    at: Moment,
}

/// Answers a review.
pub(super) async fn review(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let ReviewInput { body } = ReviewInput::deserialize(&unit.payload).map_err(|error| {
        WorkError::permanent("bad_review", "the delivery is not a review")
            .caused_by(&error)
            .hint("compare it with the provider's documentation; the raw body is in the inbox")
    })?;
    let client = client_of(ctx, &body.entity)?;
    let reply = gbp::reply(body.rating, &body.review, &client.language);
    let effect = Effect::ReviewReply(ReviewReply {
        entity: client.entity.clone(),
        review: body.review.clone(),
        text: reply.to_owned(),
    });
    perform(ctx, &client, Action::ReplyReview, &body.review, effect).await?;
    Ok(answered(&client, &body, reply, ctx.now))
}

fn answered(client: &Client, body: &ReviewBody, reply: &str, now: Moment) -> StepOutcome {
    let rating = body.rating.clamp(1, 5);
    let told = format!("{}: a review with {rating} stars was answered", client.name);
    let event = if rating <= 2 {
        NewEvent::warn("bad_review_answered", format!("{told}; the client should call"))
    } else {
        NewEvent::info("review_answered", told)
    };
    StepOutcome::done()
        .change(OperationsChange::Review(Review {
            entity: client.entity.clone(),
            review: text::clean(&body.review, 200),
            rating,
            text: text::clean(&body.text, REVIEW_CHARS_MAX),
            at: body.at,
            reply: Some(reply.to_owned()),
            replied_at: Some(now),
        }))
        .event(event)
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
        let outcome = planned(&client, at("2026-01-14T15:00:00Z"));
        assert_eq!((outcome.changes.len(), outcome.units.len()), (8, 9));
        assert_eq!(outcome.units[0].name.version, "calendar/2026-W08");
        assert_eq!(outcome.units[0].run_at, Some(at("2026-02-09T15:00:00Z")));
        assert_eq!(outcome.units[1].name.version, "post/2026-W04/1");
        assert_eq!(outcome.units[1].run_at, Some(at("2026-01-20T15:00:00Z")));
    }

    #[test]
    fn a_post_in_processing_is_looked_at_again_and_not_called_live() {
        let client = client("dental", "en");
        let post = gbp::calendar(&client, at("2026-01-14T15:00:00Z")).remove(0);
        let day = post.planned_at.plus_ms(DAY_MS);
        let later = checked(&client, post.clone(), PostState::Processing, day);
        assert!(matches!(later.next, Next::Scheduled { .. }));
        assert!(later.changes.is_empty());
        let stuck = day.plus_ms(PROCESSING_DAYS_MAX * DAY_MS);
        let given_up = checked(&client, post.clone(), PostState::Processing, stuck);
        assert_eq!((given_up.next, given_up.events[0].kind.as_str()), (Next::Done, "post_stuck"));
        let live = checked(&client, post, PostState::Live, day);
        assert_eq!((live.next, live.changes.len()), (Next::Done, 1));
    }

    #[test]
    fn a_bad_review_is_answered_and_shown_to_somebody() {
        let body = ReviewBody {
            entity: "c".to_owned(),
            review: "r1".to_owned(),
            rating: 1,
            text: "my root canal\u{1b}[31m hurt".to_owned(),
            at: Moment(5),
        };
        let client = client("dental", "en");
        let reply = gbp::reply(body.rating, &body.review, &client.language);
        let outcome = answered(&client, &body, reply, Moment(9));
        assert_eq!(outcome.events[0].kind, "bad_review_answered");
        assert!(!outcome.events[0].text.contains("canal"));
    }
}
