//! Defines what an adapter has to offer: one generic trait, and the `World` that holds one adapter
//! for each kind of effect.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::effect::{
    CreditNoteRequest, EffectKey, Invite, InvoiceRequest, Mail, PersonTask, Post, ProfileEdit,
    ProfileRead, Receipt, Recovery, ReportDelivery, ReviewReply, SourceRead, SubscriptionRequest,
    TaskWithdrawal, Workspace,
};
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

use super::permit::Permit;

/// What every call carries besides its effect.
#[derive(Clone, Debug)]
pub struct Call {
    /// The stable key of the effect; receivers that can, deduplicate by it.
    pub key: EffectKey,
    /// The mode, for receivers that tell a test from the real thing.
    pub mode: Mode,
    /// The layer that asks.
    pub layer: Layer,
    /// How many times this effect has been sent, this one included; 1 is the first.
    pub attempt: u32,
    /// The mode's time.
    pub now: Moment,
}

/// An adapter for one kind of effect.
///
/// An error says what is known of the effect: `Transient`, `RateLimited` and `Permanent` promise
/// that nothing happened; whatever may have happened is `Indeterminate`.
#[async_trait]
pub trait Port<E: Sync>: Send + Sync {
    /// The adapter's name on screens: `sim mail`, `outbox mail`.
    fn name(&self) -> &'static str;

    /// Whom it calls; limits and breakers are per host.
    fn host(&self) -> &'static str;

    /// How an effect whose fate is unknown may be recovered.
    fn recovery(&self) -> Recovery;

    /// Performs the effect.
    async fn call(&self, permit: &Permit, call: &Call, effect: &E) -> Result<Receipt, WorkError>;

    /// Searches the receiver's records for the effect; only `Queryable` adapters are asked.
    ///
    /// `Ok(None)` promises that the receiver has no trace of it.
    async fn find(&self, permit: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError>;
}

/// One adapter for each kind of effect: the whole outside, seen from inside.
#[derive(Clone)]
pub struct World {
    /// E-mail.
    pub mail: Arc<dyn Port<Mail>>,
    /// Calendar invites.
    pub invite: Arc<dyn Port<Invite>>,
    /// Tasks for people.
    pub task: Arc<dyn Port<PersonTask>>,
    /// Tasks that are taken back.
    pub withdrawal: Arc<dyn Port<TaskWithdrawal>>,
    /// Client workspaces.
    pub workspace: Arc<dyn Port<Workspace>>,
    /// Changes of public profiles.
    pub profile_edit: Arc<dyn Port<ProfileEdit>>,
    /// Posts on public profiles.
    pub post: Arc<dyn Port<Post>>,
    /// Replies to reviews.
    pub review_reply: Arc<dyn Port<ReviewReply>>,
    /// Reports on their way to clients.
    pub report: Arc<dyn Port<ReportDelivery>>,
    /// Invoices.
    pub invoice: Arc<dyn Port<InvoiceRequest>>,
    /// Credit notes.
    pub credit_note: Arc<dyn Port<CreditNoteRequest>>,
    /// Subscriptions.
    pub subscription: Arc<dyn Port<SubscriptionRequest>>,
    /// Sources of businesses; read-only.
    pub source: Arc<dyn Port<SourceRead>>,
    /// Readings of public profiles; read-only.
    pub profile_read: Arc<dyn Port<ProfileRead>>,
}
