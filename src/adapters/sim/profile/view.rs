//! Computes what a reading of a profile shows at one instant.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::super::market::Rate;
use super::{ProfileMarket, start};
use crate::domain::draw::Seed;
use crate::domain::effect::Effect;
use crate::domain::gbp::{DailyFigures, Field, ProfileReading, apply};
use crate::domain::operations::{Client, PostState, Review};
use crate::domain::profile::{Facts, Knowable, Reviews, Source, audit};
use crate::domain::time::{DAY_MS, HOUR_MS, Moment};
use crate::store::effects::EffectRow;

/// Days that figures need until the provider shows them.
const FIGURES_LAG_DAYS: i64 = 3;

/// Days of figures in one reading: two months and the week before, for comparison.
const FIGURES_DAYS: i64 = 70;

/// What the journal and the rows say about one client.
pub(super) struct Journal {
    pub(super) client: Option<Client>,
    pub(super) edits: Vec<EffectRow>,
    pub(super) posts: Vec<EffectRow>,
    pub(super) reviews: Vec<Review>,
}

/// An accepted edit and when it becomes visible; `None` is never.
struct Edit {
    field: Field,
    after: String,
    visible_at: Option<Moment>,
    /// When the provider's own update takes its place, if it does.
    overridden_at: Option<Moment>,
}

impl Edit {
    fn is_visible(&self, at: Moment) -> bool {
        self.visible_at.is_some_and(|visible| visible <= at)
    }
}

/// Returns what the provider shows at `now`.
pub(super) fn reading(
    seed: Seed,
    market: &ProfileMarket,
    entity: &str,
    journal: &Journal,
    now: Moment,
) -> ProfileReading {
    let start = start::facts(seed, market, entity, journal.client.as_ref());
    let edits: Vec<Edit> = journal.edits.iter().filter_map(|row| edit(seed, market, row)).collect();
    let posts: BTreeMap<String, (PostState, Moment)> =
        journal.posts.iter().filter_map(|row| post(seed, market, row, now)).collect();
    let mut facts = with_edits(start.clone(), &edits, now);
    let recent = posts
        .values()
        .filter(|(state, live_at)| *state == PostState::Live && now.since(*live_at) <= 30 * DAY_MS);
    facts.posts_30d = u32::try_from(recent.count()).ok();
    facts.reviews = facts.reviews.map(|before| with_reviews(before, &journal.reviews));
    let pending = edits
        .iter()
        .filter(|edit| edit.visible_at.or(edit.overridden_at).is_some_and(|at| at > now))
        .map(|edit| edit.field.as_column().to_owned())
        .collect();
    let overridden = edits
        .iter()
        .filter(|edit| edit.overridden_at.is_some_and(|at| at <= now))
        .map(|edit| edit.field.as_column().to_owned())
        .collect();
    ProfileReading {
        facts,
        pending,
        overridden,
        posts: posts.into_iter().map(|(slot, (state, _))| (slot, state)).collect(),
        daily: daily(seed, market, entity, &start, &edits, now),
    }
}

/// Returns the profile with the edits that are visible at `at`.
fn with_edits(start: Facts, edits: &[Edit], at: Moment) -> Facts {
    edits
        .iter()
        .filter(|edit| edit.is_visible(at))
        .fold(start, |facts, edit| apply(facts, edit.field, &edit.after))
}

fn edit(seed: Seed, market: &ProfileMarket, row: &EffectRow) -> Option<Edit> {
    let Effect::ProfileEdit(written) = &row.payload else { return None };
    let key = row.key.0.as_str();
    let is_overridden = seed.unit(&["edit overridden", key]) < market.edit_overridden.value;
    let delay = delay_ms(seed, &["edit visible", key], &market.edit_visible_days, DAY_MS);
    Some(Edit {
        field: Field::from_column(&written.field).ok()?,
        after: written.after.clone(),
        visible_at: row.settled_at.filter(|_| !is_overridden).map(|at| at.plus_ms(delay)),
        overridden_at: row.settled_at.filter(|_| is_overridden).map(|at| at.plus_ms(delay)),
    })
}

/// Returns a post's slot, its state at `now`, and when it is live.
fn post(
    seed: Seed,
    market: &ProfileMarket,
    row: &EffectRow,
    now: Moment,
) -> Option<(String, (PostState, Moment))> {
    let Effect::Post(written) = &row.payload else { return None };
    let key = row.key.0.as_str();
    let delay = delay_ms(seed, &["post live", key], &market.post_live_hours, HOUR_MS);
    let decided_at = row.settled_at?.plus_ms(delay);
    let state = if decided_at > now {
        PostState::Processing
    } else if seed.unit(&["post rejected", key]) < market.post_rejected.value {
        PostState::Rejected
    } else {
        PostState::Live
    };
    Some((written.slot.clone(), (state, decided_at)))
}

/// Draws a delay of up to `most` units.
fn delay_ms(seed: Seed, question: &[&str], most: &Rate, unit_ms: i64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "days and hours in milliseconds are far below 2^53"
    )]
    let delay = (seed.unit(question) * most.value * unit_ms as f64) as i64;
    delay
}

/// Adds the reviews that came in to those of the start.
fn with_reviews(before: Reviews, written: &[Review]) -> Reviews {
    let added: u32 = written.iter().map(|_| 1).sum();
    let stars: u32 = written.iter().map(|review| u32::from(review.rating)).sum();
    let replied: u32 = written.iter().map(|review| u32::from(review.reply.is_some())).sum();
    let count = before.count + added;
    if count == 0 {
        return before;
    }
    Reviews {
        count,
        rating: (before.rating * f64::from(before.count) + f64::from(stars)) / f64::from(count),
        replied: before.replied + replied,
    }
}

/// Returns the figures of the settled days: a complete profile is shown more often.
fn daily(
    seed: Seed,
    market: &ProfileMarket,
    entity: &str,
    start: &Facts,
    edits: &[Edit],
    now: Moment,
) -> BTreeMap<String, DailyFigures> {
    let last = now.plus_ms(-FIGURES_LAG_DAYS * DAY_MS).utc_date();
    // Most days show the same edits as the day after, so most scores are known already.
    let mut known: Option<(usize, f64)> = None;
    (0..FIGURES_DAYS)
        .map(|back| {
            let date = last.saturating_sub(back.days());
            let midnight = date.to_zoned(TimeZone::UTC).map_or(now, |at| at.timestamp().into());
            let n_visible = edits.iter().filter(|edit| edit.is_visible(midnight)).count();
            let score = match known {
                Some((n, score)) if n == n_visible => score,
                _ => share(&with_edits(start.clone(), edits, midnight)),
            };
            known = Some((n_visible, score));
            let date = date.to_string();
            let draw = |what: &str| seed.unit(&["figures", what, entity, &date]);
            let spread = 1.0 + market.day_spread.value * (2.0 * draw("day") - 1.0);
            let shown = market.impressions_per_day.value * (0.25 + 0.75 * score) * spread;
            let part = |what: &str, share: f64| whole(shown * share + draw(what));
            let figures = DailyFigures {
                impressions: whole(shown),
                call_clicks: part("calls", market.calls.value),
                website_clicks: part("website", market.website_clicks.value),
                direction_requests: part("directions", market.directions.value),
            };
            (date, figures)
        })
        .collect()
}

/// Returns how complete a profile is, 0 to 1.
fn share(facts: &Facts) -> f64 {
    audit(facts, Knowable::of(Source::Gbp)).score.unwrap_or(0.0) / 100.0
}

fn whole(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of one day; the sum of two positive numbers"
    )]
    let whole = number.max(0.0) as u32;
    whole
}
