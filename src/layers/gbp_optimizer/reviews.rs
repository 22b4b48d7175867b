//! Answers reviews: at once, or for a bad one after a person has approved the draft.
//!
//! `review` notes what came in and decides; `reply` writes the answer. An edited review is answered
//! anew only when its rating changed: a corrected typo is nothing to answer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::perform;
use crate::domain::effect::{Action, Effect, PersonTask, ReviewReply, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::gbp::{self, REPLY_BYTES_MAX, ReplyTo, is_low};
use crate::domain::layer::Layer;
use crate::domain::operations::{Client, OperationsChange, Review};
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::task::typed;
use crate::domain::text;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::onboarding_flow::client_of;
use crate::store::operations::reviews;

/// Characters of a review that are kept; Google's own limit is 4,096 bytes.
const REVIEW_CHARS_MAX: usize = 4_096;

/// Days within which a person should look at the draft of a reply: a bad review is read meanwhile.
const DRAFT_DUE_DAYS: i64 = 1;

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
    #[serde(default)]
    reviewer: Option<String>,
    at: Moment,
}

impl ReviewBody {
    fn row(&self) -> Review {
        Review {
            entity: self.entity.clone(),
            review: text::clean(&self.review, 200),
            rating: self.rating.clamp(1, 5),
            text: text::clean(&self.text, REVIEW_CHARS_MAX),
            at: self.at,
            reply: None,
            replied_at: None,
        }
    }

    /// The name of one state of the review: an edited one is another.
    fn version(&self, known: Option<&Review>) -> String {
        match known {
            Some(known) if known.reply.is_some() => format!("{}/{}", self.review, self.at.0),
            _ => self.review.clone(),
        }
    }
}

/// Decides on a review that came in, or goes on with what a person said about the draft.
pub(super) async fn review(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let ReviewInput { body } = ReviewInput::deserialize(&unit.payload).map_err(|error| {
        WorkError::permanent("bad_review", "the delivery is not a review")
            .caused_by(&error)
            .hint("compare it with the provider's documentation; the raw body is in the inbox")
    })?;
    let client = client_of(ctx, &body.entity)?;
    let (known, nth) = ctx
        .store
        .read(|conn| {
            let row = body.row();
            Ok((
                reviews::get(conn, ctx.mode, &client.entity, &row.review)?,
                reviews::count_before(conn, ctx.mode, &client.entity, body.at)?,
            ))
        })
        .map_err(WorkError::from)?;
    let draft = gbp::reply(&ReplyTo {
        rating: body.rating,
        text: &body.text,
        reviewer: body.reviewer.as_deref(),
        category: &client.category,
        language: &client.language,
        nth: usize::try_from(nth).unwrap_or(0),
    });
    match decide(&client, &body, known.as_ref(), unit.answer.as_ref(), &draft, ctx) {
        Decision::End(outcome) => Ok(*outcome),
        Decision::Ask(task) => {
            let version = format!("review/{}", body.version(known.as_ref()));
            let why = format!("{}: somebody to approve the reply to a bad review", client.name);
            perform(ctx, &client, Action::AssignProfile, &version, Effect::Task(*task)).await?;
            Ok(StepOutcome::with(Next::Waiting { why })
                .change(OperationsChange::Review(body.row())))
        }
    }
}

/// What is to be done about a review.
enum Decision {
    /// Nothing outside: this is the outcome.
    End(Box<StepOutcome>),
    /// A person is asked first.
    Ask(Box<PersonTask>),
}

fn decide(
    client: &Client,
    body: &ReviewBody,
    known: Option<&Review>,
    answer: Option<&Value>,
    draft: &str,
    ctx: &LayerContext<'_>,
) -> Decision {
    let rating = body.rating.clamp(1, 5);
    let noted = StepOutcome::done().change(OperationsChange::Review(body.row()));
    let is_answered = known.is_some_and(|known| known.reply.is_some() && known.rating == rating);
    if is_answered && answer.is_none() {
        let text = format!("{}: a review was edited, its rating stays", client.name);
        return Decision::End(Box::new(noted.event(NewEvent::info("review_edited", text))));
    }
    let asks = is_low(rating) && !ctx.settings.profile.machine_answers_low_ratings;
    let approved = match answer {
        None if asks => return Decision::Ask(Box::new(task(client, body, draft, ctx.now))),
        None => draft.to_owned(),
        Some(answer) => match approved(answer, draft) {
            Ok(text) => text,
            Err(why) => {
                let text = format!("{}: a bad review is not answered: {why}", client.name);
                return Decision::End(Box::new(
                    noted.event(NewEvent::warn("reply_declined", text)),
                ));
            }
        },
    };
    let unit = NewUnit::ready(
        UnitName::new(
            Layer::GbpOptimizer,
            &client.entity,
            format!("reply/{}", body.version(known)),
        ),
        "reply",
        format!("reply to a review with {rating} stars of {}", client.name),
        json!({ "review": body.review, "version": body.version(known), "text": approved }),
    );
    Decision::End(Box::new(noted.unit(unit)))
}

/// Returns the text that a person approved.
fn approved(answer: &Value, draft: &str) -> Result<String, String> {
    let result = answer["result"].as_str().map(typed).unwrap_or_default();
    if result != "done" {
        return Err(format!("the person said {result:?}"));
    }
    let own = answer["data"]["text"].as_str().map(|own| text::clean(own, REVIEW_CHARS_MAX));
    let reply = own.filter(|own| !own.is_empty()).unwrap_or_else(|| draft.to_owned());
    if reply.len() > REPLY_BYTES_MAX {
        return Err(format!("it has {} bytes, and {REPLY_BYTES_MAX} fit", reply.len()));
    }
    Ok(reply)
}

fn task(client: &Client, body: &ReviewBody, draft: &str, now: Moment) -> PersonTask {
    let details = format!(
        "The review ({} stars):\n{}\n\nThe draft:\n{draft}\n\nAnswer `done` to send the draft, \
         `done` with {{\"text\": \"...\"}} to send another text, `failed` with a note to leave it. Say \
         nothing about whether the person was a customer, and nothing about health.",
        body.rating.clamp(1, 5),
        text::clean(&body.text, REVIEW_CHARS_MAX),
    );
    PersonTask {
        kind: TaskKind::ReviewReply,
        entity: client.entity.clone(),
        title: format!("approve the reply to a bad review of {}", client.name),
        details,
        due_at: now.plus_ms(DRAFT_DUE_DAYS * DAY_MS),
    }
}

/// The input of a reply.
#[derive(Deserialize)]
struct ReplyInput {
    review: String,
    version: String,
    text: String,
}

/// Writes the reply.
pub(super) async fn reply(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let ReplyInput { review, version, text } = super::input(unit)?;
    let client = client_of(ctx, &unit.name.entity)?;
    if let Some(rests) = super::hold::disputed(ctx, &client)? {
        return Ok(rests);
    }
    let name = text::clean(&review, 200);
    let known = ctx
        .store
        .read(|conn| reviews::get(conn, ctx.mode, &client.entity, &name))
        .map_err(WorkError::from)?
        .ok_or_else(|| {
            WorkError::permanent("no_review", format!("{} has no review {name}", client.entity))
                .hint("skip the unit: its review is gone")
        })?;
    let effect = Effect::ReviewReply(ReviewReply {
        entity: client.entity.clone(),
        review,
        text: text.clone(),
    });
    perform(ctx, &client, Action::ReplyReview, &version, effect).await?;
    Ok(answered(&client, known, text, ctx.now))
}

fn answered(client: &Client, known: Review, reply: String, now: Moment) -> StepOutcome {
    let told = format!("{}: a review with {} stars was answered", client.name, known.rating);
    let event = if is_low(known.rating) {
        NewEvent::warn("bad_review_answered", format!("{told}; the client should call"))
    } else {
        NewEvent::info("review_answered", told)
    };
    let row = Review { reply: Some(reply), replied_at: Some(now), ..known };
    StepOutcome::done().change(OperationsChange::Review(row)).event(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::onboarding::tests::client;

    fn body(rating: u8) -> ReviewBody {
        ReviewBody {
            entity: "c".to_owned(),
            review: "r1".to_owned(),
            rating,
            text: "my root canal\u{1b}[31m hurt".to_owned(),
            reviewer: None,
            at: Moment(5),
        }
    }

    #[test]
    fn a_bad_review_is_shown_to_a_person_with_a_draft_and_what_to_keep_out() {
        let task = task(&client("dental", "en"), &body(1), "We are sorry.", Moment(0));
        assert!(task.details.contains("my root canal[31m hurt"), "cleaned: {}", task.details);
        assert!(
            task.details.contains("We are sorry.") && task.details.contains("nothing about health")
        );
        assert_eq!(task.due_at, Moment(DAY_MS));
    }

    #[test]
    fn a_person_sends_the_draft_another_text_or_nothing() {
        assert_eq!(approved(&json!({ "result": "done" }), "draft").unwrap(), "draft");
        let own = json!({ "result": "Done", "data": { "text": "Please call us." } });
        assert_eq!(approved(&own, "draft").unwrap(), "Please call us.");
        assert!(approved(&json!({ "result": "no" }), "draft").unwrap_err().contains("no"));
        let long = json!({ "result": "done", "data": { "text": "ä".repeat(4_000) } });
        assert!(approved(&long, "draft").unwrap_err().contains("bytes"));
    }

    #[test]
    fn an_answer_is_noted_without_a_word_of_the_review_in_the_event() {
        let row = Review { rating: 1, ..body(1).row() };
        let outcome = answered(&client("dental", "en"), row, "We are sorry.".to_owned(), Moment(9));
        assert_eq!(outcome.events[0].kind, "bad_review_answered");
        assert!(!outcome.events[0].text.contains("canal"));
    }

    #[test]
    fn an_edited_review_is_another_act_and_a_new_one_keeps_its_name() {
        let answered = Review { reply: Some("Thanks.".to_owned()), ..body(5).row() };
        assert_eq!(body(1).version(None), "r1");
        assert_eq!(body(1).version(Some(&body(5).row())), "r1");
        assert_eq!(body(1).version(Some(&answered)), "r1/5");
    }
}
