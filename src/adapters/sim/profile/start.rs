//! Draws what a client's profile looks like before any work.

use super::super::market::Rate;
use super::ProfileMarket;
use crate::domain::contact::website::first_website;
use crate::domain::draw::Seed;
use crate::domain::operations::Client;
use crate::domain::profile::{Facts, Reviews};

/// Returns the profile of `entity` at the start. What the agency knows of the client (`client`) is
/// what its profile shows; everything else is a draw.
pub(super) fn facts(
    seed: Seed,
    market: &ProfileMarket,
    entity: &str,
    client: Option<&Client>,
) -> Facts {
    let has = |what: &str, rate: &Rate| seed.unit(&["profile", what, entity]) < rate.value;
    let upto = |what: &str, most: &Rate| -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "the market's counts are small")]
        let most = most.value as i64;
        u32::try_from(seed.between(&["profile", what, entity], 0, most)).unwrap_or(0)
    };
    let site = || first_website(&format!("https://{}.example/", slug(entity)));
    let text = |what: bool, text: &str| what.then(|| text.to_owned());
    let n_reviews = upto("reviews", &market.reviews_start);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a small count"
    )]
    let replied = (f64::from(n_reviews) * market.replied_start.value) as u32;
    Facts {
        category: client.map(|client| client.category.clone()),
        address: text(has("address", &market.has_address), "as registered with the provider"),
        phone: client
            .and_then(|client| client.phone.clone())
            .filter(|_| has("phone", &market.has_phone)),
        website: has("website", &market.has_website).then(site).flatten(),
        regular_hours: text(has("hours", &market.has_regular_hours), "Mo-Fr 09:00-17:00"),
        special_hours: text(has("special", &market.has_special_hours), "PH off"),
        description: text(has("description", &market.has_description), "Since many years."),
        photos: Some(upto("photos", &market.photos_start)),
        services: Some(upto("services", &market.services_start)),
        reviews: Some(Reviews {
            count: n_reviews,
            rating: 3.6 + 1.3 * seed.unit(&["profile", "rating", entity]),
            replied,
        }),
        posts_30d: Some(0),
        booking_link: has("booking", &market.has_booking_link)
            .then(|| format!("https://{}.example/book", slug(entity))),
        ..Facts::default()
    }
}

/// An entity as a part of a host's name.
pub(in crate::adapters::sim) fn slug(entity: &str) -> String {
    let words: Vec<&str> = entity
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-").to_lowercase()
}
