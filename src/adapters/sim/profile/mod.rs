//! Provides the simulated provider of public profiles: edits, posts, replies, and readings.
//!
//! What a reading shows is computed, not kept: the profile at the start is a draw, and on top of it
//! lies what the journal says was accepted, once its own delay has passed. Only effects settled
//! before the instant of the call count, so that a reading does not depend on how fast the other
//! units of the same instant are.

mod start;
mod view;

use async_trait::async_trait;
use serde_json::Value;

pub(in crate::adapters::sim) use start::slug;

use super::Sim;
use super::market::{Market, MarketError, Rate};
use crate::domain::effect::{
    Action, Post, ProfileEdit, ProfileRead, Receipt, Recovery, ReviewReply,
};
use crate::domain::error::WorkError;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};
use crate::store::Store;
use crate::store::effects::{self, EffectRow};
use crate::store::error::StoreError;
use crate::store::operations::{clients, reviews};

/// How profiles are before the work, and how their provider treats edits and posts.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileMarket {
    has_address: Rate,
    has_phone: Rate,
    has_website: Rate,
    has_regular_hours: Rate,
    has_special_hours: Rate,
    has_description: Rate,
    has_booking_link: Rate,
    photos_start: Rate,
    services_start: Rate,
    reviews_start: Rate,
    replied_start: Rate,
    edit_visible_days: Rate,
    edit_overridden: Rate,
    post_live_hours: Rate,
    post_rejected: Rate,
    impressions_per_day: Rate,
    day_spread: Rate,
    calls: Rate,
    website_clicks: Rate,
    directions: Rate,
}

/// The provider of every client's profile.
#[derive(Clone)]
pub struct SimProfile {
    sim: Sim,
    market: ProfileMarket,
    store: Store,
}

impl SimProfile {
    /// Makes the provider. `store` holds the journal that its answers are computed from; it is only
    /// read.
    ///
    /// # Errors
    /// A market without the section `profile`.
    pub fn new(sim: Sim, market: &Market, store: Store) -> Result<Self, MarketError> {
        Ok(Self { sim, market: market.section("profile")?, store })
    }

    /// Reads what a reading rests on, as it was just before `now`.
    fn journal(&self, mode: Mode, entity: &str, now: Moment) -> Result<view::Journal, StoreError> {
        self.store.read(|conn| {
            let settled = |action| -> Result<Vec<EffectRow>, StoreError> {
                let mut rows = effects::of_entity(conn, mode, entity, action)?;
                rows.retain(|row| {
                    row.state == EffectState::Confirmed && row.settled_at.is_some_and(|at| at < now)
                });
                Ok(rows)
            };
            let mut written = reviews::of_client(conn, mode, entity)?;
            written.retain(|review| review.at < now);
            Ok(view::Journal {
                client: clients::get(conn, mode, entity)?,
                edits: settled(Action::EditProfile)?,
                posts: settled(Action::PublishPost)?,
                reviews: written,
            })
        })
    }

    async fn accept(&self, call: &Call, what: &str) -> Result<Receipt, WorkError> {
        self.sim.answer(call, receipt(call, what)).await
    }
}

fn receipt(call: &Call, what: &str) -> Receipt {
    Receipt { reference: format!("sim:{what}/{}", call.key), data: Value::Null }
}

#[async_trait]
impl Port<ProfileEdit> for SimProfile {
    fn name(&self) -> &'static str {
        "sim profile edit"
    }

    fn host(&self) -> &'static str {
        "sim-profile"
    }

    fn recovery(&self) -> Recovery {
        // Writing the same value into the same field again changes nothing.
        Recovery::Idempotent { key_in: "field", retention_ms: None }
    }

    async fn call(&self, _: &Permit, call: &Call, _: &ProfileEdit) -> Result<Receipt, WorkError> {
        self.accept(call, "edit").await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<Post> for SimProfile {
    fn name(&self) -> &'static str {
        "sim post"
    }

    fn host(&self) -> &'static str {
        "sim-profile"
    }

    fn recovery(&self) -> Recovery {
        // The provider has no idempotency key; its list of posts is searched instead.
        Recovery::Queryable
    }

    async fn call(&self, _: &Permit, call: &Call, _: &Post) -> Result<Receipt, WorkError> {
        self.accept(call, "post").await
    }

    async fn find(&self, _: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(self.sim.has_arrived(call)?.then(|| receipt(call, "post")))
    }
}

#[async_trait]
impl Port<ReviewReply> for SimProfile {
    fn name(&self) -> &'static str {
        "sim review reply"
    }

    fn host(&self) -> &'static str {
        "sim-profile"
    }

    fn recovery(&self) -> Recovery {
        // A review has one reply; a second one replaces it.
        Recovery::Idempotent { key_in: "review", retention_ms: None }
    }

    async fn call(&self, _: &Permit, call: &Call, _: &ReviewReply) -> Result<Receipt, WorkError> {
        self.accept(call, "reply").await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<ProfileRead> for SimProfile {
    fn name(&self) -> &'static str {
        "sim profile"
    }

    fn host(&self) -> &'static str {
        "sim-profile"
    }

    fn recovery(&self) -> Recovery {
        Recovery::ReadOnly
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        read: &ProfileRead,
    ) -> Result<Receipt, WorkError> {
        let journal = self.journal(call.mode, &read.entity, call.now)?;
        let reading =
            view::reading(self.sim.seed(), &self.market, &read.entity, &journal, call.now);
        let data = serde_json::to_value(reading)
            .map_err(|error| WorkError::bug("reading", error.to_string()))?;
        self.sim.answer_read(call, Receipt { data, ..receipt(call, "profile") })
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
