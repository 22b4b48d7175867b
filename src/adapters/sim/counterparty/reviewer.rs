//! Plays a client's own customers: a post brings some of them to write a review.

use serde_json::json;

use super::{Member, letter};
use crate::adapters::sim::market::{Market, MarketError, Rate};
use crate::domain::draw::Seed;
use crate::domain::effect::Action;
use crate::domain::signature::Provider;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::effects::counterparty::{ConfirmedEffect, Consequence};

/// What reviewers write, by stars, 1 to 5.
const TEXTS: [&str; 5] = [
    "simulated: I was not happy at all.",
    "simulated: it could have been better.",
    "simulated: it was all right.",
    "simulated: good, I would come again.",
    "simulated: wonderful, thank you!",
];

/// How reviewers behave.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewerMarket {
    per_post: Rate,
    days: Rate,
    five_stars: Rate,
    four_stars: Rate,
    three_stars: Rate,
}

/// All reviewers of the simulated world.
pub struct Reviewers(ReviewerMarket);

impl Reviewers {
    /// Reads how reviewers behave.
    ///
    /// # Errors
    /// A market without the section `reviewer`.
    pub fn new(market: &Market) -> Result<Self, MarketError> {
        market.section("reviewer").map(Self)
    }

    fn rating(&self, seed: Seed, key: &str) -> u8 {
        let draw = seed.unit(&["review stars", key]);
        let five = self.0.five_stars.value;
        let four = five + self.0.four_stars.value;
        let three = four + self.0.three_stars.value;
        match draw {
            x if x < five => 5,
            x if x < four => 4,
            x if x < three => 3,
            _ => 1 + u8::from(seed.unit(&["review bad", key]) < 0.5),
        }
    }
}

impl Member for Reviewers {
    fn react(&self, seed: Seed, effect: &ConfirmedEffect) -> Vec<Consequence> {
        let key = effect.key.0.as_str();
        if effect.action != Action::PublishPost
            || seed.unit(&["review", key]) >= self.0.per_post.value
        {
            return Vec::new();
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "days in milliseconds are far below 2^53"
        )]
        let delay = (seed.unit(&["review delay", key]) * self.0.days.value * DAY_MS as f64) as i64;
        let due = effect.settled_at.plus_ms(HOUR_MS + delay);
        let rating = self.rating(seed, key);
        let body = json!({
            "entity": effect.entity,
            "review": format!("reviews/{key:.16}"),
            "rating": rating,
            "text": TEXTS[usize::from(rating) - 1],
            "reviewer": "Sim Reviewer",
            "at": due,
        });
        let delivery = letter(Provider::Profile, format!("review/{key}"), &body, due);
        vec![Consequence { due, settles: false, delivery, belongs: None }]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::effect::{Effect, EffectKey, Post, Receipt};
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;
    use crate::domain::time::Moment;
    use crate::domain::unit::UnitName;

    fn confirmed(action: Action, number: u32) -> ConfirmedEffect {
        let slot = format!("2026-W06/{number}");
        ConfirmedEffect {
            id: 1,
            key: EffectKey::new(Mode::Dry, Layer::GbpOptimizer, "c", action, &slot),
            unit: UnitName::new(Layer::GbpOptimizer, "c", format!("post/{slot}")),
            action,
            entity: "c".to_owned(),
            version: slot.clone(),
            effect: Effect::Post(Post {
                entity: "c".to_owned(),
                slot,
                text: String::new(),
                language: "en".to_owned(),
                call_to_action: None,
                event: None,
            }),
            receipt: Receipt { reference: "sim:1".to_owned(), data: Value::Null },
            settled_at: Moment(0),
        }
    }

    #[test]
    fn about_a_quarter_of_posts_bring_a_review_with_one_to_five_stars() {
        let reviewers = Reviewers::new(&Market::warm_town().unwrap()).unwrap();
        let reviews: Vec<Consequence> = (0..1_000)
            .flat_map(|number| reviewers.react(Seed(1), &confirmed(Action::PublishPost, number)))
            .collect();
        assert!((200..300).contains(&reviews.len()), "{}", reviews.len());
        let mut seen = [0_u32; 5];
        for review in &reviews {
            let body: Value = serde_json::from_slice(&review.delivery.body).unwrap();
            let rating = body["rating"].as_u64().unwrap();
            seen[usize::try_from(rating).unwrap() - 1] += 1;
            assert!(!review.settles && review.due.0 >= HOUR_MS);
        }
        assert!(seen.iter().all(|&n| n > 0), "{seen:?}");
        assert!(seen[4] > seen[3] && seen[3] > seen[2], "{seen:?}");
    }

    #[test]
    fn nothing_else_brings_a_review() {
        let reviewers = Reviewers::new(&Market::warm_town().unwrap()).unwrap();
        let edits = (0..50)
            .flat_map(|number| reviewers.react(Seed(1), &confirmed(Action::EditProfile, number)));
        assert_eq!(edits.count(), 0);
    }
}
